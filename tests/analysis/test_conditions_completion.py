"""What is offered while a condition is typed; `|` stands for the cursor."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attn_desktop.analysis.condition_completion import MOST, Completion
from attn_desktop.analysis.condition_entries import ENTRIES
from attn_desktop.analysis.conditions import ConditionError, complete, parse
from tests.toy_records import toy_run

RUN = replace(toy_run(), source=("▁The", "▁red", "▁ca", "r", "▁red", "</s>"))
TOKENS = ("▁la", "▁voiture", "▁rou", "ge", "▁la", "</s>")


def offered(typed: str) -> tuple[int, list[Completion]]:
    cursor = typed.index("|")
    return complete(typed.replace("|", ""), cursor, RUN, TOKENS)


def labels(typed: str) -> list[str]:
    return [candidate.label for candidate in offered(typed)[1]]


def taken(typed: str, place: int = 0) -> str:
    """The text after a candidate was taken."""
    start, candidates = offered(typed)
    before, after = typed.split("|")
    return before[:start] + candidates[place].text + after


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("entr|", "entropy("),
        ("ENTR|", "entropy("),
        ("entr|(alpha)", "entropy(alpha)"),
        ("log|", "log_prob"),
        ("t > 3 and rep|", "t > 3 and repeated("),
        ("t > 3 a|", "t > 3 and "),
        ("t > 3 |", "t > 3 and "),
        ("entropy(|", "entropy(alpha"),
        ("entropy(h|", "entropy(hard"),
        ("token(|)", "token(soft)"),
        ("p('la', h|", "p('la', hard"),
        ('alpha["c|', 'alpha["ca"]'),
        ('alpha["c|"]', 'alpha["ca"]'),
        ('alpha["c|]', 'alpha["ca"]'),
        ("alpha['r|", "alpha['red']"),
        ("alpha[|", 'alpha["The"]'),
        ("alpha[|]", 'alpha["The"]'),
        ('token == "r|', 'token == "rou"'),
        ('token != "r|"', 'token != "rou"'),
        ("token == |", 'token == "la"'),
        ('token(soft) == "v|', 'token(soft) == "voiture"'),
        ('not (word == "v|', 'not (word == "voiture"'),
        ('p("v|', 'p("voiture"'),
        ('gate("u|', 'gate("update"'),
        ('chosen_by == "f|', 'chosen_by == "forced"'),
        ('mode == "no|', 'mode == "none"'),
        ("jump(|", "jump(alpha"),
        ("max(alpha) > min(e|", "max(alpha) > min(energies"),
        ("not|", "not "),
        ("2 * lo| > 1", "2 * log_prob > 1"),
    ],
)
def test_the_first_candidate_is_what_one_would_type(typed: str, wanted: str) -> None:
    assert taken(typed) == wanted


def test_the_words_of_the_source_come_once_with_their_positions() -> None:
    start, found = offered('alpha["|')
    assert start == 7
    helps = {candidate.label: candidate.help for candidate in found}
    assert helps["red"] == "source position 2, 5"
    assert [candidate.label for candidate in found][:2] == ["The", "red"]


def test_tokens_come_once() -> None:
    assert labels('token == "|') == ["la", "voiture", "rou", "ge", "</s>"]


def test_names_are_offered_where_their_kind_fits() -> None:
    assert "log_prob" not in labels("max(|")
    assert {'alpha, alpha["car"], alpha[3]', "jump(alpha)"} & set(labels("jump(|")) == {
        'alpha, alpha["car"], alpha[3]'
    }
    assert [name for name in labels("token == |") if name in ENTRIES] == [
        "word",
        "mode",
        "chosen_by",
    ]
    assert not any(label.startswith("token") for label in labels("t > |"))
    assert labels("entropy(|") == ["alpha", "soft", "hard", "active"]


def test_everything_is_offered_at_the_start() -> None:
    found = labels("|")
    assert len(found) == len(ENTRIES) + 1
    assert found[0].startswith("alpha")


@pytest.mark.parametrize(
    "typed",
    ["12|", 'alpha["red"|', "repeated(token, |", "t = |", 'state["|', "xyzzy|", "t > 3 zz|"],
)
def test_nothing_is_offered_where_nothing_fits(typed: str) -> None:
    assert labels(typed) == []


def test_a_name_is_found_by_any_part_after_its_beginning() -> None:
    found = labels("prob|")
    assert found == ["log_prob, log_prob(hard)"]
    assert labels("en|")[0].startswith("energies")
    assert any(label.startswith("center") for label in labels("en|"))


def test_candidates_are_bounded_and_need_no_run() -> None:
    many = tuple(f"▁w{number}" for number in range(5000))
    _, found = complete("token == ", 9, None, many)
    assert len(found) == MOST
    assert complete('alpha["', 7, None) == (7, [])
    assert complete("t > 3", 99, None)[0] == 5


def test_what_was_taken_can_be_read() -> None:
    tricky = replace(RUN, source=('▁a"b', "▁c'd", "▁e\\f", "▁g", "▁é", "</s>"))
    for quote in "\"'":
        _, found = complete(f"alpha[{quote}", 7, tricky)
        assert len(found) == 6
        for candidate in found:
            condition = parse(f"alpha[{quote}{candidate.text} > .5")
            condition.check(tricky)


def test_every_candidate_at_the_start_is_known() -> None:
    for candidate in complete("", 0, None)[1]:
        with pytest.raises(ConditionError) as caught:
            # Whatever else is missing then.
            parse(f"{candidate.text} )")
        assert "nothing called" not in str(caught.value)

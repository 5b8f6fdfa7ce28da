"""Edits in a few words."""

from __future__ import annotations

import pytest

from attn_desktop.analysis.edit_words import describe, describe_all, dimension_text
from attn_desktop.trace.edits import WAYS, Edit

LABELS = ("a", "red", "car", "bi", "·cy", "·cle", "of", "incomprehensibilities", "</s>")


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Edit("alpha", "pin", (2,)), "α: only “car”"),
        (Edit("alpha", "mask", (2, 1)), "α: not “red”, “car”"),
        (Edit("alpha", "mask", (3, 4, 5)), "α: not “bicycle”"),
        (Edit("alpha", "mask", (3, 5)), "α: not “bi”, “·cle”"),
        (Edit("alpha", "mask", (0, 1, 2, 6, 8)), "α: not “a”, “red”, “car” + 2 more"),
        (Edit("alpha", "pin", (7,)), "α: only “incomprehensibili…”"),
        (Edit("alpha", "pin", (40,)), "α: only “#41”"),
        (Edit("alpha", "power", values=(2.0,)), "α²"),
        (Edit("alpha", "power", values=(0.5,)), "α^0.5"),
        (Edit("alpha", "uniform"), "α uniform"),
        (Edit("alpha", "shift", values=(1.0,)), "α shifted +1"),
        (Edit("alpha", "shift", values=(-2.0,)), "α shifted −2"),
        (Edit("alpha", "set", values=(0.5, 0.25)), "α by hand, most on “a”"),
        (Edit("position", "pick", (2,)), "k = “car”"),
        (Edit("context", "zero"), "c = 0"),
        (Edit("state", "zero", (3, 4)), "s[3, 4] = 0"),
        (Edit("context", "add", (3, *range(7, 13)), tuple(range(7))), "c[3, 7-12] + …"),
        (Edit("context", "add", (3,), (-0.5,)), "c[3] − 0.5"),
        (Edit("context", "add", (), (0.5,)), "c + 0.5"),
        (Edit("state", "replace", (), (1.0, 2.0)), "s replaced"),
        (Edit("state", "replace", (0,), (-1.5,)), "s[0] = −1.5"),
    ],
)
def test_an_edit_in_short(edit: Edit, words: str) -> None:
    assert describe(edit, LABELS) == words


@pytest.mark.parametrize(
    ("how", "positions", "words"),
    [
        ("mask", (17, 18, 19, 31, 32, 33), "do not look at r2c4–r3c6"),
        ("pin", (0,), "look only at r1c1"),
        ("mask", (0, 2, 4, 6, 8), "do not look at r1c1, r1c3, r1c5 + 2 more"),
    ],
)
def test_regions_are_named_by_rectangles(how: str, positions: tuple[int, ...], words: str) -> None:
    labels = [f"r{j // 14 + 1}c{j % 14 + 1}" for j in range(196)]
    assert describe(Edit("alpha", how, positions), labels) == words


@pytest.mark.parametrize(("target", "how"), WAYS)
def test_every_way_has_words(target: str, how: str) -> None:
    takes_positions, takes_values = WAYS[target, how]
    edit = Edit(
        target,
        how,
        (1,) if takes_positions in ("1", "+") else (),
        (2.0,) if takes_values else (),
    )
    words = describe(edit, LABELS)
    assert words.startswith({"alpha": "α", "position": "k", "context": "c", "state": "s"}[target])


def test_a_list_names_what_there_is_to_see() -> None:
    mask, pin = Edit("alpha", "mask", (2,)), Edit("alpha", "pin", (1,))
    zero = Edit("context", "zero")
    assert describe_all((), LABELS) == ""
    assert describe_all((mask, zero), LABELS) == "α: not “car”, c = 0"
    uniform = Edit("alpha", "uniform")
    assert describe_all((mask, zero, uniform, pin), LABELS) == "c = 0, α uniform, α: only “red”"
    picks = [Edit("position", "pick", (k,)) for k in (0, 2)]
    assert describe_all(picks, LABELS) == "k = “car”"
    some, add = Edit("context", "zero", (1,)), Edit("context", "add", (), (1.0,))
    assert describe_all((add, some), LABELS) == "c + 1, c[1] = 0", "only some are replaced"
    assert describe_all((add, zero), LABELS) == "c = 0"


def test_powers_multiply_and_shifts_the_same_way_add() -> None:
    def power(value: float) -> Edit:
        return Edit("alpha", "power", values=(value,))

    def shift(value: float) -> Edit:
        return Edit("alpha", "shift", values=(value,))

    assert describe_all((power(2), power(2)), LABELS) == "α^4"
    assert describe_all((power(2), shift(1), power(2)), LABELS) == "α², α shifted +1, α²"
    assert describe_all((shift(1), shift(1)), LABELS) == "α shifted +2"
    # What one shift loses at an end the other does not bring back.
    assert describe_all((shift(1), shift(-1)), LABELS) == "α shifted +1, α shifted −1"


def test_runs_of_dimensions_are_joined() -> None:
    assert dimension_text((12, 3, 8, 7, 9, 10, 11)) == "3, 7-12"
    assert dimension_text((1, 2)) == "1, 2"
    assert dimension_text(()) == ""

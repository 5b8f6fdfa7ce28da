"""How conditions are read: columns of errors, ranks, texts, bounds, and input that is evil."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from attn_desktop.analysis.condition_entries import ENTRIES
from attn_desktop.analysis.condition_syntax import (
    MAX_DEPTH,
    Call,
    Chain,
    Index,
    Name,
    Node,
    Number,
    Operator,
    Prefix,
    Text,
    read,
    write,
)
from attn_desktop.analysis.condition_tokens import KEYWORDS, MAX_LENGTH
from attn_desktop.analysis.conditions import Condition, ConditionError, complete, parse
from attn_desktop.common.errors import UserError
from tests.toy_records import toy_run

ISSUE = (
    "entropy(alpha) > 1.2",
    "max(alpha) < .3",
    'alpha["car"] > .5',
    "jump(alpha) > 3",
    'coverage["car"] > 1.5',
    'token == "rouge"',
    "repeated(token)",
    "log_prob < -2",
    "sampled != argmax(alpha)",
    "token(soft) != token(hard)",
    "isnan(state)",
    "t == 5",
    'entropy(alpha) > 1.2 and not (token == "la" or t < 3)',
)
WATCHES = (
    "entropy(alpha)",
    "log_prob",
    "norm(state)",
    'alpha["car"]',
    'max(alpha) - alpha["car"]',
    "norm(context)",
    "norm(context(soft) - context(hard))",
    "alpha[3]",
    'energies["car"]',
    "coverage[2]",
    'gate("update")',
    "entropy(soft)",
    "entropy(hard)",
    'p("rouge")',
    "rank(token)",
    "seed",
    "center",
)


def test_what_was_promised_can_be_written() -> None:
    assert all(parse(text).is_boolean for text in ISSUE)
    assert all(parse(text).is_numeric and not parse(text).is_boolean for text in WATCHES)


@pytest.mark.parametrize(
    ("text", "column", "end", "message"),
    [
        ("", 0, 0, "write a condition"),
        ("  \n ", 0, 0, "write a condition"),
        ("t >", 3, 3, "missing at the end"),
        ("t > > 3", 4, 5, "“>”"),
        ("(t > 3", 6, 6, "for the ( at character 1"),
        ("max(alpha > 3", 13, 13, "for the ( at character 4"),
        ("alpha[3 > 1", 11, 11, "for the [ at character 6"),
        ("t > 3)", 5, 6, "could close"),
        ("t > 3 4", 6, 7, "before “4”"),
        ("t == 3 AND t == 4", 7, 10, "and in small letters"),
        ("t = 3", 2, 3, "write == instead of ="),
        ("t == 3 && p > 1", 7, 9, "write and instead of &&"),
        ("!edited", 0, 1, "write not instead of !"),
        ("token == “la”", 9, 10, 'write " instead of “'),
        ("t @ 3", 2, 3, "“@” means nothing"),
        ("t > 3 \0", 6, 7, "means nothing"),
        ('token == "la', 9, 12, 'no closing "'),
        ("token == 'la\"", 9, 13, "no closing '"),
        (r'token == "a\q"', 11, 13, r"\q means nothing"),
        ("1e999 > t", 0, 5, "too large"),
        ("9" * 400 + " > t", 0, 400, "too large"),
        ("1 + not t > 2", 4, 7, "parentheses"),
        ("alpha[1][2] > 1", 8, 9, "no part"),
        ("f(", 2, 2, "missing at the end"),
        ("max(alpha,) > 1", 10, 11, "not “)”"),
        ("and t > 3", 0, 3, "not “and”"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_column(
    text: str, column: int, end: int, message: str
) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert (caught.value.column, caught.value.end) == (column, end)
    assert isinstance(caught.value, UserError)


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("t > 3 and entropi(alpha) > 1", 10, "did you mean entropy?"),
        ("Log_Prob < 2", 0, "did you mean log_prob"),
        ("xyzzy > 1", 0, "nothing called “xyzzy”$"),
        ("token == rouge", 9, 'a text stands in quotes: "rouge"'),
        ("token == 3", 9, 'a text stands in quotes: "3"'),
        ("token > 3", 8, "is a token and not compared with a number"),
        ('token < "b"', 6, "compared by == or !="),
        ("edited < trained", 7, "compared by == or !="),
        ("edited > 1", 9, "not compared with a number"),
        ("alpha > .3", 0, r'max\(alpha\) or alpha\["word"\]'),
        (".3 < alpha", 5, r"max\(alpha\)"),
        ("state > .3", 0, r"norm\(state\)"),
        ("alpha", 0, r"max\(alpha\)"),
        ("1 + context", 0, r"max\(1 \+ context\)"),
        ("alpha and t > 3", 0, r"max\(alpha\) > .3"),
        ("log_prob and t > 3", 0, "compare it: log_prob > 1"),
        ("t > 3 or token", 9, 'token == "a"'),
        ("not log_prob", 4, "neither true nor false"),
        ("token + 1", 0, "no calculating"),
        ("1 + edited", 4, "no calculating"),
        ("-token == token", 1, "no calculating"),
        ("norm(context - state) > 1", 13, "do not go together"),
        ("entropy(coverage) > 1", 8, "takes alpha, soft, hard or active"),
        ("entropy(sfot) > 1", 8, "did you mean soft"),
        ("jump(state) > 1", 5, "takes alpha, energies or coverage"),
        ("max(t) > 1", 4, "takes a vector"),
        ("isnan(token)", 6, "a number or a vector"),
        ("repeated(alpha)", 9, "a token or a number"),
        ("repeated(token, 1)", 16, "from 2 to 20"),
        ("repeated(token, 2.5)", 16, "from 2 to 20"),
        ("repeated(token, t)", 16, "from 2 to 20"),
        ("rank(3) > 1", 5, "takes a token"),
        ("p('a', 'b') > 1", 7, "soft, hard or active"),
        ("gate(update) > 1", 5, "nothing called “update”"),
        ("gate(t) > 1", 5, "in quotes"),
        ("soft > 1", 0, "a reading"),
        ("t(3) > 1", 0, "stands alone"),
        ("p() > 1", 0, "no argument"),
        ("max(alpha, alpha) > 1", 0, "2 arguments"),
        ("repeated > 3", 0, "of what"),
        ("alpha[0] > 1", 6, "whole numbers from 1"),
        ("alpha[-1] > 1", 6, "whole numbers from 1"),
        ("state[-1] > 1", 6, "whole numbers from 0"),
        ("alpha[1.5] > 1", 6, "whole numbers from 1"),
        ("alpha[token] > 1", 6, "a word in quotes"),
        ("alpha[alpha] > 1", 6, "a word in quotes"),
        ('state["car"] > 1', 6, "looked up in alpha"),
        ('(alpha - alpha)["car"] > 1', 16, "looked up in alpha"),
        ("log_prob[1] > 1", 0, "of which there is no part"),
        ("1 < t < token", 8, "not compared with a token"),
    ],
)
def test_names_and_kinds_that_do_not_fit_are_refused_at_their_column(
    text: str, column: int, message: str
) -> None:
    with pytest.raises(ConditionError, match=message) as caught:
        parse(text)
    assert caught.value.column == column
    assert column < caught.value.end <= len(text)


def shape(text: str) -> str:
    """The tree with every parenthesis, to see what binds tighter."""

    def of(node: Node) -> str:
        match node:
            case Chain(operands, operators):
                parts = [of(operands[0])]
                for operator, operand in zip(operators, operands[1:], strict=True):
                    parts += [operator.symbol, of(operand)]
                return f"({' '.join(parts)})"
            case Prefix(symbol, operand):
                return f"({symbol} {of(operand)})"
            case _:
                return write(node)

    return of(read(text))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a or b and c or d", "(a or (b and c) or d)"),
        ("not a and not b == c", "((not a) and (not (b == c)))"),
        ("not not a", "(not (not a))"),
        ("a - b - c * d / e + f", "(a - b - (c * d / e) + f)"),
        ("-a * -b[1] - -c", "(((- a) * (- b[1])) - (- c))"),
        ("a < b <= c and d", "((a < b <= c) and d)"),
        ("a + b < c * d", "((a + b) < (c * d))"),
        ("(a - b)[c + 1](", ""),
        ("a - (b - c)", "(a - (b - c))"),
        ("(a or b) and c", "((a or b) and c)"),
        ("α≤.5 and p≠3×−t", "((alpha <= 0.5) and (p != (3 * (- t))))"),
    ],
)
def test_operators_bind_as_usual(text: str, wanted: str) -> None:
    if wanted:
        assert shape(text) == wanted
    else:
        with pytest.raises(ConditionError):
            read(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a"', "a"),
        ("'it''s'", None),
        (r"'it\'s'", "it's"),
        ('"it\'s"', "it's"),
        (r'"\"\\\n\t"', '"\\\n\t'),
        (r'"\u00e9\u2581"', "é▁"),
        ('"😀 and (not"', "😀 and (not"),
        ("''", ""),
        ('"\0\n"', "\0\n"),
    ],
)
def test_texts_are_read_with_their_escapes(text: str, value: str | None) -> None:
    if value is None:
        with pytest.raises(ConditionError):
            read(text)
    else:
        assert read(text) == Text(value, column=0, end=len(text))


@pytest.mark.parametrize("text", ["3", "3.", ".3", "1e-3", "1.5E+2", "007"])
def test_numbers_are_read_as_usual(text: str) -> None:
    assert read(text) == Number(float(text), column=0, end=len(text))


def test_a_long_flat_condition_is_fine() -> None:
    for text in ("1" + "+1" * 240 + ">t", " or ".join(["t>1"] * 60), "1" + "<2" * 249):
        assert len(text) <= MAX_LENGTH
        assert parse(text).is_boolean


@pytest.mark.parametrize("opening", ["(", "not ", "-", "max(", "alpha[", "- not (", "1+("])
def test_deep_nesting_is_refused_and_nothing_worse(opening: str) -> None:
    text = opening * (MAX_LENGTH // len(opening))
    with pytest.raises(ConditionError):
        parse(text)
    with pytest.raises(ConditionError):
        parse(text[: MAX_LENGTH - 1] + "t")


def test_as_deep_as_is_allowed_is_allowed() -> None:
    depth = MAX_DEPTH
    for text in ("(" * depth + "t > 3" + ")" * depth, "not " * depth + "t > 3"):
        assert parse(text).is_boolean
    with pytest.raises(ConditionError, match="nested") as caught:
        parse("not " * (depth + 1) + "t > 3")
    assert caught.value.column == 4 * depth


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "(" * 100_000, '"' * 100_001, "t>1 or " * 20_000, "\0" * 501, "é" * 501]
)
def test_too_long_is_refused_where_it_becomes_so(text: str) -> None:
    with pytest.raises(ConditionError, match="at most 500 characters") as caught:
        parse(text)
    assert caught.value.column == MAX_LENGTH


# -- anything at all ------------------------------------------------------------------------

SYMBOLS = [
    *"()[],<+-*/'\"\\ é\n\0",
    "==",
    ".3",
    "1e9",
    '"car"',
    "[3]",
    "(alpha)",
    "(token)",
    "soft",
]
words = st.sampled_from([*ENTRIES, *KEYWORDS, *SYMBOLS])
anything = st.one_of(
    st.text(max_size=40),
    st.text(alphabet=st.characters(), max_size=20),
    st.lists(words, max_size=25).map("".join),
    st.lists(words, max_size=25).map(" ".join),
)
RUN = toy_run()


def read_or_refused(text: str) -> Condition | ConditionError:
    try:
        return parse(text)
    except ConditionError as error:
        return error


@given(anything, st.integers(0, 60))
@example("\ud800", 1)
@example('"\ud800', 2)
@example("٣", 1)
@example("²", 1)
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused_inside_it(text: str, cursor: int) -> None:
    found = read_or_refused(text)
    if isinstance(found, ConditionError):
        assert 0 <= found.column <= found.end <= len(text)
        assert str(found).isprintable()
    else:
        assert parse(found.canonical).canonical == found.canonical
        assert not found.is_numeric or found.over(RUN, ()).shape == (0,)
    start, candidates = complete(text, cursor, RUN, ("▁a", "</s>"))
    assert 0 <= start <= min(cursor, len(text))
    assert all(candidate.text and candidate.label for candidate in candidates)


def _chain(symbols: tuple[str, ...], inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    links = st.lists(st.tuples(st.sampled_from(symbols), inner), min_size=1, max_size=3)
    return st.builds(
        lambda first, rest: Chain(
            (first, *(node for _, node in rest)),
            tuple(Operator(symbol, 0) for symbol, _ in rest),
            column=0,
            end=0,
        ),
        inner,
        links,
    )


names = st.sampled_from(["alpha", "t", "p", "x_1", "überall"])
trees: st.SearchStrategy[Node] = st.recursive(
    st.one_of(
        st.builds(lambda name: Name(name, column=0, end=0), names),
        st.builds(
            lambda value: Number(value, column=0, end=0),
            st.floats(0, allow_nan=False, allow_infinity=False),
        ),
        st.builds(lambda value: Text(value, column=0, end=0), st.text(max_size=6)),
    ),
    lambda inner: st.one_of(
        st.builds(
            lambda name, arguments: Call(name, tuple(arguments), column=0, end=0),
            names,
            st.lists(inner, max_size=2),
        ),
        st.builds(lambda base, index: Index(base, index, column=0, end=0), inner, inner),
        st.builds(
            lambda symbol, operand: Prefix(symbol, operand, column=0, end=0),
            st.sampled_from(["-", "not"]),
            inner,
        ),
        *(
            _chain(symbols, inner)
            for symbols in (("and",), ("or",), ("<", ">=", "=="), ("+", "-"), ("*", "/"))
        ),
    ),
    max_leaves=8,
)


@given(trees)
@settings(max_examples=200, deadline=None)
def test_a_tree_that_is_written_is_read_as_the_same_tree(tree: Node) -> None:
    text = write(tree)
    if len(text) <= MAX_LENGTH:
        assert read(text) == tree
        assert write(read(text)) == text


@given(trees)
@settings(max_examples=100, deadline=None)
def test_columns_point_at_what_was_written(tree: Node) -> None:
    text = write(tree)
    if len(text) <= MAX_LENGTH:
        whole = read(text)
        assert 0 <= whole.column < whole.end <= len(text)
        match whole:
            case Chain(operators=operators):
                for operator in operators:
                    assert text.startswith(operator.symbol, operator.column)

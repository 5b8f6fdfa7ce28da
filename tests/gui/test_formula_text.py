"""Formulas as text: what the markup means, what it measures, where it is broken."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from attn_desktop.gui.formula_markup import literal, parse, plain, prose
from attn_desktop.gui.formula_page import (
    Block,
    Column,
    agrees,
    check,
    number,
    number_text,
    share,
)
from attn_desktop.gui.formula_text import Typesetter
from attn_desktop.gui.theme import theme

HARMFUL = ("a_b^c", "{", "}", "\\frac{", "\\", "¦", "<b>&", "", "\\source{x}", "_", "ħ̂_{")


@pytest.fixture
def setter(qtbot: QtBot) -> Typesetter:
    return Typesetter(theme(dark=False))


def test_letters_are_slanted_and_words_are_not() -> None:
    pieces = parse("e_{tj} = tanh(W s)")
    slanted = [piece.text for piece in pieces if piece.italic]
    assert slanted == ["e", "W", "s"]
    assert [piece.text for piece in pieces if piece.text.isalpha()] == ["e", "tanh", "W", "s"]
    assert [piece.text for piece in pieces[0].below] == ["tj"]
    assert pieces[0].below[0].italic


def test_scripts_fractions_and_colours_become_pieces_of_their_own() -> None:
    (piece,) = parse("\\frac{a_1}{\\source{b}^2}")
    assert piece.over is not None
    over, under = piece.over
    assert (over[0].text, over[0].below[0].text) == ("a", "1")
    assert (under[0].text, under[0].style.role, under[0].above[0].text) == ("b", "source", "2")
    (bold,) = parse("\\bold{\\text{x}}")
    assert bold.style.bold
    assert not bold.italic


@pytest.mark.parametrize("text", HARMFUL)
def test_text_that_is_not_ours_stays_as_it_is(text: str) -> None:
    assert plain(literal(text)) == text
    assert plain(f"x = {literal(text)} + y") == f"x = {text} + y"
    assert plain(prose(text)).split() == text.split()


@pytest.mark.parametrize("text", [*HARMFUL, "\\frac{a}", "x_", "^", "\\dim{a", "{{a}", "a}b"])
def test_no_markup_is_too_broken_to_be_set(text: str, setter: Typesetter) -> None:
    extent = setter.extent(text)
    assert extent.width >= 0
    assert setter.lines(text, 1.0, 10)


def test_a_formula_as_bare_text() -> None:
    assert plain("e_{tj} = \\frac{exp(x)}{\\source{S}}") == "e_tj = exp(x)/S"


def test_scripts_are_small_and_fractions_high(setter: Typesetter) -> None:
    letter, script = setter.extent("e"), setter.extent("e_{t}")
    assert letter.width < script.width < 2 * letter.width
    assert script.descent > letter.descent
    fraction = setter.extent("\\frac{a}{b}")
    assert fraction.height > 1.5 * letter.height
    assert setter.extent("e", 2.0).width == pytest.approx(2 * letter.width, rel=0.1)


def test_lines_are_broken_only_where_they_may_and_only_if_need_be(setter: Typesetter) -> None:
    markup = "first part¦ = second part¦ = third"
    whole = setter.extent(markup).width
    assert len(setter.lines(markup, 1.0, whole + 1)) == 1
    lines = setter.lines(markup, 1.0, whole * 0.85)
    assert ["".join(piece.text for piece in line) for line in lines] == [
        "first part = second part",
        "= third",
    ]
    assert len(setter.lines(markup, 1.0, 5)) == 3


@pytest.mark.parametrize(
    ("value", "decimals", "signed", "text"),
    [
        (1.23456, 3, False, "1.235"),
        (-1.5, 1, False, "−1.5"),
        (0.25, 2, True, "+0.25"),
        (0.0, 3, True, "+0.000"),
        (1e-9, 3, False, "<0.001"),
        (1e-9, 3, True, "≈0"),
        (-1e-9, 3, False, "≈0"),
        (float("nan"), 3, False, "–"),
        (float("inf"), 3, True, "+∞"),
        (float("-inf"), None, False, "−∞"),
        (1.5e-7, None, False, "1.5e−07"),
    ],
)
def test_numbers_in_print(value: float, decimals: int | None, signed: bool, text: str) -> None:
    assert number_text(value, decimals, signed) == text


def test_one_number_has_four_digits_at_most() -> None:
    values = (123456.0, 1234.0, 12.3456, 1.23456, 0.123456, 0.012345, 0.00123456, 0.0)
    texts = ["123456", "1234", "12.35", "1.235", "0.123", "0.0123", "0.00123", "0.000"]
    assert [number(value) for value in values] == texts
    assert number(5e7) == "5e+07"
    assert share(0.5) == "0.500"


def test_a_column_has_the_decimals_of_its_largest_number() -> None:
    column = Column("x", np.array([123.456, -0.5, np.nan, 1e-8]), signed=True)
    assert column.written([0, 1, 2, 3]) == ["+123.5", "−0.5", "–", "≈0"]


@pytest.mark.parametrize(
    ("value", "recorded", "largest", "same"),
    [
        (1.0, 1.0005, 0.0, True),
        (1.0, 1.01, 0.0, False),
        (0.001, 0.0, 50.0, True),
        (float("nan"), float("nan"), 0.0, True),
        (float("nan"), 1.0, 0.0, False),
        (float("inf"), float("inf"), 0.0, True),
        (float("inf"), float("-inf"), 0.0, False),
    ],
)
def test_a_sum_is_checked_against_the_record(
    value: float, recorded: float, largest: float, same: bool
) -> None:
    assert agrees(value, recorded, largest) == same
    found = check("Σ", value, "e", recorded, largest)
    assert found.holds == same
    assert ("≠" in found.text) == (not same)


def test_a_block_shows_what_has_room_and_counts_the_rest() -> None:
    column = Column("x", np.arange(6.0))
    block = Block((column,), (5, 4, 3, 2, 1, 0), marked=frozenset({1}))
    assert block.shown(6) == ([5, 4, 3, 2, 1, 0], [])
    assert block.shown(4) == ([5, 4, 1], [3, 2, 0]), "what stands out is shown in any case"
    assert block.shown(1) == ([], [5, 4, 3, 2, 1, 0])
    around = Block((column,), tuple(range(6)), around=4)
    assert around.shown(4) == ([3, 4, 5], [0, 1, 2])

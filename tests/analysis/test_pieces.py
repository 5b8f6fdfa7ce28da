"""Pieces to text and words, and text to what is safe to print."""

from __future__ import annotations

import dataclasses
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_desktop.analysis.pieces import (
    display_width,
    group_words,
    join_pieces,
    output_text,
    printable,
    shorten,
)
from attn_desktop.trace.records import ModelInfo, RunRecord
from tests.toy_models import toy_codecs
from tests.toy_records import Sizes, toy_run


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ((), ""),
        (("▁La", "▁voit", "ure", "."), "La voiture."),
        (("<s>", "▁a", "<pad>", "</s>"), "a"),
        (("▁", "<0xF0>", "<0x9F>", "<0x98>", "<0x80>", "▁ok"), "😀 ok"),
        (("<0xC3>", "<0xA9>", "t", "<0xC3>", "<0xA9>"), "été"),
        (("▁a", "<0xE2>", "<0x82>", "▁b"), "a\ufffd\ufffd b"),
        (("▁", "▁", "x"), " x"),
    ],
)
def test_pieces_are_joined_into_text(pieces: tuple[str, ...], text: str) -> None:
    assert join_pieces(pieces) == text


@given(st.lists(st.integers(0, 339), max_size=30))
def test_joining_is_what_the_tokenizer_does(tokens: list[int]) -> None:
    codec = toy_codecs()[1]
    assert len(codec) == 340
    assert join_pieces(map(codec.label, tokens)) == codec.decode(tokens)


def _run(pieces: tuple[str, ...], words: tuple[int, ...]) -> RunRecord:
    run = toy_run(Sizes(source=len(pieces)))
    return dataclasses.replace(run, source=pieces, words=np.array(words))


def test_pieces_of_one_word_are_grouped_and_markers_stand_alone() -> None:
    run = _run(("▁The", "▁be", "ach", "▁", "<0xC3>", "<0xA9>", "</s>"), (0, 1, 1, 2, 2, 2, -1))
    words = group_words(run)
    assert [word.label for word in words] == ["The", "beach", "é", "</s>"]
    assert [word.positions for word in words] == [(0,), (1, 2), (3, 4, 5), (6,)]


def test_positions_without_a_word_are_never_grouped() -> None:
    run = toy_run(grid=(2, 2))
    assert [word.label for word in group_words(run)] == ["r1c1", "r1c2", "r2c1", "r2c2"]


def test_a_word_that_spells_nothing_keeps_a_label() -> None:
    assert [word.label for word in group_words(_run(("▁", "▁a"), (0, 1)))] == ["▁", "a"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Où est l'été, 車 😀 ?", "Où est l'été, 車 😀 ?"),
        ("a\x1b[31mred\x07", r"a\x1b[31mred\x07"),
        ("two\nlines\ttab\r", r"two\nlines\ttab\r"),
        ("\u202eabc\u200b", r"\u202eabc\u200b"),
        ("שלום", r"\u05e9\u05dc\u05d5\u05dd"),
        ("\u0663\u0664", r"\u0663\u0664"),
        ("\x9b31m\u2028\ud800\ue000", r"\x9b31m\u2028\ud800\ue000"),
    ],
)
def test_what_could_steer_a_terminal_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_printable_text_is_one_line_without_controls_and_stays_as_it_is(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert not any(unicodedata.category(char).startswith("C") for char in shown)
    assert not any(unicodedata.bidirectional(char) in ("R", "AL") for char in shown)
    assert printable(shown) == shown


def test_widths_count_columns() -> None:
    assert display_width("abc") == 3
    assert display_width("車😀") == 4
    assert display_width("e\u0301") == 1


@given(st.text(alphabet="aé車😀\u0301", max_size=20), st.integers(1, 20))
def test_shortened_text_fits_and_says_so(text: str, width: int) -> None:
    short = shorten(text, width)
    assert display_width(short) <= width
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))
    assert (short == text) == (display_width(text) <= width)


def test_of_answers_the_last_is_the_output() -> None:
    text, asked = ModelInfo("m", "f", "0"), ModelInfo("m", "f", "0", takes=("picture", "question"))
    assert output_text(text, ("▁red", "▁blue", "</s>")) == "red blue"
    assert output_text(asked, ("▁red", "▁light", "▁dark")) == "dark"
    assert output_text(asked, ()) == ""
    assert (text.answers, asked.answers) == (False, True)

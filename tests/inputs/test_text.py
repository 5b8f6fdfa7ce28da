"""Text to pieces and back: no input is unknown, and every piece knows its place in the text."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from attn_desktop.common.errors import CheckpointError, InputError
from attn_desktop.inputs.text import END, END_ID, PAD, RESERVED, SPACE, START, Pieces, TextCodec
from tests.shipped_tokenizers import shipped_tokenizers
from tests.toy_models import TOY_SENTENCES, TOY_VOCABULARY, toy_codecs

ENGLISH, FRENCH = toy_codecs()

#: Unicode's White_Space. Python's own idea of it takes in the separators U+001C to U+001F too.
WHITE = "[\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"

#: Any character but surrogates and those that one library may know and another not yet.
ASSIGNED = st.characters(exclude_categories=["Cs", "Cn"])

ODD_TEXTS = (
    "The red car stands in front of the house.",
    "  leading,   double \t and trailing  ",
    "🙂 a family 👨‍👩‍👧‍👦, a flag 🏳️‍🌈🇫🇷 and a skin 👍🏽!",
    "漢字とかな、한국어 中文。",
    "שלום עולם, مرحبا بالعالم ‏(RTL)‎",
    "nul \x00 bell \x07 escape \x1b[31m delete \x7f and \x9f separators \x1c\x1f",
    "two\nlines\r\nand a\ttab",
    "\"double\" 'single' “curly” ‘curly’ «French » `back`",
    "l'homme qu'il n’a pas vu aujourd'hui, jusqu'à 7 h 30",
    "zero\u200bwidth, bom \ufeff, soft\u00adhyphen, replacement \ufffd, private \ue000, \U0010fffd",
    "decomposed e\u0301te\u0301, Å, ﬁ, Ω",
    "\u1112\u1161\u11ab\u1100\u1173\u11af in jamo",
    "?!...—–()[]{}<>&%$#@^~|\\/*+-=_",
    "0123456789 3.14 1,000",
    "x",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ｆｕｌｌ",
)


def normal(text: str) -> str:
    """What is left of a text: NFC, one space for any white space, none at the ends."""
    # ▁ stands for a space, so it cannot be told from one afterwards.
    return re.sub(WHITE, " ", unicodedata.normalize("NFC", text)).strip(" ").replace(SPACE, " ")


def back(codec: TextCodec, text: str) -> str:
    return codec.decode(codec.encode(text).ids.tolist())


def characters(label: str) -> str | None:
    """What a piece says, without its space; None for a byte."""
    return None if re.fullmatch(r"<0x[0-9A-F]{2}>", label) else label.replace(SPACE, "")


# -- round trip -------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_text_survives_a_round_trip(text: str) -> None:
    assert back(ENGLISH, text) == normal(text)
    assert back(FRENCH, text) == normal(text)


@settings(max_examples=200, deadline=None)
@given(st.text(ASSIGNED, max_size=40))
@example("<s>")
@example("\ufeff")
def test_any_text_survives_a_round_trip_and_nothing_is_unknown(text: str) -> None:
    text = text.replace(SPACE, "")  # has a test of its own
    pieces = ENGLISH.encode(text)
    assert ENGLISH.decode(pieces.ids.tolist()) == normal(text)
    # Markers stand for no text, whatever was typed.
    assert (pieces.ids > END_ID).all()
    assert (pieces.ids < len(ENGLISH)).all()
    assert ENGLISH.encode_many([text]) == [pieces.ids.tolist()]
    check_places(text, pieces)


def test_a_typed_space_mark_counts_as_a_space() -> None:
    assert back(ENGLISH, f"red{SPACE}car") == "red car"


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u3000\u00a0\u2003", "\x85\u2028"])
def test_blank_text_has_no_pieces(text: str) -> None:
    pieces = ENGLISH.encode(text)
    assert pieces.labels == ()
    assert pieces.ids.shape == pieces.words.shape == (0,)
    assert pieces.spans.shape == (0, 2)
    assert ENGLISH.decode([]) == ""


def test_white_space_around_a_text_changes_nothing() -> None:
    plain, padded = ENGLISH.encode("The red car"), ENGLISH.encode(" \n The red car \t")
    assert padded.labels == plain.labels
    assert padded.labels[0].startswith(SPACE)
    assert padded.words.tolist() == plain.words.tolist()
    shifted = plain.spans + 3
    assert padded.spans[1:].tolist() == shifted[1:].tolist()
    assert padded.spans[0, 1] == shifted[0, 1]


@pytest.mark.parametrize(
    ("text", "position"), [("\ud800", 0), ("red \udfff car", 4), ("🙂\udc00", 1)]
)
def test_a_lone_surrogate_is_refused_by_its_place(text: str, position: int) -> None:
    with pytest.raises(InputError, match=f"lone surrogate at character {position}$"):
        ENGLISH.encode(text)


# -- labels, words, spans -----------------------------------------------------------------------


def check_places(text: str, pieces: Pieces) -> None:
    count = len(pieces.ids)
    assert len(pieces.labels) == len(pieces.words) == len(pieces.spans) == count
    starts, ends = pieces.spans[:, 0], pieces.spans[:, 1]
    assert ((starts >= 0) & (starts <= ends) & (ends <= len(text))).all()
    assert (np.diff(starts) >= 0).all()
    assert (np.diff(ends) >= 0).all()
    for label, (start, end) in zip(pieces.labels, pieces.spans.tolist(), strict=True):
        said = characters(label)
        if said:
            assert normal(text[start:end]).replace(" ", "") == said
        else:
            assert end > start  # a byte belongs to its character
    covered = {i for start, end in pieces.spans.tolist() for i in range(start, end)}
    assert not normal("".join(char for i, char in enumerate(text) if i not in covered))
    if count:
        assert pieces.words[0] == 0
        assert set(np.diff(pieces.words).tolist()) <= {0, 1}


@pytest.mark.parametrize("text", ODD_TEXTS)
@pytest.mark.parametrize("codec", [ENGLISH, FRENCH], ids=["English", "French"])
def test_spans_give_the_characters_of_a_piece(codec: TextCodec, text: str) -> None:
    check_places(text, codec.encode(text))


#: Marks that the toy tokenizer knows; one that it does not know is bytes of the word before it.
MARKS = "".join(mark for mark in '.,;:!?…()[]«»“”"—–' if ENGLISH.encode(mark).labels[-1] == mark)
WORD_OR_MARK = rf"[{re.escape(MARKS)}]|[^{re.escape(MARKS)}]+"


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_words_are_what_spaces_and_punctuation_part(text: str) -> None:
    pieces = ENGLISH.encode(text)
    words = [""] * (int(pieces.words.max()) + 1)
    for word in range(len(words)):
        words[word] = ENGLISH.decode(pieces.ids[pieces.words == word].tolist())
    parts = normal(text).split(" ")
    assert words == [word for part in parts for word in re.findall(WORD_OR_MARK, part)]


def test_a_known_sentence() -> None:
    text = "The red car 🙂."
    pieces = ENGLISH.encode(text)
    assert "".join(pieces.labels[:-5]) == "▁The▁red▁car▁"
    assert pieces.labels[-5:] == ("<0xF0>", "<0x9F>", "<0x99>", "<0x82>", ".")
    assert pieces.words[-5:].tolist() == [3, 3, 3, 3, 4]
    assert pieces.spans[-5:].tolist() == [[12, 13]] * 4 + [[13, 14]]


def test_accents_belong_to_the_letter_before_them() -> None:
    text = "e\u0301te\u0301 x"
    spans = [text[start:end] for start, end in FRENCH.encode(text).spans]
    assert spans[0].endswith("e\u0301")
    assert not any(span == "e" for span in spans)


# -- markers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [PAD, START, END, "<0x41>", "<unk>", "a </s> b", "</s></s>"])
def test_typed_markers_are_ordinary_characters(text: str) -> None:
    pieces = ENGLISH.encode(text)
    assert not set(pieces.labels) & {PAD, START, END, text}
    assert (pieces.ids > END_ID).all()
    assert ENGLISH.decode(pieces.ids.tolist()) == text


def test_markers_are_left_out_of_decoded_text() -> None:
    ids = ENGLISH.encode("The dog.").ids.tolist()
    assert ENGLISH.decode([1, *ids, 2, 0, 0]) == "The dog."


def test_bytes_that_are_no_character_show_as_such() -> None:
    lone = RESERVED.index("<0xE2>")
    assert set(ENGLISH.decode([lone, lone])) == {"\ufffd"}


def test_labels() -> None:
    assert [ENGLISH.label(token) for token in range(len(RESERVED))] == list(RESERVED)
    with pytest.raises(InputError, match="token 340 is outside the vocabulary of 340 pieces"):
        ENGLISH.label(len(ENGLISH))


# -- splits -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def merged() -> TextCodec:
    """Learnt from text in which only the splits keep neighbours apart."""
    words = [
        "l'homme",
        "qu'il",
        "jusqu'ici",
        "d’or",
        "oui.",
        "non,",
        "42",
        "(mais)",
        "quoi ?",
        "«bon»",
    ]
    return TextCodec.train([" ".join(words)] * 50, 420)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("l'homme", ["▁l'", "homme"]),
        ("qu'il", ["▁qu'", "il"]),
        ("jusqu'ici", ["▁jusqu'", "ici"]),
        ("d’or", ["▁d’", "or"]),
        ("oui.", ["▁oui", "."]),
        ("non,", ["▁non", ","]),
        ("42", ["▁4", "2"]),
        ("(mais)", ["▁(", "mais", ")"]),
        ("quoi ?", ["▁quoi", "▁?"]),
        ("«bon»", ["▁«", "bon", "»"]),
    ],
)
def test_elisions_punctuation_and_digits_are_pieces_of_their_own(
    text: str, labels: list[str], merged: TextCodec
) -> None:
    assert list(merged.encode(f"quoi {text}").labels) == ["▁quoi", *labels]


# -- training and files ---------------------------------------------------------------------------


def test_training_is_deterministic(tmp_path: Path) -> None:
    sentences = [english for english, _ in TOY_SENTENCES]
    files = []
    for number in range(3):
        path = tmp_path / f"{number}.tokenizer.json"
        TextCodec.train(iter(sentences), TOY_VOCABULARY).save(path)
        files.append(path.read_bytes())
    assert files[0] == files[1] == files[2]


def test_a_vocabulary_has_the_size_asked_for_and_holds_every_byte() -> None:
    assert len(ENGLISH) == TOY_VOCABULARY
    assert len(RESERVED) == 3 + 256
    assert [characters(label) for label in RESERVED[3:]] == [None] * 256


def test_a_saved_tokenizer_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.tokenizer.json"
    FRENCH.save(path)
    loaded = TextCodec.load(path)
    assert len(loaded) == len(FRENCH)
    for text in ODD_TEXTS:
        ours, theirs = FRENCH.encode(text), loaded.encode(text)
        assert theirs.labels == ours.labels
        assert theirs.spans.tolist() == ours.spans.tolist()


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no\.json: No such file or directory"):
        TextCodec.load(tmp_path / "no.json")


@pytest.mark.parametrize("file", shipped_tokenizers(in_pieces=True))
def test_shipped_tokenizers_hold_what_holds_for_the_toys(file: Path) -> None:
    codec = TextCodec.load(file)
    for text in ODD_TEXTS:
        assert back(codec, text) == normal(text)
        check_places(text, codec.encode(text))
    assert codec.encode("  The car").labels == codec.encode("The car").labels

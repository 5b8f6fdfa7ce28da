"""A closed list of words: cutting text, ids, labels and the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_desktop.analysis.pieces import join_pieces
from attn_desktop.common.errors import CheckpointError, InputError
from attn_desktop.inputs.text import END_ID, PAD_ID, START_ID
from attn_desktop.inputs.words import RESERVED, UNKNOWN_ID, WordCodec, split_words
from tests.shipped_tokenizers import shipped_tokenizers

CODEC = WordCodec.of_texts(["a red square, left of a man's t-shirt.", "a red circle"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A red square.", ["a", "red", "square", "."]),
        ("the man's T-shirt?", ["the", "man's", "t-shirt", "?"]),
        ("  two\t words\n", ["two", "words"]),
        ("école E\u0301cole", ["école", "école"]),
        ("l’homme", ["l’homme"]),
        ("3 < 4_5", ["3", "<", "4", "_", "5"]),
        ("<s> 🙂", ["<", "s", ">", "🙂"]),
        ("-a- '", ["-", "a", "-", "'"]),
        ("", []),
    ],
)
def test_text_is_cut_into_lower_case_words_and_marks(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_ids_labels_and_back() -> None:
    assert CODEC.words[: len(RESERVED)] == RESERVED
    assert [CODEC.words.index(word) for word in RESERVED[:3]] == [PAD_ID, START_ID, END_ID]
    ids = CODEC.encode("A red square, left of a man's t-shirt.")
    assert min(ids) > UNKNOWN_ID
    assert (
        CODEC.decode([START_ID, *ids, END_ID, PAD_ID]) == "a red square, left of a man's t-shirt."
    )
    assert [CODEC.label(token) for token in ids[:4]] == ["▁a", "▁red", "▁square", ","]
    assert join_pieces(map(CODEC.label, ids)) == CODEC.decode(ids)
    assert CODEC.decode([UNKNOWN_ID, ids[1]]) == "<unk> red"
    for token in (-1, len(CODEC)):
        with pytest.raises(InputError, match=f"token {token} is outside the vocabulary"):
            CODEC.label(token)


def test_a_word_outside_the_list_is_unknown_or_refused_by_name() -> None:
    assert CODEC.encode("a blue zebra") == [CODEC.encode("a")[0], UNKNOWN_ID, UNKNOWN_ID]
    assert CODEC.encode_known("a red") == CODEC.encode("a red")
    with pytest.raises(InputError, match=f"'blue', 'zebra': not among the {len(CODEC)} words"):
        CODEC.encode_known("a blue zebra, a blue")
    with pytest.raises(InputError, match="lone surrogate at character 2"):
        CODEC.encode("a \ud800")


def test_words_are_taken_by_frequency_and_then_by_alphabet() -> None:
    texts = ["b a b", "c a b d"]
    assert WordCodec.of_texts(texts).words[4:] == ("b", "a", "c", "d")
    assert WordCodec.of_texts(texts, least=2).words[4:] == ("b", "a")
    assert WordCodec.of_texts(texts, most=5).words[4:] == ("b",)


def test_an_entry_may_be_several_words_which_only_find_finds() -> None:
    answers = WordCodec.of_words(["Yes", "not there"])
    assert answers.words[4:] == ("yes", "not there")
    assert answers.find(" Not There ") == 5
    assert answers.find("not") is None
    assert answers.find("<s>") is None
    assert answers.decode([5]) == "not there"


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=30))
def test_any_text_can_be_cut_and_is_never_a_marker(text: str) -> None:
    assert not {PAD_ID, START_ID, END_ID} & set(CODEC.encode(text))
    assert len(CODEC.encode(text)) == len(split_words(text))


def test_a_file_gives_the_same_list(tmp_path: Path) -> None:
    codec = WordCodec.of_words(["é", "not there", '"', "🙂"])
    codec.save(tmp_path / "x.tokenizer.json")
    assert WordCodec.load(tmp_path / "x.tokenizer.json").words == codec.words


@pytest.mark.parametrize("file", shipped_tokenizers(in_pieces=False))
def test_shipped_lists_find_and_write_each_of_their_words(file: Path) -> None:
    codec = WordCodec.load(file)
    assert len(codec) > len(RESERVED)
    for token, word in enumerate(codec.words[len(RESERVED) :], len(RESERVED)):
        assert codec.find(word) == token
        if len(split_words(word)) == 1:
            assert codec.encode(word) == [token]
            assert codec.decode([token]) == word


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a list of words"),
        (b"\xff\xfe", "not a list of words"),
        (b"[" * 100_000, "not a list of words"),
        (b"[]", "not a list of words"),
        (b'{"words": 3}', "not a list of words"),
        (b'{"words": ["<pad>", "<s>", "</s>", "<unk>", 7]}', "not a list of words"),
        (b'{"words": ["<pad>", "<s>", "</s>", "<unk>"]}', "not a list of words"),
        (b'{"words": ["a", "b", "c", "d", "e"]}', "must begin with <pad>, <s>"),
        (b'{"words": ["<pad>", "<s>", "</s>", "<unk>", "a", "a"]}', "'a' is listed twice"),
        (b'{"words": ["<pad>", "<s>", "</s>", "<unk>", ""]}', "not a list of words"),
        (json.dumps({"words": [*RESERVED, "x" * 101]}).encode(), "not a list of words"),
        (b'{"words": ["<pad>", "<s>", "</s>", "<unk>", "a"], "more": 1}', "not a list of words"),
    ],
)
def test_a_file_that_is_no_list_is_refused_by_name(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "target.tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=reason) as error:
        WordCodec.load(path)
    assert str(error.value).startswith(f"{path}: ")


def test_a_missing_or_huge_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="No such file"):
        WordCodec.load(tmp_path / "none.json")
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(9 << 20)
    with pytest.raises(CheckpointError, match="larger than"):
        WordCodec.load(huge)

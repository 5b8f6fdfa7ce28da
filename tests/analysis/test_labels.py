"""Columns of the source and labels of tokens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_desktop.analysis.labels import (
    BLANK,
    CONTINUES,
    candidate_label,
    piece_label,
    source_axis,
    token_labels,
)
from attn_desktop.trace.records import RunRecord
from tests.toy_records import Sizes, toy_run, toy_trace

#: Word indices of up to 12 positions: runs of the same one, and markers that stand alone.
WORDS = st.lists(st.integers(-1, 4), min_size=1, max_size=12)


def run_of(words: list[int]) -> RunRecord:
    run = toy_run(Sizes(source=len(words)))
    source = tuple(f"▁p{j}" for j in range(len(words)))
    return replace(run, source=source, words=np.array(words, dtype=np.int64))


@given(WORDS, st.booleans())
def test_columns_partition_the_positions_in_order(words: list[int], joined: bool) -> None:
    run = run_of(words)
    axis = source_axis(run, joined)
    assert axis.words == joined
    assert len(axis) == len(axis.labels) == len(axis.starts)
    positions = [p for column in range(len(axis)) for p in axis.positions(column)]
    assert positions == list(range(len(words)))
    for column in range(len(axis)):
        inside = axis.positions(column)
        assert len(inside) > 0
        assert {axis.column(p) for p in inside} == {column}
        indices = {words[p] for p in inside}
        assert len(indices) == 1
        assert len(inside) == 1 or (joined and indices != {-1})
    for before, after in zip(range(len(axis)), range(1, len(axis)), strict=False):
        last, first = axis.positions(before)[-1], axis.positions(after)[0]
        assert not joined or words[last] == -1 or words[first] != words[last]


@given(WORDS, st.frozensets(st.integers(0, 15)))
def test_columns_of_positions_are_those_that_hold_them(
    words: list[int], lit: frozenset[int]
) -> None:
    axis = source_axis(run_of(words), words=True)
    holding = [c for c in range(len(axis)) if not lit.isdisjoint(axis.positions(c))]
    assert axis.columns(lit) == holding


@given(WORDS, st.booleans(), st.integers(0, 99))
def test_sums_equal_loops(words: list[int], joined: bool, seed: int) -> None:
    axis = source_axis(run_of(words), joined)
    rng = np.random.default_rng(seed)
    values, flags = rng.standard_normal((2, 3, len(words))), rng.random((2, len(words))) < 0.3
    groups = [list(axis.positions(column)) for column in range(len(axis))]
    np.testing.assert_allclose(
        axis.sum(values), np.stack([values[..., g].sum(axis=-1) for g in groups], axis=-1)
    )
    np.testing.assert_allclose(
        axis.log_sum_exp(values),
        np.stack([np.log(np.exp(values[..., g]).sum(axis=-1)) for g in groups], axis=-1),
        atol=1e-12,
    )
    assert axis.any(flags).tolist() == [[bool(row[g].any()) for g in groups] for row in flags]


@given(WORDS, st.floats(-1e4, 1e4), st.integers(0, 99))
def test_the_softmax_of_joined_energies_is_the_sum_of_alpha(
    words: list[int], shift: float, seed: int
) -> None:
    axis = source_axis(run_of(words), words=True)
    energies = shift + 5 * np.random.default_rng(seed).standard_normal(len(words))

    def softmax(e: np.ndarray) -> np.ndarray:
        powers = np.exp(e - e.max())
        return np.asarray(powers / powers.sum())

    np.testing.assert_allclose(
        softmax(np.asarray(axis.log_sum_exp(energies))), axis.sum(softmax(energies)), rtol=1e-9
    )


def test_pieces_are_labelled_one_by_one_and_words_joined() -> None:
    run = replace(
        toy_run(Sizes(source=6)),
        source=("▁The", "▁be", "ach", "▁", "\u202e", "</s>"),
        words=np.array([0, 1, 1, 2, 2, -1]),
    )
    assert source_axis(run).labels == ("The", "be", "·ach", BLANK, "·\\u202e", "</s>")
    assert source_axis(run, words=True).labels == ("The", "beach", "\\u202e", "</s>")


def test_regions_of_a_picture_are_never_joined() -> None:
    axis = source_axis(toy_run(grid=(2, 2)), words=True)
    assert axis.labels == ("r1c1", "r1c2", "r2c1", "r2c2")
    assert not axis.words


@pytest.mark.parametrize(
    ("tokens", "labels"),
    [
        ((), ()),
        (("▁La", "▁voit", "ure", ".", "</s>"), ("La", "voit", "·ure", ".", "</s>")),
        (("▁l'", "été"), ("l'", "été")),
        (("▁qu’", "il"), ("qu’", "il")),
        (("▁", "é", "t"), (BLANK, "é", "·t")),
        (("▁a", "<s>", "b"), ("a", "<s>", "·b")),
    ],
)
def test_tokens_that_begin_no_word_are_marked(
    tokens: tuple[str, ...], labels: tuple[str, ...]
) -> None:
    assert token_labels(tokens) == labels


@given(st.text(max_size=8), st.booleans())
def test_a_label_is_never_empty_and_always_one_line(piece: str, continues: bool) -> None:
    label = piece_label(piece, continues)
    assert label.strip()
    assert len(label.splitlines()) == 1


def test_a_candidate_is_labelled_as_it_would_be_once_taken() -> None:
    steps = toy_trace(9, seed=3).steps
    labels = token_labels([step.token for step in steps])
    assert labels == tuple(candidate_label(step, step.token) for step in steps)
    assert any(label.startswith(CONTINUES) for label in labels)
    assert candidate_label(steps[0], "s") == "s"

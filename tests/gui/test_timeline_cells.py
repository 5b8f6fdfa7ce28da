"""Cells of a timeline: how wide, which are in view, and which is where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_desktop.gui.timeline_cells import place_cells


@pytest.mark.parametrize(
    ("steps", "pitch", "cards"), [(1, 130, True), (5, 130, True), (20, 60, True), (200, 6, False)]
)
def test_cells_are_as_wide_as_they_can_be(steps: int, pitch: float, cards: bool) -> None:
    cells = place_cells(50, 1250, steps, 1, 1.0)
    assert (cells.pitch, cells.cards, cells.offset) == (pitch, cards, 0)
    assert (cells.first, cells.last) == (1, steps)


def test_larger_type_takes_larger_cells() -> None:
    assert place_cells(0, 3000, 3, 1, 1.5).pitch == 195
    assert place_cells(0, 1200, 20, 1, 1.0).cards
    assert not place_cells(0, 1200, 20, 1, 1.5).cards


def test_below_the_least_width_the_playhead_stays_in_the_middle_third() -> None:
    offsets = set()
    for t in range(1, 301):
        cells = place_cells(0, 420, 300, t, 1.0)
        assert cells.pitch == 4
        offsets.add(cells.offset)
        if 0 < cells.offset < 300 * 4 - 420:
            assert 140 - 2 <= cells.x(t) + 2 <= 280 + 2
    assert len(offsets) <= 300 * 4 // 140, "cells stand still from step to step"
    assert place_cells(0, 400, 300, 0, 1.0).first == 1
    assert place_cells(0, 400, 300, 300, 1.0).last == 300


def test_near_are_the_steps_in_view_also_in_part() -> None:
    cells = place_cells(0, 402, 300, 150, 1.0)
    seen = {t for t in range(1, 301) if cells.x(t) + cells.pitch > 0 and cells.x(t) < 402}
    assert seen <= set(cells.near) <= {min(seen) - 1, *seen, max(seen) + 1}
    assert list(place_cells(0, 402, 5, 1, 1.0).near) == [1, 2, 3, 4, 5]
    assert list(place_cells(0, 402, 0, 0, 1.0).near) == []


def test_a_held_view_moves_only_when_the_playhead_leaves_it() -> None:
    held = place_cells(0, 400, 300, 150, 1.0).offset
    assert place_cells(0, 400, 300, 170, 1.0, held).offset == held
    moved = place_cells(0, 400, 300, 210, 1.0, held)
    assert moved.last == 210
    assert place_cells(0, 400, 300, 90, 1.0, held).first == 90


@given(st.integers(1, 400), st.integers(0, 400), st.integers(80, 1500))
def test_every_x_in_a_cell_is_its_step(steps: int, t: int, right: int) -> None:
    cells = place_cells(50, right, steps, min(t, steps), 1.0)
    for step in (1, cells.first, cells.last, steps):
        assert cells.at(cells.x(step) + cells.pitch / 2) == step
    assert cells.at(-1e6) == 0
    assert cells.at(1e6) == steps
    if t:
        assert cells.x(min(t, steps)) >= cells.left - 1e-6
        assert cells.x(min(t, steps)) + cells.pitch <= cells.right + 1e-6


def test_without_steps_there_is_nothing_to_hit() -> None:
    cells = place_cells(50, 400, 0, 0, 1.0)
    assert (cells.at(60), cells.last) == (0, 0)

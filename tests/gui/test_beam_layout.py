"""Where the hypotheses of a search stand: against plain loops over the record."""

from __future__ import annotations

import numpy as np
import pytest

from attn_desktop.analysis.beam_tree import Fate, n_best, path, survivors
from attn_desktop.gui.beam_layout import BeamLayout, lay_out, leading
from attn_desktop.trace.records import ProbeRecord
from tests.toy_beam import toy_beam
from tests.toy_scenes import toy_scene

SCENE = toy_scene(steps=5)
SEARCHES = [
    toy_beam(SCENE, 0, width=1),
    toy_beam(SCENE, 2, width=3, steps=9, seed=1),
    toy_beam(SCENE, 0, width=5, steps=50, seed=2),
    toy_beam(SCENE, 4, width=5, steps=50, shown=20, seed=3),
    toy_beam(SCENE, 1, width=8, steps=3, shown=1, seed=4),
]
every_search = pytest.mark.parametrize("record", SEARCHES)


def places(layout: BeamLayout) -> list[tuple[int, int]]:
    return list(zip(layout.column.tolist(), layout.row.tolist(), strict=True))


@every_search
def test_no_two_are_in_one_place_and_all_can_be_found(record: ProbeRecord) -> None:
    layout = lay_out(record)
    found = places(layout)
    assert len(set(found)) == len(found) == len(record.arrays["t"])
    assert layout.column.tolist() == (record.arrays["t"] - record.arrays["t"][0]).tolist()
    assert (layout.columns, layout.rows) == tuple(1 + np.max(found, axis=0))
    for hypothesis, (column, row) in enumerate(found):
        assert layout.at(column, row) == hypothesis
    assert layout.at(0, layout.rows) is None
    assert layout.seen((-5, 10**6), (-5, 10**6)).tolist() == list(range(len(found)))
    part = layout.seen((1, 3), (0, 4)).tolist()
    assert part == [n for n, (column, row) in enumerate(found) if 1 <= column < 3 and row < 4]


@every_search
def test_a_lineage_that_comes_to_something_stays_in_its_row(record: ProbeRecord) -> None:
    """Each goes on in the row of its parent or forks off from it; one of several goes on."""
    layout, lives = lay_out(record), survivors(record)
    parent = record.arrays["parent"]
    for hypothesis in np.flatnonzero(lives).tolist():
        following = [n for n in np.flatnonzero(parent == hypothesis).tolist() if lives[n]]
        same = [n for n in following if layout.row[n] == layout.row[hypothesis]]
        assert len(same) == (1 if following else 0)
    rows = {int(layout.row[n]) for n in np.flatnonzero(lives)}
    ends = [n for n in np.flatnonzero(lives) if not (lives & (parent == n)).any()]
    assert len({int(layout.row[n]) for n in ends}) == len(rows) <= len(ends)
    assert (layout.lives == lives).all()


@every_search
def test_nothing_stands_where_a_lineage_seems_to_come_from(record: ProbeRecord) -> None:
    layout, parent = lay_out(record), record.arrays["parent"]
    kept = record.arrays["fate"] != Fate.PRUNED
    for hypothesis in np.flatnonzero(layout.lives).tolist():
        column, row = int(layout.column[hypothesis]), int(layout.row[hypothesis])
        before = layout.at(column - 1, row) if column else None
        assert before is None or before == parent[hypothesis] or not kept[before]


@every_search
def test_what_was_pruned_is_below_all_that_was_kept(record: ProbeRecord) -> None:
    layout, kept = lay_out(record), record.arrays["fate"] != Fate.PRUNED
    for column in range(layout.columns):
        own = np.flatnonzero(layout.column == column)
        pruned = own[~kept[own]]
        deepest = layout.row[own[kept[own]]].max()
        expected = deepest + 1 + np.arange(len(pruned))
        assert layout.row[pruned].tolist() == expected.tolist()


@every_search
def test_the_best_way_is_marked_and_first(record: ProbeRecord) -> None:
    layout, ranking = lay_out(record), n_best(record)
    best = leading(record)
    if ranking:
        assert best == ranking[0]
    else:
        last = np.flatnonzero(record.arrays["t"] == record.arrays["t"].max())
        assert record.arrays["total"][best] == record.arrays["total"][last].max()
    assert np.flatnonzero(layout.best).tolist() == path(record, best)
    if record.settings["finished"]:
        assert (layout.row[layout.best] == 0).all()


def test_a_wide_search_needs_no_more_rows_than_it_shows_a_step() -> None:
    record = SEARCHES[2]
    layout = lay_out(record)
    a_step = np.bincount(layout.column).max()
    assert layout.columns == 51
    assert a_step <= layout.rows <= 2 * a_step


@every_search
def test_keys_go_through_a_step_from_above(record: ProbeRecord) -> None:
    layout = lay_out(record)
    own = np.flatnonzero(layout.column == 1)
    ordered = own[np.argsort(layout.row[own])].tolist()
    walked = [ordered[0]]
    for _ in ordered[1:]:
        walked.append(layout.beside(walked[-1], 1))
    assert walked == ordered
    assert layout.beside(ordered[-1], 1) == ordered[-1]
    assert layout.beside(ordered[0], -1) == ordered[0]
    assert layout.beside(ordered[-1], -1) == ordered[max(0, len(ordered) - 2)]


def test_the_rows_do_not_depend_on_numbers_that_are_none() -> None:
    record = SEARCHES[1]
    spoiled = {
        name: np.full_like(values, np.nan) if values.dtype.kind == "f" else values
        for name, values in record.arrays.items()
    }
    layout = lay_out(ProbeRecord(record.node, record.kind, record.settings, spoiled))
    assert len(set(places(layout))) == len(record.arrays["t"])

"""Which columns have a lane: all of a text, of a picture the regions that are looked at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attn_desktop.gui.lane_columns import ELSEWHERE, MOST, SEEN, lane_columns
from attn_desktop.gui.scene import Scene
from attn_desktop.trace.records import StepRecord
from tests.toy_records import FIXED
from tests.toy_scenes import hard, toy_scene

GRID = (5, 8)


def looking(scene: Scene, places: dict[int, dict[int, float]]) -> Scene:
    """A scene whose steps t look at regions with these α, and at all others alike."""

    def look(step: StepRecord) -> StepRecord:
        assert step.cross is not None
        chosen = places.get(step.t, {})
        alpha = np.full(40, (1 - sum(chosen.values())) / (40 - len(chosen)))
        alpha[list(chosen)] = list(chosen.values())
        weights = alpha[None, None].astype(np.float32)
        return replace(step, attention={"cross": replace(step.cross, alpha=weights)})

    return replace(scene, steps=tuple(look(step) for step in scene.steps))


def test_a_text_has_a_lane_for_every_column() -> None:
    scene = toy_scene(source=60)
    lanes = lane_columns(scene, {3})
    assert lanes.labels == scene.source.labels
    assert not lanes.elsewhere
    assert lanes.alpha is scene.alpha
    assert [lanes.lane(column) for column in (0, 59)] == [0, 59]


def test_a_picture_has_lanes_for_what_is_looked_at_and_one_for_the_rest() -> None:
    scene = looking(toy_scene(grid=GRID, steps=3), {1: {7: 0.5, 9: 0.3}, 3: {30: 0.9}})
    lanes = lane_columns(scene)
    assert lanes.labels == ("r1c8", "r2c2", "r4c7", ELSEWHERE)
    np.testing.assert_allclose(lanes.alpha.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(lanes.alpha[0], [0.5, 0.3, 0.2 / 38, 0.2 * 37 / 38], rtol=1e-5)
    assert lanes.lanes([7, 30, 0, 1]) == [0, 2, 3]
    assert [lanes.column(lane) for lane in range(4)] == [7, 9, 30, None]


def test_what_is_brushed_or_drawn_has_a_lane_however_little_it_is_looked_at() -> None:
    scene = looking(toy_scene(grid=GRID, steps=2), {})
    assert float(np.nanmax(scene.alpha)) < SEEN
    assert lane_columns(scene).labels == (ELSEWHERE,)
    assert lane_columns(scene, {12, 400}).labels == ("r2c5", ELSEWHERE)
    drawn = looking(toy_scene(grid=GRID, steps=2, mode=hard()), {})
    regions = {int(step.cross.sampled[0, 0]) for step in drawn.steps if step.cross is not None}
    assert set(lane_columns(drawn).columns.tolist()) == regions


def test_there_are_no_more_lanes_than_can_be_read() -> None:
    places = {1: dict.fromkeys(range(16), 0.06), 2: {20: 0.4}, 3: {0: 0.07}}
    lanes = lane_columns(looking(toy_scene(grid=GRID, steps=3), places))
    assert len(lanes.labels) == MOST + 1
    assert {0, 20} <= set(lanes.columns.tolist())
    np.testing.assert_allclose(lanes.alpha.sum(axis=1), 1, rtol=1e-6)


def test_without_attention_nothing_is_looked_at() -> None:
    lanes = lane_columns(toy_scene(grid=GRID, mode=FIXED))
    assert lanes.labels == (ELSEWHERE,)
    assert np.isnan(lanes.alpha).all()

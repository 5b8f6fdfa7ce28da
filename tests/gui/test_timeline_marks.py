"""Marks of a timeline: what is marked where, how far that is known, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attn_desktop.analysis.compare import compare
from attn_desktop.gui.scene import Baseline, NoteMark, Phase, Scene
from attn_desktop.gui.timeline_marks import TimelineMarks
from attn_desktop.trace.annotations import Note
from attn_desktop.trace.edits import Edit
from tests.gui.watched_scenes import with_annotations
from tests.toy_scenes import toy_scene

PIN = Edit("alpha", "pin", (2,))


def measured(scene: Scene) -> TimelineMarks:
    marks = TimelineMarks()
    marks.measure(scene)
    return marks


def changed(scene: Scene, t: int, **fields: object) -> Scene:
    """With other fields of step t."""
    steps = list(scene.steps)
    steps[t - 1] = replace(steps[t - 1], **fields)  # type: ignore[arg-type]
    return replace(scene, steps=tuple(steps))


def greedy(steps: int = 6) -> Scene:
    scene = toy_scene(steps=steps)
    return replace(scene, steps=tuple(replace(step, chosen_by="greedy") for step in scene.steps))


def test_each_kind_of_mark_is_at_its_steps() -> None:
    scene = changed(changed(greedy(), 2, edits=(PIN,)), 5, chosen_by="forced")
    scene = replace(
        scene,
        notes=(
            NoteMark(Note(scene.steps[3].node, "why?"), 4, "x", "", here=True),
            NoteMark(Note(77, "elsewhere"), 3, "x", "another branch", here=False),
        ),
    )
    scene = with_annotations(scene, ["t == 2", "t > 4", "-t > -3"], off=["t > 4"])
    marks = measured(scene)
    assert marks.steps == {"edited": {2}, "forced": {5}, "notes": {4}}
    assert {t: [stop.condition for stop in stops] for t, stops in marks.stops.items()} == {
        1: ["-t > -3"],
        2: ["t == 2", "-t > -3"],
        5: ["t > 4"],
        6: ["t > 4"],
    }
    assert measured(greedy()).steps == {}


def test_what_is_marked_is_said() -> None:
    scene = changed(greedy(), 2, edits=(PIN,), chosen_by="forced")
    note = Note(scene.steps[1].node, "why here?", bookmarked=True)
    scene = replace(scene, notes=(NoteMark(note, 2, "x", "", here=True),))
    scene = with_annotations(scene, ["t == 2", "t > 0"], off=["t > 0"])
    assert measured(scene).said(scene, 2) == [
        "● t == 2",
        "○ (off) t > 0",
        "▲ edited: α: only “word2”",
        "■ forced token",
        "★ why here?",
    ]
    assert measured(scene).said(scene, 1) == ["○ (off) t > 0"]
    assert measured(scene).said(scene, 0) == []
    bare = replace(scene, notes=(NoteMark(replace(note, bookmarked=False), 2, "x", "", True),))
    assert measured(bare).said(bare, 2)[-1] == "▤ why here?"
    assert measured(Scene()).said(Scene(), 1) == []


def test_a_condition_of_what_is_still_hidden_is_not_told() -> None:
    scene = with_annotations(greedy(), ["t == 3", "log_prob < 0"]).at(3, Phase.LOGITS)
    marks = measured(scene)
    assert [stop.condition for stop in marks.stops_at(scene, 3)] == ["t == 3"]
    assert len(marks.stops_at(scene, 2)) == 1
    whole = scene.at(3, Phase.TOKEN)
    assert len(marks.stops_at(whole, 3)) == 2


@pytest.mark.parametrize("t", [1, 4, 6])
def test_the_parting_is_where_compare_finds_it(t: int) -> None:
    scene = greedy()
    assert scene.run is not None
    other = changed(scene, t, token_id=7).steps
    scene = replace(scene, baseline=Baseline(9, "other", scene.run, other))
    marks = measured(scene)
    assert marks.parting == compare(scene.steps, other).parting == (t, "token")
    assert marks.said(scene, t) == [f"≠ parts at t={t} · token (baseline)"]
    hidden = scene.at(t, Phase.CONTEXT)
    assert marks.parted(hidden) == f"parts at t={t} (baseline)"
    marks.measure(replace(scene, baseline=None))
    assert marks.parted(scene) == ""


def test_the_parting_follows_branch_and_baseline() -> None:
    scene = greedy()
    assert scene.run is not None
    baseline = Baseline(9, "other", scene.run, changed(scene, 4, token_id=7).steps)
    scene = replace(scene, baseline=baseline)
    marks = TimelineMarks()
    for count in range(1, 7):
        # As steps arrive: first the same as the baseline, then no longer.
        grown = replace(scene, steps=scene.steps[:count])
        marks.measure(grown)
        assert marks.parting == compare(grown.steps, baseline.steps).parting
    for other in (changed(scene, 2, token_id=7), changed(scene, 5, token_id=7), scene):
        marks.measure(other)
        assert marks.parting == compare(other.steps, baseline.steps).parting
        longer = replace(other, baseline=replace(baseline, steps=baseline.steps[:5]))
        marks.measure(longer)
        assert marks.parting == compare(other.steps, baseline.steps[:5]).parting

"""The rollouts panel: what is asked, what of a record is shown, and where a click leads."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from attn_desktop.analysis.rollout_numbers import draw_shares, mean_context, sentences
from attn_desktop.analysis.rollouts import KIND, NOTHING
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.gui.export import save_svg
from attn_desktop.gui.intents import AskProbe, Brush, GoOn, GoTo, Hover, Intent, StopProbe
from attn_desktop.gui.numbers import short_text
from attn_desktop.gui.panels.rollouts import INVITATION, NO_ATTENTION, NO_RUN, RolloutsPanel
from attn_desktop.gui.rollout_rows import from_difference
from attn_desktop.gui.rollout_settings import PARTS
from attn_desktop.gui.scene import Scene, start_key
from attn_desktop.gui.svg import NAMESPACE
from attn_desktop.trace.records import ProbeRecord
from attn_desktop.trace.run_tree import Choice
from tests.gui import pointer
from tests.gui.heard import Heard
from tests.gui.painted import Painted, opened
from tests.toy_records import FIXED
from tests.toy_rollouts import rollouts_of, toy_rollouts, with_rollouts
from tests.toy_scenes import hard, toy_scene

LARGE, SMALL = (1000, 700), (360, 400)


class Shown(Heard[RolloutsPanel]):
    """A panel on the screen that keeps what it asked and said."""

    def __init__(self, qtbot: QtBot, scene: Scene, size: tuple[int, int] = LARGE) -> None:
        super().__init__(opened(qtbot, RolloutsPanel, scene, size))
        self.panel.window().activateWindow()

    def show(self, scene: Scene) -> None:
        self.panel.set_scene(scene)
        pointer.settle()

    @property
    def acts(self) -> list[Intent]:
        return [intent for intent in self.asked if not isinstance(intent, Hover)]

    def within(self, child: QWidget, at: QPointF) -> QPoint:
        return child.mapTo(self.panel, at.toPoint())

    def click(self, child: QWidget, at: QPointF) -> None:
        pointer.click(self.panel, self.within(child, at))

    def point(self, child: QWidget, at: QPointF) -> str:
        pointer.point(self.panel, self.within(child, at))
        return self.said[-1]

    def type_count(self, text: str) -> None:
        self.panel.settings.count.setText(text)
        pointer.settle()

    def blank(self) -> str:
        label = self.panel._blank
        return label.text() if label.isVisible() else ""

    def seen(self) -> list[str]:
        """The parts that are seen."""
        views = (self.panel.sentences, self.panel.tokens, self.panel.map, self.panel.mean)
        return [name for (name, _, _), view in zip(PARTS, views, strict=True) if view.isVisible()]


def record_of(scene: Scene, t: int = 0) -> ProbeRecord:
    key = scene.steps[t - 1].node if t else start_key(0)
    return scene.probes[key][-1]


def ended(scene: Scene) -> Scene:
    """The same with an end token at its last step."""
    return replace(scene, steps=(*scene.steps[:-1], replace(scene.steps[-1], is_end=True)))


# -- asking -----------------------------------------------------------------------------------


def test_it_asks_for_hard_continuations_of_the_playhead(qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_scene(t=3))
    settings = shown.panel.settings
    assert settings.button.text() == "Run after step 3"
    shown.type_count("1,000")
    settings.seed.setValue(7)
    settings.steps.setValue(4)
    settings.button.click()
    asked: dict[str, Any] = {
        "count": 1000,
        "seed": 7,
        "how": "greedy",
        "temperature": 1.0,
        "steps": 4,
        "mode": "additive/global/hard",
    }
    assert shown.acts == [AskProbe(KIND, 3, asked)]
    settings.how.setCurrentIndex(1)
    assert settings.temperature.isVisible()
    settings.temperature.setValue(0.55)
    settings.steps.setValue(0)
    QTest.keyClick(settings.count, Qt.Key.Key_Return)
    drawn = {**asked, "how": "sampled", "temperature": 0.55, "steps": None}
    assert shown.acts[1:] == [AskProbe(KIND, 3, drawn)]


def test_an_output_that_has_ended_is_begun_anew(qtbot: QtBot) -> None:
    scene = ended(toy_scene(mode=Mode("dot", "local-m")))
    shown = Shown(qtbot, scene)
    shown.panel.settings.button.click()
    (asked,) = shown.acts
    assert isinstance(asked, AskProbe)
    assert (asked.t, asked.settings["mode"]) == (0, "dot/local-m/hard")
    shown.show(replace(scene, t=0))
    assert shown.panel.settings.button.text() == "Run from the start"


@pytest.mark.parametrize("count", ["0", "-5", "1000000", "2.5", "many", "", "1e3", "9" * 5000])
def test_a_number_that_cannot_be_is_said_and_not_asked_for(count: str, qtbot: QtBot) -> None:
    shown = Shown(qtbot, toy_scene(t=3))
    settings = shown.panel.settings
    assert not settings.problem.isVisible()
    shown.type_count(count)
    assert settings.problem.isVisible()
    assert "a whole number from 1 to 1,000, not" in settings.problem.text()
    assert len(settings.problem.text()) < 200
    assert not settings.button.isEnabled()
    settings.button.click()
    QTest.keyClick(settings.count, Qt.Key.Key_Return)
    shown.panel.run()
    assert not shown.acts
    shown.type_count("12")
    assert not settings.problem.isVisible()
    assert settings.button.isEnabled()


def test_while_they_come_it_can_be_stopped_and_says_how_far_it_is(qtbot: QtBot) -> None:
    scene = with_rollouts(toy_scene(t=3), t=3, count=1000, done=384)
    shown = Shown(qtbot, replace(scene, probing=KIND))
    settings = shown.panel.settings
    assert settings.progress.text() == "384 of 1,000"
    assert shown.panel.caption().startswith("384 of 1,000 · seed 0")
    assert settings.button.text() == "Stop"
    settings.button.click()
    assert shown.acts == [StopProbe()]
    shown.show(with_rollouts(toy_scene(t=3), t=3, count=1000))
    assert not settings.progress.isVisible()
    assert settings.button.text() == "Run after step 3"
    assert shown.panel.caption().startswith("1,000 · seed 0")


def test_what_is_shown_is_not_asked_for_again(qtbot: QtBot) -> None:
    shown = Shown(qtbot, with_rollouts(toy_scene(t=3), t=3, count=40))
    shown.type_count("40")
    assert not shown.panel.settings.button.isEnabled()
    shown.panel.settings.seed.setValue(1)
    assert shown.panel.settings.button.isEnabled()
    shown.panel.settings.seed.setValue(0)
    shown.show(replace(shown.panel.scene, t=2))
    assert shown.panel.settings.button.isEnabled()


def test_a_mode_that_is_not_trained_hard_says_so(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    assert scene.run is not None
    shown = Shown(qtbot, scene)
    assert shown.panel.settings.badge.isVisible()
    learnt = replace(scene.run.model, trained_modes=(Mode(), hard()))
    shown.show(replace(scene, run=replace(scene.run, model=learnt)))
    assert not shown.panel.settings.badge.isVisible()
    # The badge is about what Run would draw; of what is shown the caption says so.
    shown.show(with_rollouts(scene, t=3))
    assert shown.panel.caption().endswith("untrained mode")


@pytest.mark.parametrize(
    ("scene", "said", "runs"),
    [
        (Scene(), NO_RUN, False),
        (toy_scene(mode=FIXED), NO_ATTENTION, False),
        (toy_scene(t=2), INVITATION, True),
        (toy_scene(steps=0), INVITATION, True),
        (replace(toy_scene(t=2), probing=KIND), "Drawing …", True),
    ],
    ids=["no run", "no attention", "nothing yet", "no steps", "begun"],
)
def test_what_to_do_is_said_where_there_is_nothing_to_see(
    scene: Scene, said: str, runs: bool, qtbot: QtBot
) -> None:
    shown = Shown(qtbot, scene)
    assert shown.blank() == said
    assert not shown.seen()
    assert shown.panel.settings.button.isEnabled() == runs
    assert shown.panel.table().rows == ()
    assert shown.panel.caption() == ""


# -- which record -----------------------------------------------------------------------------


def test_those_of_the_nearest_step_before_are_shown(qtbot: QtBot) -> None:
    scene = with_rollouts(with_rollouts(toy_scene(steps=6, t=5)), t=3, count=20)
    shown = Shown(qtbot, scene)
    assert shown.panel.heading() == "Rollouts after step 3"
    for t, heading in ((3, "Rollouts after step 3"), (2, "Rollouts"), (0, "Rollouts")):
        shown.show(replace(scene, t=t))
        assert shown.panel.heading() == heading
    assert shown.panel.caption().startswith("40 ")


def test_of_several_the_one_that_the_settings_ask_for_is_shown(qtbot: QtBot) -> None:
    scene = toy_scene(t=0)
    assert scene.run is not None
    both = tuple(toy_rollouts(scene.run, 30, seed=seed) for seed in (4, 5))
    shown = Shown(qtbot, replace(scene, probes={start_key(0): both}))
    assert "seed 5" in shown.panel.caption()
    shown.type_count("30")
    shown.panel.settings.seed.setValue(4)
    assert "seed 4" in shown.panel.caption()
    shown.panel.settings.seed.setValue(6)
    assert "seed 5" in shown.panel.caption()


@pytest.mark.parametrize("damage", ["arrays", "settings", "step"])
def test_a_damaged_record_is_not_drawn(damage: str, qtbot: QtBot) -> None:
    scene = with_rollouts(toy_scene(t=3), t=2)
    record = record_of(scene, 2)
    broken = {
        "arrays": replace(record, arrays={**record.arrays, "alpha": np.zeros(99)}),
        "settings": replace(record, settings={}),
        "step": replace(record, settings={**record.settings, "start": 1}),
    }[damage]
    assert record.node is not None
    shown = Shown(qtbot, replace(scene, probes={record.node: (broken,)}))
    assert shown.blank().startswith("The rollouts kept at step 2 cannot be shown")
    assert not shown.seen()
    assert shown.panel.settings.button.isEnabled()


# -- sentences --------------------------------------------------------------------------------


def test_the_table_lists_the_sentences_the_most_frequent_first(qtbot: QtBot) -> None:
    scene = with_rollouts(toy_scene(t=0), count=300, steps=3)
    shown = Shown(qtbot, scene)
    record = record_of(scene)
    found = sentences(record)
    table = shown.panel.table()
    assert [row[:2] for row in table.rows] == [(s.text, s.count) for s in found]
    assert sum(int(row[1]) for row in table.rows) == 300
    seeds = [row[table.columns.index("seed of the first")] for row in table.rows]
    assert seeds == [int(record.arrays["seeds"][s.row]) for s in found]
    assert shown.panel.sentences.model().rowCount() == len(found)


def test_a_click_steps_along_the_first_rollout_that_says_it(qtbot: QtBot) -> None:
    scene = with_rollouts(toy_scene(t=3), t=2, count=50)
    shown, record = Shown(qtbot, scene), record_of(scene, 2)
    sentence = sentences(record)[4]
    shown.click(shown.panel.sentences, shown.panel.sentences.place(4).center())
    seed = int(record.arrays["seeds"][sentence.row])
    (asked,) = shown.acts
    assert asked == GoOn(
        record.node,
        int((record.arrays["tokens"][sentence.row] != NOTHING).sum()),
        Mode(weighting=HARD),
        Choice("greedy", seed=seed),
        f"rollout {sentence.row} of seed 0",
    )
    said = shown.point(shown.panel.sentences, shown.panel.sentences.place(4).center())
    assert sentence.text in said
    assert short_text(sentence.share) in said


def test_keys_go_through_the_sentences(qtbot: QtBot) -> None:
    scene = with_rollouts(toy_scene(t=0), count=50)
    shown, found = Shown(qtbot, scene), sentences(record_of(scene))
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up):
        QTest.keyClick(shown.panel, key)
    assert not shown.acts
    assert found[1].text in shown.said[-1]
    QTest.keyClick(shown.panel, Qt.Key.Key_Return)
    (asked,) = shown.acts
    assert isinstance(asked, GoOn)
    assert asked.name == f"rollout {found[1].row} of seed 0"


def test_the_sentence_of_the_branch_shown_is_marked(qtbot: QtBot) -> None:
    whole = toy_scene(t=0, steps=3)
    scene = replace(whole, steps=whole.steps[:2])
    assert scene.run is not None
    words = ("</s>", *(step.token for step in scene.steps))
    tokens = np.array([[1, 1], [1, 2], [1, 1]])
    record = rollouts_of(
        scene.run, tokens, np.zeros_like(tokens), np.eye(len(scene.run.source))[0], words=words
    )
    scene = replace(scene, probes={start_key(0): (record,)})
    panel = Painted(qtbot, RolloutsPanel, scene, LARGE).panel
    assert panel._sentences.shown == 1
    panel.set_scene(replace(scene, steps=whole.steps))
    panel.flush()
    assert panel._sentences.shown is None


def test_a_long_sentence_shows_where_it_differs() -> None:
    best = "the dog walks along the river"
    assert from_difference("the dog walks along a road", best) == "… a road"
    assert from_difference("a dog walks", best) == "a dog walks"
    assert from_difference("the cat walks", best) == "the cat walks"
    assert from_difference(best, best) == best
    assert from_difference("the dog walks along the river …", best) == "… …"


# -- tokens, draws and the mean ---------------------------------------------------------------


def test_a_step_says_its_tokens_and_leads_there(qtbot: QtBot) -> None:
    scene = with_rollouts(toy_scene(steps=4, t=4), t=2, count=50, steps=5)
    shown = Shown(qtbot, scene)
    listed = shown.panel.tokens
    said = shown.point(listed, listed.place(1).center())
    column = record_of(scene, 2).arrays["tokens"][:, 1]
    most = np.bincount(column[column != NOTHING]).max() / 50
    assert said.startswith("step 4: ")
    assert short_text(most) in said
    assert Hover(target=frozenset({4})) in shown.asked
    shown.click(listed, listed.place(1).center())
    assert shown.acts == [GoTo(4)]
    # Beyond the branch there is no step to go to.
    shown.click(listed, listed.place(3).center())
    assert shown.acts == [GoTo(4)]


def test_a_cell_of_the_map_says_how_often_it_was_drawn(qtbot: QtBot) -> None:
    scene = with_rollouts(toy_scene(steps=4, t=4, source=6), t=2, count=50)
    shown, record = Shown(qtbot, scene), record_of(scene, 2)
    view = shown.panel.map
    assert view.shown is not None
    top, area, _ = view._areas(view.shown)
    column = int(draw_shares(record)[1].argmax())

    def place(box: QRectF, row: float, rows: int) -> QPointF:
        across = box.left() + (column + 0.5) * box.width() / 6
        return QPointF(across, box.top() + (row + 0.5) * box.height() / rows)

    said = shown.point(view, place(area, 1, len(view.shown.shares)))
    share = float(
        np.mean(record.arrays["sampled"][:, 1][record.arrays["sampled"][:, 1] >= 0] == column)
    )
    assert said.startswith(f"step 4 “{scene.source.labels[column]}”")
    assert f"drawn by {short_text(share)} of" in said
    assert Hover(frozenset({column}), frozenset({4})) in shown.asked
    said = shown.point(view, place(top, 0, 1))
    assert f"α of step 3 {short_text(float(record.arrays['alpha'][column]))}" in said
    shown.click(view, place(area, 0, len(view.shown.shares)))
    assert shown.acts == [Brush(frozenset({column}))]


def test_white_is_where_all_draws_fell(qtbot: QtBot) -> None:
    scene = toy_scene(t=0, source=4)
    assert scene.run is not None
    tokens = np.ones((20, 2), dtype=int)
    sampled = np.tile([2, 1], (20, 1))
    record = rollouts_of(scene.run, tokens, sampled, np.eye(4)[2])
    shown = Painted(qtbot, RolloutsPanel, replace(scene, probes={start_key(0): (record,)}), LARGE)
    view = shown.panel.map
    assert view.shown is not None
    top, area, _ = view._areas(view.shown)
    pixels = shown.pixels()
    for box, row, rows, white in ((top, 0, 1, 2), (area, 0, 2, 2), (area, 1, 2, 1)):
        for column in range(4):
            at = QPointF(
                box.left() + (column + 0.5) * box.width() / 4,
                box.top() + (row + 0.5) * box.height() / rows,
            )
            place = view.mapTo(shown.panel, at.toPoint())
            expected = 255 if column == white else 0
            assert pixels[place.y(), place.x()].tolist() == [expected] * 3


def test_the_mean_says_its_distance_and_the_band(qtbot: QtBot) -> None:
    scene = with_rollouts(toy_scene(t=0), count=500)
    shown, record = Shown(qtbot, scene), record_of(scene)
    assert scene.run is not None
    mean = mean_context(scene.run.states, record.arrays["alpha"], record.arrays["sampled"][:, 0])
    view = shown.panel.mean
    said = shown.point(view, QPointF(view.width() - 12, view.height() / 2))
    assert said.startswith("N 5") or said.startswith("N 4")
    index = int(said.split()[1]) - 1
    assert f"{mean.distances[index]:.3g}" in said
    assert f"{mean.limit[index]:.3g}" in said
    titled = shown.panel._parts._parts["mean"].title.full_text
    assert titled.endswith(f"inside the 95% band at {mean.inside:,} of 500 N")
    pointer.point(shown.panel, QPoint(3, 3))
    assert shown.said[-1] == ""


# -- room -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "all_of_them"),
    [(LARGE, True), ((1100, 300), True), ((320, 900), True), (SMALL, False), ((200, 160), False)],
)
def test_where_there_is_no_room_for_all_one_part_is_chosen(
    size: tuple[int, int], all_of_them: bool, qtbot: QtBot
) -> None:
    shown = Shown(qtbot, with_rollouts(toy_scene(t=0)), size)
    names = [name for name, _, _ in PARTS]
    choice = shown.panel.settings.parts
    if all_of_them:
        assert shown.seen() == names
        assert not choice.isVisible()
        return
    assert shown.seen() == ["sentences"]
    for index, name in enumerate(names):
        choice.setCurrentIndex(index)
        pointer.settle()
        assert shown.seen() == [name]


def test_a_picture_of_it_has_nothing_to_set_and_cuts_its_lists_off(
    qtbot: QtBot, tmp_path: Path
) -> None:
    shown = Shown(qtbot, with_rollouts(toy_scene(t=0), count=200, steps=6))
    path = tmp_path / "rollouts.svg"
    save_svg(shown.panel, path)
    drawing = ElementTree.parse(path).getroot()
    name = f"{{{NAMESPACE}}}"
    texts = ["".join(text.itertext()) for text in drawing.iter(f"{name}text")]
    assert any("sentences" in text for text in texts)
    assert "seed 0" not in texts, "the field is in the picture"
    assert shown.panel.settings.isVisible()
    # The last row that is seen may reach beyond its list, and is cut off there.
    clips = [clip[0].get("d", "") for clip in drawing.iter(f"{name}clipPath")]
    heights = {round(max(ys) - min(ys)) for ys in map(_ordinates, clips)}
    # Without the row of settings the lists are higher than they are here.
    assert any(height >= shown.panel.sentences.viewport().height() for height in heights)


def _ordinates(path: str) -> list[float]:
    """The y of every point of a path."""
    return [float(y) for y in re.findall(r",([-\d.]+)", path)]

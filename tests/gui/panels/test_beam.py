"""The beam search: what its tree shows and says, what is asked for, which search is looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from attn_desktop.analysis.beam_tree import Fate, children, n_best, number, path, token_ids, why
from attn_desktop.gui.beam_painting import BeamPainter
from attn_desktop.gui.beam_settings import LONGEST, WIDEST
from attn_desktop.gui.beam_words import ENDED, NO_RUN, NO_SEARCH
from attn_desktop.gui.intents import AskProbe, GoTo, Hover, Intent, StopProbe, TakePath
from attn_desktop.gui.panels.beam import BeamPanel
from attn_desktop.gui.scene import Light, Scene
from attn_desktop.gui.theme import theme
from attn_desktop.trace.records import ProbeRecord
from attn_desktop.trace.run_tree import MAX_SEED
from tests.gui import pointer
from tests.gui.heard import Heard
from tests.gui.painted import opened, pixels
from tests.toy_beam import searched, toy_beam
from tests.toy_records import FIXED
from tests.toy_scenes import hard, toy_scene

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
SCENE = toy_scene(t=3, source=8)
SEARCH = toy_beam(SCENE, 3, width=4, steps=8, seed=1)


class Shown(Heard[BeamPanel]):
    """A panel on the screen that keeps what it asked and said."""

    def __init__(
        self, qtbot: QtBot, scene: Scene, size: tuple[int, int] = (1300, 420), dark: bool = False
    ) -> None:
        super().__init__(opened(qtbot, BeamPanel, scene, size, theme(dark)))
        self.panel.window().activateWindow()
        self.panel.setFocus()

    def show(self, scene: Scene, light: Light | None = None) -> None:
        self.panel.set_scene(scene)
        self.panel.set_light(light or Light())
        pointer.settle()

    def at(self, row: int) -> QPoint:
        """The middle of a hypothesis, scrolled into view."""
        view = self.panel.view
        view.bring(row)
        pointer.settle()
        return view.viewport().mapTo(self.panel, view.place(row).center().toPoint())

    def press(self, key: Qt.Key, held: Qt.KeyboardModifier = pointer.NO_KEY) -> None:
        QTest.keyClick(self.panel, key, held)
        pointer.settle()

    @property
    def chosen(self) -> list[Intent]:
        return [intent for intent in self.asked if not isinstance(intent, Hover)]

    @property
    def record(self) -> ProbeRecord | None:
        """Of the search that is shown."""
        search = self.panel._search
        return None if search is None else search.record

    def names(self) -> list[str]:
        """The searches to choose from."""
        box = self.panel.settings.searches
        return [box.itemText(index) for index in range(box.count())]


@pytest.fixture
def shown(qtbot: QtBot) -> Shown:
    return Shown(qtbot, searched(SCENE, SEARCH))


def of_fate(fate: Fate, record: ProbeRecord = SEARCH) -> int:
    return int(np.flatnonzero(record.arrays["fate"] == fate)[-1])


def changed(record: ProbeRecord, settings: dict[str, Any], **arrays: Any) -> ProbeRecord:
    held = {**record.arrays, **{name: np.array(values) for name, values in arrays.items()}}
    return replace(record, settings={**record.settings, **settings}, arrays=held)


# -- what it shows --------------------------------------------------------------------------


def test_it_says_what_to_do_where_there_is_nothing(qtbot: QtBot) -> None:
    shown = Shown(qtbot, Scene())
    panel = shown.panel
    assert panel.view._sentence == NO_RUN
    assert not panel.settings.isVisible()
    shown.show(SCENE)
    assert panel.view._sentence == NO_SEARCH
    assert panel.settings.button.isEnabled()
    assert not panel.card.isVisible()
    assert (panel.caption(), panel.table().rows) == ("", ())


def test_the_list_is_the_n_best_with_scores_and_texts(shown: Shown) -> None:
    ranking = n_best(SEARCH)
    listed = shown.panel.ranking._rows
    assert [row.hypothesis for row in listed] == ranking
    assert [row.place for row in listed] == list(range(1, len(ranking) + 1))
    scores = [float(SEARCH.arrays["score"][row]) for row in ranking]
    assert scores == sorted(scores, reverse=True)
    assert [row.score for row in listed] == [number(score) for score in scores]
    assert f"best {number(scores[0])}" in shown.panel.caption()


def test_the_table_has_every_number(shown: Shown) -> None:
    table = shown.panel.table()
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert len(rows) == len(SEARCH.arrays["t"])
    for place, row in enumerate(rows):
        assert row["row"] == place
        assert row["score"] == pytest.approx(float(SEARCH.arrays["score"][place]))
        assert row["parent"] == int(SEARCH.arrays["parent"][place])
    ranking = n_best(SEARCH)
    found = {row["n_best"]: row["row"] for row in rows if row["n_best"] != ""}
    assert [found[place] for place in range(1, len(ranking) + 1)] == ranking


def test_the_card_has_the_terms_that_make_up_the_score(shown: Shown) -> None:
    record = changed(SEARCH, {"coverage_penalty": 0.2}, coverage_term=SEARCH.arrays["rank"] * -0.1)
    shown.show(searched(SCENE, record))
    row = of_fate(Fate.PRUNED)
    pointer.click(shown.panel, shown.at(row))
    card, arrays = shown.panel.card, record.arrays
    terms = {name: number(float(arrays[name][row])) for name in arrays if name != "alpha"}
    assert card.terms.text().splitlines() == [
        f"score {terms['score']} = log p {terms['total']} / lp {terms['length_divisor']}"
        f" + cp {terms['coverage_term']}",
        f"log p {terms['total']} = "
        f"{number(float(arrays['total'][row] - arrays['log_prob'][row]))} before"
        f" + {terms['log_prob']} now",
    ]
    assert card.why.text() == why(record, row)
    assert "pruned" in card.heading.full_text


def test_without_a_choice_the_best_is_looked_at(shown: Shown) -> None:
    best = n_best(SEARCH)[0]
    assert shown.panel.chosen() == best
    assert shown.panel.view._marked.chosen == best
    assert shown.panel.ranking.current() == 0


@pytest.mark.parametrize("dark", [False, True])
def test_what_became_of_it_can_be_seen(dark: bool, qtbot: QtBot) -> None:
    """The way to the best has the hue of tokens, and what was pruned no frame of its own."""
    shown = Shown(qtbot, searched(SCENE, SEARCH), dark=dark)
    panel = shown.panel
    hue = panel.theme.hue("target")
    best = path(SEARCH, n_best(SEARCH)[0])[1]
    panel.view.bring(best)
    pointer.settle()
    seen = pixels(panel.view.viewport())
    cell = panel.view.place(best)
    line = seen[round(cell.center().y()), round(cell.left()) - 8]
    assert np.abs(line - [hue.red(), hue.green(), hue.blue()]).max() < 40
    card = panel.theme.colour("card")
    ground = [card.red(), card.green(), card.blue()]
    pruned = next(row for row in np.flatnonzero(SEARCH.arrays["fate"] == Fate.PRUNED) if row < 9)
    cell = panel.view.place(int(pruned))
    edge = seen[round(cell.top()) : round(cell.bottom()), round(cell.left()) + 1]
    assert (edge == ground).all(axis=1).sum() >= 0.7 * len(edge)


def test_only_what_is_in_view_is_painted(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = toy_scene(t=0)
    record = toy_beam(scene, 0, width=5, steps=50, seed=2)
    shown = Shown(qtbot, searched(scene, record), (900, 300))
    painted: list[int] = []
    paint = BeamPainter._paint_cell

    def counted(self: BeamPainter, hypothesis: int) -> None:
        painted.append(hypothesis)
        paint(self, hypothesis)

    monkeypatch.setattr(BeamPainter, "_paint_cell", counted)
    shown.panel.view.horizontalScrollBar().setValue(900)
    pointer.settle()
    area = shown.panel.view.viewport().rect().toRectF()
    rows = len(record.arrays["t"])
    visible = {row for row in range(rows) if shown.panel.view.place(row).intersects(area)}
    assert visible <= set(painted)
    assert len(painted) < rows / 3
    painted.clear()
    pointer.point(shown.panel, shown.panel.view.geometry().center())
    assert not painted, "pointing paints no cell anew"
    shown.press(Qt.Key.Key_F)
    shown.panel.view.viewport().repaint()
    assert set(painted) == set(range(rows)), "all of it fits"


# -- pointer and keys -----------------------------------------------------------------------


def test_hovering_shows_a_hypothesis_and_lights_what_it_looks_at(shown: Shown) -> None:
    row = of_fate(Fate.PRUNED)
    pointer.point(shown.panel, shown.at(row))
    alpha = SEARCH.arrays["alpha"][row]
    hover = [intent for intent in shown.asked if isinstance(intent, Hover)][-1]
    assert hover.source == frozenset(np.flatnonzero(alpha >= alpha.max() / 2).tolist())
    assert int(alpha.argmax()) in hover.source
    assert shown.panel.card.why.text() == why(SEARCH, row)
    assert why(SEARCH, row) in shown.said[-1]
    pointer.point(shown.panel, QPoint(3, 3))
    assert shown.panel.card.why.text() == why(SEARCH, n_best(SEARCH)[0])


def test_hovering_lights_the_step_if_the_branch_has_it(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    record = toy_beam(scene, 3, steps=5)
    shown = Shown(qtbot, searched(scene, record))
    for row in (1, len(record.arrays["t"]) - 1):
        pointer.point(shown.panel, shown.at(row))
        t = int(record.arrays["t"][row])
        hover = [intent for intent in shown.asked if isinstance(intent, Hover)][-1]
        assert hover.target == (frozenset({t}) if t <= len(scene.steps) else frozenset())


def test_a_bar_of_the_card_lights_its_position(shown: Shown) -> None:
    alpha = shown.panel.card.alpha
    at = alpha.mapTo(shown.panel, alpha.bar(5).center().toPoint())
    pointer.point(shown.panel, at)
    assert shown.asked[-1] == Hover(source=frozenset({5}))
    best = n_best(SEARCH)[0]
    assert f"α = {SEARCH.arrays['alpha'][best, 5]:.4f}" in shown.said[-1]
    shown.show(searched(SCENE, SEARCH), Light(frozenset({2})))
    assert alpha._lit == {2}


def test_a_click_chooses_and_keys_go_on_from_there(shown: Shown) -> None:
    layout = shown.panel._layout
    assert layout is not None
    row = int(np.flatnonzero((layout.column == 2) & layout.lives)[0])
    pointer.click(shown.panel, shown.at(row))
    assert shown.panel.chosen() == row
    shown.press(Qt.Key.Key_Down)
    below = shown.panel.chosen()
    assert below is not None
    assert layout.column[below] == 2
    assert layout.row[below] > layout.row[row]
    shown.press(Qt.Key.Key_Up)
    assert shown.panel.chosen() == row
    shown.press(Qt.Key.Key_Left, SHIFT)
    assert shown.panel.chosen() == SEARCH.arrays["parent"][row]
    shown.press(Qt.Key.Key_Right, SHIFT)
    assert shown.panel.chosen() in children(SEARCH, int(SEARCH.arrays["parent"][row]))
    assert not shown.chosen, "choosing asks for nothing"


@pytest.mark.parametrize("fate", [Fate.PRUNED, Fate.KEPT, Fate.CUT_OFF])
@pytest.mark.parametrize("how", ["twice", "enter", "button"])
def test_a_hypothesis_is_stepped_inside(how: str, fate: Fate, shown: Shown) -> None:
    row = of_fate(fate)
    if how == "twice":
        pointer.click(shown.panel, shown.at(row), double=True)
    else:
        pointer.click(shown.panel, shown.at(row))
        if how == "enter":
            shown.press(Qt.Key.Key_Return)
        else:
            shown.panel.card.take.click()
    (intent,) = shown.chosen
    assert isinstance(intent, TakePath)
    assert intent.node == SCENE.steps[2].node
    before = tuple(step.token_id for step in SCENE.steps[:3])
    assert before + intent.tokens == token_ids(SEARCH, row)
    assert len(intent.tokens) == SEARCH.arrays["t"][row] - 3
    assert (str(intent.mode), intent.seed) == ("additive/global/soft", 0)
    ranking = n_best(SEARCH)
    expected = f"beam {ranking.index(row) + 1}" if row in ranking else "beam: "
    assert intent.name.startswith(expected)
    assert ("pruned" in intent.name) == (fate is Fate.PRUNED)


def test_the_start_leads_back_to_its_step(shown: Shown) -> None:
    pointer.click(shown.panel, shown.at(0), double=True)
    assert shown.chosen == [GoTo(3)]


def test_a_row_of_the_list_chooses_and_takes(shown: Shown) -> None:
    listing = shown.panel.ranking.list
    place = listing.viewport().mapTo(shown.panel, listing.place(1).center().toPoint())
    pointer.click(shown.panel, place)
    second = n_best(SEARCH)[1]
    assert shown.panel.chosen() == second
    pointer.click(shown.panel, place, double=True)
    (intent,) = shown.chosen
    assert isinstance(intent, TakePath)
    assert intent.name == "beam 2"


def test_its_menu_steps_inside(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    opened_menus: list[QMenu] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, _: opened_menus.append(menu))
    row = of_fate(Fate.PRUNED)
    at = shown.at(row)
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, at, shown.panel.mapToGlobal(at), pointer.NO_KEY
    )
    QApplication.sendEvent(shown.panel, event)
    (menu,) = opened_menus
    menu.actions()[0].trigger()
    menu.close()
    (intent,) = shown.chosen
    assert isinstance(intent, TakePath)
    assert intent.tokens == token_ids(SEARCH, row)[3:]


def test_it_scrolls_and_zooms_and_fits(qtbot: QtBot) -> None:
    scene = toy_scene(t=0)
    record = toy_beam(scene, 0, width=5, steps=50, seed=2)
    shown = Shown(qtbot, searched(scene, record), (900, 240))
    view = shown.panel.view
    across, down = view.horizontalScrollBar(), view.verticalScrollBar()
    assert across.maximum() > 0
    assert across.value() == 0, "what has finished is shown from its beginning"
    middle = view.mapTo(shown.panel, view.rect().center())
    assert down.maximum() > 0
    pointer.turn_wheel(shown.panel, middle, -1)
    assert (across.value(), down.value() > 0) == (0, True)
    pointer.drag(shown.panel, middle, middle - QPoint(120, 0))
    assert across.value() == pytest.approx(120, abs=2)
    assert not shown.chosen, "a drag chooses nothing"
    before = view.pitch()
    shown.press(Qt.Key.Key_Minus)
    assert view.pitch() < before
    shown.press(Qt.Key.Key_Plus)
    assert view.pitch() == pytest.approx(before)
    shown.press(Qt.Key.Key_F)
    assert (across.maximum(), down.maximum()) == (0, 0)
    shown.panel.settings.closer.click()
    assert view.pitch()[0] < before[0]
    # Of another search the first look is again from its beginning and as large as at first.
    shown.show(searched(SCENE, SEARCH))
    assert view.pitch()[0] == before[0]


# -- searching ------------------------------------------------------------------------------


def test_the_button_searches_with_the_fields(shown: Shown) -> None:
    fields = shown.panel.settings
    fields.width_field.setValue(7)
    fields.length.setValue(1.25)
    fields.coverage.setValue(0.3)
    fields.limit.setValue(12)
    fields.button.click()
    given = {"width": 7, "length_penalty": 1.25, "coverage_penalty": 0.3, "max_steps": 12}
    assert shown.chosen == [AskProbe("beam", 3, given)]
    fields.limit.setValue(0)
    shown.show(replace(SCENE, t=0))
    QTest.keyClick(fields.width_field, Qt.Key.Key_Return)
    assert shown.chosen[1:] == [AskProbe("beam", 0, {**given, "max_steps": None})]


def test_no_field_takes_what_cannot_be(shown: Shown) -> None:
    fields = shown.panel.settings
    for field, least, most in (
        (fields.width_field, 1, WIDEST),
        (fields.limit, 0, LONGEST),
        (fields.length, 0, 10),
        (fields.coverage, 0, 10),
    ):
        for typed in ("-3", "99999999999", "abc", "nan", ""):
            field.selectAll()
            QTest.keyClicks(field, typed)
            QTest.keyClick(field, Qt.Key.Key_Tab)
            assert least <= field.value() <= most


def test_while_a_search_is_under_way_the_button_stops_it(shown: Shown) -> None:
    shown.show(searched(SCENE, toy_beam(SCENE, 3, shown=2), probing="beam"))
    assert shown.panel.settings.button.text() == "Stop"
    assert "growing" in shown.panel.caption()
    shown.panel.settings.button.click()
    assert shown.chosen == [StopProbe()]
    shown.show(searched(SCENE, toy_beam(SCENE, 3, shown=2)))
    assert shown.panel.settings.button.text() == "Search"
    assert "stopped" in shown.panel.caption()


def test_where_no_search_can_begin_it_says_why(qtbot: QtBot) -> None:
    ended = toy_scene()
    assert ended.complete
    shown = Shown(qtbot, ended)
    panel = shown.panel
    assert panel.note.full_text == ENDED
    assert not panel.settings.button.isEnabled()
    panel.search()
    shown.show(SCENE)
    assert panel.settings.button.isEnabled()
    panel.settings.limit.setValue(3)
    panel.search()
    assert not shown.chosen
    assert "cannot begin after step 3" in panel.why_not()


@pytest.mark.parametrize("limit", [3, 2])
def test_a_limit_that_is_too_low_is_told_at_once(limit: int, shown: Shown) -> None:
    fields = shown.panel.settings
    fields.limit.setValue(limit)
    pointer.settle()
    assert not fields.button.isEnabled()
    assert "cannot begin after step 3" in shown.panel.note.full_text
    fields.limit.setValue(4)
    pointer.settle()
    assert fields.button.isEnabled()


def test_a_search_that_grows_keeps_its_place_and_is_followed(qtbot: QtBot) -> None:
    scene = toy_scene(t=0)
    parts = [toy_beam(scene, 0, width=4, steps=30, shown=t, seed=2) for t in (1, 10, 20, 30)]
    shown = Shown(qtbot, searched(scene, parts[0], probing="beam"), (900, 320))
    bar = shown.panel.view.horizontalScrollBar()
    columns = [shown.panel._layout.columns]  # type: ignore[union-attr]
    for part in parts[1:3]:
        shown.show(searched(scene, part, probing="beam"))
        columns.append(shown.panel._layout.columns)  # type: ignore[union-attr]
        assert bar.value() == bar.maximum() > 0
    assert columns == [2, 11, 21]
    bar.setValue(40)
    shown.show(searched(scene, parts[3]))
    assert bar.value() == 40, "whoever looks at its beginning is left there"


# -- several searches -----------------------------------------------------------------------


def test_earlier_searches_can_be_looked_at_again(shown: Shown) -> None:
    other = toy_beam(SCENE, 3, width=2, steps=4, seed=7, length_penalty=1.5, coverage_penalty=0.25)
    shown.show(searched(SCENE, SEARCH, other))
    panel, box = shown.panel, shown.panel.settings.searches
    assert shown.record is other, "the newest comes first"
    assert ["width 2" in name for name in shown.names()] == [True, False]
    box.setCurrentIndex(1)
    box.activated.emit(1)
    assert shown.record is SEARCH
    assert panel.settings.settings()["width"] == 4
    box.activated.emit(0)
    assert shown.record is other
    taken = panel.settings.settings()
    assert (taken["length_penalty"], taken["coverage_penalty"]) == (1.5, 0.25)
    assert not shown.chosen
    panel.search()
    assert shown.record is other


def test_a_search_of_another_step_is_told_from_one_of_the_playhead(shown: Shown) -> None:
    panel = shown.panel
    assert not panel.note.isVisible()
    for t in (4, 2):
        shown.show(replace(searched(SCENE, SEARCH), t=t))
        assert shown.record is SEARCH
        assert "began after step 3" in panel.note.full_text
        assert f"at step {t}" in panel.note.full_text
    at_start = toy_beam(SCENE, 0, seed=9)
    scene = searched(SCENE, SEARCH, at_start)
    shown.show(replace(scene, t=0))
    assert shown.record is at_start
    assert not panel.note.isVisible()
    shown.show(replace(scene, t=2))
    assert shown.record is at_start, "the nearest on the way there"
    assert "began from the start" in panel.note.full_text
    shown.show(replace(scene, t=4))
    assert shown.record is SEARCH
    shown.show(scene)
    assert shown.record is SEARCH
    assert len(shown.names()) == 2


def test_the_searches_of_another_branch_or_input_are_not_shown(shown: Shown) -> None:
    scene = searched(SCENE, SEARCH, toy_beam(SCENE, 0))
    shown.show(replace(scene, run_number=1, steps=SCENE.steps[:2], t=1))
    assert shown.panel._search is None
    assert shown.panel.view._sentence == NO_SEARCH


def test_the_step_at_the_playhead_is_marked_in_the_tree(qtbot: QtBot) -> None:
    scene = toy_scene(t=2, source=8)
    record = toy_beam(scene, 0, width=12, steps=5, seed=1)
    shown = Shown(qtbot, searched(scene, record))
    here = shown.panel.view._marked.here
    assert here is not None
    assert token_ids(record, here) == tuple(step.token_id for step in scene.steps[:2])
    shown.show(replace(searched(scene, record), t=0))
    assert shown.panel.view._marked.here == 0


# -- what files may hold --------------------------------------------------------------------

BROKEN: dict[str, ProbeRecord] = {
    "parents": changed(SEARCH, {}, parent=[-1, 5]),
    "source": changed(SEARCH, {}, alpha=np.zeros((len(SEARCH.arrays["t"]), 99), np.float32)),
    "step": changed(SEARCH, {"prefix": []}),
    "node": changed(toy_beam(SCENE, 1), {}),
    "mode": changed(SEARCH, {"mode": "additive/global/limp"}),
    "mode 2": changed(SEARCH, {"mode": 7}),
    "seed": changed(SEARCH, {"seed": -1}),
    "seed 2": changed(SEARCH, {"seed": MAX_SEED + 1}),
    "huge": changed(SEARCH, {"length_penalty": 10**400}),
    "no settings": replace(SEARCH, settings={}),
    "no arrays": replace(SEARCH, arrays={}),
}


@pytest.mark.parametrize("kind", list(BROKEN))
def test_a_broken_search_is_told_and_does_no_harm(kind: str, shown: Shown) -> None:
    broken = replace(BROKEN[kind], node=SEARCH.node)
    shown.show(searched(SCENE, broken))
    panel = shown.panel
    assert panel._layout is None
    assert "cannot be shown" in panel.view._sentence
    assert "broken" in shown.names()[0]
    for at in pointer.grid(panel)[::4]:
        pointer.point(panel, at)
    shown.press(Qt.Key.Key_Return)
    assert not [intent for intent in shown.chosen if isinstance(intent, TakePath)]
    assert (panel.caption(), panel.table().rows) == ("", ())
    shown.show(searched(SCENE, broken, SEARCH))
    assert shown.record is SEARCH
    panel.settings.searches.activated.emit(1)
    assert "cannot be shown" in panel.view._sentence


def test_odd_settings_and_numbers_that_are_none_are_drawn(shown: Shown) -> None:
    spoiled = {
        name: np.full_like(values, np.nan)
        for name, values in SEARCH.arrays.items()
        if values.dtype.kind == "f"
    }
    odd = {"width": 10**6, "max_steps": "many", "length_penalty": 10**9}
    shown.show(searched(SCENE, changed(SEARCH, odd, **spoiled)))
    assert shown.panel._layout is not None
    shown.panel.settings.searches.activated.emit(0)
    assert shown.panel.settings.settings()["width"] == WIDEST
    pointer.point(shown.panel, shown.at(5))
    assert shown.panel.table().rows


def test_without_attention_there_is_no_alpha(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, mode=FIXED)
    record = toy_beam(scene, 3, attends=False)
    shown = Shown(qtbot, searched(scene, record))
    pointer.point(shown.panel, shown.at(4))
    assert shown.panel.card.alpha._alpha is None
    assert [intent for intent in shown.asked if isinstance(intent, Hover) and intent.source] == []


def test_hard_searches_mark_what_was_drawn(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, mode=hard())
    for used, drawn in (("hard", True), ("soft", False)):
        record = toy_beam(scene, 3, mode=str(hard()), reading_used=used, seed=4)
        shown = Shown(qtbot, searched(scene, record))
        pointer.click(shown.panel, shown.at(4), double=True)
        expected = int(record.arrays["sampled"][4]) if drawn else None
        assert shown.panel.card.alpha._drawn == expected
        intent = shown.chosen[-1]
        assert isinstance(intent, TakePath)
        assert intent.mode.weighting == used


def test_labels_are_safe_and_long_ones_elided(qtbot: QtBot) -> None:
    tokens = ["▁" + "incomprehensible" * 9, "\u202eabc", "\n", "<b>&amp;"]
    names = [tokens[n % 4] for n in range(len(SEARCH.arrays["t"]))]
    shown = Shown(qtbot, searched(SCENE, changed(SEARCH, {"tokens": names})), (500, 300))
    for row in range(1, 5):
        pointer.point(shown.panel, shown.at(row))
        assert "\u202e" not in shown.panel.card.text.full_text
        assert "\n" not in shown.said[-1]

"""What every registered panel must hold; a new one is picked up from the registry."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest

pytest.importorskip("PySide6", reason="panels are part of the window")

from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from attn_desktop.common.mode import Mode
from attn_desktop.common.registry import import_modules
from attn_desktop.gui import panels
from attn_desktop.gui.intents import (
    Brush,
    EncodeText,
    Force,
    GoTo,
    Hover,
    Intent,
    SetBreakpoints,
    SetWatches,
    ShowBranch,
)
from attn_desktop.gui.panel import PANELS, Change, Panel
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.gui.theme import Theme, theme
from attn_desktop.trace.annotations import Breakpoint
from tests.bench_probes import with_benches
from tests.gui import pointer
from tests.gui.edit_scenes import with_context_added
from tests.gui.plot_pointer import every_move_counts
from tests.toy_beam import searched, toy_beam
from tests.toy_each import with_each_position
from tests.toy_gallery import odd_gallery, toy_gallery
from tests.toy_gradients import with_gradients
from tests.toy_records import ADDITIVE, FIXED, toy_trace
from tests.toy_rollouts import with_rollouts
from tests.toy_scenes import asked, conditioned, hard, spoiled, toy_scene, without_picture

import_modules(panels)

# A word from Qt fails the test, except what the offscreen platform says of windows and popups.
pytestmark = [
    pytest.mark.qt_log_level_fail("WARNING"),
    pytest.mark.qt_log_ignore(
        "propagateSizeHints", r"support raise\(", "grabbing the keyboard", extend=True
    ),
]

LIGHT, DARK, PRESENTER = theme(dark=False), theme(dark=True), theme(dark=False, presenter=True)
#: Numbers that overflow in a model that is broken; α comes out of a softmax and does not.
UNBOUNDED = ("energies", "context", "state", "top_log_probs", "log_prob", "entropy")
#: Lit positions and steps, some of them of an older, longer run.
STALE = Light(
    frozenset({0, 2, 400}), frozenset({1, 900}), frozenset({1, 5, 77}), frozenset({2, 300})
)
SYMBOLS = re.compile(
    r"α|c_t|s_t|h_j|e_t|y_t|x_j|p\(|H\(|click|drag|hover|type|choose|press", re.IGNORECASE
)


def long_labels() -> Scene:
    """Labels that do not fit, read from right to left, or have no glyph."""
    scene = toy_scene(source=8, words=True, pieces=3)
    assert scene.run is not None
    source = ("▁" + "incomprehensible" * 4, "▁שלום", "▁😀", "\u202eabc", "▁", "▁<b>&amp;", "\n", "")
    return replace(scene, run=replace(scene.run, source=source))


def conditions(scene: Scene) -> Scene:
    """Breakpoints and watches of every kind, some of which cannot be evaluated."""
    points: list[Breakpoint | str] = [
        Breakpoint("entropy(alpha) > 1", hits=3),
        Breakpoint("log_prob < 0 or repeated(token)", enabled=False),
        Breakpoint('alpha["nowhere"] > .5', hits=1200),
        Breakpoint("no sense (("),
        "t == 2",
        "t == 2",
    ]
    long = " + ".join(["norm(context(soft) - context(hard))"] * 9)
    watches = ("entropy(alpha)", "jump(alpha)", "max(energies) > 0", "1 / (t - 2)", "foo", long)
    return conditioned(scene, points, watches)


def search_at(t: int, probing: str = "", mode: Mode = ADDITIVE, **settings: Any) -> Scene:
    """A scene with a beam search at the playhead. parent: instead of the parents that it had."""
    scene, parent = toy_scene(t=t, mode=mode), settings.pop("parent", None)
    search = toy_beam(scene, t, **settings)
    if parent is not None:
        search = replace(search, arrays={**search.arrays, "parent": np.array(parent)})
    return searched(scene, search, probing=probing)


SCENES: dict[str, Callable[[], Scene]] = {
    "no run": Scene,
    "no steps": lambda: toy_scene(steps=0),
    "no steps yet": lambda: toy_scene(steps=0, busy=True),
    "before the first step": lambda: toy_scene(t=0),
    "in the middle": lambda: toy_scene(t=2),
    "at the end": toy_scene,
    "one step": lambda: toy_scene(steps=1),
    "200 steps": lambda: toy_scene(steps=200, t=120, source=12),
    "1 position": lambda: toy_scene(source=1, steps=2),
    "2 positions": lambda: toy_scene(source=2, steps=2),
    "300 positions": lambda: toy_scene(source=300, steps=3, probes=True),
    "2 layers of 3 heads": lambda: toy_scene(layers=2, heads=3),
    "hard": lambda: toy_scene(mode=hard(), probes=True),
    "local-m": lambda: toy_scene(mode=replace(hard(), scope="local-m"), source=12, t=3),
    "local-p": lambda: toy_scene(mode=replace(hard(), scope="local-p"), source=12, t=3, pieces=2),
    "no attention": lambda: toy_scene(mode=FIXED),
    "pieces": lambda: toy_scene(source=9, pieces=3, probes=True),
    "words": lambda: toy_scene(source=9, pieces=3, probes=True, words=True),
    "words of hard heads": lambda: toy_scene(
        source=9, pieces=2, words=True, heads=3, mode=replace(hard(), scope="local-m")
    ),
    "a picture": lambda: toy_scene(grid=(3, 4), words=True),
    "a picture with hard heads": lambda: toy_scene(
        grid=(14, 14), steps=9, t=3, layers=2, heads=3, mode=hard()
    ),
    "a grid without its picture": lambda: without_picture(toy_scene(grid=(5, 2), t=2)),
    "a question about a picture": lambda: asked(toy_scene(grid=(4, 4), steps=2, t=1)),
    "a picture without attention": lambda: toy_scene(grid=(3, 4), mode=FIXED),
    "a picture before its first step": lambda: toy_scene(grid=(1, 1), steps=1, t=0),
    "a picture without steps": lambda: toy_scene(grid=(2, 3), steps=0),
    "probes": lambda: toy_scene(probes=True),
    "rollouts": lambda: with_rollouts(toy_scene(t=3), t=2),
    "rollouts at the start that still grow": lambda: replace(
        with_rollouts(toy_scene(source=60, t=0, words=True), done=24), probing="rollouts"
    ),
    "one rollout of one position": lambda: with_rollouts(
        toy_scene(source=1, steps=2), count=1, steps=1
    ),
    "probes of a kind that it does not know": lambda: replace(
        toy_scene(), probes={4: toy_trace(probes=2).probes}
    ),
    "gradients": lambda: with_gradients(toy_scene(mode=hard(), t=3)),
    "gradients of words": lambda: with_gradients(toy_scene(source=9, pieces=3, words=True)),
    "gradients of 1 position": lambda: with_gradients(toy_scene(source=1, steps=2)),
    "gradients that are no numbers": lambda: spoiled(with_gradients(toy_scene())),
    "benches": lambda: with_benches(toy_scene(source=9, pieces=2, t=2)),
    "benches of hard words": lambda: with_benches(
        toy_scene(mode=replace(hard(), scope="local-m"), source=40, pieces=3, words=True)
    ),
    "benches without attention": lambda: with_benches(toy_scene(mode=FIXED)),
    "one position benched": lambda: with_benches(toy_scene(source=1, steps=2)),
    "benches of a picture": lambda: with_benches(toy_scene(grid=(14, 14), steps=3, mode=hard())),
    "benches of a flat picture": lambda: with_benches(toy_scene(grid=(1, 9), steps=3)),
    "each position": lambda: with_each_position(toy_scene(t=3, probes=True, source=9, pieces=2)),
    "each of 300 words": lambda: with_each_position(
        toy_scene(source=300, steps=3, mode=hard(), pieces=2, words=True)
    ),
    "each of 1 position": lambda: with_each_position(toy_scene(source=1, steps=2, probes=True)),
    "each position of no numbers": lambda: spoiled(with_each_position(toy_scene(probes=True))),
    "a context that was edited": lambda: with_each_position(
        with_context_added(toy_scene(t=2, probes=True), 3, -2.5)
    ),
    "a gallery": lambda: replace(toy_scene(grid=(3, 4)), gallery=toy_gallery(9)),
    "a gallery that grows": lambda: Scene(gallery=toy_gallery(60, done=7, busy=True)),
    "a gallery of odd files": lambda: replace(toy_scene(), gallery=odd_gallery()),
    "a gallery for a model of texts": lambda: replace(
        toy_scene(), gallery=replace(toy_gallery(done=0), ways=None)
    ),
    "a gallery of nothing": lambda: Scene(gallery=replace(toy_gallery(0), note="not a thing")),
    "branches": lambda: toy_scene(branches=4, t=1),
    "breakpoints and watches": lambda: conditions(toy_scene(steps=12, t=4)),
    "breakpoints and watches inside a step": lambda: conditions(toy_scene(t=2, phase=Phase.ALPHA)),
    "breakpoints and watches without steps": lambda: conditions(toy_scene(steps=0)),
    "breakpoints and watches of no attention": lambda: conditions(toy_scene(mode=FIXED, t=1)),
    "breakpoints and watches of no numbers": lambda: conditions(spoiled(toy_scene(steps=200))),
    "infinite breakpoints and watches": lambda: conditions(spoiled(toy_scene(), np.inf, UNBOUNDED)),
    "long labels": long_labels,
    "a beam search": lambda: search_at(3),
    "a beam search that grows": lambda: search_at(0, probing="beam", shown=4),
    "a beam search without attention": lambda: search_at(3, mode=FIXED, attends=False),
    "a beam search of another step": lambda: replace(search_at(2), t=4),
    "a beam search from a file that is broken": lambda: search_at(3, parent=[0, 99]),
    "energies that are no numbers": lambda: spoiled(toy_scene(), names=["energies"]),
    "nothing that is a number": lambda: spoiled(toy_scene(probes=True)),
    "infinite": lambda: spoiled(toy_scene(), np.inf, UNBOUNDED),
    "minus infinity": lambda: spoiled(toy_scene(pieces=2, words=True), -np.inf, UNBOUNDED),
    "words that are no numbers": lambda: spoiled(toy_scene(pieces=2, words=True, heads=2)),
}

every_panel = pytest.mark.parametrize("name", list(PANELS))
every_scene = pytest.mark.parametrize("kind", list(SCENES))


@pytest.fixture(autouse=True)
def _every_move_counts() -> Iterator[None]:
    with every_move_counts():
        yield


def make(name: str, qtbot: QtBot, colours: Theme = LIGHT, shown: bool = True) -> Panel:
    panel = PANELS[name](colours)
    qtbot.addWidget(panel)
    panel.resize(panel.sizeHint())
    if shown:
        panel.show()
        pointer.settle()
    return panel


def picture(panel: Panel) -> QImage:
    panel.flush()
    pointer.settle()
    return panel.grab().toImage()


def check_words(panel: Panel) -> None:
    """Heading, caption and table hold together."""
    assert panel.heading().strip()
    assert isinstance(panel.caption(), str)
    table = panel.table()
    for row in table.rows:
        assert len(row) == len(table.columns)
        assert all(isinstance(value, str | float | int) for value in row)


@every_panel
def test_it_says_what_it_shows(name: str) -> None:
    kind = PANELS[name]
    assert kind.name == name
    assert kind.title.strip()
    assert len(kind.about) > 40
    assert SYMBOLS.search(kind.about), "about names no symbol, and nothing to do"
    assert inspect.getdoc(kind) not in (None, inspect.getdoc(Panel))
    assert min(kind.natural) >= 40


@every_scene
@every_panel
def test_it_draws(name: str, kind: str, qtbot: QtBot) -> None:
    scene = SCENES[kind]()
    panel = make(name, qtbot)
    panel.set_scene(scene)
    picture(panel)
    check_words(panel)
    panel.set_light(STALE)
    picture(panel)
    panel.set_theme(DARK)
    panel.resize(80, 50)
    picture(panel)
    panel.set_theme(PRESENTER)
    panel.resize(900, 600)
    picture(panel)
    check_words(panel)


@pytest.mark.parametrize("mode", ["soft", "hard", "none"])
@every_panel
def test_it_draws_every_phase_of_every_step(name: str, mode: str, qtbot: QtBot) -> None:
    modes = {"soft": toy_scene().steps[0].mode, "hard": hard(), "none": FIXED}
    scene = toy_scene(steps=3, mode=modes[mode], probes=True, pieces=2, words=True)
    panel = make(name, qtbot)
    for t in range(4):
        for phase in Phase:
            panel.set_scene(replace(scene, t=t, phase=phase))
            picture(panel)
            check_words(panel)


@every_panel
def test_any_scene_may_follow_any_other(name: str, qtbot: QtBot) -> None:
    panel = make(name, qtbot)
    panel.set_light(STALE)
    made = [scene() for scene in SCENES.values()]
    for scene in [*made, *reversed(made)]:
        panel.set_scene(scene)
        picture(panel)
        check_words(panel)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@every_panel
def test_the_same_scene_gives_the_same_picture(name: str, colours: Theme, qtbot: QtBot) -> None:
    scene = toy_scene(t=3, probes=True, branches=2, source=9, pieces=2)
    panel, other = make(name, qtbot, colours), make(name, qtbot, colours)
    panel.set_scene(scene)
    first = picture(panel)
    assert picture(panel) == first
    panel.set_scene(replace(scene))
    assert picture(panel) == first, "drawn again, it looks different"
    other.set_scene(scene)
    assert picture(other) == first, "another one of its kind looks different"


@every_panel
def test_a_step_back_undoes_a_step(name: str, qtbot: QtBot) -> None:
    scene = toy_scene(steps=6, t=3, probes=True, source=9, mode=hard())
    panel = make(name, qtbot)
    panel.set_scene(scene)
    before = picture(panel)
    for away in (
        replace(scene, t=4),
        replace(scene, t=0),
        replace(scene, phase=Phase.ENERGIES),
        toy_scene(steps=9, source=20, seed=5),
        replace(scene, words=True),
        Scene(),
    ):
        panel.set_scene(away)
        picture(panel)
        panel.set_scene(scene)
        assert picture(panel) == before


@every_panel
def test_light_and_theme_leave_nothing_behind(name: str, qtbot: QtBot) -> None:
    panel = make(name, qtbot)
    panel.set_scene(toy_scene(t=3, probes=True))
    before = picture(panel)
    panel.set_light(Light(frozenset({1}), frozenset({2}), frozenset({3, 4}), frozenset({4})))
    picture(panel)
    panel.set_light(Light())
    assert picture(panel) == before
    panel.set_theme(PRESENTER)
    picture(panel)
    panel.set_theme(LIGHT)
    assert picture(panel) == before


@every_panel
def test_a_hidden_one_waits_and_many_changes_are_drawn_once(name: str, qtbot: QtBot) -> None:
    panel = make(name, qtbot, shown=False)
    drawn: list[Change] = []
    draw = panel.draw

    def counted(change: Change) -> None:
        drawn.append(change)
        draw(change)

    panel.draw = counted  # type: ignore[method-assign]
    panel.set_scene(toy_scene(t=1))
    pointer.settle()
    assert not drawn
    panel.show()
    pointer.settle()
    assert len(drawn) == 1
    scene = toy_scene(t=2)
    panel.set_scene(scene)
    panel.set_scene(replace(scene, t=3))
    panel.set_light(Light(frozenset({1})))
    assert len(drawn) == 1
    pointer.settle()
    assert len(drawn) == 2
    panel.set_scene(panel.scene)
    panel.set_light(Light(frozenset({1})))
    pointer.settle()
    assert len(drawn) == 2
    panel.set_scene(replace(scene, t=4))
    pointer.settle()
    assert drawn[2] == Change(source=False, steps=False, place=True, light=False)


@pytest.mark.parametrize(
    "kind",
    [
        "no run",
        "before the first step",
        "at the end",
        "words",
        "a picture",
        "a gallery",
        "branches",
        "breakpoints and watches",
    ],
)
@every_panel
def test_it_asks_only_for_what_there_is(name: str, kind: str, qtbot: QtBot) -> None:
    scene = SCENES[kind]()
    panel = make(name, qtbot)
    panel.set_scene(scene)
    picture(panel)
    asked: list[Intent] = []
    said: list[str] = []
    panel.wanted.connect(asked.append)
    panel.said.connect(said.append)
    # As the window does it; what was lit before is of an older run.
    panel.set_light(STALE)
    panel.wanted.connect(lambda intent: _shine(panel, intent))
    for at in pointer.grid(panel):
        pointer.point(panel, at)
        pointer.click(panel, at)
        pointer.turn_wheel(panel, at)
        pointer.turn_wheel(panel, at, clicks=-1)
    pointer.drag(panel, QPoint(3, 3), QPoint(panel.width() - 3, panel.height() - 3))
    pointer.drag(panel, panel.rect().center(), panel.rect().center() + QPoint(30, 4))
    pointer.click(panel, panel.rect().center(), double=True)
    QApplication.sendEvent(panel, QEvent(QEvent.Type.Leave))
    pointer.settle()
    for intent in asked:
        _check_intent(intent, scene)
    assert all("\n" not in text for text in said)
    assert not panel.light.source | panel.light.target, "it lights when the pointer has left"
    check_words(panel)


@every_panel
def test_pointing_before_it_has_drawn_the_new_scene(name: str, qtbot: QtBot) -> None:
    panel = make(name, qtbot)
    asked: list[Intent] = []
    panel.wanted.connect(asked.append)
    panel.set_scene(toy_scene(steps=40, source=40))
    picture(panel)
    small = toy_scene(steps=1, source=2)
    for at in pointer.grid(panel)[::3]:
        for scene in (small, Scene(), toy_scene(steps=0)):
            panel.set_scene(scene)
            del asked[:]
            pointer.point(panel, at, settled=False)
            pointer.click(panel, at, settled=False)
            for intent in asked:
                _check_intent(intent, scene)
        panel.set_scene(toy_scene(steps=40, source=40))
        pointer.settle()


def test_exceptions_inside_qt_fail_these_tests(pytestconfig: pytest.Config) -> None:
    assert not pytestconfig.getini("qt_no_exception_capture")


def _shine(panel: Panel, intent: Intent) -> None:
    light = panel.light
    if isinstance(intent, Hover):
        panel.set_light(replace(light, source=intent.source, target=intent.target))
    if isinstance(intent, Brush):
        brushed = {"brushed_source": intent.source, "brushed_target": intent.target}
        panel.set_light(replace(light, **brushed))


def _check_intent(intent: Intent, scene: Scene) -> None:
    """It is one of those that there are, about what there is in the scene."""
    assert isinstance(intent, get_args(Intent))
    if isinstance(intent, GoTo):
        assert type(intent.t) is int
        assert 0 <= intent.t <= len(scene.steps)
    if isinstance(intent, Hover | Brush):
        size = 0 if scene.run is None else len(scene.run.source)
        assert intent.source <= frozenset(range(size)), "source"
        assert intent.target <= frozenset(range(1, len(scene.steps) + 1)), "target"
        assert all(type(number) is int for number in intent.source | intent.target)
    if isinstance(intent, Force):
        assert type(intent.token_id) is int
        assert intent.token_id >= 0
        assert isinstance(intent.token, str)
    if isinstance(intent, EncodeText):
        assert intent.text.strip()
    if isinstance(intent, SetBreakpoints):
        known = {f"t == {t}" for t in range(1, len(scene.steps) + 1)}
        known |= {stop.condition for stop in scene.breakpoints}
        assert {point.condition for point in intent.breakpoints} <= known
    if isinstance(intent, SetWatches):
        assert set(intent.watches) <= {watch.expression for watch in scene.watches}
    if isinstance(intent, ShowBranch):
        assert intent.leaf in {branch.leaf for branch in scene.branches}

"""The scopes as a panel: windows that are dragged and typed, and what comes of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF
from pytestqt.qtbot import QtBot

from attn_desktop.analysis.weighing import Window, weigh
from attn_desktop.common.mode import Mode
from attn_desktop.gui.export_pose import posed
from attn_desktop.gui.intents import AskProbe, Brush, Hover, MakeEdit, SwitchMode
from attn_desktop.gui.panels.scopes import ScopesPanel
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.gui.scope_painting import UNKNOWN
from attn_desktop.gui.theme import theme
from attn_desktop.trace.edits import Edit
from tests.attention import reference
from tests.bench_probes import with_benches
from tests.gui import pointer
from tests.gui.painted import LIGHT, Painted
from tests.gui.pointer import settle
from tests.toy_records import ADDITIVE, FIXED
from tests.toy_scenes import hard, spoiled, toy_scene

SIZE = (640, 460)
UNLEARNT = "never learnt with this score and weighting"
GLOBAL, MONOTONIC, PREDICTIVE = 0, 1, 2


def made(qtbot: QtBot, scene: Scene, size: tuple[int, int] = SIZE) -> Painted[ScopesPanel]:
    return Painted(qtbot, ScopesPanel, scene, size)


def benched(t: int = 4, source: int = 10) -> Scene:
    return with_benches(toy_scene(t=t, source=source))


def energies_of(scene: Scene) -> list[float]:
    assert scene.step is not None
    assert scene.step.cross is not None
    energies: list[float] = scene.step.cross.energies[0, 0].tolist()
    return energies


def alpha_of(shown: Painted[ScopesPanel], lane: str) -> NDArray[np.float64]:
    """As the table has it."""
    table = shown.panel.table()
    at = table.columns.index("α")
    return np.array([row[at] for row in table.rows if row[0] == lane], dtype=np.float64)


def column_of(shown: Painted[ScopesPanel], lane: str, name: str) -> object:
    """What the table says of a lane."""
    table = shown.panel.table()
    at = table.columns.index(name)
    return next(row[at] for row in table.rows if row[0] == lane)


def of_kind(shown: Painted[ScopesPanel], kind: type) -> list[object]:
    return [intent for intent in shown.asked if isinstance(intent, kind)]


def grip(shown: Painted[ScopesPanel], lane: int, what: str) -> QPointF:
    """Where the centre or the right end of a window is taken hold of."""
    marks = shown.panel.painter().marks(lane)
    assert marks is not None
    y = marks.plot.area.top() - 3
    return QPointF(marks.middle if what == "center" else marks.right, y)


def drag(shown: Painted[ScopesPanel], lane: int, what: str, position: float) -> None:
    """To a 1-based place along the source."""
    start, plot = grip(shown, lane, what), shown.panel.painter().plot(lane)
    shown.press(start.x(), start.y())
    for share in (0.3, 1.0):
        x = start.x() + share * (plot.x(position - 0.5) - start.x())
        shown.move(x, plot.area.center().y())
    shown.release(plot.x(position - 0.5), plot.area.center().y())


def press_button(shown: Painted[ScopesPanel], lane: int) -> None:
    box = shown.panel.painter().button(lane)
    assert box is not None
    shown.click(box.center().x(), box.center().y())


def test_each_lane_shows_the_alpha_of_its_scope(qtbot: QtBot) -> None:
    scene = benched()
    probe = scene.probe("scopes")
    assert probe is not None
    shown = made(qtbot, scene)
    for row, lane in enumerate(("global", "local-m", "local-p")):
        assert alpha_of(shown, lane) == pytest.approx(probe.arrays["alpha"][row], abs=1e-6)
        center = column_of(shown, lane, "p_t")
        if row:
            assert float(str(center)) == pytest.approx(probe.arrays["centers"][row, 0], abs=1e-5)
    whole, inside = alpha_of(shown, "global"), probe.arrays["window"][1]
    assert column_of(shown, "local-m", "α cut off") == pytest.approx(whole[~inside].sum())
    assert column_of(shown, "global", "α cut off") == 0.0
    assert [column_of(shown, lane, "trained") for lane in ("global", "local-m", "local-p")] == [
        1,
        0,
        0,
    ]


def test_a_dragged_window_is_previewed_at_once(qtbot: QtBot) -> None:
    scene = benched()
    shown = made(qtbot, scene)
    drag(shown, MONOTONIC, "center", 7.0)
    p = float(str(column_of(shown, "local-m", "p_t")))
    assert p == pytest.approx(7.0, abs=0.05)
    plain = reference.alpha(energies_of(scene), 10, p, 2.0)
    assert alpha_of(shown, "local-m") == pytest.approx(plain, abs=1e-9)
    drag(shown, PREDICTIVE, "edge", 10.0)
    half_width = float(str(column_of(shown, "local-p", "D")))
    p = float(str(column_of(shown, "local-p", "p_t")))
    assert half_width == pytest.approx(10.0 - p, abs=0.05)
    plain = reference.alpha(energies_of(scene), 10, p, half_width, gaussian=True)
    assert alpha_of(shown, "local-p") == pytest.approx(plain, abs=1e-4)
    assert shown.said[-1].endswith(f"moved · σ {half_width / 2:.3g} · {UNLEARNT}")


def test_typed_numbers_move_the_window_too(qtbot: QtBot) -> None:
    scene = benched()
    shown = made(qtbot, scene)
    controls = shown.panel.controls
    assert controls.lane.text() == "local-m"
    assert (controls.center.value(), controls.half_width.value()) == (4.0, 2.0)
    controls.half_width.setValue(0.0)
    settle()
    assert alpha_of(shown, "local-m").tolist() == [float(j == 3) for j in range(10)]
    controls.half_width.setValue(100.0)
    settle()
    assert alpha_of(shown, "local-m") == pytest.approx(alpha_of(shown, "global"))
    assert column_of(shown, "local-m", "α cut off") == 0.0
    controls.as_model.click()
    settle()
    assert column_of(shown, "local-m", "D") == 2.0
    assert not controls.as_model.isEnabled()


def test_a_moved_window_becomes_an_edit_of_alpha(qtbot: QtBot) -> None:
    shown = made(qtbot, benched())
    drag(shown, PREDICTIVE, "center", 2.0)
    preview = alpha_of(shown, "local-p")
    press_button(shown, PREDICTIVE)
    (intent,) = of_kind(shown, MakeEdit)
    assert isinstance(intent, MakeEdit)
    (edit,) = intent.edits
    assert (edit.target, edit.how) == ("alpha", "set")
    assert list(edit.values) == preview.tolist()


def test_a_window_as_the_model_has_it_is_a_mode(qtbot: QtBot) -> None:
    shown = made(qtbot, with_benches(toy_scene(mode=hard(), t=3, source=10)))
    assert shown.panel.painter().button(GLOBAL) is None
    press_button(shown, MONOTONIC)
    assert of_kind(shown, SwitchMode) == [SwitchMode(replace(hard(), scope="local-m"))]


def test_a_double_click_brings_the_window_of_the_model_back(qtbot: QtBot) -> None:
    shown = made(qtbot, benched())
    drag(shown, MONOTONIC, "center", 8.0)
    words = shown.panel.places().words(MONOTONIC)
    pointer.click(shown.panel, QPoint(60, round(words.center().y())), double=True)
    assert column_of(shown, "local-m", "p_t") == "4"


def test_a_moved_window_is_forgotten_at_another_step(qtbot: QtBot) -> None:
    scene = benched(t=4)
    shown = made(qtbot, scene)
    drag(shown, MONOTONIC, "center", 8.0)
    shown.show(scene.at(3, Phase.TOKEN))
    assert column_of(shown, "local-m", "p_t") == "3"
    shown.show(scene)
    assert column_of(shown, "local-m", "p_t") == "4"


def test_without_the_model_the_window_of_local_p_can_only_be_placed(qtbot: QtBot) -> None:
    scene = toy_scene(t=4, source=10)
    shown = made(qtbot, scene)
    assert not len(alpha_of(shown, "local-p"))
    assert "D = 3 assumed" in shown.panel.caption()
    assert "model" in UNKNOWN
    plot = shown.panel.painter().plot(PREDICTIVE)
    at = QPointF(plot.x(5.5), plot.area.center().y())
    shown.press(at.x(), at.y())
    shown.move(at.x() + 1, at.y())
    shown.release(at.x() + 1, at.y())
    p = float(str(column_of(shown, "local-p", "p_t")))
    assert p == pytest.approx(6.0, abs=0.1)
    plain = reference.alpha(energies_of(scene), 10, p, 3.0, gaussian=True)
    assert alpha_of(shown, "local-p") == pytest.approx(plain, abs=1e-4)


def test_it_asks_the_model_once_a_step_and_only_with_attention(qtbot: QtBot) -> None:
    scene = toy_scene(t=2)
    shown = made(qtbot, Scene())
    shown.show(scene)
    shown.show(replace(scene))
    assert of_kind(shown, AskProbe) == [AskProbe("scopes", 2)]
    shown.show(benched())
    shown.show(toy_scene(mode=FIXED))
    assert len(of_kind(shown, AskProbe)) == 1


def test_pointing_and_clicking_a_bar(qtbot: QtBot) -> None:
    shown = made(qtbot, benched())
    plot = shown.panel.painter().plot(GLOBAL)
    at = QPointF(plot.x(6.5), plot.area.center().y())
    shown.move(at.x(), at.y())
    assert Hover(frozenset({6})) in shown.asked
    assert shown.said[-1].startswith("global, “word6”")
    assert f"{alpha_of(shown, 'global')[6]:.4f}" in shown.said[-1]
    shown.click(at.x(), at.y())
    assert Brush(frozenset({6})) in shown.asked


def test_words_are_windowed_by_their_pieces(qtbot: QtBot) -> None:
    scene = with_benches(toy_scene(t=3, source=10, pieces=3, words=True))
    shown = made(qtbot, scene)
    by_piece = weigh(
        np.array(energies_of(scene)), Window((3.0,), 2.0).inside(np.ones(10, dtype=np.bool_))
    )
    columns = scene.source.sum(by_piece)
    assert alpha_of(shown, "local-m") == pytest.approx(columns, abs=1e-9)
    drag(shown, MONOTONIC, "center", 2.0)
    assert float(str(column_of(shown, "local-m", "p_t"))) > 0


def test_phases_reveal_windows_and_then_alpha(qtbot: QtBot) -> None:
    scene = benched()
    shown = made(qtbot, scene.at(4, Phase.ENERGIES))
    assert shown.panel.painter().marks(MONOTONIC) is None
    shown.show(scene.at(4, Phase.WINDOW))
    assert shown.panel.painter().marks(MONOTONIC) is not None
    assert not shown.seen(LIGHT.hue("soft")).any()
    assert not shown.panel.table().rows
    shown.show(scene.at(4, Phase.ALPHA))
    assert shown.seen(LIGHT.hue("soft")).any()
    assert shown.panel.table().rows


def test_alpha_that_is_no_number_makes_no_edit(qtbot: QtBot) -> None:
    shown = made(qtbot, spoiled(benched(), names=["energies"]))
    drag(shown, MONOTONIC, "center", 6.0)
    press_button(shown, MONOTONIC)
    assert not of_kind(shown, MakeEdit)
    assert "not a finite number" in shown.said[-1]


def test_without_attention_it_says_so(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(mode=FIXED))
    assert not shown.panel.table().rows
    assert not shown.panel.controls.isVisible()


def test_a_picture_has_no_local_m(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(grid=(3, 4), mode=ADDITIVE))
    lanes = {row[0] for row in shown.panel.table().rows}
    assert lanes == {"global"}
    assert shown.panel.painter().marks(1) is None
    assert shown.panel.painter().grid_marks(1) is None
    assert not shown.panel.controls.isVisible()


def test_one_position_has_nowhere_else_to_look(qtbot: QtBot) -> None:
    scene = with_benches(toy_scene(source=1, steps=2))
    shown = made(qtbot, scene)
    for lane in ("global", "local-m", "local-p"):
        assert alpha_of(shown, lane).tolist() == [1.0]
    shown.panel.controls.half_width.setValue(0.0)
    settle()
    assert alpha_of(shown, "local-m").tolist() == [1.0]


def test_a_picture_shows_the_windows_that_were_moved(qtbot: QtBot) -> None:
    shown = made(qtbot, benched())
    drag(shown, MONOTONIC, "center", 8.0)
    with posed(shown.panel, None, theme(dark=True)) as figure:
        assert figure.panel.table() == shown.panel.table()


def test_a_scope_in_use_that_was_edited_can_be_taken_again(qtbot: QtBot) -> None:
    mode = Mode("additive", "local-m")
    scene = with_benches(toy_scene(mode=mode, t=3, source=10))
    shown = made(qtbot, scene)
    assert shown.panel.painter().button(MONOTONIC) is None
    edited = tuple(replace(step, edits=(Edit("context", "zero"),)) for step in scene.steps)
    shown.show(replace(scene, steps=edited))
    press_button(shown, MONOTONIC)
    assert of_kind(shown, SwitchMode) == [SwitchMode(mode)]
    assert "without the edits of this step" in shown.panel.caption()

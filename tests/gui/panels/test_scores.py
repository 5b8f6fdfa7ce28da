"""The score bench as a panel: its rows, its sliders, what it asks for and what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QPainter, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from attn_desktop.analysis.score_bench import Lens
from attn_desktop.common.mode import Mode
from attn_desktop.gui.export_pose import posed
from attn_desktop.gui.intents import AskProbe, Brush, Hover, SwitchMode
from attn_desktop.gui.panels.scores import ScoresPanel
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.gui.score_controls import TAU_STEPS, tau_step
from attn_desktop.gui.theme import theme
from attn_desktop.trace.edits import Edit
from tests.bench_probes import SCORES, TRAINED, with_benches
from tests.gui.painted import LIGHT, Painted
from tests.gui.pointer import settle
from tests.toy_records import FIXED
from tests.toy_scenes import hard, toy_scene

SIZE = (700, 480)
KEY = Qt.Key


def made(qtbot: QtBot, scene: Scene, size: tuple[int, int] = SIZE) -> Painted[ScoresPanel]:
    return Painted(qtbot, ScoresPanel, scene, size)


def benched(t: int = 3, source: int = 8) -> Scene:
    return with_benches(toy_scene(t=t, source=source))


def of_kind(shown: Painted[ScoresPanel], kind: type) -> list[object]:
    return [intent for intent in shown.asked if isinstance(intent, kind)]


def column_of(shown: Painted[ScoresPanel], name: str) -> list[object]:
    table = shown.panel.table()
    at = table.columns.index(name)
    return [row[at] for row in table.rows]


def entropies(shown: Painted[ScoresPanel]) -> NDArray[np.float64]:
    """H(α) of each score."""
    return np.array(column_of(shown, "H(α)"), dtype=np.float64).reshape(len(SCORES), -1)[:, 0]


def spot(shown: Painted[ScoresPanel], row: int, column: int) -> QPointF:
    """In the plot of α of a row."""
    plot = shown.panel.painter().alpha(row)
    return QPointF(plot.x(column + 0.5), plot.area.center().y())


def test_the_table_holds_every_score_and_position(qtbot: QtBot) -> None:
    scene = benched()
    probe = scene.probe("scores")
    assert probe is not None
    shown = made(qtbot, scene)
    assert column_of(shown, "score") == [name for name in SCORES for _ in range(8)]
    assert column_of(shown, "e") == pytest.approx(probe.arrays["energies"].ravel())
    assert column_of(shown, "α") == pytest.approx(probe.arrays["alpha"].ravel())
    p = [float(number) for number in np.exp(probe.arrays["top_log_probs"][:, 0])]
    assert column_of(shown, "p")[::8] == pytest.approx(p)
    assert column_of(shown, "trained")[::8] == [name in TRAINED for name in SCORES]


def bar_height(shown: Painted[ScoresPanel], row: int, column: int) -> int:
    plot = shown.panel.painter().alpha(row)
    x = int(plot.x(column + 0.5))
    seen = shown.seen(LIGHT.hue("soft"))[int(plot.area.top()) : int(plot.area.bottom()) + 1, x]
    return int(np.count_nonzero(seen))


def test_bars_are_as_high_as_alpha(qtbot: QtBot) -> None:
    scene = benched()
    probe = scene.probe("scores")
    assert probe is not None
    shown = made(qtbot, scene)
    high = shown.panel.painter().alpha(0).area.height()
    for row in range(len(SCORES)):
        for column in range(8):
            expected = probe.arrays["alpha"][row, column] * high
            assert bar_height(shown, row, column) == pytest.approx(
                expected, abs=2.1
            )  # edges between pixels


def test_the_sliders_act_on_what_is_shown(qtbot: QtBot) -> None:
    shown = made(qtbot, benched())
    before = entropies(shown)
    shown.panel.controls.set_lens(Lens(10.0, 0.0))
    settle()
    flat = entropies(shown)
    assert (flat > before).all()
    assert shown.panel.caption().startswith("τ 10")
    shown.panel.controls.set_lens(Lens(1.0, 1.0))
    settle()
    divided = entropies(shown)
    changed = [
        name for name, a, b in zip(SCORES, before, divided, strict=True) if abs(a - b) > 1e-6
    ]
    assert changed == ["general", "dot"]
    shown.panel.controls.reset.click()
    settle()
    assert entropies(shown).tolist() == before.tolist()
    assert shown.panel.controls.lens == Lens()


def test_tau_0_puts_all_of_alpha_on_the_largest_energy(qtbot: QtBot) -> None:
    shown = made(qtbot, benched())
    shown.panel.controls.tau.setValue(0)
    settle()
    assert set(column_of(shown, "α")) == {0.0, 1.0}
    assert set(column_of(shown, "H(α)")) == {0.0}


def test_the_slider_of_tau_goes_from_a_hundredth_to_a_hundred() -> None:
    assert [tau_step(t) for t in (0, 0.01, 1, 100)] == [0, 1, 1 + TAU_STEPS // 2, 1 + TAU_STEPS]


def test_a_button_decodes_on_with_its_score(qtbot: QtBot) -> None:
    shown = made(qtbot, benched())
    for row, name in enumerate(SCORES):
        del shown.asked[:]
        centre = shown.panel.places().button_box(row).center()
        shown.click(centre.x(), centre.y())
        wanted = [] if name == "additive" else [SwitchMode(Mode(name))]
        assert of_kind(shown, SwitchMode) == wanted


def test_the_score_of_an_edited_step_can_be_taken_again(qtbot: QtBot) -> None:
    scene = benched()
    edited = tuple(replace(step, edits=(Edit("context", "zero"),)) for step in scene.steps)
    shown = made(qtbot, replace(scene, steps=edited))
    centre = shown.panel.places().button_box(SCORES.index("additive")).center()
    shown.click(centre.x(), centre.y())
    assert of_kind(shown, SwitchMode) == [SwitchMode(Mode("additive"))]
    assert "without the edits of this step" in shown.panel.caption()


def test_a_branch_keeps_scope_and_weighting(qtbot: QtBot) -> None:
    mode = replace(hard(), scope="local-m")
    shown = made(qtbot, with_benches(toy_scene(mode=mode, t=2)))
    shown.panel.setFocus()
    for key in (KEY.Key_Down, KEY.Key_Return):
        QTest.keyClick(shown.panel, key)
    assert of_kind(shown, SwitchMode) == [SwitchMode(replace(mode, score="cosine"))]
    QTest.keyClick(shown.panel, KEY.Key_Escape)
    del shown.asked[:]
    QTest.keyClick(shown.panel, KEY.Key_Return)
    assert not of_kind(shown, SwitchMode)


def test_pointing_and_clicking_a_bar(qtbot: QtBot) -> None:
    scene = benched()
    shown = made(qtbot, scene)
    at = spot(shown, 4, 2)
    shown.move(at.x(), at.y())
    assert Hover(frozenset({2})) in shown.asked
    probe = scene.probe("scores")
    assert probe is not None
    alpha = probe.arrays["alpha"][4, 2]
    assert shown.said[-1].startswith("dot, “word2”")
    assert f"α = {alpha:.4f}" in shown.said[-1]
    shown.click(at.x(), at.y())
    assert Brush(frozenset({2})) in shown.asked


def test_agreement_is_said_of_two_scores(qtbot: QtBot) -> None:
    scene = benched()
    probe = scene.probe("scores")
    assert probe is not None
    shown = made(qtbot, scene)
    centre = shown.panel.places().cell(1, 4).center()
    shown.move(centre.x(), centre.y())
    one, other = probe.arrays["alpha"][1], probe.arrays["alpha"][4]
    shared = float(np.minimum(one, other).sum())
    assert f"agreement of additive with dot: {shared:.3f}" in shown.said[-1]


def test_it_asks_the_model_once_a_step_and_not_for_what_it_has(qtbot: QtBot) -> None:
    scene = toy_scene(t=2)
    shown = made(qtbot, Scene())
    shown.show(scene)
    shown.show(replace(scene))
    assert of_kind(shown, AskProbe) == [AskProbe("scores", 2)]
    shown.show(scene.at(3, Phase.TOKEN))
    assert of_kind(shown, AskProbe)[1:] == [AskProbe("scores", 3)]
    del shown.asked[:]
    shown.show(benched())
    shown.show(scene.at(0, Phase.TOKEN))
    assert not of_kind(shown, AskProbe)
    shown.panel.hide()
    shown.panel.set_scene(scene)
    shown.panel.flush()
    settle()
    assert not of_kind(shown, AskProbe)


def test_what_a_file_does_not_hold_is_said(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(t=2))
    assert set(column_of(shown, "score")) == {"additive"}
    assert "only its own score is recorded" in shown.panel.caption()
    assert not shown.panel.controls.scale.isEnabled()
    assert shown.panel.controls.tau.isEnabled()


def test_the_rows_stay_while_a_step_is_not_yet_asked_for(qtbot: QtBot) -> None:
    scene = benched(t=3)
    assert scene.step is not None
    missing = {node: held for node, held in scene.probes.items() if node != scene.step.node}
    shown = made(qtbot, replace(scene, probes=missing))
    assert shown.panel.places().total == len(SCORES)
    centre = shown.panel.places().words(0).center()
    shown.move(centre.x(), centre.y())
    assert shown.said[-1].startswith("cosine: not recorded")
    button = shown.panel.places().button_box(0).center()
    shown.click(button.x(), button.y())
    assert not of_kind(shown, SwitchMode)


def test_without_attention_the_scores_are_compared_all_the_same(qtbot: QtBot) -> None:
    shown = made(qtbot, with_benches(toy_scene(mode=FIXED, t=2)))
    assert set(column_of(shown, "score")) == set(SCORES)
    centre = shown.panel.places().button_box(1).center()
    shown.click(centre.x(), centre.y())
    assert of_kind(shown, SwitchMode) == [SwitchMode(Mode("additive"))]


def test_phases_reveal_one_column_after_another(qtbot: QtBot) -> None:
    scene = benched()
    shown = made(qtbot, scene.at(3, Phase.ENERGIES))
    assert "α" not in shown.panel.table().columns
    assert not shown.seen(LIGHT.hue("soft")).any()
    shown.show(scene.at(3, Phase.ALPHA))
    assert "α" in shown.panel.table().columns
    assert "next token" not in shown.panel.table().columns
    assert shown.seen(LIGHT.hue("soft")).any()
    shown.show(scene)
    assert "next token" in shown.panel.table().columns


def test_in_a_low_panel_the_wheel_and_keys_bring_the_other_rows(qtbot: QtBot) -> None:
    shown = made(qtbot, benched(), (360, 120))
    places = shown.panel.places()
    assert 1 <= places.count < len(SCORES)
    shown.turn_wheel(150, 80, -10 * 120)
    places = shown.panel.places()
    assert places.first + places.count == len(SCORES)
    shown.panel.setFocus()
    QTest.keyClick(shown.panel, KEY.Key_Down)
    assert shown.panel.places().first == 0


def test_a_picture_shows_what_the_sliders_say_and_no_button(qtbot: QtBot) -> None:
    shown = made(qtbot, benched())
    shown.panel.controls.set_lens(Lens(10.0, 0.5))
    with posed(shown.panel, None, theme(dark=True)) as figure:
        assert figure.head.caption.startswith("τ 10 · ÷ √n^0.50")
        assert figure.panel.table() == shown.panel.table()
    image = QImage(shown.panel.size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    seen: list[bool] = []
    paint = shown.panel.paint

    def watched(painter: QPainter) -> None:
        seen.append(shown.panel.controls.isVisible())
        seen.extend(shown.panel._shown.takes(row) for row in range(6))  # type: ignore[union-attr]
        paint(painter)

    shown.panel.paint = watched  # type: ignore[method-assign]
    shown.panel.render(painter, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
    painter.end()
    assert seen == 7 * [False]
    assert shown.panel.controls.isVisible()


def test_a_lit_position_is_lit_in_every_row(qtbot: QtBot) -> None:
    shown = made(qtbot, benched())
    shown.show(shown.panel.scene, Light(source=frozenset({5})))
    tint = shown.seen(LIGHT.hue("source", 0.18))
    for row in range(len(SCORES)):
        plot = shown.panel.painter().alpha(row)
        # Beside the bar, which leaves some of its column free.
        assert tint[int(plot.area.top()) + 3, int(plot.x(5.05)) + 1]
        assert not tint[int(plot.area.top()) + 3, int(plot.x(4.9))]


@pytest.mark.parametrize("scale", [False, True])
def test_all_six_rows_and_the_sliders_fit_where_the_panel_starts(qtbot: QtBot, scale: bool) -> None:
    look = theme(dark=False, presenter=scale)
    shown = Painted(qtbot, ScoresPanel, benched(source=20), (look.px(380), look.px(320)), look)
    assert shown.panel.places().count == len(SCORES)
    assert shown.panel.controls.isVisible()

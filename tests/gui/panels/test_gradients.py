"""The panel of gradients: what its bars, charts and formulas say, and what it asks for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPixmap, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton, QWidget
from pytestqt.qtbot import QtBot

from attn_desktop.analysis.gradients import BASELINES, KIND
from attn_desktop.common.mode import Mode
from attn_desktop.gui.gradient_bars import KINDS, BarValues
from attn_desktop.gui.gradient_charts import GradientCharts
from attn_desktop.gui.gradient_formulas import lines
from attn_desktop.gui.gradient_settings import GradientSettings
from attn_desktop.gui.intents import AskProbe, Brush, Hover
from attn_desktop.gui.panels.gradients import GradientsPanel
from attn_desktop.gui.probing import Probing
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.trace.records import ProbeRecord
from tests.gui import pointer
from tests.gui.desk import Desk
from tests.gui.painted import LIGHT, Painted, pixels
from tests.gui.plot_pointer import PlotPointer
from tests.toy_gradients import with_gradients
from tests.toy_records import FIXED
from tests.toy_scenes import hard, toy_scene

LARGE, SMALL = (900, 560), (340, 320)


def made(
    qtbot: QtBot, scene: Scene, size: tuple[int, int] = LARGE
) -> tuple[Painted[GradientsPanel], GradientSettings, GradientCharts]:
    shown = Painted(qtbot, GradientsPanel, scene, size)
    settings = shown.panel.findChild(GradientSettings)
    charts = shown.panel.findChild(GradientCharts)
    assert settings is not None
    assert charts is not None
    return shown, settings, charts


def probe_of(scene: Scene) -> ProbeRecord:
    probe = scene.probe(KIND)
    assert probe is not None
    return probe


def scene_at(t: int = 3, source: int = 8, **changes: object) -> Scene:
    return with_gradients(toy_scene(t=t, source=source, **changes))  # type: ignore[arg-type]


def asked(shown: Painted[GradientsPanel]) -> list[AskProbe]:
    return [intent for intent in shown.asked if isinstance(intent, AskProbe)]


def row_of(shown: Painted[GradientsPanel], j: int) -> dict[str, str | float]:
    table = shown.panel.table()
    return dict(zip(table.columns, table.rows[j], strict=True))


# -- what it shows --------------------------------------------------------------------------------


def test_the_table_holds_the_record_for_the_estimate_chosen(qtbot: QtBot) -> None:
    scene = scene_at()
    shown, settings, _ = made(qtbot, scene)
    arrays, last = probe_of(scene).arrays, len(probe_of(scene).arrays["counts"]) - 1
    for baseline, count in ((3, last), (0, 2)):
        settings.baseline.setCurrentIndex(baseline)
        settings.count.setCurrentIndex(count)
        row = row_of(shown, 5)
        assert row["∂J/∂e"] == arrays["exact"][5]
        assert row["soft path"] == arrays["soft"][5]
        name = f"estimate {BASELINES[baseline]} K={arrays['counts'][count]}"
        assert row[name] == arrays["estimate"][baseline, count, 5]
        assert row["standard error"] == arrays["spread"][baseline, count, 5]


def test_bars_are_as_long_as_their_numbers(qtbot: QtBot) -> None:
    scene = scene_at(source=5)
    shown, *_ = made(qtbot, scene)
    view = shown.panel.source_view
    arrays = probe_of(scene).arrays
    across, down = view.pixels()
    position = int(np.argmax(np.abs(arrays["exact"])))
    values = {
        "exact": arrays["exact"],
        "estimate": arrays["estimate"][BASELINES.index("optimal"), -1],
        "soft": arrays["soft"],
    }
    pointed = PlotPointer(shown.panel)
    left, right = pointed.at(position, 0).x(), pointed.at(position + 1, 0).x()
    for kind, numbers in values.items():
        seen = shown.seen(LIGHT.hue(KINDS[kind]))[:, left:right]
        longest = int(seen.sum(axis=0).max())
        assert longest == pytest.approx(abs(numbers[position]) * down, abs=4), kind
        assert across > 30


def test_pieces_of_a_word_add_up(qtbot: QtBot) -> None:
    scene = with_gradients(toy_scene(t=2, source=9, pieces=3, words=True))
    shown, *_ = made(qtbot, scene)
    axis = scene.source
    found = shown.panel._found
    assert found is not None
    values = BarValues.of(found, axis, 1, 0)
    exact = probe_of(scene).arrays["exact"]
    expected = [exact[list(axis.positions(column))].sum() for column in range(len(axis))]
    assert values.values["exact"].tolist() == pytest.approx(expected)
    assert values.error.tolist() == probe_of(scene).arrays["word_spread"][1, 0].tolist()


def test_the_caption_says_how_the_soft_path_compares(qtbot: QtBot) -> None:
    scene = scene_at()
    shown, *_ = made(qtbot, scene)
    arrays = probe_of(scene).arrays
    norms = np.linalg.norm(arrays["soft"]), np.linalg.norm(arrays["exact"])
    cosine = arrays["soft"] @ arrays["exact"] / (norms[0] * norms[1])
    assert f"cos {cosine:.3g}" in shown.panel.caption()
    assert f"× {norms[0] / norms[1]:.3g}" in shown.panel.caption()


def test_formulas_write_out_the_position_that_is_lit(qtbot: QtBot) -> None:
    scene = scene_at()
    shown, *_ = made(qtbot, scene)
    found = shown.panel._found
    assert found is not None
    for line in lines(found, "the", 4, "word4", 3, 0):
        if line.kind == "exact":
            for number in (found.alpha[4], found.array("exact")[4]):
                assert f"{number:.3g}".replace("-", "−") in line.markup
            assert "j = 5" in line.markup
        if line.kind == "estimate":
            assert "K = 1" in line.markup
            assert "optimal" in line.markup
    before = shown.pixels()
    shown.show(scene, Light(brushed_source=frozenset({1})))
    assert (shown.pixels() != before).any()


@pytest.mark.parametrize(
    ("scene", "said"),
    [
        (Scene(), "Encode a sentence"),
        (toy_scene(t=0), "Step (F10)"),
        (toy_scene(mode=FIXED), "no attention"),
        (toy_scene(t=2, phase=Phase.ALPHA), "log p(y_2)"),
    ],
    ids=["no run", "no step", "no attention", "no token yet"],
)
def test_where_there_is_no_gradient_it_says_why(qtbot: QtBot, scene: Scene, said: str) -> None:
    shown, settings, charts = made(qtbot, scene)
    assert said in shown.panel._reason()
    assert not settings.isVisible()
    assert not charts.isVisible()
    assert shown.panel.table().rows == ()


def test_an_unsound_record_is_as_good_as_none(qtbot: QtBot) -> None:
    scene = scene_at()
    assert scene.step is not None
    broken = replace(probe_of(scene), arrays={"exact": np.zeros(3)})
    shown, settings, _ = made(qtbot, replace(scene, probes={scene.step.node: (broken,)}))
    assert shown.panel.table().rows == ()
    assert settings.compute.isEnabled()
    assert not settings.count.isVisible()


def test_hard_attention_that_was_never_learnt_is_marked(qtbot: QtBot) -> None:
    scene = scene_at()
    shown, settings, _ = made(qtbot, scene)
    assert settings.badge.isVisible()
    assert scene.run is not None
    model = replace(scene.run.model, trained_modes=(hard(Mode("additive")),))
    shown.show(replace(scene, run=replace(scene.run, model=model)))
    assert not settings.badge.isVisible()


# -- what it asks for -----------------------------------------------------------------------------


def test_compute_asks_for_what_the_fields_say(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    shown, settings, _ = made(qtbot, scene)
    settings.compute.click()
    assert asked(shown) == [AskProbe(KIND, 3, {"samples": 1000, "repeats": 100, "seed": 0})]
    settings.samples.setValue(50)
    settings.repeats.setValue(20)
    settings.seed.setValue(7)
    settings.constant.setText("−2,5")
    settings.token.setCurrentIndex(2)
    settings.compute.click()
    assert scene.step is not None
    others = [token for token in scene.step.active.top_ids if token != scene.step.token_id]
    wanted = {"samples": 50, "repeats": 20, "seed": 7, "constant": -2.5, "token": int(others[1])}
    assert asked(shown)[1:] == [AskProbe(KIND, 3, wanted)]


def test_enter_in_a_field_computes_too(qtbot: QtBot) -> None:
    shown, settings, _ = made(qtbot, toy_scene(t=2))
    settings.samples.setFocus()
    settings.samples.lineEdit().setText("K 25")
    QTest.keyClick(settings.samples, Qt.Key.Key_Return)
    assert [intent.settings["samples"] for intent in asked(shown)] == [25]


@pytest.mark.parametrize(
    ("constant", "samples", "repeats", "said"),
    [
        ("two", 1000, 100, "b must be a number of nats"),
        ("inf", 1000, 100, "b must be a number of nats"),
        ("", 10_000, 1000, "there may be 100 repeats"),
    ],
)
def test_what_cannot_be_computed_is_named_and_not_asked(
    qtbot: QtBot, constant: str, samples: int, repeats: int, said: str
) -> None:
    shown, settings, _ = made(qtbot, toy_scene(t=2))
    settings.constant.setText(constant)
    settings.samples.setValue(samples)
    settings.repeats.setValue(repeats)
    assert said in settings.problem()
    assert said in settings.problem_label.text()
    assert settings.problem_label.isVisible()
    assert not settings.compute.isEnabled()
    QTest.keyClick(settings.constant, Qt.Key.Key_Return)
    assert not asked(shown)


def test_what_is_there_is_not_asked_again_and_comes_back_with_its_settings(qtbot: QtBot) -> None:
    scene = scene_at()
    assert scene.step is not None
    first = probe_of(scene)
    other = replace(first, settings={**first.settings, "seed": 5, "constant": -1.0})
    shown, settings, _ = made(qtbot, replace(scene, probes={scene.step.node: (first, other)}))
    assert shown.panel._found is not None
    assert shown.panel._found.record is first
    assert not settings.compute.isEnabled()
    settings.seed.setValue(5)
    assert shown.panel._found.record is other
    assert "of other settings" in shown.panel.caption()
    assert settings.compute.isEnabled()
    settings.constant.setText("-1")
    assert "of other settings" not in shown.panel.caption()
    assert not settings.compute.isEnabled()


def test_while_the_engine_computes_nothing_more_is_asked(qtbot: QtBot) -> None:
    scene = toy_scene(t=2)
    shown, settings, _ = made(qtbot, replace(scene, probing=KIND))
    assert settings.compute.text() == "computing …"
    assert not settings.compute.isEnabled()
    shown.show(scene)
    assert settings.compute.text() == "Compute"


def test_a_wheel_over_a_field_without_the_keyboard_changes_nothing(qtbot: QtBot) -> None:
    shown, settings, _ = made(qtbot, scene_at())
    assert shown.panel.isVisible()

    def chosen() -> tuple[object, ...]:
        return settings.asked(), settings.baseline.currentIndex(), settings.count.currentIndex()

    before, corner = chosen(), QPoint(0, 0)  # of the field itself, beside the text in it
    for control in (settings.samples, settings.seed, settings.baseline, settings.count):
        pointer.turn_wheel(control, corner)
        pointer.turn_wheel(control, corner, clicks=-1)
        assert chosen() == before
    settings.samples.setFocus()
    pointer.turn_wheel(settings.samples, corner)
    assert settings.samples.value() == 1001


def test_a_real_engine_answers_it(desk: Desk, qtbot: QtBot) -> None:
    desk.encode()
    probing = Probing(desk.session)
    shown, settings, _ = made(qtbot, desk.scene)
    shown.panel.wanted.connect(lambda intent: _pass_on(probing, intent))
    settings.samples.setValue(20)
    settings.repeats.setValue(5)
    settings.compute.click()
    desk.wait(lambda: desk.scene.probe(KIND) is not None or bool(desk.failures))
    assert not desk.failures
    shown.show(desk.scene)
    assert shown.panel.caption().startswith("J ")
    rows = shown.panel.table().rows
    assert desk.scene.run is not None
    assert len(rows) == len(desk.scene.run.source)
    exact = [float(row[4]) for row in rows]
    assert sum(exact) == pytest.approx(0, abs=1e-9)


def _pass_on(probing: Probing, intent: object) -> None:
    if isinstance(intent, AskProbe):
        probing.ask(intent)


# -- pointer --------------------------------------------------------------------------------------


def test_bars_light_and_brush_their_positions_and_say_their_numbers(qtbot: QtBot) -> None:
    scene = scene_at()
    shown, *_ = made(qtbot, scene)
    pointed = PlotPointer(shown.panel)
    pointed.move(2.5, 0)
    assert Hover(frozenset({2})) in pointed.asked
    exact = probe_of(scene).arrays["exact"][2]
    assert f"{exact:.3g}".replace("-", "−") in pointed.said[-1]
    pointed.click(4.5, 0)
    assert pointed.brushes == [Brush(frozenset({4}))]
    pointed.drag((1.2, 0), (3.4, 0))
    assert pointed.brushes[-1] == Brush(frozenset({1, 2, 3}))


def test_a_click_in_the_variance_shows_that_number_of_samples(qtbot: QtBot) -> None:
    scene = scene_at()
    shown, settings, charts = made(qtbot, scene)
    chart = charts.variance_chart()
    assert chart is not None
    assert settings.count.currentData() == 1000
    at = QPointF(chart.x.pixel(50), chart.area.center().y()).toPoint()
    QTest.mouseMove(charts, at)
    pointer.settle()
    arrays = probe_of(scene).arrays
    count = arrays["counts"].tolist().index(50)
    assert shown.said[-1].startswith("K = 50")
    assert f"{arrays['analytic'][3, count]:.3g}" in shown.said[-1]
    QTest.mouseClick(charts, Qt.MouseButton.LeftButton, pos=at)
    assert settings.count.currentData() == 50
    assert row_of(shown, 0)["estimate optimal K=50"] == arrays["estimate"][3, count, 0]


def test_the_sweep_says_what_is_drawn_where_the_pointer_is(qtbot: QtBot) -> None:
    scene = scene_at()
    shown, _, charts = made(qtbot, scene)
    found = charts.sweep_charts()
    assert found is not None
    upper, lower = found
    assert scene.step is not None
    assert scene.step.cross is not None
    k = int(scene.step.cross.sampled[0, 0])
    QTest.mouseMove(charts, QPointF(upper.x.pixel(0), upper.area.center().y()).toPoint())
    pointer.settle()
    assert f"k = {k + 1} " in shown.said[-1]
    QTest.mouseMove(charts, QPointF(lower.x.pixel(5), lower.area.center().y()).toPoint())
    pointer.settle()
    assert "J = " in shown.said[-1]


def test_k_is_drawn_as_levels_and_j_as_a_curve(qtbot: QtBot) -> None:
    shown, _, charts = made(qtbot, scene_at())
    found = charts.sweep_charts()
    assert found is not None
    seen = pixels(charts)
    hue = LIGHT.hue("hard")
    pink = np.abs(seen - np.array([hue.red(), hue.green(), hue.blue()])).max(axis=2) <= 6
    area = found[0].area.toRect()
    rows = pink[area.top() : area.bottom(), area.left() : area.right()].sum(axis=1)
    # Two levels at least are long, and most rows have hardly any of the line.
    assert (rows > 40).any()
    assert np.median(rows) < 20
    assert shown.panel.isVisible()


# -- room -----------------------------------------------------------------------------------------


def test_a_small_panel_shows_one_part_at_a_time(qtbot: QtBot) -> None:
    shown, settings, charts = made(qtbot, scene_at(), SMALL)
    panel = shown.panel
    assert panel.canvas.isVisible()
    assert not charts.isVisible()
    for name, chart in (("variance", charts.variance_chart), ("sweep", charts.sweep_charts)):
        button = settings.findChild(QToolButton, name)
        assert button is not None
        assert button.isVisible()
        button.click()
        pointer.settle()
        assert charts.isVisible()
        assert not panel.canvas.isVisible()
        assert chart() is not None, name
    panel.resize(*LARGE)
    pointer.settle()
    assert panel.canvas.isVisible()
    assert charts.variance_chart() is not None
    assert charts.sweep_charts() is not None
    assert all(not button.isVisible() for button in settings.parts.buttons())


@pytest.mark.parametrize("size", [(312, 192), (340, 230), (340, 320)])
def test_in_a_low_panel_the_plot_has_most_of_the_room(qtbot: QtBot, size: tuple[int, int]) -> None:
    shown, settings, _ = made(qtbot, scene_at(source=11), size)
    assert shown.panel.source_view.height() >= 90
    buttons = (*settings.parts.buttons(), settings.unfold, settings.compute)
    assert all(button.isVisible() for button in buttons)
    assert len({button.y() for button in buttons}) == 1, "one row"
    assert settings.geometry().bottom() < shown.panel.canvas.geometry().top()
    assert not settings.samples.isVisible()
    assert not settings.badge.isVisible()
    assert shown.panel.caption().startswith("hard untrained · J ")
    assert shown.panel.heading() == "Gradients of step 3"


def test_folded_fields_take_the_place_of_the_plot_until_something_is_asked(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    shown, settings, _ = made(qtbot, scene, (340, 190))
    settings.unfold.click()
    pointer.settle()
    assert settings.samples.isVisible()
    assert settings.badge.isVisible()
    assert not shown.panel._hint.isVisible()
    settings.samples.setValue(50)
    settings.compute.click()
    pointer.settle()
    assert [intent.settings["samples"] for intent in asked(shown)] == [50]
    assert not settings.samples.isVisible()
    assert shown.panel._hint.isVisible()


@pytest.mark.parametrize("unfolded", [False, True])
def test_views_to_choose_from_stay_where_they_are_when_there_is_a_record(
    qtbot: QtBot, unfolded: bool
) -> None:
    shown, settings, _ = made(qtbot, toy_scene(t=3), (340, 190))
    settings.unfold.setChecked(unfolded)
    pointer.settle()
    before = [button.geometry() for button in settings.parts.buttons()]
    shown.show(scene_at(source=6))
    assert [button.geometry() for button in settings.parts.buttons()] == before


def test_without_a_record_it_invites_and_shows_why_there_is_no_gradient(qtbot: QtBot) -> None:
    shown, _, charts = made(qtbot, toy_scene(t=3))
    assert shown.panel._hint.isVisible()
    assert not shown.panel.canvas.isVisible()
    assert charts.variance_chart() is None
    assert charts.sweep_charts() is not None


def test_a_picture_of_it_has_no_fields(qtbot: QtBot) -> None:
    shown, settings, _ = made(qtbot, scene_at())
    panel = shown.panel
    picture = QPixmap(panel.size())
    panel.render(picture, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
    assert settings.isVisible(), "the fields are back afterwards"
    layout = panel.layout()
    assert layout is not None
    settings.hide()
    layout.activate()
    pointer.settle()
    without = QPixmap(panel.size())
    QWidget.render(panel, without, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
    formulas = shown.panel._formulas.geometry()
    assert formulas.top() < 10, "they stand where the fields did"
    assert picture.copy(formulas).toImage() == without.copy(formulas).toImage()

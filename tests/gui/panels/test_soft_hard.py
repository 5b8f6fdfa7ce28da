"""Soft against hard: the four rows, their numbers, and what appears when."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF, QPainter
from pytestqt.qtbot import QtBot

from attn_desktop.analysis.four_readings import NAMES
from attn_desktop.gui import reading_painting
from attn_desktop.gui.intents import Brush, Hover
from attn_desktop.gui.panels.soft_hard import SoftHardPanel
from attn_desktop.gui.reading_rows import SMALL
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.gui.theme import Role, Theme, theme
from attn_desktop.trace.records import ProbeRecord
from tests.gui.painted import LIGHT, Painted
from tests.toy_records import FIXED
from tests.toy_scenes import toy_readings, toy_scene

SIZE = (760, 160)
PRESENTER = theme(dark=False, presenter=True)
ROLES: tuple[Role, ...] = ("soft", "hard", "argmax", "expected")
BAR = 0.8


def made(qtbot: QtBot, scene: Scene, size: tuple[int, int] = SIZE) -> Painted[SoftHardPanel]:
    return Painted(qtbot, SoftHardPanel, scene, size)


def place(shown: Painted[SoftHardPanel], index: int) -> tuple[float, float]:
    """The middle of a row."""
    centre = shown.panel.row_box(index).center()
    return centre.x(), centre.y()


def bar_length(shown: Painted[SoftHardPanel], index: int) -> int:
    """Pixels of the bar of a row, whose colour fills more of a column than text does."""
    box, left = shown.panel.row_box(index), int(shown.panel.places().bar[0])
    rows = slice(int(box.top()), int(box.bottom()))
    high = shown.seen(LIGHT.hue(ROLES[index], BAR))[rows, left:].sum(axis=0)
    return int(np.count_nonzero(high >= 8))


def probe_of(scene: Scene) -> ProbeRecord:
    probe = scene.probe("readings")
    assert probe is not None
    return probe


def reprobed(scene: Scene, change: Callable[[ProbeRecord], ProbeRecord]) -> Scene:
    """The same scene with its probes changed."""
    probes = {node: tuple(change(probe) for probe in held) for node, held in scene.probes.items()}
    return replace(scene, probes=probes)


def predicting(p: list[float], p_chosen: list[float]) -> Callable[[ProbeRecord], ProbeRecord]:
    """A probe with these p of the likeliest and of the chosen token."""
    numbers = {"top_log_probs": np.log(np.array(p))[:, None], "log_prob": np.log(p_chosen)}
    return lambda probe: replace(probe, arrays={**probe.arrays, **numbers})


def test_the_table_holds_the_four_readings(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, probes=True)
    probe = probe_of(scene)
    table = made(qtbot, scene).panel.table()
    assert table.columns[:5] == ("reading", "token", "p", "p of chosen", "entropy")
    assert table.columns[5:] == tuple(
        f"{what} to {name}" for what in ("js", "kl", "tv") for name in NAMES
    )
    assert [row[0] for row in table.rows] == list(NAMES)
    numbers = np.array([row[2:] for row in table.rows], dtype=np.float64)
    assert numbers[:, 0] == pytest.approx(np.exp(probe.arrays["top_log_probs"][:, 0]))
    assert numbers[:, 1] == pytest.approx(np.exp(probe.arrays["log_prob"]))
    assert numbers[:, 2] == pytest.approx(probe.arrays["entropy"])
    for first, what in ((3, "js"), (7, "kl"), (11, "tv")):
        assert numbers[:, first : first + 4] == pytest.approx(probe.arrays[what])


def test_it_says_how_far_apart_soft_and_sampled_are(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, probes=True)
    readings = scene.steps[2].readings
    soft = readings["soft"].context.astype(np.float64)
    far = np.linalg.norm(soft - readings["hard"].context)
    js = probe_of(scene).arrays["js"][0, 1]
    shown = made(qtbot, scene)
    assert shown.panel.caption() == f"JS {js:.2f} nats"
    share = f"{100 * far / np.linalg.norm(soft):.1f} %"
    for text in shown.panel._distances():
        assert f"‖c_soft − c_hard‖ = {far:.3f}" in text
        assert share in text
    shown.show(replace(scene, phase=Phase.CONTEXT))
    assert shown.panel.caption() == ""
    assert shown.panel._distances()


def test_without_a_probe_two_rows_are_known(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    shown = made(qtbot, scene)
    table = shown.panel.table()
    assert [row[0] for row in table.rows] == ["soft", "sampled"]
    assert all(math.isnan(float(value)) for row in table.rows for value in row[5:])
    assert "JS" not in shown.panel.caption()
    assert [bar_length(shown, index) > 0 for index in range(4)] == [True, True, False, False]
    shown.move(*place(shown, 2))
    assert shown.said[-1].endswith("not recorded")
    shown.move(*place(shown, 0))
    assert shown.said[-1] == f"soft   H {scene.steps[2].readings['soft'].entropy:.3f} nats"


def test_a_malformed_probe_is_as_good_as_none(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, probes=True)
    broken = reprobed(scene, lambda probe: replace(probe, arrays={"js": np.zeros(3)}))
    table = made(qtbot, broken).panel.table()
    plain = made(qtbot, toy_scene(t=3)).panel.table()
    assert [row[:5] for row in table.rows] == [row[:5] for row in plain.rows]


def test_bars_are_as_long_as_p_and_marked_where_the_chosen_token_is(qtbot: QtBot) -> None:
    p, p_chosen = [0.8, 0.4, 0.6, 0.2], [0.1, 0.2, 0.3, 0.05]
    scene = reprobed(toy_scene(t=3, probes=True), predicting(p, p_chosen))
    shown = made(qtbot, scene)
    left, right = shown.panel.places().bar
    marks = shown.seen(LIGHT.hue("target"))
    for index in range(4):
        # A text or the mark in front of a bar hides a few columns of it.
        assert bar_length(shown, index) == pytest.approx(p[index] * (right - left), abs=6)
        box = shown.panel.row_box(index)
        rows = slice(int(box.top()), int(box.bottom()))
        mark = np.flatnonzero(marks[rows, int(left) : int(right)].any(axis=0))
        assert mark.mean() == pytest.approx(p_chosen[index] * (right - left), abs=2)


def test_strips_come_with_the_context_and_bars_with_the_logits(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, probes=True)
    shown = made(qtbot, replace(scene, phase=Phase.ALPHA))
    assert not shown.seen(LIGHT.colour("border"), 1).any()
    assert shown.panel.table().rows == ()
    shown.show(replace(scene, phase=Phase.CONTEXT))
    assert shown.seen(LIGHT.colour("border"), 1).any()
    assert not shown.seen(LIGHT.hue("soft", BAR)).any()
    assert shown.panel.table().rows == ()
    shown.show(replace(scene, phase=Phase.LOGITS))
    assert shown.seen(LIGHT.hue("soft", BAR)).any()
    assert not shown.seen(LIGHT.hue("target")).any()
    assert all(math.isnan(float(row[3])) for row in shown.panel.table().rows)
    shown.show(scene)
    assert shown.seen(LIGHT.hue("target")).any()


def test_a_peak_of_a_long_context_stays_in_sight(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    step = scene.steps[2]
    contexts = {name: np.zeros(4000) for name in step.readings}
    contexts["soft"][1777] = 5.0
    contexts["hard"][:] = np.where(np.arange(4000) % 2, 0.01, -0.01)
    readings = {name: replace(held, context=contexts[name]) for name, held in step.readings.items()}
    steps = (*scene.steps[:2], replace(step, readings=readings), *scene.steps[3:])
    shown = made(qtbot, replace(scene, steps=steps))
    box, strip = shown.panel.row_box(0), shown.panel.places().strip
    full = LIGHT.colour("card")
    full.setRgb(*LIGHT.diverging_lut()[-1].tolist())
    row = shown.seen(full)[int(box.center().y())]
    across = np.flatnonzero(row[int(strip[0]) : int(strip[1])])
    assert across.mean() == pytest.approx(1777 / 4000 * (strip[1] - strip[0]), abs=3)


def test_hovering_a_row_tells_of_it_and_lights_where_it_looks(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, probes=True)
    step = scene.steps[2]
    assert step.cross is not None
    shown = made(qtbot, scene)
    arrays = probe_of(scene).arrays
    sampled, best = int(step.cross.sampled[0, 0]), int(step.cross.alpha[0, 0].argmax())
    for index, looked_at in ((1, {sampled}), (2, {best})):
        shown.move(*place(shown, index))
        assert shown.asked[-1] == Hover(source=frozenset(looked_at))
        shown.panel.set_light(Light(source=frozenset(looked_at)))
        said = shown.said[-1]
        label = scene.source.labels[looked_at.pop()]
        assert said.startswith(f"{NAMES[index]} “{label}”   ‖c_soft − c‖ = ")
        assert f"   H {arrays['entropy'][index]:.3f} nats" in said
        assert f"JS: soft {arrays['js'][index, 0]:.3f}" in said
        assert f"KL({NAMES[index]}‖·): soft {arrays['kl'][index, 0]:.3f}" in said
    shown.move(*place(shown, 3))
    assert shown.asked[-1] == Hover()
    assert "no single context" in shown.said[-1]


def test_what_is_pointed_at_goes_out_when_the_panel_is_hidden(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(t=3, probes=True))
    shown.panel.hide()
    assert shown.asked == [], "it lit nothing"
    shown.panel.show()
    shown.move(*place(shown, 1))
    lit = shown.asked[-1]
    assert isinstance(lit, Hover)
    assert lit.source
    shown.panel.set_light(Light(source=lit.source))
    shown.panel.hide()
    assert shown.asked[-1] == Hover()
    assert shown.said[-1] == ""


def test_a_reading_that_looks_at_a_lit_position_is_framed(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, probes=True)
    cross = scene.steps[2].cross
    assert cross is not None
    shown = made(qtbot, scene)
    assert not shown.seen(LIGHT.hue("source")).any()
    shown.show(scene, Light(brushed_source=frozenset({int(cross.sampled[0, 0])})))
    rows = np.flatnonzero(shown.seen(LIGHT.hue("source")).any(axis=1))
    box = shown.panel.row_box(1)
    assert box.top() <= rows.min()
    assert rows.min() < box.center().y()


def test_without_attention_there_is_nothing_to_compare(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(t=2, mode=FIXED))
    assert shown.panel.table().rows == ()
    assert shown.panel.caption() == ""
    shown.move(200, 80)
    assert shown.asked == []
    assert shown.said[-1] == ""


def test_the_draw_is_cut_where_alpha_is_and_marked_where_u_is(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, probes=True)
    cross = scene.steps[2].cross
    assert cross is not None
    shown = made(qtbot, scene, (760, 260))
    bar = shown.panel.draw_bar()
    assert bar is not None
    alpha, u = cross.alpha[0, 0].astype(np.float64), float(cross.draw[0, 0])
    # By the definition: k is the first position with a running sum above u.
    running, k, edges = 0.0, None, [0.0]
    for j, weight in enumerate(alpha.tolist()):
        running += weight
        edges.append(running)
        if k is None and running > u:
            k = j
    assert k is not None
    assert k == cross.sampled[0, 0]
    taken = shown.seen(LIGHT.hue("hard", 0.7))[int(bar.bar.center().y() + 5)]
    across = np.flatnonzero(taken)
    assert across.min() == pytest.approx(bar.x(edges[k]), abs=2)
    assert across.max() == pytest.approx(bar.x(edges[k + 1]), abs=2)
    below = shown.seen(LIGHT.colour("text"))[int(bar.bar.bottom()) + 3]
    assert np.flatnonzero(below).mean() == pytest.approx(bar.x(u), abs=1.5)
    said = bar.draw.said()
    assert said[0].startswith(f"u = {u:.3f} → k = {k + 1} “{scene.source.labels[k]}”")
    assert f"{edges[k]:.3f} ≤ u < {edges[k + 1]:.3f}" in said[1]
    for j in range(len(alpha)):
        if edges[j + 1] - edges[j] > 0.02:
            shown.move(bar.x((edges[j] + edges[j + 1]) / 2), bar.bar.center().y())
            assert shown.asked[-1] == Hover(source=frozenset({j}))
            assert ("falls here" in shown.said[-1]) == (j == k)
    shown.click(bar.x((edges[k] + edges[k + 1]) / 2), bar.bar.center().y())
    assert shown.asked[-1] == Brush(source=frozenset({k}))


def test_a_position_that_an_edit_picked_is_not_said_to_be_drawn(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    cross = scene.steps[2].cross
    assert cross is not None
    other = (int(cross.sampled[0, 0]) + 1) % 6
    step = replace(
        scene.steps[2],
        attention={"cross": replace(cross, sampled=np.full_like(cross.sampled, other))},
    )
    shown = made(qtbot, replace(scene, steps=(*scene.steps[:2], step, *scene.steps[3:])))
    bar = shown.panel.draw_bar()
    assert bar is not None
    assert bar.draw.said()[0].startswith(f"k = {other + 1} “word{other}”, picked by an edit")


def test_pieces_of_a_word_are_one_part_of_the_draw(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, source=7, pieces=3, words=True)
    bar = made(qtbot, scene).panel.draw_bar()
    cross = scene.steps[2].cross
    assert bar is not None
    assert cross is not None
    ends = np.cumsum(cross.alpha[0, 0].astype(np.float64))
    assert bar.draw.part(1) == pytest.approx((ends[2], ends[5]), abs=1e-6)


def test_the_matrix_has_every_divergence(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, probes=True)
    shown = made(qtbot, scene)
    arrays, matrix = probe_of(scene).arrays, shown.panel.matrix()
    assert matrix is not None
    for row in range(4):
        for column in range(4):
            shown.move(matrix.cell(row, column).center().x(), matrix.cell(row, column).center().y())
            said = shown.said[-1]
            if row == column:
                assert said == f"H({NAMES[row]}) = {arrays['entropy'][row]:.4f} nats"
                continue
            one, other = NAMES[row], NAMES[column]
            assert f"JS({one}, {other}) = {arrays['js'][row, column]:.4f} nats" in said
            assert f"TV = {arrays['tv'][row, column]:.4f}" in said
            assert f"KL({one}‖{other}) = {arrays['kl'][row, column]:.4f} nats" in said
            assert f"KL({other}‖{one}) = {arrays['kl'][column, row]:.4f} nats" in said


def test_a_file_from_before_total_variation_has_the_rest(qtbot: QtBot) -> None:
    scene = toy_scene(t=3, probes=True)

    def without_tv(probe: ProbeRecord) -> ProbeRecord:
        kept = {name: held for name, held in probe.arrays.items() if name != "tv"}
        return replace(probe, arrays=kept)

    shown = made(qtbot, reprobed(scene, without_tv))
    matrix = shown.panel.matrix()
    assert matrix is not None
    assert "TV" not in matrix.about(0, 1)
    numbers = np.array([row[5:] for row in shown.panel.table().rows], dtype=np.float64)
    assert numbers[:, :4] == pytest.approx(probe_of(scene).arrays["js"])
    assert np.isnan(numbers[:, 8:]).all()


@pytest.mark.parametrize("size", [(333, 165), (333, 300), (560, 140), (1000, 160), (120, 70)])
@pytest.mark.parametrize("look", [LIGHT, PRESENTER], ids=["normal", "presenter"])
def test_parts_stay_apart_and_inside(qtbot: QtBot, size: tuple[int, int], look: Theme) -> None:
    panel = Painted(qtbot, SoftHardPanel, toy_scene(t=3, probes=True), size, look).panel
    parts = panel.parts()
    areas = [area for area in (parts.draw, parts.distance, parts.rows, parts.matrix) if area]
    for index, area in enumerate(areas):
        assert panel.rect().contains(area.toAlignedRect().adjusted(1, 1, -1, -1))
        assert not any(area.intersects(other) for other in areas[index + 1 :])
    if parts.matrix is None and look is LIGHT and size[0] > 300:
        assert panel.places().js is not None


def test_a_dock_of_a_small_window_has_draw_distance_and_js(qtbot: QtBot) -> None:
    panel = made(qtbot, toy_scene(t=3, probes=True), (333, 165)).panel
    parts, places = panel.parts(), panel.places()
    assert parts.draw is not None
    assert parts.distance is not None
    assert places.js is not None
    assert places.chosen is not None
    assert places.count == 4


@pytest.mark.parametrize(
    "size", [(120, 70), (200, 70), (260, 120), (360, 60), (390, 240), (760, 160), (900, 600)]
)
@pytest.mark.parametrize("look", [LIGHT, PRESENTER], ids=["normal", "presenter"])
def test_columns_and_rows_stay_apart_at_any_size(
    qtbot: QtBot, size: tuple[int, int], look: Theme
) -> None:
    def wordy(probe: ProbeRecord) -> ProbeRecord:
        tokens = [["▁" + "incomprehensible" * 2]] * 4
        return replace(probe, settings={**probe.settings, "top_tokens": tokens})

    scene = reprobed(toy_scene(t=3, probes=True), wordy)
    panel = Painted(qtbot, SoftHardPanel, scene, size, look).panel
    places = panel.places()
    edges = [*places.name, *places.strip, *places.bar, places.right, *(places.chosen or ())]
    assert edges == sorted(edges)
    assert edges[-1] <= size[0]
    assert places.right - places.bar[1] >= QFontMetricsF(look.font(SMALL)).horizontalAdvance("0.71")
    assert 2 <= places.count <= 4
    if places.count > 2:
        assert places.pitch >= QFontMetricsF(look.font(bold=True)).height()
    assert panel.row_box(places.count - 1).bottom() <= size[1]


def test_the_name_of_the_context_is_never_cut(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = []

    def write(painter: QPainter, area: QRectF, texts: Sequence[str]) -> None:
        least = QFontMetricsF(painter.font()).horizontalAdvance(texts[-1])
        if texts[-1].startswith("c") and 0 < area.width() < least:
            cut.append((area.width(), texts))

    monkeypatch.setattr(reading_painting, "write_longest", write)
    scene = toy_scene(steps=14, t=14, probes=True)
    panel = made(qtbot, scene).panel
    for width in range(240, 400, 2):
        panel.resize(width, 200)
        panel.grab()
    assert not cut


@pytest.mark.parametrize("width", [260, 300, 333])
def test_what_differs_from_soft_is_whole(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    # A wide word: that it is bold takes many pixels more.
    def differing(probe: ProbeRecord) -> ProbeRecord:
        tokens = [["▁a"], *[["▁wwwwmmm"]] * 3]
        return replace(probe, settings={**probe.settings, "top_tokens": tokens})

    written = []
    monkeypatch.setattr(
        reading_painting, "write_in", lambda painter, area, text, *side: written.append(text)
    )
    sure = reprobed(toy_scene(t=3, probes=True), predicting([1.0] * 4, [0.5] * 4))
    made(qtbot, reprobed(sure, differing), (width, 165)).panel.grab()
    assert sum("wwwwmmm" in text for text in written) >= 3


def test_the_newest_probe_counts(qtbot: QtBot) -> None:
    scene = toy_scene(t=3)
    assert scene.step is not None
    old = toy_readings(scene.step)
    new = predicting([0.8, 0.4, 0.6, 0.2], [0.1, 0.2, 0.3, 0.05])(old)
    table = made(qtbot, replace(scene, probes={scene.step.node: (old, new)})).panel.table()
    assert [row[2] for row in table.rows] == pytest.approx([0.8, 0.4, 0.6, 0.2])

"""The timeline: its numbers, what its cells show, and how it is scrubbed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from pytestqt.qtbot import QtBot

from attn_desktop.analysis.entropy import entropy
from attn_desktop.gui.intents import GoTo, Hover
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.gui.timeline_card import card_places
from tests.gui.timelines import (
    CELLS,
    SIZE,
    Timeline,
    cell,
    made,
    middle,
    steps_asked,
    strip_places,
)
from tests.toy_records import FIXED
from tests.toy_scenes import hard, spoiled, toy_scene


def test_the_table_holds_what_a_cell_is_made_of(qtbot: QtBot) -> None:
    scene = toy_scene(steps=4, layers=2, heads=2, mode=hard())
    table = made(qtbot, scene).panel.table()
    assert table.columns[:5] == ("t", "token", "entropy_alpha", "entropy_y", "log_prob")
    assert table.columns[5:] == ("seed", "mode", "chosen_by")
    assert len(table.rows) == 4
    step = scene.steps[2]
    assert step.cross is not None
    row = table.rows[2]
    assert row[:2] == (3, scene.tokens[2])
    assert row[2] == pytest.approx(entropy(step.cross.alpha).mean())
    assert row[3:5] == (step.active.entropy, step.log_prob)
    assert row[5:] == (step.seed, "additive/global/hard", "forced")


def test_steps_without_attention_have_no_entropy_of_alpha(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(steps=3, mode=FIXED))
    assert all(math.isnan(float(row[2])) for row in shown.panel.table().rows)
    assert not shown.panel._figures.covered(shown.panel.scene).any()
    shown.move(middle(shown, 1), CELLS)
    assert "no attention" in shown.said[-1]
    assert not shown.seen(shown.panel.theme.hue("soft")).any()


def bars(shown: Timeline, t: int, colour: str) -> int:
    """Pixels that the bar of a card is long."""
    look = shown.panel.theme
    hue = look.colour("dim") if colour == "dim" else look.hue(colour)  # type: ignore[arg-type]
    return int(shown.seen(hue, 1)[:, cell(shown, t)].sum(axis=1).max())


def test_bars_are_entropy_and_surprise(qtbot: QtBot) -> None:
    scene = toy_scene(steps=4, source=6)
    shown = made(qtbot, scene)
    # Bars of a card are 130 − 6 − 2 · 8 pixels long; 0.05 is a surprise that fills one.
    most = max(3.0, *(-step.log_prob for step in scene.steps))
    for t, step in enumerate(scene.steps, 1):
        assert step.cross is not None
        share = float(entropy(step.cross.alpha).mean()) / math.log(6)
        assert bars(shown, t, "soft") == pytest.approx(share * 108, abs=2)
        assert bars(shown, t, "dim") == pytest.approx(-step.log_prob / most * 108, abs=2)


def test_hard_steps_have_pink_bars(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(steps=3, mode=hard()))
    assert bars(shown, 2, "hard") > 10
    assert bars(shown, 2, "soft") == 0


def test_only_what_is_computed_of_the_step_at_the_playhead_is_shown(qtbot: QtBot) -> None:
    scene = toy_scene(steps=4, t=3, phase=Phase.ENERGIES)
    shown = made(qtbot, scene)
    assert (bars(shown, 3, "soft"), bars(shown, 3, "dim")) == (0, 0)
    assert bars(shown, 2, "soft") > 0
    shown.move(middle(shown, 3), CELLS)
    assert "“?”" in shown.said[-1]
    assert "H(α)" not in shown.said[-1]
    shown.show(replace(scene, phase=Phase.ALPHA))
    assert bars(shown, 3, "soft") > 0
    assert bars(shown, 3, "dim") == 0
    shown.move(middle(shown, 3) + 2, CELLS)
    assert "H(α)" in shown.said[-1]
    assert "log p" not in shown.said[-1]
    shown.show(replace(scene, phase=Phase.TOKEN))
    assert bars(shown, 3, "dim") > 0


def test_coverage_adds_up_to_the_playhead(qtbot: QtBot) -> None:
    scene = toy_scene(steps=5, source=7, heads=2)
    shown = made(qtbot, scene)
    for t in (0, 1, 3, 5):
        shown.show(scene.at(t, Phase.TOKEN))
        assert shown.panel._figures.covered(shown.panel.scene).sum() == pytest.approx(t, abs=1e-5)
    shown.show(scene.at(3, Phase.WINDOW))
    assert shown.panel._figures.covered(shown.panel.scene).sum() == pytest.approx(2, abs=1e-5)


def test_coverage_is_a_bar_a_position_and_is_said(qtbot: QtBot) -> None:
    scene = toy_scene(steps=3, source=5)
    shown = made(qtbot, scene)
    box, covered = shown.panel.covered_box(), shown.panel._figures.covered(shown.panel.scene)
    assert box.width() == 5 * 24
    seen = shown.seen(shown.panel.theme.hue("source"), 1)
    heights = [int(seen[:, round(box.left()) + 24 * j + 10].sum()) for j in range(5)]
    most = max(1.0, covered.max())
    assert heights == pytest.approx((covered / most * box.height()).tolist(), abs=2)
    shown.move(box.left() + 24 * 3 + 10, box.center().y())
    assert shown.asked[-1] == Hover(source=frozenset({3}))
    assert shown.said[-1].endswith(f"Σ α = {covered[3]:.3f}")


def test_a_lit_position_is_marked_in_coverage_and_cells(qtbot: QtBot) -> None:
    scene = toy_scene(steps=2, source=5)
    shown = made(qtbot, scene)
    before = shown.pixels()
    shown.show(scene, Light(source=frozenset({2})))
    changed = (shown.pixels() != before).any(axis=2)
    box = shown.panel.covered_box()
    column = round(box.left()) + 2 * 24
    assert changed[round(box.top()) :, column : column + 24].any()
    assert not changed[round(box.top()) :, column + 25 :].any()
    below = shown.seen(shown.panel.theme.hue("source"), 1)[: round(box.top()), cell(shown, 1)]
    _, x = np.nonzero(below)
    assert x.mean() == pytest.approx(8 + 108 / 2, abs=3)


def test_strips_show_alpha_in_its_colours(qtbot: QtBot) -> None:
    scene = toy_scene(steps=2, source=4)
    shown = made(qtbot, scene)
    places = strip_places(shown)
    assert places.strip.height() > 10
    step = scene.steps[0]
    assert step.cross is not None
    pixels, left = shown.pixels(), round(shown.panel.cells().x(1))
    lut = shown.panel.theme.alpha_lut()
    for j, alpha in enumerate(step.cross.alpha[0, 0].tolist()):
        x = left + places.strip.left() + round((j + 0.5) * places.strip.width() / 4)
        assert pixels[places.strip.center().y(), x] == pytest.approx(lut[round(alpha * 255)], abs=1)


def test_no_peak_is_lost_where_positions_are_more_than_pixels(qtbot: QtBot) -> None:
    scene = toy_scene(steps=1, source=300)
    step = scene.steps[0]
    assert step.cross is not None
    alpha = np.zeros((1, 1, 300), dtype=np.float32)
    alpha[0, 0, 151] = 1
    step = replace(step, attention={"cross": replace(step.cross, alpha=alpha)})
    shown = made(qtbot, replace(scene, steps=(step,)))
    places = strip_places(shown)
    row = shown.pixels()[places.strip.center().y(), cell(shown, 1)]
    assert (row[20:100] == 255).all(axis=1).any()


def test_the_step_at_the_playhead_is_framed(qtbot: QtBot) -> None:
    scene = toy_scene(steps=6)
    shown = made(qtbot, scene)
    accent = shown.panel.theme.colour("accent")
    for t in (2, 6):
        shown.show(scene.at(t, Phase.TOKEN))
        _, x = np.nonzero(shown.seen(accent, 2))
        assert cell(shown, t).start - 1 <= x.min()
        assert x.max() <= cell(shown, t).stop + 1
    shown.show(scene.at(0, Phase.TOKEN))
    _, x = np.nonzero(shown.seen(accent, 2))
    assert x.max() < shown.panel.cells().left


def test_a_press_goes_there_and_dragging_goes_on(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(steps=8, t=1))
    shown.press(middle(shown, 3), CELLS)
    assert steps_asked(shown) == [3]
    for t in (3.2, 4, 5):
        shown.move(middle(shown, 1) + (t - 1) * shown.panel.cells().pitch, CELLS + 60)
    assert steps_asked(shown) == [3, 4, 5]
    shown.move(SIZE[0] - 1, CELLS)
    shown.move(1, CELLS)
    assert steps_asked(shown) == [3, 4, 5, 8, 0]
    shown.release(1, CELLS)
    shown.move(middle(shown, 6), CELLS)
    assert steps_asked(shown) == [3, 4, 5, 8, 0]
    assert shown.asked[-1] == Hover(target=frozenset({6}))


def test_the_first_cell_goes_before_the_first_step(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(steps=300, source=4), (500, 120))
    assert shown.panel.cells().offset > 0
    shown.click(20, CELLS)
    assert steps_asked(shown) == [0]


def test_cells_stand_still_under_a_pointer_that_is_down(qtbot: QtBot) -> None:
    scene = toy_scene(steps=300, source=4, t=150)
    shown = made(qtbot, scene, (500, 120))
    shown.panel.wanted.connect(
        lambda intent: (
            shown.panel.set_scene(shown.panel.scene.at(intent.t, Phase.TOKEN))
            if isinstance(intent, GoTo)
            else None
        )
    )
    offset, x = shown.panel.cells().offset, middle(shown, 195)
    shown.press(x, CELLS)
    assert shown.panel.scene.t == 195
    assert shown.panel.cells().offset == offset
    shown.release(x, CELLS)
    assert shown.panel.cells().offset > offset


def test_the_wheel_goes_a_step_on_or_back(qtbot: QtBot) -> None:
    scene = toy_scene(steps=5, t=3)
    shown = made(qtbot, scene)
    shown.turn_wheel(300, CELLS, -120)
    shown.turn_wheel(300, CELLS, 120)
    assert steps_asked(shown) == [4, 2]
    for _ in range(4):
        shown.turn_wheel(300, CELLS, -30)
    assert steps_asked(shown) == [4, 2, 4]
    shown.show(scene.at(5, Phase.TOKEN))
    shown.turn_wheel(300, CELLS, -120)
    assert steps_asked(shown) == [4, 2, 4], "there is no step after the last"


def test_hovering_says_the_numbers_of_a_step(qtbot: QtBot) -> None:
    scene = toy_scene(steps=4)
    shown = made(qtbot, scene)
    shown.move(middle(shown, 2), CELLS)
    step = scene.steps[1]
    said = shown.said[-1]
    assert f"t 2 “{scene.tokens[1]}”" in said
    assert f"−log p {-step.log_prob:.2f}" in said
    assert f"p {math.exp(step.log_prob):.3f}" in said
    assert f"of at most {math.log(6):.2f} nats" in said
    shown.show(scene, Light(target=frozenset({2})))
    shown.move(SIZE[0] - 2, CELLS)
    assert shown.asked[-1] == Hover()
    assert shown.said[-1] == ""


def test_many_steps_are_columns_all_in_view(qtbot: QtBot) -> None:
    scene = toy_scene(steps=200, source=4, t=80)
    shown = made(qtbot, scene)
    cells = shown.panel.cells()
    assert not cells.cards
    assert (cells.first, cells.last) == (1, 200)
    assert "↑ entropy of α" in shown.panel.caption()
    assert shown.seen(shown.panel.theme.hue("soft"), 1)[:, cell(shown, 3)].any()
    shown.click(middle(shown, 123), CELLS)
    assert GoTo(123) in shown.asked


def test_columns_name_the_token_at_the_playhead_and_the_one_pointed_at(qtbot: QtBot) -> None:
    scene = toy_scene(steps=200, source=4, t=80)
    shown = made(qtbot, scene)
    ink = shown.panel.theme.ink("target")

    def named(t: int) -> bool:
        x = round(middle(shown, t))
        return bool(shown.seen(ink, 40)[4:22, x - 25 : x + 25].any())

    assert named(80)
    assert not named(150)
    shown.show(scene, Light(target=frozenset({150})))
    assert named(80)
    assert named(150)


def test_steps_out_of_view_are_counted(qtbot: QtBot) -> None:
    scene = toy_scene(steps=300, source=4, t=150)
    shown = made(qtbot, scene, (500, 120))
    dim = shown.panel.theme.colour("dim")
    cells = shown.panel.cells()
    assert 1 < cells.first < 150 < cells.last < 300
    header = shown.seen(dim, 30)[4:20]
    assert header[:, round(cells.left) : round(cells.left) + 50].any()
    assert header[:, -50:].any()


def test_a_branch_leaves_a_mark_where_it_parts(qtbot: QtBot) -> None:
    scene = toy_scene(steps=6, branches=2)
    assert sorted(branch.parted for branch in scene.branches) == [1, 4]
    shown = made(qtbot, scene)
    assert "◇ branch" in shown.panel.caption()
    with_mark = shown.pixels()
    shown.show(replace(scene, branches=scene.branches[:1]))
    assert "◇" not in shown.panel.caption()
    _, x = np.nonzero((shown.pixels() != with_mark).any(axis=2))
    assert cell(shown, 4).start < x.min()
    assert x.max() < cell(shown, 4).stop


@pytest.mark.parametrize("size", [(1200, 120), (700, 160), (520, 160)])
def test_the_mark_of_a_branch_is_inside_its_cell_and_below_its_bars(
    size: tuple[int, int], qtbot: QtBot
) -> None:
    scene = toy_scene(steps=10, branches=2, t=1, mode=hard())
    shown = made(qtbot, scene, size)
    with_mark = shown.pixels()
    shown.show(replace(scene, branches=scene.branches[:1]))
    y, x = np.nonzero((shown.pixels() != with_mark).any(axis=2))
    cells = shown.panel.cells()
    width = cells.pitch - (shown.panel.theme.px(6) if cells.cards else 0)
    assert cells.x(6) < x.min()
    assert x.max() < cells.x(6) + width
    area = shown.panel._areas(cells).cells
    assert y.max() < area.bottom() - 2
    if cells.cards:
        places = card_places(shown.panel.theme, width, area.top(), area.height())
        assert y.min() > places.strip.bottom()


@pytest.mark.parametrize(("width", "steps"), [(1200, 9), (900, 12), (620, 10)])
def test_the_number_of_a_step_is_shown_however_long_its_token(
    width: int, steps: int, qtbot: QtBot
) -> None:
    scene = toy_scene(steps=steps)
    token = "▁electroencephalography"
    long = replace(scene, steps=tuple(replace(step, token=token) for step in scene.steps))
    shown = made(qtbot, long, (width, 120))
    cells = shown.panel.cells()
    assert cells.cards
    area = shown.panel._areas(cells).cells
    places = card_places(shown.panel.theme, cells.pitch - 6, area.top(), area.height())
    dim = shown.seen(shown.panel.theme.colour("dim"), 60)
    ink = shown.seen(shown.panel.theme.ink("target"), 40)
    top, bottom = round(places.header.top()), round(places.header.bottom())
    for t in range(1, steps + 1):
        right = round(cells.x(t) + places.header.right())
        assert dim[top:bottom, right - 8 : right].any()
        assert not ink[top:bottom, right - 5 : right].any()
        assert ink[top:bottom, round(cells.x(t)) : right - 8].any()


def test_steps_to_come_are_outlined_while_there_are_few(qtbot: QtBot) -> None:
    scene = toy_scene(steps=6, t=3)
    scene = replace(scene, steps=scene.steps[:3])
    shown = made(qtbot, scene)
    right = round(shown.panel.cells().x(4))
    faint = shown.panel.theme.colour("faint")
    assert shown.seen(faint, 4)[:90, right:].any()
    shown.show(toy_scene(steps=3))
    assert not shown.seen(faint, 4)[:90, right:].any()


def test_numbers_that_are_none_make_empty_bars(qtbot: QtBot) -> None:
    scene = spoiled(toy_scene(steps=3))
    shown = made(qtbot, scene)
    assert bars(shown, 2, "soft") == 0
    assert shown.panel._figures.covered(shown.panel.scene).tolist() == [0] * 6
    assert all(math.isnan(float(row[2])) for row in shown.panel.table().rows)
    shown.show(spoiled(toy_scene(steps=3), -np.inf, ["log_prob"]))
    assert bars(shown, 2, "dim") == pytest.approx(108, abs=2), "as surprising as can be"


@pytest.mark.parametrize("size", [(1200, 120), (260, 180), (120, 70), (900, 600)])
def test_cells_and_coverage_stay_inside(size: tuple[int, int], qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(steps=30, source=40, t=12), size)
    inside = QRectF(shown.panel.rect())
    assert inside.contains(shown.panel.covered_box())
    cells = shown.panel.cells()
    assert cells.first <= 12 <= cells.last
    assert cells.right <= size[0]


def test_without_a_run_there_is_a_hint_and_nothing_to_ask(qtbot: QtBot) -> None:
    shown = made(qtbot, Scene())
    shown.click(300, CELLS)
    shown.turn_wheel(300, CELLS, -120)
    assert shown.asked == []
    assert shown.panel.caption() == ""
    assert shown.panel.table().rows == ()
    assert shown.seen(shown.panel.theme.colour("dim"), 40).any()

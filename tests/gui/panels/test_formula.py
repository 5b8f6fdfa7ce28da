"""Step by step: the arithmetic of each phase, what it asks the model, pointer and keys."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from attn_desktop.attention.scores import SCORES as ENGINE_SCORES
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.gui import formula_attention
from attn_desktop.gui.formula_markup import plain
from attn_desktop.gui.formula_page import Page
from attn_desktop.gui.formula_pages import SYMBOLS, page_of
from attn_desktop.gui.formula_step import chosen_position
from attn_desktop.gui.formula_text import Typesetter
from attn_desktop.gui.intents import AskProbe, Brush, GoTo, Hover, Intent
from attn_desktop.gui.panels.formula import FormulaPanel
from attn_desktop.gui.scene import Light, Phase, Scene
from attn_desktop.gui.theme import theme
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import ProbeRecord
from attn_desktop.trace.run_tree import Choice
from tests.gui.formula_scenes import model_scene
from tests.gui.painted import LIGHT, Painted
from tests.gui.pointer import settle
from tests.toy_records import FIXED
from tests.toy_scenes import hard, toy_scene

SIZE = (520, 380)
#: Float32 steps of random weights.
NEAR = 1e-3


def made(qtbot: QtBot, scene: Scene, size: tuple[int, int] = SIZE) -> Painted[FormulaPanel]:
    return Painted(qtbot, FormulaPanel, scene, size)


def page(scene: Scene, position: int = 4, dimension: int | None = None) -> Page:
    found = page_of(scene, position, dimension)
    assert found is not None
    return found


def lines(found: Page) -> str:
    """All that is written beside the rows."""
    return "\n".join(plain(text).replace("¦", "") for text in (found.formula, *found.live))


def column(found: Page, name: str) -> list[Any]:
    table = found.table()
    place = table.columns.index(name)
    return [row[place] for row in table.rows]


def numbers(found: Page, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array(column(found, name), dtype=np.float64)


def asked_probes(shown: Painted[FormulaPanel]) -> list[Intent]:
    return [intent for intent in shown.asked if isinstance(intent, AskProbe)]


def of_step(scene: Scene) -> Any:
    assert scene.step is not None
    return scene.step


# -- energies, window, α ----------------------------------------------------------------------


@pytest.mark.parametrize("score", list(ENGINE_SCORES))
def test_the_terms_of_an_energy_sum_to_it(score: str) -> None:
    scene = model_scene(Mode(score), Phase.ENERGIES)
    found = page(scene)
    energy = float(of_step(scene).cross.energies[0, 0, 4])
    terms = numbers(found, "product")
    assert terms.sum() == pytest.approx(energy, rel=NEAR)
    assert np.abs(terms).tolist() == sorted(np.abs(terms).tolist(), reverse=True)
    left, right = (name for name in found.table().columns if name.endswith("_i"))
    assert numbers(found, left) * numbers(found, right) == pytest.approx(terms)
    (check,) = found.checks
    assert check.holds
    assert f"e_{of_step(scene).t},5" in plain(check.text)
    assert not found.needs


def test_the_window_has_a_formula_of_its_own_for_every_score_of_the_engine() -> None:
    assert set(formula_attention.SCORES) == set(ENGINE_SCORES)


def test_a_score_that_it_does_not_know_is_written_as_the_model_has_it() -> None:
    scene = model_scene(Mode("dot"), Phase.ENERGIES)
    step = of_step(scene)
    (probe,) = scene.probes[step.node]
    probe = replace(probe, settings={**probe.settings, "score_formula": "e_tj = sᵀ A h_j"})
    other = replace(step, mode=replace(step.mode, score="bilinear"))
    scene = replace(scene, steps=(*scene.steps[:-1], other), probes={step.node: (probe,)})
    assert plain(page(scene).formula) == "e_tj = s^⊤ A h_j"


def test_energies_alone_are_shown_until_the_model_has_answered() -> None:
    scene = model_scene(phase=Phase.ENERGIES, position=None)
    found = page(scene)
    assert found.needs
    assert "asking the model" in plain(found.missing)
    energies = of_step(scene).cross.energies[0, 0].astype(float)
    assert column(found, "e_tj") == sorted(energies.tolist(), reverse=True)
    assert not page(model_scene(phase=Phase.ENERGIES, position=2), position=2).needs
    assert page(model_scene(phase=Phase.ENERGIES, position=2), position=3).needs


def test_a_malformed_probe_is_as_good_as_none() -> None:
    scene = model_scene(Mode("additive", "local-p"), Phase.ENERGIES)
    node = of_step(scene).node
    for arrays in (
        {"left": np.zeros(3), "right": np.zeros(4)},
        {"left": np.zeros((2, 2)), "right": np.zeros((2, 2))},
        {"left": np.array(["a"]), "right": np.array(["b"])},
        {},
    ):
        for settings in ({"position": 4, "factors": 3, "choice": "x"}, {"position": "4"}, {}):
            probe = ProbeRecord(node, "arithmetic", settings, arrays)
            broken = replace(scene, probes={node: (probe,)})
            for phase in Phase:
                page(replace(broken, phase=phase))
            assert page(broken).needs


@pytest.mark.parametrize("scope", ["global", "local-m", "local-p"])
def test_the_window_says_what_is_in_and_what_the_softmax_is_taken_of(scope: str) -> None:
    scene = model_scene(Mode("general", scope), Phase.WINDOW)
    found, cross = page(scene), of_step(scene).cross
    inside = (cross.mask & cross.window)[0, 0]
    assert column(found, "scope") == ["in" if value else "out" for value in inside]
    name = "e_j + log g_j" if scope == "local-p" else "e_j"
    passed = numbers(found, name)
    assert np.isneginf(passed[~inside]).all()
    weights = np.exp(passed - passed.max())
    assert weights / weights.sum() == pytest.approx(cross.alpha[0, 0], abs=NEAR)
    assert plain(found.checks[0].text).startswith(f"{inside.sum()} of {len(inside)} positions")
    assert f"→   {'in' if inside[4] else 'out'}" in lines(found)
    if scope != "global":
        distances = np.abs(np.arange(1, len(inside) + 1) - cross.center[0, 0])
        assert numbers(found, "|j − p_t|") == pytest.approx(distances)


def test_a_predicted_centre_is_written_out() -> None:
    scene = model_scene(Mode("general", "local-p"), Phase.WINDOW)
    cross, size = of_step(scene).cross, len(scene.source)
    (probe,) = scene.probes[of_step(scene).node]
    share = float(probe.arrays["center_share"][0])
    centre = f"{cross.center[0, 0]:.2f}".rstrip("0").rstrip(".")
    assert f"{size} · {share:.3f} = {centre}" in lines(page(scene))
    gaussian = math.exp(-(((5 - float(cross.center[0, 0])) / 1.5) ** 2) / 2)
    assert numbers(page(scene), "g_j")[4] == pytest.approx(gaussian)
    unknown = page(replace(scene, probes={}))
    assert unknown.needs
    assert "sigmoid" not in lines(unknown).split("\n")[1]


@pytest.mark.parametrize("scope", ["global", "local-p"])
def test_over_a_picture_every_sum_ends_in_what_is_recorded(scope: str) -> None:
    for phase in Phase:
        scene = model_scene(Mode("general", scope), phase, picture=True)
        found = page(scene)
        assert not found.needs
        assert all(check.holds is not False for check in found.checks), phase
    scene = model_scene(Mode("general", scope), Phase.WINDOW, picture=True)
    found, cross = page(scene), of_step(scene).cross
    inside = cross.window[0, 0]
    name = "e_j + log g_j" if scope == "local-p" else "e_j"
    passed = numbers(found, name)
    weights = np.exp(passed - passed.max())
    assert weights / weights.sum() == pytest.approx(cross.alpha[0, 0], abs=NEAR)
    assert np.isneginf(passed).tolist() == (~inside).tolist()


def test_a_predicted_centre_of_a_picture_is_a_row_and_a_column() -> None:
    scene = model_scene(Mode("general", "local-p"), Phase.WINDOW, picture=True)
    cross = of_step(scene).cross
    (probe,) = scene.probes[of_step(scene).node]
    row, column_ = cross.center[0, 0].tolist()
    rows = np.abs(np.arange(16) // 4 + 1 - row)
    columns = np.abs(np.arange(16) % 4 + 1 - column_)
    found = page(scene)
    assert numbers(found, "|r_j − p_t1|") == pytest.approx(rows)
    assert numbers(found, "|c_j − p_t2|") == pytest.approx(columns)
    gaussian = np.exp(-2 * (rows**2 + columns**2))  # D = 1, so σ = 1/2
    assert numbers(found, "g_j") == pytest.approx(gaussian)
    for share in probe.arrays["center_share"].tolist():
        assert f"= 4 · {share:.3f} = " in lines(found)
    unknown = page(replace(scene, probes={}))
    assert unknown.needs
    assert "sigmoid" not in lines(unknown).split("\n")[1]


def test_what_the_gate_lets_in_is_said_where_the_cell_is_worked_out() -> None:
    scene = model_scene(phase=Phase.STATE, picture=True)
    beta = float(of_step(scene).active.gates["beta"][0])
    assert f"β_3 c_3 ],   s = s_2,   β_3 = {beta:.3f}" in lines(page(scene))


def test_without_attention_the_context_is_what_the_model_says() -> None:
    for phase in (Phase.ENERGIES, Phase.WINDOW, Phase.ALPHA, Phase.CONTEXT):
        scene = model_scene(FIXED, phase, picture=True)
        assert plain(page(scene).formula) == "c_t = W [h̄_1; …; h̄_16] + b"
        assert plain(page(model_scene(FIXED, phase)).formula) == "c_t = [→h_S; ←h_1]"


def test_energies_are_those_of_what_the_model_asks_with() -> None:
    """A captioner of toys asks with the word before too, a translator with the state alone."""
    found = page(model_scene(phase=Phase.ENERGIES, picture=True))
    assert plain(found.formula) == "e_tj = v^⊤ tanh( W [ q_t ; h_j ] )"
    assert plain(found.live[0]) == "q_t = s_t−1 + W_q y_t−1"
    found = page(model_scene(phase=Phase.ENERGIES))
    assert plain(found.formula) == "e_tj = v^⊤ tanh( W [ s_t−1 ; h_j ] )"
    assert "q_t" not in "".join(map(plain, found.live))


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("formula", ["c_t = {", "c_", "c__t\\", "^", "\\frac{a"])
def test_whatever_a_file_says_of_the_context_can_be_shown(formula: str) -> None:
    scene = model_scene(FIXED, Phase.CONTEXT)
    assert scene.run is not None
    model = replace(scene.run.model, fixed_formula=formula)
    found = page(replace(scene, run=replace(scene.run, model=model)))
    Typesetter(theme(dark=False)).extent(found.formula)


def test_a_glimpse_reads_no_answer() -> None:
    scene = model_scene(phase=Phase.STATE)
    assert scene.run is not None
    model = replace(scene.run.model, takes=("picture", "question"))
    glimpse = replace(scene, run=replace(scene.run, model=model))
    assert "x_t = [ “" in lines(page(scene))
    assert "x_t = c_3,   s = s_2" in lines(page(glimpse))
    for shown, reads in ((scene, True), (glimpse, False)):
        first = page(replace(shown, t=0))
        assert ("y_t−1" in plain(first.formula)) == reads
        assert ("y_t−1" in "".join(map(plain, column(first, "formula")))) == reads


@pytest.mark.parametrize("scope", ["global", "local-m", "local-p"])
def test_alpha_is_a_share_of_all(scope: str) -> None:
    scene = model_scene(Mode("additive", scope, HARD), Phase.ALPHA)
    found, cross = page(scene), of_step(scene).cross
    alpha = cross.alpha[0, 0].astype(float)
    assert column(found, "α") == sorted(alpha.tolist(), reverse=True)
    weights = numbers(found, "exp(e_j − max) g_j" if scope == "local-p" else "exp(e_j − max)")
    assert weights.max() == pytest.approx(1.0)
    assert weights / weights.sum() == pytest.approx(numbers(found, "α"), abs=NEAR)
    assert "≠" not in lines(found)


def test_alpha_outside_the_window_is_0() -> None:
    scene = model_scene(Mode("additive", "local-m"), Phase.ALPHA)
    last = len(scene.source) - 1
    assert f"α_{scene.t},{last + 1} = 0   since" in lines(page(scene, last))


def test_every_edit_of_alpha_is_a_line_with_its_raw_numbers() -> None:
    edits = (Edit("alpha", "power", values=(2.0,)), Edit("alpha", "mask", (0, 1)))
    scene = model_scene(Mode("dot"), Phase.ALPHA, edits=edits)
    found, cross = page(scene), of_step(scene).cross
    computed = cross.unedited[0, 0].astype(float)
    powered = (computed / computed.max()) ** 2
    share = powered / powered.sum()
    masked = np.where(np.arange(len(share)) < 2, 0, share)
    _, first, second, third = lines(found).split("\n")
    assert f"{computed[4]:.3f}" in first or "<0.001" in first
    assert first.startswith(f"α_{scene.t},5 = exp(")
    assert second.startswith("α²:")
    assert third.startswith("α: not")
    order = np.argsort(-cross.alpha[0, 0], kind="stable")
    assert numbers(found, "raw") == pytest.approx(masked[order], abs=NEAR)
    assert numbers(found, "α") == pytest.approx((masked / masked.sum())[order], abs=NEAR)
    assert numbers(found, "α computed") == pytest.approx(computed[order])


# -- context and state ------------------------------------------------------------------------


def test_the_soft_context_is_the_sum_of_what_each_position_adds() -> None:
    scene = model_scene(Mode("general"), Phase.CONTEXT)
    context = of_step(scene).active.context
    d = int(np.argmax(np.abs(context)))
    found = page(scene)
    assert found.dimension == d
    terms = numbers(found, "product")
    assert terms.sum() == pytest.approx(float(context[d]), rel=NEAR)
    assert numbers(found, "α_j") * numbers(found, f"h_j[{d + 1}]") == pytest.approx(terms)
    assert found.checks[0].holds
    other = page(scene, dimension=1)
    assert other.dimension == 1
    assert numbers(other, "product").sum() == pytest.approx(float(context[1]), abs=NEAR)


def test_the_hard_context_is_the_annotation_that_u_picks() -> None:
    scene = model_scene(Mode("general", "global", HARD), Phase.CONTEXT)
    found, cross = page(scene), of_step(scene).cross
    k, u = int(cross.sampled[0, 0]), float(cross.draw[0, 0])
    sums = numbers(found, "Σ_i ≤ j α_i")
    assert sums == pytest.approx(np.cumsum(cross.alpha[0, 0]))
    assert (sums[k - 1] if k else 0) <= u * sums[-1] < sums[k] + 1e-6
    assert f"k = {k + 1}" in lines(found)
    assert f"u = {u:.4f}" in lines(found)
    assert found.block is not None
    assert (set(found.block.marked), found.block.around, found.block.mark) == ({k}, k, "hard")
    assert found.checks[0].holds
    picked = model_scene(
        Mode("general", "global", HARD), Phase.CONTEXT, edits=(Edit("position", "pick", (2,)),)
    )
    assert "picked by hand" in lines(page(picked))
    assert page(picked).checks[0].holds


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("t", [1, 3])
def test_the_state_is_what_its_gates_make_of_it(cell: str, t: int) -> None:
    scene = model_scene(phase=Phase.STATE, cell=cell, t=t)
    state = of_step(scene).active.state
    for d in range(len(state)):
        found = page(scene, dimension=d)
        assert found.checks
        assert all(check.holds for check in found.checks), d
        values = dict(zip(column(found, "what"), numbers(found, "value"), strict=True))
        if cell == "gru":
            total = values["(1 − z) · n"] + values[f"z · s_{t - 1}"]
            assert total == pytest.approx(float(state[d]), abs=NEAR)
        else:
            held = values[f"f · m_{t - 1}"] + values["i · g"]
            assert values["o"] * math.tanh(held) == pytest.approx(float(state[d]), abs=NEAR)
            assert (held == values["i · g"]) == (t == 1), "the cell begins with 0"


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_what_edits_do_to_vectors_is_told_and_checked(cell: str) -> None:
    edits = (
        Edit("context", "add", (0, 3), (0.5, -2.0)),
        Edit("context", "add", (), (0.25,)),
        Edit("state", "replace", (), tuple(float(n) for n in range(10))),
        Edit("state", "zero", (2,)),
    )
    scene = model_scene(cell=cell, edits=edits)
    for d in range(10):
        context = page(replace(scene, phase=Phase.CONTEXT), dimension=d)
        state = page(replace(scene, phase=Phase.STATE), dimension=d)
        assert all(check.holds for check in (*context.checks, *state.checks)), d
        assert lines(context).count("edited") == 1 + (d in (0, 3))
        assert lines(state).count("edited") == 1 + (d == 2)


def test_a_sum_that_is_not_what_was_recorded_says_so() -> None:
    scene = model_scene(phase=Phase.CONTEXT)
    step = of_step(scene)
    wrong = replace(step.active, context=step.active.context + 1)
    readings = {**step.readings, step.mode.weighting: wrong}
    scene = replace(scene, steps=(*scene.steps[:-1], replace(step, readings=readings)))
    (check,) = page(scene).checks
    assert check.holds is False
    assert "≠" in check.text


# -- output -----------------------------------------------------------------------------------


def test_log_p_is_a_logit_against_all_others() -> None:
    scene = model_scene(phase=Phase.LOGITS)
    found, reading = page(scene), of_step(scene).active
    (probe,) = scene.probes[of_step(scene).node]
    total = float(probe.arrays["log_sum_exp"][0])
    assert numbers(found, "ℓ") - total == pytest.approx(reading.top_log_probs, abs=NEAR)
    assert numbers(found, "p") == pytest.approx(np.exp(reading.top_log_probs))
    assert found.block is not None
    assert not found.block.marked, "the token is not taken yet"
    shown, hidden = found.block.shown(4)
    others = 1 - np.exp(reading.top_log_probs[: len(shown)]).sum()
    assert found.block.rest(hidden) == f"… all other tokens: p = {others:.3f}"
    unknown = page(replace(scene, probes={}))
    assert unknown.needs
    assert "ℓ" not in unknown.table().columns
    assert column(unknown, "log p") == column(found, "log p")


def test_a_greedy_token_is_the_likeliest() -> None:
    found = page(model_scene())
    assert not found.needs
    assert "argmax" in plain(found.formula)
    assert found.block is not None
    assert found.block.marked == {0}


def test_a_drawn_token_lies_where_u_falls() -> None:
    choice = Choice("sampled", temperature=1.5, top_k=12, seed=3)
    scene = model_scene(choice=choice)
    found, step = page(scene), of_step(scene)
    (probe,) = scene.probes[step.node]
    low, high = probe.arrays["chosen_range"]
    text = lines(found)
    assert f"u = {float(probe.arrays['draw'][0]):.4f} in [{low:.4f}, {high:.4f})" in text
    assert "p(y)^1/1.5" in text
    assert "top-12" in text
    row = step.active.top_ids.tolist().index(step.token_id)
    assert numbers(found, "running Σ")[row] == pytest.approx(high, abs=NEAR)
    assert found.block is not None
    assert found.block.marked == {row}
    unknown = page(replace(scene, probes={}))
    assert unknown.needs
    assert "share" not in unknown.table().columns


def test_a_token_by_hand_is_listed_however_unlikely() -> None:
    likely = model_scene()
    ids = set(of_step(likely).active.top_ids.tolist())
    unlikely = next(token for token in range(5, 340) if token not in ids)
    scene = model_scene(forced=unlikely)
    found = page(scene)
    assert "not among the 20 likeliest" in lines(found)
    assert found.block is not None
    (row,) = found.block.marked
    assert numbers(found, "log p")[row] == pytest.approx(of_step(scene).log_prob)
    shown, _ = found.block.shown(4)
    assert row in shown


# -- phases -----------------------------------------------------------------------------------


def test_a_later_phase_is_not_told_of(qtbot: QtBot) -> None:
    scene = model_scene(phase=Phase.ENERGIES)
    shown = made(qtbot, scene)
    assert "α" not in shown.panel.table().columns
    assert shown.panel.heading() == f"Step {scene.t}: energies"
    shown.show(replace(scene, phase=Phase.ALPHA))
    assert "α" in shown.panel.table().columns
    shown.show(scene)
    assert "α" not in shown.panel.table().columns


@pytest.mark.parametrize("phase", [Phase.ENERGIES, Phase.WINDOW, Phase.ALPHA])
def test_without_attention_phases_are_passed_over(phase: Phase) -> None:
    scene = model_scene(Mode("none"), phase)
    found = page(scene)
    assert "Without attention" in lines(found)
    assert not found.needs
    assert not found.table().rows
    fixed = page(replace(scene, phase=Phase.CONTEXT))
    assert fixed.checks[0].holds


def test_before_the_first_step_it_says_what_phases_are(qtbot: QtBot) -> None:
    shown = made(qtbot, toy_scene(t=0))
    assert [row[0] for row in shown.panel.table().rows] == list(SYMBOLS.values())
    text = lines(page(toy_scene(t=0)))
    assert "F11" in text
    assert "Shift+F11" in text
    assert not asked_probes(shown)
    strip = shown.panel.strip()
    assert strip is not None
    shown.click(*_middle(shown, Phase.ALPHA))
    assert not [intent for intent in shown.asked if isinstance(intent, GoTo)]


def test_the_strip_fills_what_is_done_and_lights_what_came_last(qtbot: QtBot) -> None:
    shown = made(qtbot, model_scene(phase=Phase.ALPHA))
    strip = shown.panel.strip()
    assert strip is not None
    now, done = shown.seen(LIGHT.hue("target")), shown.seen(LIGHT.colour("faint"))
    for phase in Phase:
        box = strip.box(phase).toRect().adjusted(2, 3, -2, -3)
        inside = (slice(box.top(), box.bottom()), slice(box.left(), box.right()))
        assert (now[inside].mean() > 0.5) == (phase is Phase.ALPHA), phase
        assert (done[inside].mean() > 0.5) == (phase < Phase.ALPHA), phase


def test_a_click_into_the_strip_goes_to_a_phase(qtbot: QtBot) -> None:
    scene = model_scene(phase=Phase.ALPHA)
    shown = made(qtbot, scene)
    shown.click(*_middle(shown, Phase.ENERGIES))
    shown.click(*_middle(shown, Phase.STATE))
    wanted = [intent for intent in shown.asked if isinstance(intent, GoTo)]
    assert wanted == [GoTo(scene.t, Phase.ENERGIES), GoTo(scene.t, Phase.STATE)]
    shown.move(*_middle(shown, Phase.ENERGIES))
    assert shown.said[-1] == "energies   click to go there"
    shown.move(*_middle(shown, Phase.STATE))
    assert shown.said[-1] == "state, not computed yet   click to go there"


def _middle(shown: Painted[FormulaPanel], phase: Phase) -> tuple[float, float]:
    strip = shown.panel.strip()
    assert strip is not None
    centre = strip.box(phase).center()
    return centre.x(), centre.y()


def test_what_runs_next_is_named_wherever_there_is_room(qtbot: QtBot) -> None:
    scene = model_scene(phase=Phase.ALPHA)
    for presenter in (False, True):
        look = theme(dark=False, presenter=presenter)
        for width in (380, 520, 900):
            shown = Painted(qtbot, FormulaPanel, scene, (look.px(width), 380), look)
            strip = shown.panel.strip()
            assert strip is not None
            assert strip.box(Phase.TOKEN).right() < shown.panel.width() - look.px(40), width


# -- the chosen position ----------------------------------------------------------------------


def test_j_is_hovered_or_brushed_or_where_alpha_is_largest() -> None:
    scene = toy_scene(t=3)
    assert of_step(scene).cross is not None
    largest = int(of_step(scene).cross.alpha[0, 0].argmax())
    assert chosen_position(scene, Light()) == largest
    brushed = Light(brushed_source=frozenset({4, 2}))
    assert chosen_position(scene, brushed) == 2
    assert chosen_position(scene, replace(brushed, source=frozenset({5}))) == 5
    assert chosen_position(scene, Light(source=frozenset({900}))) == largest
    assert chosen_position(toy_scene(mode=FIXED), Light()) == 0


def test_of_several_heads_one_is_looked_at_and_named() -> None:
    scene = toy_scene(t=3, layers=2, heads=3, phase=Phase.ALPHA)
    found, cross = page(scene), of_step(scene).cross
    assert "layer 2 of 2, head 1 of 3" in plain(found.note)
    assert sorted(column(found, "α")) == pytest.approx(sorted(cross.alpha[1, 0].tolist()))
    assert "≠" not in lines(found)


def test_a_row_lights_its_word_and_a_click_brushes_it(qtbot: QtBot) -> None:
    scene = model_scene(phase=Phase.ALPHA)
    shown = made(qtbot, scene)
    block = shown.panel.layout_of_page().block
    assert block is not None
    row, centre = block.rows[2], block.box(2).center()
    shown.move(centre.x(), centre.y())
    assert shown.asked == [Hover(source=frozenset({row}))]
    assert shown.said[-1].startswith(f"source {scene.source.labels[row]}")
    shown.click(centre.x(), centre.y())
    shown.show(scene, Light(brushed_source=frozenset({row})))
    shown.click(centre.x(), centre.y())
    brushed = [intent for intent in shown.asked if isinstance(intent, Brush)]
    assert brushed == [Brush(frozenset({row})), Brush()]


def test_pointing_at_a_row_does_not_move_the_rows(qtbot: QtBot) -> None:
    scene = toy_scene(source=60, t=3, phase=Phase.WINDOW)
    shown = made(qtbot, scene)
    block = shown.panel.layout_of_page().block
    assert block is not None
    rows = block.rows
    shown.move(block.box(1).center().x(), block.box(1).center().y())
    shown.show(scene, Light(source=frozenset({rows[1]})))
    block = shown.panel.layout_of_page().block
    assert block is not None
    assert block.rows == rows
    QTest.mouseMove(shown.panel, QPoint(3, 3))
    settle()


# -- asking the model -------------------------------------------------------------------------


def test_the_model_is_asked_once_for_each_place(qtbot: QtBot) -> None:
    scene = model_scene(phase=Phase.ENERGIES, position=None)
    largest = chosen_position(scene, Light())
    shown = made(qtbot, scene)
    shown.asked.clear()
    shown.show(replace(scene, words=True))
    shown.show(scene, Light(brushed_source=frozenset({6})))
    shown.show(replace(scene), Light(brushed_source=frozenset({6})))
    assert asked_probes(shown) == [AskProbe("arithmetic", scene.t, {"position": 6})]
    shown.show(scene)
    assert asked_probes(shown)[1:] == [AskProbe("arithmetic", scene.t, {"position": largest})]


def test_it_is_asked_when_it_is_shown_and_only_for_what_is_missing(qtbot: QtBot) -> None:
    panel = FormulaPanel(LIGHT)
    qtbot.addWidget(panel)
    asked: list[Intent] = []
    panel.wanted.connect(asked.append)
    scene = model_scene(phase=Phase.ENERGIES, position=None)
    panel.set_scene(scene)
    panel.table()
    settle()
    assert not asked
    panel.show()
    settle()
    assert [type(intent) for intent in asked] == [AskProbe]
    asked.clear()
    for phase in (Phase.WINDOW, Phase.ALPHA, Phase.CONTEXT, Phase.STATE, Phase.TOKEN):
        panel.set_scene(replace(scene, phase=phase))
        settle()
    assert not asked
    panel.set_scene(model_scene(phase=Phase.LOGITS, position=0))
    settle()
    assert not asked, "logits are the same for every position"


def test_it_asks_beside_a_probe_that_is_under_way_and_only_once(qtbot: QtBot) -> None:
    scene = model_scene(phase=Phase.LOGITS, position=None)
    shown = made(qtbot, replace(scene, t=0))
    shown.show(replace(scene, probing="beam"))
    assert len(asked_probes(shown)) == 1
    shown.show(scene)
    assert len(asked_probes(shown)) == 1


# -- dimensions -------------------------------------------------------------------------------


def shown_dimension(shown: Painted[FormulaPanel]) -> int:
    (name,) = (name for name in shown.panel.table().columns if name.startswith("h_j["))
    return int(name.removeprefix("h_j[").removesuffix("]")) - 1


def test_wheel_and_keys_go_through_the_dimensions(qtbot: QtBot) -> None:
    scene = model_scene(phase=Phase.CONTEXT)
    context = of_step(scene).active.context
    largest, count = int(np.argmax(np.abs(context))), len(context)
    shown = made(qtbot, scene)
    assert shown_dimension(shown) == largest
    shown.turn_wheel(200, 200, 120)
    assert shown_dimension(shown) == (largest + 1) % count
    shown.turn_wheel(200, 200, -60)
    assert shown_dimension(shown) == (largest + 1) % count, "half a notch is none"
    shown.turn_wheel(200, 200, -60)
    assert shown_dimension(shown) == largest
    shown.panel.setFocus()
    QTest.keyClick(shown.panel, Qt.Key.Key_Down)
    assert shown_dimension(shown) == (largest - 1) % count
    QTest.keyClick(shown.panel, Qt.Key.Key_Up)
    QTest.keyClick(shown.panel, Qt.Key.Key_Up)
    assert shown_dimension(shown) == (largest + 1) % count
    chosen = shown_dimension(shown)
    shown.show(scene.at(2, Phase.CONTEXT))
    assert shown_dimension(shown) == chosen, "what was chosen stays from step to step"
    QTest.keyClick(shown.panel, Qt.Key.Key_Escape)
    before = np.abs(scene.steps[1].active.context)
    assert shown_dimension(shown) == int(np.argmax(before))


def test_where_no_dimension_is_shown_wheel_and_keys_do_nothing(qtbot: QtBot) -> None:
    shown = made(qtbot, model_scene(phase=Phase.ALPHA))
    before = shown.panel.table()
    shown.turn_wheel(200, 200, 120)
    shown.panel.setFocus()
    QTest.keyClick(shown.panel, Qt.Key.Key_Up)
    assert shown.panel.table().rows == before.rows


# -- drawing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(380, 300), (900, 500), (260, 180)])
@pytest.mark.parametrize("presenter", [False, True])
def test_everything_stays_inside_and_apart(
    qtbot: QtBot, size: tuple[int, int], presenter: bool
) -> None:
    look = theme(dark=False, presenter=presenter)
    scenes = [
        *(model_scene(phase=phase) for phase in Phase),
        *(model_scene(Mode("dot", "local-p", HARD), phase) for phase in Phase),
        toy_scene(source=300, t=2, mode=hard(), phase=Phase.WINDOW),
    ]
    shown = Painted(qtbot, FormulaPanel, scenes[0], size, look)
    for scene in scenes:
        shown.show(scene)
        page_layout = shown.panel.layout_of_page()
        if (block := page_layout.block) is None:
            continue
        assert block.bottom <= size[1]
        for line in range(len(block.rows)):
            assert block.box(line).bottom() <= block.bottom + 0.5
        assert len(block.rows) + len(block.hidden) == len(block.block.order)


@pytest.mark.parametrize("height", [80, 95, 110, 130, 159, 165])
@pytest.mark.parametrize("presenter", [False, True])
def test_in_a_low_panel_formula_and_numbers_are_whole(
    qtbot: QtBot, height: int, presenter: bool
) -> None:
    look = theme(dark=False, presenter=presenter)
    shown = Painted(qtbot, FormulaPanel, model_scene(), (750, height), look)
    for phase in Phase:
        shown.show(model_scene(phase=phase))
        lines = shown.panel.layout_of_page()._lines
        assert len(lines) >= (1 if presenter and height < 110 else 2), phase
        assert shown.panel.layout_of_page()._band.bottom() <= height, phase


def test_what_is_left_out_is_only_what_has_no_room(qtbot: QtBot) -> None:
    shown = made(qtbot, model_scene(phase=Phase.TOKEN), (750, 110))
    assert len(shown.panel.layout_of_page()._lines) == 1 + len(page(shown.panel.scene).live)


def test_bars_point_to_the_side_of_their_sign(qtbot: QtBot) -> None:
    scene = model_scene(Mode("general"), Phase.CONTEXT)
    shown = made(qtbot, scene, (700, 400))
    block = shown.panel.layout_of_page().block
    assert block is not None
    bars = block.block.bars
    assert bars is not None
    negative, positive = (LIGHT.diverging_lut()[end].tolist() for end in (0, -1))
    seen = shown.pixels()
    for line, row in enumerate(block.rows[:3]):
        y = round(block.box(line).center().y())
        reds = (np.abs(seen[y] - positive) <= 6).all(axis=1).any()
        blues = (np.abs(seen[y] - negative) <= 6).all(axis=1).any()
        assert (reds, blues) == (bars[row] > 0, bars[row] < 0)

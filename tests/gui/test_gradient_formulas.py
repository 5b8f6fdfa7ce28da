"""The formulas above the gradients: their numbers, and what is left of them in little room."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from attn_desktop.analysis.gradients import Gradients, read
from attn_desktop.gui.formula_markup import plain
from attn_desktop.gui.gradient_bars import KINDS
from attn_desktop.gui.gradient_formulas import GradientFormulas, lines, soft_words
from tests.gui.painted import LIGHT, pixels
from tests.toy_gradients import toy_gradients
from tests.toy_records import toy_trace

STEP = toy_trace().steps[2]


def found(**arrays: np.ndarray) -> Gradients:
    record = toy_gradients(STEP)
    made = read(replace(record, arrays={**record.arrays, **arrays}), STEP, 6)
    assert made is not None
    return made


def said(gradients: Gradients | None, position: int = 1) -> dict[str, str]:
    return {
        line.kind: plain(line.markup) for line in lines(gradients, "the", position, "man", 3, 4)
    }


def text(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def test_the_numbers_of_the_step_stand_in_the_formulas() -> None:
    gradients = found()
    words = said(gradients)
    assert f"= {text(gradients.expected)} ≤" in words[""]
    assert f"= {text(gradients.log_marginal)} nats" in words[""]
    assert words[""].endswith("y = the")
    alpha, reward = gradients.alpha[1], gradients.array("log_probs")[1]
    sum_text = f"{text(alpha)} ({text(reward)} + {text(abs(gradients.expected))})"
    assert f"“man”  j = 2:  {sum_text} = {text(gradients.array('exact')[1])}" in words["exact"]
    assert "K = 20" in words["estimate"]
    assert f"b = {text(gradients.array('baseline')[3, 4])} (optimal)" in words["estimate"]


def test_only_what_the_numbers_show_is_said_of_the_soft_path() -> None:
    exact = toy_gradients(STEP).arrays["exact"]
    assert soft_words(found(soft=-2 * exact)) == "cosine −1 with ∇J, norm × 2"
    assert soft_words(found(soft=0 * exact)) == "cosine – with ∇J, norm × 0"
    assert "no gradient" in soft_words(found(exact=0 * exact))


def test_an_edited_alpha_is_told() -> None:
    gradients = found()
    record = gradients.record
    edited = replace(record, settings={**record.settings, "edited": True})
    assert "edited α" in said(Gradients(edited, gradients.alpha))["exact"]
    assert "edited" not in said(gradients)["exact"]


def test_without_a_record_the_formulas_stand_alone() -> None:
    words = said(None)
    assert set(words) == {"", *KINDS}
    assert "α_j (r_j − J)" in words["exact"]


@pytest.mark.parametrize("width", [60, 250, 420, 700, 1600])
@pytest.mark.parametrize("most", [10.0, 30.0, 90.0, 300.0])
def test_it_takes_no_more_room_than_it_may(qtbot: QtBot, width: int, most: float) -> None:
    formulas = GradientFormulas(LIGHT)
    qtbot.addWidget(formulas)
    formulas.show_lines(LIGHT, lines(found(), "the", 1, "man", 3, 4), width, most)
    assert formulas.height() <= most + 1
    formulas.resize(width, formulas.height())
    formulas.grab()


def test_where_there_is_hardly_any_room_it_is_a_legend(qtbot: QtBot) -> None:
    formulas = GradientFormulas(LIGHT)
    qtbot.addWidget(formulas)
    formulas.show_lines(LIGHT, lines(found(), "the", 1, "man", 3, 4), 330, 30)
    formulas.resize(330, formulas.height())
    seen = pixels(formulas)
    for role in KINDS.values():
        hue = LIGHT.hue(role)
        marked = np.abs(seen - np.array([hue.red(), hue.green(), hue.blue()])).max(axis=2) <= 4
        assert marked.sum() > 30, role

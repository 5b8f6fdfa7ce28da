"""Searches side by side find what each of them finds alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding import beam_batch
from attn_desktop.decoding.beam import BeamSettings, beam_search
from attn_desktop.decoding.beam_batch import beam_searches
from attn_desktop.families.base import Given, Prepared
from attn_desktop.families.captioner import Captioner
from tests.toy_seers import toy_captioner, toy_picture

MODES = (Mode(), Mode("dot", "local-p"), Mode("general", "global", HARD), Mode("none"))
SETTINGS = (
    BeamSettings(3, seed=4),
    BeamSettings(1),
    BeamSettings(4, 0.0, 0.7, max_steps=5, reading="argmax"),
    BeamSettings(40, 1.0),
)
COUNT = 9


def ending_captioner(bias: float = 2.0) -> Captioner:
    """Captions of several lengths; some are cut off."""
    model = toy_captioner(1, word_query=False)
    model.output_bias[model.end_id] += bias
    return model


def pictures(model: Captioner, count: int = COUNT) -> list[Prepared]:
    return [model.prepare(Given(picture=toy_picture(seed))) for seed in range(count)]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: f"width {settings.width}")
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_each_finds_what_it_finds_alone(mode: Mode, settings: BeamSettings) -> None:
    model = ending_captioner()
    inputs = pictures(model)
    with torch.inference_mode():
        memory = model.encode([prepared.inputs for prepared in inputs])
    found = beam_searches(model, memory, mode, settings)
    for prepared, hypothesis in zip(inputs, found, strict=True):
        best = beam_search(model, prepared, mode, settings)[0]
        assert hypothesis.tokens == best.tokens
        assert hypothesis.ended == best.ended
        assert hypothesis.score == pytest.approx(best.score, abs=1e-4)


def test_the_toys_end_at_several_steps_and_differ() -> None:
    """Without which the test above would say little."""
    model = ending_captioner()
    with torch.inference_mode():
        memory = model.encode([prepared.inputs for prepared in pictures(model)])
    found = beam_searches(model, memory, MODES[0], SETTINGS[0])
    assert len({len(hypothesis.tokens) for hypothesis in found}) > 1
    assert len({hypothesis.tokens for hypothesis in found}) > 2


def test_searches_that_are_over_leave_the_batch_and_batches_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, settings = ending_captioner(), SETTINGS[0]
    rows: list[int] = []
    step = Captioner.step

    def counted(self: Captioner, memory: Any, state: Any, previous: Any, *rest: Any) -> Any:
        assert len(memory.states) == len(previous) == len(state.hidden)
        rows.append(len(previous))
        return step(self, memory, state, previous, *rest)

    with torch.inference_mode():
        memory = model.encode([prepared.inputs for prepared in pictures(model)])
    monkeypatch.setattr(Captioner, "step", counted)
    whole = beam_searches(model, memory, MODES[0], settings)
    assert rows[0] == COUNT * settings.width
    assert rows == sorted(rows, reverse=True)
    assert rows[-1] < rows[0]
    rows.clear()
    monkeypatch.setattr(beam_batch, "BATCH_POSITIONS", 4 * settings.width * 16)
    parts = beam_searches(model, memory, MODES[0], settings)
    assert max(rows) == 4 * settings.width
    assert [h.tokens for h in parts] == [h.tokens for h in whole]
    rows.clear()
    monkeypatch.setattr(beam_batch, "BATCH_POSITIONS", 1)
    assert [h.tokens for h in beam_searches(model, memory, MODES[0], settings)] == [
        h.tokens for h in whole
    ]
    assert max(rows) == settings.width


def test_a_mode_that_the_model_does_not_have_is_refused() -> None:
    model = toy_captioner(scores=("dot",), trained_modes=("dot",))
    with torch.inference_mode():
        memory = model.encode([prepared.inputs for prepared in pictures(model, 2)])
    with pytest.raises(InputError, match="no score 'additive'"):
        beam_searches(model, memory, Mode(), BeamSettings())

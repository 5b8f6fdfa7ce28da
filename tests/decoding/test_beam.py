from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding import beam, draws
from attn_desktop.decoding.beam import BeamSettings, Hypothesis, beam_output, beam_search
from attn_desktop.decoding.corpus import decode_corpus
from attn_desktop.families.base import Given
from attn_desktop.families.cells import State
from attn_desktop.families.seq2seq import Seq2Seq
from attn_desktop.trace.run_tree import Choice
from tests.decoding.helpers import NONE, SENTENCES, ending_model

MODES = (
    Mode(),
    Mode("dot", "local-p"),
    Mode("cosine", "local-m"),
    Mode("general", "global", HARD),
    NONE,
)
PENALTIES = ((0.0, 0.0), (0.6, 0.0), (1.0, 0.4), (0.0, 1.5))
#: Ids 0 and 1 are never chosen, 2 is the end: three tokens go on.
SMALL = {"target_vocabulary": 6}


@torch.inference_mode()
def every_output(
    model: Seq2Seq, text: str, mode: Mode, limit: int, seed: int = 0
) -> Iterator[tuple[tuple[int, ...], float, torch.Tensor, bool]]:
    """Every output there is: tokens, log p, Σ_t α_t and whether it ended; in plain recursion."""
    memory = model.encode([model.prepare(Given(text)).inputs])

    def grow(
        tokens: tuple[int, ...], total: float, coverage: torch.Tensor, state: State
    ) -> Iterator[tuple[tuple[int, ...], float, torch.Tensor, bool]]:
        t = len(tokens) + 1
        previous = model.embed(torch.tensor([tokens[-1] if tokens else model.start_id]))
        draw = torch.from_numpy(draws.uniform(seed, draws.ATTENTION, t))
        stepped = model.step(memory, state, previous, mode, t, draw, (mode.weighting,))
        (reading,) = stepped.readings.values()
        if stepped.attended.alpha is not None:
            coverage = coverage + stepped.attended.alpha[0].double()
        logits = model.readout(reading.state.hidden, reading.context, previous)[0].double()
        logits[list(model.never_chosen)] = -torch.inf
        log_probs = (logits - torch.logsumexp(logits, 0)).tolist()
        for token in range(len(log_probs)):
            if token in model.never_chosen:
                continue
            longer, sum_ = (*tokens, token), total + log_probs[token]
            if token == model.end_id or t == limit:
                yield longer, sum_, coverage, token == model.end_id
            else:
                yield from grow(longer, sum_, coverage, reading.state)

    yield from grow((), 0.0, torch.zeros(memory.states.shape[1]).double(), model.start(memory))


def plain_score(
    tokens: tuple[int, ...],
    log_prob: float,
    coverage: torch.Tensor,
    mode: Mode,
    settings: BeamSettings,
) -> float:
    """log p / lp + cp of Wu et al. 2016, equation 14, one number at a time."""
    divisor: float = ((5 + len(tokens)) / 6) ** settings.length_penalty
    term = 0.0
    if mode.attends and settings.coverage_penalty:
        logs = [math.log(min(max(c, sys.float_info.min), 1.0)) for c in coverage.tolist()]
        term = settings.coverage_penalty * sum(logs)
    return log_prob / divisor + term


def search(model: Seq2Seq, text: str, mode: Mode, settings: BeamSettings) -> list[Hypothesis]:
    return beam_search(model, model.prepare(Given(text)), mode, settings)


def never_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beam, "_settled", lambda *arguments: False)


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_width_1_is_greedy(mode: Mode) -> None:
    model = ending_model(bias=2.0)
    inputs = [model.prepare(Given(text)) for text in SENTENCES]
    for prepared in inputs:
        # Row 0: a beam draws as the first input of a corpus does.
        (greedy,) = decode_corpus(model, [prepared], mode, Choice(seed=3), max_steps=12)
        (found,) = beam_search(model, prepared, mode, BeamSettings(width=1, max_steps=12, seed=3))
        output = beam_output(model, found)
        assert (output.tokens, output.ended) == (greedy.tokens, greedy.ended)
        assert output.log_prob == pytest.approx(greedy.log_prob, abs=1e-5)


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize(("length", "coverage"), PENALTIES)
def test_a_beam_wide_enough_finds_every_output_in_order(
    monkeypatch: pytest.MonkeyPatch, mode: Mode, length: float, coverage: float
) -> None:
    never_settled(monkeypatch)
    model = ending_model(bias=1.0, **SMALL)
    settings = BeamSettings(200, length, coverage, max_steps=4, seed=7)
    found = search(model, SENTENCES[2], mode, settings)
    every = [
        (plain_score(tokens, log_prob, covered, mode, settings), tokens, log_prob, ended)
        for tokens, log_prob, covered, ended in every_output(model, SENTENCES[2], mode, 4, 7)
    ]
    every.sort(key=lambda one: -one[0])
    assert len(every) == 1 + 3 + 9 + 27 + 81
    assert math.fsum(math.exp(one[2]) for one in every) == pytest.approx(1, abs=1e-5)
    assert [h.score for h in found] == pytest.approx([one[0] for one in every], abs=1e-4)
    assert {(h.tokens, h.ended) for h in found} == {(one[1], one[3]) for one in every}
    assert found[0].tokens == every[0][1]


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_the_best_is_that_of_brute_force_though_the_search_stops_early(mode: Mode) -> None:
    for seed, (length, coverage) in itertools.product(range(3), PENALTIES):
        model = ending_model(seed, bias=1.5, **SMALL)
        settings = BeamSettings(200, length, coverage, max_steps=4)
        best = max(
            every_output(model, SENTENCES[0], mode, 4),
            key=lambda one: plain_score(one[0], one[1], one[2], mode, settings),
        )
        assert search(model, SENTENCES[0], mode, settings)[0].tokens == best[0]


def test_stopping_early_changes_nothing_but_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    step = Seq2Seq.step

    def counted(self: Seq2Seq, *arguments: Any) -> Any:
        steps.append(1)
        return step(self, *arguments)

    monkeypatch.setattr(Seq2Seq, "step", counted)
    cases = list(itertools.product(range(3), (1, 3, 6), PENALTIES, (Mode(), NONE)))

    def all_best() -> list[Hypothesis]:
        return [
            search(
                ending_model(seed, bias=3.0),
                SENTENCES[seed],
                mode,
                BeamSettings(width, length, coverage, max_steps=10),
            )[0]
            for seed, width, (length, coverage), mode in cases
        ]

    early, early_steps = all_best(), len(steps)
    never_settled(monkeypatch)
    late, late_steps = all_best(), len(steps) - early_steps
    assert early == late
    assert early_steps < 0.8 * late_steps


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_a_score_is_the_sum_of_its_terms_and_the_best_comes_first(mode: Mode) -> None:
    model = ending_model(bias=2.0)
    settings = BeamSettings(4, 0.8, 0.3, max_steps=9, seed=2)
    found = search(model, SENTENCES[4], mode, settings)
    assert len(found) > 1
    assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)
    for hypothesis in found:
        assert hypothesis.score == pytest.approx(
            hypothesis.log_prob / hypothesis.length_divisor + hypothesis.coverage_term
        )
        log_prob, coverage = forced(model, SENTENCES[4], mode, hypothesis.tokens, 2)
        assert hypothesis.log_prob == pytest.approx(log_prob, abs=1e-4)
        assert hypothesis.length_divisor == pytest.approx(((5 + len(hypothesis.tokens)) / 6) ** 0.8)
        assert hypothesis.ended == (hypothesis.tokens[-1] == model.end_id)
        assert hypothesis.coverage_term <= 0
        assert hypothesis.score == pytest.approx(
            plain_score(hypothesis.tokens, log_prob, coverage, mode, settings), abs=1e-4
        )


@torch.inference_mode()
def forced(
    model: Seq2Seq, text: str, mode: Mode, tokens: tuple[int, ...], seed: int
) -> tuple[float, torch.Tensor]:
    """log p and coverage of one output, token by token."""
    memory = model.encode([model.prepare(Given(text)).inputs])
    state, last, total = model.start(memory), model.start_id, 0.0
    coverage = torch.zeros(memory.states.shape[1]).double()
    for t, token in enumerate(tokens, 1):
        previous = model.embed(torch.tensor([last]))
        draw = torch.from_numpy(draws.uniform(seed, draws.ATTENTION, t))
        stepped = model.step(memory, state, previous, mode, t, draw, (mode.weighting,))
        (reading,) = stepped.readings.values()
        if stepped.attended.alpha is not None:
            coverage += stepped.attended.alpha[0].double()
        logits = model.readout(reading.state.hidden, reading.context, previous)[0].double()
        logits[list(model.never_chosen)] = -torch.inf
        total += float(torch.log_softmax(logits, 0)[token])
        state, last = reading.state, token
    return total, coverage


def test_a_wider_beam_is_at_least_as_good_on_the_whole() -> None:
    model = ending_model(bias=2.0)
    totals = [
        sum(
            search(model, text, Mode(), BeamSettings(width, 0.0, max_steps=10))[0].score
            for text in SENTENCES
        )
        for width in (1, 8)
    ]
    assert totals[1] > totals[0]


def test_penalties_choose_another_output() -> None:
    """Without which the tests above could not tell whether they count."""
    model = ending_model(bias=1.0, **SMALL)
    best = {
        search(model, text, Mode(), BeamSettings(200, *penalties, max_steps=4))[0].tokens
        for penalties in PENALTIES
        for text in SENTENCES[:1]
    }
    assert len(best) > 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0}, "beam width must be from 1 to 1000"),
        ({"width": 1001}, "beam width must be from 1 to 1000"),
        ({"length_penalty": -0.1}, "length_penalty must be finite"),
        ({"coverage_penalty": math.inf}, "coverage_penalty must be finite"),
        ({"length_penalty": math.nan}, "length_penalty must be finite"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        BeamSettings(**settings)


def test_a_mode_that_the_model_does_not_have_is_refused() -> None:
    model = ending_model(scores=("dot",), trained_modes=("dot",))
    with pytest.raises(InputError, match="no score 'additive'"):
        search(model, SENTENCES[0], Mode(), BeamSettings())

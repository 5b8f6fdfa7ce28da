"""The probe of gradients against the steps that the model itself makes, and finite differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from attn_desktop.analysis.gradients import (
    BASELINES,
    DESCRIPTION,
    KIND,
    MOST_DRAWS,
    is_sound,
    read,
)
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, SOFT, Mode
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.probes import find_probe
from attn_desktop.decoding.stepper import Position, Stepper
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import AttentionRecord, ProbeRecord, StepRecord
from attn_desktop.trace.run_tree import Choice, Node, Root, RunTree
from attn_desktop.trace.trace import Trace, check_trace
from tests.decoding.helpers import NONE, SENTENCES, as_checkpoint, differences, never_ending_model

TEXT = SENTENCES[0]
STEP = 1e-5
MODES = pytest.mark.parametrize(
    "mode",
    [Mode(), Mode("dot", "local-p", HARD), Mode("cosine", "local-m", SOFT), Mode("location")],
    ids=str,
)
EDITS = (
    Edit("alpha", "power", values=(0.5,)),
    Edit("context", "add", (0, 3), (0.5,)),
    Edit("state", "zero", (2,)),
)
FEW = {"samples": 20, "repeats": 30}

Vector = NDArray[np.float64]


class Run:
    """Three steps of one mode on a toy model in float64, the last of them edited."""

    def __init__(self, mode: Mode, edits: tuple[Edit, ...] = (), t: int = 3) -> None:
        self.model = never_ending_model(2).double()
        self.stepper = Stepper(as_checkpoint(self.model), TEXT)
        self.positions = Positions(self.stepper)
        self.path: list[Node] = []
        self.places: list[Position] = [self.stepper.start]
        self.records: list[StepRecord] = []
        for number in range(t):
            last = edits if number == t - 1 else ()
            record, node, place = self.positions.step(
                self.places[-1], number, mode, Choice(seed=4), edits=last
            )
            self.path.append(node)
            self.places.append(place)
            self.records.append(record)

    @property
    def step(self) -> StepRecord:
        return self.records[-1]

    @property
    def cross(self) -> AttentionRecord:
        assert self.step.cross is not None
        return self.step.cross

    @property
    def size(self) -> int:
        return len(self.stepper.run.source)

    def probe(self, **settings: Any) -> ProbeRecord:
        (probe,) = find_probe(KIND)(self.positions, self.path, {**FEW, **settings})
        return probe

    def log_prob(self, context: Vector, token: int) -> float:
        """log p(y | c) of the last step, by embed, advance and readout."""
        before, model = self.places[-2], self.model
        with torch.no_grad():
            previous = model.embed(torch.tensor([before.token]))
            tensor = torch.tensor(context)[None]
            state, _ = model.advance(before.state.rows(torch.tensor([0])), previous, tensor)
            logits = model.readout(state.hidden, tensor, previous)[0]
            logits[list(model.never_chosen)] = -math.inf
            return float(torch.log_softmax(logits, dim=0)[token])


def plain_alpha(cross: AttentionRecord, energies: Vector) -> Vector:
    """α by the formulas of the papers; the Gaussian stays where it is."""
    logits = energies.copy()
    if cross.center is not None and cross.half_width is not None:
        places = 1 + np.arange(len(energies))
        distance = np.abs(places - cross.center[0, 0])
        if cross.alpha.shape and _is_gaussian(cross):
            logits -= distance**2 / (2 * (cross.half_width / 2) ** 2)
    logits[~(cross.mask & cross.window)[0, 0]] = -np.inf
    weights = np.exp(logits - logits.max())
    return np.asarray(weights / weights.sum())


def _is_gaussian(cross: AttentionRecord) -> bool:
    """Whether p_t is a fraction, as only local-p has it."""
    assert cross.center is not None
    return not float(cross.center[0, 0]).is_integer()


def slopes(run: Run, value: Any) -> list[float]:
    """∂ value(α) / ∂e_j by moving each energy of the record a little."""
    energies, found = run.cross.energies[0, 0].astype(np.float64), []
    for j in range(run.size):
        ends = []
        for sign in (1, -1):
            moved = energies.copy()
            moved[j] += sign * STEP
            ends.append(value(plain_alpha(run.cross, moved)))
        found.append((ends[0] - ends[1]) / (2 * STEP))
    return found


@MODES
def test_rewards_are_what_a_step_from_each_position_gives(mode: Mode) -> None:
    run = Run(mode)
    rewards = run.probe().arrays["log_probs"]
    for k in range(run.size):
        pick = (Edit("position", "pick", (k,)),)
        record, _ = run.stepper.step(
            run.places[-2], 9, mode, Choice("forced", seed=4), run.step.token_id, pick
        )
        assert rewards[k] == pytest.approx(record.readings[HARD].log_prob, abs=1e-10)


@MODES
def test_the_exact_gradient_is_the_slope_of_the_expectation_by_the_recorded_energies(
    mode: Mode,
) -> None:
    run = Run(mode)
    probe = run.probe()
    rewards = probe.arrays["log_probs"]
    expected = slopes(run, lambda alpha: alpha @ rewards)
    assert probe.arrays["exact"].tolist() == pytest.approx(expected, rel=1e-5, abs=1e-8)
    assert np.abs(probe.arrays["exact"]).max() > 1e-3, "nothing to tell apart"


@MODES
def test_the_gradient_of_the_soft_path_is_its_slope(mode: Mode) -> None:
    run = Run(mode)
    probe, states = run.probe(), run.stepper.run.states.astype(np.float64)
    token = run.step.token_id
    expected = slopes(run, lambda alpha: run.log_prob(alpha @ states, token))
    assert probe.arrays["soft"].tolist() == pytest.approx(expected, rel=1e-5, abs=1e-8)
    soft = run.step.readings[SOFT].log_prob
    assert probe.arrays["soft_log_prob"].tolist() == pytest.approx([soft], abs=1e-10)


def test_another_token_has_its_own_gradients() -> None:
    run = Run(Mode())
    other = int(run.step.active.top_ids[3])
    probe = run.probe(token=other)
    states = run.stepper.run.states.astype(np.float64)
    assert probe.settings["token"] == run.model.token_label(other)
    assert probe.settings["token_id"] == other
    expected = [run.log_prob(states[k], other) for k in range(run.size)]
    assert probe.arrays["log_probs"].tolist() == pytest.approx(expected, abs=1e-10)


def test_an_edited_step_has_the_gradients_of_what_it_was_made() -> None:
    run = Run(Mode("additive", "global", HARD), EDITS)
    probe = run.probe()
    alpha = run.cross.alpha[0, 0]
    for k in range(run.size):
        record, _ = run.stepper.step(
            run.places[-2],
            9,
            run.step.mode,
            Choice("forced", seed=4),
            run.step.token_id,
            (*EDITS, Edit("position", "pick", (k,))),
        )
        held = probe.arrays["log_probs"][k]
        assert held == pytest.approx(record.readings[HARD].log_prob, abs=1e-10)
    rewards = probe.arrays["log_probs"]
    assert probe.arrays["exact"] == pytest.approx(alpha * (rewards - alpha @ rewards), abs=1e-12)
    soft = run.step.readings[SOFT].log_prob
    assert probe.arrays["soft_log_prob"].tolist() == pytest.approx([soft], abs=1e-10)
    assert probe.settings["edited"] is True
    assert Run(Mode()).probe().settings["edited"] is False


# -- estimates ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1])
def test_estimates_scatter_around_the_exact_gradient_as_much_as_was_foretold(seed: int) -> None:
    run = Run(Mode("additive", "global", HARD))
    probe = run.probe(samples=50, repeats=1000, seed=seed)
    found = read(probe, run.step, run.size)
    assert found is not None
    exact = found.array("exact")
    # Of what is hardly ever drawn the spread is not known: it takes 500 of all the draws.
    often = run.cross.alpha[0, 0] > 0.01
    assert often.sum() > 3
    error = found.array("spread")[:, -1, often] / math.sqrt(1000)
    beyond = np.abs(found.array("mean")[:, -1, often] - exact[often]) / error
    assert beyond.max() < 4.5
    analytic, measured = found.array("analytic"), found.empirical
    # A variance of 1,000 numbers is known to a few per cent, of heavy tails a little worse.
    assert measured.ravel().tolist() == pytest.approx(analytic.ravel().tolist(), rel=0.25)
    least = analytic[BASELINES.index("optimal")]
    assert (least <= analytic + 1e-15).all()
    assert (least[:, None] < analytic[[0]].T).all(), "a baseline helps here"


def test_an_estimate_does_not_depend_on_how_many_follow() -> None:
    run = Run(Mode())
    few, many = run.probe(samples=10, repeats=3), run.probe(samples=100, repeats=40)
    for c, count in enumerate((1, 2, 5, 10)):
        assert many.arrays["counts"][c] == count
        assert many.arrays["estimate"][:, c].tolist() == few.arrays["estimate"][:, c].tolist()
    again = run.probe(samples=10, repeats=3)
    assert differences(few, again) == []
    other = run.probe(samples=10, repeats=3, seed=1)
    assert (other.arrays["estimate"] != few.arrays["estimate"]).any()


def test_the_constant_baseline_is_the_given_one_or_what_a_uniform_reader_expects() -> None:
    run = Run(Mode("dot", "local-m", SOFT))
    own = run.probe().arrays["baseline"][BASELINES.index("constant")]
    allowed = (run.cross.mask & run.cross.window)[0, 0]
    assert 1 < allowed.sum() < run.size
    expected = run.probe().arrays["log_probs"][allowed].mean()
    assert own.tolist() == pytest.approx([expected] * len(own))
    given = run.probe(constant=-1.5)
    assert given.arrays["baseline"][BASELINES.index("constant")].tolist() == [-1.5] * len(own)
    assert given.settings["constant"] == -1.5


def test_a_word_is_as_uncertain_as_the_sum_of_its_pieces() -> None:
    run = Run(Mode())
    probe = run.probe(repeats=500)
    words = probe.arrays["word_spread"]
    assert words.shape[:2] == probe.arrays["spread"].shape[:2]
    assert 1 < words.shape[2] < run.size
    # All positions together have no gradient at all: a common shift of all energies does nothing.
    assert probe.arrays["estimate"].sum(axis=2) == pytest.approx(0, abs=1e-12)


@MODES
def test_it_is_as_it_says_it_is_and_a_file_can_hold_it(mode: Mode) -> None:
    run = Run(mode)
    probe = run.probe()
    assert is_sound(probe, run.size)
    assert set(probe.arrays) == set(DESCRIPTION)
    record = run.stepper.run
    tree = RunTree(Root(record.model.hash, TEXT, record.device, record.dtype), run.path)
    probes: Sequence[ProbeRecord] = [probe]
    check_trace(Trace(record, tree, tuple(run.records), tuple(probes)))


# -- what it cannot do ----------------------------------------------------------------------------


def test_before_the_first_step_and_without_attention_it_says_what_is_missing() -> None:
    run = Run(Mode())
    with pytest.raises(InputError, match="before the first step"):
        list(find_probe(KIND)(run.positions, (), {}))
    with pytest.raises(InputError, match="step 3 has no attention"):
        Run(NONE).probe()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"samples": 0}, "samples must be from 1 to 10,000, not 0"),
        ({"samples": 10**9}, "samples must be from 1 to 10,000"),
        ({"repeats": 1}, "repeats must be from 2 to 1,000, not 1"),
        ({"samples": 10_000, "repeats": 101}, f"{MOST_DRAWS:,} draws.*there may be 100 repeats"),
        ({"samples": "many"}, "settings of gradients"),
        ({"samples": True}, "settings of gradients"),
        ({"seed": -1}, "seed must be from 0"),
        ({"seed": 10**40}, "seed must be from 0|settings of gradients"),
        ({"constant": math.nan}, "constant must be a finite number"),
        ({"constant": "b"}, "settings of gradients"),
        ({"token": 10**6}, "token 1000000 is outside the vocabulary"),
        ({"token": -1}, "token -1 is outside the vocabulary"),
        ({"baseline": 1}, "unknown setting 'baseline' of gradients; valid are: samples"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_named(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Run(Mode(), t=1).probe(**settings)


def test_a_token_that_is_never_chosen_has_no_gradient() -> None:
    run = Run(Mode(), t=1)
    with pytest.raises(InputError, match="cannot be an output token"):
        run.probe(token=run.model.never_chosen[0])


def test_a_broken_model_gives_no_numbers_and_no_traceback() -> None:
    run = Run(Mode(), t=1)
    run.model.output_bias.fill_(math.nan)
    probe = run.probe()
    assert is_sound(probe, run.size)
    assert np.isnan(probe.arrays["exact"]).all()

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from attn_desktop.attention.scopes import SCOPES
from attn_desktop.attention.scores import SCORES
from attn_desktop.common.mode import HARD, SOFT, WEIGHTINGS, Mode
from attn_desktop.decoding.readings import (
    KIND,
    READINGS,
    TOP_TOKENS,
    divergences,
    probe_readings,
)
from attn_desktop.decoding.stepper import Position, Stepper
from attn_desktop.trace.records import ProbeRecord, StepRecord
from attn_desktop.trace.run_tree import Choice, Node, Root, RunTree
from attn_desktop.trace.trace import Trace, check_trace
from tests.decoding.helpers import NONE, SENTENCES, as_checkpoint, never_ending_model

TEXT = SENTENCES[0]
SAMPLED = Choice("sampled", temperature=1.5, seed=11)
ATTENDING = [
    Mode(score, scope, weighting)
    for score in SCORES
    for scope in SCOPES
    for weighting in WEIGHTINGS
]


def probe_at(stepper: Stepper, mode: Mode, t: int = 2) -> tuple[Position, StepRecord, ProbeRecord]:
    """The position before step t of a mode, the step and its probe."""
    position = stepper.start
    for node in range(t - 1):
        _, position = stepper.step(position, node, mode, SAMPLED)
    record, _ = stepper.step(position, t - 1, mode, SAMPLED)
    probe = probe_readings(stepper, position, record)
    assert probe is not None
    return position, record, probe


@torch.inference_mode()
def plain_readings(stepper: Stepper, before: Position, record: StepRecord) -> NDArray[np.float64]:
    """p(y) of the four readings (4, V) in float64, one position after another."""
    model, cross = stepper.model.double(), record.cross
    assert cross is not None
    alpha = cross.alpha[0, 0].astype(np.float64)
    states = stepper.run.states.astype(np.float64)
    state = type(before.state)(
        before.state.hidden.double(),
        None if before.state.cell is None else before.state.cell.double(),
    )
    previous = model.embed(torch.tensor([before.token]))

    def predict(context: NDArray[np.float64]) -> NDArray[np.float64]:
        row = torch.tensor(context)[None]
        following, _ = model.advance(state, previous, row)
        logits = model.readout(following.hidden, row, previous)[0]
        logits[list(model.never_chosen)] = -torch.inf
        return np.asarray(torch.softmax(logits, 0))

    mixed = np.zeros(340)
    for weight, annotation in zip(alpha, states, strict=True):
        mixed += weight * predict(annotation)
    return np.stack(
        [
            predict(alpha @ states),
            predict(states[cross.sampled[0, 0]]),
            predict(states[int(np.argmax(alpha))]),
            mixed / alpha.sum(),
        ]
    )


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize(
    "mode", [Mode(), Mode("dot", "local-p", HARD), Mode("cosine", "local-m"), Mode("location")]
)
def test_the_readings_are_what_a_plain_loop_over_the_positions_gives(mode: Mode, cell: str) -> None:
    stepper = Stepper(as_checkpoint(never_ending_model(cell=cell)), TEXT)
    before, record, probe = probe_at(stepper, mode)
    p = plain_readings(stepper, before, record)
    with np.errstate(divide="ignore"):
        logs = np.log(p)
    arrays = probe.arrays
    assert probe.settings["readings"] == list(READINGS) == ["soft", "sampled", "argmax", "expected"]
    assert probe.settings["chosen"] == record.token
    label = stepper.model.token_label
    for row in range(4):
        order = np.argsort(-logs[row], kind="stable")[:TOP_TOKENS]
        assert arrays["top_ids"][row].tolist() == order.tolist()
        assert arrays["top_log_probs"][row] == pytest.approx(logs[row, order], abs=1e-5)
        assert probe.settings["top_tokens"][row] == [label(token) for token in order.tolist()]
        assert arrays["log_prob"][row] == pytest.approx(logs[row, record.token_id], abs=1e-5)
        kept = p[row] > 0
        entropy = -(p[row, kept] * logs[row, kept]).sum()
        assert arrays["entropy"][row] == pytest.approx(entropy, abs=1e-5)
        for other in range(4):
            difference = (p[row, kept] * (logs[row, kept] - logs[other, kept])).sum()
            assert arrays["kl"][row, other] == pytest.approx(difference, abs=1e-5)
            middle = (p[row] + p[other]) / 2
            to_middle = [
                (q[kept] * np.log(q[kept] / middle[kept])).sum() for q in (p[row], p[other])
            ]
            assert arrays["js"][row, other] == pytest.approx(sum(to_middle) / 2, abs=1e-5)
            moved = np.abs(p[row] - p[other]).sum() / 2
            assert arrays["tv"][row, other] == pytest.approx(moved, abs=1e-5)


@pytest.mark.parametrize("mode", ATTENDING, ids=str)
def test_soft_and_sampled_are_the_recorded_readings(mode: Mode) -> None:
    stepper = Stepper(as_checkpoint(never_ending_model(2)), TEXT)
    _, record, probe = probe_at(stepper, mode, t=3)
    cross = record.cross
    assert cross is not None
    for row, name in ((0, SOFT), (1, HARD)):
        reading = record.readings[name]
        assert probe.arrays["top_ids"][row].tolist() == reading.top_ids[:TOP_TOKENS].tolist()
        assert probe.arrays["top_log_probs"][row] == pytest.approx(
            reading.top_log_probs[:TOP_TOKENS], abs=1e-5
        )
        assert probe.arrays["log_prob"][row] == pytest.approx(reading.log_prob, abs=1e-5)
        assert probe.arrays["entropy"][row] == pytest.approx(reading.entropy, abs=1e-5)
    assert probe.arrays["argmax_position"].tolist() == [int(np.argmax(cross.alpha))]
    if probe.arrays["argmax_position"][0] == cross.sampled[0, 0]:
        assert probe.arrays["js"][1, 2] == pytest.approx(0, abs=1e-12)


def test_the_probe_belongs_to_its_step_and_can_be_stored() -> None:
    stepper = Stepper(as_checkpoint(never_ending_model()), TEXT)
    _, record, probe = probe_at(stepper, Mode(), t=1)
    assert (probe.node, probe.kind) == (record.node, KIND) == (0, "readings")
    shapes = {name: (str(array.dtype), array.shape) for name, array in probe.arrays.items()}
    assert shapes == {
        "top_ids": ("int64", (4, 10)),
        "top_log_probs": ("float32", (4, 10)),
        "log_prob": ("float32", (4,)),
        "entropy": ("float64", (4,)),
        "kl": ("float64", (4, 4)),
        "js": ("float64", (4, 4)),
        "tv": ("float64", (4, 4)),
        "argmax_position": ("int64", (1,)),
    }
    run = stepper.run
    node = Node(0, None, 1, record.token_id, record.mode, SAMPLED)
    tree = RunTree(Root(run.model.hash, run.text, run.device, run.dtype), [node])
    check_trace(Trace(run, tree, (record,), (probe,)))


def test_probing_leaves_the_step_as_it_was() -> None:
    stepper = Stepper(as_checkpoint(never_ending_model()), TEXT)
    before, record, probe = probe_at(stepper, Mode("dot", "local-m"))
    again = probe_readings(stepper, before, record)
    assert again is not None
    for name, array in probe.arrays.items():
        assert again.arrays[name].tobytes() == array.tobytes()


def test_without_attention_there_is_nothing_to_read_in_four_ways() -> None:
    stepper = Stepper(as_checkpoint(never_ending_model()), TEXT)
    record, _ = stepper.step(stepper.start, 0, NONE, Choice())
    assert probe_readings(stepper, stepper.start, record) is None


def test_one_position_is_read_alike_in_every_way() -> None:
    """A window of one position: α is 1 there, so there is nothing to average or to draw."""
    stepper = Stepper(as_checkpoint(never_ending_model(half_width=0.0)), TEXT)
    _, _, probe = probe_at(stepper, Mode("dot", "local-m"))
    assert probe.arrays["js"] == pytest.approx(np.zeros((4, 4)), abs=1e-12)
    assert (probe.arrays["top_ids"] == probe.arrays["top_ids"][0]).all()


def test_a_vocabulary_smaller_than_the_list() -> None:
    stepper = Stepper(as_checkpoint(never_ending_model(target_vocabulary=7)), TEXT)
    _, _, probe = probe_at(stepper, Mode())
    assert probe.arrays["top_ids"].shape == (4, 5)
    assert np.exp(probe.arrays["top_log_probs"]).sum(axis=1) == pytest.approx(np.ones(4), abs=1e-6)


def test_divergences_of_distributions_that_are_known() -> None:
    half, point = [math.log(0.5), math.log(0.5)], [0.0, -1e9]
    entropy, kl, js, tv = divergences(torch.tensor([half, point, half]))
    assert entropy.tolist() == pytest.approx([math.log(2), 0, math.log(2)])
    assert kl[1, 0].item() == pytest.approx(math.log(2))
    assert kl[0, 1].item() > 1e8
    expected = 0.75 * math.log(4 / 3)
    assert js[0].tolist() == pytest.approx([0, expected, 0])
    assert tv[0].tolist() == pytest.approx([0, 0.5, 0])


def test_divergences_hold_at_their_bounds() -> None:
    apart = torch.tensor([[0.0, -torch.inf, -200.0], [-200.0, -torch.inf, 0.0]])
    entropy, kl, js, tv = divergences(apart)
    assert entropy.tolist() == pytest.approx([0, 0], abs=1e-12)
    assert js[0, 1].item() == pytest.approx(math.log(2))
    assert tv[0, 1].item() == pytest.approx(1)
    assert kl[0, 1].item() == pytest.approx(200)
    rng = torch.Generator().manual_seed(0)
    _, kl, js, tv = divergences(torch.randn(6, 50, generator=rng) * 3)
    assert (kl >= 0).all()
    assert torch.equal(kl.diagonal(), torch.zeros(6, dtype=torch.float64))
    assert torch.equal(js, js.T)
    assert (js <= math.log(2)).all()
    assert torch.equal(tv, tv.T)
    # Pinsker's inequality: TV² ≤ KL / 2.
    assert (tv**2 <= kl / 2 + 1e-12).all()

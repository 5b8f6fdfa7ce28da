"""What each position says alone: against plain loops in float64, and against the readings."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from attn_desktop.analysis.each_position import KIND, EachPosition, each_position, is_sound
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding.each_position import TOP_TOKENS
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.probes import find_probe
from attn_desktop.decoding.readings import probe_readings
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import ProbeRecord
from attn_desktop.trace.run_tree import Choice, Root, RunTree
from attn_desktop.trace.trace import Trace, check_trace
from tests.decoding.helpers import NONE, SENTENCES, as_checkpoint, never_ending_model

MODES = [Mode(), Mode("dot", "local-p", HARD), Mode("cosine", "local-m"), Mode("location")]


class Decoded:
    """Two steps of one mode on a toy model, the last of them edited."""

    def __init__(
        self, mode: Mode, edits: tuple[Edit, ...] = (), text: str = SENTENCES[0], cell: str = "gru"
    ) -> None:
        self.stepper = Stepper(as_checkpoint(never_ending_model(cell=cell)), text)
        self.positions = Positions(self.stepper)
        first, node, self.before = self.positions.step(self.stepper.start, 0, mode, Choice(seed=4))
        self.step, last, _ = self.positions.step(self.before, 1, mode, Choice(seed=4), edits=edits)
        self.steps, self.path = (first, self.step), [node, last]

    def probe(self) -> ProbeRecord:
        (probe,) = find_probe(KIND)(self.positions, self.path, {})
        return probe

    def each(self) -> EachPosition:
        found = each_position(self.stepper.run, self.step, self.probe())
        assert found is not None
        return found

    def readings(self) -> ProbeRecord:
        found = probe_readings(self.stepper, self.before, self.step)
        assert found is not None
        return found


@torch.inference_mode()
def plain_distributions(decoded: Decoded) -> NDArray[np.float64]:
    """p(y | c) in float64, one context after another: soft, then each h_j; (1 + S, V)."""
    stepper, before = decoded.stepper, decoded.before
    model, cross = stepper.model.double(), decoded.step.cross
    assert cross is not None
    state = type(before.state)(
        before.state.hidden.double(),
        None if before.state.cell is None else before.state.cell.double(),
    )
    previous = model.embed(torch.tensor([before.token]))
    states = stepper.run.states.astype(np.float64)
    rows = []
    for context in (cross.alpha[0, 0].astype(np.float64) @ states, *states):
        row = torch.tensor(context)[None]
        following, _ = model.advance(state, previous, row)
        logits = model.readout(following.hidden, row, previous)[0]
        logits[list(model.never_chosen)] = -torch.inf
        rows.append(np.asarray(torch.softmax(logits, 0)))
    return np.stack(rows)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_every_position_is_what_a_plain_loop_gives(mode: Mode, cell: str) -> None:
    decoded = Decoded(mode, cell=cell)
    probe = decoded.probe()
    soft, *single = plain_distributions(decoded)
    label = decoded.stepper.model.token_label
    token = decoded.step.token_id
    assert probe.settings["token_id"] == token
    assert probe.settings["token"] == decoded.step.token
    assert len(single) == len(decoded.stepper.run.source)
    for j, p in enumerate(single):
        order = np.argsort(-p, kind="stable")[:TOP_TOKENS]
        assert probe.arrays["top_ids"][j].tolist() == order.tolist()
        assert probe.arrays["top_log_probs"][j] == pytest.approx(np.log(p[order]), abs=1e-5)
        assert probe.settings["top_tokens"][j] == [label(own) for own in order.tolist()]
        assert probe.arrays["log_prob"][j] == pytest.approx(np.log(p[token]), abs=1e-5)
        kept = p > 0
        entropy = -(p[kept] * np.log(p[kept])).sum()
        assert probe.arrays["entropy"][j] == pytest.approx(entropy, abs=1e-5)
        middle = (p + soft) / 2
        apart = [(own[kept] * np.log(own[kept] / middle[kept])).sum() for own in (p, soft)]
        assert probe.arrays["js"][j] == pytest.approx(sum(apart) / 2, abs=1e-6)


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_weighed_by_alpha_they_are_the_expected_reading(mode: Mode) -> None:
    decoded = Decoded(mode)
    each, readings = decoded.each(), decoded.readings()
    assert each.expected == pytest.approx(np.exp(readings.arrays["log_prob"][3]), abs=1e-6)
    mixed = each.alpha @ plain_distributions(decoded)[1:]
    order = readings.arrays["top_ids"][3]
    assert readings.arrays["top_log_probs"][3] == pytest.approx(np.log(mixed[order]), abs=1e-5)


def test_edits_of_context_and_state_are_made_to_every_position() -> None:
    edits = (
        Edit("context", "add", (0, 2), (0.5, -1.0)),
        Edit("state", "zero", (1,)),
        Edit("alpha", "power", values=(2.0,)),
    )
    decoded = Decoded(Mode("general"), edits)
    each, plain = decoded.each(), Decoded(Mode("general")).each()
    assert np.abs(each.log_prob - plain.log_prob).max() > 1e-3
    assert each.expected == pytest.approx(np.exp(decoded.readings().arrays["log_prob"][3]))
    readings = decoded.readings()
    best = int(readings.arrays["argmax_position"][0])
    assert each.top_ids[best].tolist() == readings.arrays["top_ids"][2][:TOP_TOKENS].tolist()
    assert each.js[best] == pytest.approx(readings.arrays["js"][0, 2], abs=1e-9)


def test_the_drawn_position_says_what_the_sampled_reading_says() -> None:
    decoded = Decoded(Mode("additive", "global", HARD))
    cross = decoded.step.cross
    assert cross is not None
    each, reading = decoded.each(), decoded.step.readings[HARD]
    k = int(cross.sampled[0, 0])
    assert each.top_ids[k].tolist() == reading.top_ids[:TOP_TOKENS].tolist()
    assert each.log_prob[k] == pytest.approx(reading.log_prob, abs=1e-5)
    assert each.entropy[k] == pytest.approx(reading.entropy, abs=1e-5)


def test_probing_leaves_the_step_as_it_was_and_can_be_saved() -> None:
    decoded = Decoded(Mode("dot"))
    probe = decoded.probe()
    again = decoded.probe()
    for name, array in probe.arrays.items():
        assert again.arrays[name].tobytes() == array.tobytes()
    run = decoded.stepper.run
    tree = RunTree(Root(run.model.hash, run.text, run.device, run.dtype), decoded.path)
    check_trace(Trace(run, tree, decoded.steps, (probe,)))
    assert is_sound(probe, run)


def test_a_source_of_one_word_says_what_its_positions_say() -> None:
    decoded = Decoded(Mode(), text=SENTENCES[0].split()[0])
    each = decoded.each()
    assert len(each) == len(decoded.stepper.run.source)
    assert each.expected == pytest.approx(np.exp(decoded.readings().arrays["log_prob"][3]))


def test_without_attention_or_a_step_it_says_why_not() -> None:
    stepper = Stepper(as_checkpoint(never_ending_model()), SENTENCES[0])
    with pytest.raises(InputError, match="before the first step"):
        list(find_probe(KIND)(Positions(stepper), [], {}))
    decoded = Decoded(NONE)
    with pytest.raises(InputError, match="step 2 has no attention"):
        decoded.probe()

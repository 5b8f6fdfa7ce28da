"""A recorded document against the model that made it, and against others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attn_desktop.analysis.deviation import Report, Spot
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, WEIGHTINGS, Mode
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.decoding.verify import verify
from attn_desktop.families.checkpoint import Checkpoint
from attn_desktop.trace.records import CROSS
from attn_desktop.trace.run_tree import Choice, RunTree
from attn_desktop.trace.storage import load_trace, save_trace
from attn_desktop.trace.trace import Trace
from tests.decoding.documents import EVERY_EDIT, recorded_document
from tests.decoding.helpers import as_checkpoint, never_ending_model
from tests.toy_models import dedicated

HARD_MODE = Mode("additive", "global", HARD)


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return as_checkpoint(never_ending_model())


@pytest.fixture(scope="module")
def document(checkpoint: Checkpoint) -> Trace:
    return recorded_document(checkpoint)


def apart(report: Report) -> dict[str, float]:
    return {worst.quantity.name: worst.value for worst in report.worst if worst.value}


def spot_of(report: Report, name: str) -> Spot | None:
    (found,) = [worst.spot for worst in report.worst if worst.quantity.name == name]
    return found


def test_a_document_is_the_same_to_the_last_bit_where_it_was_made(
    checkpoint: Checkpoint, document: Trace, tmp_path: Path
) -> None:
    save_trace(document, tmp_path / "a.attn")
    for trace in (document, load_trace(tmp_path / "a.attn")):
        report = verify(trace, checkpoint)
        assert apart(report) == {}
        assert report.exact
        assert report.same_model
        assert (report.runs, report.steps, report.recorded) == (2, *(len(trace.steps),) * 2)
        assert report.branches == len(trace.tree.leaves()) > len(EVERY_EDIT)
        assert not any(condition.differs for condition in report.conditions)
        assert {condition.name for condition in report.conditions} >= {"device", "dtype", "torch"}


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("weighting", [*WEIGHTINGS, "none"])
def test_every_kind_of_edit_is_the_same_again(weighting: str, cell: str) -> None:
    mode = Mode("none") if weighting == "none" else Mode("dot", "local-p", weighting)
    checkpoint = as_checkpoint(never_ending_model(cell=cell))
    trace = recorded_document(checkpoint, mode)
    edited = {edit for node in trace.tree.nodes for edit in node.edits}
    assert edited == {
        edit for edit in EVERY_EDIT if mode.attends or edit.target in ("context", "state")
    }
    # A model read anew, and not the one whose caches are filled.
    report = verify(trace, as_checkpoint(never_ending_model(cell=cell)))
    assert apart(report) == {}
    assert report.steps == len(trace.steps)


def tampered(trace: Trace, node: int, change: Callable[[Any], Any]) -> Trace:
    steps = tuple(change(step) if step.node == node else step for step in trace.steps)
    return replace(trace, steps=steps)


def test_one_tampered_number_is_found_and_named(checkpoint: Checkpoint, document: Trace) -> None:
    for node in (0, 7, document.tree.nodes[-1].id):
        place = document.tree[node]

        def nudge(step: Any) -> Any:
            energies = step.cross.energies.copy()
            energies[0, 0, 1] += 0.5
            return replace(step, attention={CROSS: replace(step.cross, energies=energies)})

        report = verify(tampered(document, node, nudge), checkpoint)
        assert apart(report) == pytest.approx({"energies": 0.5}, rel=1e-5)
        spot = spot_of(report, "energies")
        assert spot is not None
        assert (spot.node, spot.t, spot.run) == (node, place.t, place.run)
        assert not report.within(1e-4)


def test_a_tampered_input_is_found(checkpoint: Checkpoint, document: Trace) -> None:
    other = document.others[0]
    states = other.states.copy()
    states[2, 3] = np.nan
    report = verify(replace(document, others=(replace(other, states=states),)), checkpoint)
    assert apart(report) == {"states": np.inf}
    assert spot_of(report, "states") == Spot(1)


def test_another_token_than_the_model_chooses_is_found_and_spares_the_rest(
    checkpoint: Checkpoint, document: Trace
) -> None:
    """A whole path through another token, as if the model had chosen it."""
    stepper = Stepper(checkpoint, document.run.text)
    first, _ = stepper.step(stepper.start, 0, Mode(), Choice())
    token = int(first.active.top_ids[1])
    forced, position = stepper.step(stepper.start, 0, Mode(), Choice("forced"), token)
    second, _ = stepper.step(position, 1, Mode(), Choice())
    nodes = [
        replace(document.tree.nodes[0], token_id=token, mode=Mode(), choice=Choice(), edits=()),
        replace(
            document.tree.nodes[0], id=1, parent=0, t=2, token_id=second.token_id, mode=Mode(),
            choice=Choice(), edits=(),
        ),
    ]  # fmt: skip
    steps = (replace(forced, chosen_by="greedy"), second)
    trace = Trace(document.run, RunTree(document.tree.root, nodes), steps)
    report = verify(trace, checkpoint)
    assert apart(report) == {"token": 1}
    assert spot_of(report, "token") == Spot(0, 0, 1, 1)


def test_another_model_deviates_and_is_told(document: Trace) -> None:
    other = as_checkpoint(never_ending_model(1))
    report = verify(document, replace(other, info=replace(other.info, hash="1" * 64)))
    assert not report.same_model
    assert (report.model_then, report.model_now) == ("0" * 64, "1" * 64)
    found = apart(report)
    assert {"states", "energies", "alpha", "state_soft", "log_prob"} <= found.keys()
    assert "way" not in found
    assert "draw" not in found
    assert report.steps == len(document.steps)


def test_a_model_of_other_sizes_is_compared_as_far_as_it_goes(checkpoint: Checkpoint) -> None:
    stepper = Stepper(checkpoint, "A dog.")
    record, _ = stepper.step(stepper.start, 0, Mode(), Choice())
    document = recorded_document(checkpoint)
    node = replace(document.tree.nodes[0], token_id=record.token_id, mode=Mode(),
                   choice=Choice(), edits=())  # fmt: skip
    trace = Trace(stepper.run, RunTree(document.tree.root, [node]), (record,))
    larger = as_checkpoint(never_ending_model(encoder_size=8, decoder_size=16))
    found = apart(verify(trace, larger))
    for name in ("states", "start_state", "context_soft", "state_hard", "gates"):
        assert found[name] == np.inf
    assert "source" not in found


def test_a_model_that_lacks_the_mode_says_so(document: Trace) -> None:
    fewer = as_checkpoint(never_ending_model(**dedicated("dot")))
    with pytest.raises(InputError, match="no score 'additive'; it has: dot"):
        verify(document, fewer)


def test_it_asks_before_every_step_and_can_be_stopped(
    checkpoint: Checkpoint, document: Trace
) -> None:
    calls: list[None] = []

    def stop_at_the_fifth() -> None:
        calls.append(None)
        if len(calls) == 5:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        verify(document, checkpoint, stop_at_the_fifth)
    calls.clear()
    verify(document, checkpoint, lambda: calls.append(None))
    assert len(calls) == len(document.tree)


def test_nodes_without_a_record_are_decoded_but_not_compared(
    checkpoint: Checkpoint, document: Trace
) -> None:
    last = document.steps[-1]
    report = verify(replace(document, steps=(last,)), checkpoint)
    assert (report.steps, report.recorded, report.exact) == (1, 1, True)
    nothing = replace(document, steps=(), tree=RunTree(document.tree.root))
    report = verify(nothing, checkpoint)
    assert (report.steps, report.branches, report.exact) == (0, 0, True)

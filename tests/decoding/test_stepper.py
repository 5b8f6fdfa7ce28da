from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from attn_desktop import api
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, SOFT, Mode
from attn_desktop.decoding import draws
from attn_desktop.decoding.stepper import TOP_TOKENS, Position, Stepper
from attn_desktop.families.base import Given
from attn_desktop.inputs.text import END_ID, PAD_ID, START_ID
from attn_desktop.trace.records import StepRecord
from attn_desktop.trace.run_tree import Choice, Node, Root, RunTree
from attn_desktop.trace.trace import Trace, check_trace
from tests.decoding.helpers import (
    EVERY_MODE,
    NONE,
    SENTENCES,
    as_checkpoint,
    differences,
    ending_model,
    never_ending_model,
    plain_draw,
)

TEXT = SENTENCES[0]
GREEDY = Choice()
SAMPLED = Choice("sampled", temperature=1.5, seed=11)
HARD_MODE = Mode("additive", "global", HARD)


@pytest.fixture(scope="module")
def stepper() -> Stepper:
    return Stepper(as_checkpoint(never_ending_model()), TEXT)


def walk(
    stepper: Stepper, modes: list[Mode], choice: Choice = GREEDY
) -> tuple[list[StepRecord], list[Position]]:
    records, positions = [], [stepper.start]
    for node, mode in enumerate(modes):
        record, position = stepper.step(positions[-1], node, mode, choice)
        records.append(record)
        positions.append(position)
    return records, positions


def as_trace(stepper: Stepper, records: list[StepRecord], choice: Choice) -> Trace:
    run = stepper.run
    nodes = [Node(r.node, r.parent, r.t, r.token_id, r.mode, choice) for r in records]
    tree = RunTree(Root(run.model.hash, run.text, run.device, run.dtype), nodes)
    return Trace(run, tree, tuple(records))


# -- what a record holds --------------------------------------------------------------------


@pytest.mark.parametrize("mode", EVERY_MODE, ids=str)
def test_every_mode_gives_complete_records_that_obey_the_definitions(
    stepper: Stepper, mode: Mode
) -> None:
    records, _ = walk(stepper, [mode] * 4, SAMPLED)
    trace = as_trace(stepper, records, SAMPLED)
    check_trace(trace)
    states = stepper.run.states.astype(np.float64)
    token = START_ID
    for t, record in enumerate(records, start=1):
        assert (record.t, record.mode, record.token_in_id) == (t, mode, token)
        assert record.token == stepper.model.token_label(record.token_id)
        assert record.chosen_by == "sampled"
        assert record.trained == (mode in stepper.model.trained_modes)
        token = record.token_id
        if mode == NONE:
            assert record.cross is None
            assert list(record.readings) == [SOFT]
            assert record.active.context.tolist() == stepper.run.fixed_context.tolist()
            continue
        cross = record.cross
        assert cross is not None
        assert set(record.readings) == {SOFT, HARD}
        alpha = cross.alpha[0, 0].astype(np.float64)
        inside = (cross.mask & cross.window)[0, 0]
        assert np.isfinite(cross.energies).all()
        assert alpha.min() >= 0
        assert alpha.sum() == pytest.approx(1, abs=1e-6)
        assert (alpha[~inside] == 0).all()
        assert np.abs(alpha @ states - record.readings[SOFT].context).max() < 1e-5
        k = int(cross.sampled[0, 0])
        assert cross.draw[0, 0] == draws.uniform(SAMPLED.seed, draws.ATTENTION, t)[0]
        assert k == plain_draw(alpha.tolist(), float(cross.draw[0, 0]))
        assert record.readings[HARD].context.tolist() == stepper.run.states[k].tolist()
        assert (cross.center is None) == (mode.scope == "global")
        assert (cross.half_width is None) == (mode.scope == "global")


def test_a_reading_holds_what_its_own_readout_says(stepper: Stepper) -> None:
    model = stepper.model
    records, positions = walk(stepper, [HARD_MODE] * 3, SAMPLED)
    for record, position in zip(records, positions, strict=False):
        previous = model.embed(torch.tensor([position.token]))
        for reading in record.readings.values():
            with torch.inference_mode():
                logits = model.readout(
                    torch.tensor(reading.state)[None], torch.tensor(reading.context)[None], previous
                )[0].double()
                logits[list(model.never_chosen)] = -torch.inf
                log_probs = (logits - torch.logsumexp(logits, 0)).numpy()
            order = np.argsort(-log_probs)[:TOP_TOKENS]
            assert reading.top_ids.tolist() == order.tolist()
            assert reading.top_log_probs == pytest.approx(log_probs[order], abs=1e-5)
            assert reading.top_tokens == tuple(map(model.token_label, order.tolist()))
            assert reading.log_prob == pytest.approx(log_probs[record.token_id], abs=1e-5)
            kept = log_probs[log_probs > -np.inf]
            assert reading.entropy == pytest.approx(-(np.exp(kept) * kept).sum(), abs=1e-5)


@pytest.mark.parametrize("weighting", [SOFT, HARD])
def test_the_active_reading_gives_the_next_state_and_the_greedy_token(weighting: str) -> None:
    stepper = Stepper(as_checkpoint(never_ending_model(3)), TEXT)
    mode = Mode("general", "global", weighting)
    records, positions = walk(stepper, [mode] * 5)
    told_apart = 0
    for record, position in zip(records, positions[1:], strict=True):
        assert position.state.hidden[0].tolist() == record.active.state.tolist()
        assert record.active is record.readings[weighting]
        assert record.token_id == record.active.top_ids[0]
        other = record.readings[HARD if weighting == SOFT else SOFT]
        told_apart += other.state.tolist() != record.active.state.tolist()
    assert told_apart == len(records)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_gates_are_recorded_and_explain_the_state(cell: str) -> None:
    stepper = Stepper(as_checkpoint(never_ending_model(cell=cell)), TEXT)
    (_, record), (_, before, _) = walk(stepper, [Mode()] * 2)
    for reading in record.readings.values():
        gates = reading.gates
        if cell == "gru":
            old = before.state.hidden[0].numpy()
            state = gates["update"] * old + (1 - gates["update"]) * gates["candidate"]
        else:
            state = gates["output"] * np.tanh(gates["cell"])
        assert reading.state == pytest.approx(state, abs=1e-6)


def test_arrays_of_a_record_are_read_only(stepper: Stepper) -> None:
    (record,), _ = walk(stepper, [Mode()])
    assert record.cross is not None
    for array in (record.active.context, record.cross.alpha, record.active.gates["update"]):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_a_run_does_not_hold_on_to_the_vocabulary() -> None:
    """Memory of a run grows with source + hidden + top-k, whatever the vocabulary."""
    stepper = Stepper(as_checkpoint(never_ending_model()), TEXT)
    (record,), _ = walk(stepper, [Mode()])
    for reading in record.readings.values():
        for array in (reading.top_ids, reading.top_log_probs, reading.context, reading.state):
            base = array
            while isinstance(base.base, np.ndarray):
                base = base.base
            assert base.size <= 2 * max(TOP_TOKENS, array.size)


def test_a_vocabulary_smaller_than_the_list_of_likeliest_tokens() -> None:
    stepper = Stepper(as_checkpoint(never_ending_model(target_vocabulary=7)), TEXT)
    records, _ = walk(stepper, [Mode(), HARD_MODE, NONE])
    for record in records:
        for reading in record.readings.values():
            assert sorted(reading.top_ids.tolist()) == [2, 3, 4, 5, 6]
            assert np.exp(reading.top_log_probs.astype(np.float64)).sum() == pytest.approx(1)
    check_trace(as_trace(stepper, records, GREEDY))


def test_a_vocabulary_of_one_token_that_may_be_chosen() -> None:
    stepper = Stepper(as_checkpoint(ending_model(target_vocabulary=3)), TEXT)
    (record,), _ = walk(stepper, [Mode()])
    assert record.is_end
    assert (record.active.top_ids.tolist(), record.log_prob, record.active.entropy) == ([2], 0, 0)


# -- back and forth -------------------------------------------------------------------------


@pytest.mark.parametrize("choice", [GREEDY, SAMPLED], ids=["greedy", "sampled"])
@pytest.mark.parametrize("mode", EVERY_MODE, ids=str)
def test_step_back_and_step_give_the_identical_record(
    stepper: Stepper, mode: Mode, choice: Choice
) -> None:
    records, positions = walk(stepper, [mode] * 3, choice)
    again, following = stepper.step(positions[1], 1, mode, choice)
    assert differences(again, records[1]) == []
    last, _ = stepper.step(following, 2, mode, choice)
    assert differences(last, records[2]) == []


def test_another_stepper_on_the_same_input_gives_the_identical_records(stepper: Stepper) -> None:
    other = Stepper(as_checkpoint(never_ending_model()), TEXT)
    assert differences(other.run, stepper.run) == []
    modes = [HARD_MODE, Mode("dot"), NONE, Mode("cosine", "local-p", HARD)]
    for one, two in zip(
        walk(stepper, modes, SAMPLED)[0], walk(other, modes, SAMPLED)[0], strict=True
    ):
        assert differences(one, two) == []


def test_the_comparison_sees_what_differs(stepper: Stepper) -> None:
    records, _ = walk(stepper, [HARD_MODE] * 2, SAMPLED)
    assert differences(records[0], records[1])
    other, _ = stepper.step(stepper.start, 0, HARD_MODE, replace(SAMPLED, seed=12))
    found = differences(records[0], other)
    assert any("draw" in where for where in found)


def test_replaying_a_remembered_step_leads_to_the_same_place(stepper: Stepper) -> None:
    modes = [HARD_MODE, Mode("dot"), NONE, Mode("cosine", "local-p", HARD)]
    records, positions = walk(stepper, modes, SAMPLED)
    position = stepper.start
    for record, expected in zip(records, positions[1:], strict=True):
        node = Node(record.node, record.parent, record.t, record.token_id, record.mode, SAMPLED)
        position = stepper.replay(position, node)
        assert torch.equal(position.state.hidden, expected.state.hidden)
        assert (position.t, position.token, position.node) == (
            expected.t,
            expected.token,
            expected.node,
        )


def test_a_new_seed_draws_anew(stepper: Stepper) -> None:
    sampled = set()
    for seed in range(60):
        record, _ = stepper.step(stepper.start, 0, HARD_MODE, Choice(seed=seed))
        assert record.cross is not None
        sampled.add(int(record.cross.sampled[0, 0]))
    assert len(sampled) > 1


# -- tokens that are given, and the end -----------------------------------------------------


def test_a_forced_token_is_taken_and_its_probability_recorded(stepper: Stepper) -> None:
    free, _ = stepper.step(stepper.start, 0, Mode(), GREEDY)
    token = int(free.active.top_ids[3])
    record, position = stepper.step(stepper.start, 0, Mode(), Choice("forced"), token)
    assert (record.token_id, position.token, record.chosen_by) == (token, token, "forced")
    assert record.log_prob == free.active.top_log_probs[3]
    assert record.active.state.tolist() == free.active.state.tolist()
    following, _ = stepper.step(position, 1, Mode(), GREEDY)
    assert following.token_in_id == token


@pytest.mark.parametrize("token", [-1, -(2**40), 340, 2**40, PAD_ID, START_ID])
def test_a_token_that_no_output_can_have_is_refused(stepper: Stepper, token: int) -> None:
    with pytest.raises(InputError, match=r"outside the vocabulary of 340|cannot be an output"):
        stepper.step(stepper.start, 0, Mode(), Choice("forced"), token)


@pytest.mark.parametrize(("how", "token"), [("forced", None), ("greedy", 5), ("sampled", 5)])
def test_a_token_is_given_where_it_is_forced_and_nowhere_else(
    stepper: Stepper, how: str, token: int | None
) -> None:
    with pytest.raises(InputError, match="a forced step needs the token"):
        stepper.step(stepper.start, 0, Mode(), Choice(how), token)  # type: ignore[arg-type]


def test_there_is_no_step_after_the_end(stepper: Stepper) -> None:
    record, position = stepper.step(stepper.start, 0, Mode(), Choice("forced"), END_ID)
    assert record.is_end
    with pytest.raises(InputError, match="ended at step 1"):
        stepper.step(position, 1, Mode(), GREEDY)


def test_an_unknown_score_or_scope_is_refused_by_name() -> None:
    model = never_ending_model(
        scores=("dot",), trained_modes=("dot",), projection_size=None, decoder_size=10
    )
    stepper = Stepper(as_checkpoint(model), TEXT)
    with pytest.raises(InputError, match="no score 'additive'; it has: dot, none"):
        stepper.step(stepper.start, 0, Mode("additive"), GREEDY)
    with pytest.raises(InputError, match=r"unknown scope 'near'.*global, local-m, local-p"):
        stepper.step(stepper.start, 0, Mode("dot", "near"), GREEDY)


# -- modes that change ----------------------------------------------------------------------


def test_a_mode_may_change_between_any_two_steps(stepper: Stepper) -> None:
    """Each step starts from the state and the token of the one before, whatever made them."""
    modes = [Mode(), NONE, HARD_MODE, Mode("location", "local-m"), NONE, Mode("cosine", "local-p")]
    records, positions = walk(stepper, modes)
    assert [record.mode for record in records] == modes
    check_trace(as_trace(stepper, records, GREEDY))
    model = stepper.model
    memory = model.encode([model.prepare(Given(TEXT)).inputs])
    for t, (mode, before, record) in enumerate(zip(modes, positions, records, strict=False), 1):
        with torch.inference_mode():
            stepped = model.step(
                memory,
                before.state,
                model.embed(torch.tensor([before.token])),
                mode,
                t,
                torch.from_numpy(draws.uniform(0, draws.ATTENTION, t)),
                (mode.weighting,),
            )
        state = stepped.readings[mode.weighting].state.hidden[0].numpy()
        assert record.active.state == pytest.approx(state, abs=1e-6)
    unchanged, _ = walk(stepper, [Mode()] * 3)
    assert differences(records[0], unchanged[0]) == []
    assert records[2].active.state.tolist() != unchanged[2].active.state.tolist()


# -- the whole way --------------------------------------------------------------------------


def test_decode_of_the_api_ends_at_the_end_or_at_the_limit() -> None:
    ended = api.decode(as_checkpoint(ending_model()), TEXT)
    assert ended.steps[-1].is_end
    assert not any(step.is_end for step in ended.steps[:-1])
    stepper = Stepper(as_checkpoint(never_ending_model()), TEXT)
    endless = api.decode(as_checkpoint(never_ending_model()), TEXT)
    assert len(endless.steps) == 2 * len(stepper.run.source) + 20
    assert len(api.decode(as_checkpoint(never_ending_model()), TEXT, max_steps=3).steps) == 3
    for trace in (ended, endless):
        check_trace(trace)
        assert [step.node for step in trace.steps] == [node.id for node in trace.tree.nodes]

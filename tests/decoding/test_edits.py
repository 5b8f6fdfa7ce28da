"""Edited decodings: every number after an edit is what a plain loop over the weights gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, SOFT, WEIGHTINGS, Mode
from attn_desktop.decoding.edits import intervention_of
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.readings import TOP_TOKENS, probe_readings
from attn_desktop.decoding.stepper import Position, Stepper
from attn_desktop.decoding.tree_stepper import TreeStepper
from attn_desktop.families.base import Given
from attn_desktop.families.cells import State
from attn_desktop.trace.edits import WAYS, Edit, inherited
from attn_desktop.trace.records import StepRecord
from attn_desktop.trace.run_tree import Choice, Node
from attn_desktop.trace.trace import Trace, check_trace
from tests.decoding.helpers import (
    NONE,
    SENTENCES,
    as_checkpoint,
    differences,
    never_ending_model,
)
from tests.decoding.plain_decoder import PlainDecoder, PlainStep
from tests.plain_edits import plain_vector

TEXT = SENTENCES[2]
GREEDY = Choice(seed=5)
SAMPLED = Choice("sampled", temperature=1.3, seed=9)
#: The edited step is the third of seven: what comes before stays, what follows must follow.
EDITED, STEPS = 3, 7
Plan = list[tuple[Mode, Choice, tuple[Edit, ...]]]


@cache
def stepper_of(cell: str = "gru") -> Stepper:
    return Stepper(as_checkpoint(never_ending_model(cell=cell)), TEXT)


@cache
def plain_of(cell: str = "gru") -> PlainDecoder:
    return PlainDecoder(never_ending_model(cell=cell), TEXT)


#: Of the run: source positions, size of the annotations and of the state.
S, H, N = 11, 10, 10
EDITS: dict[str, tuple[Edit, ...]] = {
    "alpha set": (Edit("alpha", "set", values=tuple(float(j % 3) for j in range(S))),),
    "alpha set, one": (Edit("alpha", "set", values=(0.0,) * (S - 1) + (1e-300,)),),
    "alpha mask": (Edit("alpha", "mask", (0, 2, 3)),),
    "alpha pin": (Edit("alpha", "pin", (1, 4)),),
    "alpha power": (Edit("alpha", "power", values=(3.5,)),),
    "alpha power, flat": (Edit("alpha", "power", values=(0.01,)),),
    "alpha shift": (Edit("alpha", "shift", values=(2,)),),
    "alpha shift, back": (Edit("alpha", "shift", values=(-1,)),),
    "alpha uniform": (Edit("alpha", "uniform"),),
    "position pick": (Edit("position", "pick", (3,)),),
    "context add": (Edit("context", "add", values=(0.75,)),),
    "context add, some": (Edit("context", "add", (0, 7), (1.5, -2.0)),),
    "context zero": (Edit("context", "zero"),),
    "context zero, some": (Edit("context", "zero", (1, 2, 9)),),
    "context replace": (
        Edit("context", "replace", values=tuple(float(i) / 5 - 1 for i in range(H))),
    ),
    "context replace, some": (Edit("context", "replace", (4,), (-3.0,)),),
    "state add": (Edit("state", "add", values=tuple(0.3 * (-1) ** i for i in range(N))),),
    "state add, some": (Edit("state", "add", (5, 0, 2), (0.5,)),),
    "state zero": (Edit("state", "zero"),),
    "state zero, some": (Edit("state", "zero", (0,)),),
    "state replace": (Edit("state", "replace", values=(0.2,)),),
    "state replace, some": (Edit("state", "replace", (3, 1), (0.9, -0.9)),),
    "all at once": (
        Edit("alpha", "power", values=(0.5,)),
        Edit("state", "add", (1,), (0.4,)),
        Edit("alpha", "mask", (1,)),
        Edit("position", "pick", (2,)),
        Edit("context", "add", (0,), (1.0,)),
        Edit("alpha", "shift", values=(1,)),
        Edit("position", "pick", (4,)),
        Edit("context", "zero", (0, 1)),
        Edit("state", "replace", (0,), (-0.5,)),
    ),
    "vectors, one after another": (
        Edit("context", "add", (0, 3), (1.0,)),
        Edit("context", "add", values=(0.5,)),
        Edit("context", "replace", (2,), (-1.0,)),
        Edit("context", "add", (2, 0), (0.25, -0.75)),
        Edit("state", "add", (1,), (0.5,)),
        Edit("state", "zero", (4, 5)),
        Edit("state", "add", values=(-0.25,)),
    ),
    "α, one after another": (
        Edit("alpha", "uniform"),
        Edit("alpha", "mask", (0,)),
        Edit("alpha", "shift", values=(-1,)),
        Edit("alpha", "power", values=(2.0,)),
        Edit("alpha", "pin", (0, 1)),
    ),
}
WITHOUT_ALPHA = {
    name: edits
    for name, edits in EDITS.items()
    if all(edit.target in ("context", "state") for edit in edits)
}


def plan(mode: Mode, choice: Choice, edits: tuple[Edit, ...]) -> Plan:
    """Seven steps, the third edited, and those after it by what lasts of that."""
    steps: Plan = []
    for t in range(1, STEPS + 1):
        own = edits if t == EDITED else inherited(steps[-1][2], mode.attends) if steps else ()
        steps.append((mode, choice, own))
    return steps


def decode(stepper: Stepper, steps: Plan) -> tuple[list[StepRecord], list[Position]]:
    position, records, positions = stepper.start, list[StepRecord](), list[Position]()
    for node, (mode, choice, edits) in enumerate(steps):
        record, position = stepper.step(position, node, mode, choice, None, edits)
        records.append(record)
        positions.append(position)
    return records, positions


def assert_same(records: Sequence[StepRecord], plain: Sequence[PlainStep]) -> None:
    """Tokens and positions equal, every number close to the plain loop's."""
    assert [record.token_id for record in records] == [step.token for step in plain]
    for record, step in zip(records, plain, strict=True):
        cross = record.cross
        assert (cross is None) == (step.alpha is None)
        if cross is not None:
            assert cross.sampled.tolist() == [[step.sampled]]
            close(cross.energies[0, 0], step.energies, 2e-4)
            close(cross.alpha[0, 0], step.alpha)
            if any(edit.target == "alpha" for edit in record.edits):
                assert cross.unedited is not None
                close(cross.unedited[0, 0], step.unedited)
            else:
                assert cross.unedited is None
        assert list(record.readings) == list(step.readings)
        for name, reading in record.readings.items():
            expected = step.readings[name]
            close(reading.context, expected.context)
            close(reading.state, expected.state)
            order = np.argsort(-np.array(expected.log_probs), kind="stable")[:5]
            close(reading.top_log_probs[:5], np.array(expected.log_probs)[order])
            assert reading.log_prob == pytest.approx(expected.log_probs[record.token_id], abs=1e-4)
            assert reading.entropy == pytest.approx(expected.entropy, abs=1e-4)


def close(values: Any, expected: Any, within: float = 1e-4) -> None:
    assert np.asarray(values) == pytest.approx(np.asarray(expected), abs=within)


def test_every_kind_of_edit_has_its_case() -> None:
    tried = {(edit.target, edit.how) for edits in EDITS.values() for edit in edits}
    assert tried == set(WAYS)
    run = stepper_of().run
    assert (len(run.source), run.states.shape[1], len(run.start_state)) == (S, H, N)


def test_the_plain_loop_agrees_where_nothing_is_edited() -> None:
    for cell in ("gru", "lstm"):
        for mode in (Mode(), Mode("cosine", "local-p", HARD), Mode("location", "local-m"), NONE):
            steps = plan(mode, SAMPLED, ())
            records, _ = decode(stepper_of(cell), steps)
            assert_same(records, plain_of(cell).decode(steps))


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_what_follows_an_edit_is_what_a_plain_loop_gives(name: str, weighting: str) -> None:
    for cell, score, scope in (
        ("gru", "additive", "global"),
        ("lstm", "dot", "local-p"),
        ("gru", "general", "local-m"),
    ):
        if name == "alpha shift, back" and scope == "local-m":
            continue  # nothing is left of it at a step whose window begins the source
        steps = plan(Mode(score, scope, weighting), GREEDY, EDITS[name])
        records, _ = decode(stepper_of(cell), steps)
        assert_same(records, plain_of(cell).decode(steps))
        untouched, _ = decode(stepper_of(cell), plan(steps[0][0], GREEDY, ()))
        before = EDITED - 1
        assert differences(tuple(records[:before]), tuple(untouched[:before])) == []
        assert differences(records[before], untouched[before])


@pytest.mark.parametrize("name", WITHOUT_ALPHA)
def test_and_without_attention(name: str) -> None:
    for cell in ("gru", "lstm"):
        steps = plan(NONE, SAMPLED, WITHOUT_ALPHA[name])
        records, _ = decode(stepper_of(cell), steps)
        assert_same(records, plain_of(cell).decode(steps))


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("name", EDITS)
def test_a_lasting_edit_is_made_to_every_step_after_it(name: str, weighting: str) -> None:
    lasting = tuple(replace(edit, lasting=True) for edit in EDITS[name])
    steps = plan(Mode("additive", "global", weighting), SAMPLED, lasting)
    assert [len(edits) for _, _, edits in steps] == [0, 0] + [len(lasting)] * 5
    records, _ = decode(stepper_of(), steps)
    assert_same(records, plain_of().decode(steps))
    assert all(record.edits == edits for record, (_, _, edits) in zip(records, steps, strict=True))


def test_modes_and_edits_may_change_at_every_step() -> None:
    modes = (Mode(), Mode("dot", "local-p", HARD), NONE, Mode("cosine", "global", HARD))
    names = [
        "alpha power",
        "position pick",
        "state add",
        "all at once",
        "context zero",
        "alpha pin",
    ]
    steps: Plan = [
        (modes[i % 4] if name not in WITHOUT_ALPHA else NONE, SAMPLED, EDITS[name])
        for i, name in enumerate(names)
        if modes[i % 4] != NONE or name in WITHOUT_ALPHA
    ]
    assert len(steps) >= 5
    records, _ = decode(stepper_of(), steps)
    assert_same(records, plain_of().decode(steps))


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_a_position_without_any_alpha_can_be_picked(weighting: str) -> None:
    edits = (Edit("alpha", "pin", (1,)), Edit("position", "pick", (S - 1,)))
    steps = plan(Mode("additive", "global", weighting), GREEDY, edits)
    records, _ = decode(stepper_of(), steps)
    assert_same(records, plain_of().decode(steps))
    cross = records[EDITED - 1].cross
    assert cross is not None
    assert (cross.sampled[0, 0], cross.alpha[0, 0, S - 1], cross.alpha[0, 0, 1]) == (S - 1, 0, 1)
    hard = records[EDITED - 1].readings[HARD]
    assert hard.context.tobytes() == stepper_of().run.states[S - 1].tobytes()


def test_the_draw_is_from_the_edited_alpha_by_the_recorded_number() -> None:
    for seed in range(20):
        edits = (Edit("alpha", "set", values=(3.0, 1.0) + (0.0,) * (S - 2)),)
        record, _ = stepper_of().step(
            stepper_of().start, 0, Mode("dot", "global", HARD), Choice(seed=seed), None, edits
        )
        cross = record.cross
        assert cross is not None
        assert cross.sampled[0, 0] == (0 if cross.draw[0, 0] < 0.75 else 1)


# -- the four readings of an edited step ------------------------------------------------------


@pytest.mark.parametrize("name", [*EDITS, "a position without α"])
def test_the_four_readings_of_an_edited_step(name: str) -> None:
    edits = EDITS.get(name) or (Edit("alpha", "pin", (1, 2)), Edit("position", "pick", (0,)))
    mode = Mode("additive", "global", HARD)
    stepper, plain = stepper_of(), plain_of()
    before, place = stepper.step(stepper.start, 0, mode, GREEDY)
    record, _ = stepper.step(place, 1, mode, GREEDY, None, edits)
    probe = probe_readings(stepper, place, record)
    assert probe is not None
    steps: Plan = [(mode, GREEDY, ()), (mode, GREEDY, edits)]
    first, second = plain.decode(steps)
    assert second.alpha is not None
    assert second.sampled is not None
    start = first.readings[HARD]
    at = replace(plain.start, t=1, state=start.state, cell=start.cell, token=before.token_id)

    def predict(context: list[float]) -> Any:
        return np.exp(plain.read(at, plain_vector(edits, "context", context), edits).log_probs)

    expected = sum(a * predict(h) for a, h in zip(second.alpha, plain.states, strict=True))
    four = [
        np.exp(second.readings[SOFT].log_probs),
        predict(plain.states[second.sampled]),
        predict(plain.states[int(np.argmax(second.alpha))]),
        expected,
    ]
    for row, p in enumerate(four):
        order = np.argsort(-p, kind="stable")[:TOP_TOKENS]
        close(np.exp(probe.arrays["top_log_probs"][row]), p[order])
        assert probe.arrays["log_prob"][row] == pytest.approx(np.log(p[record.token_id]), abs=1e-3)
    for row, reading in enumerate((SOFT, HARD)):
        listed = record.readings[reading].top_log_probs[:TOP_TOKENS]
        close(probe.arrays["top_log_probs"][row], listed)


# -- again ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EDITS)
def test_a_replay_repeats_edits_to_the_last_bit(name: str) -> None:
    stepper = stepper_of("lstm")
    positions, position = Positions(stepper), stepper.start
    nodes: list[Node] = []
    for t in range(1, 6):
        edits = EDITS[name] if t in (2, 4) else ()
        mode = Mode("additive", "global", WEIGHTINGS[t % 2])
        _, node, position = positions.step(position, t, mode, SAMPLED, None, edits)
        nodes.append(node)
    assert nodes[1].edits == EDITS[name]
    for count in range(1, 6):
        found = Positions(stepper).after(nodes[:count])
        kept = positions.after(nodes[:count])
        assert (found.t, found.token, found.node) == (kept.t, kept.token, kept.node)
        assert torch.equal(found.state.hidden, kept.state.hidden)
        assert found.state.cell is not None
        assert kept.state.cell is not None
        assert torch.equal(found.state.cell, kept.state.cell)


@pytest.mark.parametrize("changed", [{"edits": ()}, {"edits": EDITS["state zero"]}])
def test_a_position_is_not_taken_for_one_with_other_edits(changed: dict[str, Any]) -> None:
    positions = Positions(stepper_of())
    _, node, _ = positions.step(stepper_of().start, 1, Mode(), GREEDY, None, EDITS["alpha uniform"])
    other = replace(node, **changed)
    kept, found = positions.after([node]), positions.after([other])
    assert not torch.equal(kept.state.hidden, found.state.hidden)
    assert torch.equal(found.state.hidden, Positions(stepper_of()).after([other]).state.hidden)


def test_the_tree_remembers_the_edits_of_its_nodes() -> None:
    driver = TreeStepper(stepper_of())
    first = driver.step(None, Mode(), GREEDY, edits=EDITS["all at once"])
    second = driver.step(first.node, Mode(), GREEDY)
    other = driver.step(None, NONE, GREEDY, edits=EDITS["state add"])
    assert [node.edits for node in driver.tree.nodes] == [first.edits, (), other.edits]
    check_trace(Trace(stepper_of().run, driver.tree, (first, second, other)))
    driver.forget()
    again = driver.step(first.node, Mode(), GREEDY)
    assert differences(replace(again, node=second.node), second) == []


# -- one row and its neighbours -----------------------------------------------------------------


@pytest.mark.parametrize("name", EDITS)
@torch.inference_mode()
def test_every_row_of_a_batch_is_edited_as_if_it_were_alone(name: str) -> None:
    model = never_ending_model(cell="lstm")
    memory = model.encode([model.prepare(Given(text)).inputs for text in (TEXT, TEXT)])
    intervention = intervention_of(Mode(), EDITS[name])
    start = model.start(memory)
    assert start.cell is not None
    spread = torch.tensor([[1.0], [-0.3]])
    state = State(start.hidden * spread, start.cell + spread)
    previous = model.embed(torch.tensor([7, 30]))
    draw = torch.tensor([0.2, 0.9])
    whole = model.step(memory, state, previous, Mode(), 3, draw, intervention=intervention)
    before = memory.states.clone(), memory.fixed_context.clone(), state.hidden.clone()
    for row in range(2):
        index = torch.tensor([row])
        alone = model.step(
            memory.rows(index), state.rows(index), previous[index], Mode(), 3, draw[index],
            intervention=intervention,
        )  # fmt: skip
        for reading, advanced in alone.readings.items():
            close(whole.readings[reading].context[row], advanced.context[0], 1e-6)
            close(whole.readings[reading].state.hidden[row], advanced.state.hidden[0], 1e-6)
    after = memory.states, memory.fixed_context, state.hidden
    assert all(torch.equal(one, two) for one, two in zip(before, after, strict=True))


@torch.inference_mode()
def test_an_edit_leaves_what_it_was_made_from() -> None:
    stepper = Stepper(as_checkpoint(never_ending_model()), TEXT)
    memory, start = stepper.memory, stepper.start.state.hidden
    before = memory.states.clone(), memory.fixed_context.clone(), start.clone()
    for mode, name in ((NONE, "context zero"), (NONE, "state zero"), (Mode(), "all at once")):
        stepper.step(stepper.start, 0, mode, GREEDY, None, EDITS[name])
    after = memory.states, memory.fixed_context, start
    assert all(torch.equal(one, two) for one, two in zip(before, after, strict=True))


# -- what cannot be ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edit", "mode", "shown"),
    [
        (Edit("alpha", "set", values=(1.0,)), Mode(), f"1 values for {S} source positions"),
        (Edit("alpha", "mask", (S,)), Mode(), f"no position {S + 1}; there are {S} source pos"),
        (Edit("alpha", "mask", tuple(range(S))), Mode(), "would leave no α anywhere"),
        (Edit("alpha", "shift", values=(S,)), Mode(), f"shifting α by +{S} would leave no α"),
        (Edit("position", "pick", (S,)), Mode(), f"no position {S + 1}"),
        (Edit("context", "zero", (H,)), Mode(), f"there are {H} dimensions"),
        (Edit("state", "add", values=(1.0, 2.0)), NONE, f"2 values for {N} dimensions"),
        (Edit("state", "add", values=(1e39,)), NONE, "more than a number of the model (float32)"),
        (Edit("alpha", "uniform"), NONE, "this mode has no attention"),
        (Edit("position", "pick", (0,)), NONE, "this mode has no attention"),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_an_edit_that_cannot_be_made_is_named(edit: Edit, mode: Mode, shown: str) -> None:
    stepper = stepper_of()
    with pytest.raises(InputError) as caught:
        stepper.step(stepper.start, 0, mode, GREEDY, None, (edit,))
    assert shown in str(caught.value)
    node = Node(0, None, 1, 9, mode, GREEDY, (edit,))
    with pytest.raises(InputError) as caught:
        Positions(stepper).after([node])
    assert shown in str(caught.value)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("mode", [Mode(), Mode("dot", "local-p", HARD), NONE], ids=str)
def test_a_state_that_becomes_nan_can_still_be_watched(mode: Mode, cell: str) -> None:
    """Numbers may run out of range in what follows an edit; then NaN is what there is to see."""
    stepper = stepper_of(cell)
    position = stepper.start
    for t in range(1, 5):
        before, edits = position, (Edit("state", "add", values=(3e38,)),) if t == 1 else ()
        choice = SAMPLED if t == 3 else GREEDY
        record, position = stepper.step(before, t, mode, choice, None, edits)
        probe = probe_readings(stepper, before, record)
        assert (probe is None) == (mode == NONE)
    assert np.isnan(record.active.state).all()
    assert np.isnan(record.log_prob)
    if record.cross is not None:
        assert 0 <= record.cross.sampled[0, 0] < S
        with pytest.raises(InputError, match="α is not a number"):
            stepper.step(position, 5, mode, GREEDY, None, EDITS["alpha mask"])
        record, _ = stepper.step(position, 5, mode, GREEDY, None, EDITS["alpha set"])
        assert record.cross is not None
        assert np.isfinite(record.cross.alpha).all()

"""Decoding otherwise than the model would: forced tokens, edits, other inputs, beam's choices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from attn_desktop import api
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding.readings import probe_readings
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.inputs.text import END_ID
from attn_desktop.trace.edits import Edit, inherited
from attn_desktop.trace.protocol import Stepped
from attn_desktop.trace.run_tree import Choice, Node
from tests.decoding.helpers import NONE, differences
from tests.engine.client import Client, checked
from tests.engine.conftest import Start

TEXT = "The red car stands in front of the house."
SAMPLED = Choice("sampled", temperature=1.4, top_p=0.9, seed=21)
HARD_MODE = Mode("additive", "global", HARD)
SHIFT = Edit("alpha", "shift", values=(2.0,))
PICK = Edit("position", "pick", (3,), lasting=True)
ZERO = Edit("context", "zero", (0, 1), lasting=True)
ADD = Edit("state", "add", values=(0.25,), lasting=True)


def decode(client: Client, path: list[Node] | None = None, **changes: Any) -> list[Stepped]:
    request = msgspec.structs.replace(client.decode_request(path or ()), **changes)
    *steps, end = client.ask(request)
    assert type(end).__name__ == "Done", end
    return [checked(reply, Stepped) for reply in steps]


@pytest.mark.parametrize("mode", [Mode(), HARD_MODE, NONE], ids=str)
def test_edits_are_of_the_first_step_and_lasting_ones_of_all(
    client: Client, model: Path, mode: Mode
) -> None:
    edits = (SHIFT, PICK, ZERO, ADD) if mode.attends else (replace(ZERO, lasting=False), ADD)
    later = inherited(edits, mode.attends)
    assert 0 < len(later) < len(edits)
    client.encode(model, TEXT)
    (first,) = decode(client)
    steps = decode(client, [first.node], steps=4, mode=mode, choice=SAMPLED, edits=edits)
    assert [stepped.node.edits for stepped in steps] == [edits, later, later, later]
    stepper = Stepper(api.open_model(model), TEXT)
    _, position = stepper.step(stepper.start, 0, Mode(), Choice())
    for stepped in steps:
        before, node = position, stepped.node
        record, position = stepper.step(before, node.id, mode, SAMPLED, None, node.edits)
        assert differences(stepped.record, record) == []
        probe = probe_readings(stepper, before, record)
        assert differences(stepped.probes, () if probe is None else (probe,)) == []


def test_an_edited_path_is_found_again_by_a_fresh_engine(
    client: Client, start: Start, model: Path
) -> None:
    client.encode(model, TEXT)
    path = [stepped.node for stepped in decode(client, steps=3, edits=(SHIFT, ADD))]
    (expected,) = decode(client, path, mode=HARD_MODE)
    other = start()
    other.encode(model, TEXT)
    (again,) = decode(other, path, mode=HARD_MODE)
    assert differences(again.record, expected.record) == []
    plain = [replace(node, edits=()) for node in path]
    (different,) = decode(other, plain, mode=HARD_MODE)
    assert differences(different.record.active.state, expected.record.active.state)


def test_a_whole_prefix_is_forced_and_what_follows_is_chosen(client: Client, model: Path) -> None:
    client.encode(model, TEXT)
    steps = decode(client, steps=5, choice=SAMPLED, mode=HARD_MODE, forced=(44, 50, 61))
    assert [stepped.node.token_id for stepped in steps[:3]] == [44, 50, 61]
    forced = replace(SAMPLED, how="forced")
    assert [stepped.node.choice for stepped in steps] == [forced] * 3 + [SAMPLED] * 2
    assert [stepped.record.chosen_by for stepped in steps] == ["forced"] * 3 + ["sampled"] * 2
    one_by_one: list[Node] = []
    for token in (44, 50, 61, None):
        given = () if token is None else (token,)
        (stepped,) = decode(client, one_by_one, choice=SAMPLED, mode=HARD_MODE, forced=given)
        one_by_one.append(stepped.node)
        assert differences(stepped.record, steps[len(one_by_one) - 1].record) == []


def test_no_more_is_forced_than_there_are_steps_and_an_end_ends(
    client: Client, model: Path
) -> None:
    client.encode(model, TEXT)
    steps = decode(client, steps=2, forced=(44, 50, 61))
    assert [stepped.node.token_id for stepped in steps] == [44, 50]
    steps = decode(client, steps=9, forced=(44, END_ID, 61))
    assert [stepped.node.token_id for stepped in steps] == [44, END_ID]
    assert steps[-1].record.is_end


def test_forced_tokens_and_edits_go_together(client: Client, model: Path) -> None:
    client.encode(model, TEXT)
    first, second = decode(client, steps=2, forced=(44,), edits=(ADD, SHIFT))
    assert (first.node.token_id, first.node.edits) == (44, (ADD, SHIFT))
    assert second.node.edits == (ADD,)
    assert first.record.cross is not None
    assert first.record.cross.unedited is not None


def test_what_a_beam_chose_is_taken_and_stays_of_the_beam(client: Client, model: Path) -> None:
    client.encode(model, TEXT)
    beam = Choice("beam", seed=4)
    steps = decode(client, steps=2, choice=beam, mode=HARD_MODE, forced=(44, 50))
    assert [stepped.node.choice for stepped in steps] == [beam, beam]
    assert [stepped.record.chosen_by for stepped in steps] == ["beam", "beam"]
    forced = decode(client, steps=2, choice=Choice(seed=4), mode=HARD_MODE, forced=(44, 50))
    for one, two in zip(steps, forced, strict=True):
        assert differences(one.record.readings, two.record.readings) == []
    request = client.decode_request(steps=3, choice=beam, forced=(44,))
    *taken, failed = client.ask(request)
    assert [type(reply) for reply in taken] == [Stepped]
    assert "needs the token to force" in getattr(failed, "message", "")


def test_nodes_are_of_the_input_that_the_window_says(client: Client, model: Path) -> None:
    client.encode(model, TEXT, run=1)
    client.encode(model, "A dog.", run=2)
    first = decode(client, steps=2, run=1)
    second = decode(client, steps=2, run=2, first_node=2, node_run=1)
    assert [stepped.node.run for stepped in (*first, *second)] == [0, 0, 1, 1]
    path = [stepped.node for stepped in second]
    (third,) = decode(client, path, run=2, node_run=1)
    assert (third.node.run, third.node.parent) == (1, 3)


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"edits": (Edit("alpha", "set", values=(1.0, 2.0)),)}, "alpha set: 2 values for"),
        ({"edits": (Edit("position", "pick", (70,)),)}, "position pick: there is no position 71"),
        ({"edits": (SHIFT,), "mode": NONE}, "no attention, so there is no α to edit"),
        ({"edits": (Edit("alpha", "mask", tuple(range(22))),)}, "would leave no α anywhere"),
        ({"edits": (Edit("state", "add", values=(1e200,)),)}, "more than a number of the model"),
        ({"forced": (44, 10**6), "steps": 2}, "outside the vocabulary"),
    ],
    ids=str,
)
def test_what_cannot_be_edited_is_named_and_the_run_stays(
    client: Client, model: Path, changes: dict[str, Any], shown: str
) -> None:
    encoded = client.encode(model, TEXT)
    assert len(encoded.record.source) == 22
    failed = client.failure(msgspec.structs.replace(client.decode_request(), **changes))
    assert failed.cause == "input"
    assert shown in failed.message
    assert len(client.decode(steps=2)) == 2

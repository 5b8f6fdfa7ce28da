"""What is asked beside the decoding: repetitions, probes and tokens; and what gives way to what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attn_desktop import api
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.probes import PROBES
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.protocol import (
    AnyReply,
    Cancel,
    Done,
    ListModels,
    Models,
    Probe,
    Probed,
    Repeat,
    Stepped,
    Tokenize,
    Tokenized,
)
from attn_desktop.trace.records import ProbeRecord
from attn_desktop.trace.run_tree import Choice, Node
from tests.decoding.helpers import differences
from tests.engine.client import Client, checked, only
from tests.engine.conftest import Gate, Start

TEXT = "The red car stands in front of the house."
SAMPLED = Choice("sampled", temperature=1.4, seed=21)
HARD_MODE = Mode("additive", "global", HARD)


def grow(client: Client, model: Path) -> list[Stepped]:
    """Four steps, and a branch of two after the second."""
    client.encode(model, TEXT)
    steps = client.decode(steps=4, mode=HARD_MODE, choice=SAMPLED)
    path = [stepped.node for stepped in steps]
    request = client.decode_request(path[:2], 2, first_node=4, forced=(50,))
    *branch, _ = client.ask(request)
    return [*steps, *(checked(reply, Stepped) for reply in branch)]


def await_queue(client: Client) -> None:
    """Return once everything sent so far has been taken off the pipe."""
    assert client.ask(Cancel(request=990, target=-1)) == [Done(request=990)]


# -- repeat -----------------------------------------------------------------------------------


def test_a_tree_is_repeated_to_the_last_bit_by_a_fresh_engine(
    client: Client, start: Start, model: Path
) -> None:
    steps = grow(client, model)
    nodes = tuple(stepped.node for stepped in steps)
    other = start()
    other.encode(model, TEXT, run=5)
    *again, end = other.ask(Repeat(request=900, run=5, nodes=nodes))
    assert end == Done(request=900)
    for one, two in zip(again, steps, strict=True):
        repeated = checked(one, Stepped)
        assert (repeated.run, repeated.node, repeated.probes) == (5, two.node, ())
        assert differences(repeated.record, two.record) == []


def test_repeating_nodes_that_are_no_tree_fails_and_the_run_stays(
    client: Client, model: Path
) -> None:
    nodes = tuple(stepped.node for stepped in grow(client, model))
    failed = client.failure(Repeat(request=900, run=1, nodes=nodes[1:]))
    assert failed.cause == "input"
    assert "comes before its parent" in failed.message
    failed = client.failure(Repeat(request=901, run=7, nodes=nodes))
    assert "holds no run 7" in failed.message
    tampered = (replace(nodes[0], token_id=10**6), *nodes[1:])
    assert client.failure(Repeat(request=902, run=1, nodes=tampered)).cause == "input"
    edited = (replace(nodes[0], edits=(Edit("alpha", "pin", (80,)),)),)
    assert client.failure(Repeat(request=903, run=1, nodes=edited)).cause == "input"
    assert len(client.ask(Repeat(request=904, run=1, nodes=nodes))) == len(nodes) + 1


def test_a_repetition_stops_at_the_step_that_it_is_at(
    client: Client, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = tuple(stepped.node for stepped in grow(client, model))
    gate = gated(monkeypatch)
    client.send(Repeat(request=900, run=1, nodes=nodes))
    gate.await_arrival()
    client.ask(Cancel(request=901, target=900))
    gate.let_through()
    stepped, end = client.answer(900)
    assert checked(stepped, Stepped).node == nodes[0]
    assert end == Done(request=900, cancelled=True)


def gated(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """As the fixture `gate`, from now on."""
    gate, step = Gate(), Stepper.step

    def gated_step(*args: Any, **kwargs: Any) -> Any:
        gate.wait()
        return step(*args, **kwargs)

    monkeypatch.setattr(Stepper, "step", gated_step)
    return gate


def test_a_repetition_gives_way_to_a_step_and_then_goes_on(
    client: Client, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = grow(client, model)
    nodes = tuple(stepped.node for stepped in steps)
    gate = gated(monkeypatch)
    first, second = Repeat(request=900, run=1, nodes=nodes), Repeat(request=901, run=1, nodes=nodes)
    client.send(first)
    gate.await_arrival()
    urgent = client.decode_request(nodes[:1], steps=2)
    client.send(urgent, second)
    await_queue(client)
    gate.let_through(100)
    order: list[tuple[int, AnyReply]] = []
    while len([reply for _, reply in order if isinstance(reply, Done)]) < 3:
        reply = client.receive()
        order.append((reply.request, reply))
    numbers = [number for number, _ in order]
    assert numbers == [900] + [urgent.request] * 3 + [900] * 6 + [901] * 7
    repeated = [reply.record for n, reply in order if n == 900 and isinstance(reply, Stepped)]
    for record, stepped in zip(repeated, steps, strict=True):
        assert differences(record, stepped.record) == []


# -- probes -----------------------------------------------------------------------------------


def toy_probe(
    positions: Positions, path: Sequence[Node], settings: Mapping[str, Any]
) -> Iterator[ProbeRecord]:
    """As many parts as asked for, about where the path leads."""
    position = positions.after(path)
    if settings["parts"] < 0:
        raise InputError(f"parts must be at least 0, not {settings['parts']}")
    for part in range(settings["parts"]):
        node = path[-1].id if path else None
        yield ProbeRecord(node, "toy", {"part": part}, {"t": np.array([position.t])})


@pytest.fixture
def _toy_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROBES._entries, "toy", toy_probe)


def gated_probe(monkeypatch: pytest.MonkeyPatch, kind: str) -> Gate:
    """Have a kind of probe that is the toy one, with a gate before each part."""
    gate = Gate()

    def probe(*args: Any) -> Iterator[ProbeRecord]:
        for record in toy_probe(*args):
            gate.wait()
            yield record

    monkeypatch.setitem(PROBES._entries, kind, probe)
    return gate


def test_an_unknown_kind_fails_with_those_that_there_are(client: Client, model: Path) -> None:
    client.encode(model, TEXT)
    failed = client.failure(Probe(request=900, run=1, path=(), kind="tarot", settings={}))
    assert failed.cause == "input"
    assert failed.message.startswith("unknown probe 'tarot'; valid are:")
    assert len(client.decode(steps=2)) == 2


@pytest.mark.usefixtures("_toy_kind")
def test_a_probe_answers_in_parts_that_name_their_place(client: Client, model: Path) -> None:
    path = tuple(stepped.node for stepped in grow(client, model)[:3])
    request = Probe(request=900, run=1, path=path, kind="toy", settings={"parts": 3}, node_run=2)
    *parts, end = client.ask(request)
    assert end == Done(request=900)
    for number, reply in enumerate(parts):
        probed = checked(reply, Probed)
        probe = probed.probe
        assert (probed.run, probe.node, probe.run, probe.settings) == (1, 2, 2, {"part": number})
        assert probe.arrays["t"].tolist() == [3]
    start = Probe(request=901, run=1, path=(), kind="toy", settings={"parts": 1}, node_run=1)
    probe = only(client.ask(start), Probed).probe
    assert (probe.node, probe.run, probe.arrays["t"].tolist()) == (None, 1, [0])
    nothing = Probe(request=902, run=1, path=(), kind="toy", settings={"parts": 0})
    assert client.ask(nothing) == [Done(request=902)]


@pytest.mark.usefixtures("_toy_kind")
def test_a_probe_that_cannot_be_is_named(client: Client, model: Path) -> None:
    client.encode(model, TEXT)
    for settings, path, run, shown in (
        ({"parts": -1}, (), 1, "parts must be at least 0"),
        ({"parts": 1}, (Node(3, 2, 3, 7, Mode()),), 1, "cannot be step 1"),
        ({"parts": 1}, (), 9, "holds no run 9"),
    ):
        request = Probe(request=900, run=run, path=path, kind="toy", settings=settings)
        failed = client.failure(request)
        assert (failed.cause, shown in failed.message) == ("input", True)


@pytest.mark.usefixtures("_toy_kind")
def test_a_probe_stops_between_two_parts_and_lets_others_go_first(
    client: Client, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.encode(model, TEXT)
    gate = gated_probe(monkeypatch, "toy")
    client.send(Probe(request=900, run=1, path=(), kind="toy", settings={"parts": 9}))
    gate.await_arrival()
    client.send(ListModels(request=901))
    await_queue(client)
    gate.let_through()
    assert checked(client.receive(), Probed).request == 900
    only(client.answer(901), Models)
    gate.await_arrival()
    client.ask(Cancel(request=902, target=900))
    gate.let_through()
    assert client.answer(900) == [Done(request=900, cancelled=True)]


@pytest.mark.usefixtures("_toy_kind")
def test_what_is_quick_goes_before_what_was_asked_for_earlier(
    client: Client, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.encode(model, TEXT)
    gate = gated_probe(monkeypatch, "gated")
    client.send(Probe(request=900, run=1, path=(), kind="gated", settings={"parts": 2}))
    gate.await_arrival()
    slow = Probe(request=901, run=1, path=(), kind="toy", settings={"parts": 1})
    quick = Probe(request=902, run=1, path=(), kind="toy", settings={"parts": 1}, quick=True)
    client.send(slow, quick)
    await_queue(client)
    gate.let_through(2)
    numbers = [client.receive().request for _ in range(7)]
    assert numbers == [900, 902, 902, 900, 900, 901, 901]


# -- tokens -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["La voiture rouge", "un chien 😀", "</s> <pad>", "  é "])
def test_a_text_is_cut_into_tokens_that_can_be_forced(
    client: Client, model: Path, text: str
) -> None:
    client.encode(model, TEXT)
    found = only(client.ask(Tokenize(request=900, run=1, text=text)), Tokenized)
    network = api.open_model(model).model
    assert found.ids == network.tokenize(text)
    assert found.labels == tuple(network.token_label(token) for token in found.ids)
    assert network.detokenize(found.ids).split() == text.split()
    steps = client.decode(steps=len(found.ids), forced=found.ids)
    assert tuple(stepped.record.token for stepped in steps) == found.labels


def test_a_text_without_tokens_is_refused(client: Client, model: Path) -> None:
    client.encode(model, TEXT)
    for text in ("", " \n "):
        failed = client.failure(Tokenize(request=900, run=1, text=text))
        assert failed.cause == "input"
        assert "empty" in failed.message
    assert "holds no run 8" in client.failure(Tokenize(request=901, run=8, text="a")).message

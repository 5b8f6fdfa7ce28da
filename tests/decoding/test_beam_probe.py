from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from attn_desktop.analysis.beam_tree import join, n_best, token_ids
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.decoding.beam import BeamSettings
from attn_desktop.decoding.beam_tree import follow, probe_beam
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.probes import PROBES
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.families.seq2seq import Seq2Seq
from attn_desktop.inputs.text import END_ID
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.run_tree import Choice, Node
from tests.decoding.helpers import (
    NONE,
    as_checkpoint,
    differences,
    ending_model,
    never_ending_model,
)
from tests.decoding.plain_beam import HARD_MODE, MODES, TEXT, assert_plain, plain_search, watch


def grow(stepper: Stepper, modes: Sequence[Mode], edits: tuple[Edit, ...] = ()) -> tuple[Node, ...]:
    """A branch of one step a mode, drawn; edits: of the last."""
    positions, position = Positions(stepper), stepper.start
    nodes: list[Node] = []
    for number, mode in enumerate(modes):
        own = edits if number == len(modes) - 1 else ()
        choice = Choice("sampled", seed=5)
        _, node, position = positions.step(position, number, mode, choice, None, own)
        nodes.append(node)
    return tuple(nodes)


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_a_search_after_a_prefix_is_that_of_a_plain_loop(mode: Mode) -> None:
    model = ending_model(3, bias=1.0)
    stepper = Stepper(as_checkpoint(model), TEXT)
    nodes = grow(stepper, [mode, mode])
    tokens = tuple(node.token_id for node in nodes)
    assert END_ID not in tokens
    settings = BeamSettings(3, 0.8, 0.3, max_steps=5, seed=5)
    record = watch(model, TEXT, mode, settings, follow(stepper, nodes))[0].record()
    assert record.settings["prefix"] == list(tokens)
    assert (record.settings["start"], record.arrays["t"][:2].tolist()) == (2, [2, 3])
    assert_plain(record, plain_search(model, TEXT, mode, settings, tokens), 3)


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_a_search_goes_on_as_it_would_have(mode: Mode) -> None:
    """Width 1: what follows a kept hypothesis is what follows when the search begins there."""
    model = never_ending_model(2)
    stepper = Stepper(as_checkpoint(model), TEXT)
    settings = BeamSettings(1, 0.8, 0.3, max_steps=7, seed=5)
    whole = watch(model, TEXT, mode, settings)[0].record()
    tokens = token_ids(whole, n_best(whole)[0])[:3]
    nodes, position = [], stepper.start
    for number, token in enumerate(tokens):
        choice = Choice("forced", seed=5)
        _, node, position = Positions(stepper).step(position, number, mode, choice, token)
        nodes.append(node)
    rest = watch(model, TEXT, mode, settings, follow(stepper, nodes))[0].record()
    after = whole.arrays["t"] > 3
    for name in ("t", "token_id", "fate", "rank", "sampled"):
        if name in whole.arrays:
            assert rest.arrays[name][1:].tolist() == whole.arrays[name][after].tolist()
    for name in ("log_prob", "total", "score", "coverage_term", "margin", "alpha"):
        if name in whole.arrays:
            np.testing.assert_allclose(
                rest.arrays[name][1:], whole.arrays[name][after], rtol=1e-4, atol=1e-4
            )
    assert token_ids(rest, n_best(rest)[0]) == token_ids(whole, n_best(whole)[0])
    assert rest.settings["best"] == whole.settings["best"]


def test_what_a_prefix_cost_is_summed_in_the_mode_of_each_step() -> None:
    stepper = Stepper(as_checkpoint(never_ending_model()), TEXT)
    nodes = grow(stepper, [Mode(), NONE, HARD_MODE])
    prefix = follow(stepper, nodes)
    position, total, coverage = stepper.start, 0.0, np.zeros(len(stepper.run.source))
    for node in nodes:
        step, position = stepper.step(
            position, node.id, node.mode, Choice("forced", seed=5), node.token_id
        )
        total += step.log_prob
        coverage += 0 if step.cross is None else step.cross.alpha[0, 0]
    assert prefix.tokens == tuple(node.token_id for node in nodes)
    assert prefix.log_prob == pytest.approx(total)
    assert prefix.coverage is not None
    np.testing.assert_allclose(prefix.coverage, coverage)
    assert prefix.coverage.sum() == pytest.approx(2)
    for broken in (nodes[1:], (nodes[0], nodes[2])):
        with pytest.raises(InputError, match="does not follow"):
            follow(stepper, broken)


# -- the probe -------------------------------------------------------------------------------------


def test_the_probe_is_the_search_in_parts_without_encoding_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = ending_model(1, bias=2.0)
    stepper = Stepper(as_checkpoint(model), TEXT)
    monkeypatch.delattr(Seq2Seq, "encode")
    asked = {"mode": "general/global/hard", "width": 3, "coverage_penalty": 1.0, "max_steps": 6}
    parts = list(PROBES["beam"](Positions(stepper), (), asked))
    monkeypatch.undo()
    settings = BeamSettings(3, coverage_penalty=1.0, max_steps=6)
    tree, expansions = watch(model, TEXT, HARD_MODE, settings)
    assert len(parts) == len(expansions) > 2
    assert differences(join(parts), tree.record()) == []
    assert {name: join(parts).settings[name] for name in asked} == asked


def test_the_probe_goes_on_from_a_node_as_its_branch_would() -> None:
    model = ending_model(3, bias=1.0)
    stepper = Stepper(as_checkpoint(model), TEXT)
    mask = Edit("alpha", "mask", (1, 3), lasting=True)
    own = (mask, Edit("state", "add", (2,), (0.5,)))
    nodes = grow(stepper, [HARD_MODE, HARD_MODE], own)
    tokens = tuple(node.token_id for node in nodes)
    asked = {"width": 3, "length_penalty": 0.8, "max_steps": 5, "seed": 5}
    record = join(list(probe_beam(Positions(stepper), nodes, asked)))
    assert (record.node, record.settings["mode"]) == (1, str(HARD_MODE))
    assert record.settings["edited"]
    settings = BeamSettings(3, 0.8, max_steps=5, seed=5)
    plain = plain_search(model, TEXT, HARD_MODE, settings, tokens, ((), own, (mask,)))
    assert_plain(record, plain, 3)
    assert (record.arrays["alpha"][:, [1, 3]] == 0).all()
    other = join(list(probe_beam(Positions(stepper), nodes, {**asked, "mode": "none"})))
    assert other.settings["mode"] == "none"
    assert not other.settings["edited"]
    assert "alpha" not in other.arrays


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"breadth": 3}, "unknown setting 'breadth' of a beam; valid are: mode, width"),
        ({"width": "wide"}, "settings of a beam: Expected `int`, got `str`"),
        ({"width": 0}, "beam width must be from 1 to 1000"),
        ({"max_steps": 0}, "the number of steps must be at least 1"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"mode": "tarot/global/soft"}, "no score 'tarot'"),
        ({"mode": 4}, "settings of a beam: Expected `str`, got `int`"),
        ({"reading": "aloud"}, "unknown reading 'aloud'; valid are: soft, hard, argmax"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], message: str) -> None:
    stepper = Stepper(as_checkpoint(ending_model()), TEXT)
    with pytest.raises(InputError, match=message):
        list(probe_beam(Positions(stepper), (), settings))


def test_nothing_follows_an_end_or_the_last_step() -> None:
    stepper = Stepper(as_checkpoint(never_ending_model()), TEXT)
    nodes = grow(stepper, [Mode(), Mode()])
    with pytest.raises(InputError, match="2 tokens long already, and a search is cut off after"):
        list(probe_beam(Positions(stepper), nodes, {"max_steps": 2}))
    end = Node(2, 1, 3, END_ID, Mode(), Choice("forced"))
    with pytest.raises(InputError, match="the output has ended"):
        list(probe_beam(Positions(stepper), (*nodes, end), {}))

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from attn_desktop.analysis.rollouts import (
    DESCRIPTION,
    KIND,
    NOTHING,
    is_sound,
    join,
    seed_of,
    settings_of,
)
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding import near_ties, rollouts
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.probes import find_probe
from attn_desktop.decoding.rollouts import part_sizes, probe_rollouts
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.decoding.tree_stepper import TreeStepper
from attn_desktop.families.base import Given
from attn_desktop.families.seq2seq import Seq2Seq
from attn_desktop.trace.edits import Edit, inherited
from attn_desktop.trace.records import ProbeRecord
from attn_desktop.trace.run_tree import Choice, Node
from tests.decoding.helpers import (
    as_checkpoint,
    chi_square,
    differences,
    ending_model,
    never_ending_model,
)

TEXT = "A dog and a cat."
HARD_MODE = Mode(weighting=HARD)


def stepper(model: Seq2Seq | None = None, text: str = TEXT) -> Stepper:
    return Stepper(as_checkpoint(model or ending_model(5)), Given(text))


def grown(
    on: Stepper, modes: Sequence[Mode], edits: tuple[Edit, ...] = ()
) -> tuple[Positions, tuple[Node, ...]]:
    """A branch of one step a mode, drawn; edits: of the last."""
    positions, position = Positions(on), on.start
    nodes: list[Node] = []
    for number, mode in enumerate(modes):
        own = edits if number == len(modes) - 1 else ()
        choice = Choice("sampled", seed=5)
        _, node, position = positions.step(position, number, mode, choice, None, own)
        nodes.append(node)
    return positions, tuple(nodes)


def whole(positions: Positions, path: Sequence[Node], **settings: Any) -> ProbeRecord:
    """All parts of the probe as one."""
    record = join(list(probe_rollouts(positions, path, settings)))
    assert is_sound(record, len(positions.stepper.run.source))
    assert set(record.arrays) == set(DESCRIPTION)
    return record


def stepped(
    on: Stepper, path: Sequence[Node], record: ProbeRecord, row: int
) -> tuple[list[int], list[int], list[float], bool]:
    """One rollout as a window steps along its seed: tokens, positions, log p, whether it ended."""
    driver = TreeStepper(on)
    driver.tree.restore(path)
    parent = path[-1].id if path else None
    edits = inherited(path[-1].edits, attends=True) if path else ()
    choice = settings_of(record.settings).choice(row)
    assert choice.seed == record.arrays["seeds"][row]
    tokens, drawn, logs, ended = list[int](), list[int](), list[float](), False
    mode = Mode.parse(record.settings["mode"])
    while not ended and record.settings["start"] + len(tokens) < record.settings["limit"]:
        step = driver.step(parent, mode, choice, edits=edits)
        assert step.cross is not None
        tokens.append(step.token_id)
        drawn.append(int(step.cross.sampled[0, 0]))
        logs.append(step.log_prob)
        parent, ended = step.node, step.is_end
    return tokens, drawn, logs, ended


def assert_stepped(on: Stepper, path: Sequence[Node], record: ProbeRecord) -> None:
    arrays = record.arrays
    for row in range(len(arrays["seeds"])):
        tokens, drawn, logs, ended = stepped(on, path, record, row)
        rest = arrays["tokens"].shape[1] - len(tokens)
        assert arrays["tokens"][row].tolist() == tokens + [NOTHING] * rest
        assert arrays["sampled"][row].tolist() == drawn + [NOTHING] * rest
        np.testing.assert_allclose(arrays["log_probs"][row], logs + [0.0] * rest, atol=1e-4)
        assert arrays["ended"][row] == ended


# -- a rollout is what stepping its seed gives ------------------------------------------------


@pytest.mark.parametrize("how", ["greedy", "sampled"])
@pytest.mark.parametrize("mode", ["additive", "dot/local-p", "location/local-m", "cosine"])
def test_a_rollout_is_what_stepping_its_seed_gives(mode: str, how: str) -> None:
    on = stepper()
    record = whole(Positions(on), (), mode=mode, count=40, how=how, temperature=0.8, seed=3)
    assert record.settings["mode"] == str(Mode.parse(f"{Mode.parse(mode)}".replace("soft", HARD)))
    assert record.arrays["ended"].any()
    lengths = (record.arrays["tokens"] != NOTHING).sum(axis=1)
    assert len(set(lengths.tolist())) > 1, "rollouts of one length test no padding"
    assert_stepped(on, (), record)


def test_they_go_on_from_a_node_in_its_mode_made_hard_with_its_lasting_edits() -> None:
    on = stepper(never_ending_model(2))
    edits = (
        Edit("alpha", "power", values=(0.5,), lasting=True),
        Edit("state", "add", (3,), (0.5,), lasting=True),
        Edit("context", "zero", (1,)),
    )
    positions, path = grown(on, [Mode(), Mode("general", "local-m")], edits)
    record = whole(positions, path, count=12, steps=5)
    settings = record.settings
    assert (settings["mode"], settings["start"], settings["limit"]) == (
        "general/local-m/hard",
        2,
        7,
    )
    assert (settings["edited"], settings["trained"], record.node) == (True, False, path[-1].id)
    assert not record.arrays["ended"].any()
    assert_stepped(on, path, record)
    plain = whole(*grown(on, [Mode(), Mode("general", "local-m")]), count=12, steps=5)
    assert not plain.settings["edited"]
    assert (plain.arrays["tokens"] != record.arrays["tokens"]).any()


def test_rollouts_that_rounding_may_have_decided_are_decoded_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on = stepper()
    settings = {"count": 30, "how": "sampled", "temperature": 0.7, "seed": 1}
    record = whole(Positions(on), (), **settings)
    begun: list[int] = []
    alone = rollouts._alone

    def counted(*arguments: Any) -> Any:
        begun.append(1)
        return alone(*arguments)

    monkeypatch.setattr(rollouts, "_alone", counted)
    monkeypatch.setattr(near_ties, "SLACK", 10.0)
    again = whole(Positions(on), (), **settings)
    assert len(begun) == 30
    for name in ("tokens", "sampled", "seeds", "ended"):
        assert again.arrays[name].tolist() == record.arrays[name].tolist()
    np.testing.assert_allclose(again.arrays["log_probs"], record.arrays["log_probs"], atol=1e-4)


def test_a_row_that_was_wrong_in_a_batch_is_put_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """As rounding could have it: another token, thus another length, in one of the rows."""
    on = stepper()
    record = whole(Positions(on), (), count=9, mode="dot")
    likeliest, t = near_ties.likeliest, iter(range(1000))

    def wrong(log_probs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        tokens, close = likeliest(log_probs)
        if next(t) == 1:
            tokens[-1], close[-1] = log_probs[-1].topk(3).indices[2], True
        return tokens, close

    monkeypatch.setattr(rollouts, "likeliest", wrong)
    again = whole(Positions(on), (), count=9, mode="dot")
    assert next(t) > 2
    for name in ("tokens", "sampled", "ended"):
        assert again.arrays[name].tolist() == record.arrays[name].tolist()


def test_one_position_that_may_be_looked_at_gives_one_rollout() -> None:
    on = stepper(ending_model(5, half_width=0.0))
    record = whole(Positions(on), (), count=50, mode="additive/local-m")
    assert record.arrays["alpha"].tolist() == [1.0] + [0.0] * (len(on.run.source) - 1)
    for name in ("tokens", "sampled"):
        assert len(np.unique(record.arrays[name], axis=0)) == 1
    assert_stepped(on, (), record)


def test_the_first_alpha_is_that_of_the_step() -> None:
    on = stepper()
    positions, path = grown(on, [Mode()])
    record = whole(positions, path, count=3)
    step, _ = on.step(positions.after(path), 9, HARD_MODE, Choice())
    assert step.cross is not None
    np.testing.assert_array_equal(record.arrays["alpha"], step.cross.alpha[0, 0])


# -- against exact enumeration ----------------------------------------------------------------


@torch.inference_mode()
def enumerated(on: Stepper, mode: Mode, steps: int) -> dict[tuple[int, ...], float]:
    """Every sequence of likeliest tokens with its probability, over all sequences of draws."""
    model, memory = on.model, on.memory
    chances: Counter[tuple[int, ...]] = Counter()
    start = (1.0, (), model.start(memory), model.start_id)
    open_ends: list[tuple[float, tuple[int, ...], Any, int]] = [start]
    for t in range(1, steps + 1):
        following = []
        for chance, tokens, state, last in open_ends:
            previous = model.embed(torch.tensor([last]))
            looked = model.attention(memory, state.hidden, mode, t, torch.zeros(1), ("soft",))
            assert looked.alpha is not None
            for k, alpha in enumerate(looked.alpha[0].double().tolist()):
                context = memory.states[:, k]
                after, _ = model.advance(state, previous, context)
                logits = model.readout(after.hidden, context, previous)
                logits[:, list(model.never_chosen)] = -torch.inf
                token = int(logits.argmax())
                way = (chance * alpha, (*tokens, token), after, token)
                if alpha == 0:
                    continue
                if token == model.end_id or t == steps:
                    chances[way[1]] += way[0]
                else:
                    following.append(way)
        open_ends = following
    return dict(chances)


@pytest.mark.parametrize("mode", ["additive/global/hard", "dot/local-m/hard"])
def test_frequencies_are_those_of_an_exact_enumeration(mode: str) -> None:
    on = stepper(ending_model(5, bias=2.0), "A dog.")
    chances = enumerated(on, Mode.parse(mode), steps=3)
    assert sum(chances.values()) == pytest.approx(1)
    assert len(chances) > 5
    record = whole(Positions(on), (), mode=mode, count=1000, steps=3)
    ways = [tuple(t for t in row if t != NOTHING) for row in record.arrays["tokens"].tolist()]
    counts = Counter(ways)
    assert set(counts) <= set(chances)
    likely = [way for way, chance in chances.items() if 1000 * chance >= 5]
    observed = [counts[way] for way in likely] + [
        sum(counts[w] for w in chances if w not in likely)
    ]
    expected = [chances[way] for way in likely]
    statistic, bound = chi_square(observed, [*expected, 1 - sum(expected)])
    assert statistic < bound
    # The test can fail: the frequencies are not those of another model.
    other = enumerated(stepper(ending_model(6, bias=2.0), "A dog."), Mode.parse(mode), steps=3)
    assert set(other) != set(chances)


@torch.inference_mode()
def test_drawn_tokens_come_as_often_as_their_probability_says() -> None:
    on = stepper(never_ending_model(4), "A dog.")
    model, memory, temperature = on.model, on.memory, 0.4
    previous, state = model.embed(torch.tensor([model.start_id])), model.start(memory)
    looked = model.attention(memory, state.hidden, HARD_MODE, 1, torch.zeros(1), ("soft",))
    assert looked.alpha is not None
    chances: Any = 0.0
    for k, alpha in enumerate(looked.alpha[0].double().tolist()):
        after, _ = model.advance(state, previous, memory.states[:, k])
        logits = model.readout(after.hidden, memory.states[:, k], previous)[0].double()
        logits[list(model.never_chosen)] = -torch.inf
        chances = chances + alpha * torch.softmax(logits / temperature, 0).numpy()
    asked = {"count": 1000, "steps": 1, "how": "sampled", "temperature": temperature}
    counts = np.zeros(len(chances), dtype=np.int64)
    for seed in range(4):
        record = whole(Positions(on), (), **asked, seed=seed)
        np.add.at(counts, record.arrays["tokens"][:, 0], 1)
    likely = np.flatnonzero(counts.sum() * chances >= 5)
    assert len(likely) > 5
    rest = int(counts.sum() - counts[likely].sum())
    expected = [*chances[likely].tolist(), 1 - float(chances[likely].sum())]
    statistic, bound = chi_square([*counts[likely].tolist(), rest], expected)
    assert statistic < bound


def counted_rows(on: Stepper, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each step of the model has from now on."""
    widths: list[int] = []
    step = on.model.step

    def counted(*arguments: Any) -> Any:
        widths.append(len(arguments[2]))
        return step(*arguments)

    monkeypatch.setattr(on.model, "step", counted)
    return widths


# -- parts ------------------------------------------------------------------------------------


def test_parts_grow_from_a_small_one() -> None:
    assert list(part_sizes(1000, 10_000)) == [16, 32, 64, 128, 256, 256, 248]
    assert list(part_sizes(1000, 10_000)) == list(part_sizes(1000, 256))
    assert list(part_sizes(5, 256)) == [5]
    assert list(part_sizes(9, 4)) == [4, 4, 1]
    for count, most in itertools.product((1, 16, 17, 999, 1000), (1, 20, 256)):
        sizes = list(part_sizes(count, most))
        assert sum(sizes) == count
        assert all(0 < size <= most for size in sizes)


def test_parts_are_the_rollouts_whatever_their_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    on = stepper()
    parts = list(find_probe(KIND)(Positions(on), (), {"count": 60, "seed": 2}))
    assert [len(part.arrays["seeds"]) for part in parts] == [16, 32, 12]
    assert [part.settings["first_row"] for part in parts] == [0, 16, 48]
    assert [part.settings["finished"] for part in parts] == [False, False, True]
    record = join(parts)
    assert record.arrays["seeds"].tolist() == [seed_of(2, row) for row in range(60)]
    monkeypatch.setattr(rollouts, "FIRST_PART", 60)
    again = whole(Positions(on), (), count=60, seed=2)
    for name in ("tokens", "sampled", "ended", "seeds", "alpha"):
        assert again.arrays[name].tolist() == record.arrays[name].tolist()
    # More rollouts of a seed begin with the same ones.
    fewer = whole(Positions(on), (), count=20, seed=2)
    width = fewer.arrays["tokens"].shape[1]
    assert fewer.arrays["tokens"].tolist() == record.arrays["tokens"][:20, :width].tolist()


def test_nothing_is_decoded_once_no_more_parts_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    on = stepper(never_ending_model())
    widths = counted_rows(on, monkeypatch)
    parts = probe_rollouts(Positions(on), (), {"count": 1000, "steps": 4})
    first = next(parts)
    assert isinstance(parts, Generator)
    parts.close()
    assert len(first.arrays["seeds"]) == 16
    assert widths == [16] * 4


def test_ended_rollouts_leave_the_batch_and_nothing_is_encoded_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on = stepper()
    monkeypatch.delattr(Seq2Seq, "encode")
    widths = counted_rows(on, monkeypatch)
    monkeypatch.setattr(near_ties, "SLACK", 0.0)
    record = whole(Positions(on), (), count=16)
    under_way = (record.arrays["tokens"] != NOTHING).sum(axis=0).tolist()
    assert widths == under_way
    assert under_way[-1] < 16


# -- what cannot be ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({"count": 0}, "from 1 to 1,000, not 0"),
        ({"count": -3}, "from 1 to 1,000, not -3"),
        ({"count": 1_000_000}, "from 1 to 1,000, not 1000000"),
        ({"count": 2.5}, "whole number from 1 to 1,000, not 2.5"),
        ({"count": "many"}, "not 'many'"),
        ({"count": True}, "not True"),
        ({"count": None}, "not None"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"seed": 2**63}, "seed must be a whole number from 0"),
        ({"steps": 0}, "at least 1, not 0"),
        ({"steps": 1.5}, "at least 1, not 1.5"),
        ({"how": "forced"}, "greedy or sampled, not chosen by 'forced'"),
        ({"how": ["greedy"]}, "greedy or sampled"),
        ({"temperature": 0}, "temperature must be finite and greater than 0"),
        ({"temperature": float("nan")}, "temperature must be finite"),
        ({"mode": 3}, "the mode of rollouts is a text"),
        ({"mode": "none"}, "without attention there is no position to draw"),
        ({"mode": "tarot"}, "no score 'tarot'"),
        ({"rows": 3}, "unknown setting 'rows' of rollouts; valid are: mode, count, seed"),
    ],
)
def test_settings_that_cannot_be_are_named(settings: dict[str, Any], shown: str) -> None:
    on = stepper()
    with pytest.raises(InputError, match=shown):
        next(probe_rollouts(Positions(on), (), settings))


def test_steps_beyond_the_usual_length_cost_nothing() -> None:
    on = stepper(never_ending_model())
    record = whole(Positions(on), (), count=2, steps=10**15)
    assert record.arrays["tokens"].shape == (2, 2 * len(on.run.source) + 20)


def test_an_output_that_is_over_has_no_continuations() -> None:
    on = stepper()
    positions, position = Positions(on), on.start
    nodes: list[Node] = []
    for number in range(3):
        token = on.model.end_id if number == 2 else 40
        choice = Choice("forced")
        _, node, position = positions.step(position, number, Mode(), choice, token)
        nodes.append(node)
    with pytest.raises(InputError, match="ended at step 3; rollouts can only go on before its end"):
        next(probe_rollouts(positions, nodes, {"count": 1}))
    limit = on.model.usual_steps(len(on.run.source))
    endless = stepper(never_ending_model())
    positions, path = grown(endless, [Mode()] * limit)
    with pytest.raises(InputError, match=f"is {limit} tokens long already"):
        next(probe_rollouts(positions, path, {"count": 1}))
    with pytest.raises(InputError, match="cannot be step"):
        next(probe_rollouts(positions, path[1:], {"count": 1}))


def test_no_attention_at_the_node_is_said() -> None:
    positions, path = grown(stepper(), [Mode("none")])
    with pytest.raises(InputError, match="choose a score first"):
        next(probe_rollouts(positions, path, {"count": 1}))
    assert whole(positions, path, count=2, mode="dot").settings["mode"] == "dot/global/hard"


def test_records_differ_between_seeds_only_by_chance_and_repeat_to_the_bit() -> None:
    on = stepper()
    one, two = (whole(Positions(on), (), count=40, seed=7) for _ in range(2))
    assert differences(one, two) == []
    assert differences(one, whole(Positions(on), (), count=40, seed=8)) != []

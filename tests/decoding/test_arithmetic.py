"""The arithmetic of a step against its record, and against the weights alone in float64."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from attn_desktop.attention.scopes import SCOPES
from attn_desktop.attention.scores import SCORES
from attn_desktop.common.errors import InputError, UnknownNameError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding.arithmetic import KIND, probe_arithmetic
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.probes import find_probe
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.families.seq2seq import Seq2Seq
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import ProbeRecord, StepRecord
from attn_desktop.trace.run_tree import Choice, Node, Root, RunTree
from attn_desktop.trace.trace import Trace, check_trace
from tests.decoding.helpers import EVERY_MODE, NONE, SENTENCES, as_checkpoint, never_ending_model
from tests.decoding.plain_decoder import PlainDecoder
from tests.toy_models import dedicated

TEXT = SENTENCES[0]
GREEDY = Choice()
SAMPLED = Choice("sampled", temperature=1.3, top_k=30, top_p=0.95, seed=5)
EDITS = (
    Edit("alpha", "power", values=(0.5,)),
    Edit("position", "pick", (1,)),
    Edit("context", "add", (0, 3), (0.5,)),
    Edit("state", "zero", (2,)),
)

Vector = NDArray[np.float64]


def near(values: Any) -> Any:
    """As close as float32 comes with random weights of this size."""
    return pytest.approx(values, rel=1e-4, abs=1e-4)


class Run:
    """Steps of one mode on a toy model, the last of them edited."""

    def __init__(
        self,
        model: Seq2Seq,
        mode: Mode,
        choice: Choice = GREEDY,
        edits: tuple[Edit, ...] = (),
        steps: int = 3,
    ) -> None:
        self.model = model
        self.stepper = Stepper(as_checkpoint(model), TEXT)
        self.positions = Positions(self.stepper)
        self.path: list[Node] = []
        self.records: list[StepRecord] = []
        place = self.stepper.start
        for number in range(steps):
            last = edits if number == steps - 1 else ()
            record, node, place = self.positions.step(place, number, mode, choice, edits=last)
            self.path.append(node)
            self.records.append(record)

    @property
    def step(self) -> StepRecord:
        return self.records[-1]

    def probe(self, position: int | None = 4) -> ProbeRecord:
        settings = {} if position is None else {"position": position}
        (probe,) = find_probe(KIND)(self.positions, self.path, settings)
        return probe

    def query(self) -> Vector:
        before = self.records[-2].active.state if len(self.records) > 1 else None
        return np.asarray(self.stepper.run.start_state if before is None else before, np.float64)

    def weights(self, prefix: str = "") -> dict[str, Any]:
        return {
            name.removeprefix(prefix): np.asarray(tensor.double())
            for name, tensor in self.model.state_dict().items()
            if name.startswith(prefix)
        }


def plain_factors(run: Run, score: str, position: int) -> tuple[Vector, Vector]:
    """Left and right of one energy, by the formulas of the papers."""
    weights = run.weights(f"attention.scores.{score}.")
    query, key = run.query(), np.asarray(run.stepper.run.states[position], np.float64)
    if "query_projection.weight" in weights:
        query = weights["query_projection.weight"] @ query + weights["query_projection.bias"]
    if "key_projection.weight" in weights:
        key = weights["key_projection.weight"] @ key + weights["key_projection.bias"]
    if score == "cosine":
        beta = math.exp(weights["score.log_sharpness"])
        return beta * query / np.linalg.norm(query), key / np.linalg.norm(key)
    if score == "additive":
        own, other = weights["score.query_weight.weight"], weights["score.key_weight.weight"]
        return weights["score.v.weight"][0], np.tanh(own @ query + other @ key)
    if score == "location":
        return weights["score.weight.weight"][position], query
    if score == "general":
        return query, weights["score.weight.weight"] @ key
    return (query / math.sqrt(len(query)) if score == "scaled-dot" else query), key


def plain_logits(run: Run) -> Vector:
    """Logits (V,) from the weights, the context and the state as recorded, and y_{t-1}."""
    weights, active = run.weights(), run.step.active
    previous = weights["target_embedding.weight"][run.step.token_in_id]
    inputs = np.concatenate([active.state, active.context, previous])
    hidden = np.tanh(weights["deep_output.weight"] @ inputs + weights["deep_output.bias"])
    return np.asarray(weights["target_embedding.weight"] @ hidden + weights["output_bias"])


def log_sum_exp(values: Vector) -> float:
    return float(values.max() + np.log(np.exp(values - values.max()).sum()))


@pytest.mark.parametrize("score", list(SCORES))
@pytest.mark.parametrize("kind", ["switchable", "dedicated"])
def test_the_terms_of_an_energy_are_those_of_the_papers(score: str, kind: str) -> None:
    changes = dedicated(score) if kind == "dedicated" else {}
    run = Run(never_ending_model(**changes), Mode(score))
    for position in (0, 4, len(run.stepper.run.source) - 1):
        probe = run.probe(position)
        left, right = plain_factors(run, score, position)
        assert probe.arrays["left"] == near(left)
        assert probe.arrays["right"] == near(right)
        products = probe.arrays["left"].astype(np.float64) * probe.arrays["right"]
        cross = run.step.cross
        assert cross is not None
        assert products.sum() == near(cross.energies[0, 0, position])
        assert probe.arrays["energies"].tobytes() == cross.energies[0, 0].tobytes()
        assert probe.settings["position"] == position
        assert probe.settings["projected"] == (kind == "switchable")
        assert probe.settings["factors"] == list(SCORES[score].factor_names)


@pytest.mark.parametrize("edits", [(), EDITS], ids=["as it is", "edited"])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("mode", [Mode(), Mode("dot", "local-p", HARD)], ids=str)
def test_the_whole_step_is_what_the_weights_alone_give(
    mode: Mode, cell: str, edits: tuple[Edit, ...]
) -> None:
    run = Run(never_ending_model(3, cell=cell), mode, edits=edits)
    probe, plain = run.probe(), PlainDecoder(run.model, TEXT)
    steps = plain.decode((node.mode, node.choice, node.edits) for node in run.path)
    assert [step.token for step in steps] == [node.token_id for node in run.path]
    energies = steps[-1].energies
    assert energies is not None
    assert probe.arrays["energies"] == near(np.array(energies))
    logs = np.array(steps[-1].readings[mode.weighting].log_probs)
    ours = probe.arrays["logits"] - probe.arrays["log_sum_exp"]
    assert ours == near(logs[probe.arrays["top_ids"]])
    assert probe.settings["cell"] == cell
    assert len(probe.settings["cell_formulas"]) == {"gru": 4, "lstm": 6}[cell]


@pytest.mark.parametrize("edits", [(), EDITS], ids=["as it is", "edited"])
@pytest.mark.parametrize("mode", EVERY_MODE, ids=str)
def test_it_ends_in_the_numbers_of_the_record(mode: Mode, edits: tuple[Edit, ...]) -> None:
    kept = edits if mode.attends else edits[2:]
    run = Run(never_ending_model(1), mode, SAMPLED, kept)
    probe, active = run.probe(), run.step.active
    arrays, logits = probe.arrays, plain_logits(run)
    assert probe.node == run.step.node
    assert arrays["logit"] == near(logits[[run.step.token_id]])
    assert arrays["logits"] == near(logits[active.top_ids])
    assert arrays["top_ids"].tolist() == active.top_ids.tolist()
    assert probe.settings["top_tokens"] == list(active.top_tokens)
    choosable = np.delete(logits, list(run.model.never_chosen))
    assert arrays["log_sum_exp"][0] == near(log_sum_exp(choosable))
    assert arrays["logit"][0] - arrays["log_sum_exp"][0] == pytest.approx(
        run.step.log_prob, abs=2e-6
    )
    assert (probe.settings["reading"], probe.settings["token"]) == (mode.weighting, run.step.token)


def test_the_centre_of_a_predicted_window_is_s_times_a_share() -> None:
    run = Run(never_ending_model(), Mode("general", "local-p"))
    probe, cross = run.probe(), run.step.cross
    assert cross is not None
    assert cross.center is not None
    weights = run.weights("attention.scopes.local-p.")
    logit = weights["v.weight"][0] @ np.tanh(weights["weight.weight"] @ run.query())
    share = 1 / (1 + math.exp(-logit))
    assert probe.arrays["center_logit"] == near([logit])
    assert probe.arrays["center_share"] == near([share])
    assert len(run.stepper.run.source) * share == near(cross.center[0, 0])
    assert probe.settings["scope_formula"] == SCOPES["local-p"].formula
    for scope in ("global", "local-m"):
        assert "center_share" not in Run(run.model, Mode("general", scope)).probe().arrays


@pytest.mark.parametrize(
    "choice",
    [
        Choice("sampled", seed=3),
        Choice("sampled", temperature=0.5, seed=4),
        Choice("sampled", temperature=2.0, top_k=7, seed=5),
        SAMPLED,
    ],
    ids=["plain", "cold", "top-k", "both"],
)
def test_u_lies_in_the_range_of_the_token_that_it_drew(choice: Choice) -> None:
    run = Run(never_ending_model(2), Mode(), choice)
    arrays, told = run.probe().arrays, run.probe().settings["choice"]
    logits = plain_logits(run)
    logits[list(run.model.never_chosen)] = -np.inf
    order = np.argsort(-logits, kind="stable")
    weights = np.exp((logits[order] - logits[order[0]]) / choice.temperature)
    weights[choice.top_k or len(weights) :] = 0
    before = np.cumsum(weights) - weights
    weights[before >= (choice.top_p or 1.0) * weights.sum()] = 0
    shares = weights / weights.sum()
    rank = order.tolist().index(run.step.token_id)
    low, high = arrays["chosen_range"]
    assert [low, high] == pytest.approx([shares[:rank].sum(), shares[: rank + 1].sum()], abs=1e-5)
    assert low <= arrays["draw"][0] < high
    assert arrays["shares"] == pytest.approx(shares[: len(arrays["shares"])], abs=1e-5)
    assert told == {
        "how": "sampled",
        "temperature": choice.temperature,
        "top_k": choice.top_k,
        "top_p": choice.top_p,
    }


def test_a_token_that_was_not_drawn_has_no_draw() -> None:
    assert "draw" not in Run(never_ending_model(), Mode()).probe().arrays


def test_a_position_past_the_reach_of_a_score_has_no_energy() -> None:
    run = Run(never_ending_model(longest_source=5), Mode("location"))
    probe, cross = run.probe(8), run.step.cross
    assert cross is not None
    assert not probe.arrays["left"].any()
    assert cross.energies[0, 0, 8] == 0


def test_without_attention_there_is_no_energy_and_no_position() -> None:
    run = Run(never_ending_model(), NONE)
    for position in (None, 2):
        probe = run.probe(position)
        assert probe.settings["position"] is None
        assert not {"left", "right", "energies"} & set(probe.arrays)
        assert "score" not in probe.settings
        assert "logit" in probe.arrays


def test_it_is_the_same_after_the_positions_were_lost() -> None:
    run = Run(never_ending_model(), Mode("cosine"), SAMPLED, EDITS)
    first = run.probe()
    run.positions.forget()
    again = run.probe()
    assert again.settings == first.settings
    assert all(
        again.arrays[name].tobytes() == first.arrays[name].tobytes() for name in first.arrays
    )


@pytest.mark.parametrize("position", [None, -1, 99, 1.5, True, "3"])
def test_a_position_that_there_is_not_is_named(position: Any) -> None:
    run = Run(never_ending_model(), Mode())
    with pytest.raises(InputError, match="position must be a whole number from 0 to"):
        list(probe_arithmetic(run.positions, run.path, {"position": position}))


def test_before_the_first_step_there_is_nothing_to_reckon() -> None:
    run = Run(never_ending_model(), Mode())
    with pytest.raises(InputError, match="before the first step"):
        list(probe_arithmetic(run.positions, (), {"position": 0}))


def test_kinds_are_found_without_being_told() -> None:
    with pytest.raises(UnknownNameError) as error:
        find_probe("tarot")
    assert {KIND, "beam"} <= set(str(error.value).rpartition(": ")[2].split(", "))


def test_a_file_can_hold_it() -> None:
    run = Run(never_ending_model(), Mode("additive", "local-p", HARD), SAMPLED, EDITS)
    record = run.stepper.run
    tree = RunTree(Root(record.model.hash, TEXT, record.device, record.dtype), run.path)
    probes: Sequence[ProbeRecord] = [run.probe()]
    check_trace(Trace(record, tree, tuple(run.records), tuple(probes)))

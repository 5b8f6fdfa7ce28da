"""The score bench against the papers' formulas in float64, and against the steps themselves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from attn_desktop.attention.scopes import SCOPES
from attn_desktop.attention.scores import SCORES
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, WEIGHTINGS, Mode
from attn_desktop.decoding import draws
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.probes import find_probe
from attn_desktop.decoding.score_bench import KIND, TOP_TOKENS
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.families.seq2seq import Seq2Seq
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import ProbeRecord, StepRecord
from attn_desktop.trace.run_tree import Choice, Node, Root, RunTree
from attn_desktop.trace.trace import Trace, check_trace
from tests.attention import reference
from tests.decoding.helpers import NONE, SENTENCES, as_checkpoint, never_ending_model
from tests.toy_models import dedicated

TEXT = SENTENCES[0]
LOCAL_HARD = Mode("dot", "local-p", HARD)


class Decoded:
    """Three steps of one mode on a toy model, the last of them edited."""

    def __init__(self, mode: Mode, edits: tuple[Edit, ...] = (), **changes: Any) -> None:
        self.model: Seq2Seq = never_ending_model(**changes)
        self.stepper = Stepper(as_checkpoint(self.model), TEXT)
        self.positions = Positions(self.stepper)
        self.path: list[Node] = []
        self.steps: list[StepRecord] = []
        place = self.stepper.start
        for number in range(3):
            last = edits if number == 2 else ()
            step, node, place = self.positions.step(place, number, mode, Choice(seed=4), edits=last)
            self.path.append(node)
            self.steps.append(step)

    def probe(self, kind: str = KIND) -> ProbeRecord:
        (probe,) = find_probe(kind)(self.positions, self.path, {})
        return probe

    def weights(self, prefix: str) -> dict[str, Any]:
        """Nested lists of floats, as the references want them."""
        return {
            name.removeprefix(prefix): tensor.double().tolist()
            for name, tensor in self.model.state_dict().items()
            if name.startswith(prefix)
        }

    @property
    def query(self) -> list[float]:
        """s_{t-1} of the last step."""
        return [float(number) for number in self.steps[-2].active.state]

    @property
    def memory(self) -> list[list[float]]:
        return [[float(number) for number in h] for h in self.stepper.run.states]


def plain_energies(decoded: Decoded, score: str) -> list[float]:
    """One position after another, by the formulas of the papers."""
    weights = decoded.weights(f"attention.scores.{score}.")
    query, keys = decoded.query, decoded.memory
    if "query_projection.weight" in weights:
        query = _project(weights, "query_projection", query)
    if "key_projection.weight" in weights:
        keys = [_project(weights, "key_projection", key) for key in keys]
    own = {name.removeprefix("score."): held for name, held in weights.items()}
    return reference.energies(score, query, keys, own)


def _project(weights: dict[str, Any], name: str, vector: list[float]) -> list[float]:
    rows = reference.product(weights[f"{name}.weight"], vector)
    return [row + bias for row, bias in zip(rows, weights[f"{name}.bias"], strict=True)]


def plain_alpha(decoded: Decoded, scope: str, energies: list[float]) -> list[float]:
    length, t = len(decoded.memory), len(decoded.steps)
    center = None
    if scope == "local-m":
        center = float(min(t, length))
    if scope == "local-p":
        weights = decoded.weights("attention.scopes.local-p.")
        center = reference.predicted_center(
            decoded.query, length, weights["weight.weight"], weights["v.weight"]
        )
    return reference.alpha(energies, length, center, 3.0, gaussian=scope == "local-p")


@torch.inference_mode()
def plain_log_probs(decoded: Decoded, context: NDArray[Any]) -> NDArray[np.float64]:
    """log p(y_t) of one context alone, in float64."""
    model = never_ending_model().double()
    model.load_state_dict(decoded.model.state_dict())
    before = decoded.positions.after(decoded.path[:-1])
    hidden = type(before.state)(before.state.hidden.double(), None)
    previous = model.embed(torch.tensor([before.token]))
    c = torch.tensor(context, dtype=torch.float64)[None]
    state, _ = model.advance(hidden, previous, c)
    logits = model.readout(state.hidden, c, previous)[0]
    logits[list(model.never_chosen)] = -torch.inf
    return np.asarray(torch.log_softmax(logits, dim=0))


@pytest.mark.parametrize("scope", list(SCOPES))
@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_every_score_is_what_the_papers_say(scope: str, weighting: str) -> None:
    decoded = Decoded(Mode("general", scope, weighting))
    probe = decoded.probe()
    told, arrays = probe.settings, probe.arrays
    assert told["scores"] == list(SCORES)
    assert (told["scope"], told["weighting"]) == (scope, weighting)
    u = float(draws.uniform(4, draws.ATTENTION, 3)[0])
    assert arrays["draw"].tolist() == [u]
    for row, score in enumerate(told["scores"]):
        energies = plain_energies(decoded, score)
        alpha = plain_alpha(decoded, scope, energies)
        assert arrays["energies"][row] == pytest.approx(energies, rel=1e-4, abs=1e-4)
        assert arrays["alpha"][row] == pytest.approx(alpha, abs=2e-5)
        assert (arrays["window"][row] >= (np.array(alpha) > 0)).all()
        k = reference.drawn(alpha, u)
        assert arrays["sampled"][row] == k
        context = decoded.memory[k]
        if weighting != HARD:
            context = reference.context(alpha, decoded.memory)
        assert arrays["contexts"][row] == pytest.approx(context, abs=1e-4)
        logs = plain_log_probs(decoded, arrays["contexts"][row])
        best = np.argsort(-logs)[:TOP_TOKENS]
        assert arrays["top_ids"][row].tolist() == best.tolist()
        assert arrays["top_log_probs"][row] == pytest.approx(logs[best], abs=1e-4)
        assert arrays["log_prob"][row] == pytest.approx(logs[decoded.path[-1].token_id], abs=1e-4)
        labels = [decoded.model.token_label(int(token)) for token in best]
        assert told["top_tokens"][row] == labels


def test_a_dedicated_checkpoint_has_its_one_score() -> None:
    decoded = Decoded(Mode("dot"), **dedicated("dot"))
    probe = decoded.probe()
    assert probe.settings["scores"] == ["dot"]
    assert probe.settings["trained"] == [True]
    assert probe.settings["dimension"] == 10
    energies = plain_energies(decoded, "dot")
    assert probe.arrays["energies"][0] == pytest.approx(energies, rel=1e-4, abs=1e-4)


def test_the_row_of_the_score_in_use_is_the_step_without_its_edits() -> None:
    edits = (Edit("alpha", "uniform"), Edit("context", "zero"))
    decoded, plain = Decoded(LOCAL_HARD, edits), Decoded(LOCAL_HARD)
    probe = decoded.probe()
    row = probe.settings["scores"].index("dot")
    edited, untouched = decoded.steps[-1].cross, plain.steps[-1]
    assert edited is not None
    assert untouched.cross is not None
    assert edited.unedited is not None
    assert probe.arrays["alpha"][row] == pytest.approx(edited.unedited[0, 0], abs=1e-7)
    assert probe.arrays["sampled"][row] == untouched.cross.sampled[0, 0]
    assert probe.arrays["contexts"][row].tolist() == untouched.active.context.tolist()
    assert probe.settings["top_tokens"][row][0] == untouched.active.top_tokens[0]
    assert untouched.cross.center is not None
    assert probe.arrays["center"].tolist() == untouched.cross.center[0].tolist()
    assert probe.arrays["half_width"].tolist() == [3.0]


def test_it_says_which_modes_were_learnt_and_which_dot_products_lack_the_root() -> None:
    told = Decoded(Mode("cosine")).probe().settings
    assert dict(zip(told["scores"], told["trained"], strict=True)) == {
        name: name in ("additive", "dot") for name in SCORES
    }
    unscaled = [name for name, yes in zip(told["scores"], told["unscaled"], strict=True) if yes]
    assert unscaled == ["general", "dot"]
    assert told["dimension"] == 4
    local = Decoded(Mode("cosine", "local-m")).probe().settings
    trained = [name for name, yes in zip(local["scores"], local["trained"], strict=True) if yes]
    assert trained == ["additive"]


def test_without_attention_every_score_looks_everywhere() -> None:
    probe = Decoded(NONE).probe()
    assert (probe.settings["scope"], probe.settings["weighting"]) == ("global", "soft")
    assert probe.arrays["window"].all()
    assert "center" not in probe.arrays
    assert probe.arrays["alpha"].sum(axis=1) == pytest.approx(np.ones(len(SCORES)))


def test_scaled_dot_is_dot_by_the_root_of_the_dimension() -> None:
    """With the same projections, which a toy can be given."""
    model = never_ending_model()
    own = model.attention.scores["scaled-dot"]
    own.load_state_dict(model.attention.scores["dot"].state_dict())
    stepper = Stepper(as_checkpoint(model), TEXT)
    positions = Positions(stepper)
    _, node, _ = positions.step(stepper.start, 0, Mode("dot"), Choice())
    (probe,) = find_probe(KIND)(positions, [node], {})
    names, energies = probe.settings["scores"], probe.arrays["energies"].astype(np.float64)
    by_root = energies[names.index("dot")] / math.sqrt(probe.settings["dimension"])
    assert energies[names.index("scaled-dot")] == pytest.approx(by_root, rel=1e-6)


def test_the_record_can_be_saved() -> None:
    decoded = Decoded(LOCAL_HARD)
    run = decoded.stepper.run
    tree = RunTree(Root(run.model.hash, run.text, run.device, run.dtype), decoded.path)
    check_trace(Trace(run, tree, tuple(decoded.steps), (decoded.probe(), decoded.probe("scopes"))))


@pytest.mark.parametrize("kind", ["scores", "scopes"])
def test_before_the_first_step_there_is_nothing(kind: str) -> None:
    stepper = Stepper(as_checkpoint(never_ending_model()), TEXT)
    with pytest.raises(InputError, match="before the first step"):
        list(find_probe(kind)(Positions(stepper), [], {}))

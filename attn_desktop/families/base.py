"""The contract of a model family: encode, start, step, readout.

A family is one file that subclasses `Family`; its definition registers it. Training, batched
decoding and stepping all call the `step` and `readout` defined here, so what a user watches is
what was trained. Shapes: B rows, S source positions, H annotation size, N state size,
E embedding size, V target vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from attn_desktop.attention.attend import (
    UNTOUCHED,
    Attended,
    Attention,
    Intervention,
    Memory,
)
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, SOFT, Mode
from attn_desktop.common.registry import Registry
from attn_desktop.families.cells import Gates, State
from attn_desktop.inputs.image import check_picture
from attn_desktop.trace.records import RunRecord

FAMILIES: Registry[type[Family]] = Registry("model family")


@dataclass(frozen=True, eq=False)
class Given:
    """What someone gives a model to decode; which of it a family wants is in `Family.takes`.

    text: a sentence, or the question about a picture. picture: (h, w, 3) uint8, as
    `inputs.image.load_picture` makes it of a file.
    """

    text: str = ""
    picture: NDArray[np.uint8] | None = None

    @classmethod
    def of(cls, run: RunRecord) -> Given:
        """What was given for a run, so that it can be encoded again with the same result."""
        return cls(run.text, run.picture)


@dataclass(frozen=True, eq=False)
class Prepared:
    """One input as the model wants it, with what a viewer needs to label it.

    inputs: one of those that `Family.encode` takes; what it is, only the family knows.
    labels, words, spans, text, grid, picture, receptive_field, unknown: as in `RunRecord`.
    """

    inputs: Any
    labels: tuple[str, ...]
    words: NDArray[np.int64]
    spans: NDArray[np.int64]
    text: str = ""
    grid: tuple[int, int] | None = None
    picture: NDArray[np.uint8] | None = None
    receptive_field: float | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Advanced:
    """What one context made of a step: s_t and the gates on the way to it."""

    context: Tensor
    state: State
    gates: Gates


@dataclass(frozen=True)
class Stepped:
    """One step: the look at the source, and for each weighting asked for what follows."""

    attended: Attended
    readings: dict[str, Advanced]


class Family(nn.Module):
    """A model that encodes an input once and then decodes one token a step."""

    name: ClassVar[str]
    #: The msgspec Struct that a checkpoint's config.json is checked against.
    config_type: ClassVar[type[Any]]
    #: What `prepare` wants: ("text",), ("picture",) or ("picture", "question").
    takes: ClassVar[tuple[str, ...]] = ("text",)
    #: What the context is in the mode without attention, and where that comes from.
    fixed_formula: ClassVar[str] = "c_t = [→h_S; ←h_1]"
    fixed_source: ClassVar[str] = "Sutskever et al. 2014"

    attention: Attention
    trained_modes: tuple[Mode, ...]

    def __init_subclass__(cls, *, name: str) -> None:
        cls.name = name
        FAMILIES.add(name, cls)

    # -- what a family defines ------------------------------------------------------------

    @property
    def start_id(self) -> int:
        """y_0, the token before the first."""
        raise NotImplementedError

    @property
    def end_id(self) -> int:
        """The token that ends an output."""
        raise NotImplementedError

    @property
    def never_chosen(self) -> tuple[int, ...]:
        """Tokens that no chooser may pick, such as padding."""
        raise NotImplementedError

    def prepare(self, given: Given) -> Prepared:
        """Turn what is given into inputs and labels; raises InputError where it cannot be used."""
        raise NotImplementedError

    def encode(self, inputs: Sequence[Any]) -> Memory:
        """Encode the `Prepared.inputs` of several, padding them if need be: memory of B rows."""
        raise NotImplementedError

    def start(self, memory: Memory) -> State:
        """s_0 of every row."""
        raise NotImplementedError

    def embed(self, tokens: Tensor) -> Tensor:
        """Target token ids (…) to embeddings (…, E)."""
        raise NotImplementedError

    def advance(self, state: State, previous: Tensor, context: Tensor) -> tuple[State, Gates]:
        """s_t = f(s_{t-1}, y_{t-1}, c_t), y_{t-1} embedded as (B, E), c_t as (B, H)."""
        raise NotImplementedError

    def readout(self, state: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        """s_t (R, N), c_t (R, H), y_{t-1} (R, E) to logits (R, V), for any rows R."""
        raise NotImplementedError

    def token_label(self, token: int) -> str:
        """The piece of text that a target id stands for."""
        raise NotImplementedError

    def tokenize(self, text: str) -> tuple[int, ...]:
        """Target ids of a text, without an end token; raises InputError where it has none."""
        raise NotImplementedError

    def detokenize(self, tokens: Sequence[int]) -> str:
        """Target ids to text; special tokens are left out."""
        raise NotImplementedError

    def save_inputs(self, folder: Path) -> None:
        """Write what `prepare` and `detokenize` need beside the weights."""
        raise NotImplementedError

    @classmethod
    def from_folder(cls, config: Any, folder: Path) -> Family:
        """Build the model, without its weights, from a config and a checkpoint folder."""
        raise NotImplementedError

    # -- what a family may do otherwise ---------------------------------------------------

    #: What attention asks with, where that is not s_{t−1} alone.
    query_formula: str = ""

    def query(self, memory: Memory, state: Tensor, previous: Tensor, t: int) -> Tensor:
        """What attention asks with at step t (1-based): s_{t-1} (B, N), or more than that.

        previous: (B, E), the embedded y_{t-1}.
        """
        return state

    def ends(self, token: int, t: int) -> bool:
        """Whether an output is over with the token of step t (1-based)."""
        return token == self.end_id

    def usual_steps(self, source_length: int) -> int:
        """Steps that usually suffice for a source of this length, and end a decoding that runs on.

        source_length: S.
        """
        return 2 * source_length + 20

    # -- what every family shares ---------------------------------------------------------

    @property
    def needs(self) -> str:
        """What is told to who gave anything else."""
        return f"this model takes a {' and a '.join(self.takes)}"

    def check_given(self, given: Given) -> None:
        """Raise InputError, saying what is needed, where anything is missing or of no use.

        An empty text is left to a family that takes one.
        """
        needs = self.needs
        if given.picture is None:
            if "picture" in self.takes:
                raise InputError(f"{needs}; give an image file")
        elif "picture" not in self.takes:
            raise InputError(f"{needs}, not a picture")
        else:
            check_picture(given.picture)
        asked = bool(given.text.strip())
        if "question" in self.takes and not asked:
            raise InputError(f"{needs}; ask at least one word")
        if self.takes == ("picture",) and asked:
            raise InputError(f"{needs} and nothing else, not a text beside it")

    def step(
        self,
        memory: Memory,
        state: State,
        previous: Tensor,
        mode: Mode,
        t: int,
        draw: Tensor,
        weightings: tuple[str, ...] = (SOFT, HARD),
        intervention: Intervention = UNTOUCHED,
    ) -> Stepped:
        """One decoding step t (1-based) of B rows: attend with `query`, then advance.

        previous: (B, E), the embedded y_{t-1}. draw: (B,) u in [0, 1). Several weightings are
        advanced as one batch, from the same α; without attention there is one, `soft`.
        intervention: what is to be otherwise on the way.
        """
        query = self.query(memory, state.hidden, previous, t)
        attended = self.attention(memory, query, mode, t, draw, weightings, intervention)
        names = list(attended.contexts)
        if len(names) == 1:
            context = attended.contexts[names[0]]
            following, gates = self.advance(state, previous, context)
            following = _changed(following, intervention)
            return Stepped(attended, {names[0]: Advanced(context, following, gates)})
        rows = torch.arange(len(previous), device=previous.device).repeat(len(names))
        contexts = torch.cat([attended.contexts[name] for name in names])
        following, gates = self.advance(state.rows(rows), previous[rows], contexts)
        following = _changed(following, intervention)
        readings = {}
        for index, name in enumerate(names):
            own = slice(index * len(previous), (index + 1) * len(previous))
            readings[name] = Advanced(
                contexts[own],
                State(
                    following.hidden[own], None if following.cell is None else following.cell[own]
                ),
                {gate: values[own] for gate, values in gates.items()},
            )
        return Stepped(attended, readings)

    def check_mode(self, mode: Mode) -> None:
        """Raise InputError, naming the valid ones, where the model has no such score or scope."""
        self.attention.check(mode)

    def is_trained(self, mode: Mode) -> bool:
        """Whether the checkpoint learnt this mode."""
        return mode in self.trained_modes

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device


def _changed(state: State, intervention: Intervention) -> State:
    """s_t as someone wants it; the cell of an LSTM stays."""
    if intervention.state is None:
        return state
    return State(intervention.state(state.hidden), state.cell)

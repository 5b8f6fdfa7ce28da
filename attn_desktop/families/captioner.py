"""Picture to text: a convolutional encoder and an LSTM that looks at regions as it writes.

Xu et al. 2015, with the scores and weightings of `attn_desktop.attention`, scopes over the grid of
regions, and one vector for the whole picture as the mode without attention (Vinyals et al. 2015).
Shapes: B rows, S = m · n regions row by row, H annotation size, N = decoder_size, E =
embedding_size, V target vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import torch
from torch import Tensor, nn

from attn_desktop.attention.attend import Attention, Memory
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.families.base import Family, Given, Prepared
from attn_desktop.families.cells import CELLS, Gates, State
from attn_desktop.families.codecs import load_words
from attn_desktop.families.layers import embedding, scale_embedding
from attn_desktop.families.vision import COORDINATES, Pixels, Vision, VisionConfig
from attn_desktop.inputs.text import END_ID, PAD_ID, START_ID
from attn_desktop.inputs.words import UNKNOWN_ID, WordCodec

Size = Annotated[int, msgspec.Meta(ge=1, le=8192)]


class CaptionerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """config.json of a checkpoint of this family.

    projection_size: size of each score's own projections of s and h (a switchable checkpoint);
    null for a dedicated one, where scores see s and h as they are.
    half_width: D of local-p, in regions along either edge. longest_caption: steps after which a
    caption that runs on is cut off. trained_modes: as `Mode.parse` reads them. dropout: of words
    and readouts, and of annotations unless annotation_dropout says otherwise. forgetting: as
    `Forgetting` has it. word_query: whether attention knows the word before, which s_{t−1} does
    not: it is what y_{t−1} was chosen from.
    """

    family: Literal["captioner"]
    language: str
    target_vocabulary: Annotated[int, msgspec.Meta(ge=5, le=100_000)]
    embedding_size: Size
    decoder_size: Size
    projection_size: Size | None
    scores: tuple[str, ...]
    trained_modes: tuple[str, ...]
    vision: VisionConfig = VisionConfig()
    half_width: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 3.0
    longest_caption: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 40
    dropout: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.2
    annotation_dropout: Annotated[float, msgspec.Meta(ge=0, lt=1)] | None = None
    forgetting: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    word_query: bool = False


class Forgetting(nn.Module):
    """In training the state is often told where a step has looked, but not what was there.

    p: how often. A state that remembers all that it saw knows the last words of a phrase at its
    first, and what attention does at those words is then left to chance. One that forgets has to
    look at a thing whenever it names it.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, context: Tensor) -> Tensor:
        """Contexts (B, H), some with 0 in place of all but their coordinates."""
        if not self.training or self.p == 0:
            return context
        kept = (torch.rand(len(context), 1, device=context.device) >= self.p).to(context.dtype)
        what, where = context[:, :-COORDINATES], context[:, -COORDINATES:]
        return torch.cat([what * kept, where], dim=1)


class Captioner(Family, name="captioner"):
    """Vision, attention, a gated LSTM decoder and readout; the words of the captions included."""

    config_type = CaptionerConfig
    takes = ("picture",)
    fixed_formula = Vision.fixed_formula
    fixed_source = "Vinyals et al. 2015"

    def __init__(self, config: CaptionerConfig, target: WordCodec) -> None:
        super().__init__()
        self.config = config
        self.target_codec = target
        self.trained_modes = tuple(Mode.parse(text) for text in config.trained_modes)
        size, regions = config.vision.annotation_size, config.vision.grid
        own = config.annotation_dropout
        self.vision = Vision(config.vision, config.dropout if own is None else own)
        self.target_embedding = embedding(config.target_vocabulary, config.embedding_size)
        self.bridge = nn.Linear(size, config.decoder_size)
        self.attention = Attention(
            config.decoder_size,
            size,
            config.scores,
            config.projection_size,
            regions[0] * regions[1],
            config.half_width,
            regions,
        )
        self.ask: nn.Linear | None = None
        if config.word_query:
            self.query_formula = "q_t = s_t−1 + W_q y_t−1"
            self.ask = nn.Linear(config.embedding_size, config.decoder_size, bias=False)
        self.gate = nn.Linear(config.decoder_size, 1)
        self.forget = Forgetting(config.forgetting)
        self.cell = CELLS["lstm"](config.embedding_size + size, config.decoder_size)
        self.deep_output = nn.Linear(
            config.decoder_size + size + config.embedding_size, config.embedding_size
        )
        self.output_bias = nn.Parameter(torch.zeros(config.target_vocabulary))
        self.dropout = nn.Dropout(config.dropout)
        scale_embedding(self.target_embedding)

    # -- tokens ---------------------------------------------------------------------------

    start_id = START_ID
    end_id = END_ID
    never_chosen = (PAD_ID, START_ID, UNKNOWN_ID)

    def prepare(self, given: Given) -> Prepared:
        """The picture as a square (side, side, 3) uint8, and its regions as source positions."""
        self.check_given(given)
        return self.vision.describe(self.vision.prepare(given), given)

    def usual_steps(self, source_length: int) -> int:
        return self.config.longest_caption

    def token_label(self, token: int) -> str:
        return self.target_codec.label(token)

    def tokenize(self, text: str) -> tuple[int, ...]:
        ids = self.target_codec.encode_known(text)
        if not ids:
            raise InputError("the text is empty; give at least one word")
        return tuple(ids)

    def detokenize(self, tokens: Sequence[int]) -> str:
        return self.target_codec.decode(tokens)

    # -- encode, start, advance, readout --------------------------------------------------

    def encode(self, inputs: Sequence[Pixels]) -> Memory:
        return self.vision.encode(inputs)

    def start(self, memory: Memory) -> State:
        """s_0 from the mean annotation (Xu et al. 2015, section 3.1.2); the cell starts at 0."""
        return self.cell.start(torch.tanh(self.bridge(memory.states.mean(dim=1))))

    def embed(self, tokens: Tensor) -> Tensor:
        embedded: Tensor = self.dropout(self.target_embedding(tokens))
        return embedded

    def query(self, memory: Memory, state: Tensor, previous: Tensor, t: int) -> Tensor:
        """s_{t−1}, as in Xu et al. 2015, equation 4, or that and the word before."""
        return state if self.ask is None else state + self.ask(previous)

    def advance(self, state: State, previous: Tensor, context: Tensor) -> tuple[State, Gates]:
        """s_t from β_t c_t, β_t = sigmoid(f_β(s_{t-1})) in (0, 1) (Xu et al. 2015, section 4.2.1).

        The gate `beta` (B, 1) says how much of the picture enters the state.
        """
        beta = torch.sigmoid(self.gate(state.hidden))
        seen = beta * self.forget(context)
        following, gates = self.cell(torch.cat([previous, seen], dim=1), state)
        return following, {"beta": beta, **gates}

    def readout(self, state: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        """A deep output layer over s_t, c_t and y_{t-1} (Xu et al. 2015, equation 7).

        It reads c_t before the gate: what a word is taken from is then what the step looked at.
        """
        hidden = torch.tanh(self.deep_output(torch.cat([state, context, previous], dim=1)))
        hidden = self.dropout(hidden)
        return nn.functional.linear(hidden, self.target_embedding.weight, self.output_bias)

    # -- folder ---------------------------------------------------------------------------

    def save_inputs(self, folder: Path) -> None:
        self.target_codec.save(folder / "target.tokenizer.json")

    @classmethod
    def from_folder(cls, config: CaptionerConfig, folder: Path) -> Captioner:
        return cls(config, load_words(folder, "target", config.target_vocabulary))

"""Questions about pictures: a few glimpses at regions, each led by the question and the last one.

Stacked attention (Yang et al. 2016): the encoded question is the first query, and what a glimpse
has seen refines it for the next. Each glimpse also reads the question in its own way, by weights
over its words, so that of two things asked about it can look for one (co-attention, Lu et al.
2016, in its simplest form). A step is a glimpse and its token the answer after it; the last
step's is the model's answer. Where Yang et al. add, u_t = c_t + u_{t-1}, the query here goes
through a GRU, which can also forget, and whose gates can be watched.
Weights that sum to 1 cannot tell one region like the question from three; beside the question a
few counters therefore enter s_0, sums over regions of weights that do not (Zhang et al. 2018,
Learning to count objects in natural images, section 3).
Shapes: B rows, S = m · n regions row by row, H annotation size, N = state_size, E = 0 since no
earlier answer is read, V answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from attn_desktop.attention.attend import Attention, Memory
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.families.base import Family, Given, Prepared
from attn_desktop.families.cells import CELLS, Gates, State
from attn_desktop.families.codecs import load_words
from attn_desktop.families.layers import embedding
from attn_desktop.families.vision import COORDINATES, Looks, Pixels, Vision, VisionConfig
from attn_desktop.inputs.text import END_ID, PAD_ID, START_ID
from attn_desktop.inputs.words import UNKNOWN_ID, WordCodec, split_words

Size = Annotated[int, msgspec.Meta(ge=1, le=8192)]
Vocabulary = Annotated[int, msgspec.Meta(ge=5, le=100_000)]
MAX_WORDS = 100
#: Regions that an object covers, about; only keeps the counters near 1.
REGIONS_OF_ONE = 10.0
#: Of the update gate of units that keep what was asked: sigmoid(6) is 0.998.
KEEPING_BIAS = 6.0
#: Answers that a message names when another one is asked for.
NAMED_ANSWERS = 20


class VqaConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """config.json of a checkpoint of this family.

    glimpses: steps of a decoding. counters: K sums over all regions in s_0.
    projection_size: size of each score's own projections of s and h (a switchable checkpoint);
    null for a dedicated one, where scores see s and h as they are. half_width: D of local-p, in
    regions along either edge. trained_modes: as `Mode.parse` reads them.
    """

    family: Literal["vqa"]
    language: str
    question_vocabulary: Vocabulary
    answer_vocabulary: Vocabulary
    embedding_size: Size
    state_size: Size
    projection_size: Size | None
    scores: tuple[str, ...]
    trained_modes: tuple[str, ...]
    vision: VisionConfig = VisionConfig()
    glimpses: Annotated[int, msgspec.Meta(ge=1, le=20)] = 2
    counters: Annotated[int, msgspec.Meta(ge=1, le=64)] = 4
    half_width: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 3.0
    dropout: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.2


@dataclass(frozen=True, eq=False)
class Asked:
    """One input of the model. question: (Q,) int64, Q words.

    square: (side, side, 3) uint8, or what `Vision.encode` takes in its place.
    """

    square: Pixels | Looks
    question: NDArray[np.int64]


class Vqa(Family, name="vqa"):
    """Vision, question encoder, attention, a GRU between glimpses and a classifier of answers."""

    config_type = VqaConfig
    takes = ("picture", "question")
    fixed_formula = Vision.fixed_formula
    fixed_source = "Vinyals et al. 2015"
    query_formula = "q_t = s_t−1 + W_q Σ_i β_ti x_i"

    def __init__(self, config: VqaConfig, question: WordCodec, answer: WordCodec) -> None:
        super().__init__()
        self.config = config
        self.question_codec = question
        self.answer_codec = answer
        self.trained_modes = tuple(Mode.parse(text) for text in config.trained_modes)
        size, regions = config.vision.annotation_size, config.vision.grid
        self.vision = Vision(config.vision, config.dropout)
        self.question_embedding = embedding(config.question_vocabulary, config.embedding_size)
        self.question_encoder = nn.GRU(config.embedding_size, config.state_size, batch_first=True)
        self.read = nn.Linear(config.state_size, config.glimpses)
        self.ask = nn.Linear(config.embedding_size, config.state_size, bias=False)
        self.count_query = nn.Linear(config.state_size, size)
        self.count_region = nn.Linear(size, size)
        self.count = nn.Linear(size, config.counters)
        self.bridge = nn.Linear(config.state_size + config.counters, config.state_size)
        self.attention = Attention(
            config.state_size,
            size,
            config.scores,
            config.projection_size,
            regions[0] * regions[1],
            config.half_width,
            regions,
        )
        self.cell = CELLS["gru"](size, config.state_size)
        self.hidden = nn.Linear(config.state_size + size, config.state_size)
        self.output = nn.Linear(config.state_size, config.answer_vocabulary)
        self.dropout = nn.Dropout(config.dropout)
        if not self.output.weight.is_meta:
            self._set_apart()

    @property
    def _shares(self) -> tuple[int, int, int]:
        """How many units of the state are free, keep what was asked, and know places."""
        size = self.config.state_size
        keeping, placing = size // 4, size // 8
        return size - keeping - placing, keeping, placing

    def _set_apart(self) -> None:
        """Begin with units that keep what was asked, and units that know places.

        Of the GRU's units a quarter keep s_0 as it is, by a bias of the update gate (as LSTMs
        begin with open forget gates, Jozefowicz et al. 2015), and an eighth hear of a glimpse
        where it was and nothing else; some units of the readout compare those with the place of
        c_t. Two numbers among so many would else be found late, and the question be forgotten.
        Larger weights than these saturate the readout, and it learns no comparison.
        """
        size, seen = self.config.state_size, self.config.vision.annotation_size
        free, keeping, _ = self._shares
        kept, places = slice(free, free + keeping), slice(free + keeping, size)
        comparing = 3 * size // 16
        with torch.no_grad():
            for gate in range(self.cell.gate_count):
                rows = slice(gate * size + kept.start, (gate + 1) * size)
                for weight in (self.cell.weight_ih, self.cell.weight_hh):
                    weight[rows] = 0
                for bias in (self.cell.bias_ih, self.cell.bias_hh):
                    bias[rows] = 0
            self.cell.bias_ih[size + kept.start : size + kept.stop] = KEEPING_BIAS
            self.cell.weight_ih[2 * size + places.start :, -COORDINATES:].normal_(std=0.9)
            readers = self.hidden.weight[size - comparing :]
            readers[:, size : size + seen - COORDINATES] = 0
            readers[:, -COORDINATES:].normal_(std=0.45)
            readers[:, places].normal_(std=0.15)
            readers[:, kept].normal_(std=0.09)

    # -- tokens ---------------------------------------------------------------------------

    start_id = START_ID
    #: Never an answer: an output ends with its last glimpse, whatever the answer.
    end_id = END_ID
    never_chosen = (PAD_ID, START_ID, END_ID, UNKNOWN_ID)

    def prepare(self, given: Given) -> Prepared:
        """Picture and question as `Asked`; the regions are the source positions.

        A word that the model never learnt is `<unk>` to it; a mark, such as a question mark, that
        it never learnt is left out.
        """
        self.check_given(given)
        codec, words = self.question_codec, split_words(given.text)
        unknown = codec.unknown(given.text)
        marks = {word for word in unknown if not word[0].isalnum()}
        asked = [word for word in words if word not in marks]
        if not asked:
            raise InputError("the question has no word that the model could read")
        if len(asked) > MAX_WORDS:
            raise InputError(f"the question has {len(asked)} words; it may have {MAX_WORDS}")
        ids = np.array(codec.encode(" ".join(asked)), dtype=np.int64)
        prepared = self.vision.describe(Asked(self.vision.prepare(given), ids), given)
        return replace(prepared, unknown=tuple(word for word in unknown if word not in marks))

    def ends(self, token: int, t: int) -> bool:
        return t >= self.config.glimpses

    def usual_steps(self, source_length: int) -> int:
        return self.config.glimpses

    def token_label(self, token: int) -> str:
        return self.answer_codec.label(token)

    def tokenize(self, text: str) -> tuple[int, ...]:
        """The one answer that a text is."""
        token = self.answer_codec.find(text)
        if token is None:
            answers = self.answer_codec.words[UNKNOWN_ID + 1 :]
            named = ", ".join(answers[:NAMED_ANSWERS])
            more = (
                f" and {len(answers) - NAMED_ANSWERS} more" if len(answers) > NAMED_ANSWERS else ""
            )
            raise InputError(f"{text!r} is none of the answers: {named}{more}")
        return (token,)

    def detokenize(self, tokens: Sequence[int]) -> str:
        """The last answer; those after earlier glimpses were on the way to it."""
        return self.answer_codec.decode(tokens[-1:])

    # -- encode, start, advance, readout --------------------------------------------------

    def encode(self, inputs: Sequence[Asked]) -> Memory:
        memory = self.vision.encode([asked.square for asked in inputs])
        lengths = torch.tensor([len(asked.question) for asked in inputs])
        words = pad_sequence(
            [torch.from_numpy(asked.question) for asked in inputs],
            batch_first=True,
            padding_value=PAD_ID,
        )
        embedded = self.dropout(self.question_embedding(words.to(self.device)))
        # Padding follows the words and never enters a state that counts.
        states, _ = self.question_encoder(embedded)
        rows = torch.arange(len(inputs), device=states.device)
        last = states[rows, lengths.to(states.device) - 1]
        padding = torch.arange(words.shape[1]) >= lengths.unsqueeze(1)
        weights = self.read(states).masked_fill(padding.to(states.device).unsqueeze(2), -torch.inf)
        read = torch.softmax(weights, dim=1).transpose(1, 2) @ embedded  # (B, glimpses, words)
        memory.question = torch.cat([last, read.flatten(1)], dim=1)
        return memory

    def query(self, memory: Memory, state: Tensor, previous: Tensor, t: int) -> Tensor:
        """s_{t−1} and what glimpse t reads: Σ_i β_ti x_i, x_i the word vectors of the question.

        β_ti = softmax_i(u_t · w_i), w_i the states of the question's encoder.
        """
        assert memory.question is not None
        read = memory.question[:, self.config.state_size :].chunk(self.config.glimpses, dim=1)
        asked: Tensor = self.ask(read[min(t, self.config.glimpses) - 1])
        return state + asked

    def start(self, memory: Memory) -> State:
        """s_0 from the question, as its encoder leaves it, and the counters.

        Units that are to keep it take a linear map of it, which a tanh would soon saturate.
        """
        known = torch.cat([self._encoded(memory), self.counts(memory)], dim=1)
        parts = self.bridge(known).split(self._shares, dim=1)
        return self.cell.start(torch.cat([torch.tanh(parts[0]), parts[1], torch.tanh(parts[2])], 1))

    def counts(self, memory: Memory) -> Tensor:
        """(B, K): how much of the picture is like what the question asks for, K ways to say it.

        Σ_j sigmoid(w_kᵀ tanh(W q + U h_j)), in units of REGIONS_OF_ONE regions.
        """
        query = self.count_query(self._encoded(memory)).unsqueeze(1)
        alike = torch.sigmoid(self.count(torch.tanh(query + self.count_region(memory.states))))
        return alike.sum(dim=1) / REGIONS_OF_ONE

    def _encoded(self, memory: Memory) -> Tensor:
        """The last state of the question's encoder, (B, N)."""
        assert memory.question is not None
        return memory.question[:, : self.config.state_size]

    def embed(self, tokens: Tensor) -> Tensor:
        """Nothing, (…, 0): no glimpse reads the answer after the one before."""
        return torch.zeros((*tokens.shape, 0), device=self.device)

    def advance(self, state: State, previous: Tensor, context: Tensor) -> tuple[State, Gates]:
        following: tuple[State, Gates] = self.cell(context, state)
        return following

    def readout(self, state: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        """Logits of all answers, were this the last glimpse: of s_t and c_t."""
        hidden = torch.tanh(self.hidden(torch.cat([state, context], dim=1)))
        logits: Tensor = self.output(self.dropout(hidden))
        return logits

    # -- folder ---------------------------------------------------------------------------

    def save_inputs(self, folder: Path) -> None:
        self.question_codec.save(folder / "question.tokenizer.json")
        self.answer_codec.save(folder / "answer.tokenizer.json")

    @classmethod
    def from_folder(cls, config: VqaConfig, folder: Path) -> Vqa:
        return cls(
            config,
            load_words(folder, "question", config.question_vocabulary),
            load_words(folder, "answer", config.answer_vocabulary),
        )

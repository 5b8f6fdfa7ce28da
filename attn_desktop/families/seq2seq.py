"""Text to text: a bidirectional recurrent encoder and an attention decoder.

Bahdanau et al. 2015, with any score, scope and weighting of `attn_desktop.attention` and with
the fixed context vector [→h_S; ←h_1] as a mode of its own (Sutskever et al. 2014 without
attention). Shapes: B rows, S source pieces, H = 2 × encoder_size, N = decoder_size,
E = embedding_size, V target vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from attn_desktop.attention.attend import Attention, Memory
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.families.base import Family, Given, Prepared
from attn_desktop.families.cells import CELLS, Gates, State
from attn_desktop.families.codecs import load_pieces
from attn_desktop.families.layers import LockedDropout, embedding, scale_embedding
from attn_desktop.inputs.text import END, END_ID, MAX_PIECES, PAD_ID, START_ID, TextCodec

Size = Annotated[int, msgspec.Meta(ge=1, le=8192)]
Vocabulary = Annotated[int, msgspec.Meta(ge=260, le=500_000)]


class Seq2SeqConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """config.json of a checkpoint of this family.

    projection_size: size of each score's own projections of s and h (a switchable checkpoint);
    null for a dedicated one, where scores see s and h as they are.
    longest_source: positions that the location score can tell apart.
    half_width: D of the local scopes. trained_modes: as `Mode.parse` reads them.
    """

    family: Literal["seq2seq"]
    source_language: str
    target_language: str
    source_vocabulary: Vocabulary
    target_vocabulary: Vocabulary
    embedding_size: Size
    encoder_size: Size
    decoder_size: Size
    projection_size: Size | None
    scores: tuple[str, ...]
    trained_modes: tuple[str, ...]
    cell: Literal["gru", "lstm"] = "gru"
    longest_source: Size = 100
    half_width: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 3.0
    dropout: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.2


class Seq2Seq(Family, name="seq2seq"):
    """Encoder, attention, decoder and readout; tokenizers included."""

    config_type = Seq2SeqConfig

    def __init__(self, config: Seq2SeqConfig, source: TextCodec, target: TextCodec) -> None:
        super().__init__()
        self.config = config
        self.source_codec = source
        self.target_codec = target
        self.trained_modes = tuple(Mode.parse(text) for text in config.trained_modes)
        annotation = 2 * config.encoder_size
        self.source_embedding = embedding(config.source_vocabulary, config.embedding_size)
        self.target_embedding = embedding(config.target_vocabulary, config.embedding_size)
        encoder = {"gru": nn.GRU, "lstm": nn.LSTM}[config.cell]
        self.encoder = encoder(
            config.embedding_size, config.encoder_size, bidirectional=True, batch_first=True
        )
        self.bridge = nn.Linear(annotation, config.decoder_size)
        self.attention = Attention(
            config.decoder_size,
            annotation,
            config.scores,
            config.projection_size,
            config.longest_source,
            config.half_width,
        )
        self.cell = CELLS[config.cell](config.embedding_size + annotation, config.decoder_size)
        self.deep_output = nn.Linear(
            config.decoder_size + annotation + config.embedding_size, config.embedding_size
        )
        self.output_bias = nn.Parameter(torch.zeros(config.target_vocabulary))
        self.dropout = nn.Dropout(config.dropout)
        self.source_dropout = LockedDropout(config.dropout)
        for layer in (self.source_embedding, self.target_embedding):
            scale_embedding(layer)

    # -- tokens ---------------------------------------------------------------------------

    start_id = START_ID
    end_id = END_ID
    never_chosen = (PAD_ID, START_ID)

    def prepare(self, given: Given) -> Prepared:
        """Cut a text into pieces and end it with `</s>`, which is a source position too.

        `Prepared.inputs` are the ids (S,) int64.
        """
        self.check_given(given)
        text = given.text
        pieces = self.source_codec.encode(text)
        if not len(pieces.ids):
            raise InputError("the text is empty; give at least one word")
        if len(pieces.ids) > MAX_PIECES:
            raise InputError(
                f"the text has {len(pieces.ids)} pieces, the longest allowed is {MAX_PIECES}"
            )
        return Prepared(
            np.append(pieces.ids, END_ID),
            (*pieces.labels, END),
            np.append(pieces.words, -1),
            np.vstack([pieces.spans, [[len(text), len(text)]]]),
            text,
        )

    def token_label(self, token: int) -> str:
        return self.target_codec.label(token)

    def tokenize(self, text: str) -> tuple[int, ...]:
        ids = self.target_codec.encode(text).ids
        if not len(ids):
            raise InputError("the text is empty; give at least one word")
        return tuple(int(token) for token in ids)

    def detokenize(self, tokens: Sequence[int]) -> str:
        return self.target_codec.decode(tokens)

    # -- encode, start, advance, readout --------------------------------------------------

    def encode(self, inputs: Sequence[NDArray[np.int64]]) -> Memory:
        lengths = torch.tensor([len(ids) for ids in inputs])
        longest = int(lengths.max())
        padded = np.full((len(inputs), longest), PAD_ID, dtype=np.int64)
        for row, ids in enumerate(inputs):
            padded[row, : len(ids)] = ids
        tokens = torch.from_numpy(padded).to(self.device)
        mask = torch.arange(longest, device=self.device) < lengths.to(self.device).unsqueeze(1)
        embedded = self.source_dropout(self.source_embedding(tokens))
        if bool((lengths == longest).all()):
            outputs, last = self.encoder(embedded)
        else:
            packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
            outputs, last = self.encoder(packed)
            outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=longest)
        final = last[0] if isinstance(last, tuple) else last  # (2, B, encoder_size)
        fixed = torch.cat([final[0], final[1]], dim=1)  # [→h_S; ←h_1]
        return Memory(self.source_dropout(outputs), mask, self.dropout(fixed))

    def start(self, memory: Memory) -> State:
        return self.cell.start(torch.tanh(self.bridge(memory.fixed_context)))

    def embed(self, tokens: Tensor) -> Tensor:
        embedded: Tensor = self.dropout(self.target_embedding(tokens))
        return embedded

    def advance(self, state: State, previous: Tensor, context: Tensor) -> tuple[State, Gates]:
        following: tuple[State, Gates] = self.cell(torch.cat([previous, context], dim=1), state)
        return following

    def readout(self, state: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        hidden = torch.tanh(self.deep_output(torch.cat([state, context, previous], dim=1)))
        hidden = self.dropout(hidden)
        return nn.functional.linear(hidden, self.target_embedding.weight, self.output_bias)

    # -- folder ---------------------------------------------------------------------------

    def save_inputs(self, folder: Path) -> None:
        self.source_codec.save(folder / "source.tokenizer.json")
        self.target_codec.save(folder / "target.tokenizer.json")

    @classmethod
    def from_folder(cls, config: Seq2SeqConfig, folder: Path) -> Seq2Seq:
        return cls(
            config,
            load_pieces(folder, "source", config.source_vocabulary),
            load_pieces(folder, "target", config.target_vocabulary),
        )

"""Text to pieces and back: byte-pair encoding with ▁ for a space and bytes for the rest.

No input is unknown: a character outside the vocabulary becomes its UTF-8 bytes, `<0xE2>` and so
on. The marker names `<pad>`, `<s>`, `</s>` and the byte names are vocabulary entries but not
matched in text, so typing them yields ordinary characters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from attn_desktop.analysis.pieces import END as END
from attn_desktop.analysis.pieces import PAD as PAD
from attn_desktop.analysis.pieces import SPACE as SPACE
from attn_desktop.analysis.pieces import START as START
from attn_desktop.common.errors import CheckpointError, InputError

PAD_ID, START_ID, END_ID = 0, 1, 2
RESERVED = (PAD, START, END, *(f"<0x{byte:02X}>" for byte in range(256)))
MAX_PIECES = 512
MAX_FILE_BYTES = 64 << 20

#: A mark of punctuation is a piece of its own (with the space before it, as in French " ?"),
#: an elided article ends at its apostrophe (`l'` + `homme`), digits stand alone.
_PUNCTUATION = '.,;:!?…()[]«»“”"—–'
_ELISION = "▁(?:[Qq]u|[Jj]usqu|[Ll]orsqu|[Pp]uisqu|[A-Za-zÇç])['’]"
_SPLITS = rf"▁?[{re.escape(_PUNCTUATION)}]|{_ELISION}|▁?\d"


@dataclass(frozen=True, eq=False)
class Pieces:
    """A text cut into pieces.

    ids: (P,). labels: P strings. words: (P,) index of the word that a piece belongs to.
    spans: (P, 2) start and end in the text, in characters.
    """

    ids: NDArray[np.int64]
    labels: tuple[str, ...]
    words: NDArray[np.int64]
    spans: NDArray[np.int64]


def check_unicode(text: str) -> None:
    """Raise InputError for text that is not valid Unicode and could not be kept or sent."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"the text holds a lone surrogate at character {error.start}") from None


class TextCodec:
    """A tokenizer of one language side."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        for token, label in enumerate(RESERVED):
            if tokenizer.token_to_id(label) != token:
                raise CheckpointError(f"the tokenizer has no {label} at id {token}")
        ids = sorted(tokenizer.get_vocab().values())
        if ids != list(range(len(ids))):
            raise CheckpointError(f"the {len(ids)} pieces do not have the ids 0 to {len(ids) - 1}")
        # NUL is in no learnt alphabet, so it shows whether unseen characters become bytes.
        if tokenizer.encode("\0", add_special_tokens=False).tokens[-1:] != ["<0x00>"]:
            raise CheckpointError("the tokenizer does not turn unknown characters into bytes")
        # A step labels dozens of tokens; asking the tokenizer each time would show in its cost.
        self._labels = tuple(str(tokenizer.id_to_token(token)) for token in ids)

    def __len__(self) -> int:
        return len(self._labels)

    def label(self, token: int) -> str:
        """The piece with this id."""
        if not 0 <= token < len(self._labels):
            raise InputError(f"token {token} is outside the vocabulary of {len(self)} pieces")
        return self._labels[token]

    def encode(self, text: str) -> Pieces:
        """Cut a text; raises InputError for text that is not valid Unicode."""
        check_unicode(text)
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return Pieces(
            np.array(encoding.ids, dtype=np.int64),
            tuple(encoding.tokens),
            _words(encoding.tokens),
            np.array(_whole_spans(text, encoding.offsets), dtype=np.int64).reshape(-1, 2),
        )

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of many texts at once, without labels."""
        return [e.ids for e in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def decode(self, tokens: Sequence[int]) -> str:
        """Ids to text; markers are left out, bytes that are no character become U+FFFD."""
        kept = [token for token in tokens if token > END_ID]
        return str(self._tokenizer.decode(kept, skip_special_tokens=False))

    def save(self, path: Path) -> None:
        """Write the tokenizer as JSON."""
        self._tokenizer.save(str(path), pretty=False)

    @classmethod
    def load(cls, path: Path) -> TextCodec:
        """Read a tokenizer; raises CheckpointError naming the file."""
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise CheckpointError(f"larger than {MAX_FILE_BYTES} bytes, not a tokenizer")
            return cls(Tokenizer.from_str(path.read_text(encoding="utf-8")))
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from None
        except OSError as error:
            raise CheckpointError(f"{path}: {error.strerror}") from None
        except (KeyboardInterrupt, SystemExit):
            raise
        # For bad content the library raises a bare Exception, or panics with a BaseException
        # (tokenizers 0.23: "continuing_subword_prefix" longer than a piece).
        except BaseException as error:
            raise CheckpointError(f"{path}: not a tokenizer file ({error})") from None

    @classmethod
    def train(cls, texts: Iterable[str], vocabulary: int, alphabet: int = 160) -> TextCodec:
        """Learn `vocabulary` pieces from texts; markers, bytes and `alphabet` letters count."""
        trainer = trainers.BpeTrainer(
            vocab_size=vocabulary - len(RESERVED), limit_alphabet=alphabet, show_progress=False
        )
        learner = _pipeline(models.BPE())
        learner.train_from_iterator(texts, trainer)
        learnt = json.loads(learner.to_str())["model"]
        names = sorted(learnt["vocab"], key=learnt["vocab"].__getitem__)
        vocab = {name: index for index, name in enumerate([*RESERVED, *names])}
        merges = [tuple(pair) for pair in learnt["merges"]]
        return cls(_pipeline(models.BPE(vocab=vocab, merges=merges, byte_fallback=True)))


def _words(labels: Sequence[str]) -> NDArray[np.int64]:
    """Which word each piece belongs to: a space begins one, a mark of punctuation is one."""
    words = []
    word, before = -1, ""
    for label in labels:
        mark = label in _PUNCTUATION and before != SPACE  # a bare space belongs to its mark
        if label.startswith(SPACE) or mark or not before or before in _PUNCTUATION:
            word += 1
        words.append(word)
        before = label
    return np.array(words, dtype=np.int64)


def _whole_spans(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans with the accents that NFC joined to a letter, which the library leaves out."""
    starts = {start for start, _ in spans}
    whole = []
    for start, end in spans:
        while end < len(text) and end not in starts and not text[end].isspace():
            end += 1
        whole.append((start, end))
    return whole


def _pipeline(model: models.BPE) -> Tokenizer:
    """The tokenizer around a model: normalise, mark spaces, split, and all of it undone."""
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            # Not "first": that leaves out the ▁ of a text whose leading spaces were stripped.
            pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always", split=True),
            pre_tokenizers.Split(Regex(_SPLITS), behavior="isolated"),
        ]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace(SPACE, " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(content=" ", left=1, right=0),
        ]
    )
    return tokenizer

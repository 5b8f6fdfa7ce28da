"""A closed list of words: what captions, questions and answers are written with.

Ids 0, 1 and 2 are `<pad>`, `<s>` and `</s>`, as of every target vocabulary, and 3 is `<unk>`, which
stands for a word outside the list. Text is read in lower case and normal form C; a mark of
punctuation is a word of its own.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from attn_desktop.analysis.pieces import END, PAD, SPACE, START, join_pieces
from attn_desktop.common.errors import CheckpointError, InputError
from attn_desktop.inputs.text import check_unicode

UNKNOWN = "<unk>"
UNKNOWN_ID = 3
RESERVED = (PAD, START, END, UNKNOWN)
MAX_FILE_BYTES = 8 << 20

#: A word with its apostrophes and hyphens, or a single mark.
_WORDS = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]|_")

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a `*.tokenizer.json` of this kind holds; words: in the order of their ids."""

    words: Annotated[tuple[Word, ...], msgspec.Meta(min_length=5, max_length=100_000)]


def split_words(text: str) -> list[str]:
    """The words and marks of a text, in lower case; InputError for invalid Unicode."""
    check_unicode(text)
    return _WORDS.findall(_normal(text))


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().lower()


class WordCodec:
    """Words to ids and back. words: all of them, the four reserved ones first.

    A word may hold a space, such as the answer "not there"; only `find` ever finds it.
    Raises CheckpointError where the list is none of ours.
    """

    def __init__(self, words: Sequence[str]) -> None:
        if tuple(words[: len(RESERVED)]) != RESERVED:
            raise CheckpointError(f"the words must begin with {', '.join(RESERVED)}")
        self._ids = {word: token for token, word in enumerate(words)}
        if len(self._ids) < len(words):
            twice, _ = Counter(words).most_common(1)[0]
            raise CheckpointError(f"the word {twice!r} is listed twice")
        self.words = tuple(words)
        self._labels = tuple(map(_label, words))

    def __len__(self) -> int:
        return len(self.words)

    def label(self, token: int) -> str:
        """The word with this id as a piece: with ▁ in front where a space belongs."""
        if not 0 <= token < len(self._labels):
            raise InputError(f"token {token} is outside the vocabulary of {len(self)} words")
        return self._labels[token]

    def find(self, word: str) -> int | None:
        """The id of a word as it stands in the list; None for a reserved one or one not there."""
        token = self._ids.get(_normal(word))
        return None if token is None or token < len(RESERVED) else token

    def encode(self, text: str) -> list[int]:
        """Ids of a text, `UNKNOWN_ID` for a word not in the list."""
        return [self._ids.get(word, UNKNOWN_ID) for word in split_words(text)]

    def encode_known(self, text: str) -> list[int]:
        """Ids of a text; InputError naming the words that are not in the list."""
        if unknown := self.unknown(text):
            named = ", ".join(map(repr, unknown))
            raise InputError(f"{named}: not among the {len(self)} words of this model")
        return self.encode(text)

    def unknown(self, text: str) -> tuple[str, ...]:
        """The words and marks of a text that are not in the list, each once."""
        words = split_words(text)
        return tuple(dict.fromkeys(word for word in words if word not in self._ids))

    def decode(self, tokens: Sequence[int]) -> str:
        """Ids to text; `<pad>`, `<s>` and `</s>` are left out."""
        return join_pieces(map(self.label, tokens))

    def save(self, path: Path) -> None:
        """Write the list as JSON."""
        text = json.dumps({"words": self.words}, ensure_ascii=False, indent=0)
        path.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> WordCodec:
        """Read a list; raises CheckpointError naming the file."""
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise CheckpointError(f"larger than {MAX_FILE_BYTES} bytes, not a list of words")
            return cls(msgspec.json.decode(path.read_bytes(), type=_File).words)
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from None
        except OSError as error:
            raise CheckpointError(f"{path}: {error.strerror or error}") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise CheckpointError(f"{path}: not a list of words ({error})") from None

    @classmethod
    def of_texts(cls, texts: Iterable[str], least: int = 1, most: int = 100_000) -> WordCodec:
        """The words of some texts that occur at least `least` times, the most frequent first.

        most: how many words there may be, reserved ones included; of equals the first in
        alphabetical order.
        """
        counts = Counter(word for text in texts for word in split_words(text))
        ordered = sorted(counts, key=lambda word: (-counts[word], word))
        kept = [word for word in ordered if counts[word] >= least]
        return cls((*RESERVED, *kept[: most - len(RESERVED)]))

    @classmethod
    def of_words(cls, words: Iterable[str]) -> WordCodec:
        """A given list, in its order and in lower case, behind the reserved words."""
        return cls((*RESERVED, *map(_normal, words)))


def _label(word: str) -> str:
    """A word begins with a space, a mark does not; nor do the markers, which are no text."""
    if word in RESERVED[:UNKNOWN_ID] or not (word[:1].isalnum() or word == UNKNOWN):
        return word
    return SPACE + word

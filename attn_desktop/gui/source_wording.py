"""What the source panel says of the text that it takes: a sentence, or a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: So many words are named of those that the model never learnt.
NAMED = 5


def unlearnt(words: Sequence[str]) -> str:
    """What to say where the model reads some words as one and the same; "" where there are none."""
    if not words:
        return ""
    more = f" and {len(words) - NAMED} more" if len(words) > NAMED else ""
    return f"never learnt by the model: {', '.join(words[:NAMED])}{more}"


@dataclass(frozen=True)
class Wording:
    """Of a field for one kind of text. name: of the field. verb: on the button. menu: on the other.

    empty: what to do where nothing is written. offers: what is in the menu.
    """

    name: str
    prompt: str
    verb: str
    tip: str
    menu: str
    offers: str
    empty: str


SENTENCE = Wording(
    "Source text",
    "Write a sentence to decode.",
    "Encode",
    "Encode this text and start over with it (Enter in the field)",
    "Samples ▾",
    "Sentences to try",
    "the text is empty; write a sentence",
)
QUESTION = Wording(
    "Question",
    "Ask something about the picture.",
    "Ask",
    "Ask this about the picture and start over with it (Enter in the field)",
    "Questions ▾",
    "Questions to try about this picture; pointing at one tells the true answer",
    "the question is empty; ask at least one word",
)

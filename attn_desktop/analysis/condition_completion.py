"""What may be typed next in a condition: names, words of the source, tokens, keywords."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from attn_desktop.analysis.condition_entries import ENTRIES, READINGS, Entry, Parameter
from attn_desktop.analysis.condition_source import places_of, spelling
from attn_desktop.analysis.condition_syntax import COMPARISON, RANKS
from attn_desktop.analysis.condition_tokens import (
    ConditionError,
    Token,
    UnclosedTextError,
    tokenize,
    write_text,
)
from attn_desktop.analysis.condition_values import TEXTS, VECTORS, Kind
from attn_desktop.trace.records import RunRecord
from attn_desktop.trace.run_tree import HOWS

#: How many candidates are given at most.
MOST = 60

_GATES = ("reset", "update", "candidate", "input", "forget", "output", "cell")
_KEYWORDS = {
    "and": "true where both sides are",
    "or": "true where one side is",
    "not": "true where what follows is false",
}


@dataclass(frozen=True)
class Completion:
    """A candidate. text: what replaces the text from the start column up to the cursor.

    label: how a list shows it; help: what it is, in a line.
    """

    text: str
    label: str
    help: str


@dataclass(frozen=True)
class _Place:
    """Where the cursor is. last: the token before it, None at the start.

    bracket: the innermost open one, `[`, `(` of a call, or an empty text; of which name; argument:
    how many commas are before the cursor in it. left: the name that a comparison compares.
    """

    last: Token | None = None
    bracket: str = ""
    of: str = ""
    argument: int = 0
    left: str = ""

    @property
    def _symbol(self) -> str:
        return self.last.text if self.last is not None and self.last.kind == "symbol" else ""

    @property
    def begins(self) -> bool:
        """Whether the cursor is at the start of what the bracket holds."""
        return self._symbol in ("(", "[", ",")

    @property
    def wants_operator(self) -> bool:
        """Whether what is before the cursor can end an operand."""
        if self.last is None or self.last.kind == "keyword":
            return False
        return self.last.kind != "symbol" or self.last.text in (")", "]")

    @property
    def is_compared(self) -> bool:
        """Whether the cursor is on the right of a comparison."""
        return RANKS.get(self._symbol) == COMPARISON

    @property
    def kinds(self) -> frozenset[Kind]:
        """What may stand at the cursor outside the arguments of a call."""
        if self.bracket == "[" and self.begins:
            return frozenset({Kind.NUMBER})
        if self.is_compared and self.left in ENTRIES:
            given = ENTRIES[self.left].gives
            return TEXTS if given in TEXTS else frozenset({Kind.NUMBER, *VECTORS})
        return frozenset(Kind)

    @property
    def parameter(self) -> Parameter | None:
        """What the argument at the cursor may be, inside a call of a known name."""
        if self.bracket != "(" or self.of not in ENTRIES:
            return None
        parameters = ENTRIES[self.of].parameters
        return parameters[self.argument] if self.argument < len(parameters) else None


def complete(
    text: str, cursor: int, run: RunRecord | None, tokens: Sequence[str] = ()
) -> tuple[int, list[Completion]]:
    """Where what is being typed at the cursor starts, and what it may become, likeliest first.

    tokens: target tokens worth offering, such as those of the branch; a name is matched by its
    beginning, then by any part of it.
    """
    cursor = min(max(cursor, 0), len(text))
    try:
        before = tokenize(text[:cursor])[:-1]
    except UnclosedTextError as open_text:
        column = open_text.column
        place = _place(tokenize(text[:column])[:-1])
        rest = _Following(text[cursor : cursor + 1], place, text[column])
        found = list(rest.texts(_texts(place, run, tokens), is_open=True))
        return column + 1, _matching(text[column + 1 : cursor], found)
    except ConditionError:
        return cursor, []
    start = cursor
    if before and before[-1].end == cursor and before[-1].kind != "symbol":
        if before[-1].kind not in ("name", "keyword"):
            return cursor, []
        start = before.pop().column
    place = _place(before)
    rest = _Following(text[cursor : cursor + 1], place, '"')
    if place.wants_operator:
        found = list(_operators())
    else:
        found = [*rest.texts(_texts(place, run, tokens), is_open=False), *_names(place, rest)]
    return start, _matching(text[start:cursor], found)


def _place(tokens: Sequence[Token]) -> _Place:
    """Where one is after these tokens."""
    open_places: list[_Place] = []
    place = _Place()
    # The name that the operand just read began with.
    head = ""
    for token in tokens:
        symbol = token.text if token.kind == "symbol" else ""
        if symbol in ("(", "["):
            called = place.last is not None and (
                place.last.kind == "name" or (symbol == "[" and place.wants_operator)
            )
            open_places.append(replace(place, left=head if called else ""))
            place = _Place(bracket=symbol if called else "", of=head if called else "")
        elif symbol in (")", "]") and open_places:
            place = open_places.pop()
            head = place.left
        elif symbol == ",":
            place = replace(place, argument=place.argument + 1, left="")
        elif RANKS.get(symbol) == COMPARISON:
            place = replace(place, left=head)
        elif token.kind == "name":
            head = token.text
        else:
            place, head = replace(place, left=""), ""
        place = replace(place, last=token)
    return place


@dataclass(frozen=True)
class _Following:
    """What has to follow a candidate, given the character after the cursor."""

    after: str
    place: _Place
    quote: str

    def texts(self, candidates: Iterable[tuple[str, str]], is_open: bool) -> Iterator[Completion]:
        """Texts with their help, quoted as far as they are not yet."""
        for label, help_text in candidates:
            written = write_text(label, self.quote)
            if is_open:
                written = written[1:]
            if is_open and self.after == self.quote:
                written = written[:-1]
            elif self.place.bracket == "[" and self.after != "]":
                written += "]"
            yield Completion(written, label, help_text)

    def entry(self, entry: Entry) -> Completion:
        call = "" if entry.bare or self.after == "(" else "("
        return Completion(entry.name + call, entry.signature, entry.help)


def _names(place: _Place, following: _Following) -> Iterator[Completion]:
    """Names that can stand at a place, and the word not."""
    parameter = place.parameter if place.begins else None
    if parameter is not None:
        for name in parameter.names:
            help_text = ENTRIES[name].help if name in ENTRIES else READINGS[name]
            yield Completion(name, name, help_text)
        kinds = parameter.kinds
    else:
        kinds = place.kinds
    for name in ENTRIES:
        if ENTRIES[name].gives in kinds:
            yield following.entry(ENTRIES[name])
    if Kind.BOOLEAN in kinds:
        yield Completion("not ", "not", _KEYWORDS["not"])


def _operators() -> Iterator[Completion]:
    for word in ("and", "or"):
        yield Completion(f"{word} ", word, _KEYWORDS[word])
    for symbol, level in RANKS.items():
        if level == COMPARISON:
            yield Completion(f"{symbol} ", symbol, "")


def _texts(
    place: _Place, run: RunRecord | None, tokens: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Texts that can stand at a place, with their help."""
    if place.bracket == "[" and place.begins:
        if run is not None and place.of in ENTRIES and ENTRIES[place.of].gives is Kind.SOURCE:
            for label, positions in places_of(run).items():
                shown = ", ".join(str(position + 1) for position in positions)
                yield label, f"source position {shown}"
        return
    parameter = place.parameter if place.begins else None
    if parameter is not None and parameter.literal:
        yield from ((gate, "gate of the recurrent cell") for gate in _GATES)
    elif place.is_compared and place.left == "mode":
        trained = () if run is None else run.model.trained_modes
        yield from ((str(mode), "mode that the model learnt") for mode in trained)
    elif place.is_compared and place.left == "chosen_by":
        yield from ((choice, "") for choice in HOWS)
    elif (parameter is not None and parameter.kinds & TEXTS) or (
        place.is_compared and place.left in ("token", "word")
    ):
        labels = dict.fromkeys(spelling(token) for token in tokens)
        yield from ((label, "token of the output") for label in labels)


def _matching(typed: str, candidates: Iterable[Completion]) -> list[Completion]:
    """Those that begin with what was typed, then those that hold it, letter case aside."""
    wanted = typed.casefold()
    found = list(candidates)
    begin = [one for one in found if one.label.casefold().startswith(wanted)]
    hold = [one for one in found if wanted in _own(one) and one not in begin]
    return (begin + hold)[:MOST]


def _own(candidate: Completion) -> str:
    """A candidate without the examples in its label."""
    return candidate.text.casefold()

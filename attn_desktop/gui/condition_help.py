"""The help of the condition language as a menu: examples, and every name with what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from PySide6.QtWidgets import QMenu

from attn_desktop.analysis.condition_entries import Reference
from attn_desktop.analysis.conditions import REFERENCE, complete
from attn_desktop.trace.records import RunRecord

#: Stand in for a word of the source and a token where there are none yet.
WORD, TOKEN = 'car"]', 'la"'


def examples(run: RunRecord | None, tokens: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Conditions about this source and these tokens, and what each of them asks."""
    word = _longest('alpha["', run, tokens, WORD)
    token = _longest('p("', run, tokens, TOKEN)
    yield "entropy(alpha) > 1.2", "α is spread out"
    yield f'alpha["{word} > .5', "most of α is on this word"
    yield "jump(alpha) > 2", "α moves far from one step to the next"
    yield "token(soft) != token(hard)", "soft and hard would say different tokens"
    yield f'p("{token}) > .1', "this token is not unlikely"
    yield "repeated(token)", "the same token twice in a row"


def groups() -> dict[str, tuple[Reference, ...]]:
    """The names of the language, by title."""
    found: dict[str, tuple[Reference, ...]] = {"&Quantities": (), "&Functions": (), "&Readings": ()}
    for entry in REFERENCE:
        first = _first(entry)
        title = "&Quantities" if first == entry.name else "&Functions"
        title = title if first.startswith(entry.name) else "&Readings"
        found[title] = (*found[title], entry)
    return found


def fill_help(
    menu: QMenu,
    run: RunRecord | None,
    tokens: Sequence[str],
    write: Callable[[str], object],
    insert: Callable[[str], object],
) -> None:
    """Offer examples and names. write: told a whole condition; insert: a part of one."""
    menu.addSection("Examples")
    for text, about in examples(run, tokens):
        _add(menu, text, text, about, write)
    menu.addSection("Names")
    for title, entries in groups().items():
        below = menu.addMenu(title)
        below.setToolTipsVisible(True)
        for entry in entries:
            about = "\n".join(filter(None, (entry.help, entry.formula)))
            _add(below, entry.signature, _first(entry), about, insert)


def _add(menu: QMenu, shown: str, text: str, about: str, tell: Callable[[str], object]) -> None:
    action = menu.addAction(shown.replace("&", "&&"))
    action.setToolTip(about)
    action.triggered.connect(lambda _=False: tell(text))


def _first(entry: Reference) -> str:
    """The first way to write a name."""
    return entry.signature.split(", ")[0]


def _longest(opening: str, run: RunRecord | None, tokens: Sequence[str], default: str) -> str:
    """The longest text that may follow an open quote, which says more than short ones."""
    found = complete(opening, len(opening), run, tokens)[1]
    return max(found, key=lambda one: len(one.label)).text if found else default

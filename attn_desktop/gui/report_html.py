"""Pieces of HTML in which every text is escaped: what is no `Html` yet is a text."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from typing import Any

from attn_desktop.analysis.pieces import escape_unsafe

#: Elements without content, which are not closed.
VOID = frozenset({"meta", "br", "img", "input"})
#: Of Unicode, what breaks a line; some of it only in some places.
LINE_ENDS = "\n\r\u2028\u2029"


class Html(str):
    """Markup that needs no escaping."""

    __slots__ = ()


def escaped(text: str) -> Html:
    """A text as markup; characters without a glyph are written as escapes."""
    return Html(html.escape(escape_unsafe(text)))


def element(name: str, /, *children: str, **attributes: str | int | float | bool | None) -> Html:
    """An element. `class_` stands for class, `data_t` for data-t; None and False leave it out."""
    written = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")
        written.append(f" {key}" if value is True else f' {key}="{escaped(str(value))}"')
    start = f"<{name}{''.join(written)}>"
    return Html(start if name in VOID else f"{start}{join(children)}</{name}>")


def join(children: Iterable[str], between: str = "") -> Html:
    """Markup and texts one after the other."""
    return Html(
        between.join(child if isinstance(child, Html) else escaped(child) for child in children)
    )


def lines(text: str) -> Html:
    """A text whose line breaks stay."""
    for end in LINE_ENDS[1:]:
        text = text.replace(end, "\n")
    return join((escaped(line) for line in text.split("\n")), "<br>")


def embedded(data: Any) -> Html:
    """Data as JSON in a script element: no text in it can end the element or begin a comment."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Html(text)

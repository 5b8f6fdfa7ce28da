"""What the panels show and which keys there are, from what panels and actions say themselves."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from attn_desktop.gui.command_palette import plain_text
from attn_desktop.gui.panel import PANELS

SIZE = (760, 640)
SYMBOLS = (
    ("x_1 … x_S", "source positions: words, or pieces of words; ·able goes on with a word"),
    ("h_j", "the encoder's annotation of position j: the values that attention averages"),
    ("s_t", "the decoder state after step t; s_{t-1} is the query of step t"),
    ("e_tj", "the energy score(s_{t-1}, h_j), before mask and window"),
    ("α_tj", "softmax over j of e_tj inside mask and window: how much step t looks at j; Σ_j = 1"),
    ("c_t", "the context: soft Σ_j α_tj h_j, hard h_k with k drawn from α_t"),
    ("p(y), ŷ_t", "the distribution of the next token, and the token taken"),
    ("H", "entropy in nats: 0 is certain, log n is even over n"),
    ("◆ k", "the position that hard attention drew; hollow where soft gave the context"),
    ("coverage", "Σ_t α_tj up to the playhead: how much was looked at j so far"),
    ("other", "what is not shown one by one: tokens, or α outside the view"),
)


class HelpDialog(QDialog):
    """actions: those of the window, in the order of its menus."""

    def __init__(self, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("What the panels show")
        self.resize(*SIZE)
        text = QTextBrowser()
        text.setHtml(help_text(actions))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(text)
        layout.addWidget(buttons)


def help_text(actions: Sequence[QAction]) -> str:
    """Panels, symbols and keys as HTML."""
    panels = [(PANELS[name].title, PANELS[name].about) for name in PANELS]
    keys = [
        (", ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in found), plain)
        for found, plain in ((action.shortcuts(), plain_text(action)) for action in actions)
        if found
    ]
    sections = (("Panels", panels), ("Symbols", SYMBOLS), ("Keys", keys))
    return "".join(f"<h2>{title}</h2>{_rows(rows)}" for title, rows in sections)


def unwrapped(text: str) -> str:
    """Without the line breaks that only keep a tooltip narrow: those that end no clause."""
    return re.sub(r"(?<![.;:])\n", " ", text)


def _rows(rows: Sequence[tuple[str, str]]) -> str:
    cells = "".join(
        f"<tr><td><b>{html.escape(name)}</b></td>"
        f"<td>{html.escape(unwrapped(about)).replace(chr(10), '<br>')}</td></tr>"
        for name, about in rows
    )
    return f'<table cellpadding="4">{cells}</table>'

"""What there is to say of one hypothesis of a beam search: its α, its score in terms, its fate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from attn_desktop.analysis.beam_tree import FATE_NAMES, label, number, text, why
from attn_desktop.analysis.labels import SourceAxis
from attn_desktop.analysis.pieces import escape_unsafe
from attn_desktop.common.mode import HARD
from attn_desktop.gui.beam_alpha import BeamAlpha
from attn_desktop.gui.beam_searches import Search
from attn_desktop.gui.elided_label import ElidedLabel
from attn_desktop.gui.row_list import SMALL
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.tool_buttons import tool_button_style

FORMULA = (
    "score(Y) = log p(Y) / lp(Y) + cp(Y), lp(Y) = ((5 + |Y|) / 6)^α,\n"
    "cp(Y) = β Σ_j log min(Σ_t α_tj, 1) (Wu et al. 2016, equation 14)"
)


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """One row of a search, and what is read off it."""

    search: Search
    row: int

    def _number(self, name: str) -> float:
        return float(self.search.record.arrays[name][self.row])

    @property
    def t(self) -> int:
        """The step that it is of."""
        return int(self.search.record.arrays["t"][self.row])

    @property
    def heading(self) -> str:
        """Its token, step and fate."""
        if not self.row:
            return "where the search began"
        fate = FATE_NAMES[int(self.search.record.arrays["fate"][self.row])]
        return f"step {self.t}  “{label(self.search.record, self.row)}”  {fate}"

    @property
    def text(self) -> str:
        """What it says from where the search began."""
        return escape_unsafe(text(self.search.record, self.row, self.search.answers))

    @property
    def terms(self) -> str:
        """Its score as it is made up, and log p of its last token."""
        if not self.row:
            return f"log p so far {number(self._number('total'))}"
        total, own = self._number("total"), self._number("log_prob")
        divided = f"log p {number(total)} / lp {number(self._number('length_divisor'))}"
        score = f"score {number(self._number('score'))} = {divided}"
        if self.search.record.settings["coverage_penalty"] > 0:
            score += f" + cp {number(self._number('coverage_term'))}"
        return f"{score}\nlog p {number(total)} = {number(total - own)} before + {number(own)} now"

    @property
    def why(self) -> str:
        """What became of it."""
        return why(self.search.record, self.row)

    def alpha(self, axis: SourceAxis) -> NDArray[np.float64] | None:
        """α of its step by column, (G,); None without attention and for where it began."""
        arrays = self.search.record.arrays
        if "alpha" not in arrays or not self.row:
            return None
        return np.asarray(axis.sum(arrays["alpha"][self.row].astype(np.float64)))

    def drawn(self, axis: SourceAxis) -> int | None:
        """The column of the drawn position, where the search goes on with that."""
        arrays = self.search.record.arrays
        if self.search.mode.weighting != HARD or "sampled" not in arrays:
            return None
        position = int(arrays["sampled"][self.row])
        return axis.column(position) if position >= 0 else None


class BeamCard(QScrollArea):
    """wanted: to step inside the hypothesis. pointed: a column of the source, −1 for none."""

    wanted = Signal()
    pointed = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.heading, self.text = ElidedLabel(), ElidedLabel()
        self.terms, self.why = QLabel(), QLabel()
        self.alpha = BeamAlpha(theme)
        self.alpha.pointed.connect(self.pointed)
        self.take = QToolButton()
        self.take.setText("Step inside")
        self.take.setToolTip(
            "Decode along this hypothesis, as a branch to step in (Enter, or a double click)"
        )
        self.take.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.take.clicked.connect(self.wanted)
        self.terms.setToolTip(FORMULA)
        for words in (self.terms, self.why):
            words.setWordWrap(True)
            words.setTextFormat(Qt.TextFormat.PlainText)
        self._inner = QWidget()
        self._layout = QVBoxLayout(self._inner)
        line = QHBoxLayout()
        line.addWidget(self.heading, 1)
        line.addWidget(self.take)
        self._layout.addLayout(line)
        for widget in (self.text, self.alpha, self.why, self.terms):
            self._layout.addWidget(widget)
        self._layout.addStretch(1)
        self.setWidget(self._inner)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours and sizes."""
        colours = self.palette()
        for role in (QPalette.ColorRole.Window, QPalette.ColorRole.Base):
            colours.setColor(role, theme.colour("card"))
        colours.setColor(QPalette.ColorRole.WindowText, theme.colour("text"))
        for widget in (self, self.viewport(), self._inner):
            widget.setPalette(colours)
        self._layout.setContentsMargins(theme.px(6), 0, theme.px(6), 0)
        self._layout.setSpacing(theme.px(2))
        self.heading.setFont(theme.font(SMALL, bold=True))
        for words in (self.text, self.terms, self.why, self.take):
            words.setFont(theme.font(SMALL))
        self.text.setStyleSheet(f"color: {theme.inks['target']};")
        self.terms.setStyleSheet(f"color: {theme.dim};")
        self.take.setStyleSheet(tool_button_style(theme))
        self.alpha.set_theme(theme)

    def show_hypothesis(self, hypothesis: Hypothesis, axis: SourceAxis) -> None:
        """Tell of a hypothesis, over the columns of the source."""
        self.heading.set_full_text(hypothesis.heading)
        self.heading.setToolTip(hypothesis.heading)
        self.text.set_full_text(hypothesis.text)
        self.text.setToolTip(hypothesis.text)
        self.terms.setText(hypothesis.terms)
        self.why.setText(hypothesis.why)
        # The start has no α of its own, which does not mean that there is no attention.
        self.alpha.setVisible(hypothesis.row > 0)
        self.take.setVisible(hypothesis.row > 0)
        alpha = hypothesis.alpha(axis)
        end = 1.0 if alpha is None else axis.alpha_end(alpha)
        self.alpha.show_alpha(alpha, axis.labels, hypothesis.drawn(axis), end)

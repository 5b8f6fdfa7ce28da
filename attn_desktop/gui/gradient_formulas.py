"""The formulas above the gradients, with the numbers of the step: the legend of the bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from attn_desktop.analysis.gradients import BASELINES, Gradients
from attn_desktop.gui.formula_markup import literal
from attn_desktop.gui.formula_page import number_text
from attn_desktop.gui.formula_text import Typesetter
from attn_desktop.gui.gradient_bars import KINDS
from attn_desktop.gui.painting import fill_rounded
from attn_desktop.gui.theme import Theme

#: Sizes of type, largest first; side of the mark before a line; pixels between two columns.
SIZES, MARK, APART = (1.05, 0.95, 0.85), 10, 24
NAMES = {"exact": "∂J/∂e", "estimate": "ĝ", "soft": literal("soft path")}
ESTIMATE = "ĝ = \\frac{1}{K} Σ_i (r_{ki} − b) ∇_e log α_{ki}"


@dataclass(frozen=True)
class Line:
    """A formula with numbers. kind: of the bars that it is the legend of, empty for none.

    short: where there is no room for all of it; where there is hardly any, only a name is left.
    """

    kind: str
    markup: str
    short: str

    @property
    def name(self) -> str:
        """Of the bars."""
        return NAMES.get(self.kind, "")


def lines(
    found: Gradients | None, token: str, position: int, label: str, baseline: int, count: int
) -> list[Line]:
    """What is computed, in the order of the bars.

    token: label of y. position, label: of the source position j that is written out.
    baseline, count: of the estimate.
    """
    reward_is = "r_k = log p(y | h_k)"
    if found is None:
        return [
            Line("", f"J(e) = Σ_k α_k r_k ,  {reward_is}", f"J = Σ_k α_k r_k ,  {reward_is}"),
            Line("exact", "∂J/∂e_j = α_j (r_j − J)", "∂J/∂e_j = α_j (r_j − J)"),
            Line("estimate", f"{ESTIMATE} ,  k_i ~ α", ESTIMATE),
            Line(
                "soft",
                "∂ log p(y | Σ_k α_k h_k) / ∂e_j ,  the soft path: another quantity",
                "∂ log p(y | Σ_k α_k h_k) / ∂e_j",
            ),
        ]
    expected, most = number_text(found.expected), number_text(found.log_marginal)
    of_position = found.alpha, found.array("log_probs"), found.array("exact")
    alpha, reward, exact = (number_text(float(values[position])) for values in of_position)
    b = number_text(float(found.array("baseline")[baseline, count]))
    used = f"K = {found.counts[count]},  b = {b} {literal(f'({BASELINES[baseline]})')}"
    sign, size = ("+" if found.expected < 0 else "−"), number_text(abs(found.expected))
    of = literal(f"“{label}”")
    edited = literal("  by shifts of the energies of the edited α") if found.edited else ""
    return [
        Line(
            "",
            f"J(e) = Σ_k α_k r_k = {expected} ≤ log Σ_k α_k p(y | h_k) = {most} "
            f"{literal('nats')} ;  {reward_is},  y = {literal(token)}",
            f"J = Σ_k α_k r_k = {expected} {literal('nats')}",
        ),
        Line(
            "exact",
            f"∂J/∂e_j = α_j (r_j − J) ;  {of}  j = {position + 1}:  "
            f"{alpha} ({reward} {sign} {size}) = {exact}{edited}",
            f"∂J/∂e_j = α_j (r_j − J) ;  {of}  {exact}",
        ),
        Line(
            "estimate",
            f"{ESTIMATE} ;  {used},  {literal('± one standard error')}",
            f"ĝ ± {literal('standard error')} ;  {used}",
        ),
        Line(
            "soft",
            f"∂ log p(y | Σ_k α_k h_k) / ∂e_j ;  {literal(soft_words(found))}",
            literal(f"soft path: {soft_words(found)}"),
        ),
    ]


def soft_words(found: Gradients) -> str:
    """How the soft path's gradient compares with ∇J, as far as the numbers say."""
    cosine, ratio = found.soft_against_exact()
    if not math.isfinite(ratio):
        return "there is no gradient to compare with"
    return f"cosine {number_text(cosine)} with ∇J, norm × {number_text(ratio)}"


class GradientFormulas(QWidget):
    """Lines of formulas, as large as the width allows, in columns where they fit so."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._type = Typesetter(theme)
        self._lines: Sequence[Line] = ()
        self._texts: Sequence[str] = ()
        self._size, self._columns = SIZES[0], 1
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_lines(self, theme: Theme, shown: Sequence[Line], width: int, most: float) -> None:
        """Set lines for a width, and take the height that they need.

        most: pixels that may be taken. Beyond it, or where they are too wide, the type gets
        smaller, then the formulas shorter; then the last are left out.
        """
        if self._type.theme != theme:
            self._type = Typesetter(theme)
        for wanted in ("markup", "short", "name"):
            texts = {line: str(getattr(line, wanted)) for line in shown}
            self._lines = [line for line in shown if texts[line]]
            self._texts = [texts[line] for line in self._lines]
            if any(self._fits(size, width, most) for size in SIZES):
                break
        while self._lines and self._height() > most:
            self._lines = self._lines[:-1]
        self.setFixedHeight(round(self._height()))
        self.update()

    def _fits(self, size: float, width: int, most: float) -> bool:
        """Take a size; whether all lines have room in it."""
        px = self._type.theme.px
        widest = max(self._type.extent(text, size).width for text in self._texts) + px(MARK + 8)
        self._size = size
        self._columns = max(1, int((width + px(APART)) / (widest + px(APART))))
        return widest <= width and self._height() <= most

    def _rows(self) -> list[list[int]]:
        """Numbers of the lines that stand beside each other."""
        rows = -(-len(self._lines) // self._columns)
        return [list(range(row, len(self._lines), max(1, rows))) for row in range(rows)]

    def _row_height(self, row: list[int]) -> float:
        heights = [self._type.extent(self._texts[index], self._size).height for index in row]
        return max(*heights, self._type.line_height(self._size)) + self._type.theme.px(2)

    def _height(self) -> float:
        return sum(map(self._row_height, self._rows()))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._type.theme
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("card"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        try:
            self._paint(painter, theme)
        finally:
            painter.end()

    def _paint(self, painter: QPainter, theme: Theme) -> None:
        y, side = 0.0, theme.px(MARK)
        wide = self.width() / self._columns
        for row in self._rows():
            high = self._row_height(row)
            extents = [self._type.extent(self._texts[index], self._size) for index in row]
            base = y + high - max(extent.descent for extent in extents) - theme.px(1)
            for column, index in enumerate(row):
                left, kind = column * wide + theme.px(2), self._lines[index].kind
                if kind:
                    middle = base - 0.3 * self._type.line_height(self._size)
                    box = QRectF(left, middle - side / 2, side, side)
                    fill_rounded(painter, box, theme.px(2), theme.hue(KINDS[kind]))
                at = QPointF(left + theme.px(MARK + 6), base)
                self._type.paint(painter, at, self._texts[index], self._size)
            y += high

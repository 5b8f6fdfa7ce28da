"""Rows of the lists about rollouts: a sentence with its share, a step with its tokens."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from attn_desktop.analysis.rollout_numbers import Sentence, StepTokens
from attn_desktop.gui.line_plot import write_left_of
from attn_desktop.gui.numbers import short_text
from attn_desktop.gui.painting import elided, fill_rounded
from attn_desktop.gui.row_list import SMALL, Row, line_height, write
from attn_desktop.gui.theme import Theme

#: Tokens of a step that have a part of their own; the others are one.
MOST_TOKENS = 6
#: Opacity of the hue of the most frequent token, and how much of it each next one has.
STRONGEST, FADING = 0.85, 0.62
#: Pixels at normal type: beside a row, the longest bar, least of a part with a label, and the
#: width from which on shares are numbers too.
EDGE, BAR, LABELLED, SHARE_FROM = 6, 64, 12, 330
#: Characters of a sentence in the status line.
SAID_CHARACTERS = 160


class SentenceRows:
    """Paints sentences, the most frequent first.

    chosen: the row that a key came to. shown: the one that the branch shown says; None for none.
    framed: whether the chosen one shows that keys go here.
    """

    def __init__(self, theme: Theme) -> None:
        self.theme, self.framed = theme, False
        self.sentences: tuple[Sentence, ...] = ()
        self.chosen: int | None = None
        self.shown: int | None = None
        self._ahead = ""

    def current(self) -> int | None:
        """The row from which keys go up and down."""
        return self.chosen

    def show(self, sentences: tuple[Sentence, ...], goes_on: bool) -> list[Row]:
        """The rows of other sentences. goes_on: whether something came before them."""
        self.sentences, self._ahead = sentences, "… " if goes_on else ""
        self.chosen = None
        return [
            Row(
                number,
                f"{sentence.count}: {self.text(number)}",
                f"<p>{html.escape(self.text(number))}</p>{html.escape(_numbers(sentence))}",
                True,
            )
            for number, sentence in enumerate(sentences)
        ]

    def text(self, number: int) -> str:
        """What a row says, with … where it is not all of an output."""
        sentence = self.sentences[number]
        return f"{self._ahead}{sentence.text}{'' if sentence.ended else ' …'}"

    def about(self, number: int) -> str:
        """A row in the status line."""
        text = self.text(number)
        short = text if len(text) <= SAID_CHARACTERS else f"{text[: SAID_CHARACTERS - 1]}…"
        return f"click to step along it: {short}   {_numbers(self.sentences[number])}"

    def row_height(self, number: int) -> int:
        """Pixels."""
        return round(line_height(self.theme.font())) + self.theme.px(5)

    def paint_row(self, painter: QPainter, area: QRectF, number: int, pointed: bool) -> None:
        """Count, share, a bar of both that ends at the most frequent one, sentence."""
        theme, px, sentence = self.theme, self.theme.px, self.sentences[number]
        most = self.sentences[0]
        small = theme.font(SMALL)
        metrics = QFontMetricsF(small)
        inner = area.adjusted(px(EDGE), 0, -px(EDGE), 0)
        painter.setFont(small)
        painter.setPen(theme.colour("dim"))
        baseline, x = inner.center().y() + metrics.capHeight() / 2, inner.left()
        columns = [(f"{sentence.count:,}", f"{most.count:,}")]
        if inner.width() >= px(SHARE_FROM):
            columns.append((short_text(sentence.share), "<0.001"))
        for text, widest in columns:
            x += metrics.horizontalAdvance(widest)
            write_left_of(painter, x, baseline, text)
            x += px(6)
        wide = min(px(BAR), inner.width() / 6)
        bar = QRectF(x, inner.center().y() - px(4), sentence.count / most.count * wide, px(8))
        fill_rounded(painter, bar, min(px(2), bar.width() / 2), theme.hue("hard"))
        inner.setLeft(x + wide + px(7))
        here = number == self.shown
        font, ink = theme.font(bold=here), theme.ink("target") if here else theme.colour("text")
        text = self.text(number)
        if QFontMetricsF(font).horizontalAdvance(text) > inner.width():
            text = from_difference(text, self.text(0))
        write(painter, inner, font, ink, text)


def from_difference(text: str, other: str) -> str:
    """A text from the word on at which it differs from another one, with … for what they share."""
    words, shared = text.split(" "), other.split(" ")
    same = next(
        (at for at, pair in enumerate(zip(words, shared, strict=False)) if pair[0] != pair[1]),
        min(len(words), len(shared)),
    )
    return text if not 1 < same < len(words) else " ".join(["…", *words[same:]])


def _numbers(sentence: Sentence) -> str:
    end = "" if sentence.ended else ", cut off"
    return (
        f"{sentence.count:,} rollouts, {short_text(sentence.share)} of all; the first of them: "
        f"{sentence.steps} steps{end}, log p {sentence.log_prob:.2f}".replace("-", "−")
    )


class TokenRows:
    """Paints steps, the tokens that the rollouts took side by side in each.

    place: the step at the playhead, lit: other steps that stand out. taken: by step, the token of
    the branch shown.
    """

    def __init__(self, theme: Theme) -> None:
        self.theme, self.framed = theme, False
        self.steps: tuple[StepTokens, ...] = ()
        self.place = 0
        self.lit: frozenset[int] = frozenset()
        self.taken: dict[int, int] = {}

    def current(self) -> int | None:
        """None: keys choose sentences."""
        return None

    def show(self, steps: tuple[StepTokens, ...]) -> list[Row]:
        """The rows of other steps."""
        self.steps = steps
        return [Row(step.t, self.about(step), "", True) for step in steps]

    def about(self, step: StepTokens) -> str:
        """A step in the status line."""
        count = step.count
        named = [f"“{label}” {short_text(n / count)}" for _, label, n in step.tokens[:MOST_TOKENS]]
        rest = step.tokens[MOST_TOKENS:]
        if rest:
            share = sum(n for _, _, n in rest) / count
            named.append(f"{len(rest):,} other tokens {short_text(share)}")
        if step.over:
            named.append(f"over before {short_text(step.over / count)}")
        return f"step {step.t}: {', '.join(named)}"

    def row_height(self, number: int) -> int:
        """Pixels."""
        return round(line_height(self.theme.font(SMALL))) + self.theme.px(6)

    def paint_row(self, painter: QPainter, area: QRectF, number: int, pointed: bool) -> None:
        """The number of the step, then a part for each token, others, and what was over before."""
        theme, px, step = self.theme, self.theme.px, self.steps[number]
        font = theme.font(SMALL, bold=step.t == self.place)
        painter.setFont(font)
        last = QFontMetricsF(theme.font(SMALL, bold=True)).horizontalAdvance(str(self.steps[-1].t))
        baseline = area.center().y() + QFontMetricsF(font).capHeight() / 2
        stands_out = step.t == self.place or step.t in self.lit
        painter.setPen(theme.ink("target") if stands_out else theme.colour("dim"))
        write_left_of(painter, area.left() + px(EDGE) + last, baseline, str(step.t))
        bar = area.adjusted(px(EDGE) + last + px(5), px(2), -px(EDGE), -px(2))
        edge, opacity = bar.left(), STRONGEST
        for token, label, count in step.tokens[:MOST_TOKENS]:
            part = QRectF(edge, bar.top(), count / step.count * bar.width(), bar.height())
            painter.fillRect(part, theme.hue("target", opacity))
            self._label(painter, part, label, on_hue=opacity > 0.5)
            if self.taken.get(step.t) == token:
                painter.setPen(QPen(theme.colour("text"), px(1.5)))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(part.adjusted(1, 1, -1, -1))
            edge, opacity = part.right(), opacity * FADING
            painter.fillRect(QRectF(edge - 1, bar.top(), 1, bar.height()), theme.colour("card"))
        rest = sum(count for _, _, count in step.tokens[MOST_TOKENS:])
        part = QRectF(edge, bar.top(), rest / step.count * bar.width(), bar.height())
        painter.fillRect(part, theme.colour("faint"))
        self._label(painter, part, "other", dim=True)
        # What is over leaves the ground; its frame says that it counts.
        part = QRectF(part.right(), bar.top(), bar.right() - part.right(), bar.height())
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(bar)
        if step.over:
            self._label(painter, part, "ended", dim=True)

    def _label(
        self,
        painter: QPainter,
        part: QRectF,
        text: str,
        dim: bool = False,
        on_hue: bool = False,
    ) -> None:
        """on_hue: on a bright ground, which takes dark letters in a dark window too."""
        theme = self.theme
        ink = "card" if on_hue and theme.dark else "dim" if dim else "text"
        room = part.adjusted(theme.px(4), 0, -theme.px(3), 0)
        font = theme.font(SMALL)
        if room.width() < theme.px(LABELLED):
            return
        painter.setFont(font)
        painter.setPen(theme.colour(ink))
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(room, middle, elided(text, font, room.width()))


def row_of(sentences: Sequence[Sentence], text: str, ended: bool) -> int | None:
    """The row that says just this."""
    return next(
        (
            number
            for number, sentence in enumerate(sentences)
            if (sentence.text, sentence.ended) == (text, ended)
        ),
        None,
    )

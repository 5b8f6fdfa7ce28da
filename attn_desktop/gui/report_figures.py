"""The figures of a report as SVG inside HTML: alignment and timeline of a branch.

They are coloured by the style sheet of the page, so that they follow its light and dark; only the
colours of α are the same in both. Text is text, its widths are estimated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from attn_desktop.analysis.pieces import display_width, shorten
from attn_desktop.common.mode import HARD
from attn_desktop.gui.report_data import BranchReport, StepRow
from attn_desktop.gui.report_html import Html, element, join
from attn_desktop.gui.svg import areas
from attn_desktop.gui.theme import LIGHT

#: Width of a character of the figures' type, as a share of its size, on the safe side.
CHARACTER = 0.62
TYPE = 11
LONGEST = 16
#: Width of the page's text. Cells are as wide as fit in there and as high as fit in FULL_HEIGHT,
#: within these limits; a wider figure is scrolled.
FULL_WIDTH, FULL_HEIGHT = 1050, 800
WIDTHS, HEIGHTS = (12, 26), (15, 21)
#: Cells from this size on are set apart by lines.
LINED = 16
#: Heights of both bars of the timeline, in pixels, and −log p of a full one in nats: p = 5 %.
BAR, FULL_SURPRISE = 46, 3.0
SLANT = math.radians(45)


def alignment(report: BranchReport) -> Html:
    """α of every step: a row a step, a column a source position."""
    rows, labels = report.rows, [shorten(label, LONGEST) for label in report.axis.labels]
    tokens = [shorten(row.label, LONGEST) for row in rows]
    left = _room(tokens) + 10
    wide = _fitting(FULL_WIDTH - left - 40, len(labels), WIDTHS)
    high = _fitting(FULL_HEIGHT, len(rows), HEIGHTS)
    top = _slanted_room(labels) + 8
    width, height = wide * len(labels), high * len(rows)
    shapes = [
        *(
            _slanted(label, left + wide * (column + 0.5), top - 5, "source up")
            for column, label in enumerate(labels)
        ),
        *(
            _text(token, left - 7, top + high * (row + 0.5) + 4, "target end")
            for row, token in enumerate(tokens)
        ),
        element(
            "g",
            *_cells(rows, len(labels), report.alpha_end),
            transform=f"translate({left},{top}) scale({wide},{high})",
            shape_rendering="crispEdges",
        ),
        _grid(left, top, (wide, high), (len(labels), len(rows))),
        *_draws(rows, left, top, wide, high),
        *(
            row_area(row, left, top + high * place, width, high, report)
            for place, row in enumerate(rows)
        ),
    ]
    overhang = max(_slanted_overhang(label) - wide * (len(labels) - column - 0.5)
                   for column, label in enumerate(labels)) if labels else 0  # fmt: skip
    return svg_figure(
        left + width + max(4, overhang), top + height + 3, shapes, "alignment", "Alignment"
    )


def timeline(report: BranchReport, parted: Sequence[int]) -> Html:
    """A column a step: H(α) upwards, −log p downwards. parted: steps at which branches part."""
    rows = report.rows
    tokens = [shorten(row.label, LONGEST) for row in rows]
    left, top = 62, 16
    wide = _fitting(FULL_WIDTH - left - 10, len(rows), WIDTHS)
    middle, low = top + BAR + 0.5, top + 2 * BAR + 4
    most = max([row.most for row in rows if math.isfinite(row.most)], default=0.0)
    surprises = [-row.step.log_prob for row in rows]
    full = max([FULL_SURPRISE, *(value for value in surprises if math.isfinite(value))])
    shapes = [
        _text("H(α)", left - 8, top + BAR / 2 + 4, "dim end"),
        _text("−log p", left - 8, middle + BAR / 2 + 8, "dim end"),
        element("line", x1=left, x2=left + wide * len(rows), y1=middle, y2=middle, class_="axis"),
    ]
    for place, (row, surprise) in enumerate(zip(rows, surprises, strict=True)):
        x = left + wide * place
        if row.attends and most > 0:
            share = min(1.0, row.spread / most) * BAR
            hue = "hard" if row.step.mode.weighting == HARD else "soft"
            shapes.append(_bar(x, middle - share, wide, share, hue))
        if math.isfinite(surprise):
            share = max(0.0, surprise) / full * BAR
            shapes.append(_bar(x, middle + 1, wide, share, "grey"))
        if row.step.t in parted:
            shapes.append(_diamond(x + wide / 2, 6, 4, "branch"))
        shapes.append(_slanted(tokens[place], x + wide / 2 + 3, low + 12, "target down"))
        shapes.append(row_area(row, x, top, wide, low - top, report))
    height = low + 12 + _slanted_room(tokens)
    return svg_figure(left + wide * len(rows) + 8, height, shapes, "timeline", "Timeline")


def svg_figure(width: float, height: float, shapes: Sequence[Html], kind: str, label: str) -> Html:
    """Shapes as a figure of so many pixels. kind: its class. label: for who cannot see it."""
    width, height = math.ceil(width), math.ceil(height)
    return element(
        "svg",
        *shapes,
        class_=f"figure {kind}",
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=label,
    )


def _cells(rows: Sequence[StepRow], columns: int, end: float) -> list[Html]:
    """One path a colour around all cells that have it, in units of a cell. end: α of the last."""
    lut = LIGHT.alpha_lut()
    #: Places in the table of colours, None in a step without α.
    levels: list[list[int | None]] = [
        np.rint(255 * np.clip(row.alpha / end, 0, 1)).astype(np.int64).tolist()
        if row.attends
        else [None] * columns
        for row in rows
    ]
    return [
        element(
            "path",
            fill="var(--faint)" if level is None else f"#{bytes(lut[level].tolist()).hex()}",
            d=path,
        )
        for level, path in areas(levels).items()
    ]


def _grid(left: float, top: float, cell: tuple[int, int], count: tuple[int, int]) -> Html:
    (wide, high), (columns, rows) = cell, count
    lines: list[str] = []
    if min(cell) >= LINED:
        lines += [f"M{left + wide * x},{top}v{high * rows}" for x in range(1, columns)]
        lines += [f"M{left},{top + high * y}h{wide * columns}" for y in range(1, rows)]
    frame = (
        f"M{left - 0.5},{top - 0.5}h{wide * columns + 1}v{high * rows + 1}h{-wide * columns - 1}z"
    )
    return join(
        (
            element("path", d="".join(lines), class_="grid"),
            element("path", d=frame, class_="frame"),
        )
    )


def _draws(rows: Sequence[StepRow], left: float, top: float, wide: int, high: int) -> list[Html]:
    return [
        _diamond(left + wide * (column + 0.5), top + high * (y + 0.5), 4.5, "hard")
        for y, row in enumerate(rows)
        if row.step.mode.weighting == HARD
        for column in row.drawn
    ]


def row_area(
    row: StepRow, x: float, y: float, width: float, height: float, report: BranchReport
) -> Html:
    """What lights when the step is looked at, and tells its numbers to a pointer."""
    said = f"t {row.step.t} “{row.label}”"
    if row.best is not None:
        said += f" looks at “{report.axis.labels[row.best]}” {row.alpha[row.best]:.2f}"
    return element(
        "rect",
        element("title", said),
        class_="step",
        data_branch=report.number,
        data_t=row.step.t,
        x=_short(x),
        y=_short(y),
        width=_short(width),
        height=_short(height),
    )


def _bar(x: float, y: float, pitch: float, height: float, hue: str) -> Html:
    width = min(pitch - 3, 16)
    return element(
        "rect",
        x=_short(x + (pitch - width) / 2),
        y=_short(y),
        width=_short(width),
        height=_short(height),
        class_=hue,
    )


def _diamond(x: float, y: float, half: float, hue: str) -> Html:
    path = f"M{x - half:g},{y:g}L{x:g},{y - half:g}L{x + half:g},{y:g}L{x:g},{y + half:g}z"
    return element("path", d=path, class_=hue)


def _text(text: str, x: float, y: float, kind: str) -> Html:
    return element("text", text, x=_short(x), y=_short(y), class_=kind)


def _slanted(text: str, x: float, y: float, kind: str) -> Html:
    turned = f"translate({_short(x)},{_short(y)}) rotate(-45)"
    return element("text", text, transform=turned, class_=kind)


def _length(text: str) -> float:
    return display_width(text) * TYPE * CHARACTER


def _room(texts: Sequence[str]) -> float:
    return math.ceil(max(map(_length, texts), default=0))


def _slanted_room(texts: Sequence[str]) -> float:
    return math.ceil(_room(texts) * math.sin(SLANT) + TYPE)


def _slanted_overhang(text: str) -> float:
    return _length(text) * math.cos(SLANT) + TYPE


def _fitting(room: float, count: int, limits: tuple[int, int]) -> int:
    least, most = limits
    return max(least, min(most, int(room / max(1, count))))


def _short(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")

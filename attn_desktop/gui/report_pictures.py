"""The figure of a report on a picture: it once for each step, α of that step over it."""

from __future__ import annotations

import base64

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from attn_desktop.analysis.pieces import shorten
from attn_desktop.gui.raster import alpha_colours, image, png_bytes
from attn_desktop.gui.report_data import BranchReport, StepRow
from attn_desktop.gui.report_figures import FULL_WIDTH, row_area, svg_figure
from attn_desktop.gui.report_html import Html, element
from attn_desktop.gui.theme import LIGHT

#: Pixels: longer side of a picture in the page and in the file, between two, of a word below one.
SIDE, STORED, GAP, LINE = 126, 252, 10, 18
OPACITY, LONGEST = 0.7, 18


def word_by_word(report: BranchReport) -> Html:
    """The picture of a run, which has one and a grid, with each step's α up to its own largest."""
    picture, rows = report.run.picture, report.rows
    assert picture is not None
    high, wide = (side * SIDE / max(picture.shape[:2]) for side in picture.shape[:2])
    across = max(1, int((FULL_WIDTH + GAP) / (wide + GAP)))
    name = f"picture-{report.number}"
    stored = element(
        "image", id=name, width=wide, height=high, href=_url(_small(picture)), **_FILLED
    )
    shapes: list[Html] = [element("defs", stored)]
    for place, row in enumerate(rows):
        line, column = divmod(place, across)
        x, y = column * (wide + GAP) + 2, line * (high + LINE + GAP) + 2
        shapes.append(element("use", href=f"#{name}", x=x, y=y))
        if row.attends:
            shapes.append(_map(report, row, x, y, (wide, high)))
        shapes.append(
            element(
                "text",
                shorten(row.label, LONGEST),
                x=x + wide / 2,
                y=y + high + 13,
                class_="target",
                text_anchor="middle",
            )
        )
        shapes.append(row_area(row, x, y, wide, high + LINE, report))
    lines = -(-len(rows) // across)
    width = min(across, len(rows)) * (wide + GAP) + 4
    height = lines * (high + LINE + GAP) + 4
    return svg_figure(width, height, shapes, "pictures", "Word by word")


#: An image fills what it is given.
_FILLED = {"preserveAspectRatio": "none"}


def _map(report: BranchReport, row: StepRow, x: float, y: float, size: tuple[float, float]) -> Html:
    assert report.run.grid is not None
    alpha = np.nan_to_num(row.alpha, posinf=1.0)
    colours = alpha_colours((alpha / (alpha.max() or 1.0)).reshape(report.run.grid), LIGHT)
    return element(
        "image",
        x=x,
        y=y,
        width=size[0],
        height=size[1],
        opacity=OPACITY,
        style="image-rendering:pixelated",
        href=_url(image(colours)),
        **_FILLED,
    )


def _small(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> QImage:
    keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    return image(picture).scaled(STORED, STORED, keep, smooth)


def _url(picture: QImage) -> str:
    return f"data:image/png;base64,{base64.b64encode(png_bytes(picture)).decode('ascii')}"

"""SVG files from a painter, written so that office programs and typesetters draw them too.

Qt's own writer clips at the wrong place where a widget paints inside another one (seen in 6.11),
so the commands are recorded first and played to it in one frame of coordinates. What few programs
outside of browsers understand is written in other words: lines that keep their width in a scaled
frame (`vector-effect`), which pyqtgraph draws all the time, are moved out of that frame, and the
cells of a matrix, an enlarged image that many would blur, become areas.
"""

from __future__ import annotations

import base64
import math
import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtCore import QBuffer, QPoint, QRect, QSize, QSizeF
from PySide6.QtGui import QColor, QFont, QFontInfo, QImage, QPainter, QPicture
from PySide6.QtSvg import QSvgGenerator

Value = TypeVar("Value", bound=Hashable)

NAMESPACE = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
ET.register_namespace("", NAMESPACE)
ET.register_namespace("xlink", XLINK)
#: An image of more pixels stays one: a photo, or a matrix whose cells are too small to blur.
MAX_CELLS = 10_000
_NUMBER = r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_POINT = re.compile(rf"({_NUMBER}),({_NUMBER})")
_MATRIX = re.compile(rf"matrix\(({','.join([_NUMBER] * 6)})\)")


def draw_svg(
    size: QSizeF,
    title: str,
    about: str,
    paint: Callable[[QPainter], None],
    extent: tuple[str, str] | None = None,
) -> bytes:
    """What `paint` paints into a rectangle of `size`, as an SVG document; text stays text.

    extent: width and height of the drawing with their units, such as `86mm`; pixels unless given.
    """
    picture = QPicture()
    recorder = QPainter(picture)
    paint(recorder)
    recorder.end()

    buffer = QBuffer()
    writer = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)  # the older one cannot clip
    writer.setOutputDevice(buffer)
    writer.setResolution(picture.logicalDpiX())  # or points would not be what they are here
    whole = QSize(math.ceil(size.width()), math.ceil(size.height()))
    writer.setSize(whole)
    writer.setViewBox(QRect(QPoint(), whole))
    writer.setTitle(title)
    writer.setDescription(about)
    painter = QPainter(writer)
    painter.drawPicture(0, 0, picture)
    painter.end()
    root = ET.fromstring(bytes(buffer.data().data()))
    width, height = _short(size.width()), _short(size.height())
    root.set("viewBox", f"0 0 {width} {height}")
    root.set("width", extent[0] if extent else width)
    root.set("height", extent[1] if extent else height)
    _make_portable(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


@dataclass(frozen=True)
class _Matrix:
    """(x, y) -> (a·x + c·y + e, b·x + d·y + f), as SVG writes it."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    @property
    def keeps_lengths(self) -> bool:
        return (self.a, self.b, self.c, self.d) == (1, 0, 0, 1)

    def point(self, x: float, y: float) -> str:
        return (
            f"{_short(self.a * x + self.c * y + self.e)},{_short(self.b * x + self.d * y + self.f)}"
        )

    def points(self, text: str) -> str:
        return _POINT.sub(lambda found: self.point(float(found[1]), float(found[2])), text)


def _make_portable(root: ET.Element) -> None:
    for group in list(root.iter(_tag("g"))):
        _move_out(group)
    for image in list(root.iter(_tag("image"))):
        _cut_into_cells(image)
    families: dict[str, str] = {}
    for element in root.iter():
        element.attrib.pop("vector-effect", None)
        family = element.get("font-family")
        if family is not None:
            element.set("font-family", families.setdefault(family, _installed(family)))
    _drop_empty(root)


def _move_out(group: ET.Element) -> None:
    """Give the shapes of a scaled group whose lines keep their width the outer coordinates."""
    found = _MATRIX.fullmatch(group.get("transform", ""))
    if found is None:
        return
    matrix = _Matrix(*map(float, found[1].split(",")))
    keep = any(shape.get("vector-effect") == "non-scaling-stroke" for shape in group)
    if matrix.keeps_lengths or not keep or group.get("stroke") == "none":
        return
    transform = group.attrib.pop("transform")
    for shape in group:
        if shape.get("vector-effect") != "non-scaling-stroke" or not _transform(shape, matrix):
            shape.set("transform", transform)


def _transform(shape: ET.Element, matrix: _Matrix) -> bool:
    """Change the coordinates of a shape; False for one that is not made of points."""
    for attribute in ("d", "points"):
        if attribute in shape.attrib:
            shape.set(attribute, matrix.points(shape.attrib[attribute]))
            return True
    if shape.tag != _tag("rect"):
        return False
    x, y, width, height = (float(shape.attrib.pop(name)) for name in ("x", "y", "width", "height"))
    corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    shape.tag = _tag("polygon")
    shape.set("points", " ".join(matrix.point(*corner) for corner in corners))
    return True


def _cut_into_cells(image: ET.Element) -> None:
    """Turn an image that is enlarged without smoothing into areas, one path a colour."""
    encoded = image.get(f"{{{XLINK}}}href", "").partition(",")[2]
    pixels = QImage.fromData(base64.b64decode(encoded))
    if image.get("image-rendering") != "optimizeSpeed" or pixels.isNull():
        return
    if pixels.width() * pixels.height() > MAX_CELLS:
        image.set("style", "image-rendering: pixelated")
        return
    x, y, width, height = (float(image.get(name, 0)) for name in ("x", "y", "width", "height"))
    scale = f"{width / pixels.width():.6g},{height / pixels.height():.6g}"
    place = f"translate({_short(x)},{_short(y)}) scale({scale})"
    outer = image.get("transform", "")
    image.tag = _tag("g")
    image.attrib.clear()
    image.set("transform", f"{outer} {place}".strip())
    image.set("shape-rendering", "crispEdges")
    image.set("stroke", "none")
    rows = [
        [pixels.pixel(column, row) for column in range(pixels.width())]
        for row in range(pixels.height())
    ]
    for rgba, path in areas(rows).items():
        colour = QColor.fromRgba(rgba)
        area = ET.SubElement(image, _tag("path"), fill=colour.name(), d=path)
        if colour.alpha() < 255:
            area.set("fill-opacity", f"{colour.alphaF():.3f}")


def areas(rows: Iterable[Sequence[Value]]) -> dict[Value, str]:
    """For each value in a grid a path around its cells, run by run."""
    paths: dict[Value, list[str]] = defaultdict(list)
    for y, row in enumerate(rows):
        start = 0
        for x in range(1, len(row) + 1):
            if x == len(row) or row[x] != row[start]:
                paths[row[start]].append(f"M{start},{y}h{x - start}v1h{start - x}z")
                start = x
    return {value: "".join(parts) for value, parts in paths.items()}


def _installed(family: str) -> str:
    """The font behind a name such as "Sans Serif", and what to take where it is not installed."""
    found = QFontInfo(QFont(family))
    return f"{found.family()}, {'monospace' if found.fixedPitch() else 'sans-serif'}"


def _drop_empty(element: ET.Element) -> None:
    """Qt begins a group whenever pen, brush or font change, whether it draws with them or not."""
    for child in list(element):
        _drop_empty(child)
        hollow = child.tag == _tag("g") and not len(child)
        if hollow or child.get("d") == "":
            element.remove(child)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _short(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".")

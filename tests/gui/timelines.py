"""A timeline under test: where its cells, rows and marks are, and what is seen there."""

from __future__ import annotations

import math
from typing import TypeAlias

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from attn_desktop.gui.intents import GoTo
from attn_desktop.gui.panels.timeline import TimelinePanel
from attn_desktop.gui.scene import Scene
from attn_desktop.gui.timeline_card import CardPlaces, card_places
from attn_desktop.gui.timeline_places import Areas, cell_width
from tests.gui.painted import Painted

Timeline: TypeAlias = Painted[TimelinePanel]

SIZE = (1200, 120)
#: y in the middle of the cells.
CELLS = 50


def made(qtbot: QtBot, scene: Scene, size: tuple[int, int] = SIZE) -> Timeline:
    return Painted(qtbot, TimelinePanel, scene, size)


def middle(shown: Timeline, t: int) -> float:
    cells = shown.panel.cells()
    return cells.x(t) + cells.pitch / 2


def cell(shown: Timeline, t: int) -> slice:
    cells = shown.panel.cells()
    return slice(round(cells.x(t)), round(cells.x(t) + cells.pitch))


def strip_places(shown: Timeline) -> CardPlaces:
    """Where things are in a card, from its own left end on."""
    cells = shown.panel.cells()
    area = shown.panel._areas(cells).cells
    width = cell_width(shown.panel.theme, cells)
    return card_places(shown.panel.theme, width, area.top(), area.height())


def steps_asked(shown: Timeline) -> list[int]:
    return [intent.t for intent in shown.asked if isinstance(intent, GoTo)]


def areas(shown: Timeline) -> Areas:
    return shown.panel._areas(shown.panel.cells())


def seen_at(shown: Timeline, box: QRectF, t: int, colour: QColor, tolerance: int = 30) -> int:
    """Pixels of a colour in a box, in the columns of a step."""
    rows = slice(math.floor(box.top()), math.ceil(box.bottom()))
    return int(shown.seen(colour, tolerance)[rows, cell(shown, t)].sum())

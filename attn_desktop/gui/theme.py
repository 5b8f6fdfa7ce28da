"""One colour language for every panel, light and dark, and the sizes of type.

Hues are Okabe and Ito's (2008), safe for colour-vision deficiencies: `source`, `target`, `soft`
and `hard` mean the same wherever they appear. `hue` is for marks and fills, `ink` the same hue
dark (or light) enough for text on a card.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QFont, QPalette

Role = Literal["source", "target", "soft", "hard", "argmax", "expected", "breakpoint"]
ALPHA_MAPS = ("grey", "viridis", "cividis")
PRESENTER_SCALE = 1.5


@dataclass(frozen=True)
class Theme:
    """Colours as #rrggbb. scale: of all type and spacing, above 1 in presenter mode."""

    dark: bool
    window: str
    card: str
    raised: str
    border: str
    text: str
    dim: str
    faint: str
    accent: str
    warning: str
    hues: dict[str, str] = field(hash=False)
    inks: dict[str, str] = field(hash=False)
    diverging: tuple[str, str] = ("#7B4FB5", "#C2660A")
    alpha_map: str = "grey"
    point_size: float = 10.0
    scale: float = 1.0

    def hue(self, role: Role, alpha: float = 1.0) -> QColor:
        """The colour of marks and fills; alpha: opacity from 0 to 1."""
        return faded(self.hues[role], alpha)

    def ink(self, role: Role) -> QColor:
        """The colour of text that means `role`."""
        return QColor(self.inks[role])

    def colour(self, name: str, alpha: float = 1.0) -> QColor:
        """One of the neutral colours by its field name, such as `dim`."""
        return faded(getattr(self, name), alpha)

    def font(self, relative: float = 1.0, bold: bool = False) -> QFont:
        """The window's type, `relative` to its normal size."""
        font = QFont()
        font.setPointSizeF(self.point_size * self.scale * relative)
        font.setBold(bold)
        return font

    def px(self, length: float) -> int:
        """A length in pixels, larger in presenter mode."""
        return max(1, round(length * self.scale))

    def alpha_lut(self) -> NDArray[np.uint8]:
        """(256, 3) colours of α from 0 to 1: white (or bright) is strong, as in the papers."""
        return _alpha_lut(self.alpha_map)

    def diverging_lut(self) -> NDArray[np.uint8]:
        """(256, 3) colours of signed values from −1 to 1, the card's own colour at 0."""
        return _diverging_lut(self.diverging, self.card)


def faded(name: str, alpha: float) -> QColor:
    """A colour with an opacity from 0 to 1."""
    colour = QColor(name)
    colour.setAlphaF(alpha)
    return colour


LIGHT = Theme(
    dark=False,
    window="#f1f3f6",
    card="#ffffff",
    raised="#f3f5f7",
    border="#d9dee4",
    text="#1f2328",
    dim="#5b6570",
    faint="#e6e9ee",
    accent="#E69F00",
    warning="#B34700",
    hues={
        "source": "#0072B2",
        "target": "#E69F00",
        "soft": "#009E73",
        "hard": "#CC79A7",
        "argmax": "#56B4E9",
        "expected": "#7C8794",
        "breakpoint": "#D55E00",
    },
    inks={
        "source": "#00659E",
        "target": "#946200",
        "soft": "#00795A",
        "hard": "#A64B80",
        "argmax": "#1F77AD",
        "expected": "#5B6570",
        "breakpoint": "#B34F00",
    },
)

DARK = Theme(
    dark=True,
    window="#1b1f23",
    card="#262a30",
    raised="#1f2327",
    border="#3a4048",
    text="#e8ebef",
    dim="#a2abb5",
    faint="#363c45",
    accent="#E69F00",
    warning="#FF9E57",
    hues={
        "source": "#56B4E9",
        "target": "#E69F00",
        "soft": "#009E73",
        "hard": "#CC79A7",
        "argmax": "#8FA8FF",
        "expected": "#8B949E",
        "breakpoint": "#D55E00",
    },
    inks={
        "source": "#6BC0F2",
        "target": "#F0B033",
        "soft": "#2CC79B",
        "hard": "#DE93BC",
        "argmax": "#A9BCFF",
        "expected": "#A2ABB5",
        "breakpoint": "#FF8A3D",
    },
    diverging=("#A37BE0", "#E0822E"),
)


def theme(dark: bool, presenter: bool = False, alpha_map: str = "grey") -> Theme:
    """The light or dark theme with the user's choices."""
    base = DARK if dark else LIGHT
    return replace(base, alpha_map=alpha_map, scale=PRESENTER_SCALE if presenter else 1.0)


def palette(theme: Theme) -> QPalette:
    """Qt's own controls in the colours of the theme."""
    result = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.window,
        QPalette.ColorRole.Base: theme.card,
        QPalette.ColorRole.AlternateBase: theme.raised,
        QPalette.ColorRole.Button: theme.card,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.ToolTipBase: theme.card,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.dim,
        QPalette.ColorRole.Highlight: theme.hues["source"],
        QPalette.ColorRole.HighlightedText: "#101418" if theme.dark else "#ffffff",
        QPalette.ColorRole.Link: theme.inks["source"],
        QPalette.ColorRole.Mid: theme.border,
    }
    for role, colour in roles.items():
        result.setColor(role, QColor(colour))
    disabled = QPalette.ColorGroup.Disabled
    for role in (
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
    ):
        result.setColor(disabled, role, faded(theme.dim, 0.6))
    return result


@cache
def _alpha_lut(name: str) -> NDArray[np.uint8]:
    if name == "grey":
        return np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    table: Any = pg.colormap.get(name).getLookupTable(nPts=256, alpha=False)
    return np.asarray(table, dtype=np.uint8)


@cache
def _diverging_lut(ends: tuple[str, str], middle: str) -> NDArray[np.uint8]:
    def rgb(name: str) -> NDArray[np.float64]:
        colour = QColor(name)
        return np.array([colour.red(), colour.green(), colour.blue()], dtype=np.float64)

    places = np.linspace(-1, 1, 256)[:, None]
    end = np.where(places < 0, rgb(ends[0]), rgb(ends[1]))
    mixed = rgb(middle) + np.abs(places) * (end - rgb(middle))
    return np.rint(mixed).astype(np.uint8)

"""The backgrounds of scenes: what lies behind the horizon and what the objects stand on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from attn_desktop.inputs.scene_draws import GRAIN, Draws
from attn_desktop.inputs.scene_objects import Scene
from attn_desktop.inputs.scene_shapes import Floats

Colour = tuple[int, int, int]
#: Grains of noise along a side of the picture, whatever its size in pixels.
FINE, COARSE = 112, 9
#: Rows and columns of grains that make clouds: these lie flat.
CLOUDS = (30, 6)

#: For each background three palettes: top and bottom of what is behind, far and near ground.
PALETTES: dict[str, tuple[tuple[Colour, Colour, Colour, Colour], ...]] = {
    "room": (
        ((226, 214, 194), (238, 229, 213), (150, 128, 112), (172, 149, 131)),
        ((186, 203, 209), (206, 220, 224), (124, 120, 124), (150, 146, 149)),
        ((203, 208, 188), (220, 224, 207), (136, 112, 96), (160, 135, 116)),
    ),
    "table": (
        ((70, 74, 84), (112, 114, 120), (134, 90, 56), (168, 117, 74)),
        ((92, 78, 72), (134, 117, 106), (150, 112, 78), (186, 146, 104)),
        ((58, 76, 76), (98, 118, 114), (108, 72, 48), (140, 97, 66)),
    ),
    "grass": (
        ((104, 164, 222), (196, 222, 240), (92, 124, 66), (112, 146, 76)),
        ((134, 176, 214), (222, 230, 232), (104, 128, 74), (124, 150, 84)),
        ((92, 146, 212), (206, 218, 230), (80, 112, 62), (104, 136, 74)),
    ),
    "sand": (
        ((126, 190, 224), (214, 232, 236), (216, 194, 150), (228, 208, 166)),
        ((150, 190, 214), (234, 226, 212), (206, 182, 140), (222, 199, 156)),
        ((112, 178, 216), (206, 230, 236), (222, 200, 164), (234, 215, 180)),
    ),
    "tiles": (
        ((214, 224, 226), (226, 234, 234), (158, 172, 178), (190, 202, 206)),
        ((222, 214, 204), (234, 227, 218), (178, 166, 152), (206, 195, 182)),
        ((206, 214, 226), (222, 228, 236), (150, 160, 178), (182, 192, 206)),
    ),
    "road": (
        ((112, 124, 168), (240, 196, 164), (96, 96, 100), (122, 122, 125)),
        ((120, 152, 196), (226, 222, 214), (104, 102, 101), (130, 128, 127)),
        ((96, 100, 146), (232, 172, 148), (88, 90, 97), (116, 118, 124)),
    ),
}


def planes(channels: tuple[float, float, float]) -> Floats:
    """A colour, or what colours are multiplied by, as (3, 1, 1)."""
    return np.array(channels, dtype=np.float32)[:, None, None]


def paint_ground(scene: Scene, pixels: int) -> Floats:
    """The empty background, (3, pixels, pixels) of red, green and blue, 0 to 255."""
    top, low, far, near = map(planes, PALETTES[scene.background][scene.tint])
    y = ((np.arange(pixels, dtype=np.float32) + 0.5) / pixels)[:, None]
    split = round(scene.horizon * pixels)
    # How far down what is behind and how near on the ground, 0 to 1.
    behind = y[:split] / np.float32(scene.horizon)
    nearness = (y[split:] - np.float32(scene.horizon)) / np.float32(1 - scene.horizon)
    grain = Grain(scene, pixels)
    canvas = np.empty((3, pixels, pixels), dtype=np.float32)
    canvas[:, :split] = top + (low - top) * behind
    bright = _GROUNDS[scene.background](y[split:], nearness, grain)
    np.multiply(far + (near - far) * nearness, bright, out=canvas[:, split:])
    _BEHIND[scene.background](canvas[:, :split], y[:split], scene, grain)
    return canvas


class Grain:
    """Noise that is the same at every size of the picture."""

    def __init__(self, scene: Scene, pixels: int) -> None:
        draws = Draws(GRAIN, scene.seed)
        self._fine = draws.bytes(FINE, FINE)
        self._coarse = draws.bytes(COARSE, COARSE)
        self.pixels = pixels

    def fine(self, rows: int = FINE, columns: int = FINE) -> Floats:
        """(pixels, pixels) from −1 to 1, from so many rows and columns of grains."""
        return self._spread(self._fine[:rows, :columns])

    def coarse(self) -> Floats:
        """(pixels, pixels) from −1 to 1: broad patches."""
        return self._spread(self._coarse)

    def _spread(self, noise: NDArray[np.uint8]) -> Floats:
        # Pillow enlarges bytes in whole numbers, alike on every machine.
        picture = Image.fromarray(noise).resize(
            (self.pixels, self.pixels), Image.Resampling.BICUBIC
        )
        return np.asarray(picture, dtype=np.float32) / np.float32(127.5) - 1


# -- grounds: brightness around 1 for rows of the ground ----------------------------------

Ground = Callable[[Floats, Floats, Grain], Floats]


def _carpet(y: Floats, nearness: Floats, grain: Grain) -> Floats:
    rows = len(y)
    return 1 + 0.05 * grain.fine()[-rows:] + 0.03 * grain.coarse()[-rows:]


def _planks(y: Floats, nearness: Floats, grain: Grain) -> Floats:
    """Boards that lie across, with streaks along them."""
    rows = len(y)
    board = y / np.float32(0.155)
    edge = np.abs(board - np.floor(board) - 0.5)
    lines = np.where(edge > 0.478, 0.72, 1 + 0.05 * (np.floor(board) % 3 - 1))
    bright: Floats = lines + 0.07 * grain.fine(columns=10)[-rows:]
    return bright + 0.03 * grain.coarse()[-rows:]


def _blades(y: Floats, nearness: Floats, grain: Grain) -> Floats:
    """Grass: short upright streaks in patches."""
    rows = len(y)
    return 1 + 0.16 * grain.fine(rows=48)[-rows:] + 0.08 * grain.coarse()[-rows:]


def _ripples(y: Floats, nearness: Floats, grain: Grain) -> Floats:
    """Sand: long low waves and single grains."""
    rows = len(y)
    patches = grain.coarse()[-rows:]
    wave = y * 26 + patches * np.float32(0.8)
    slope: Floats = np.abs(wave - np.floor(wave) - 0.5) * 4 - 1
    return 0.025 * slope + (1 + 0.05 * grain.fine()[-rows:] + 0.03 * patches)


def _tiles(y: Floats, nearness: Floats, grain: Grain) -> Floats:
    """Square tiles with joints, each of its own brightness."""
    rows = len(y)
    x = ((np.arange(grain.pixels, dtype=np.float32) + 0.5) / grain.pixels)[None, :]
    across, along = x * 4 + np.float32(0.15), nearness * 6
    edge = np.maximum(
        np.abs(across - np.floor(across) - 0.5),
        np.abs(along - np.floor(along) - 0.5),
    )
    own = (np.floor(across) * 5 + np.floor(along) * 3) % 7 - 3
    bright: Floats = np.where(edge > 0.478, 0.8, 1 + 0.012 * own)
    return bright + 0.015 * grain.fine()[-rows:]


def _asphalt(y: Floats, nearness: Floats, grain: Grain) -> Floats:
    """Rough and dark, with the worn line at its far edge."""
    rows = len(y)
    rough = 1 + 0.09 * grain.fine()[-rows:] + 0.03 * grain.coarse()[-rows:]
    worn: Floats = np.where((nearness > 0.035) & (nearness < 0.06), rough * 1.7, rough)
    return worn


_GROUNDS: dict[str, Ground] = {
    "room": _carpet,
    "table": _planks,
    "grass": _blades,
    "sand": _ripples,
    "tiles": _tiles,
    "road": _asphalt,
}


# -- what is behind: painted over the gradient --------------------------------------------

Behind = Callable[[Floats, Floats, Scene, Grain], None]


def _wall(canvas: Floats, y: Floats, scene: Scene, grain: Grain) -> None:
    """A wall, brighter on the light's side, with a skirting board."""
    _lit(canvas, scene, grain.pixels)
    board, line = y > scene.horizon - 0.035, y > scene.horizon - 0.006
    canvas *= np.where(line, np.float32(0.72), np.where(board, np.float32(1.06), np.float32(1)))


def _dim(canvas: Floats, y: Floats, scene: Scene, grain: Grain) -> None:
    """A dark room out of focus, and the table's far edge."""
    _lit(canvas, scene, grain.pixels)
    canvas *= 1 + 0.1 * grain.coarse()[: len(y)]
    canvas *= np.where(y > scene.horizon - 0.012, 0.6, 1)


def _sky(canvas: Floats, y: Floats, scene: Scene, grain: Grain) -> None:
    """Soft clouds, and hills or the sea at the horizon."""
    clouds = np.clip(grain.fine(*CLOUDS)[: len(y)] * np.float32(1.6) - np.float32(0.1), 0, 1)
    clouds *= np.float32(0.7) * (1 - np.float32(0.6) * y / np.float32(scene.horizon))
    canvas += (planes((250, 250, 252)) - canvas) * clouds
    if scene.background == "sand":
        canvas[:, y[:, 0] > scene.horizon - 0.06] *= planes((0.42, 0.66, 0.76))
        return
    hills = scene.horizon - 0.035 - 0.03 * grain.coarse()[len(y) // 2]
    distant = planes((112, 142, 128) if scene.background == "grass" else (98, 96, 122))
    np.copyto(canvas, distant, where=y > hills)


def _lit(canvas: Floats, scene: Scene, pixels: int) -> None:
    """Brighten the side from which the light comes."""
    x = (np.arange(pixels, dtype=np.float32) + 0.5) / pixels - 0.5
    canvas *= 1 + np.float32(0.16 * scene.light[0]) * x


_BEHIND: dict[str, Behind] = {
    "room": _wall,
    "table": _dim,
    "grass": _sky,
    "sand": _sky,
    "tiles": _wall,
    "road": _sky,
}

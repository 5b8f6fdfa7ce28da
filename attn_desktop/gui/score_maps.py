"""The scores of a step over a picture: α and e of each as maps of its regions."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from attn_desktop.analysis.score_bench import ScoreRow
from attn_desktop.gui.numbers import level_text
from attn_desktop.gui.raster import Floats
from attn_desktop.gui.region_map import RegionMap
from attn_desktop.gui.score_layout import BenchPlaces
from attn_desktop.gui.score_painting import BenchPainter, Shown
from attn_desktop.gui.theme import Theme


class MapPainter(BenchPainter):
    """As `BenchPainter`, where the source is a picture: maps in place of bars."""

    def alpha_map(self, index: int) -> RegionMap:
        """α of a row, over the picture."""
        regions = self._map(index, self._places.alpha)
        assert regions is not None
        return regions

    def energy_map(self, index: int) -> RegionMap | None:
        """e of a row; None where there is no room for it."""
        energies = self._places.energies
        return self._map(index, energies) if energies[1] > energies[0] else None

    def _map(self, index: int, across: tuple[float, float]) -> RegionMap | None:
        room = self._places.plot(index, across)
        return RegionMap.of(self._shown.axis, room, self._shown.picture)

    def column(self, index: int, at: QPointF) -> int | None:
        """The region at a place in the maps of a row."""
        maps = (self.alpha_map(index), self.energy_map(index))
        found = (regions.position(at) for regions in maps if regions is not None)
        return next((position for position in found if position is not None), None)

    # -- painting -------------------------------------------------------------------------

    def titles(self) -> list[tuple[tuple[float, float], list[str]]]:
        places = self._places
        if places.count < places.total:
            return [((places.energies[0], places.context[1]), [f"α · {self._some()}"])]
        context = self._context_title()
        both = [f"{context} · agreement", "c · agreement", "c"]
        return [
            (places.energies, ["e − ē"]),
            (places.alpha, [self._alpha_title()]),
            (places.context, both if places.total > 1 else [context]),
        ]

    def _alpha_title(self) -> str:
        return f"α to {level_text(self.end)}"

    def _paint_plots(
        self, painter: QPainter, index: int, row: ScoreRow | None, lit: frozenset[int]
    ) -> None:
        theme, shown = self._theme, self._shown
        everywhere = range(len(shown.axis))
        inside = everywhere if row is None else np.flatnonzero(row.inside).tolist()
        regions, energies = self.alpha_map(index), self.energy_map(index)
        alpha = row.alpha if row is not None and shown.known.alpha else None
        regions.paint(painter, alpha, self.end, inside, lit, theme)
        if energies is not None:
            values = None if row is None else about_mean(row.energies)
            limit = self._energy_limit(index)
            energies.paint_signed(painter, values, limit, inside, lit, theme)
        if row is not None and row.k is not None and alpha is not None and shown.known.context:
            regions.frame(painter, row.k, theme.hue("hard"), theme)

    def _energy_limit(self, index: int) -> float:
        """Where the colours of e of a row end: at the model's own that is furthest from ē."""
        row = self._shown.plain_row(index)
        if row is None:
            return 1.0
        apart = np.abs(about_mean(row.energies))
        return float(apart[np.isfinite(apart)].max(initial=0.0)) or 1.0


def about_mean(energies: Floats) -> Floats:
    """e − ē, ē the mean of those that are numbers. What all have in common changes no α."""
    finite = energies[np.isfinite(energies)]
    return energies - (finite.mean() if finite.size else 0.0)


def painter_of(shown: Shown, places: BenchPlaces, theme: Theme) -> BenchPainter:
    """Bars over words, maps over the regions of a picture."""
    kind = BenchPainter if shown.axis.across == 1 else MapPainter
    return kind(shown, places, theme)

"""The scopes of a step in words and numbers: for the status line, and as a table."""

from __future__ import annotations

from attn_desktop.analysis.entropy import entropy
from attn_desktop.analysis.labels import SourceAxis
from attn_desktop.analysis.scope_bench import ScopeLane
from attn_desktop.analysis.weighing import Window
from attn_desktop.gui.numbers import short_text
from attn_desktop.gui.panel import Table
from attn_desktop.gui.scope_painting import Shown

COLUMNS = ("scope", "trained", "p_t", "D", "α cut off", "j", "source", "in scope", "α")


def lane_text(shown: Shown, lane: ScopeLane) -> str:
    """A lane in numbers, the most important first; empty where its window is not known."""
    window, scoped = shown.windows[lane.name], shown.scoped[lane.name]
    if scoped is None or not shown.with_windows:
        return ""
    parts = [] if window is None else [window_text(window, lane, lane.name in shown.moved)]
    if shown.with_alpha:
        if window is not None:
            parts.append(f"cuts α {short_text(scoped.cut)}")
        parts.append(f"H {float(entropy(scoped.alpha)):.2f}")
    if lane.name in shown.moved:
        parts.append("moved")
    return " · ".join(parts)


def window_text(window: Window, lane: ScopeLane, moved: bool) -> str:
    """`p_t 4.20 ± 3`, of a picture `p_t r4.20 c5.10 ± 3`; whether D is only what is usual."""
    axes = ("",) if window.grid is None else ("r", "c")
    center = " ".join(f"{axis}{p:.2f}" for axis, p in zip(axes, window.center, strict=True))
    text = f"p_t {center} ± {window.half_width:.3g}"
    return f"{text} (assumed)" if lane.assumed and not moved else text


def about_spot(shown: Shown, lane: ScopeLane, axis: SourceAxis, column: int | None) -> str:
    """What is at a column of a lane, or the lane itself for None."""
    scoped = shown.scoped[lane.name]
    if column is None or scoped is None or not shown.with_windows:
        text = f"{lane.name}: {lane_text(shown, lane) or 'p_t is not known here'}"
        window = shown.windows[lane.name]
        if window is not None and window.gaussian:
            text += f" · σ {window.half_width / 2:.3g}"
        return text if lane.trained else f"{text} · never learnt with this score and weighting"
    text = f"{lane.name}, “{axis.labels[column]}”"
    if not axis.any(scoped.inside)[column]:
        text += ", outside the window"
    if shown.with_alpha:
        whole = axis.sum(shown.whole.alpha)[column]
        text += f": α = {axis.sum(scoped.alpha)[column]:.4f}, without a window {whole:.4f}"
    return text


def table(shown: Shown, axis: SourceAxis) -> Table:
    """A row for each scope and column, once α is known."""
    if not shown.with_alpha:
        return Table((), ())
    rows = list[tuple[str | float | int, ...]]()
    for lane in shown.bench.lanes:
        window, scoped = shown.windows[lane.name], shown.scoped[lane.name]
        if scoped is None:
            continue
        alpha, inside = axis.sum(scoped.alpha), axis.any(scoped.inside)
        center = "" if window is None else ", ".join(f"{p:.6g}" for p in window.center)
        half_width: float | str = "" if window is None else window.half_width
        about = (lane.name, int(lane.trained), center, half_width, scoped.cut)
        for column, label in enumerate(axis.labels):
            first = axis.positions(column)[0] + 1
            rows.append((*about, first, label, int(inside[column]), float(alpha[column])))
    return Table(COLUMNS, rows)

"""The score bench in words and numbers: for the status line, and as a table."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from attn_desktop.gui.numbers import short_text
from attn_desktop.gui.panel import Table
from attn_desktop.gui.score_layout import BenchPlaces
from attn_desktop.gui.score_painting import BenchPainter, Shown, shown_energies


def about_row(shown: Shown, index: int) -> str:
    """What a score is, and which tokens it would go on with."""
    row, name = shown.row(index), shown.names[index]
    if row is None:
        return f"{name}: not recorded at this step; the model computes it when it is there"
    parts = [name]
    if row.formula:
        parts.append(f"{row.formula} ({row.source})")
    if not row.trained:
        parts.append(f"{shown.bench.mode(row)} was never learnt")
    if shown.known.alpha:
        parts.append(f"H(α) = {row.entropy:.3f} nats")
    if shown.known.tokens and row.tokens:
        likely = ", ".join(f"{label} {short_text(p)}" for label, p in row.tokens[:3])
        parts.append(f"next: {likely}")
    return "   ".join(parts).replace("\n", " ")


def about_spot(
    shown: Shown, painter: BenchPainter, places: BenchPlaces, index: int, at: QPointF
) -> str:
    """What is under the pointer in the plots of a row; empty beside them."""
    row, name = shown.row(index), shown.names[index]
    if row is None:
        return ""
    axis = shown.axis
    column = painter.column(index, at)
    if column is not None:
        text = f"{name}, “{axis.labels[column]}”: e = {shown_energies(axis, row)[column]:.3f}"
        if shown.known.alpha:
            text += f", α = {axis.sum(row.alpha)[column]:.4f}"
        if not axis.any(row.inside)[column]:
            text += ", outside the window"
        return text
    if shown.known.alpha and places.total > 1:
        for other, second in enumerate(shown.names):
            if places.cell(index, other).contains(at) and shown.row(other) is not None:
                same = "both look most at the same position"
                apart = "they look most at different positions"
                return (
                    f"agreement of {name} with {second}: {painter.agreement[index, other]:.3f} "
                    f"(1 − TV), {same if painter.same[index, other] else apart}"
                )
    box = places.context_box(index)
    if shown.known.context and box.contains(at) and len(row.context):
        dimension = int((at.x() - box.left()) / box.width() * len(row.context))
        dimension = min(dimension, len(row.context) - 1)
        return f"{name}: c[{dimension}] = {row.context[dimension]:.3f}"
    return ""


def table(shown: Shown) -> Table:
    """A row for each score and source position; what is not known yet is left out."""
    columns = ["score", "trained", "j", "source", "e", "in scope"]
    if shown.known.alpha:
        columns += ["α", "H(α)"]
    if shown.known.tokens:
        columns += ["next token", "p"]
    rows: list[list[str | float | int]] = []
    for index, name in enumerate(shown.names):
        row = shown.row(index)
        if row is None:
            continue
        energies, alpha = shown_energies(shown.axis, row), shown.axis.sum(row.alpha)
        inside = shown.axis.any(row.inside)
        for column, label in enumerate(shown.axis.labels):
            first = shown.axis.positions(column)[0] + 1
            line: list[str | float | int] = [name, int(row.trained), first, label]
            line += [float(energies[column]), int(inside[column])]
            if shown.known.alpha:
                line += [float(alpha[column]), row.entropy]
            if shown.known.tokens:
                token, p = row.tokens[0] if row.tokens else ("", float("nan"))
                line += [token, p]
            rows.append(line)
    return Table(tuple(columns), rows)

"""α of a step in words and numbers: a column for the status line, all of them as a table."""

from __future__ import annotations

from attn_desktop.analysis.labels import piece_label
from attn_desktop.gui.panel import Table
from attn_desktop.gui.scene import Scene
from attn_desktop.gui.step_attention import Floats, StepAttention, step_attention


def about_column(scene: Scene, shown: StepAttention, column: int) -> str:
    """What is known of a column of the step at the playhead; of a word, of its pieces too."""
    step = scene.step
    assert scene.run is not None
    parts = [f"“{shown.axis.labels[column]}”"]
    if shown.energies is not None:
        parts[0] += f" e = {shown.energies[column]:.3f}"
    if shown.inside is not None and not shown.inside[column]:
        parts.append("outside the window")
    if shown.alpha is not None and step is not None and step.cross is not None:
        parts.append(f"α = {shown.alpha[column]:.4f}")
        positions = shown.axis.positions(column)
        if len(positions) > 1:
            alpha = step.cross.alpha.mean(axis=(0, 1))
            pieces = [f"{piece_label(scene.run.source[p])} {alpha[p]:.4f}" for p in positions]
            parts.append(f"({' + '.join(pieces)})")
    if shown.unedited is not None:
        parts.append(f"the model's own {shown.unedited[column]:.4f}")
    for k in shown.drawn:
        if k in shown.axis.positions(column):
            parts.append(f"◆ k = {k + 1}" + ("" if shown.u is None else f", u = {shown.u:.4f}"))
    return "  ".join(parts)


def alpha_table(scene: Scene) -> Table:
    """A row a column of the source; what is not known yet is left empty."""
    if scene.run is None:
        return Table((), ())
    shown = step_attention(scene)
    rows = [
        (
            shown.axis.positions(column)[0] + 1,
            label,
            _known(shown.energies, column),
            _known(shown.alpha, column),
            "" if shown.inside is None else int(shown.inside[column]),
            sum(k in shown.axis.positions(column) for k in shown.drawn),
            _known(shown.unedited, column),
        )
        for column, label in enumerate(shown.axis.labels)
    ]
    return Table(("j", "source", "e", "α", "in scope", "drawn", "α unedited"), rows)


def _known(values: Floats | None, column: int) -> float | str:
    return "" if values is None else float(values[column])

"""A decoding as a picture in the terminal: words, α as shades, sampled positions, top tokens."""

from __future__ import annotations

import math
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attn_desktop.analysis.entropy import entropy
from attn_desktop.analysis.pieces import (
    display_width,
    group_words,
    output_text,
    printable,
    shorten,
)
from attn_desktop.trace.records import FloatArray, Reading, RunRecord, StepRecord

TOP = 5
INDENT = "     "
DIAMOND = "◆"
#: From this α on, this shade; below the first a position inside the window is a dot.
SHADES = ((0.05, "░"), (0.2, "▒"), (0.5, "▓"), (0.8, "█"))
FAINT = "·"
OUTSIDE = " "
#: Foreground and background of the 256-colour palette for the same steps.
COLOURS = {"░": (16, 189), "▒": (16, 147), "▓": (231, 63), "█": (231, 55)}
MIN_WIDTH, PIPE_WIDTH = 40, 100


@dataclass(frozen=True)
class Screen:
    """What the picture is drawn for: columns, and whether colours may be used."""

    width: int = PIPE_WIDTH
    colour: bool = False

    @classmethod
    def of_stdout(cls) -> Screen:
        """The terminal that stdout is, or a plain page where it is none (COLUMNS is heeded)."""
        width = max(MIN_WIDTH, shutil.get_terminal_size((PIPE_WIDTH, 24)).columns)
        plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
        return cls(width, sys.stdout.isatty() and not plain)


class Picture:
    """Draws one run; every method returns whole lines of printable text."""

    def __init__(self, run: RunRecord, screen: Screen) -> None:
        self.run, self.screen = run, screen
        room = screen.width - len(INDENT) - 2
        #: Of a picture every region is a word of its own.
        self.words = group_words(run)
        self.labels = [shorten(printable(word.label), room) for word in self.words]

    def header(self, first: StepRecord) -> list[str]:
        """What is decoded by what, and how to read the shades."""
        untrained = "" if first.trained else "  (untrained mode: this checkpoint never learnt it)"
        model = printable(self.run.model.name)
        shades = "  ".join(f"{shade} from {limit:.0%}" for limit, shade in SHADES)
        lines = [
            f"model   {model} ({printable(self.run.model.family)}) on {printable(self.run.device)}",
            f"mode    {printable(str(first.mode))}, {first.chosen_by}{untrained}",
            *self._source(),
        ]
        if first.cross is not None:
            lines.append(f"α       {FAINT} below  {shades}  {DIAMOND} sampled  blank: cut off")
            if self.run.grid is not None:
                lines.append("        of the largest α of the step")
        return [*lines, ""]

    def step(self, step: StepRecord) -> list[str]:
        """One step: the token, its entropies, the look at the source, the likeliest tokens."""
        figures = f"p {_probability(step.log_prob)}"
        if step.cross is not None and self.run.grid is not None:
            figures += f"   max α {_largest(step.cross.alpha):.3f}"
        figures += f"   H(y) {step.active.entropy:.2f}"
        if step.cross is not None:
            figures += f"   H(α) {float(entropy(step.cross.alpha).mean()):.2f}"
        lines = [f"t {step.t:<3}{printable(step.token)}   {figures} nats"]
        lines += self._source_rows(step)
        lines += [self._top_row(name, reading, step) for name, reading in step.readings.items()]
        return [*lines, ""]

    def ending(self, steps: Sequence[StepRecord]) -> list[str]:
        """The whole output, and whether it came to its end."""
        text = printable(output_text(self.run.model, [step.token for step in steps]))
        cut = "" if steps and steps[-1].is_end else f"  (cut off after {len(steps)} steps)"
        return [f"output  {text}{cut}"]

    def _source(self) -> list[str]:
        """What was given: a text, or a picture and what was asked about it."""
        lines = (
            [f"source  {printable(self.run.text)}"] if self.run.text or not self.run.grid else []
        )
        if self.run.unknown:
            lines.append(
                f"        never learnt by the model: {printable(', '.join(self.run.unknown))}"
            )
        if self.run.grid is not None:
            rows, columns = self.run.grid
            lines.append(
                f"{'        ' if lines else 'source  '}a picture, {rows} × {columns} regions"
            )
        return lines

    def _grid_rows(self, step: StepRecord, columns: int) -> list[str]:
        """The regions of a picture as they lie, row by row: a shade each."""
        cells = [
            (_coloured(shade * 2, shade) if self.screen.colour else shade * 2)
            + (DIAMOND if sampled else " ")
            for shade, sampled in self._shades(step)
        ]
        rows = ("".join(cells[i : i + columns]) for i in range(0, len(cells), columns))
        return [] if step.cross is None else [(INDENT + row).rstrip() for row in rows]

    def _source_rows(self, step: StepRecord) -> list[str]:
        """The words in rows of the screen's width, each above or on its shade."""
        if self.run.grid is not None:
            return self._grid_rows(step, self.run.grid[1])
        rows: list[str] = []
        above = below = ""
        room = self.screen.width - len(INDENT)
        used = 0
        for label, (shade, sampled) in zip(self.labels, self._shades(step), strict=True):
            columns = max(1, display_width(label))
            if used and used + columns + 2 > room:
                rows += self._row(above, below)
                above, below, used = "", "", 0
            gap = (DIAMOND if sampled else " ") + " "
            if self.screen.colour:
                above += _coloured(label, shade) + gap
            else:
                above += label + " " * (columns - display_width(label)) + "  "
                below += shade * columns + gap
            used += columns + 2
        return rows + self._row(above, below)

    def _row(self, above: str, below: str) -> list[str]:
        return [INDENT + line.rstrip() for line in (above, below) if line.strip()]

    def _shades(self, step: StepRecord) -> list[tuple[str, bool]]:
        """For each word its shade, from the sum of α over its pieces, and whether it was drawn.

        Several layers and heads are averaged. So many regions share an α of 1 that theirs are
        compared with the largest of the step.
        """
        cross = step.cross
        if cross is None:
            return [(OUTSIDE, False)] * len(self.words)
        alpha = cross.alpha.mean(axis=(0, 1))
        if self.run.grid is not None:
            alpha = alpha / (_largest(cross.alpha) or 1.0)
        allowed = cross.mask & cross.window
        drawn = set(cross.sampled.flatten().tolist())
        shades = []
        for word in self.words:
            positions = list(word.positions)
            seen = bool(allowed[..., positions].any())
            shade = _shade(float(alpha[positions].sum())) if seen else OUTSIDE
            shades.append((shade, not drawn.isdisjoint(word.positions)))
        return shades

    def _top_row(self, name: str, reading: Reading, step: StepRecord) -> str:
        active = "▸" if name == step.mode.weighting else " "
        line = f"{INDENT[:-2]}{active} {name}"
        pairs = zip(reading.top_tokens[:TOP], reading.top_log_probs[:TOP].tolist(), strict=True)
        for place, (token, log_prob) in enumerate(pairs):
            entry = f"  {printable(token)} {_probability(log_prob)}"
            if place and display_width(line + entry) > self.screen.width:
                break
            line += entry
        return line


def _largest(alpha: FloatArray) -> float:
    """The largest α of a step, of the mean over layers and heads; 0 where none is a number."""
    return float(np.nan_to_num(alpha.mean(axis=(0, 1))).max(initial=0.0))


def _shade(alpha: float) -> str:
    reached = [shade for limit, shade in SHADES if alpha >= limit]
    return reached[-1] if reached else FAINT


def _coloured(label: str, shade: str) -> str:
    if shade in COLOURS:
        foreground, background = COLOURS[shade]
        return f"\x1b[38;5;{foreground};48;5;{background}m{label}\x1b[0m"
    return f"\x1b[2m{label}\x1b[0m" if shade == OUTSIDE else label


def _probability(log_prob: float) -> str:
    return f"{math.exp(log_prob):.3f}" if log_prob < 1 else "?"

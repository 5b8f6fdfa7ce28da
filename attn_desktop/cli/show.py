"""`attn-desktop show`: the picture or the JSON of a recorded decoding, from its file alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attn_desktop.cli import options
from attn_desktop.cli.json_lines import step_line
from attn_desktop.cli.picture import Picture, Screen
from attn_desktop.trace.storage import load_trace
from attn_desktop.trace.trace import Trace


def command(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.attn",
            help="What `attn-desktop trace` wrote.",
            show_default=False,
        ),
    ],
    as_json: options.AsJson = False,
) -> None:
    """Show what `trace` recorded; needs no model.

    Picture and JSON are those of `attn-desktop step`. A file with branches shows each branch from
    where it parts from those before it.
    """
    trace = load_trace(file)
    if as_json:
        for step in trace.steps:
            print(step_line(trace.runs[trace.tree[step.node].run], step))
        return
    _draw(trace)


def _draw(trace: Trace) -> None:
    screen = Screen.of_stdout()
    pictures = [Picture(run, screen) for run in trace.runs]
    steps = {step.node: step for step in trace.steps}
    shown: set[int] = set()
    leaves = trace.tree.leaves()
    if not steps:
        print("no steps are recorded in this file")
    for number, leaf in enumerate(leaves, start=1):
        path = [steps[node.id] for node in trace.tree.path(leaf.id) if node.id in steps]
        fresh = [step for step in path if step.node not in shown]
        if not fresh:
            continue
        shown.update(step.node for step in fresh)
        if len(leaves) > 1:
            print(f"branch  {number} of {len(leaves)}, from step {fresh[0].t} on")
        picture = pictures[leaf.run]
        lines = picture.header(fresh[0])
        for step in fresh:
            lines += picture.step(step)
        print("\n".join([*lines, *picture.ending(path)]))

"""`attn-desktop verify`: decode again what a file holds, and say whether the numbers are the same.

Exit code 0 where they are, 1 where they are not, 2 where it cannot be tried.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any

import typer

from attn_desktop.analysis import deviation_words as words
from attn_desktop.analysis.deviation import TOLERANCE, Report, Worst
from attn_desktop.analysis.pieces import printable
from attn_desktop.cli import options
from attn_desktop.cli.loading import open_model
from attn_desktop.cli.messages import Progress, note
from attn_desktop.common.errors import CheckpointError, InputError
from attn_desktop.common.paths import shipped_models
from attn_desktop.trace.storage import load_trace
from attn_desktop.trace.trace import Trace

DIFFERENT = 1
HASH_DIGITS = 12


def command(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.attn",
            help="What `attn-desktop trace` or the window saved.",
            show_default=False,
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="The model's folder. Default: the shipped model of the name in the file.",
            show_default=False,
        ),
    ] = None,
    device: options.Device = "cpu",
    tolerance: Annotated[
        float,
        typer.Option(
            metavar="X",
            help="By how much a number may deviate; 0 asks for the last bit. Tokens, hard "
            "positions, masks and windows must be equal in any case.",
        ),
    ] = TOLERANCE,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Compare even if the model has changed since.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Decode again what FILE.attn holds, and compare every number.

    Every input is encoded and every step of every branch decoded again, with its edits. The
    report gives the largest deviation of each quantity and where it is; device, dtype and versions
    are named where they are not those of then. Exit code 0: the same within the tolerance; 1:
    different; 2: it cannot be tried.

    JSON keys: file, same, exact, tolerance, steps, recorded, branches, inputs, model (name, then,
    now, same), conditions (by name: then, now) and quantities (by name: largest, or null where it
    is not finite, steps, input, node, t, branch).
    """
    if not 0 <= tolerance < math.inf:
        raise InputError(f"--tolerance must be finite and at least 0, not {tolerance}")
    trace = load_trace(file)
    report = _verify(trace, file, _find(trace, file, model), device, anyway)
    same = report.within(tolerance)
    if as_json:
        print(json.dumps(_object(trace, file, report, tolerance), allow_nan=False))
    else:
        lines = [*_header(trace, file, report), *_result(report, tolerance)]
        print("\n".join(map(printable, lines)))
    if not same:
        raise typer.Exit(DIFFERENT)


def _find(trace: Trace, file: Path, given: str | None) -> str:
    """The model to open: the one given, or the shipped one of the recorded name."""
    if given is not None:
        return given
    name, shipped = trace.run.model.name, {folder.name: folder for folder in shipped_models()}
    if name in shipped:
        return str(shipped[name])
    raise CheckpointError(
        f"{file} was made by a model {name!r}, which is not shipped "
        f"(shipped: {', '.join(shipped) or 'none'}); give its folder with --model. "
        f"{_still(file)}"
    )


def _still(file: Path) -> str:
    return f"The file can still be shown: attn-desktop show {file}"


def _verify(trace: Trace, file: Path, model: str, device: str, anyway: bool) -> Report:
    checkpoint = open_model(model, device, one_thread=True)
    then, now = trace.run.model.hash, checkpoint.info.hash
    if then != now:
        said = (
            f"the model in {model} is not the one that made {file}: its hash is "
            f"{now[:HASH_DIGITS]}…, that of then was {then[:HASH_DIGITS]}…"
        )
        if not anyway:
            raise CheckpointError(
                f"{said}; --model names another folder, --anyway compares with this one all the "
                f"same. {_still(file)}"
            )
        note(said)

    from attn_desktop.decoding.verify import verify

    progress = Progress("decoding again, step", len(trace.tree) + 1)
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        progress(done)

    report = verify(trace, checkpoint, count)
    progress(len(trace.tree) + 1)
    return report


def _header(trace: Trace, file: Path, report: Report) -> list[str]:
    identity = "the one that made it" if report.same_model else "not the one that made it"
    lines = [
        f"file    {file}: {words.amount(report)}",
        f"model   {trace.run.model.name}, {identity} ({report.model_now[:HASH_DIGITS]}…)",
    ]
    differing = [condition for condition in report.conditions if condition.differs]
    if differing:
        lines.append(f"then    {words.conditions(differing, now=False)}")
        lines.append(f"now     {words.conditions(differing, now=True)}")
    else:
        lines.append(f"now     {words.conditions(report.conditions, now=True)}, as then")
    return lines


def _result(report: Report, tolerance: float) -> list[str]:
    """The verdict, and a row for each quantity that deviates at all."""
    lines = [f"result  {words.verdict(report, tolerance)}"]
    apart = [worst for worst in report.worst if worst.value > 0]
    if not apart:
        return lines
    rows = [
        ("", "largest deviation", "where", ""),
        *(_row(worst, report, tolerance) for worst in apart),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join(cells).rstrip())
    rest = len(report.worst) - len(apart)
    if rest:
        others = words.count(rest, "other quantity is", "other quantities are")
        lines.append(f"    {others} the same to the last bit")
    if not report.within(tolerance):
        lines.append("  * beyond the tolerance, or not equal where it must be")
    return lines


def _row(worst: Worst, report: Report, tolerance: float) -> tuple[str, str, str, str]:
    """Quantity, largest deviation, its place, and how many other places there are."""
    assert worst.spot is not None
    mark = " " if worst.within(tolerance) else "*"
    more = f"and {words.count(worst.steps - 1, 'other place')}" if worst.steps > 1 else ""
    label = f"  {mark} {worst.quantity.label}"
    return label, words.size(worst), words.place(worst.spot, report), more


def _object(trace: Trace, file: Path, report: Report, tolerance: float) -> dict[str, Any]:
    return {
        "file": str(file),
        "same": report.within(tolerance),
        "exact": report.exact,
        "tolerance": tolerance,
        "steps": report.steps,
        "recorded": report.recorded,
        "branches": report.branches,
        "inputs": report.runs,
        "model": {
            "name": trace.run.model.name,
            "then": report.model_then,
            "now": report.model_now,
            "same": report.same_model,
        },
        "conditions": {
            item.name: {"then": item.then, "now": item.now} for item in report.conditions
        },
        "quantities": {worst.quantity.name: _quantity(worst) for worst in report.worst},
    }


def _quantity(worst: Worst) -> dict[str, Any]:
    spot = worst.spot
    return {
        "largest": worst.value if math.isfinite(worst.value) else None,
        "steps": worst.steps,
        "input": None if spot is None else spot.run,
        "node": None if spot is None else spot.node,
        "t": None if spot is None else spot.t,
        "branch": None if spot is None else spot.branch,
    }

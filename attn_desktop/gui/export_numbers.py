"""The numbers of a panel as bytes of a file: CSV, JSON or a NumPy archive.

Each says the same table, exact to the last digit. JSON and archive also say of which run it is.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.numbers_export import npz
from attn_desktop.common.errors import ExportError
from attn_desktop.common.version import VERSION
from attn_desktop.gui.panel import Panel, Table
from attn_desktop.gui.scene import Scene

#: What a spreadsheet takes for the beginning of a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
#: Names of arrays that say what the others are.
ABOUT = ("columns", "keys", "about")


def numbers_of(panel: Panel) -> Table:
    """The table of a panel; ExportError where it shows no numbers."""
    panel.flush()
    table = panel.table()
    if not table.columns:
        raise ExportError(f"{panel.title} shows no numbers yet; there is nothing to save")
    return table


def csv_bytes(panel: Panel) -> bytes:
    """RFC 4180, UTF-8. Text that a spreadsheet would run as a formula gets an apostrophe."""
    table = numbers_of(panel)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(map(_cell, table.columns))
    writer.writerows(map(_cell, row) for row in table.rows)
    return text.getvalue().encode("utf-8", errors="backslashreplace")


def json_bytes(panel: Panel) -> bytes:
    """An object of panel, title, run, columns and rows; ASCII. What is not finite is null."""
    table = numbers_of(panel)
    said = {**_about(panel), "columns": list(table.columns)}
    lines = [f"{json.dumps(key)}: {json.dumps(value)},\n" for key, value in said.items()]
    rows = ",\n ".join(
        json.dumps([_plain(value) for value in row], allow_nan=False) for row in table.rows
    )
    return f'{{\n{"".join(lines)}"rows": [\n {rows}\n]\n}}\n'.encode("ascii")


def npz_bytes(panel: Panel) -> bytes:
    """An array a column, see `column_arrays`."""
    return npz(column_arrays(panel))


def column_arrays(panel: Panel) -> dict[str, NDArray[Any]]:
    """One array a column: whole numbers int64, other numbers float64, texts unicode.

    The key of a column is its name, as far as a file can be called so, and numbered where several
    are called the same. columns: the names as they are shown; keys: the key of each, in the same
    order; about: a JSON object of panel, title and run.
    """
    table = numbers_of(panel)
    keys = _keys(table.columns)
    arrays: dict[str, NDArray[Any]] = {
        key: _column([row[place] for row in table.rows]) for place, key in enumerate(keys)
    }
    arrays["columns"] = np.array(table.columns, dtype=np.str_)
    arrays["keys"] = np.array(keys, dtype=np.str_)
    arrays["about"] = np.array(json.dumps(_about(panel), allow_nan=False))
    return arrays


def _about(panel: Panel) -> dict[str, Any]:
    return {"panel": panel.name, "title": panel.heading(), "run": run_object(panel.scene)}


def run_object(scene: Scene) -> dict[str, Any] | None:
    """Which decoding numbers are of, in plain values; None without a run.

    t: the step at the playhead, 0 before the first; mode, weighting and seed are those of it.
    """
    run, step = scene.run, scene.step
    if run is None:
        return None
    said: dict[str, Any] = {
        "text": run.text,
        "model": run.model.name,
        "hash": run.model.hash,
        "device": run.device,
        "dtype": run.dtype,
        "versions": dict(run.versions),
        "program": VERSION,
        "words": scene.words,
        "t": scene.t,
        "steps": len(scene.steps),
    }
    if step is not None:
        said |= {
            "mode": str(step.mode),
            "trained": step.trained,
            "chosen_by": step.chosen_by,
            "seed": step.seed,
        }
    return said


def _cell(value: object) -> object:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_STARTS) else value
    # numpy writes its own numbers shorter than they are.
    return float(value) if isinstance(value, np.floating) else value


def _plain(value: object) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _column(values: Sequence[str | float | int]) -> NDArray[Any]:
    """A text that stands for no number is NaN in a column of numbers."""
    known = [value for value in values if value != ""]
    if not known or any(isinstance(value, str) for value in known):
        return np.array([str(value) for value in values], dtype=np.str_)
    if all(isinstance(value, bool | np.bool_) for value in values):
        return np.array(values, dtype=np.bool_)
    if all(isinstance(value, int | np.integer) for value in values):
        return np.array(values, dtype=np.int64)
    return np.array([np.nan if value == "" else float(value) for value in values])


def _keys(columns: Sequence[str]) -> list[str]:
    keys: list[str] = []
    taken: Mapping[str, None] = dict.fromkeys(ABOUT)
    used = dict(taken)
    for column in columns:
        # Nothing that a program which unpacks the archive could take for another folder.
        name = re.sub(r"[^\w.()+-]+", "_", column).strip("_.") or "column"
        key, number = name, 1
        while key in used:
            number += 1
            key = f"{name}_{number}"
        used[key] = None
        keys.append(key)
    return keys

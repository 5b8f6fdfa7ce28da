"""Every number of a decoding as one NumPy archive: an array a quantity, nothing to unpickle.

    with np.load("all.npz") as numbers:
        alpha = numbers["branch1/alpha"]  # (T, S)

Keys of the whole document:

    format, program       `attn-numbers 1`, and the version of this program that wrote it
    model, model_hash     name, and SHA-256 of config, weights and tokenizers
    device, dtype         where it was computed, in what
    branches              (B,) id of the last node of branch 1, 2, …; branch N is in `branchN/…`
    branch_runs           (B,) the run that each decodes; run N is in `runN/…`

Keys of an input, for N from 1 on; S positions, H numbers per annotation h_j, n per state:

    runN/text, source     the text, and (S,) its pieces
    runN/words, spans     (S,) word of each piece, -1 for a marker; (S, 2) characters in the text
    runN/mask             (S,) whether it may be attended to
    runN/states           (S, H) h_j
    runN/start_state      (n,) s_0
    runN/fixed_context    (H,) the context that is used without attention
    runN/encoder_attention, grid, picture    where the input has them

Keys of a branch of T steps, in the order of decoding:

    branchN/t, nodes      (T,) from 1 on; ids in the tree, by which branches share steps
    branchN/tokens, token_ids, log_probs, entropies
                          (T,) y_t, its log p and the entropy of the distribution it is from, of
                          the reading that gave the next state; in nats
    branchN/modes, chosen_by, seeds, trained, edited
                          (T,) edited: whether a user changed something inside the step
    branchN/alpha_mean    (T, S) α_tj averaged over layers and heads
    branchN/alpha, energies, window, mask
                          (T, S), or (T, layers, heads, S) where there is more than one head
    branchN/unedited      as alpha, where an edit changed it: what the model had computed
    branchN/draw, sampled, center
                          (T,) or (T, layers, heads): u, k (-1 for none) and p_t of a local scope
    branchN/READING/context, state, log_probs, entropies
                          (T, H), (T, n), (T,), (T,) of the `soft` and the `hard` reading
    branchN/READING/top_ids, top_tokens, top_log_probs
                          (T, K) the likeliest tokens, best first; -1, "" and NaN where fewer
    branchN/READING/gates/NAME    (T, n)

What a step does not have is NaN (False or -1 where there is no NaN). Numbers keep the precision in
which they are recorded. Positions count from 0, p_t from 1, as in Luong et al. (2015).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.coverage import alpha_matrix
from attn_desktop.common.mode import WEIGHTINGS
from attn_desktop.common.version import VERSION
from attn_desktop.common.whole_file import PathLike, write_whole
from attn_desktop.trace.records import AttentionRecord, Reading, RunRecord, StepRecord
from attn_desktop.trace.trace import Trace

Array = NDArray[Any]

FORMAT = "attn-numbers 1"
#: Stands for a whole number or a bool that a step does not have.
MISSING: dict[str, Any] = {"f": np.nan, "i": -1, "u": 0, "b": False, "U": ""}
#: A fixed date in the archive: the same numbers make the same file.
LONG_AGO = (1980, 1, 1, 0, 0, 0)


def save_numbers_npz(trace: Trace, path: PathLike) -> None:
    """Write every number of a trace; ExportError, naming path and cause, where that cannot be."""
    write_whole(path, npz(document_numbers(trace)))


def npz(arrays: Mapping[str, Array]) -> bytes:
    """Arrays by name as a compressed archive that `np.load` reads without pickle."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", LONG_AGO)
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)
    return buffer.getvalue()


def document_numbers(trace: Trace) -> dict[str, Array]:
    """The arrays by the keys above. Nodes without a record, and what follows them, are left out."""
    records = {step.node: step for step in trace.steps}
    numbers: dict[str, Array] = {
        "format": np.array(FORMAT),
        "program": np.array(VERSION),
        "model": _text(trace.run.model.name),
        "model_hash": _text(trace.run.model.hash),
        "device": _text(trace.run.device),
        "dtype": _text(trace.run.dtype),
    }
    leaves = trace.tree.leaves()
    numbers["branches"] = np.array([leaf.id for leaf in leaves], dtype=np.int64)
    numbers["branch_runs"] = np.array([leaf.run + 1 for leaf in leaves], dtype=np.int64)
    for number, run in enumerate(trace.runs, start=1):
        numbers |= _named(f"run{number}", run_numbers(run))
    for number, leaf in enumerate(leaves, start=1):
        steps: list[StepRecord] = []
        for node in trace.tree.path(leaf.id):
            if node.id not in records:
                break
            steps.append(records[node.id])
        numbers |= _named(f"branch{number}", branch_numbers(trace.runs[leaf.run], steps))
    return numbers


def run_numbers(run: RunRecord) -> dict[str, Array]:
    """The arrays of one input."""
    numbers = {
        "text": _text(run.text),
        "source": _texts(run.source),
        "words": run.words,
        "spans": run.spans,
        "mask": run.mask,
        "states": run.states,
        "start_state": run.start_state,
        "fixed_context": run.fixed_context,
    }
    if run.encoder_attention is not None:
        numbers["encoder_attention"] = run.encoder_attention
    if run.grid is not None:
        numbers["grid"] = np.array(run.grid, dtype=np.int64)
    if run.picture is not None:
        numbers["picture"] = run.picture
    return numbers


def branch_numbers(run: RunRecord, steps: Sequence[StepRecord]) -> dict[str, Array]:
    """The arrays of one branch of a run."""
    size = len(run.source)
    numbers = {
        "t": np.array([step.t for step in steps], dtype=np.int64),
        "nodes": np.array([step.node for step in steps], dtype=np.int64),
        "tokens": _texts([step.token for step in steps]),
        "token_ids": np.array([step.token_id for step in steps], dtype=np.int64),
        "log_probs": np.array([step.log_prob for step in steps], dtype=np.float64),
        "entropies": np.array([step.active.entropy for step in steps], dtype=np.float64),
        "modes": _texts([str(step.mode) for step in steps]),
        "chosen_by": _texts([step.chosen_by for step in steps]),
        "seeds": np.array([step.seed for step in steps], dtype=np.int64),
        "trained": np.array([step.trained for step in steps], dtype=np.bool_),
        "edited": np.array([bool(step.edits) for step in steps], dtype=np.bool_),
        "alpha_mean": alpha_matrix(steps, size),
    }
    numbers |= _attention_numbers([step.cross for step in steps], size)
    for name in WEIGHTINGS:
        readings = [step.readings.get(name) for step in steps]
        if any(reading is not None for reading in readings):
            numbers |= _named(name, _reading_numbers(readings, run))
    return numbers


def _attention_numbers(records: Sequence[AttentionRecord | None], size: int) -> dict[str, Array]:
    heads = (1, 1)
    for record in records:
        if record is not None:
            heads = (
                max(heads[0], record.alpha.shape[0]),
                max(heads[1], record.alpha.shape[1]),
            )
    numbers = {}
    for name, shape in (
        ("energies", (*heads, size)),
        ("alpha", (*heads, size)),
        ("unedited", (*heads, size)),
        ("window", (*heads, size)),
        ("mask", (*heads, size)),
        ("draw", heads),
        ("sampled", heads),
        ("center", heads),
    ):
        kind = {"window": np.bool_, "mask": np.bool_, "sampled": np.int64}.get(name, np.float32)
        stacked = _stack(_each(records, name), shape, np.dtype(kind))
        # One head of one layer is no axis.
        numbers[name] = stacked[:, 0, 0] if heads == (1, 1) else stacked
    if all(record is None or record.unedited is None for record in records):
        del numbers["unedited"]
    return numbers


def _reading_numbers(readings: Sequence[Reading | None], run: RunRecord) -> dict[str, Array]:
    hidden, state = run.states.shape[1], len(run.start_state)
    most = max((len(reading.top_tokens) for reading in readings if reading is not None), default=0)
    single = np.dtype(np.float32)
    double = np.array(
        [(np.nan, np.nan) if r is None else (r.log_prob, r.entropy) for r in readings]
    )
    double = double.reshape(-1, 2).astype(np.float64)
    numbers = {
        "context": _stack(_each(readings, "context"), (hidden,), single),
        "state": _stack(_each(readings, "state"), (state,), single),
        "log_probs": double[:, 0],
        "entropies": double[:, 1],
        "top_ids": _stack(_each(readings, "top_ids"), (most,), np.dtype(np.int64)),
        "top_log_probs": _stack(_each(readings, "top_log_probs"), (most,), single),
        "top_tokens": _texts(
            [token for r in readings for token in _padded(() if r is None else r.top_tokens, most)]
        ).reshape(len(readings), most),
    }
    gates = dict.fromkeys(name for r in readings if r is not None for name in r.gates)
    for name in gates:
        found = [None if r is None else r.gates.get(name) for r in readings]
        length = max(len(gate) for gate in found if gate is not None)
        numbers[f"gates/{name}"] = _stack(found, (length,), single)
    return numbers


def _each(records: Sequence[object], name: str) -> list[Array | None]:
    return [None if record is None else getattr(record, name) for record in records]


def _stack(found: Sequence[Array | None], shape: tuple[int, ...], least: np.dtype[Any]) -> Array:
    """(T, *shape): what is missing, or shorter than the longest, is filled up.

    least: the dtype, unless the arrays are more precise.
    """
    held = [array for array in found if array is not None]
    dtype = np.result_type(least, *held) if held else least
    stacked = np.full((len(found), *shape), MISSING[dtype.kind], dtype=dtype)
    for row, array in zip(stacked, found, strict=True):
        if array is not None:
            row[tuple(slice(length) for length in array.shape)] = array
    return stacked


def _padded(tokens: tuple[str, ...], length: int) -> tuple[str, ...]:
    return (*tokens, *("" for _ in range(length - len(tokens))))


def _texts(texts: Sequence[str]) -> Array:
    # NumPy cannot say how wide no text is, and drops NULs at the end of one.
    return np.array([text.replace("\0", "\ufffd") for text in texts], dtype=np.str_)


def _text(text: str) -> Array:
    return _texts([text]).reshape(())


def _named(prefix: str, numbers: Mapping[str, Array]) -> dict[str, Array]:
    return {f"{prefix}/{name}": array for name, array in numbers.items()}

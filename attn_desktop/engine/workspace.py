"""Opened models and encoded inputs: all that the engine remembers between two requests.

None of it counts: the window owns the run tree, and whatever is dropped here is made again.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from attn_desktop.common.errors import CheckpointError, InputError
from attn_desktop.common.paths import resolve_model
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.families.base import Given
from attn_desktop.families.checkpoint import Checkpoint, load_checkpoint

MOST_MODELS = 4
MOST_RUNS = 8

#: Name, size and time of last change of each file of a folder.
_Files = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class _Opened:
    """A checkpoint and the files that it was read from."""

    checkpoint: Checkpoint
    files: _Files


@dataclass(frozen=True)
class _Input:
    """What a run was encoded from: enough to encode it again. model_hash: of the model then."""

    model: str
    device: str
    given: Given
    model_hash: str


class Workspace:
    """The models and runs in use, the longest unused of which are dropped.

    A model is read again once a file of its folder has changed; a run keeps the one that encoded
    it. A dropped run is encoded again from its input, as long as its model is still the same.
    """

    def __init__(self, most_models: int = MOST_MODELS, most_runs: int = MOST_RUNS) -> None:
        self._most_models, self._most_runs = most_models, most_runs
        self._models: OrderedDict[tuple[Path, str], _Opened] = OrderedDict()
        self._inputs: dict[int, _Input] = {}
        self._runs: OrderedDict[int, Positions] = OrderedDict()

    def holds(self, model: str, device: str) -> bool:
        """Whether `open` need not read the model; CheckpointError where there is no such folder."""
        folder = resolve_model(model)
        opened = self._models.get(_key(folder, device))
        return opened is not None and opened.files == _files(folder)

    def open(self, model: str, device: str) -> Checkpoint:
        """The model of a folder or shipped name on a device, read if need be.

        Raises CheckpointError where the folder is no usable model or vanished, InputError for a
        device that this machine does not have.
        """
        folder = resolve_model(model)
        key, files = _key(folder, device), _files(folder)
        opened = self._models.get(key)
        if opened is None or opened.files != files:
            self._models.pop(key, None)
            opened = _Opened(load_checkpoint(folder, device), files)
            self._models[key] = opened
        self._models.move_to_end(key)
        while len(self._models) > self._most_models:
            self._models.popitem(last=False)
        return opened.checkpoint

    def encode(self, run: int, model: str, device: str, given: Given) -> Positions:
        """Encode an input as a run of this number, in place of one that had it before.

        Raises what `open` does, and InputError for a text or a picture that cannot be used.
        """
        checkpoint = self.open(model, device)
        positions = Positions(Stepper(checkpoint, given))
        self._inputs[run] = _Input(model, device, given, checkpoint.info.hash)
        self._runs[run] = positions
        self._runs.move_to_end(run)
        while len(self._runs) > self._most_runs:
            self._runs.popitem(last=False)
        return positions

    def run(self, run: int) -> Positions:
        """The positions of a run, encoded again where it was dropped.

        Raises InputError for a number that this engine never encoded, and where the model is no
        longer the one that encoded it.
        """
        if run in self._runs:
            self._runs.move_to_end(run)
            return self._runs[run]
        known = self._inputs.get(run)
        if known is None:
            raise InputError(f"this engine holds no run {run}; encode it again")
        if self.open(known.model, known.device).info.hash != known.model_hash:
            raise InputError(
                f"the model {known.model} is no longer the one of run {run}; encode it again"
            )
        return self.encode(run, known.model, known.device, known.given)


def _key(folder: Path, device: str) -> tuple[Path, str]:
    return folder.resolve(), "cuda:0" if device == "cuda" else device


def _files(folder: Path) -> _Files:
    """What tells whether a folder has changed; CheckpointError where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            stats = [(entry.name, entry.stat()) for entry in entries]
    except OSError as error:
        raise CheckpointError(f"{folder}: {error.strerror or error}") from None
    return tuple(sorted((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats))

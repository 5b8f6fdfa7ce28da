"""A beam search that is watched: its expansions as the growing rows of a `beam` probe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from attn_desktop.analysis.beam_tree import DESCRIPTION, FATE_NAMES, KIND, Fate, length_divisor
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.decoding.beam import beam_steps
from attn_desktop.decoding.corpus import step_limit
from attn_desktop.decoding.hypotheses import (
    BeamSettings,
    Expansion,
    Hypothesis,
    Prefix,
    coverage_terms,
)
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.probes import PROBES
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.families.base import Family
from attn_desktop.trace.edits import inherited
from attn_desktop.trace.records import ProbeRecord
from attn_desktop.trace.run_tree import Node

_Rows = dict[str, NDArray[Any]]
_MODE = "mode"


class BeamTree:
    """Every hypothesis that a search has looked at, a row each; rows never change once added.

    source_length: S. prefix: where the search begins, as `beam_steps` takes it. edited: whether
    its steps are, which the records then tell.
    """

    def __init__(
        self,
        model: Family,
        source_length: int,
        mode: Mode,
        settings: BeamSettings,
        prefix: Prefix | None = None,
        edited: bool = False,
    ) -> None:
        prefix = prefix or Prefix()
        self._model = model
        self._finished = False
        self._best: Hypothesis | None = None
        self._settings: dict[str, Any] = {
            **asdict(settings),
            _MODE: str(mode),
            "reading_used": settings.read_in(mode),
            "limit": step_limit(model, source_length, settings.max_steps),
            "start": len(prefix.tokens),
            "prefix": list(prefix.tokens),
            "edited": edited,
            "fates": list(FATE_NAMES),
        }
        self._labels: list[str] = []
        self._chunks: list[_Rows] = []
        #: Rows of the live hypotheses.
        self._live = np.zeros(1, dtype=np.int64)
        self._add(_root(model, source_length, mode, settings, prefix))

    def __len__(self) -> int:
        return len(self._labels)

    def add(self, expansion: Expansion) -> None:
        """Enter what a step has come to; steps come in order."""
        first, parent = len(self), expansion.parent
        divisor, term = expansion.length_divisor, expansion.coverage_term[parent]
        rows: _Rows = {
            "parent": self._live[parent],
            "t": np.full(len(parent), expansion.t),
            "token_id": expansion.token,
            "log_prob": expansion.log_prob,
            "total": expansion.total,
            "length_divisor": np.full(len(parent), divisor),
            "coverage_term": term,
            "score": expansion.total / divisor + term,
            "fate": expansion.fate,
            "rank": expansion.rank,
            "margin": expansion.margin,
        }
        sampled = expansion.sampled()
        if expansion.alpha is not None and sampled is not None:
            rows["alpha"] = expansion.alpha.float().cpu().numpy()[parent]
            rows["sampled"] = sampled[parent]
        self._add(rows)
        self._live = first + np.flatnonzero(expansion.fate == Fate.KEPT)
        self._finished = expansion.last
        for hypothesis in expansion.finished:
            if self._best is None or hypothesis.score > self._best.score:
                self._best = hypothesis

    def record(self, node: int | None = None) -> ProbeRecord:
        """All rows. node: after which the search began, None for the start of the run."""
        return self.rows_since(0, node)

    def rows_since(self, first_row: int, node: int | None = None) -> ProbeRecord:
        """Only the rows from `first_row` on; the settings are those of the whole search so far."""
        best = self._best
        return ProbeRecord(
            node=node,
            kind=KIND,
            settings={
                **self._settings,
                "first_row": first_row,
                "finished": self._finished,
                "tokens": self._labels[first_row:],
                "best": None if best is None else self._model.detokenize(best.tokens),
            },
            arrays=self._arrays(first_row),
        )

    def _add(self, rows: _Rows) -> None:
        self._chunks.append(rows)
        self._labels.extend(map(self._model.token_label, rows["token_id"].tolist()))

    def _arrays(self, first_row: int) -> _Rows:
        rest, taken = len(self) - first_row, list[_Rows]()
        for chunk in reversed(self._chunks):
            if rest <= 0:
                break
            taken.insert(0, {name: values[-rest:] for name, values in chunk.items()})
            rest -= len(chunk["parent"])
        taken = taken or [{name: values[:0] for name, values in self._chunks[0].items()}]
        # A copy in any case: what a record holds is frozen.
        return {name: np.concatenate([rows[name] for rows in taken]) for name in taken[0]}


def _root(
    model: Family, source_length: int, mode: Mode, settings: BeamSettings, prefix: Prefix
) -> _Rows:
    """The row that all others come from: the prefix, or nothing yet."""
    divisor, term = length_divisor(len(prefix.tokens), settings.length_penalty), 0.0
    if prefix.tokens and mode.attends and settings.coverage_penalty:
        term = float(coverage_terms(prefix.seen(source_length), settings.coverage_penalty)[0])
    values = {
        "parent": -1,
        "t": len(prefix.tokens),
        "token_id": prefix.tokens[-1] if prefix.tokens else model.start_id,
        "log_prob": 0.0,
        "total": prefix.log_prob,
        "length_divisor": divisor,
        "coverage_term": term,
        "score": prefix.log_prob / divisor + term if prefix.tokens else 0.0,
        "fate": np.int8(Fate.KEPT),
        "rank": 0,
        "margin": 0.0,
    }
    rows: _Rows = {name: np.array([values[name]]) for name in DESCRIPTION}
    if mode.attends:
        rows["alpha"] = np.zeros((1, source_length), dtype=np.float32)
        rows["sampled"] = np.full(1, -1)
    return rows


def follow(stepper: Stepper, path: Sequence[Node]) -> Prefix:
    """What a search goes on from after `path`, the nodes of a run tree from t = 1 on.

    Raises InputError where they are no chain, or none that the model can have decoded.
    """
    position, log_prob = stepper.start, 0.0
    coverage = np.zeros(len(stepper.run.source))
    for node in path:
        if (node.t, node.parent) != (position.t + 1, position.node):
            raise InputError(f"node {node.id} does not follow node {position.node}")
        record, position = stepper.step(
            position, node.id, node.mode, node.choice.given(), node.token_id, node.edits
        )
        log_prob += record.log_prob
        if record.cross is not None:
            coverage += record.cross.alpha[0, 0]
    return Prefix(tuple(node.token_id for node in path), log_prob, coverage, position.state)


def probe_beam(
    positions: Positions, path: Sequence[Node], settings: Mapping[str, Any]
) -> Iterator[ProbeRecord]:
    """A search from where `path` leads, in parts: new rows after every step.

    settings: fields of `BeamSettings` and `mode`, each of which may be left out; without a mode
    that of the last node is taken. Edits that last are made to every step.
    """
    mode, asked = _read(settings, path)
    stepper = positions.stepper
    prefix = follow(stepper, path)
    edits = inherited(path[-1].edits, mode.attends) if path else ()
    length = len(stepper.run.source)
    node = path[-1].id if path else None
    tree = BeamTree(stepper.model, length, mode, asked, prefix, edited=bool(edits))
    steps = beam_steps(
        stepper.model, stepper.memory, mode, asked, prefix, stepper.intervention(mode, edits)
    )
    sent = 0
    for expansion in steps:
        tree.add(expansion)
        yield tree.rows_since(sent, node)
        sent = len(tree)


def _read(settings: Mapping[str, Any], path: Sequence[Node]) -> tuple[Mode, BeamSettings]:
    """Settings as they came from outside; InputError, naming it, for one that cannot be."""
    valid = [_MODE, *(field.name for field in fields(BeamSettings))]
    for name in settings:
        if name not in valid:
            raise InputError(f"unknown setting {name!r} of a beam; valid are: {', '.join(valid)}")
    given = dict(settings)
    mode = given.pop(_MODE, None)
    if mode is None:
        mode = str(path[-1].mode if path else Mode())
    try:
        return Mode.parse(msgspec.convert(mode, str)), msgspec.convert(given, BeamSettings)
    except msgspec.ValidationError as error:
        raise InputError(f"settings of a beam: {error}") from None


PROBES.add(KIND, probe_beam)

"""Experiments beside the decoding, by kind: what the engine runs when the window asks for one.

A probe is a function from the positions of a run, the path to the node that it is about and its
settings to one or several `ProbeRecord`s. A long one yields parts as it finds them; the engine
stops it between two. A module of `decoding` that has one enters it into `PROBES`; `find_probe`
finds it there without being told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from attn_desktop import decoding
from attn_desktop.common.registry import Registry, import_modules
from attn_desktop.decoding.positions import Positions
from attn_desktop.trace.records import ProbeRecord
from attn_desktop.trace.run_tree import Node

ProbeFunction: TypeAlias = Callable[
    [Positions, Sequence[Node], Mapping[str, Any]], Iterator[ProbeRecord]
]
PROBES: Registry[ProbeFunction] = Registry("probe")


def find_probe(kind: str) -> ProbeFunction:
    """The probe of a kind; raises UnknownNameError with the valid ones."""
    import_modules(decoding)
    return PROBES[kind]

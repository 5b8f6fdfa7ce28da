"""Work on numbered things, shared by all cores."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from attn_desktop.common.cores import usable_cores

Result = TypeVar("Result")


def side_by_side(
    work: Callable[[range], Result], count: int, at_once: int = 250
) -> Iterator[Result]:
    """What `work` returns for numbers 0 to count − 1, so many at a time, in their order.

    work: can be pickled; with several cores it runs in processes of its own.
    """
    parts = [range(first, min(first + at_once, count)) for first in range(0, count, at_once)]
    cores = min(usable_cores(), len(parts))
    if cores < 2:
        yield from map(work, parts)
        return
    # Forking a process in which torch has started threads can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(cores, mp_context=context) as pool:
        yield from pool.map(work, parts)

"""Several processes train one model: each takes a share of every batch, gradients are averaged.

On a CPU one thread per process uses the cores far better than one process with many threads,
whose small products wait for each other (measured on two cores: twice the throughput).
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import torch
import torch.distributed
from torch import multiprocessing, nn

from attn_desktop.common.errors import UserError
from attn_desktop.training.interrupts import on_interrupt

Made = TypeVar("Made")


class Replicas:
    """This process's place among those that train together. size 1 means alone."""

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank = rank
        self.size = size

    @property
    def leads(self) -> bool:
        """True for the one process that logs and saves."""
        return self.rank == 0

    def voice(self, say: Callable[[str], None]) -> Callable[[str], None]:
        """`say` in the process that leads, silence in the others."""
        return say if self.leads else lambda text: None

    def wait(self) -> None:
        """Return when every process has come this far."""
        if self.size > 1:
            torch.distributed.barrier()

    def lead_first(self, make: Callable[[], Made]) -> Made:
        """What `make` makes in this process, after that of the leader has come back from it.

        So that what one process writes to a file, the others find there.
        """
        if self.leads:
            made = make()
            self.wait()
            return made
        self.wait()
        return make()

    def average(self, parameters: Sequence[nn.Parameter], stop: bool) -> bool:
        """Average the gradients over all processes; True when any of them was told to stop.

        A parameter that no process used this time keeps None for a gradient.
        """
        if self.size == 1:
            return stop
        used = torch.tensor([float(p.grad is not None) for p in parameters] + [float(stop)])
        parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        flat = torch.cat([used, *(part.flatten() for part in parts)])
        torch.distributed.all_reduce(flat)
        used, *means = torch.split(flat, [len(used), *(p.numel() for p in parameters)])
        for parameter, count, mean in zip(parameters, used, means, strict=False):
            parameter.grad = mean.view_as(parameter).div_(self.size) if count else None
        return bool(used[-1])


def run_replicas(work: Callable[[Replicas], bool], size: int) -> bool:
    """Run `work` in `size` processes (one: in this one) and return what the leader's returned.

    `work` must be picklable. Each process computes with one thread.
    """
    if size == 1:
        return work(Replicas())
    with tempfile.TemporaryDirectory(prefix="attn-desktop-") as folder:
        meeting = Path(folder) / "meeting"
        context = multiprocessing.get_context("spawn")
        processes = [
            context.Process(target=_follow, args=(work, rank, size, str(meeting)))
            for rank in range(1, size)
        ]
        with on_interrupt(signal.SIG_IGN):  # until they train, only this process minds Ctrl+C
            for process in processes:
                process.start()
        try:
            return _replica(work, 0, size, str(meeting))
        except BaseException:
            for process in processes:  # they would wait for this one
                process.terminate()
            raise
        finally:
            for process in processes:
                process.join(timeout=30)
                if process.is_alive():
                    process.kill()
                    process.join()


def _follow(work: Callable[[Replicas], bool], rank: int, size: int, meeting: str) -> None:
    """A process that does not lead: what the user must know, the leader meets and says too."""
    try:
        _replica(work, rank, size, meeting)
    except (UserError, KeyboardInterrupt):
        sys.exit(1)


def _replica(work: Callable[[Replicas], bool], rank: int, size: int, meeting: str) -> bool:
    torch.set_num_threads(1)
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # all on this machine
    torch.distributed.init_process_group(
        "gloo",
        init_method=f"file://{meeting}",
        timeout=timedelta(days=7),  # they wait for whatever the leader does alone
        rank=rank,
        world_size=size,
    )
    try:
        return work(Replicas(rank, size))
    finally:
        torch.distributed.destroy_process_group()

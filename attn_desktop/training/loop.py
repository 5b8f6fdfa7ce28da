"""The training loop: one-cycle AdamW with averaged weights, resumable at any step.

Nothing random outlives a step: the order of batches follows from (seed, epoch) and dropout, modes
and draws from (seed, step), so a run that was stopped continues exactly as if it had not been.
"""

from __future__ import annotations

import ctypes
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from attn_desktop.common.mode import Mode
from attn_desktop.families.base import Family
from attn_desktop.training.data import Batch, Examples
from attn_desktop.training.interrupts import Asked, on_interrupt
from attn_desktop.training.loss import HardSettings, batch_loss
from attn_desktop.training.replicas import Replicas
from attn_desktop.training.state import Progress, load_state, save_state


@dataclass(frozen=True)
class LoopSettings:
    """How to train.

    peak_rate: of the one-cycle schedule. coverage_weight: λ of the doubly stochastic term of
    Xu et al. 2015. pointing_weight: as `batch_loss` takes it. average_decay: of the exponential
    moving average of the weights that is kept in the end. rate_shares: of the rate, what weights
    get whose names begin so; others get all.
    """

    epochs: int
    peak_rate: float = 2e-3
    warmup_share: float = 0.1
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    smoothing: float = 0.1
    coverage_weight: float = 0.0
    pointing_weight: float = 0.0
    average_decay: float = 0.999
    seed: int = 1
    save_every_s: float = 120.0
    log_every: int = 50
    hard: HardSettings = field(default_factory=HardSettings)
    rate_shares: Mapping[str, float] = field(default_factory=dict)

    def of(self, epochs: int | None, seed: int = 1) -> LoopSettings:
        """The same for another number of epochs, None for its own, and another seed."""
        return replace(self, epochs=self.epochs if epochs is None else epochs, seed=seed)

    def rate_share(self, name: str) -> float:
        """The share of the rate for weights of this name."""
        return next((v for prefix, v in self.rate_shares.items() if name.startswith(prefix)), 1.0)


#: Rows of the examples that an epoch uses.
EpochRows = Callable[[int, np.random.Generator], NDArray[np.int64]]
#: Share of the training done, generator, target length -> the mode of each step (the last extends).
DrawModes = Callable[[float, np.random.Generator, int], list[Mode]]
#: Called after every epoch with the averaged weights in place; its text goes to the log.
AfterEpoch = Callable[[Family], str]
#: A term of the loss that is no text's likelihood.
ExtraLoss = Callable[[Family, Batch], Tensor]


class Trainer:
    """Trains a model on examples, writing its state to a folder."""

    def __init__(
        self,
        model: Family,
        examples: Examples,
        folder: Path,
        settings: LoopSettings,
        epoch_rows: EpochRows,
        draw_modes: DrawModes,
        after_epoch: AfterEpoch | None = None,
        say: Callable[[str], None] = print,
        replicas: Replicas | None = None,
        extra_loss: ExtraLoss | None = None,
    ) -> None:
        self.model = model
        self.examples = examples
        self.folder = folder
        self.settings = settings
        self.epoch_rows = epoch_rows
        self.draw_modes = draw_modes
        self.after_epoch = after_epoch
        self.extra_loss = extra_loss
        self.replicas = replicas or Replicas()
        self.say = self.replicas.voice(say)
        self.progress = Progress()
        shares: dict[float, list[nn.Parameter]] = {}
        for name, parameter in model.named_parameters():
            shares.setdefault(settings.rate_share(name), []).append(parameter)
        self.optimizer = torch.optim.AdamW(
            [{"params": group, "share": share} for share, group in shares.items()],
            lr=settings.peak_rate,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self.average = {name: value.detach().clone() for name, value in model.named_parameters()}
        self._asked = Asked()  # this process was told to stop
        self._stop = False  # all processes know, and stop after this batch

    def run(self) -> bool:
        """Train from where the folder's state is; True when finished, False when stopped."""
        keep_freed_memory()
        self._resume()
        self.model.train()
        total = sum(len(self._batches(epoch)) for epoch in range(self.settings.epochs))
        began, saved = time.monotonic() - self.progress.seconds, time.monotonic()
        recent: list[float] = []
        clock, first = time.monotonic(), self.progress.step
        with on_interrupt(self._asked):
            while self.progress.epoch < self.settings.epochs:
                batches = self._batches(self.progress.epoch)
                while self.progress.batch < len(batches):
                    recent.append(self._train_batch(batches[self.progress.batch], total))
                    self.progress.step += 1
                    self.progress.batch += 1
                    self.progress.seconds = time.monotonic() - began
                    if self.progress.step % self.settings.log_every == 0:
                        pace = (time.monotonic() - clock) / (self.progress.step - first)
                        self._log(recent, total, pace)
                        recent.clear()
                    if time.monotonic() - saved > self.settings.save_every_s or self._stop:
                        self._save()
                        saved = time.monotonic()
                    if self._stop:
                        self.say(f"stopped at step {self.progress.step}; run again to go on")
                        return False
                self.progress.epoch += 1
                self.progress.batch = 0
                self._report()
                self._save()
        return True

    @contextmanager
    def averaged(self) -> Iterator[Family]:
        """The model with its averaged weights, in evaluation mode, for the time of the block."""
        own = {name: value.detach().clone() for name, value in self.model.named_parameters()}
        self._put(self.average)
        self.model.eval()
        try:
            yield self.model
        finally:
            self._put(own)
            self.model.train()

    # -- one step -------------------------------------------------------------------------

    def _batches(self, epoch: int) -> list[NDArray[np.int64]]:
        generator = np.random.default_rng([self.settings.seed, epoch])
        rows = self.epoch_rows(epoch, generator)
        return self.examples.batches(rows, generator)

    def _train_batch(self, rows: NDArray[np.int64], total: int) -> float:
        settings, step = self.settings, self.progress.step
        rank, size = self.replicas.rank, self.replicas.size
        torch.manual_seed((settings.seed * 1_000_003 + step) * size + rank)
        generator = np.random.default_rng([settings.seed, 1, step, rank])
        batch = self.examples.batch(rows[rank::size] if len(rows) >= size else rows)
        length = max(len(ids) for ids in batch.targets)
        modes = self.draw_modes(step / total, generator, length)
        rate = one_cycle(step / total, settings.peak_rate, settings.warmup_share)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        loss, shown = batch_loss(
            self.model,
            batch,
            modes,
            settings.smoothing,
            settings.hard,
            self.progress.baselines,
            settings.coverage_weight,
            settings.pointing_weight,
        )
        if self.extra_loss is not None:
            loss = loss + self.extra_loss(self.model, batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        parameters = dict(self.model.named_parameters())
        self._stop = self.replicas.average(list(parameters.values()), self._asked.stop)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip_norm)
        self.optimizer.step()
        decay = min(settings.average_decay, (1 + step) / (10 + step))
        names = list(self.average)
        torch._foreach_lerp_(
            [self.average[name] for name in names],
            [parameters[name].detach() for name in names],
            1 - decay,
        )
        return shown

    def _log(self, recent: list[float], total: int, pace: float) -> None:
        remaining = (total - self.progress.step) * pace
        mean = sum(recent) / len(recent)
        self.say(
            f"step {self.progress.step}/{total}  epoch {self.progress.epoch + 1}"
            f"/{self.settings.epochs}  -log p {mean:.3f}  {pace:.2f} s a batch"
            f"  {remaining / 60:.0f} min left"
        )

    def _report(self) -> None:
        if self.after_epoch is not None and self.replicas.leads:
            with self.averaged() as model:
                self.say(f"epoch {self.progress.epoch}: {self.after_epoch(model)}")

    # -- state on disk --------------------------------------------------------------------

    def _put(self, values: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                parameter.copy_(values[name])

    def _save(self) -> None:
        if self.replicas.leads:
            save_state(self.folder, self.model, self.average, self.optimizer, self.progress)

    def _resume(self) -> None:
        progress = load_state(self.folder, self.model, self.average, self.optimizer)
        if progress is not None:
            self.progress = progress
            self.say(f"going on from step {progress.step}")


def keep_freed_memory() -> None:
    """Let glibc keep large freed blocks instead of returning them to the kernel each time.

    A batch frees and takes the same buffers of tens of megabytes over and over, and each time the
    kernel would hand them out page by page. Elsewhere than on glibc nothing happens.
    """
    try:
        library = ctypes.CDLL("libc.so.6")
        library.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD
        library.mallopt(-3, 2**25)  # M_MMAP_THRESHOLD, the largest allowed
    except (OSError, AttributeError):
        return


def descend(
    optimizer: torch.optim.Optimizer,
    loss: Tensor,
    share: float,
    peak: float,
    warmup_share: float,
    meet: Callable[[Sequence[nn.Parameter]], None] = lambda parameters: None,
) -> None:
    """One step down a loss after `share` of a training, the gradient's norm clipped to 1.

    meet: may change the gradients before that.
    """
    for group in optimizer.param_groups:
        group["lr"] = one_cycle(share, peak, warmup_share)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    meet(parameters)
    nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()


def one_cycle(share: float, peak: float, warmup_share: float) -> float:
    """Learning rate after `share` of the training: a linear rise, then a half cosine to 0."""
    if share < warmup_share:
        return peak * (0.04 + 0.96 * share / warmup_share)
    falling = (share - warmup_share) / (1 - warmup_share)
    return peak * 0.5 * (1 + math.cos(math.pi * falling))

"""How a captioner learns from photographs: its decoder first, then decoder and eyes together."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from attn_desktop.common.whole_file import set_aside
from attn_desktop.families.base import Family
from attn_desktop.families.captioner import Captioner, CaptionerConfig
from attn_desktop.families.checkpoint import save_checkpoint
from attn_desktop.training.data import Batch
from attn_desktop.training.held_out import held_out_losses, in_words
from attn_desktop.training.looks import seen
from attn_desktop.training.loop import ExtraLoss, LoopSettings, Trainer
from attn_desktop.training.mode_draws import ModeDraws
from attn_desktop.training.photo_eyes import fill
from attn_desktop.training.pictures import SeenTexts, ShownTexts, SomeOfEach
from attn_desktop.training.recipe import Request
from attn_desktop.training.replicas import Replicas
from attn_desktop.training.word_places import load_detectors, open_detectors, said_words

#: Views of each picture that eyes which learn no more look at, and bytes that these looks take.
LOOKS, MOST_BYTES = 5, 4 << 30


@dataclass(frozen=True)
class Stage:
    """A part of a training. blind: the eyes stay as they are, only what reads them learns.

    captions: of each picture at most so many an epoch.
    """

    name: str
    settings: LoopSettings
    modes: ModeDraws
    blind: bool = False
    captions: int = 5


@dataclass
class BestEpoch:
    """Keeps the averaged weights of the epoch that did best on what is held out.

    It counts the mean over the modes of −log p per token.
    """

    folder: Path
    held: Batch
    loss: float = field(init=False, default=float("inf"))

    def __post_init__(self) -> None:
        if self._path.is_file():
            with safe_open(str(self._path), framework="pt") as file:
                self.loss = msgspec.json.decode((file.metadata() or {})["loss"], type=float)

    def __call__(self, model: Family) -> str:
        """Measure a model after an epoch and keep it if it is the best; for the log."""
        losses = held_out_losses(model, self.held)
        loss = sum(losses.values()) / len(losses)
        if loss >= self.loss:
            return in_words(losses)
        self.loss = loss
        weights = {name: value.detach().cpu() for name, value in model.state_dict().items()}
        with set_aside(self._path) as unfinished:
            save_file(weights, unfinished, metadata={"loss": msgspec.json.encode(loss).decode()})
        return f"{in_words(losses)}, the best so far"

    def restore(self, model: nn.Module) -> None:
        """Give a model the best weights."""
        fill(model.state_dict(), self._path, "")

    @property
    def _path(self) -> Path:
        return self.folder / "best.safetensors"


@dataclass(frozen=True, eq=False)
class Course:
    """What all stages have in common: a model, what it learns from, and what is held out."""

    model: Captioner
    config: CaptionerConfig
    texts: ShownTexts
    held: ShownTexts
    request: Request
    replicas: Replicas

    def take(self, stage: Stage, extra_loss: ExtraLoss | None = None) -> bool:
        """Go through a stage, or what is left of it, and save the checkpoint; False when stopped.

        The model is then that of the stage's best epoch.
        """
        say = self.replicas.voice(self.request.say)
        began, folder = time.monotonic(), self.request.out / "training" / stage.name
        for part in (self.model.vision.stages, self.model.vision.annotate):
            part.requires_grad_(not stage.blind)
        pointed = stage.settings.pointing_weight > 0
        if stage.blind:
            texts = self._seen(folder, pointed)
        else:
            texts = self._pointed() if pointed else self.texts
        best = BestEpoch(folder, self.held.batch(self.held.rows))
        trainer = Trainer(
            self.model,
            texts,
            folder,
            stage.settings.of(self.request.epochs, self.request.seed),
            SomeOfEach(texts.owners, stage.captions),
            stage.modes,
            best,
            say,
            self.replicas,
            extra_loss,
        )
        finished = trainer.run()
        self.replicas.wait()
        if finished:
            best.restore(self.model)
            say(f"{stage.name}: {time.monotonic() - began:.0f} s")
            self._save()
        else:
            with trainer.averaged():
                self._save()
        return finished

    def _seen(self, folder: Path, pointed: bool) -> ShownTexts:
        """The texts with what the eyes see, if it is little enough to be kept in a file.

        pointed: whether attention is told where words are seen.
        """
        vision, count = self.model.vision, len(self.texts.pictures)
        rows, columns = vision.config.grid
        size = count * rows * columns * vision.annotate.out_features * 2
        if size > MOST_BYTES:
            return self.texts
        views = LOOKS if self.texts.variety is not None else 1
        say, device = self.replicas.voice(self.request.say), vision.annotate.weight.device
        looks = self.replicas.lead_first(
            lambda: seen(
                vision,
                lambda part: self.texts.squares(np.arange(part.start, part.stop) % count),
                min(views, MOST_BYTES // size) * count,
                folder / "looks.npy",
                say,
            )
        )
        texts = SeenTexts(self.texts, looks, device)
        if not pointed:
            return texts
        said = said_words(self.texts.targets, self.texts.owners)
        detectors = self.replicas.lead_first(
            lambda: open_detectors(looks, said, device, self._detectors, say)
        )
        return texts if detectors is None else texts.pointed(detectors.where)

    def _pointed(self) -> ShownTexts:
        """The texts with what an earlier stage found out of where words are, by its eyes."""
        if not self._detectors.is_file():
            return self.texts
        eyes = copy.deepcopy(self.model.vision).eval().requires_grad_(False)
        detectors = load_detectors(self._detectors, eyes.annotate.weight.device)
        return self.texts.pointed(
            lambda squares, targets, owners: detectors.where(eyes.look(squares), targets, owners)
        )

    @property
    def _detectors(self) -> Path:
        return self.request.out / "training" / "detectors.safetensors"

    def _save(self) -> None:
        if self.replicas.leads:
            save_checkpoint(self.model, self.config, self.request.out)

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from attn_desktop.families.base import Family
from attn_desktop.families.captioner import Captioner
from attn_desktop.families.checkpoint import load_checkpoint
from attn_desktop.families.vision import VisionConfig
from attn_desktop.training import loss, word_places
from attn_desktop.training.data import Batch
from attn_desktop.training.loop import LoopSettings
from attn_desktop.training.mode_draws import ModeDraws
from attn_desktop.training.photo_stages import BestEpoch, Course, Stage
from attn_desktop.training.photo_views import Variety
from attn_desktop.training.photos import Photos, shown_texts, words_of
from attn_desktop.training.recipe import Request
from attn_desktop.training.recipes.photo_captioner import photo_config
from attn_desktop.training.replicas import Replicas

EYES = VisionConfig(side=16, channels=(4, 6), extra=(0, 1), annotation_size=8)
MODES = ModeDraws({"additive/global/soft": 0.5, "none": 0.5}, switch_share=0.0)


def course(folder: Path, said: list[str], variety: Variety | None = None) -> Course:
    draw = np.random.default_rng(0)
    squares = draw.integers(0, 256, (6, 16, 16, 3)).astype(np.uint8)
    photos = Photos(squares, (("a dog", "the dog runs"), ("two men",)) * 3)
    codec = words_of(photos, 1)
    config = photo_config(codec, MODES, EYES)
    torch.manual_seed(0)
    model = Captioner(config, codec)
    texts, held = (
        shown_texts(photos, codec, "cpu", 2, variety),
        shown_texts(photos.first(2), codec, "cpu", 2),
    )
    return Course(model, config, texts, held, Request(None, folder, say=said.append), Replicas())


def stage(**more: Any) -> Stage:
    return Stage("first", LoopSettings(epochs=2, log_every=1), MODES, **more)


def test_blind_the_eyes_stay_and_otherwise_they_learn(tmp_path: Path) -> None:
    for blind in (True, False):
        one = course(tmp_path / str(blind), [])
        eyes = {name: value.clone() for name, value in one.model.vision.named_parameters()}
        words = one.model.target_embedding.weight.detach().clone()
        assert one.take(stage(blind=blind))
        for name, value in one.model.vision.named_parameters():
            taught = name.startswith(("stages.", "annotate."))
            assert torch.equal(value, eyes[name]) == (blind and taught), name
        assert not torch.equal(one.model.target_embedding.weight, words)
        kept = load_checkpoint(tmp_path / str(blind)).model
        assert isinstance(kept, Captioner)


def test_eyes_that_stay_look_only_once_if_that_is_little_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 6 * 4 * 4 * 6 * 2  # bytes of one look at each picture
    for most, views in ((1 << 20, 5), (3 * looks, 3), (looks - 1, 0)):
        monkeypatch.setattr("attn_desktop.training.photo_stages.MOST_BYTES", most)
        folder = tmp_path / str(most)
        one = course(folder, [], Variety())
        assert one.take(stage(blind=True))
        kept = folder / "training" / "first" / "looks.npy"
        assert (len(np.load(kept)) if kept.is_file() else 0) == 6 * views


def test_attention_is_told_where_words_are_if_that_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The squares are noise, so detectors that may be as bad as they like find the words anyhow."""
    for name, value in {"LEAST_PICTURES": 2, "LEAST_EXPLAINED": -9.0, "STEPS": 2}.items():
        monkeypatch.setattr(word_places, name, value)
    for name, value in {"LEAST_LIKELY": 0.0, "LARGEST": 1.0}.items():
        monkeypatch.setattr(word_places, name, value)
    told: list[bool] = []

    def batch_loss(model: Family, batch: Batch, *more: Any) -> Any:
        told.append(batch.where is not None and bool(batch.where.any()))
        return loss.batch_loss(model, batch, *more)

    monkeypatch.setattr("attn_desktop.training.loop.batch_loss", batch_loss)
    for weight in (0.0, 0.2):
        told.clear()
        one, folder = course(tmp_path / str(weight), [], Variety()), tmp_path / str(weight)
        settings = LoopSettings(epochs=1, pointing_weight=weight)
        assert one.take(Stage("first", settings, MODES, blind=True))
        assert told == [weight > 0] * 3
        assert (folder / "training" / "detectors.safetensors").is_file() == (weight > 0)
        assert one.take(Stage("second", settings, MODES))
        assert told == [weight > 0] * 6


def test_a_stage_that_is_finished_is_not_taken_again(tmp_path: Path) -> None:
    said: list[str] = []
    first = course(tmp_path, [])
    assert first.take(stage())
    again = course(tmp_path, said)
    assert again.take(stage())
    assert not any(line.startswith("step") for line in said)
    for one, other in zip(
        first.model.state_dict().values(), again.model.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other)


def test_the_best_epoch_is_kept_and_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([2.0, 1.0, 1.5, 1.2])

    def measured(model: Family, batch: object) -> dict[str, float]:
        return {"none": next(losses)}

    monkeypatch.setattr("attn_desktop.training.photo_stages.held_out_losses", measured)
    model = course(tmp_path, []).model
    best = BestEpoch(tmp_path / "deep" / "er", None)  # type: ignore[arg-type]

    def after(bias: float) -> str:
        with torch.no_grad():
            model.output_bias.fill_(bias)
        return best(model)

    assert after(1.0) == "none 2.000, the best so far"
    assert after(2.0) == "none 1.000, the best so far"
    assert after(3.0) == "none 1.500"
    best.restore(model)
    assert float(model.output_bias.detach()[0]) == 2.0
    best = BestEpoch(tmp_path / "deep" / "er", None)  # type: ignore[arg-type]
    assert best.loss == 1.0
    assert after(4.0) == "none 1.200"

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from attn_desktop.families.vision import Vision, VisionConfig
from attn_desktop.inputs.scene_sets import training_scene
from attn_desktop.inputs.scenes import render
from attn_desktop.training import scene_eyes
from attn_desktop.training.scene_eyes import Heads, open_eyes

SMALL = VisionConfig(side=56, channels=(16, 32, 48), extra=(0, 1, 0), annotation_size=48)


def test_the_loss_is_the_weighted_cross_entropy_of_every_attribute() -> None:
    torch.manual_seed(0)
    heads = Heads(6).double().requires_grad_(False)
    annotations = torch.randn(2, 5, 6, dtype=torch.float64)
    labels = torch.randint(0, 3, (2, 4, 5))
    loss, share = heads.loss(annotations, labels)
    wanted, right, objects = 0.0, 0, 0
    for place, head in enumerate(heads.of):
        logs = torch.log_softmax(head(annotations), dim=2)
        weights = torch.where(labels[:, place] == 0, scene_eyes.GROUND_WEIGHT, 1.0).double()
        chosen = logs.gather(2, labels[:, place].unsqueeze(2)).squeeze(2)
        wanted -= float((weights * chosen).sum() / weights.sum())
    for row in range(2):
        for region in range(5):
            if labels[row, 0, region] != 0:
                objects += 1
                right += all(
                    int(head(annotations)[row, region].argmax()) == int(labels[row, place, region])
                    for place, head in enumerate(heads.of)
                )
    assert float(loss) == pytest.approx(wanted, rel=1e-8)
    assert float(share) == pytest.approx(right / objects)


def test_eyes_learn_and_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene_eyes, "STEPS", 60)
    monkeypatch.setattr(scene_eyes, "SAY_EVERY", 30)
    monkeypatch.setattr(scene_eyes, "PICTURES_AT_ONCE", 8)
    pictures = np.stack([np.asarray(render(training_scene(n), SMALL.side)) for n in range(8)])
    torch.manual_seed(0)
    vision, said = Vision(SMALL, 0.0), list[str]()
    path = tmp_path / "eyes.safetensors"
    open_eyes(vision, pictures, path, said.append)
    losses = [float(line.split("loss ")[1].split()[0]) for line in said]
    assert len(losses) == 2
    assert losses[1] < 0.95 * losses[0]

    other = Vision(SMALL, 0.0)
    open_eyes(other, pictures, path, said.append)  # taken from the file
    assert len(said) == 2
    for name, value in vision.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])

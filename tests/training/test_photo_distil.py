from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch
from torch.nn import functional

from attn_desktop.common.errors import InputError
from attn_desktop.families.vision import Vision, VisionConfig
from attn_desktop.training import photo_distil
from attn_desktop.training.photo_distil import (
    Lessons,
    Sights,
    Standard,
    load_taught,
    measure,
    save_taught,
    teach,
)
from attn_desktop.training.photo_teachers import Layer, MobileNet, SqueezeNet
from attn_desktop.training.photo_views import Variety
from tests.toy_teachers import LAYERS, mobilenet_arrays, squeezenet_arrays

EYES = VisionConfig(
    side=32, channels=(8, 12, 16), extra=(0, 1, 1), annotation_size=24, normed=False
)


def lessons() -> Lessons:
    strong = MobileNet(msgspec.convert(LAYERS, tuple[Layer, ...]), mobilenet_arrays())
    strong.side = 16
    return Lessons(strong, SqueezeNet(squeezenet_arrays()), EYES.annotation_size, EYES.grid)


def pictures(count: int) -> torch.Tensor:
    draw = torch.Generator().manual_seed(count)
    patches = torch.randint(0, 256, (count, 3, 4, 4), generator=draw).float()
    large = functional.interpolate(patches, (32, 32), mode="bilinear")
    return large.permute(0, 2, 3, 1).to(torch.uint8)


def test_standard_channels() -> None:
    torch.manual_seed(0)
    standard, values = Standard(3), torch.randn(400, 5, 3) * torch.tensor([2.0, 1.0, 1e-4]) + 4
    standard.survey(values)
    found = standard(values).flatten(0, 1)
    torch.testing.assert_close(found.mean(dim=0), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(found[:, :2].std(dim=0), torch.ones(2), atol=1e-4, rtol=0)
    assert found[:, 2].std() < 0.01  # a channel that says next to nothing does not count as one
    torch.testing.assert_close(standard.undo(standard(values)), values)


def test_the_parts_of_the_loss_by_hand() -> None:
    torch.manual_seed(0)
    course = lessons().requires_grad_(False)
    seen = torch.rand(2, 3, 32, 32) * 255
    course.survey([torch.rand(4, 3, 32, 32) * 255])
    taught = course.taught(seen)
    assert taught["regions"].shape == (2, 16, 5)
    assert taught["texture"].shape == (2, 16, 6)
    annotations = torch.randn(2, 16, 24)
    parts = course(annotations, taught)

    def error(answer: torch.Tensor, name: str) -> float:
        standard = course.get_submodule(name)
        wanted = (taught[name] - standard.mean) / standard.deviation  # type: ignore[operator]
        return float(((answer - wanted) ** 2).sum() / answer.numel())

    assert float(parts["regions"]) == pytest.approx(
        error(course.to_regions(annotations), "regions")
    )
    assert float(parts["texture"]) == pytest.approx(
        error(course.to_texture(annotations), "texture")
    )
    whole = course.to_whole(annotations.mean(dim=1))
    assert float(parts["whole"]) == pytest.approx(error(whole, "whole"))
    own = whole * course.whole.deviation + course.whole.mean
    p = torch.softmax(taught["classes"], dim=1)
    q = torch.softmax(course.strong.classify(own), dim=1)
    assert float(parts["classes"]) == pytest.approx(float((p * (p / q).log()).sum() / 2), abs=1e-6)


def test_the_teachers_are_not_taught() -> None:
    course = lessons()
    assert all(not name.startswith(("strong.", "fine.")) for name in course.learnt())
    assert not list(course.strong.parameters())
    assert not list(course.fine.parameters())


def test_a_pupil_learns_keeps_and_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"STEPS": 90, "PICTURES_AT_ONCE": 16, "SAY_EVERY": 30}.items():
        monkeypatch.setattr(photo_distil, name, value)
    monkeypatch.setattr(photo_distil, "VARIETY", Variety(zoom=(0.6, 1.0), paste=0.2))
    torch.manual_seed(0)
    vision, course, said = Vision(EYES, 0.3), lessons(), list[str]()
    unseen = pictures(21)
    sights = Sights([pictures(40), pictures(9)], (0.75, 0.25))
    teach(vision, course, sights, unseen, said.append)
    regions = [float(line.split("regions ")[1].split()[0]) for line in said]
    assert len(regions) == 1 + 3 + 1
    assert regions[3] < 0.9 * regions[0]
    assert regions[-1] < 0.95  # 1 is what the mean of each channel would be off

    path = tmp_path / "training" / "eyes.safetensors"
    save_taught(vision, course, path)
    other, others = Vision(EYES, 0.3), lessons()
    load_taught(other, others, path)
    assert measure(other, others, unseen) == measure(vision, course, unseen)
    wide = Vision(msgspec.structs.replace(EYES, channels=(9, 12, 16)), 0.3)
    with pytest.raises(
        InputError, match=r"eyes.safetensors: tensor 'vision.stages.0.halve.weight'"
    ):
        load_taught(wide, others, path)


def test_sights_are_drawn_by_their_shares() -> None:
    dark, bright = torch.zeros(5, 8, 8, 3), torch.full((5, 8, 8, 3), 200)
    sights = Sights([dark.to(torch.uint8), bright.to(torch.uint8)], (0.7, 0.3))
    plain = Variety(mirror=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(photo_distil, "VARIETY", plain)
        drawn = sights.draw(20)
    assert drawn.shape == (20, 3, 8, 8)
    is_bright = drawn.mean(dim=(1, 2, 3)) > 100
    assert int(is_bright.sum()) == 6
    assert not bool(is_bright[:14].logical_not().all())  # in an order that is drawn

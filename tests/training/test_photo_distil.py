from __future__ import annotations

import pytest
import torch

from attn_desktop.training.photo_distil import CACHED, Standard
from tests.toy_lessons import lessons, pictures


def test_standard_channels() -> None:
    torch.manual_seed(0)
    standard, values = Standard(3), torch.randn(400, 5, 3) * torch.tensor([2.0, 1.0, 1e-4]) + 4
    standard.survey(values)
    found = standard(values).flatten(0, 1)
    torch.testing.assert_close(found.mean(dim=0), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(found[:, :2].std(dim=0), torch.ones(2), atol=1e-4, rtol=0)
    assert found[:, 2].std() < 0.01  # a channel that says next to nothing does not count as one
    standard.survey(torch.ones(4, 3))  # and one that never says anything divides nothing by 0
    assert bool(standard(torch.ones(4, 3)).isfinite().all())
    torch.testing.assert_close(standard.undo(standard(values)), values)


def test_the_parts_of_the_loss_by_hand() -> None:
    torch.manual_seed(0)
    course = lessons().requires_grad_(False)
    seen = pictures(2).permute(0, 3, 1, 2).float()
    course.survey([pictures(4).permute(0, 3, 1, 2).float()])
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
    assert set(course.heads()) == {
        *("regions", "texture", "whole"),
        *("to_regions", "to_texture", "to_whole"),
    }
    assert not list(course.strong.parameters())
    assert not list(course.fine.parameters())


def test_many_views_are_taught_like_each_alone() -> None:
    course, seen = lessons(), pictures(2 * CACHED + 1).permute(0, 3, 1, 2).float()
    together = course.taught(seen)
    for row in range(len(seen)):
        for name, alone in course.taught(seen[row : row + 1]).items():
            # On some processors a teacher computes with eight significant bits.
            scale = float(together[name].abs().max())
            torch.testing.assert_close(together[name][row], alone[0], rtol=0, atol=0.02 * scale)

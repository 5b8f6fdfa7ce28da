from __future__ import annotations

import torch
from torch import nn

from attn_desktop.families.vision import Vision, VisionConfig
from attn_desktop.training.batch_norm import fold_norms, insert_norms

CONFIG = VisionConfig(side=16, channels=(4, 6), extra=(1, 2), annotation_size=7, normed=False)


def test_what_is_folded_computes_the_same() -> None:
    torch.manual_seed(0)
    vision = Vision(CONFIG, 0.0)
    names = list(vision.state_dict())
    insert_norms(vision)
    norms = [part for part in vision.modules() if isinstance(part, nn.BatchNorm2d)]
    assert len(norms) == 2 + 3
    pixels = torch.rand(6, 16, 16, 3) * 255
    for _ in range(20):
        vision(pixels)
    for norm in norms:
        nn.init.normal_(norm.weight, 1, 0.3)
        nn.init.normal_(norm.bias, 0, 0.3)
    vision.eval()
    before = vision(pixels[:3]).states
    fold_norms(vision)
    assert list(vision.state_dict()) == names
    after = vision(pixels[:3]).states
    assert before.std() > 0.01
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-5)


def test_what_has_learnt_computes_the_same_with_norms() -> None:
    torch.manual_seed(0)
    vision = Vision(CONFIG, 0.0)
    pixels = torch.rand(6, 16, 16, 3) * 255
    before = vision(pixels).states
    insert_norms(vision, pixels)
    torch.testing.assert_close(vision(pixels).states, before, rtol=1e-4, atol=1e-4)  # of the batch
    vision.eval()
    other = torch.rand(2, 16, 16, 3) * 200
    kept = vision(other).states  # of the running means, which are no batch's
    fold_norms(vision)
    torch.testing.assert_close(vision(other).states, kept, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(vision(pixels).states, before, rtol=1e-3, atol=1e-3)


def test_a_normed_encoder_has_other_weights() -> None:
    """Which is how a checkpoint of before, whose config does not say, goes on to load."""
    plain = set(Vision(CONFIG, 0.0).state_dict())
    normed = set(Vision(VisionConfig(side=16, channels=(4, 6), extra=(1, 2)), 0.0).state_dict())
    assert normed - plain == {
        *(f"stages.{stage}.norm.{part}" for stage in (0, 1) for part in ("weight", "bias")),
        *(
            f"stages.{stage}.extra.{block}.1.{part}"
            for stage, block in ((0, 0), (1, 0), (1, 1))
            for part in ("weight", "bias")
        ),
    }

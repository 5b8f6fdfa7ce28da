from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from attn_desktop.families.vision import Vision, VisionConfig
from attn_desktop.training.looks import seen


def test_pictures_are_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attn_desktop.training.looks.AT_ONCE", 3)
    vision = Vision(VisionConfig(side=8, channels=(4,), extra=(0,), annotation_size=6), 0.0)
    pictures, asked = torch.randint(0, 256, (7, 8, 8, 3), dtype=torch.uint8), list[slice]()

    def squares(part: slice) -> torch.Tensor:
        asked.append(part)
        return pictures[part]

    said: list[str] = []
    for _ in range(2):
        looks = seen(vision, squares, 7, tmp_path / "new" / "looks.npy", said.append)
        wanted = vision.look(pictures).detach().half().numpy()
        np.testing.assert_allclose(looks, wanted, atol=1e-3)
    assert asked == [slice(0, 3), slice(3, 6), slice(6, 7)]
    assert said == ["looked at 7 pictures"]

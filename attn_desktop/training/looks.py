"""What eyes that learn no more see in pictures: looked at once, and kept in a file.

Shapes: N looks of m × n regions, H − 2 features of each.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from attn_desktop.common.whole_file import set_aside
from attn_desktop.families.vision import Vision

AT_ONCE = 128


def seen(
    vision: Vision,
    squares: Callable[[slice], Tensor],
    count: int,
    path: Path,
    say: Callable[[str], None],
) -> NDArray[np.float16]:
    """What the eyes see in each of `count` squares: (N, m, n, H − 2), mapped from a file.

    squares: those of a slice, (B, side, side, 3). They are looked at where the file is not there
    yet.
    """
    if not path.is_file():
        device = vision.annotate.weight.device
        shape = (count, *vision.config.grid, vision.annotate.out_features)
        with set_aside(path) as unfinished, torch.no_grad():
            looks = np.lib.format.open_memmap(unfinished, mode="w+", dtype=np.float16, shape=shape)
            for start in range(0, count, AT_ONCE):
                part = slice(start, min(start + AT_ONCE, count))
                looks[part] = vision.look(squares(part).to(device)).half().cpu().numpy()
            looks.flush()
        say(f"looked at {count:,} pictures")
    mapped: NDArray[np.float16] = np.load(path, mmap_mode="r")
    return mapped

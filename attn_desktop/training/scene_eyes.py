"""Eyes that can see before they are asked to speak: recognising what is in each region of a scene.

As captioners elsewhere begin with a network that was taught to classify photographs (Xu et al.
2015, section 3.1.1), the convolutional encoder first learns to name the attributes of the object
in each region. Nothing here tells attention where to look.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from attn_desktop.common.whole_file import set_aside
from attn_desktop.families.vision import Vision
from attn_desktop.inputs.scene_objects import ATTRIBUTES
from attn_desktop.inputs.scene_sets import NOTHING, labels_of
from attn_desktop.training.loop import descend
from attn_desktop.training.side_by_side import side_by_side

STEPS, PICTURES_AT_ONCE, PEAK_RATE = 3000, 128, 2e-3
#: Most regions are ground, which is soon told from objects.
GROUND_WEIGHT = 0.15
SAY_EVERY = 100


class Heads(nn.Module):
    """What an annotation (…, H) says of each attribute: logits, of no object first."""

    def __init__(self, annotation_size: int) -> None:
        super().__init__()
        self.of = nn.ModuleList(
            nn.Linear(annotation_size, 1 + len(values)) for values in ATTRIBUTES.values()
        )

    def loss(self, annotations: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted cross-entropy, and the share of object regions with all attributes right.

        annotations: (B, S, H). labels: (B, attributes, S).
        """
        total = annotations.new_zeros(())
        right = torch.ones_like(labels[:, 0], dtype=torch.bool)
        for place, head in enumerate(self.of):
            logits, wanted = head(annotations), labels[:, place]
            weights = logits.new_ones(logits.shape[-1])
            weights[NOTHING] = GROUND_WEIGHT
            total = total + functional.cross_entropy(logits.transpose(1, 2), wanted, weights)
            right &= logits.argmax(dim=2) == wanted
        objects = labels[:, 0] != NOTHING
        return total, right[objects].float().mean()


def open_eyes(
    vision: Vision, pictures: NDArray[np.uint8], path: Path, say: Callable[[str], None]
) -> None:
    """Teach the encoder to recognise objects, or take what an earlier run has learnt.

    pictures: (P, side, side, 3), those of the first P scenes. path: where the weights are kept.
    """
    if not path.is_file():
        _learn(vision, pictures, say)
        weights = {name: value.contiguous() for name, value in vision.state_dict().items()}
        with set_aside(path) as unfinished:
            save_file(weights, unfinished)
    vision.load_state_dict(load_file(path))


def _learn(vision: Vision, pictures: NDArray[np.uint8], say: Callable[[str], None]) -> None:
    device = vision.annotate.weight.device
    of_grid = partial(labels_of, vision.config.grid)
    labels = torch.from_numpy(np.concatenate(list(side_by_side(of_grid, len(pictures)))))
    heads = Heads(vision.config.annotation_size).to(device)
    parameters = [*vision.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=PEAK_RATE, weight_decay=0.01)
    generator = np.random.default_rng(1)
    shares: list[Tensor] = []
    for step in range(STEPS):
        rows = np.sort(generator.choice(len(pictures), PICTURES_AT_ONCE, replace=False))
        memory = vision(torch.from_numpy(pictures[rows]).to(device))
        loss, share = heads.loss(memory.states, labels[torch.from_numpy(rows)].to(device).long())
        descend(optimizer, loss, step / STEPS, PEAK_RATE, 0.1)
        shares.append(share)
        if (step + 1) % SAY_EVERY == 0:
            say(
                f"eyes {step + 1}/{STEPS}  loss {float(loss.detach()):.3f}  "
                f"{float(torch.stack(shares).mean()):.1%} of object regions named in full"
            )
            shares.clear()

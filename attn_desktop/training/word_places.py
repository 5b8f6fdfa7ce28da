"""In which regions the words of captions can be seen, learnt from the captions alone.

A detector for each word scores every region, and a picture by little more than its best regions, so
that captions which only say that there is a dog teach what a dog looks like and so where it is
(Fang et al. 2015, From captions to visual concepts and back). What they find tells attention where
to look (Liu et al. 2017, Attention correctness in neural image captioning).
Shapes: B pictures, S regions, F features of a region, W words, R texts, T steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from attn_desktop.common.whole_file import set_aside
from attn_desktop.training.loop import descend

STEPS, PICTURES_AT_ONCE, PEAK_RATE, WEIGHT_DECAY = 1000, 64, 2e-3, 0.02
HIDDEN, DROPOUT = 256, 0.2
#: r of the pooling: 0 is the mean of the regions, infinity the best one.
SHARPNESS = 5.0
#: A word is tried that is said of so many pictures, and of no more than this share of them.
LEAST_PICTURES, MOST_SAID = 50, 0.5
#: One picture in so many is kept to see whether a word can be told from what is seen: from it at
#: least this share of what is unknown without looking.
KEPT_EVERY, LEAST_EXPLAINED = 10, 0.04
#: Where a word is: regions at least so likely as a share of the likeliest, of a picture that is so
#: likely to show it; more than this share of the regions are no place.
OF_BEST, LEAST_LIKELY, LARGEST = 0.5, 0.1, 0.3


class Detectors(nn.Module):
    """One for each word. features: F. words: (W,) their ids."""

    def __init__(self, features: int, words: NDArray[np.int64]) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Dropout(DROPOUT), nn.Linear(features, HIDDEN), nn.ReLU(), nn.Dropout(DROPOUT)
        )
        self.last = nn.Linear(HIDDEN, len(words))
        self.register_buffer("words", torch.from_numpy(words))

    def forward(self, looks: Tensor) -> Tensor:
        """What was seen (B, m, n, F) to the logit of each word in each region, (B, S, W)."""
        logits: Tensor = self.last(self.layers(looks.flatten(1, 2)))
        return logits

    def of_pictures(self, logits: Tensor) -> Tensor:
        """(B, S, W) to the logits of words of pictures (B, W): log(mean_j exp(r z_j)) / r.

        Pinheiro and Collobert 2015, From image-level to pixel-level labeling, equation 2.
        """
        pooled = torch.logsumexp(SHARPNESS * logits, dim=1) - math.log(logits.shape[1])
        return pooled / SHARPNESS

    @torch.no_grad()
    def where(
        self, looks: Tensor, targets: Sequence[NDArray[np.int64]], owners: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """The regions (R, T, S) in which each word of each text is seen, if it is anywhere.

        looks: (B, m, n, F). targets: R texts of ids. owners: (R,) the picture of each.
        """
        logits = self(looks)
        likely = torch.sigmoid(logits)
        places = (likely >= OF_BEST * likely.amax(dim=1, keepdim=True)).cpu().numpy()
        sure = torch.sigmoid(self.of_pictures(logits)).cpu().numpy() >= LEAST_LIKELY
        sure &= places.mean(axis=1) <= LARGEST
        found = places.swapaxes(1, 2) & sure[:, :, None]  # (B, W, S)
        found = np.pad(found, ((0, 0), (0, 1), (0, 0)))  # the last: no word of these
        words = self.get_buffer("words").cpu().numpy()
        column = np.full(max(words.max(initial=0), *(ids.max() for ids in targets)) + 1, len(words))
        column[words] = np.arange(len(words))
        told = np.zeros((len(targets), max(map(len, targets)), places.shape[1]), dtype=np.bool_)
        for row, (ids, owner) in enumerate(zip(targets, owners, strict=True)):
            told[row, : len(ids)] = found[owner, column[ids]]
        return told


def open_detectors(
    looks: NDArray[np.float16],
    said: NDArray[np.bool_],
    device: torch.device,
    path: Path,
    say: Callable[[str], None],
) -> Detectors | None:
    """Let detectors learn, or take those that an earlier run kept in a file.

    None where no word can be told from what is seen.

    looks: (V · P, m, n, F), all pictures in one view after the other. said: (P, ids) whether a word
    is said of a picture.
    """
    if not path.is_file():
        kept = _learn(looks, said, device, say)
        if kept is None:
            return None
        with set_aside(path) as unfinished:
            save_file({name: value.cpu() for name, value in kept.state_dict().items()}, unfinished)
    return load_detectors(path, device)


def load_detectors(path: Path, device: torch.device) -> Detectors:
    """What `open_detectors` kept in a file."""
    tensors = load_file(path)
    detectors = Detectors(tensors["layers.1.weight"].shape[1], tensors["words"].numpy())
    detectors.load_state_dict(tensors)
    return detectors.to(device).eval()


def said_words(
    targets: Sequence[NDArray[np.int64]], owners: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """(P, ids): whether any text of a picture has an id. owners: (R,) the picture of each text."""
    said = np.zeros((owners.max() + 1, max(ids.max() for ids in targets) + 1), dtype=np.bool_)
    for ids, owner in zip(targets, owners, strict=True):
        said[owner, ids] = True
    return said


def _learn(
    looks: NDArray[np.float16],
    said: NDArray[np.bool_],
    device: torch.device,
    say: Callable[[str], None],
) -> Detectors | None:
    """Detectors of the words that can be told from what is seen."""
    count, generator = len(said), np.random.default_rng(1)
    times = said.sum(axis=0)
    tried = np.flatnonzero((times >= LEAST_PICTURES) & (times <= MOST_SAID * count))
    if not len(tried):
        return None
    torch.manual_seed(1)
    detectors = Detectors(looks.shape[3], tried).to(device)
    shares = torch.from_numpy(said[:, tried].mean(axis=0)).float().to(device)
    with torch.no_grad():
        detectors.last.bias.copy_(torch.logit(shares))
    optimizer = torch.optim.AdamW(detectors.parameters(), PEAK_RATE, weight_decay=WEIGHT_DECAY)
    pictures = np.arange(count)
    learnt, kept = pictures[pictures % KEPT_EVERY > 0], pictures[pictures % KEPT_EVERY == 0]
    for step in range(STEPS):
        rows = generator.choice(learnt, PICTURES_AT_ONCE)
        views = generator.integers(len(looks) // count, size=len(rows))
        seen = torch.from_numpy(looks[views * count + rows]).to(device).float()
        wanted = torch.from_numpy(said[rows][:, tried]).to(device).float()
        logits = detectors.of_pictures(detectors(seen))
        loss = functional.binary_cross_entropy_with_logits(logits, wanted)
        descend(optimizer, loss, step / STEPS, PEAK_RATE, 0.1)
    explained = _explained(detectors.eval(), looks[kept], said[kept][:, tried], shares)
    told = np.flatnonzero(explained >= LEAST_EXPLAINED)
    say(f"{len(told)} of {len(tried)} words can be told from what is seen")
    if not len(told):
        return None
    chosen = Detectors(looks.shape[3], tried[told])
    for name, value in chosen.state_dict().items():
        whole = detectors.state_dict()[name].cpu()
        value.copy_(whole if value.shape == whole.shape else whole[told])
    return chosen


@torch.no_grad()
def _explained(
    detectors: Detectors, looks: NDArray[np.float16], said: NDArray[np.bool_], shares: Tensor
) -> NDArray[np.floating]:
    """Of each word, the share of its cross-entropy without looking that looking saves, (W,)."""
    device = shares.device
    logits = torch.cat(
        [
            detectors.of_pictures(detectors(torch.from_numpy(part).to(device).float()))
            for part in np.array_split(looks, math.ceil(len(looks) / PICTURES_AT_ONCE))
        ]
    )
    wanted = torch.from_numpy(said).to(device).float()
    blind = torch.logit(shares).expand_as(logits)
    errors = [
        functional.binary_cross_entropy_with_logits(given, wanted, reduction="none").mean(dim=0)
        for given in (logits, blind)
    ]
    return (1 - errors[0] / errors[1]).cpu().numpy()

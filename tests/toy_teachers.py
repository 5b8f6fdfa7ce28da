"""A small folder of data like the one `photo-captioner` reads: weights and pictures are noise."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.toy_photos import caption_table, zip_of

SIDE = 56
CAPTIONS = ("a dog runs on grass .", "two men sit , here", "the red car stands")


def _layer(op: str, inputs: list[int], output: int, **more: Any) -> dict[str, Any]:
    return {"op": op, "inputs": inputs, "output": output, **more}


def _convolution(kind: str, before: int, weights: str, act: str, **more: Any) -> dict[str, Any]:
    given = {"stride": 1, "padding": "SAME", "act": act, "weights": weights} | more
    return _layer(kind, [before], before + 1, **given)


#: An inverted residual, a strided block with its own padding, and the head, as in layers.json.
LAYERS: list[dict[str, Any]] = [
    _layer("IDENTITY", [0], 1),
    _convolution("CONV_2D", 1, "00", "relu6", stride=2),
    _convolution("DEPTHWISE_CONV_2D", 2, "01", "relu6"),
    _convolution("CONV_2D", 3, "02", "none"),
    _layer("ADD", [2, 4], 5, act="none"),
    _layer("PAD", [5], 6, paddings=[[0, 0], [0, 1], [0, 1], [0, 0]]),
    _convolution("DEPTHWISE_CONV_2D", 6, "03", "relu6", stride=2, padding="VALID"),
    _convolution("CONV_2D", 7, "04", "none"),
    _convolution("CONV_2D", 8, "05", "relu6", padding="VALID"),
    _layer("MEAN", [9], 10),
    _layer("FULLY_CONNECTED", [10], 11, weights="06"),
    _layer("SOFTMAX", [11], 12),
]
SHAPES = {
    "00": (3, 3, 3, 4),
    "01": (3, 3, 4),
    "02": (1, 1, 4, 4),
    "03": (3, 3, 4),
    "04": (1, 1, 4, 5),
    "05": (1, 1, 5, 7),
    "06": (7, 6),
}


def mobilenet_arrays() -> dict[str, NDArray[Any]]:
    """Eight-bit weights for `LAYERS`."""
    draw = np.random.default_rng(0)
    arrays: dict[str, NDArray[Any]] = {}
    for name, shape in SHAPES.items():
        arrays[f"{name}_Wq"] = draw.integers(-127, 128, shape).astype(np.int8)
        arrays[f"{name}_scale"] = draw.uniform(0.002, 0.01, shape[-1]).astype(np.float32)
        arrays[f"{name}_bias"] = draw.normal(0, 0.3, shape[-1]).astype(np.float32)
    return arrays


def squeezenet_arrays() -> dict[str, NDArray[Any]]:
    """Weights of a SqueezeNet with few channels."""
    draw = np.random.default_rng(1)
    arrays: dict[str, NDArray[Any]] = {}

    def add(name: str, size: int, before: int, after: int) -> None:
        shape = (size, size, before, after)
        scale = (2 / (size * size * before)) ** 0.5
        arrays[f"{name}_W"] = draw.normal(0, scale, shape).astype(np.float32)
        arrays[f"{name}_b"] = draw.normal(0, 0.1, after).astype(np.float32)

    add("conv1", 3, 3, 4)
    for fire in range(2, 10):
        add(f"fire{fire}_squeeze1x1", 1, 4 if fire == 2 else 6, 2)
        add(f"fire{fire}_expand1x1", 1, 2, 3)
        add(f"fire{fire}_expand3x3", 3, 2, 3)
    return arrays


def jpeg(seed: int) -> bytes:
    """A picture of large patches."""
    patches = np.random.default_rng(seed).integers(0, 256, (4, 4, 3)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(patches).resize((SIDE, SIDE), Image.Resampling.NEAREST).save(file, "JPEG")
    return file.getvalue()


def write_pictures(folder: Path, splits: dict[str, int]) -> None:
    """A zip file of so many pictures of each split, and captions.tsv.gz with two of each.

    With a split "" and no other, the table has no column of splits.
    """
    names = [split for split, count in splits.items() for _ in range(count)]
    zip_of(folder / "images_00.zip", {f"{n:03}.jpg": jpeg(n) for n in range(len(names))})
    rows = [
        (f"{number:03}.jpg", CAPTIONS[place], split)
        for number, split in enumerate(names)
        for place in (0, 1 + number % 2)
    ]
    columns = ("image", "caption", "split")[: 3 if any(names) else 2]
    table = folder / "captions.tsv.gz"
    caption_table(table, [row[: len(columns)] for row in rows], columns)


def write_data(folder: Path) -> None:
    """All that the recipe reads."""
    write_pictures(folder / "flickr8k_160", {"train": 6, "dev": 3, "none": 2, "test": 2})
    small = np.random.default_rng(5).integers(0, 256, (5, 32, 32, 3)).astype(np.uint8)
    for name, file, arrays in (
        ("mobilenet_v2_int8", "mobilenet_v2_int8", mobilenet_arrays()),
        ("squeezenet_v1_1", "squeezenet_v1_1_notop", squeezenet_arrays()),
        ("cifar10_subset", "cifar10_subset", {"train_images": small}),
    ):
        (folder / name).mkdir()
        np.savez(folder / name / f"{file}.npz", **arrays)
    (folder / "mobilenet_v2_int8" / "layers.json").write_text(json.dumps(LAYERS))

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from attn_desktop.common.errors import InputError
from attn_desktop.training.photo_teachers import (
    Layer,
    MobileNet,
    SqueezeNet,
    open_mobilenet,
    open_squeezenet,
)
from tests.toy_teachers import LAYERS, mobilenet_arrays, squeezenet_arrays, write_data

Array = NDArray[np.float64]


def convolve(
    values: Array, weight: Array, bias: Array, stride: int, before: int, after: int
) -> Array:
    """Plain loops; values (h, w, in), weight (kh, kw, in, out), zeros around both axes."""
    values = np.pad(values, ((before, after), (before, after), (0, 0)))
    height, width = weight.shape[:2]
    rows = (values.shape[0] - height) // stride + 1
    columns = (values.shape[1] - width) // stride + 1
    result = np.zeros((rows, columns, weight.shape[3]))
    for r in range(rows):
        for c in range(columns):
            window = values[r * stride : r * stride + height, c * stride : c * stride + width]
            result[r, c] = np.einsum("hwi,hwio->o", window, weight) + bias
    return result


def depthwise(weight: Array) -> Array:
    """(kh, kw, C) as a full kernel (kh, kw, C, C)."""
    full = np.zeros((*weight.shape, weight.shape[2]))
    for channel in range(weight.shape[2]):
        full[:, :, channel, channel] = weight[:, :, channel]
    return full


def pool(values: Array) -> Array:
    """Maximum of 3 × 3 with stride 2."""
    rows, columns = ((size - 3) // 2 + 1 for size in values.shape[:2])
    return np.array(
        [
            [values[2 * r : 2 * r + 3, 2 * c : 2 * c + 3].max(axis=(0, 1)) for c in range(columns)]
            for r in range(rows)
        ]
    )


def picture(side: int) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (side, side, 3)).astype(np.uint8)


def tensor(pixels: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].double()


def mobilenet() -> MobileNet:
    return MobileNet(msgspec.convert(LAYERS, tuple[Layer, ...]), mobilenet_arrays()).double()


def relu6(values: Array) -> Array:
    return values.clip(0, 6)


@pytest.mark.parametrize("side", [16, 17])
def test_mobilenet_is_what_plain_loops_compute(side: int) -> None:
    """An even side is padded at its end only where a stride of 2 asks for SAME."""
    arrays = mobilenet_arrays()
    weights = {
        name: arrays[f"{name}_Wq"].astype(np.float64) * arrays[f"{name}_scale"].astype(np.float64)
        for name in ("00", "01", "02", "03", "04", "05", "06")
    }
    biases = {name: arrays[f"{name}_bias"].astype(np.float64) for name in weights}
    pixels = picture(side)
    values = pixels / 127.5 - 1
    first = relu6(convolve(values, weights["00"], biases["00"], 2, side % 2, 1))
    inner = relu6(convolve(first, depthwise(weights["01"]), biases["01"], 1, 1, 1))
    added = first + convolve(inner, weights["02"], biases["02"], 1, 0, 0)
    # PAD puts a row and a column of zeros at the end of both axes.
    halved = relu6(convolve(added, depthwise(weights["03"]), biases["03"], 2, 0, 1))
    regions = convolve(halved, weights["04"], biases["04"], 1, 0, 0)
    pooled = relu6(convolve(regions, weights["05"], biases["05"], 1, 0, 0)).mean(axis=(0, 1))
    logits = pooled @ weights["06"] + biases["06"]

    model = mobilenet()
    found = model(tensor(pixels))
    assert found.shape == (1, 5, *regions.shape[:2])
    np.testing.assert_allclose(found[0].permute(1, 2, 0), regions, rtol=1e-5, atol=1e-5)
    whole = model.pool(found)
    classes = model.classify(whole)
    np.testing.assert_allclose(whole[0], pooled, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(classes[0], logits, rtol=1e-5, atol=1e-5)
    assert model.sizes == (5, 7)


def test_squeezenet_is_what_plain_loops_compute() -> None:
    arrays = {name: array.astype(np.float64) for name, array in squeezenet_arrays().items()}
    pixels = picture(47)

    def layer(name: str, values: Array, stride: int = 1, padding: int = 0) -> Array:
        weight, bias = arrays[f"{name}_W"], arrays[f"{name}_b"]
        return convolve(values, weight, bias, stride, padding, padding).clip(min=0)

    blue_first = pixels[:, :, ::-1] - np.array([104.006, 116.669, 122.679])
    values = pool(layer("conv1", blue_first, stride=2))
    for fire in range(2, 10):
        squeezed = layer(f"fire{fire}_squeeze1x1", values)
        ones = layer(f"fire{fire}_expand1x1", squeezed)
        threes = layer(f"fire{fire}_expand3x3", squeezed, padding=1)
        values = np.concatenate([ones, threes], axis=2)
        if fire in (3, 5):
            values = pool(values)
    model = SqueezeNet(squeezenet_arrays()).double()
    found = model(tensor(pixels))
    assert found.shape == (1, model.size, *values.shape[:2])
    np.testing.assert_allclose(found[0].permute(1, 2, 0), values, rtol=1e-4, atol=1e-4)


def test_the_sides_give_as_many_regions_as_they_say() -> None:
    with torch.no_grad():
        fine = SqueezeNet(squeezenet_arrays())
        assert fine(torch.zeros(1, 3, fine.side, fine.side)).shape[2:] == (10, 10)


def test_what_is_missing_or_unknown_is_named(tmp_path: Path) -> None:
    write_data(tmp_path)
    assert open_mobilenet(tmp_path / "mobilenet_v2_int8").sizes == (5, 7)
    assert open_squeezenet(tmp_path / "squeezenet_v1_1").size == 6
    with pytest.raises(InputError, match=r"squeezenet_v1_1_notop.npz: cannot be read"):
        open_squeezenet(tmp_path)
    with pytest.raises(InputError, match=r"layers.json: cannot be read"):
        open_mobilenet(tmp_path)
    arrays = squeezenet_arrays()
    del arrays["fire4_expand3x3_b"]
    with pytest.raises(InputError, match="'fire4_expand3x3_b'"):
        SqueezeNet(arrays)
    layers = msgspec.convert([*LAYERS, {"op": "TANH", "inputs": [1], "output": 2}], list[Layer])
    with pytest.raises(InputError, match="unknown operation 'TANH'"):
        MobileNet(layers, mobilenet_arrays())
    damaged = tmp_path / "mobilenet_v2_int8" / "mobilenet_v2_int8.npz"
    damaged.write_bytes(damaged.read_bytes()[:200])
    with pytest.raises(InputError, match=r"mobilenet_v2_int8.npz: cannot be read as weights"):
        open_mobilenet(tmp_path / "mobilenet_v2_int8")

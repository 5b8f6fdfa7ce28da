"""The networks that a small encoder learns from: SqueezeNet v1.1 and MobileNetV2.

Their weights are read from a data folder and stay there. Shapes: B pictures (B, 3, side, side),
channels R, G, B, values 0 to 255; C features of m × n regions (B, C, m, n).
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from attn_desktop.common.errors import InputError

Arrays = Mapping[str, NDArray[np.generic]]


def read_arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    """The arrays of an npz file without pickles; InputError naming it where it is none."""
    try:
        # What it opens itself, numpy leaves open where it is no zip file.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            return {name: file[name] for name in file}
    except (OSError, ValueError, TypeError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise InputError(f"{path}: cannot be read as weights ({error})") from None


class SqueezeNet(nn.Module):
    """SqueezeNet v1.1 without its classifier (Iandola et al. 2016).

    arrays: `NAME_W` (height, width, in, out) and `NAME_b` (out,) of `conv1` and of each `fireK`'s
    `squeeze1x1`, `expand1x1` and `expand3x3`. Raises InputError where one is missing.
    """

    #: Pixels of the input that give 10 × 10 regions.
    side = 176
    #: Subtracted from B, G, R.
    means = (104.006, 116.669, 122.679)
    #: Fire modules, divided by the pooling layers.
    fires = ((2, 3), (4, 5), (6, 7, 8, 9))

    def __init__(self, arrays: Arrays) -> None:
        super().__init__()
        names = ["conv1"]
        for fire in sum(self.fires, ()):
            names += [f"fire{fire}_{part}" for part in ("squeeze1x1", "expand1x1", "expand3x3")]
        for name in names:
            self.register_buffer(f"{name}_W", _kernel(_array(arrays, f"{name}_W")))
            self.register_buffer(f"{name}_b", torch.from_numpy(_array(arrays, f"{name}_b")))

    @property
    def size(self) -> int:
        """Features of a region."""
        return sum(len(self.get_buffer(f"fire9_{part}_b")) for part in ("expand1x1", "expand3x3"))

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures to the output of the last fire module."""
        means = torch.tensor(self.means, device=pictures.device).view(3, 1, 1)
        values = self._convolve("conv1", pictures.flip(1) - means, stride=2)
        for group in self.fires:
            values = functional.max_pool2d(values, 3, stride=2)
            for fire in group:
                squeezed = self._convolve(f"fire{fire}_squeeze1x1", values)
                parts = (
                    self._convolve(f"fire{fire}_expand1x1", squeezed),
                    self._convolve(f"fire{fire}_expand3x3", squeezed, padding=1),
                )
                values = torch.cat(parts, dim=1)
        return values

    def _convolve(self, name: str, values: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
        weight, bias = self.get_buffer(f"{name}_W"), self.get_buffer(f"{name}_b")
        return functional.relu(functional.conv2d(values, weight, bias, stride, padding))


class Layer(msgspec.Struct, frozen=True):
    """An operation of layers.json. inputs, output: numbers of tensors, 0 is the picture."""

    op: str
    inputs: tuple[int, ...]
    output: int
    stride: int = 1
    padding: str = "VALID"
    act: str = "none"
    paddings: tuple[tuple[int, int], ...] = ()
    weights: str = ""


class MobileNet(nn.Module):
    """MobileNetV2 (Sandler et al. 2018), its eight-bit weights as real numbers.

    arrays: of each layer NN `NN_Wq` int8, `NN_scale` per output channel and `NN_bias`.
    Raises InputError for an operation that is none of this network's, or a missing array.
    """

    #: Pixels of the input, for 9 × 9 regions: more than it was trained with, so as to have more.
    side = 288

    def __init__(self, layers: Sequence[Layer], arrays: Arrays) -> None:
        super().__init__()
        unknown = {layer.op for layer in layers} - OPERATIONS
        if unknown:
            raise InputError(f"layers.json: unknown operation {sorted(unknown)[0]!r}")
        for layer in layers:
            if layer.weights:
                name = layer.weights
                weight = _array(arrays, f"{name}_Wq") * _array(arrays, f"{name}_scale")
                self.register_buffer(f"{name}_weight", _LAYOUTS[layer.op](weight))
                self.register_buffer(
                    f"{name}_bias", torch.from_numpy(_array(arrays, f"{name}_bias"))
                )
        # The grid of regions is what goes into the convolution whose output is averaged.
        pooled = next(layer.inputs[0] for layer in layers if layer.op == "MEAN")
        last = next(place for place, layer in enumerate(layers) if layer.output == pooled)
        self._body, self._head = tuple(layers[:last]), tuple(layers[last:])
        self._regions = layers[last].inputs[0]
        outputs, inputs = self.get_buffer(f"{layers[last].weights}_weight").shape[:2]
        #: Features of a region, and of the whole picture.
        self.sizes = (inputs, outputs)

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures to the linear features of the last block."""
        return self._run(self._body, {0: pictures / 127.5 - 1}, self._regions)

    def pool(self, regions: Tensor) -> Tensor:
        """Features of the last block to their mean behind one more layer, (B, 1280)."""
        return self._run(self._head, {self._regions: regions}, self._output("MEAN"))

    def classify(self, pooled: Tensor) -> Tensor:
        """The mean (B, 1280) to the logits of classes (B, 1000)."""
        return self._run(
            self._head, {self._output("MEAN"): pooled}, self._output("FULLY_CONNECTED")
        )

    def _output(self, op: str) -> int:
        return next(layer.output for layer in self._head if layer.op == op)

    def _run(self, layers: Sequence[Layer], values: dict[int, Tensor], wanted: int) -> Tensor:
        """Run the layers whose inputs are there; a tensor is let go after its last use."""
        last = {number: place for place, layer in enumerate(layers) for number in layer.inputs}
        for place, layer in enumerate(layers):
            if not all(number in values for number in layer.inputs):
                continue
            values[layer.output] = self._compute(layer, [values[number] for number in layer.inputs])
            if layer.output == wanted:
                break
            for number in layer.inputs:
                if last[number] == place:
                    values.pop(number, None)
        return values[wanted]

    def _compute(self, layer: Layer, inputs: list[Tensor]) -> Tensor:
        values = inputs[0]
        if layer.op == "PAD":
            rows, columns = layer.paddings[1:3]
            return functional.pad(values, (*columns, *rows))
        if layer.op == "ADD":
            return inputs[0] + inputs[1]
        if layer.op == "MEAN":
            return values.mean(dim=(2, 3))
        if not layer.weights:
            return values
        weight = self.get_buffer(f"{layer.weights}_weight")
        bias = self.get_buffer(f"{layer.weights}_bias")
        if layer.op == "FULLY_CONNECTED":
            return functional.linear(values, weight, bias)
        if layer.padding == "SAME":
            values = functional.pad(values, same_padding(values, weight, layer.stride))
        groups = len(weight) if layer.op == "DEPTHWISE_CONV_2D" else 1
        values = functional.conv2d(values, weight, bias, layer.stride, groups=groups)
        return functional.relu6(values) if layer.act == "relu6" else values


def same_padding(values: Tensor, weight: Tensor, stride: int) -> tuple[int, int, int, int]:
    """Left, right, top and bottom of TensorFlow's SAME: of an odd number the more at the end."""
    pads = []
    for size, kernel in ((values.shape[3], weight.shape[3]), (values.shape[2], weight.shape[2])):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        pads += [total // 2, total - total // 2]
    return pads[0], pads[1], pads[2], pads[3]


def open_squeezenet(folder: Path) -> SqueezeNet:
    """The network of a folder; InputError naming the file that is missing or no weights."""
    return SqueezeNet(read_arrays(folder / "squeezenet_v1_1_notop.npz"))


def open_mobilenet(folder: Path) -> MobileNet:
    """The network of a folder; InputError naming the file that is missing or damaged."""
    path = folder / "layers.json"
    try:
        layers = msgspec.json.decode(path.read_bytes(), type=tuple[Layer, ...])
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"{path}: cannot be read as a list of layers ({error})") from None
    return MobileNet(layers, read_arrays(folder / "mobilenet_v2_int8.npz"))


def _array(arrays: Arrays, name: str) -> NDArray[np.float32]:
    if name not in arrays:
        raise InputError(f"the weights lack the array {name!r}")
    return arrays[name].astype(np.float32)


def _kernel(weight: NDArray[np.float32]) -> Tensor:
    """(height, width, in, out) to (out, in, height, width)."""
    return torch.from_numpy(np.ascontiguousarray(weight.transpose(3, 2, 0, 1)))


def _depthwise(weight: NDArray[np.float32]) -> Tensor:
    """(height, width, channels) to (channels, 1, height, width)."""
    return torch.from_numpy(np.ascontiguousarray(weight.transpose(2, 0, 1)[:, None]))


def _dense(weight: NDArray[np.float32]) -> Tensor:
    """(in, out) to (out, in)."""
    return torch.from_numpy(np.ascontiguousarray(weight.T))


#: How the weights of an operation lie in the file, and are turned to torch's way.
_LAYOUTS = {"CONV_2D": _kernel, "DEPTHWISE_CONV_2D": _depthwise, "FULLY_CONNECTED": _dense}
OPERATIONS = {"IDENTITY", "PAD", "ADD", "MEAN", "SOFTMAX", *_LAYOUTS}

"""The encoder of pictures: its grid, what each region can see, and that nothing else matters."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from torch.nn import functional

from attn_desktop.families.base import Given
from attn_desktop.families.vision import ChannelNorm, Shown, Vision, VisionConfig
from tests.toy_seers import TOY_VISION, toy_captioner, toy_picture


def vision(config: VisionConfig = TOY_VISION, seed: int = 0) -> Vision:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Vision(config, 0.1).eval().requires_grad_(False)


def square(seed: int = 0, side: int = TOY_VISION.side) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return toy_picture(seed, side, side)


def test_the_shipped_size_has_14_by_14_regions_that_see_little_more_than_themselves() -> None:
    config = VisionConfig()
    assert config.grid == (14, 14)
    assert config.stride == 8
    assert config.receptive_field == 36
    memory = vision(config).encode([square(0, 112), square(1, 112)])
    assert memory.states.shape == (2, 196, 128)
    assert memory.fixed_context.shape == (2, 128)
    assert memory.mask.shape == (2, 196)
    assert memory.mask.all()
    assert torch.isfinite(memory.states).all()


def multiply_adds(config: VisionConfig) -> int:
    """Of all convolutions and linear layers for one picture, by hooks."""
    network, total = vision(config), 0

    def count(module: torch.nn.Module, _: Any, output: torch.Tensor) -> None:
        nonlocal total
        if isinstance(module, torch.nn.Conv2d):
            kernel = module.weight[0].numel()
            total += output[0].numel() * kernel
        elif isinstance(module, torch.nn.Linear):
            total += output.numel() * module.in_features

    for module in network.modules():
        module.register_forward_hook(count)
    network.encode([square(0, config.side)])
    return total


def test_a_picture_costs_about_a_hundred_million_multiply_adds() -> None:
    assert 50e6 < multiply_adds(VisionConfig()) < 110e6


@pytest.mark.parametrize(
    "config",
    [
        TOY_VISION,
        VisionConfig(side=24, channels=(3, 4), extra=(0, 2), annotation_size=5),
        VisionConfig(side=32, channels=(3, 4, 5), extra=(1, 0, 1), annotation_size=5),
        VisionConfig(side=12, channels=(3,), extra=(0,), annotation_size=5),
    ],
    ids=str,
)
def test_a_region_depends_on_the_pixels_of_its_receptive_field_and_on_no_others(
    config: VisionConfig,
) -> None:
    """A pixel is changed: only annotations whose field holds it do, its own among them."""
    network = vision(config)
    picture = square(3, config.side)
    before = network.encode([picture]).states[0]
    rows, columns = config.grid
    reach = config.receptive_field / 2
    middles = (np.arange(rows) + 0.5) * config.stride
    touched = 0
    for y, x in ((0, 0), (config.side // 2, config.side // 2 + 1), (config.side - 1, 3)):
        changed = picture.copy()
        changed[y, x] ^= 255
        after = network.encode([changed]).states[0]
        differs = (after != before).any(dim=1).view(rows, columns).numpy()
        near_y = np.abs(middles - (y + 0.5)) < reach
        near_x = np.abs(middles - (x + 0.5)) < reach
        within = near_y[:, np.newaxis] & near_x
        assert not differs[~within].any()
        assert differs[y // config.stride, x // config.stride]
        touched += differs.sum()
    assert touched


def test_a_region_is_its_place_in_the_grid() -> None:
    """Row by row: a mark in row r and column c changes position r · n + c most."""
    network = vision()
    rows, columns = TOY_VISION.grid
    plain = np.full((16, 16, 3), 90, dtype=np.uint8)
    before = network.encode([plain]).states[0]
    for row, column in ((0, 0), (1, 3), (3, 1)):
        marked = plain.copy()
        marked[4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = (255, 0, 200)
        change = (network.encode([marked]).states[0] - before).norm(dim=1)
        assert int(change.argmax()) == row * columns + column
    assert rows == columns == 4


@pytest.mark.parametrize("training", [False, True])
def test_an_annotation_ends_with_the_coordinates_of_its_region(training: bool) -> None:
    """Of a picture of one colour nothing else differs, away from the edge's padding."""
    config = VisionConfig(side=16, channels=(4, 6), extra=(0, 0), annotation_size=10)
    network = vision(config).train(training)
    states = network.encode([np.full((16, 16, 3), 90, dtype=np.uint8)]).states[0].view(4, 4, 10)
    for row in range(4):
        for column in range(4):
            torch.testing.assert_close(states[row, column, :-2], states[0, 0, :-2])
            assert states[row, column, -2:].tolist() == [0.5 * column - 0.75, 0.5 * row - 0.75]


def test_the_fixed_context_is_a_linear_map_of_sixteen_averages() -> None:
    network = vision(VisionConfig(side=32, channels=(3, 4), extra=(0, 0), annotation_size=5))
    memory = network.encode([square(1, 32)])
    grid = memory.states[0].view(8, 8, 5)
    means = torch.stack(
        [
            grid[2 * r : 2 * r + 2, 2 * c : 2 * c + 2].mean(dim=(0, 1))
            for r in range(4)
            for c in range(4)
        ],
        dim=1,
    )  # (H, 16)
    expected = network.fix.weight @ means.flatten() + network.fix.bias
    torch.testing.assert_close(memory.fixed_context[0], expected)


def test_rows_share_squares_that_are_on_the_device_already() -> None:
    network = vision()
    squares = [square(seed) for seed in range(3)]
    order = [2, 0, 2, 1]
    wanted = network.encode([squares[i] for i in order])
    for pixels in (
        torch.from_numpy(np.stack(squares)),
        torch.from_numpy(np.stack(squares)).float(),
    ):
        memory = network.encode(Shown(pixels, torch.tensor(order)))
        torch.testing.assert_close(memory.states, wanted.states)
        torch.testing.assert_close(memory.fixed_context, wanted.fixed_context)


def test_what_was_seen_before_stands_for_a_square() -> None:
    network = vision()
    squares = [square(seed) for seed in range(3)]
    seen = network.look(torch.from_numpy(np.stack(squares))).numpy()
    assert seen.shape == (3, 4, 4, TOY_VISION.annotation_size - 2)
    order = [2, 0, 2, 1]
    looks = list(seen)
    wanted = network.encode([squares[i] for i in order])
    memory = network.encode([looks[i] for i in order])
    torch.testing.assert_close(memory.states, wanted.states)
    torch.testing.assert_close(memory.fixed_context, wanted.fixed_context)


def test_a_picture_gives_the_same_numbers_whatever_is_beside_it_and_each_time() -> None:
    network = vision()
    squares = [square(seed) for seed in range(5)]
    together, alone = network.encode(squares), network.encode(squares[3:4])
    torch.testing.assert_close(together.states[3], alone.states[0])
    torch.testing.assert_close(together.fixed_context[3], alone.fixed_context[0])
    again = network.encode(squares[3:4])
    assert torch.equal(again.states, alone.states)
    assert torch.equal(again.fixed_context, alone.fixed_context)


def test_the_norm_is_over_the_channels_of_a_pixel() -> None:
    norm = ChannelNorm(6)
    values = torch.randn(2, 6, 3, 5, generator=torch.Generator().manual_seed(0)) * 4 + 1
    found = norm(values)
    for row, y, x in np.ndindex(2, 3, 5):
        pixel = values[row, :, y, x]
        expected = functional.layer_norm(pixel, (6,))
        torch.testing.assert_close(found[row, :, y, x], expected)


def test_dropout_drops_a_feature_of_all_regions_at_once() -> None:
    network = vision().train()
    torch.manual_seed(0)
    dropped = network.encode([square()]).states[0] == 0
    assert dropped.any()
    assert (dropped.all(dim=0) == dropped.any(dim=0)).all()


def test_the_input_is_the_whole_picture_squeezed() -> None:
    picture = toy_picture(0, 40, 8)
    picture[:10] = 0
    picture[:10, :2] = 255
    prepared = toy_captioner().prepare(Given(picture=picture))
    assert prepared.inputs.shape == (16, 16, 3)
    assert prepared.grid == (4, 4)
    assert prepared.labels[:5] == ("r1c1", "r1c2", "r1c3", "r1c4", "r2c1")
    assert (prepared.words == -1).all()
    assert not prepared.spans.any()
    region = prepared.inputs.reshape(4, 4, 4, 4, 3).mean(axis=(1, 3, 4))
    assert region[0, 0] == 255
    assert (region[0, 1:] == 0).all()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"side": 100}, "side 100 is no multiple of 8"),
        ({"extra": (1, 1)}, "extra has 2 numbers and channels 3"),
        ({"channels": ()}, "length >= 1"),
        ({"channels": (0, 4, 4)}, ">= 1"),
        ({"side": 1024, "channels": (4,), "extra": (0,)}, "more than 4096 regions"),
        ({"stride": 8}, "unknown field"),
    ],
)
def test_a_config_that_cannot_be_built_is_refused(changes: dict[str, Any], reason: str) -> None:
    raw = msgspec.to_builtins(VisionConfig()) | changes
    with pytest.raises(msgspec.ValidationError, match=reason):
        msgspec.convert(raw, VisionConfig)

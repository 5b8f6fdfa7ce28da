from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
import torch
from safetensors.torch import save_file

from attn_desktop.common.errors import InputError
from attn_desktop.families.vision import Vision, VisionConfig
from attn_desktop.training.photo_eyes import eyes_config, load_eyes

CONFIG = VisionConfig(side=16, channels=(4, 6), extra=(1, 0), annotation_size=7)


def vision(seed: int = 0, config: VisionConfig = CONFIG) -> Vision:
    torch.manual_seed(seed)
    return Vision(config, 0.0)


def same(one: Vision, other: Vision) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_weights_of_an_encoder_alone_and_of_a_whole_checkpoint(tmp_path: Path) -> None:
    wanted, path = vision(1).half().float(), tmp_path / "weights.safetensors"
    weights = {name: value.half() for name, value in wanted.state_dict().items()}
    save_file(weights, path)
    alone = vision(2)
    load_eyes(alone, path)
    assert same(alone, wanted)
    beside = {f"vision.{name}": value for name, value in weights.items()}
    save_file({**beside, "bridge.weight": torch.zeros(2)}, path)
    part = vision(3)
    load_eyes(part, path)
    assert same(part, wanted)


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    path = tmp_path / "eyes.safetensors"
    weights = vision().state_dict()
    save_file(weights, path)
    wide = msgspec.structs.replace(CONFIG, channels=(5, 6))
    with pytest.raises(InputError, match=r"eyes.safetensors: tensor 'stages.0.halve.weight' is"):
        load_eyes(vision(0, wide), path)
    save_file({name: v for name, v in weights.items() if name != "fix.bias"}, path)
    with pytest.raises(InputError, match=r"there is no tensor 'fix.bias'"):
        load_eyes(vision(), path)
    save_file(weights | {"fix.bias": torch.full((7,), torch.nan)}, path)
    with pytest.raises(InputError, match=r"'fix.bias' holds NaN"):
        load_eyes(vision(), path)
    path.write_bytes(b"no weights")
    with pytest.raises(InputError, match=r"eyes.safetensors: no safetensors file"):
        load_eyes(vision(), path)
    with pytest.raises(InputError, match=r"none.safetensors: no safetensors file"):
        load_eyes(vision(), tmp_path / "none.safetensors")


def test_the_config_beside_the_weights(tmp_path: Path) -> None:
    path, place = tmp_path / "weights.safetensors", tmp_path / "config.json"
    default = VisionConfig()
    assert eyes_config(path, default) == default
    part = msgspec.to_builtins(CONFIG)
    for content in (part, {"family": "captioner", "vision": part, "dropout": 0.1}):
        place.write_text(json.dumps(content))
        assert eyes_config(path, default) == CONFIG
    for content in ("[1]", "{", '{"sides": 4}', '{"side": "wide"}'):
        place.write_text(content)
        with pytest.raises(InputError, match=r"config.json: describes no encoder"):
            eyes_config(path, default)

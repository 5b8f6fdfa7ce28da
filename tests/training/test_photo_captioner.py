from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from safetensors.torch import load_file

from attn_desktop.common.errors import InputError
from attn_desktop.families.captioner import Captioner
from attn_desktop.families.checkpoint import load_checkpoint
from attn_desktop.families.vision import VisionConfig
from attn_desktop.training import photo_teaching, scenes
from attn_desktop.training.photo_teaching import Pace
from attn_desktop.training.recipe import Request, import_recipes, run_recipe
from tests.toy_teachers import SIDE, write_data, write_pictures

TINY = VisionConfig(
    side=SIDE, channels=(4, 6, 8), extra=(0, 1, 0), annotation_size=10, normed=False
)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    import_recipes()
    from attn_desktop.training.recipes import own_captioner, photo_captioner

    monkeypatch.setattr(photo_teaching, "PICTURES_AT_ONCE", 6)
    monkeypatch.setattr(photo_captioner, "SURVEYS", 1)
    monkeypatch.setattr(photo_captioner, "ANEW", Pace(3, 1e-3))
    monkeypatch.setattr(photo_captioner, "FURTHER", Pace(2, 1e-3, further=True))
    monkeypatch.setattr(scenes, "PART", 2)
    for module in (photo_captioner, own_captioner):
        monkeypatch.setattr(module, "EYES", TINY)
    monkeypatch.setattr(photo_captioner, "SCENES", 2)
    monkeypatch.setattr(photo_captioner, "SHARES", (0.6, 0.2, 0.2))
    monkeypatch.setattr(photo_captioner, "LEAST", 1)


def train(name: str, data: Path, out: Path, **more: Any) -> list[str]:
    said: list[str] = []
    assert run_recipe(name, Request(data, out, epochs=1, say=said.append, **more))
    return said


def test_the_whole_way_and_the_same_eyes_for_others(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    write_data(data)
    said = train("photo-captioner", data, out)
    assert any(line.startswith("eyes on pictures never seen: regions") for line in said)
    assert any(line.startswith("6 pictures to learn from and 3 held out") for line in said)
    model = load_checkpoint(out).model
    assert isinstance(model, Captioner)
    assert [str(mode) for mode in model.trained_modes] == [
        "none",
        "additive/global/soft",
        "additive/global/hard",
    ]
    assert "." not in model.target_codec.words
    assert "dog" in model.target_codec.words

    eyes = out / "training" / "eyes.safetensors"
    taught = load_file(eyes)
    for name, mode in (("photo-soft", "additive/global/soft"), ("photo-none", "none")):
        other = tmp_path / name
        (other / "training").mkdir(parents=True)
        (other / "training" / eyes.name).write_bytes(eyes.read_bytes())
        said = train(name, data, other, seed=7)
        assert not any(line.startswith("eyes") for line in said)
        alone = load_checkpoint(other).model
        assert isinstance(alone, Captioner)
        assert [str(trained) for trained in alone.trained_modes] == [mode]
        # The decoder alone has learnt: the eyes are as taught, in the half precision of the file.
        for name, value in alone.vision.stages.state_dict().items():
            assert torch.equal(value, taught[f"vision.stages.{name}"].half().float())


def test_eyes_that_were_taught_go_on_learning(tmp_path: Path) -> None:
    data, out, on = tmp_path / "data", tmp_path / "out", tmp_path / "on"
    write_data(data)
    train("photo-soft", data, out)
    eyes = out / "training" / "eyes.safetensors"
    said = train("photo-soft", data, on, encoder=eyes)
    assert any(line.startswith("eyes 2/2") for line in said)
    before, after = load_file(eyes), load_file(on / "training" / "eyes.safetensors")
    assert torch.equal(before["lessons.regions.mean"], after["lessons.regions.mean"])
    moved = (after["vision.annotate.weight"] - before["vision.annotate.weight"]).abs().max()
    assert 0 < moved < 0.01  # two small steps away, and not begun anew


def test_own_pictures_without_and_with_an_encoder(tmp_path: Path) -> None:
    data, out, again = tmp_path / "mine", tmp_path / "out", tmp_path / "again"
    write_pictures(data, {"": 5})
    said = train("own-captioner", data, out)
    assert any("no encoder is given" in line for line in said)
    first = load_checkpoint(out).model
    said = train("own-captioner", data, again, encoder=out / "weights.safetensors")
    assert not any("no encoder" in line for line in said)
    second = load_checkpoint(again).model
    assert isinstance(first, Captioner)
    assert isinstance(second, Captioner)
    # What learns from captions alone is normalised, and says so in its config.
    assert first.config.vision == msgspec.structs.replace(TINY, normed=True)
    assert second.config.vision == first.config.vision


def test_a_broken_picture_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    data = tmp_path / "mine"
    write_pictures(data, {"": 5})
    with (data / "captions.tsv").open("w") as file:
        file.write("image\tcaption\n001.jpg\ta dog\nbad.jpg\ta cat\n002.jpg\ttwo men\nno.jpg\tx\n")
        file.write("003.jpg\t\n" + "004.jpg\t" + "word " * 1000 + "\n")
    (data / "captions.tsv.gz").unlink()
    (data / "bad.jpg").write_bytes(b"no picture")
    (data / "bad.zip").write_bytes(b"no zip")
    said = train("own-captioner", data, tmp_path / "out")
    assert any("bad.jpg" in line and "left out" in line for line in said)
    assert any("bad.zip" in line for line in said)
    assert any("no.jpg" in line and "line" in line for line in said)
    assert any("captions.tsv, line 6: left out" in line for line in said)
    assert any("captions.tsv, line 7" in line and "1000 words" in line for line in said)


def test_one_table_is_needed(tmp_path: Path) -> None:
    write_pictures(tmp_path / "mine", {"": 2})
    (tmp_path / "mine" / "more.tsv").write_text("image\tcaption\n")
    with pytest.raises(InputError, match=r"there is: captions.tsv.gz, more.tsv"):
        train("own-captioner", tmp_path / "mine", tmp_path / "out")

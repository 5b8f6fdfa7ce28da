"""Encoding pictures through the engine: from a file's bytes, from an array, and again."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from attn_desktop import api
from attn_desktop.attention.grid_scopes import GRID_SCOPES
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.engine.workspace import Workspace
from attn_desktop.families.base import Given
from attn_desktop.inputs.image import load_picture
from attn_desktop.trace.protocol import (
    Encode,
    Encoded,
    Failed,
    ModelOpened,
    OpenModel,
    Probe,
    Probed,
    Progress,
)
from tests.decoding.helpers import differences
from tests.engine.client import Client, only
from tests.engine.conftest import Start
from tests.toy_seers import toy_captioner_checkpoint, toy_picture, toy_vqa_checkpoint

QUESTION = "what colour is the square?"


def photo() -> bytes:
    """Larger than a picture may be and stored lying on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(toy_picture(3, 900, 1300)).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def captioner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engine") / "captioner"
    toy_captioner_checkpoint(folder)
    return folder


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engine") / "vqa"
    toy_vqa_checkpoint(folder)
    return folder


def encode(client: Client, model: Path, run: int = 1, **more: Any) -> Encode:
    return Encode(
        request=client.number(),
        run=run,
        model=str(model),
        device="cpu",
        text=more.pop("text", ""),
        **more,
    )


def test_a_model_says_what_it_takes_and_which_scopes_it_has(client: Client, answerer: Path) -> None:
    opened = only(client.ask(OpenModel(request=client.number(), model=str(answerer))), ModelOpened)
    assert opened.info.takes == ("picture", "question")
    assert [scope.name for scope in opened.scopes] == list(GRID_SCOPES)
    assert opened.scopes[1].formula == GRID_SCOPES["local-p"].formula
    assert "h̄" in opened.scores[-1].formula
    assert opened.scores[-1].name == "none"


def test_a_file_is_encoded_upright_and_bounded(client: Client, captioner: Path) -> None:
    replies = client.ask(encode(client, captioner, picture_file=photo()))
    assert isinstance(replies[0], Progress)
    encoded = only(replies, Encoded)
    record = encoded.record
    assert record.picture is not None
    assert record.picture.shape == (1024, 709, 3)
    np.testing.assert_array_equal(record.picture, load_picture(photo()))
    assert record.grid == (4, 4)
    assert encoded.step_limit == 12
    expected = api.decode(api.open_model(captioner), picture=photo(), max_steps=1).run
    assert differences(record, expected) == []


def test_an_engine_started_again_encodes_the_recorded_picture_to_the_bit(
    start: Start, answerer: Path
) -> None:
    first, second = start(), start()
    record = only(
        first.ask(encode(first, answerer, text=QUESTION, picture_file=photo())), Encoded
    ).record
    again = only(
        second.ask(encode(second, answerer, text=QUESTION, picture=record.picture)), Encoded
    ).record
    assert differences(again, record) == []
    steps = [client.decode(steps=9, mode=Mode(weighting=HARD)) for client in (first, second)]
    assert [step.record.is_end for step in steps[0]] == [False, True]
    assert [len(step.probes) for step in steps[0]] == [1, 1]
    for one, other in zip(*steps, strict=True):
        assert differences(one.record, other.record) == []


def test_a_probe_of_a_region(client: Client, captioner: Path) -> None:
    client.ask(encode(client, captioner, picture_file=photo()))
    (step,) = client.decode(mode=Mode("dot", "local-p"))
    request = Probe(
        request=client.number(),
        run=1,
        path=(step.node,),
        kind="arithmetic",
        settings={"position": 15},
    )
    probe = only(client.ask(request), Probed).probe
    assert probe.arrays["center_logit"].shape == (2,)
    refused = client.failure(
        Probe(
            request=client.number(),
            run=1,
            path=(step.node,),
            kind="arithmetic",
            settings={"position": 16},
        )
    )
    assert "from 0 to 15" in refused.message


def test_what_cannot_be_encoded_is_named_and_the_engine_goes_on(
    client: Client, captioner: Path, answerer: Path, model: Path
) -> None:
    picture = toy_picture()
    flat: Any = picture[..., 0]
    cases: list[tuple[Path, dict[str, Any], str]] = [
        (captioner, {"picture_file": b"not an image"}, "not an image that can be read"),
        (captioner, {"picture_file": photo()[:2000]}, "damaged or cut short"),
        (captioner, {}, "takes a picture; give an image file"),
        (captioner, {"picture": picture, "text": "a dog"}, "nothing else"),
        (captioner, {"picture": flat}, "a picture is uint8 of shape"),
        (captioner, {"picture": toy_picture(0, 1025, 2)}, "sides of 1 to 1024"),
        (captioner, {"picture": picture, "picture_file": photo()}, "not both"),
        (answerer, {"picture": picture}, "ask at least one word"),
        (answerer, {"text": QUESTION}, "give an image file"),
        (model, {"text": "A dog.", "picture": picture}, "takes a text, not a picture"),
    ]
    for folder, what, reason in cases:
        failed = client.failure(encode(client, folder, **what))
        assert isinstance(failed, Failed)
        assert reason in failed.message
        assert failed.cause == "input"
    assert client.ask(encode(client, captioner, picture=picture))[-1].request


def test_a_dropped_run_is_encoded_again_with_its_picture(captioner: Path, answerer: Path) -> None:
    workspace, picture = Workspace(most_runs=1), toy_picture()
    first = workspace.encode(1, str(answerer), "cpu", Given(QUESTION, picture))
    workspace.encode(2, str(captioner), "cpu", Given(picture=toy_picture(1)))
    again = workspace.run(1)
    assert again is not first
    assert differences(again.stepper.run, first.stepper.run) == []

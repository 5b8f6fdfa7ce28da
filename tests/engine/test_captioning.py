"""Captions of many pictures through the engine: the same as stepping, in turn, and no runs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from attn_desktop.common.mode import HARD, Mode
from attn_desktop.engine.workspace import MOST_RUNS
from attn_desktop.inputs.image import load_picture
from attn_desktop.trace.protocol import (
    Cancel,
    Caption,
    Captioned,
    Done,
    Encode,
    Encoded,
    NoPicture,
    Progress,
    Stepped,
)
from attn_desktop.trace.run_tree import Choice
from tests.engine.client import Client, checked, only
from tests.engine.conftest import Gate
from tests.toy_seers import (
    TOY_QUESTIONS,
    toy_captioner_checkpoint,
    toy_picture,
    toy_vqa_checkpoint,
)

LIMIT = 12
LOCAL_HARD = Mode("additive", "local-p", HARD)


def png(seed: int, height: int = 30, width: int = 44) -> bytes:
    """Noise, each lighter than the one before, so that their means differ too."""
    light = toy_picture(seed, height, width) * (0.1 + 0.1 * seed)
    buffer = io.BytesIO()
    Image.fromarray(light.astype(np.uint8)).save(buffer, "PNG")
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


def caption(client: Client, model: Path, file: bytes, **more: Any) -> Caption:
    asked = {"mode": Mode(), **more}
    return Caption(
        request=client.number(), model=str(model), device="cpu", picture_file=file, **asked
    )


def stepped(
    client: Client, model: Path, file: bytes, mode: Mode, seed: int = 0, text: str = ""
) -> tuple[Encoded, list[Stepped]]:
    """The same picture as a run of its own, decoded step by step."""
    request = Encode(
        request=client.number(),
        run=1,
        model=str(model),
        device="cpu",
        text=text,
        picture_file=file,
    )
    encoded = only(client.ask(request), Encoded)
    return encoded, client.decode(steps=LIMIT, mode=mode, choice=Choice(seed=seed))


@pytest.mark.parametrize("mode", [Mode(), LOCAL_HARD, Mode("none")], ids=str)
def test_each_is_what_stepping_through_it_alone_gives(
    client: Client, captioner: Path, mode: Mode
) -> None:
    scores = set()
    for seed in range(5):
        found = only(
            client.ask(caption(client, captioner, png(seed), mode=mode, seed=seed)), Captioned
        )
        encoded, steps = stepped(client, captioner, png(seed), mode, seed)
        assert found.log_probs == tuple(step.record.log_prob for step in steps)
        assert found.positions == len(encoded.record.source) == 16
        words = [step.record.token for step in steps if not step.record.is_end]
        assert found.text == "".join(words).replace("▁", " ").strip()
        assert found.ended == steps[-1].record.is_end
        assert len(found.entropies) == (len(steps) if mode.attends else 0)
        scores.add(found.log_probs)
    # What a toy makes of the mean of all regions is much the same for any noise.
    assert len(scores) > 1 or not mode.attends, "all alike, they test little"


def test_a_question_is_asked_of_every_picture(client: Client, answerer: Path) -> None:
    for seed in range(3):
        asked = caption(client, answerer, png(seed), text=TOY_QUESTIONS[1])
        found = only(client.ask(asked), Captioned)
        _, steps = stepped(client, answerer, png(seed), Mode(), text=TOY_QUESTIONS[1])
        assert found.text == steps[-1].record.token.removeprefix("▁")
        assert found.log_probs == tuple(step.record.log_prob for step in steps)


def test_a_thumbnail_comes_with_it(client: Client, captioner: Path) -> None:
    first, *replies = client.ask(caption(client, captioner, png(1, 300, 500), side=50))
    assert checked(first, Progress).text == "opening captioner"
    found = only(replies, Captioned)
    small = load_picture(found.thumbnail)
    assert small.shape == (30, 50, 3)
    whole = load_picture(png(1, 300, 500)).astype(float)
    np.testing.assert_allclose(small.mean(axis=(0, 1)), whole.mean(axis=(0, 1)), atol=4)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"", "empty"),
        (b"not an image", "not an image that can be read"),
        (png(2, 90, 90)[:900], "damaged or cut short"),
    ],
)
def test_a_file_that_is_no_picture_is_said_and_the_next_one_goes_on(
    client: Client, captioner: Path, file: bytes, reason: str
) -> None:
    replies = client.ask(caption(client, captioner, file))
    assert reason in only(replies, NoPicture).message
    only(client.ask(caption(client, captioner, png(0))), Captioned)


def test_what_is_wrong_with_all_of_them_is_a_failure(
    client: Client, captioner: Path, answerer: Path, model: Path
) -> None:
    cases: list[tuple[Caption, str, str]] = [
        (caption(client, captioner, png(0), mode=Mode("psychic")), "input", "psychic"),
        (caption(client, answerer, png(0)), "input", "ask at least one word"),
        (caption(client, model, png(0), text="A dog."), "input", "takes a text"),
        (caption(client, Path("nowhere"), png(0)), "model", "nowhere"),
        (caption(client, captioner, png(0), side=0), "input", "side of a thumbnail"),
    ]
    for request, cause, shown in cases:
        failed = client.failure(request)
        assert (failed.cause, shown in failed.message) == (cause, True), failed


def test_captions_leave_the_runs_that_are_in_use(client: Client, captioner: Path) -> None:
    _, steps = stepped(client, captioner, png(7), Mode())
    for seed in range(MOST_RUNS + 2):
        only(client.ask(caption(client, captioner, png(seed))), Captioned)
    path = [step.node for step in steps[:1]]
    (again,) = client.decode(path, mode=Mode())
    assert again.record.token_id == steps[1].record.token_id


def test_one_gives_way_to_a_step_and_is_stopped_between_two_steps(
    client: Client, captioner: Path, gate: Gate
) -> None:
    gate.let_through(1000)
    stepped(client, captioner, png(0), Mode())
    while gate._passes.acquire(blocking=False):
        pass
    while gate.arrived.acquire(blocking=False):
        pass
    one, other = (caption(client, captioner, png(seed)) for seed in (1, 2))
    urgent = client.decode_request(mode=Mode())
    client.send(one)
    gate.await_arrival()
    client.send(other, urgent)
    assert client.ask(Cancel(request=990, target=-1)) == [Done(request=990)]
    client.ask(Cancel(request=991, target=one.request))
    gate.let_through()
    assert client.answer(one.request) == [Done(request=one.request, cancelled=True)]
    gate.let_through(100)
    numbers = [client.receive().request for _ in range(4)]
    assert numbers == [other.request, urgent.request, urgent.request, other.request]

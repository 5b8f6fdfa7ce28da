"""The loop: versions, order, cancelling, failures and ends. Decoding is in test_decoding.py."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import pytest
import torch

from attn_desktop.decoding.stepper import Stepper
from attn_desktop.engine.answers import Answers
from attn_desktop.trace.frames import LENGTH_BYTES, MAX_FRAME_BYTES, encode_frame
from attn_desktop.trace.protocol import (
    PROTOCOL_VERSION,
    Cancel,
    Devices,
    Done,
    Encode,
    Failed,
    Hello,
    ListDevices,
    ListModels,
    Models,
    Progress,
    Stepped,
    Welcome,
)
from tests.engine.client import Client, checked, only
from tests.engine.conftest import Gate, LocalServer, Start

TEXT = "A dog."


# -- the first words ------------------------------------------------------------------------


def test_the_preamble_comes_unasked_and_a_hello_is_welcomed(local: LocalServer) -> None:
    client = local.client
    assert client.banner() == b""
    progress, welcome, done = client.ask(Hello(request=7))
    assert progress == Progress(request=7, text="loading torch")
    assert welcome == Welcome(
        request=7,
        version=PROTOCOL_VERSION,
        program="0.0",
        python=platform.python_version(),
        torch=torch.__version__,
        process=os.getpid(),
    )
    assert done == Done(request=7)


@pytest.mark.parametrize("version", [PROTOCOL_VERSION - 1, PROTOCOL_VERSION + 1])
def test_another_version_is_refused_with_both_named(local: LocalServer, version: int) -> None:
    client = local.client
    client.banner()
    (failed,) = client.ask(Hello(request=1, version=version))
    assert checked(failed, Failed).cause == "version"
    assert f"version {version} of the protocol" in checked(failed, Failed).message
    assert f"(attn-desktop 0.0) version {PROTOCOL_VERSION}" in checked(failed, Failed).message
    assert client.failure(ListModels(request=2)).cause == "version"
    assert isinstance(client.ask(Hello(request=3))[-1], Done)


@pytest.mark.parametrize(
    "request_", [ListModels(request=4), Cancel(request=4, target=1), ListDevices(request=4)]
)
def test_nothing_is_answered_before_a_hello(local: LocalServer, request_: Any) -> None:
    local.client.banner()
    failed = local.client.failure(request_)
    assert (failed.request, failed.cause) == (4, "version")
    assert f"must be a hello of version {PROTOCOL_VERSION}" in failed.message


def test_requests_sent_at_once_are_answered_in_order(client: Client, model: Path) -> None:
    encode = Encode(request=10, run=1, model=str(model), device="cpu", text=TEXT)
    decode = client.decode_request(steps=2)
    client.send(ListDevices(request=11), encode, decode, ListModels(request=12))
    assert only(client.answer(11), Devices).devices[0].name == "cpu"
    client.answer(10)
    assert len(client.answer(decode.request)) == 3
    only(client.answer(12), Models)


# -- cancelling -----------------------------------------------------------------------------


def test_a_decoding_stops_at_the_step_that_it_is_at(
    client: Client, model: Path, gate: Gate
) -> None:
    client.encode(model, TEXT)
    decode = client.decode_request(steps=50)
    client.send(decode)
    gate.await_arrival()
    gate.let_through()
    gate.await_arrival()
    stepped = checked(client.receive(), Stepped)
    assert client.ask(Cancel(request=900, target=decode.request)) == [Done(request=900)]
    gate.let_through()
    second, end = client.answer(decode.request)
    assert (stepped.node.t, checked(second, Stepped).node.t) == (1, 2)
    assert end == Done(request=decode.request, cancelled=True)
    assert not gate.arrived.acquire(blocking=False)


def test_a_decoding_that_ended_by_itself_was_not_cancelled(
    client: Client, model: Path, gate: Gate
) -> None:
    client.encode(model, TEXT)
    decode = client.decode_request(steps=1)
    client.send(decode)
    gate.await_arrival()
    client.ask(Cancel(request=900, target=decode.request))
    gate.let_through()
    assert client.answer(decode.request)[-1] == Done(request=decode.request)


def test_a_replay_stops_before_its_next_step(
    client: Client, start: Start, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.encode(model, TEXT)
    path = [stepped.node for stepped in client.decode(steps=6)]
    other = start()
    other.encode(model, TEXT)
    gate, replay = Gate(), Stepper.replay

    def gated_replay(*args: object) -> object:
        gate.wait()
        return replay(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(Stepper, "replay", gated_replay)
    decode = other.decode_request(path)
    other.send(decode)
    gate.await_arrival()
    other.ask(Cancel(request=900, target=decode.request))
    gate.let_through()
    assert other.answer(decode.request) == [Done(request=decode.request, cancelled=True)]
    assert not gate.arrived.acquire(blocking=False)


def test_a_request_that_waits_is_cancelled_before_it_begins(
    client: Client, model: Path, gate: Gate
) -> None:
    client.encode(model, TEXT)
    first, second = client.decode_request(), client.decode_request()
    listing = ListModels(request=800)
    client.send(first, second, listing)
    gate.await_arrival()
    for number, target in ((900, second.request), (901, 800)):
        assert client.ask(Cancel(request=number, target=target)) == [Done(request=number)]
    gate.let_through()
    assert isinstance(client.answer(first.request)[0], Stepped)
    assert client.answer(second.request) == [Done(request=second.request, cancelled=True)]
    assert client.answer(800) == [Done(request=800, cancelled=True)]


@pytest.mark.parametrize("target", [1, 900, 12345, -1])
def test_cancelling_what_is_over_or_never_was_is_harmless(client: Client, target: int) -> None:
    assert client.ask(Cancel(request=900, target=target)) == [Done(request=900)]
    only(client.ask(ListModels(request=901)), Models)


# -- failures -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate"),
        RuntimeError("CUDA error: out of memory\nCompile with TORCH_USE_CUDA_DSA"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"),
    ],
    ids=lambda error: str(error)[:24],
)
def test_out_of_memory_offers_what_helps_and_the_engine_goes_on(
    client: Client, model: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    client.encode(model, TEXT)
    emptied = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append(True))

    def fail(*args: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(Stepper, "step", fail)
        failed = client.failure(client.decode_request())
    assert failed.cause == "memory"
    assert "shorter input" in failed.message
    assert "cpu" in failed.message
    assert emptied == [True]
    assert len(client.decode(steps=2)) == 2


@pytest.mark.parametrize("error", [ZeroDivisionError("by\nzero"), RuntimeError("odd"), KeyError(3)])
def test_a_bug_is_one_line_for_the_window_and_a_traceback_on_stderr(
    client: Client,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    client.encode(model, TEXT)

    def fail(*args: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(Stepper, "step", fail)
        failed = client.failure(client.decode_request())
    assert failed.cause == "bug"
    assert failed.message.startswith(f"internal error, {type(error).__name__}: ")
    assert "\n" not in failed.message
    assert "Traceback (most recent call last)" in capsys.readouterr().err
    assert len(client.decode(steps=2)) == 2


def test_a_file_that_fails_to_be_read_is_the_models_fault(
    client: Client, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise PermissionError(13, "Permission denied", "/x/weights.safetensors")

    monkeypatch.setattr("attn_desktop.engine.workspace.load_checkpoint", fail)
    request = Encode(request=900, run=1, model=str(model), device="cpu", text=TEXT)
    failed = client.failure(request)
    assert failed.cause == "model"
    assert failed.message == "/x/weights.safetensors: Permission denied"


def test_an_answer_past_the_bound_fails_and_the_stream_stays_whole(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("attn_desktop.trace.frames.MAX_FRAME_BYTES", 500)
        (failed,) = client.ask(ListModels(request=900))
    assert "the most is 500" in checked(failed, Failed).message
    only(client.ask(ListModels(request=901)), Models)


def test_torch_that_cannot_be_loaded_fails_the_hello(
    local: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Answers) -> None:
        raise ImportError("no library libtorch.so")

    monkeypatch.setattr(Answers, "__init__", fail)
    local.client.banner()
    failed = local.client.failure(Hello(request=1))
    assert failed.cause == "bug"
    assert "libtorch.so" in failed.message


# -- the end --------------------------------------------------------------------------------


def test_the_end_of_the_input_is_the_end(local: LocalServer) -> None:
    local.client.greet()
    local.hang_up()
    assert local.codes == [0]


def test_an_input_that_ends_within_a_message_is_an_end_like_any_other(local: LocalServer) -> None:
    local.client.write(encode_frame(Hello(request=1))[:-3])
    local.hang_up()
    assert local.codes == [0]


def test_a_window_that_no_longer_reads_is_gone(local: LocalServer) -> None:
    local.client.greet()
    read_end = local.client.replies
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, read_end)
    os.close(null)
    local.client.send(ListModels(request=5))
    local.hang_up()
    assert set(local.codes) == {0}
    assert len(local.codes) > 1


@pytest.mark.parametrize(
    "data",
    [
        b"Last login: Mon\n",
        (MAX_FRAME_BYTES + 1).to_bytes(LENGTH_BYTES, "big"),
        bytes(LENGTH_BYTES),
        (3).to_bytes(LENGTH_BYTES, "big") + b"abc",
        encode_frame(Done(request=1)),
    ],
    ids=["text", "too long", "empty", "no message", "a reply"],
)
def test_what_is_no_message_ends_the_engine_with_one_line(
    local: LocalServer, data: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    local.client.greet()
    local.client.write(data)
    local.hang_up()
    assert local.codes == [2]
    error = capsys.readouterr().err
    assert error.startswith("attn-desktop engine: a ")
    assert error.count("\n") == 1

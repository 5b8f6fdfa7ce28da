"""True processes: what only shows with real file descriptors, signals and imports."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from attn_desktop import __version__, api
from attn_desktop.trace.protocol import (
    PROTOCOL_VERSION,
    Hello,
    ListModels,
    Models,
    Progress,
    Stepped,
    Welcome,
)
from tests.decoding.helpers import differences
from tests.engine.client import Client, checked, only
from tests.engine.conftest import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
TEXT = "A dog."
posix = pytest.mark.skipif(os.name == "nt", reason="signals, terminals and pipes are others there")

SHOUT = """
import ctypes, os, subprocess, sys

def shout():
    print("from Python")
    sys.__stdout__.write("from the first stdout")
    sys.__stdout__.flush()
    os.write(1, b"from a descriptor")
    if os.name != "nt":
        libc = ctypes.CDLL(None)
        libc.puts(b"from C")
        libc.fflush(None)
    child = "import os, sys; print('from a child'); os.write(1, sys.stdin.buffer.read())"
    subprocess.run([sys.executable, "-S", "-E", "-c", child], check=True)
    assert sys.stdin.read() == ""
"""

#: As `sitecustomize`, which Python imports by itself when it starts.
LOUD_STEPS = (
    SHOUT
    + """
import builtins
print("a banner", flush=True)
real_import = builtins.__import__

def loud_import(*args, **kwargs):
    module = real_import(*args, **kwargs)
    stepper = getattr(sys.modules.get("attn_desktop.decoding.stepper"), "Stepper", None)
    if stepper is not None and vars(stepper).get("step") and not hasattr(stepper, "loud"):
        stepper.loud = True
        step = stepper.step
        def loud_step(*args, **kwargs):
            shout()
            return step(*args, **kwargs)
        stepper.step = loud_step
        shout()
    return module

builtins.__import__ = loud_import
"""
)

SLEEPING_TORCH = """
import sys, threading
print("importing torch", file=sys.stderr, flush=True)
threading.Event().wait()
"""

#: Takes the streams, shouts, and then says what is left of them through its private copy.
STREAMS = (
    SHOUT
    + """
print("before, not yet flushed")
from attn_desktop.engine.streams import take_streams
streams = take_streams()
shout()
private = [streams.requests, streams.replies]
assert not any(map(os.get_inheritable, private)), "children would hold the pipe open"
assert all(map(os.get_inheritable, [0, 1, 2]))
os.write(streams.replies, os.read(streams.requests, 100))
"""
)


class Engine:
    """`python -m attn_desktop engine`. modules: a folder of modules that come before others."""

    def __init__(self, folder: Path, modules: Path | None = None) -> None:
        self.errors = folder / "stderr"
        path = [str(modules)] if modules is not None else []
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "attn_desktop", "engine"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(path)},
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.client = Client(self.process.stdin.fileno(), self.process.stdout.fileno())

    def hang_up(self) -> int:
        """Close its input; the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()


Launch = Callable[..., Engine]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Start an engine, with modules of these names and texts before all others."""
    engines = []

    def launch(**modules: str) -> Engine:
        folder = tmp_path / "modules"
        folder.mkdir()
        for name, text in modules.items():
            (folder / f"{name}.py").write_text(text)
        engines.append(Engine(tmp_path, folder))
        return engines[-1]

    yield launch
    for engine in engines:
        engine.close()


def test_the_engine_serves_and_ends_with_its_input(launch: Launch, model: Path) -> None:
    engine = launch()
    client = engine.client
    assert client.banner() == b""
    welcome = only(client.ask(Hello(request=1)), Welcome)
    assert (welcome.version, welcome.process) == (PROTOCOL_VERSION, engine.process.pid)
    client.encode(model, TEXT)
    steps = client.decode(steps=4)
    expected = api.decode(api.open_model(model), TEXT, max_steps=4).steps
    for stepped, record in zip(steps, expected, strict=True):
        assert differences(stepped.record, record) == []
    assert engine.hang_up() == 0
    assert client.rest() == []
    assert engine.errors.read_bytes() == b""


def test_no_print_of_any_kind_breaks_the_stream(launch: Launch, model: Path) -> None:
    engine = launch(sitecustomize=LOUD_STEPS)
    client = engine.client
    assert client.banner().strip() == b"a banner"
    client.ask(Hello(request=1))
    client.encode(model, TEXT)
    assert len(client.decode(steps=2)) == 2
    assert engine.hang_up() == 0
    assert client.rest() == []
    said = engine.errors.read_bytes()
    sources = [b"from Python", b"from the first stdout", b"from a descriptor", b"from a child"]
    if os.name != "nt":
        sources.append(b"from C")
    for source in sources:
        assert said.count(source) == 3


def test_the_streams_are_private_and_what_was_not_flushed_does_not_enter_them() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STREAMS],
        cwd=ROOT,
        input=b"a request\r\n\x1a\x00",
        capture_output=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"a request\r\n\x1a\x00"
    for source in (b"before, not yet flushed", b"from Python", b"from a child"):
        assert done.stderr.count(source) == 1


@posix
def test_streams_are_taken_where_there_is_no_stderr() -> None:
    code = (
        "import os; os.close(2)\n"
        "from attn_desktop.engine.streams import log, take_streams\n"
        "streams = take_streams()\n"
        "print('lost'); log('lost as well'); os.write(1, b'lost')\n"
        "os.write(streams.replies, b'kept')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.stdout == b"kept"


def test_the_end_of_the_input_ends_a_decoding_at_once(launch: Launch, model: Path) -> None:
    engine = launch()
    engine.client.greet()
    engine.client.encode(model, TEXT)
    engine.client.send(engine.client.decode_request(steps=10**9))
    checked(engine.client.receive(), Stepped)
    assert engine.hang_up() == 0


def test_the_end_of_the_input_ends_the_import_of_torch_at_once(launch: Launch) -> None:
    engine = launch(torch=SLEEPING_TORCH)
    client = engine.client
    assert client.banner() == b"", "the preamble must not wait for torch"
    client.send(Hello(request=1))
    assert client.receive() == Progress(request=1, text="loading torch")
    assert engine.hang_up() == 0
    assert client.rest() == []


@posix
def test_a_window_that_no_longer_reads_ends_it(launch: Launch, model: Path) -> None:
    engine = launch()
    engine.client.greet()
    engine.client.encode(model, TEXT)
    assert engine.process.stdout is not None
    engine.process.stdout.close()
    engine.client.send(engine.client.decode_request(steps=10**9))
    assert engine.process.wait(PATIENCE_S) == 0
    assert engine.errors.read_bytes() == b""


def test_what_is_no_message_ends_it_with_2_and_one_line(launch: Launch) -> None:
    engine = launch()
    engine.client.banner()
    engine.client.write(b"ls -l\n" * 3)
    assert engine.process.wait(PATIENCE_S) == 2
    error = engine.errors.read_bytes()
    assert error.startswith(b"attn-desktop engine: a frame of ")
    assert error.count(b"\n") == 1


@posix
def test_an_interrupt_is_meant_for_the_window(launch: Launch) -> None:
    engine = launch()
    engine.client.greet()
    engine.process.send_signal(signal.SIGINT)
    only(engine.client.ask(ListModels(request=5)), Models)
    engine.process.send_signal(signal.SIGTERM)
    assert engine.process.wait(PATIENCE_S) == -signal.SIGTERM


def test_another_version_is_refused_without_waiting_for_torch(launch: Launch) -> None:
    client = launch(torch=SLEEPING_TORCH).client
    client.banner()
    failed = client.failure(Hello(request=1, version=0))
    assert failed.cause == "version"
    assert f"attn-desktop {__version__}" in failed.message


@posix
@pytest.mark.parametrize("end", ["stdin", "stdout"])
def test_in_a_terminal_it_says_what_it_is_for(end: str) -> None:
    import pty

    terminal, inside = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "attn_desktop", "engine"],
            cwd=ROOT,
            stdin=inside if end == "stdin" else subprocess.DEVNULL,
            stdout=inside if end == "stdout" else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(terminal)
        os.close(inside)
    assert done.returncode == 2
    assert done.stderr.startswith(b"attn-desktop: this command speaks to a window through pipes")
    assert done.stderr.count(b"\n") == 1

"""The window as a user has it: a real X server, real keys and mouse, files and processes."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attn_desktop.common.errors import TraceFileError
from attn_desktop.common.mode import HARD, SOFT
from attn_desktop.trace.run_tree import Node
from attn_desktop.trace.storage import load_trace
from attn_desktop.trace.trace import Trace
from tests.end_to_end.xvfb import ROOT, Picture, Program, Screen, lacking, open_screen, wait_for

pytest.importorskip("PySide6")
pytestmark = pytest.mark.skipif(bool(lacking()), reason=f"without {lacking()}")

WIDTH, HEIGHT = 1440, 900
SIZE = f"{WIDTH}x{HEIGHT}"
TEXT = "I have a red car."
UNSAVED = "unsaved — attn_desktop"
#: Of the light theme: what marks the current step, and what a warning begins with.
TARGET, WARNING = (0xE6, 0x9F, 0x00), (0xB3, 0x47, 0x00)
#: Parts of the first layout, as rows and columns of a picture.
TIMELINE = slice(740, 880), slice(0, WIDTH)
NEXT_TOKEN = slice(90, 260), slice(1056, WIDTH)
FIELD = 120, 160
#: More than half a row of the next-token panel and less than one and a half, in pixels.
ABOUT_A_ROW = 25

Start = Callable[..., Program]


class Window:
    """A window on a screen; what it holds is seen by saving it."""

    def __init__(self, screen: Screen, program: Program, file: Path | None = None) -> None:
        self.screen, self.program, self.file = screen, program, file
        self.id = screen.focus(UNSAVED if file is None else titled(file))

    def key(self, *keys: str) -> None:
        self.screen.key(*keys)

    def save_as(self, file: Path) -> Trace:
        """Save for the first time, through the dialog."""
        self.key("ctrl+s")
        self.screen.focus("Save")
        self.screen.type(str(file))
        self.key("Return")
        self.file = file
        self.screen.focus(titled(file))
        return load_trace(file)

    def saved(self) -> Trace:
        """Save once more, and read."""
        assert self.file is not None
        before = version(self.file)
        self.key("ctrl+s")
        wait_for("the file is written", lambda: version(self.file) != before)
        return load_trace(self.file)

    def until(self, what: str, holds: Callable[[Trace], bool]) -> Trace:
        """Save until something holds of what is saved."""

        def look() -> Trace | None:
            trace = self.saved()
            return trace if holds(trace) else None

        return wait_for(what, look)

    def shows_a_step(self) -> None:
        """Wait until the timeline marks a step."""
        wait_for("a step in the timeline", lambda: len(marked(self.screen.picture(), TIMELINE)))

    def quit(self) -> None:
        """Close it by its key: in order, without a word, and with its engine."""
        self.key("ctrl+q")
        assert (self.program.ended(), self.program.errors) == (0, "")


def titled(file: Path) -> str:
    return f"{file.name} — attn_desktop"


def version(file: Path | None) -> tuple[int, int]:
    """Changes whenever a file is written anew."""
    assert file is not None
    about = file.stat()
    return about.st_ino, about.st_mtime_ns


def marked(
    picture: Picture, part: tuple[slice, slice], colour: tuple[int, int, int] = TARGET
) -> np.ndarray[tuple[int, int], np.dtype[np.intp]]:
    """(N, 2) rows and columns, in a part of a picture, of exactly one colour."""
    return np.argwhere((picture[part] == colour).all(axis=-1))


def shown(trace: Trace) -> list[Node]:
    """The branch that was shown when the trace was saved."""
    assert trace.place is not None
    return [] if trace.place.leaf is None else list(trace.tree.path(trace.place.leaf))


def at(trace: Trace) -> int:
    assert trace.place is not None
    return trace.place.t


def ends(trace: Trace, branches: int) -> bool:
    """Whether there are so many branches, each decoded to its end."""
    leaves = trace.tree.leaves()
    steps = {step.node: step for step in trace.steps}
    return len(leaves) == branches and all(steps[leaf.id].is_end for leaf in leaves)


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    folder = tmp_path / "screen"
    folder.mkdir()
    with open_screen(folder, WIDTH, HEIGHT) as screen:
        screen.point(WIDTH - 1, 1)  # over nothing that answers to it
        yield screen


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the program with options; `display` is that of a screen, None for none."""
    with ExitStack() as stack:

        def begin(display: str | None, *args: object) -> Program:
            program = Program(tmp_path, display, "--size", SIZE, *args)
            stack.callback(program.kill)
            return program

        yield begin


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file of the shipped model's decoding."""
    file = tmp_path_factory.mktemp("recorded") / "car.attn"
    command = [sys.executable, "-m", "attn_desktop", "trace", "en-fr", TEXT, "-o", str(file)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return file.read_bytes()


@pytest.fixture
def window(screen: Screen, start: Start, tmp_path: Path, recorded: bytes) -> Window:
    """A window that shows a recorded decoding."""
    file = tmp_path / "car.attn"
    file.write_bytes(recorded)
    window = Window(screen, start(screen.display, "--trace", file), file)
    window.shows_a_step()
    return window


def test_a_sentence_is_decoded_changed_saved_and_shown_again(
    screen: Screen, start: Start, tmp_path: Path
) -> None:
    window = Window(screen, start(screen.display))
    window.shows_a_step()
    window.key("ctrl+l")
    screen.type(TEXT)
    window.key("Return", "Escape")
    first = window.save_as(tmp_path / "story.attn")
    assert first.run.model.name == "en-fr"
    decoded = window.until("the output", lambda trace: ends(trace, 1))
    assert decoded.run.text == TEXT
    assert at(decoded) == len(decoded.steps)

    window.key("Home", "F10", "F10", "F10", "shift+F10")
    assert at(window.until("step 2", lambda trace: at(trace) == 2)) == 2
    window.key("ctrl+h")
    hard = window.until("a hard branch", lambda trace: ends(trace, 2))
    assert [node.mode.weighting for node in shown(hard)[:3]] == [SOFT, SOFT, HARD]
    assert at(hard) == 2

    window.key("F10")
    window.until("step 3", lambda trace: at(trace) == 3)
    chosen = marked(screen.picture(), NEXT_TOKEN).mean(axis=0)
    y, x = round(chosen[0]) + NEXT_TOKEN[0].start, round(chosen[1]) + NEXT_TOKEN[1].start
    screen.click(x + 2 * ABOUT_A_ROW, y + ABOUT_A_ROW)
    forced = window.until("a forced branch", lambda trace: ends(trace, 3))
    node = shown(forced)[2]
    assert (at(forced), node.choice.how, node.mode.weighting) == (3, "forced", HARD)
    assert node.token_id != shown(hard)[2].token_id
    assert shown(forced)[1] == shown(hard)[1]
    assert not window.program.kept.parent.is_dir() or window.program.engine()
    window.quit()
    assert not list(window.program.kept.parent.glob("*"))
    assert window.file is not None

    again = Window(screen, start(screen.display, "--trace", window.file), window.file)
    again.shows_a_step()
    pictures = {}
    for key, place in (("End", len(shown(forced))), ("Left", len(shown(forced)) - 1), ("Home", 0)):
        again.key(key)
        trace = again.until(key, lambda trace, place=place: at(trace) == place)
        assert trace.tree.nodes == forced.tree.nodes
        pictures[key] = screen.picture()
    frames = {key: marked(picture, TIMELINE) for key, picture in pictures.items()}
    assert frames["Left"][:, 1].mean() < frames["End"][:, 1].mean()
    assert (pictures["Left"] != pictures["Home"]).any(axis=-1).mean() > 0.01
    again.quit()



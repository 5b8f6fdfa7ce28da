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

from attn_desktop.common.mode import HARD, SOFT
from attn_desktop.trace.run_tree import Node
from attn_desktop.trace.storage import load_trace
from attn_desktop.trace.trace import Place, Trace
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
MESSAGES = slice(54, 140), slice(0, 16)
#: x and y of somewhere in the text field.
FIELD = 120, 160
#: More than half a row of the next-token panel and less than one and a half, in pixels.
ABOUT_A_ROW = 25
#: Between two words of a button, in pixels; more is between two buttons.
MOST_SPACE = 8

Start = Callable[..., Program]


class Window:
    """A window on a screen; what it holds is seen by saving it."""

    def __init__(self, screen: Screen, program: Program, file: Path | None = None) -> None:
        self.screen, self.program, self.file = screen, program, file
        self.id = screen.focus(UNSAVED if file is None else titled(file))

    def key(self, *keys: str) -> None:
        self.screen.key(*keys)

    def save_as(self, file: Path) -> Trace:
        """Save for the first time, through the dialog; the keys must be the window's."""
        self.key("ctrl+s")
        self.screen.focus("Save")
        self.screen.type(str(file))

        def entered() -> bool:
            self.key("Return")  # the first may only close Qt's list of files that begin like it
            return file.exists()

        wait_for("the file is written", entered)
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

    def frame(self, but: float = -1.0) -> float:
        """Wait until the timeline frames a place, and another than one; its middle, a column."""

        def found() -> float | None:
            framed = marks(self.screen.picture(), TIMELINE)
            return middle(framed)[1] if framed and middle(framed)[1] != but else None

        return wait_for("a place in the timeline", found)

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


def marks(
    picture: Picture, part: tuple[slice, slice], colour: tuple[int, int, int] = TARGET
) -> list[tuple[int, int]]:
    """Row and column in the picture of each pixel of exactly this colour in a part of it."""
    rows, columns = np.nonzero((picture[part] == colour).all(axis=-1))
    top, left = part[0].start, part[1].start
    return list(zip((rows + top).tolist(), (columns + left).tolist(), strict=True))


def middle(pixels: list[tuple[int, int]]) -> tuple[int, int]:
    row, column = np.mean(pixels, axis=0).round().astype(int).tolist()
    return row, column


def first_button(strip: Picture) -> int:
    """The column of the third piece of writing from the right in a row of a message.

    To the right of it are another button and a ✕.
    """
    inked = np.flatnonzero((strip.max(axis=-1) < 128).any(axis=0))
    pieces = np.split(inked, np.flatnonzero(np.diff(inked) > MOST_SPACE) + 1)
    return round(float(pieces[-3].mean()))


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
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the program with options; `display` is that of a screen, None for none."""
    with ExitStack() as stack:

        def begin(display: str | None, *args: object) -> Program:
            program = Program(tmp_path, display, "--size", SIZE, *args)
            stack.callback(program.kill)
            return program

        yield begin


@pytest.fixture
def screen(start: Start, tmp_path: Path) -> Iterator[Screen]:
    folder = tmp_path / "screen"
    folder.mkdir()
    with open_screen(folder, WIDTH, HEIGHT) as screen:
        screen.point(WIDTH - 1, 1)  # over nothing that answers to it
        yield screen
        Image.fromarray(screen.picture()).save(tmp_path / "at-the-end.png")


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
    window.frame()
    return window


def test_a_sentence_is_decoded_changed_saved_and_shown_again(
    screen: Screen, start: Start, tmp_path: Path
) -> None:
    window = Window(screen, start(screen.display))
    window.frame()
    window.key("ctrl+l")
    screen.type(TEXT)
    window.key("Return", "Escape")
    window.save_as(tmp_path / "story.attn")
    decoded = window.until("the output", lambda trace: ends(trace, 1))
    assert (decoded.run.text, decoded.run.model.name) == (TEXT, "en-fr")
    assert at(decoded) == len(decoded.steps)

    window.key("Home", "F10", "F10", "F10", "shift+F10")
    assert at(window.saved()) == 2
    window.key("ctrl+h")
    hard = window.until("a hard branch", lambda trace: ends(trace, 2))
    assert [node.mode.weighting for node in shown(hard)[:3]] == [SOFT, SOFT, HARD]
    assert at(hard) == 2

    window.key("F10")
    assert at(window.saved()) == 3
    y, x = middle(wait_for("the token taken", lambda: marks(screen.picture(), NEXT_TOKEN)))
    screen.click(x + 2 * ABOUT_A_ROW, y + ABOUT_A_ROW)
    forced = window.until("a forced branch", lambda trace: ends(trace, 3))
    node = shown(forced)[2]
    assert (at(forced), node.choice.how, node.mode.weighting) == (3, "forced", HARD)
    assert node.token_id != shown(hard)[2].token_id
    assert shown(forced)[:2] == shown(hard)[:2]
    window.program.engine()
    window.quit()
    assert not list(window.program.kept.parent.glob("*")), "of what was closed nothing is kept"

    again = Window(screen, start(screen.display, "--trace", window.file), window.file)
    column = again.frame()
    assert again.saved().place == forced.place
    last = len(shown(forced))
    columns, pictures = {}, {}
    for key, place in (("Home", 0), ("End", last), ("Left", last - 1)):
        again.key(key)
        trace = again.saved()
        assert (at(trace), trace.tree.nodes) == (place, forced.tree.nodes)
        columns[key] = column = again.frame(column)
        pictures[key] = screen.picture()
    assert columns["Home"] < columns["Left"] < columns["End"]
    assert (pictures["Left"] != pictures["Home"]).any(axis=-1).mean() > 0.01
    again.quit()


def test_shift_f10_steps_back_and_opens_no_menu(window: Window) -> None:
    screen, nothing_else = window.screen, {window.id}
    window.key("Home")
    for focus in ("in the window", "in the field"):
        window.key("F10", "F10")
        assert at(window.saved()) == 2, focus
        assert set(screen.windows()) == nothing_else, focus
        window.key("shift+F10")
        assert at(window.saved()) == 1, focus
        assert set(screen.windows()) == nothing_else, focus
        window.key("shift+F10", "ctrl+l")
        assert at(window.saved()) == 0, focus
    # That a menu would have been seen, and have kept the keys that follow:
    screen.click(*FIELD, button=3)
    wait_for("a context menu", lambda: len(screen.windows()) == 2)
    window.key("Escape")
    wait_for("no context menu", lambda: set(screen.windows()) == nothing_else)
    window.quit()


def test_undo_and_redo(window: Window) -> None:
    window.key("Home", "F10", "ctrl+h")
    changed = window.until("a hard branch", lambda trace: ends(trace, 2))
    window.key("ctrl+z")
    before = window.saved()
    assert ends(before, 1)
    assert {node.mode.weighting for node in before.tree.nodes} == {SOFT}
    assert before.place == Place(before.tree.leaves()[0].id, 1)
    for redo in ("ctrl+shift+z", "ctrl+y"):
        window.key(redo)
        after = window.saved()
        assert (after.tree.nodes, after.place) == (changed.tree.nodes, changed.place)
        window.key("ctrl+z")
        assert window.saved().tree.nodes == before.tree.nodes
    window.quit()


def test_space_plays_in_the_window_and_is_a_character_in_the_field(
    window: Window, tmp_path: Path
) -> None:
    last = at(window.saved())
    window.key("Home", "bracketright", "bracketright", "space")
    window.until("the last step, by itself", lambda trace: at(trace) == last)
    window.key("Escape", "Home", "ctrl+l")
    window.screen.type("black  cat.")
    window.key("Left", "Home")
    window.screen.type("A ")
    window.key("End", "space")
    assert at(window.saved()) == 0, "no key of the field has moved the playhead"
    window.key("Return", "Escape")
    window.screen.focus(UNSAVED)  # the new text has no file yet
    assert window.save_as(tmp_path / "cat.attn").run.text == "A black  cat. "
    window.until("its output", lambda trace: ends(trace, 1))
    window.quit()


@pytest.mark.parametrize("with_display", [True, False])
def test_a_picture_needs_no_screen(
    screen: Screen, start: Start, tmp_path: Path, with_display: bool
) -> None:
    picture = tmp_path / "window.png"
    options = ("--theme", "dark", "--input", TEXT, "--screenshot", picture)
    program = start(screen.display if with_display else None, *options)
    assert (program.ended(), program.errors) == (0, "")
    pixels = np.asarray(Image.open(picture).convert("RGB"))
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert np.median(pixels) < 64, "it is dark"
    assert marks(pixels, TIMELINE), "it shows a step"
    assert not (tmp_path / "config").exists(), "nothing is remembered"


def test_without_a_screen_one_line_says_so(start: Start) -> None:
    program = start(None)
    assert program.ended() == 2
    assert program.errors.count("\n") == 1
    assert "DISPLAY" in program.errors


def test_what_a_killed_window_showed_is_offered_to_the_next(
    window: Window, start: Start, tmp_path: Path
) -> None:
    screen, killed = window.screen, window.program
    window.key("Home", "ctrl+h")
    wait_for("it is kept", lambda: killed.kept.is_file() and ends(load_trace(killed.kept), 2))
    killed.engine()
    killed.signal(signal.SIGKILL)
    assert killed.ended() == -signal.SIGKILL

    window = Window(screen, start(screen.display))
    offer = wait_for("an offer", lambda: marks(screen.picture(), MESSAGES, WARNING))
    row = middle(offer)[0]
    screen.click(first_button(screen.picture()[row - 6 : row + 6]), row)
    wait_for("the offer is taken", lambda: not marks(screen.picture(), MESSAGES, WARNING))
    assert not killed.kept.exists(), "it is not offered twice"
    window.key("End", "ctrl+q")
    screen.focus("Unsaved changes")
    window.key("Escape")
    wait_for("no question", lambda: set(screen.windows()) == {window.id})
    screen.focus(UNSAVED)
    trace = window.save_as(tmp_path / "kept.attn")
    assert trace.run.text == TEXT
    assert ends(trace, 2)
    assert at(trace) == len(shown(trace)), "keys are the window's after a click in the message"
    window.quit()
    assert not list(killed.kept.parent.glob("*"))
    assert killed.kept.name not in window.program.settings()


def test_an_interrupt_closes_the_window(window: Window) -> None:
    program = window.program
    window.key("Home", "ctrl+h")  # something unsaved, about which nobody is asked
    wait_for("it is kept", lambda: program.kept.is_file() and ends(load_trace(program.kept), 2))
    program.engine()
    program.signal(signal.SIGINT)
    assert program.ended() in (0, 130)
    assert program.errors == ""
    assert not list(program.kept.parent.glob("*"))


def test_an_interrupted_picture_is_told(start: Start, tmp_path: Path) -> None:
    picture = tmp_path / "window.png"
    program = start(None, "--screenshot", picture)
    program.engine()
    program.signal(signal.SIGINT)
    assert (program.ended(), program.errors) == (130, "attn-desktop: interrupted\n")
    assert not picture.exists()


def test_only_the_engine_holds_torch(window: Window) -> None:
    def holds_torch(process: int) -> bool:
        return "libtorch" in Path(f"/proc/{process}/maps").read_text()

    engine = window.program.engine()
    wait_for("the engine has loaded torch", lambda: holds_torch(engine))
    window.key("Home", "F10", "ctrl+h")
    window.until("a branch by the engine", lambda trace: ends(trace, 2))
    assert not holds_torch(window.program.id)
    window.quit()

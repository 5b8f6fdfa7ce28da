"""How fast the window is: keys, pointer, scrubbing, steps that arrive, its start, its memory.

Run with `pytest tests/benchmarks/test_window_speed.py -s`, and with QT_SCALE_FACTOR=2 before it as
on a screen of many pixels. Figures are shares of a frame at 30 Hz: on the wall, which counts, and
in processor time of the window, which tells both apart where the machine is busy.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pyqtgraph as pg
import pytest
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from attn_desktop.common.settings import Settings
from attn_desktop.gui.document import Document, Finished, View
from attn_desktop.gui.job import DecodeJob
from attn_desktop.gui.main_window import MainWindow
from attn_desktop.gui.panel import PaintedPanel, Panel
from attn_desktop.gui.panels.lanes import LanesPanel
from attn_desktop.gui.plot_panel import PlotPanel
from attn_desktop.gui.undo import AddSteps
from attn_desktop.trace.frames import FrameReader, decode_reply, encode_frame
from attn_desktop.trace.protocol import Stepped
from attn_desktop.trace.run_tree import RunTree
from attn_desktop.trace.trace import Trace
from tests.toy_records import Sizes, toy_trace

FRAME_S = 1 / 30
SIZES = ((1440, 900), (1600, 1000))
#: Panels that show the step at the playhead.
OF_A_STEP = {"alignment", "alpha", "context", "lanes", "next-token", "soft-hard", "timeline"}

Measures = list[tuple[float, float]]


def long_trace(source: int, steps: int) -> Trace:
    """A toy run with vectors of the sizes of the shipped model."""
    return toy_trace(steps, Sizes(source=source, hidden=512, state=384, top_k=10))


class Watch(QObject):
    """Counts paint events by panel, and sums up where the time goes."""

    seconds: ClassVar[dict[str, float]] = defaultdict(float)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.painted: Counter[str] = Counter()
        self._names: dict[QObject, str] = {}
        for dock in window.docks.values():
            panel = dock.panel
            canvas: QWidget = panel.canvas.viewport() if isinstance(panel, PlotPanel) else panel
            self._names[canvas] = panel.name
            canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        if event.type() == QEvent.Type.Paint:
            self.painted[self._names[watched]] += 1
        return False

    @classmethod
    def time(cls, patch: pytest.MonkeyPatch) -> None:
        """Sum up the seconds that panels draw (`flush`) and paint; before there is a window."""

        def timed(kind: type[Any], method: str, name: Callable[[Any], str]) -> None:
            original = getattr(kind, method)

            def measured(self: Any, *arguments: Any) -> None:
                began = time.thread_time()
                original(self, *arguments)
                cls.seconds[name(self)] += time.thread_time() - began

            patch.setattr(kind, method, measured)

        timed(Panel, "flush", lambda panel: f"{panel.name} draw")
        timed(PaintedPanel, "paintEvent", lambda panel: f"{panel.name} paint")
        timed(pg.GraphicsView, "paintEvent", lambda view: f"{view.parent().name} paint")

    def clear(self) -> None:
        """Count from here on."""
        self.settle()
        self.painted.clear()
        self.seconds.clear()

    def settle(self) -> None:
        """Run the event loop until nothing is painted any more."""
        calm = 0
        while calm < 2:
            before = self.painted.total()
            QApplication.processEvents()
            calm = calm + 1 if self.painted.total() == before else 0

    def until_painted(self, act: Callable[..., object], *arguments: Any) -> tuple[float, float]:
        """Seconds from an act until all panels are painted: on the wall, of the processor."""
        began, began_cpu = time.perf_counter(), time.thread_time()
        act(*arguments)
        self.settle()
        return time.perf_counter() - began, time.thread_time() - began_cpu


class Bench:
    """A window with a run in it, and no engine."""

    def __init__(self, window: MainWindow) -> None:
        self.window, self.watch = window, Watch(window)

    @property
    def t(self) -> int:
        return self.window.playhead.scene.t

    def show(self, trace: Trace, t: int = 0) -> None:
        self.window.session.set_document(*Document.of_trace(trace))
        self.window.session.go(t)
        self.watch.clear()

    def visible(self) -> set[str]:
        """Panels of a step that are seen; one behind a tab is there, but not a pixel of it."""
        panels = {name: self.window.docks[name].panel for name in OF_A_STEP}
        return {name for name, panel in panels.items() if not panel.visibleRegion().isEmpty()}

    def press(self, key: Qt.Key) -> tuple[float, float]:
        return self.watch.until_painted(QTest.keyClick, self.window, key)


@pytest.fixture
def bench(
    qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Bench]]:
    opened: list[MainWindow] = []
    Watch.time(monkeypatch)

    def make(size: tuple[int, int], **settings: Any) -> Bench:
        window = MainWindow(qapp, Settings(theme="light", **settings))
        opened.append(window)
        window.resize(*size)
        window.views.reset_layout()
        window.show()
        qtbot.waitExposed(window)
        window.activateWindow()
        window.setFocus()
        return Bench(window)

    yield make
    for window in opened:
        window.link.decoding = None
        window.session.undo_stack.setClean()
        window.close()
        window.deleteLater()
    qtbot.wait(0)


def frames(what: str, measures: Measures, target: float = 1.0) -> None:
    """Print median, 95th percentile and worst as shares of a frame."""
    print(f"\n{what}, scale {QApplication.primaryScreen().devicePixelRatio():g}:")
    for name, values in zip(("wall", "processor"), zip(*measures, strict=True), strict=True):
        shares = sorted(value / FRAME_S for value in values)
        high = shares[min(len(shares) - 1, round(0.95 * len(shares)))]
        print(
            f"  {name:9} median {statistics.median(shares):.2f}, 95 % {high:.2f}, "
            f"worst {shares[-1]:.2f} of a frame (target {target:g})"
        )


def panels(watch: Watch, count: int) -> None:
    """Print which share of a frame each panel takes, the largest first."""
    largest = sorted(watch.seconds.items(), key=lambda entry: -entry[1])[:14]
    parts = [f"{name} {seconds / count / FRAME_S:.3f}" for name, seconds in largest]
    print(f"  of which {', '.join(parts)}")


@pytest.mark.parametrize("presenter", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_from_a_key_to_all_panels_repainted(
    bench: Callable[..., Bench],
    size: tuple[int, int],
    presenter: bool,
) -> None:
    made = bench(size, presenter=presenter)
    made.show(long_trace(60, 40))
    keys = [Qt.Key.Key_Right, Qt.Key.Key_F10] * 18
    measures = [made.press(key) for key in keys]
    assert made.t == len(keys)
    assert all(made.watch.painted[name] >= len(keys) for name in made.visible())
    frames(f"a key, 60 source positions, {size}{', presenter' * presenter}", measures)
    panels(made.watch, len(keys))


def point(widget: QWidget, at: QPointF) -> None:
    """Move the pointer; without QTest, which knows no place beyond the small offscreen screen."""
    none = Qt.MouseButton.NoButton
    where = widget.mapToGlobal(at)
    keys = Qt.KeyboardModifier.NoModifier
    move = QMouseEvent(QEvent.Type.MouseMove, at, where, none, none, keys)
    QApplication.sendEvent(widget, move)


@pytest.mark.parametrize("size", SIZES)
def test_from_the_pointer_over_one_panel_to_all_lit(
    bench: Callable[..., Bench], size: tuple[int, int]
) -> None:
    made = bench(size)
    made.show(long_trace(60, 40), t=20)
    lanes = made.window.docks["lanes"].panel
    assert isinstance(lanes, LanesPanel)
    row = lanes.rows().source
    places = [QPointF(x, 12) for x in row.centres[row.first : row.last]]
    lit, measures = set(), []
    for place in places:
        measures.append(made.watch.until_painted(point, lanes, place))
        lit.add(made.window.playhead.light.source)
    assert len(lit) == len(places)
    assert all(made.watch.painted[name] >= len(lit) for name in made.visible())
    frames(f"the pointer, 60 source positions, {size}", measures)
    panels(made.watch, len(places))


@pytest.mark.parametrize("size", SIZES)
def test_scrubbing_200_steps_over_200_positions(
    bench: Callable[..., Bench], size: tuple[int, int]
) -> None:
    made = bench(size)
    made.show(long_trace(200, 200), t=60)
    count = 60
    single = [made.press(Qt.Key.Key_Right) for _ in range(count)]
    assert made.t == 60 + count
    assert all(made.watch.painted[name] >= count for name in made.visible())
    frames(f"scrubbing 200 x 200, {size}, each step painted", single, target=0.8)
    panels(made.watch, count)

    def queue() -> None:
        for _ in range(count):
            event = QKeyEvent(
                QEvent.Type.KeyPress, Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, "", True
            )
            QApplication.postEvent(made.window, event)

    wall, cpu = made.watch.until_painted(queue)
    assert made.t == 60 + 2 * count
    print(
        f"  {count} presses at once: {wall / count / FRAME_S:.3f} of {count} frames "
        f"(processor {cpu / count / FRAME_S:.3f})"
    )


@pytest.mark.parametrize(("source", "steps", "first"), [(60, 40, 1), (200, 200, 170)])
def test_from_a_decoded_step_to_all_panels_repainted(
    bench: Callable[..., Bench],
    source: int,
    steps: int,
    first: int,
) -> None:
    made, trace = bench(SIZES[0]), long_trace(source, steps)
    whole, view = Document.of_trace(trace)
    nodes = list(whole.path(view.leaf, steps))
    records = {step.node: step for step in trace.steps}
    document = Document(trace.run, tree=RunTree(trace.tree.root), step_limit=steps)
    for node in nodes[:first]:
        document.add(Finished(node, records[node.id]))
    window, watch = made.window, made.watch
    session = window.session
    session.set_document(document, View(nodes[first - 1].id, first, mode=nodes[0].mode))
    watch.clear()
    command = AddSteps(session, "run", session.view, session.view)
    job = DecodeJob(
        path=nodes[:first],
        steps=steps - first,
        mode=nodes[0].mode,
        choice=nodes[0].choice,
        command=command,
        new_id=document.tree.new_id,
        request=1,
    )
    window.link.decoding = job
    measures = []
    for node in nodes[first:]:
        reply = Stepped(request=1, run=1, node=node, record=records[node.id])
        measures.append(watch.until_painted(window.link.stepped.emit, job, reply))
    assert made.t == len(window.playhead.scene.steps) == steps
    assert all(watch.painted[name] >= len(measures) for name in made.visible())
    frames(f"a decoded step, up to {steps} over {source} positions", measures)
    panels(watch, len(measures))


#: A window as the command opens it, which says when what has happened, and leaves when the engine
#: is ready. argv: the time at which its process was started.
START = """
import json, sys, time
began = float(sys.argv[1])
times = {}
def note(what):
    times.setdefault(what, time.time() - began)
note("python")
from attn_desktop.cli.app import main
note("command line")
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from attn_desktop.gui import app, main_window
from attn_desktop.gui.engine_client import Health
note("window's modules")
class Window(main_window.MainWindow):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        note("window made")
        self.client.conditioned.connect(self.look)
    def event(self, event):
        done = super().event(event)
        if event.type() == QEvent.Type.UpdateRequest:
            note("first paint")
        return done
    def look(self, condition):
        if condition.health is Health.READY:
            note("engine ready")
            self.session.undo_stack.setClean()
            self.close()
            QApplication.instance().exit()
app.MainWindow = Window
sys.argv[1:] = []
try:
    main()
finally:
    print(json.dumps({"times": times, "modules": sorted(sys.modules)}))
"""
#: What only the engine or other commands need.
NOT_AT_START = {"torch", "tokenizers", "sacrebleu", "safetensors", "PIL", "rich", "transformers"}


def test_from_the_start_to_the_first_paint(tmp_path: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        environment[name] = str(tmp_path / name.lower())
    runs = []
    for _ in range(3):
        command = [sys.executable, "-c", START, str(time.time())]
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=True
        )
        runs.append(json.loads(ended.stdout.splitlines()[-1]))
    loaded = {name.partition(".")[0] for run in runs for name in run["modules"]}
    assert not loaded & NOT_AT_START
    times = {
        what: statistics.median(run["times"][what] for run in runs) for what in runs[0]["times"]
    }
    shares = [f"{what} {seconds / times['engine ready']:.2f}" for what, seconds in times.items()]
    print(f"\nstart, in shares of the {times['engine ready']:.1f} s until the engine is ready:")
    print(f"  {', '.join(shares)}")


def test_memory_of_a_run_grows_with_its_steps() -> None:
    counts, kept, sent = (50, 100, 200), [], []
    for count in counts:
        trace = long_trace(60, count)
        replies = [
            encode_frame(Stepped(request=1, run=1, node=node, record=record))
            for node, record in zip(trace.tree.nodes, trace.steps, strict=True)
        ]
        sent.append(sum(map(len, replies)))
        document = Document(trace.run)
        tracemalloc.start()
        for body in (body for reply in replies for body in FrameReader().feed(reply)):
            stepped = decode_reply(body)
            assert isinstance(stepped, Stepped)
            document.add(Finished(stepped.node, stepped.record))
        assert len(document.tree) == count
        del body, stepped
        kept.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    first, second = kept[1] - kept[0], kept[2] - kept[1]
    print(
        f"\nmemory of 60 positions, H = 512: {kept[0] / counts[0] / 1024:.1f} kB a step, "
        f"{kept[0] / sent[0]:.2f} x what the engine sends; steps 101 to 200 take "
        f"{second / first / 2:.3f} x as much as steps 51 to 100 (linear: 1)"
    )

"""A document of many steps in many branches: opening, scrubbing, changing branch, comparing.

Run with `pytest tests/benchmarks/test_large_documents.py -s`. Beside each figure in shares of a
frame at 30 Hz stands its ratio to that of a document with the longest branch alone. Once the
branches have 1,000 steps together, once each of them has.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from attn_desktop.trace.storage import save_trace
from tests.benchmarks.test_window_speed import FRAME_S, Bench, bench
from tests.toy_records import Sizes, toy_trace

__all__ = ["bench"]  # a fixture

SIZES = Sizes(source=60, hidden=512, state=384, top_k=10)
BRANCHES = 50


def written(folder: Path, steps: int, branches: int) -> Path:
    path = folder / f"{steps}-{branches}.attn"
    save_trace(toy_trace(steps, SIZES, branches=branches), path)
    return path


@pytest.mark.parametrize("steps", [39, 1000])
def test_fifty_branches(bench: Callable[..., Bench], tmp_path: Path, steps: int) -> None:
    nodes = steps // 2 + BRANCHES * (steps - steps // 2)
    figures: dict[int, dict[str, float]] = {}
    for branches in (1, BRANCHES):
        made = bench((1600, 1000))
        path = written(tmp_path, steps, branches)
        session, watch = made.window.session, made.watch
        found = figures[branches] = {}
        found["open"] = watch.until_painted(session.open, path)[0]
        document = session.document
        assert document is not None
        assert len(document.tree) == (nodes if branches > 1 else steps)
        session.go(0)
        watch.clear()
        presses = [made.press(Qt.Key.Key_Right)[0] for _ in range(30)]
        found["a step of scrubbing"] = statistics.median(presses)
        found["the worst of 30"] = max(presses)
        found["a jump"] = watch.until_painted(session.go, 5)[0]
        leaves = [leaf.id for leaf in document.tree.leaves()]
        shown = [watch.until_painted(session.show_branch, leaf)[0] for leaf in leaves[1:8]]
        if branches > 1:
            found["another branch"] = statistics.median(shown)
            found["the worst of 7"] = max(shown)
            made.window.debugger.raise_panel("compare")
            watch.settle()
            compared = [watch.until_painted(session.compare, leaf)[0] for leaf in leaves[10:17]]
            found["compare"] = statistics.median(compared)
            presses = [made.press(Qt.Key.Key_Right)[0] for _ in range(30)]
            found["scrubbing while comparing"] = statistics.median(presses)
        assert not made.window.messages.isVisible()
    print(f"\n{BRANCHES} branches of {steps} steps, {nodes} nodes:")
    for what, seconds in figures[BRANCHES].items():
        one = figures[1].get(what)
        beside = "" if one is None else f", {seconds / one:.2f} x one branch"
        print(f"  {what}: {seconds / FRAME_S:.2f} of a frame{beside}")


STATUS = Path("/proc/self/status")
#: Opens a file and goes through it; prints the most memory that took, mapped or not, in KiB.
LOADED = """
import sys
from pathlib import Path
from attn_desktop.gui.document import Document
from attn_desktop.trace.storage import load_trace
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
before = peak()
document, view = Document.of_trace(load_trace(Path(sys.argv[1])))
for leaf in document.tree.leaves():
    sum(float(step.active.state.sum()) for step in document.steps(leaf.id))
print(peak() - before)
"""


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux tells the memory like this")
def test_memory_of_a_document_grows_with_its_nodes(tmp_path: Path) -> None:
    kib, nodes = [], []
    for branches in (5, 15, 35):
        path = written(tmp_path, 1000, branches)
        ended = subprocess.run(
            [sys.executable, "-c", LOADED, str(path)], capture_output=True, text=True, check=True
        )
        kib.append(int(ended.stdout))
        nodes.append(500 * (branches + 1))
    first, second = (
        (kib[i + 1] - kib[i]) / (nodes[i + 1] - nodes[i]) for i in range(len(nodes) - 1)
    )
    print(
        f"\nmemory of a document that was read whole: {first:.1f} KiB a node between {nodes[0]} "
        f"and {nodes[1]} nodes, from there to {nodes[2]} {second / first:.3f} x that (linear: 1)"
    )

"""A window in which someone works without a pause, for a test to kill.

Run as a program with the folder for what is unsaved. It decodes nothing: finished steps, notes and
breakpoints are pushed as if an engine and a user had made them. Each line of its output is a
clock in seconds and how many nodes the document has since then.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from attn_desktop.common.settings import Settings
from attn_desktop.gui.document import Document, Finished
from attn_desktop.gui.main_window import MainWindow
from attn_desktop.gui.undo import AddSteps
from attn_desktop.trace.annotations import Breakpoint
from tests.toy_records import toy_trace

EVERY_MS = 30


def main(folder: Path) -> None:
    app = QApplication([])
    window = MainWindow(app, Settings(), keep=folder)
    window.show()
    trace = toy_trace(steps=400, branches=20)
    records = {step.node: step for step in trace.steps}
    nodes = iter(sorted(trace.tree.nodes, key=lambda node: node.id))
    session = window.session
    document = Document(trace.run)
    session.set_document(document, session.view)

    def work() -> None:
        node = next(nodes)
        finished = Finished(node, records[node.id])
        document.add(finished)
        command = AddSteps(session, f"step {node.t}", session.view, session.view)
        command.steps.append(finished)
        session.undo_stack.push(command)
        session.leaf = node.id
        session.show(node.t)
        command.after = session.view
        if node.id % 10 == 3:
            session.set_note(node.id, f"note {node.id}", node.id % 20 == 3)
        if node.id % 25 == 4:
            session.set_breakpoints((Breakpoint(f"t == {node.t}"),))
        print(time.monotonic(), len(document.tree), flush=True)

    timer = QTimer(window)
    timer.timeout.connect(work)
    timer.start(EVERY_MS)
    app.exec()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

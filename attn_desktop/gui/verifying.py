"""Verifying the document: the engine decodes every branch again, and the numbers are compared."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox, QWidget

from attn_desktop.analysis.deviation import TOLERANCE, Deviations, Report
from attn_desktop.analysis.deviation_words import amount, conditions, place, size, verdict
from attn_desktop.gui.errand import CANCELLED, Errand
from attn_desktop.gui.session import Session
from attn_desktop.trace.protocol import AnyReply, Repeat, Stepped

KIND = "verify"


class Verifying(QObject):
    """One verification at a time for a session."""

    def __init__(self, window: QWidget, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._open = 0
        self._problem = ""

    def start(self) -> None:
        """Decode everything again and say how far the numbers are from those recorded."""
        session, document = self._session, self._session.document
        if document is None or not len(document.tree):
            session.failed.emit("there is nothing to verify yet: decode a sentence", "note")
            return
        if self._open:
            return
        found = Deviations(document.trace(session.view))
        nodes = document.tree.parents_first
        runs = range(len(document.runs))
        self._open, self._problem = len(runs), ""
        self._say(KIND)
        for run in runs:
            home = session.home(run)
            assert home is not None
            own = tuple(node for node in nodes if node.run == run)
            session.link.send(
                Errand(
                    home,
                    lambda request, number, own=own: Repeat(  # type: ignore[misc]
                        request=request, run=number, nodes=own
                    ),
                    partial(_hear, found),
                    partial(self._end, found),
                    afresh=True,
                    encoded=lambda reply, run=run: found.encoded(run, reply.record),  # type: ignore[misc]
                )
            )

    def _end(self, found: Deviations, how: str) -> None:
        self._problem = self._problem or how
        self._open -= 1
        if self._open:
            return
        self._say("")
        if self._problem == CANCELLED:
            return
        if self._problem:
            self._session.failed.emit(self._problem, "model")
            return
        report = found.report()
        box = QMessageBox(self._window)
        box.setWindowTitle("Verify")
        box.setText(f"{verdict(report, TOLERANCE)}.".capitalize())
        box.setInformativeText(words(report))
        box.exec()

    def _say(self, kind: str) -> None:
        self._session.probing = kind
        self._session.refresh()


def words(report: Report) -> str:
    """What was compared and what deviates most, a line each."""
    lines = [f"Decoded again: {amount(report)}."]
    lines += [
        f"{worst.quantity.label}: {size(worst)} at {place(worst.spot, report)}"
        for worst in report.worst
        if worst.spot is not None
    ]
    other = [condition for condition in report.conditions if condition.differs]
    if other:
        lines.append(f"Recorded with {conditions(other, now=False)}.")
        lines.append(f"Now: {conditions(other, now=True)}.")
    return "\n".join(lines)


def _hear(found: Deviations, reply: AnyReply) -> None:
    if isinstance(reply, Stepped):
        found.stepped(reply.record)

"""Probes: what the engine tries beside the decoding, put into the document as it is found."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from attn_desktop.analysis import beam_tree
from attn_desktop.gui.document import Document
from attn_desktop.gui.errand import CANCELLED, Errand
from attn_desktop.gui.intents import AskProbe
from attn_desktop.gui.scene import start_key
from attn_desktop.gui.session import Session
from attn_desktop.trace.protocol import AnyReply, Probe, Probed
from attn_desktop.trace.records import ProbeRecord

#: How the parts of a probe that comes in several are joined, by kind.
JOINS: dict[str, Callable[[ProbeRecord, ProbeRecord], ProbeRecord]] = {"beam": beam_tree.extended}
#: Kinds of which a node keeps only the newest: looking at it, not trying something.
GLANCES = frozenset({"arithmetic"})


class Probing(QObject):
    """One probe at a time for a session; a new one takes the place of one that is under way."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._errand: Errand | None = None
        self._key: tuple[object, ...] = ()
        self._failed: set[tuple[object, ...]] = set()
        session.document_changed.connect(self._failed.clear)
        session.link.client.ready.connect(self._failed.clear)

    def ask(self, intent: AskProbe) -> None:
        """Probe after step t of the branch shown; not again while asked or where it failed."""
        session, document = self._session, self._session.document
        home = session.home()
        if document is None or home is None or session.link.client.welcome is None:
            return
        path = document.path(session.leaf, intent.t)
        node, run = path[-1].id if path else None, session.run
        settings = dict(intent.settings)
        key = (document, intent.kind, node, run, repr(sorted(settings.items())))
        if key in self._failed or (self._errand is not None and key == self._key):
            return
        self.stop()
        part = _Growing(session, document, intent.kind, start_key(run) if node is None else node)

        def end(how: str) -> None:
            self._errand = None
            if how not in ("", CANCELLED):
                self._failed.add(key)
                session.failed.emit(how, "note")
            self._say("")

        self._key = key
        self._errand = Errand(
            home,
            lambda request, number: Probe(
                request=request,
                run=number,
                path=path,
                kind=intent.kind,
                settings=settings,
                node_run=run,
            ),
            part.hear,
            end,
            restart=part.forget,
        )
        session.link.send(self._errand)
        self._say(intent.kind)

    def stop(self) -> None:
        """Want nothing more of the probe under way; what was found stays."""
        if self._errand is not None:
            self._session.link.recall(self._errand)

    def _say(self, kind: str) -> None:
        if kind in GLANCES:
            return  # over before anyone could read it
        if kind != self._session.probing:
            self._session.probing = kind
            self._session.refresh()


class _Growing:
    """What one probe has found so far, in the document."""

    def __init__(self, session: Session, document: Document, kind: str, key: int) -> None:
        self._session, self._document, self._key = session, document, key
        self._join = JOINS.get(kind)
        self._found: ProbeRecord | None = None
        if kind in GLANCES:
            held = document.probes.get(key, ())
            self._found = next((probe for probe in held if probe.kind == kind), None)

    def hear(self, reply: AnyReply) -> None:
        """Put what came in the place of what was there, or join it to that."""
        if not isinstance(reply, Probed) or not self._is_there():
            return
        probe, before = reply.probe, self._found
        if before is not None and self._join is not None:
            probe = self._join(before, probe)
        self._document.add_probe(probe, before)
        self._found = probe
        if self._session.document is self._document:
            self._session.refresh()

    def forget(self) -> None:
        """The engine begins again: what it finds takes the place of what was found."""
        if self._join is not None and self._found is not None:
            self._document.remove_probe(self._key, self._found)
            self._found = None

    def _is_there(self) -> bool:
        """Whether the node has not been undone meanwhile."""
        return self._key < 0 or self._key in self._document.tree

"""Probes: what the engine tries beside the decoding, put into the document as it is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject

from attn_desktop.analysis import beam_tree, rollouts
from attn_desktop.gui.document import Document
from attn_desktop.gui.errand import CANCELLED, Errand
from attn_desktop.gui.intents import AskProbe
from attn_desktop.gui.scene import start_key
from attn_desktop.gui.session import Session
from attn_desktop.trace.protocol import AnyReply, Probe, Probed
from attn_desktop.trace.records import ProbeRecord

#: How the parts of a probe that comes in several are joined, by kind.
JOINS: dict[str, Callable[[ProbeRecord, ProbeRecord], ProbeRecord]] = {
    "beam": beam_tree.extended,
    "rollouts": rollouts.extended,
}
#: Kinds that go on from a node as the next step would, unless they are told otherwise. What was
#: found is not looked for again, if it is sound.
SEARCHES: dict[str, Callable[[ProbeRecord, int], bool]] = {
    "beam": beam_tree.is_sound,
    "rollouts": rollouts.is_sound,
}
#: Kinds of which a node keeps only the newest: looking at it, not trying something.
GLANCES = frozenset({"arithmetic", "each-position", "scores", "scopes"})


@dataclass(frozen=True, eq=False)
class _UnderWay:
    """A probe that the engine is at. key: what is asked for."""

    kind: str
    errand: Errand
    key: tuple[object, ...]


class Probing(QObject):
    """Probes for a session: one at a time, and a glance of each kind beside it.

    A new one takes the place of one that is under way. What is asked for while there is no engine
    is asked when there is one.
    """

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        #: By kind for glances, under the empty text for all others.
        self._under_way: dict[str, _UnderWay] = {}
        self._waiting: dict[str, AskProbe] = {}
        self._failed: set[tuple[object, ...]] = set()
        session.document_changed.connect(self._forget)
        session.link.client.ready.connect(self._ready)

    def ask(self, intent: AskProbe) -> None:
        """Probe after step t of the branch shown; not again while asked or where it failed."""
        session, document = self._session, self._session.document
        home, kind = session.home(), intent.kind
        place = kind if kind in GLANCES else ""
        if document is None or home is None:
            return
        if session.link.client.welcome is None:
            self._waiting[place] = intent
            return
        path = document.path(session.leaf, intent.t)
        node, run = path[-1].id if path else None, session.run
        settings = self._settings(intent)
        key = (document, kind, node, run, repr(sorted(settings.items())))
        before = self._under_way.get(place)
        if key in self._failed or (before is not None and key == before.key):
            return
        self._stop(place)
        at = start_key(run) if node is None else node
        held = [own for own in document.probes.get(at, ()) if own.kind == kind]
        length = len(document.runs[run].source)
        known = next((own for own in held if _is_known(own, settings, length)), None)
        if known is not None and kind in SEARCHES and known.settings["finished"]:
            document.add_probe(known, known)  # the newest again
            session.refresh()
            return
        part = _Growing(session, document, kind, at, known)

        def end(how: str) -> None:
            del self._under_way[place]
            if how not in ("", CANCELLED):
                self._failed.add(key)
                session.failed.emit(how, "note")
            self._say()

        errand = Errand(
            home,
            lambda request, number: Probe(
                request=request,
                run=number,
                path=path,
                kind=kind,
                settings=settings,
                node_run=run,
                quick=kind in GLANCES,
            ),
            part.hear,
            end,
            restart=part.forget,
        )
        self._under_way[place] = _UnderWay(kind, errand, key)
        session.link.send(errand)
        self._say()

    def _settings(self, intent: AskProbe) -> dict[str, Any]:
        """What is asked for; what decodes on does so as the next step would."""
        if intent.kind not in SEARCHES:
            return dict(intent.settings)
        session = self._session
        ways = {"mode": str(session.mode), "seed": session.choice.seed}
        return {**ways, **intent.settings}

    def stop(self) -> None:
        """Want nothing more of the probe under way; what was found stays."""
        self._stop("")

    def _stop(self, place: str) -> None:
        if place in self._under_way:
            self._session.link.recall(self._under_way[place].errand)

    def _ready(self) -> None:
        self._failed.clear()
        waiting, self._waiting = self._waiting, {}
        for intent in waiting.values():
            if intent.t <= len(self._session.playhead.scene.steps):
                self.ask(intent)

    def _forget(self) -> None:
        """Another document."""
        self._failed.clear()
        self._waiting.clear()

    def _say(self) -> None:
        """Tell of what may take long; a glance is over before anyone could read of it."""
        long = self._under_way.get("")
        kind = "" if long is None else long.kind
        if kind != self._session.probing:
            self._session.probing = kind
            self._session.refresh()


class _Growing:
    """What one probe has found so far, in the document. known: what it takes the place of."""

    def __init__(
        self,
        session: Session,
        document: Document,
        kind: str,
        key: int,
        known: ProbeRecord | None,
    ) -> None:
        self._session, self._document, self._key = session, document, key
        self._join = JOINS.get(kind)
        self._found = known

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


def _is_known(held: ProbeRecord, settings: Mapping[str, Any], length: int) -> bool:
    """Whether a node keeps no second probe beside this one: of a glance never, of a search not
    with the same settings. length: S of its input.
    """
    if held.kind not in SEARCHES:
        return held.kind in GLANCES
    same = all(held.settings.get(name, held) == value for name, value in settings.items())
    return same and SEARCHES[held.kind](held, length)

"""Has the engine caption a gallery, one picture after the other.

Each picture is a request of its own and no probe: a probe is about a node of the document and is
kept with it, while these pictures belong to no document, and as runs they would drive out of the
engine those that do. A file is read when its turn comes, and few are under way at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from attn_desktop.analysis.caption_scores import confidence, spread
from attn_desktop.analysis.pieces import escape_unsafe
from attn_desktop.common.errors import UserError
from attn_desktop.gui.errand import CANCELLED, Errand
from attn_desktop.gui.gallery import Entry, Said, Ways
from attn_desktop.gui.gallery_files import gallery_of
from attn_desktop.gui.intents import (
    CaptionGallery,
    ChooseGallery,
    Intent,
    OpenGallery,
    OpenPicture,
    StopGallery,
)
from attn_desktop.gui.picture_files import PICTURES_FILTER, read_picture
from attn_desktop.gui.session import Session
from attn_desktop.trace.protocol import AnyReply, Caption, Captioned, NoPicture
from attn_desktop.trace.records import RunRecord

PICTURE, QUESTION = "picture", "question"
#: One that the engine is at, and one that waits there, so that it never waits for the window.
UNDER_WAY = 2
#: Longer side of a thumbnail, in pixels.
SIDE = 200
#: What arrives is shown together, so that the other panels are not drawn for each caption.
SHOWN_MS = 200
#: Of an engine over one picture, after which that is left alone.
MOST_DEATHS = 2
FATAL = "the engine died over it"


@dataclass(eq=False)
class _UnderWay:
    """A picture that was asked about. place: of its entry."""

    place: int
    errand: Errand


class GalleryDesk(QObject):
    """shown: there is a gallery to look at. wanted: an `Intent` that is not about the gallery."""

    shown = Signal()
    wanted = Signal(object)

    def __init__(self, window: QWidget, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._folder = ""
        #: As they were found, and as they are by now.
        self._found: tuple[Entry, ...] = ()
        self._entries: list[Entry] = []
        self._queue: deque[int] = deque()
        self._under_way: list[_UnderWay] = []
        self._deaths: dict[int, int] = {}
        #: Whether to begin as soon as there is a model that takes pictures.
        self._awaits_model, self._offered = False, False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._show)
        session.encoded.connect(self._model_changed)
        session.link.client.died.connect(self._engine_died)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What the actions about the gallery do, by name."""
        return {"open-gallery": self.choose_folder, "stop-gallery": self.stop}

    def take(self, intent: Intent) -> bool:
        """Do what a panel asks for; whether it is about the gallery."""
        match intent:
            case OpenGallery(paths):
                self.open(paths)
            case ChooseGallery(files):
                (self.choose_files if files else self.choose_folder)()
            case CaptionGallery(anew):
                self.caption(anew)
            case StopGallery():
                self.stop()
            case _:
                return False
        return True

    # -- opening ----------------------------------------------------------------------------

    def choose_folder(self) -> None:
        """Ask for a folder and caption its pictures."""
        name = QFileDialog.getExistingDirectory(self._window, "Open a folder", self._folder)
        if name:
            self._folder = name
            self.open((Path(name),))

    def choose_files(self) -> None:
        """Ask for several image files and caption them."""
        names, _ = QFileDialog.getOpenFileNames(
            self._window, "Open pictures", self._folder, PICTURES_FILTER
        )
        if names:
            self._folder = str(Path(names[0]).parent)
            self.open(tuple(Path(name) for name in names))

    def open(self, paths: tuple[Path, ...]) -> None:
        """Show the pictures of a folder, or several files, and caption them."""
        try:
            found = gallery_of(paths)
        except UserError as error:
            self._session.failed.emit(str(error), "note")
            return
        self._recall()
        self._session.gallery = found
        self._found, self._entries = found.entries, list(found.entries)
        self._offered = False
        self._deaths.clear()
        self.shown.emit()
        self.caption()

    # -- captioning -------------------------------------------------------------------------

    def caption(self, anew: bool = False) -> None:
        """Caption what has no caption yet, in the mode of the bar; anew: all of it."""
        if self._session.gallery is None:
            return
        self._recall()
        ways = self._ways()
        if ways is None:
            self._show()
            return
        if anew or ways != self._session.gallery.ways:
            # A thumbnail is the same whatever is said of the picture.
            self._entries = [
                replace(found, thumbnail=entry.thumbnail)
                for found, entry in zip(self._found, self._entries, strict=True)
            ]
            self._deaths.clear()
        self._queue.extend(
            place
            for place, entry in enumerate(self._entries)
            if entry.said is None and not entry.problem
        )
        self._session.gallery = replace(self._session.gallery, ways=ways)
        self._go_on()
        self._show()

    def stop(self) -> None:
        """Caption nothing more; what has a caption keeps it."""
        self._recall()
        if self._session.gallery is not None:
            self._show()

    def _ways(self) -> Ways | None:
        """As the bar says; None, with what to do about it, where the model takes no picture."""
        session, run = self._session, self._run()
        self._awaits_model = run is None or PICTURE not in run.model.takes
        if run is None:  # it comes by itself
            return None
        if PICTURE not in run.model.takes:
            pictures = [entry.path for entry in self._entries if not entry.problem]
            if pictures and not self._offered:  # whoever opens it offers a model
                self._offered = True
                self.wanted.emit(OpenPicture(path=pictures[0]))
            return None
        asked = run.text if QUESTION in run.model.takes else ""
        trained = session.mode in run.model.trained_modes
        seed = session.choice.seed
        return Ways(session.model, session.device, session.mode, seed, asked, trained)

    def _run(self) -> RunRecord | None:
        document = self._session.document
        return None if document is None else document.runs[self._session.run]

    def _model_changed(self) -> None:
        if self._awaits_model:
            self.caption()

    def _recall(self) -> None:
        """Want nothing more of what was asked for."""
        self._queue.clear()
        self._awaits_model = False
        for asked in self._under_way[:]:
            self._session.link.recall(asked.errand)

    def _go_on(self) -> None:
        """Ask about the next pictures, as many as may be under way."""
        while self._queue and len(self._under_way) < UNDER_WAY:
            place = self._queue.popleft()
            path = self._entries[place].path
            try:
                data = read_picture(path)
            except UserError as error:
                # Its name stands beside it.
                self._refuse(place, str(error).removeprefix(f"“{path.name}” "))
            else:
                self._ask(place, data)

    def _ask(self, place: int, data: bytes) -> None:
        assert self._session.gallery is not None
        ways = self._session.gallery.ways
        assert ways is not None

        def hear(reply: AnyReply) -> None:
            if isinstance(reply, Captioned):
                self._captioned(place, reply)
            elif isinstance(reply, NoPicture):
                self._refuse(place, reply.message)

        def end(how: str) -> None:
            self._under_way.remove(asked)
            if how not in ("", CANCELLED):
                # Of the model, the mode or the device: the next picture would fare no better.
                self._refuse(place, how)
                self._recall()
                self._session.failed.emit(how, "note")
            elif not how:
                self._go_on()
            self._show_soon()

        errand = Errand(
            None,
            lambda request, _: Caption(
                request=request,
                model=ways.model,
                device=ways.device,
                picture_file=data,
                mode=ways.mode,
                text=ways.text,
                seed=ways.seed,
                side=SIDE,
            ),
            hear,
            end,
        )
        asked = _UnderWay(place, errand)
        self._under_way.append(asked)
        self._session.link.send(errand)

    # -- what the engine says ---------------------------------------------------------------

    def _captioned(self, place: int, reply: Captioned) -> None:
        assert self._session.gallery is not None
        ways = self._session.gallery.ways
        assert ways is not None
        # The answer to a question is the last one; those before it were on the way.
        log_probs = reply.log_probs[-1:] if ways.text else reply.log_probs
        said = Said(
            text=escape_unsafe(reply.text),
            confidence=confidence(log_probs),
            spread=spread(reply.entropies, reply.positions),
            ended=reply.ended,
        )
        self._entries[place] = replace(self._entries[place], said=said, thumbnail=reply.thumbnail)

    def _refuse(self, place: int, reason: str) -> None:
        self._entries[place] = replace(self._entries[place], problem=reason)

    def _engine_died(self, _: str) -> None:
        """Begin again with what was under way, but for a picture that it died over repeatedly."""
        if not self._under_way:
            return
        places = [asked.place for asked in self._under_way]
        sent = [asked.place for asked in self._under_way if asked.errand.request is not None]
        for asked in self._under_way[:]:
            self._session.link.recall(asked.errand)
        for first in sent[:1]:  # the one that it was at
            self._deaths[first] = self._deaths.get(first, 0) + 1
            if self._deaths[first] >= MOST_DEATHS:
                self._refuse(first, FATAL)
                places.remove(first)
        self._queue.extendleft(reversed(places))
        self._go_on()
        self._show_soon()

    # -- showing ----------------------------------------------------------------------------

    def _show_soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start(SHOWN_MS)

    def _show(self) -> None:
        """Put what there is by now into the scene."""
        self._timer.stop()
        session = self._session
        assert session.gallery is not None
        session.gallery = replace(
            session.gallery, entries=tuple(self._entries), busy=bool(self._under_way)
        )
        # The rest of the scene stays, so nothing of it is drawn again.
        session.playhead.show(session.playhead.scene.beside(session.gallery))

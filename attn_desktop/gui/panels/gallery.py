"""The gallery: many pictures with their captions, sorted, to choose from which to step through."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from attn_desktop.analysis.pieces import escape_unsafe
from attn_desktop.gui.gallery import Entry, Gallery, ordered
from attn_desktop.gui.gallery_controls import GalleryControls
from attn_desktop.gui.gallery_tiles import TileList, Tiles
from attn_desktop.gui.gallery_words import about, blank, file_name, why_not
from attn_desktop.gui.intents import (
    CaptionGallery,
    ChooseGallery,
    OpenPicture,
    StopGallery,
)
from attn_desktop.gui.panel import Change, Panel, Table, without
from attn_desktop.gui.row_list import NOWHERE
from attn_desktop.gui.text_field import ENTER, SCRUBBING
from attn_desktop.gui.theme import Theme

FIRST, LAST = Qt.Key.Key_Home, Qt.Key.Key_End
UP_AND_DOWN = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
SIDEWAYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
PAGES = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
PLACES = {FIRST, LAST}
#: Size at normal type from which on there is room for the controls.
ROOM = (150, 110)


class GalleryPanel(Panel):
    """Click a picture to step through its caption."""

    name = "gallery"
    title = "Gallery"
    about = (
        "Every picture of a folder with its caption, decoded greedily in the mode of the bar; for\n"
        "a model that takes a question, its answer to that of the source.\n"
        "log p: mean of log p(y_t) over the tokens, the end included. H: mean of H(α_t) / log S.\n"
        "Click a picture to start over with it and step through its caption.\n"
        "Keys: ↑ ↓ choose one, then ← → Home End too; Enter opens it."
    )
    of_mode = False
    of_gallery = True
    natural = (420, 380)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.controls = GalleryControls(theme)
        self.controls.folder_wanted.connect(self._choose_folder)
        self.controls.files_wanted.connect(self._choose_files)
        self.controls.begin.connect(self._begin)
        self.controls.stopped.connect(self._stop)
        self.controls.reordered.connect(self._reorder)
        self.tiles = Tiles(theme)
        self.list = TileList(self.tiles)
        self.list.setAccessibleName(self.title)
        self.list.chosen.connect(self._clicked)
        self.list.pointed.connect(self._pointed)
        self._blank = QLabel(self)
        self._blank.setWordWrap(True)
        self._blank.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._blank.setTextFormat(Qt.TextFormat.PlainText)
        self._shown: Gallery | None = None
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.controls)
        self._column.addWidget(self._blank, 1)
        self._column.addWidget(self.list, 1)
        # In a window of its own, keys shall not go to a button before one goes there.
        self.setFocus()

    # -- drawing ----------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        if change.source:
            self._paint_theme()
        gallery, said = self.scene.gallery, blank(self.scene)
        self._blank.setText(said)
        self._blank.setVisible(bool(said))
        self.list.setVisible(not said)
        self.controls.show_gallery(gallery, why_not(self.scene))
        self._arrange()
        if gallery is not self._shown:
            before = self._shown
            self._shown = gallery
            self._list(_is_other(before, gallery))
            if self.list.pointer is not None:  # another one may have come to be there
                self._pointed(self.list.row_at(self.list.pointer), self.list.pointer)

    def _paint_theme(self) -> None:
        theme = self.theme
        self._column.setContentsMargins(theme.px(2), 0, theme.px(2), 0)
        self._column.setSpacing(theme.px(4))
        self.controls.set_theme(theme)
        self.tiles.theme = theme
        colours = self.palette()
        colours.setColor(QPalette.ColorRole.Base, theme.colour("card"))
        colours.setColor(QPalette.ColorRole.WindowText, theme.colour("dim"))
        for widget in (self.list, self._blank):
            widget.setPalette(colours)
        self._blank.setFont(theme.font())
        self._blank.setMargin(theme.px(8))
        self.list.fit()

    def _arrange(self) -> None:
        """Show the controls where there is room for them."""
        wide, high = map(self.theme.px, ROOM)
        self.controls.setVisible(self.width() >= wide and self.height() >= high)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _list(self, anew: bool) -> None:
        """Show the entries in the order that is wanted; anew: from the first one on."""
        entries: list[Entry] = []
        if self._shown is not None:
            controls = self.controls
            entries = ordered(self._shown.entries, controls.order, controls.descending)
        self.list.show_rows(self.tiles.show(entries))
        if anew:
            self.tiles.chosen = None
            self.list.scrollToTop()
        self.list.viewport().update()

    def _reorder(self) -> None:
        self.flush()
        self._list(anew=False)
        current = self.tiles.current()
        if current is None:
            self.list.scrollToTop()
        else:
            self.list.bring(current)

    @contextmanager
    def put_away(self) -> Iterator[None]:
        with without(self.controls, self._column):
            yield

    def take_view(self, panel: Panel) -> None:
        """Sorted, chosen and scrolled as in the other one."""
        assert isinstance(panel, GalleryPanel)
        self.controls.set_order(panel.controls.order, panel.controls.descending)
        self.tiles.chosen = panel.tiles.chosen
        self._column.activate()  # places are those of its own size
        first = panel.list.row_at(QPointF(panel.tiles.width / 2, 2))
        if first != NOWHERE:
            self.list.scrollTo(
                self.list.model().index(first, 0), self.list.ScrollHint.PositionAtTop
            )

    # -- words ------------------------------------------------------------------------------

    def heading(self) -> str:
        gallery = self.scene.gallery
        return self.title if gallery is None else f"{self.title}: {escape_unsafe(gallery.name)}"

    def caption(self) -> str:
        gallery = self.scene.gallery
        return "" if gallery is None or gallery.ways is None else gallery.ways.name

    def table(self) -> Table:
        self.flush()
        rows = [
            (file_name(entry), said.text, said.confidence, said.spread, "")
            if (said := entry.said) is not None
            else (file_name(entry), "", math.nan, math.nan, entry.problem)
            for entry in self.tiles.entries
        ]
        columns = ("file", "caption", "mean log p", "mean H(alpha) / log S", "problem")
        return Table(columns, rows)

    # -- asking -----------------------------------------------------------------------------

    def _choose_folder(self) -> None:
        self.ask(ChooseGallery())

    def _choose_files(self) -> None:
        self.ask(ChooseGallery(files=True))

    def _begin(self) -> None:
        gallery = self.scene.gallery
        self.ask(CaptionGallery(anew=gallery is not None and not gallery.left))

    def _stop(self) -> None:
        self.ask(StopGallery())

    def _clicked(self, number: int, _: QPointF) -> None:
        entry = self._seen(number)
        if entry is not None:
            self._choose(entry.path)
            self._open()

    def _open(self) -> None:
        """Start over with the picture that is chosen."""
        current = self.tiles.current()
        entry = None if current is None else self.tiles.entries[current]
        if entry is not None and not entry.problem:
            self.ask(OpenPicture(path=entry.path))

    def _choose(self, path: Path) -> None:
        self.tiles.chosen = path
        current = self.tiles.current()
        if current is not None:
            self.list.bring(current)
            self.said.emit(about(self.tiles.entries[current]))
        self.list.viewport().update()

    def _seen(self, number: int) -> Entry | None:
        """The entry that was seen at a place, as it is by now; None for none."""
        entries = self.tiles.entries
        seen = entries[number].path if 0 <= number < len(entries) else None
        self.flush()
        return next((entry for entry in self.tiles.entries if entry.path == seen), None)

    # -- pointer and keys -------------------------------------------------------------------

    def _pointed(self, number: int, _: QPointF) -> None:
        entry = self._seen(number)
        live = entry is not None and not entry.problem
        shape = Qt.CursorShape.PointingHandCursor if live else Qt.CursorShape.ArrowCursor
        self.list.viewport().setCursor(shape)
        self.list.viewport().update()
        self.said.emit("" if entry is None else about(entry))

    def event(self, event: QEvent) -> bool:
        # Where a frame shows that keys go here, those that scrub go from picture to picture.
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and self.tiles.framed:
            mine = event.key() in SCRUBBING and not _is_held(event) and bool(self.tiles.entries)
            event.setAccepted(mine)
            return mine
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.flush()
        key, place = Qt.Key(event.key()), self._place(Qt.Key(event.key()))
        if _is_held(event) or not self.tiles.entries or blank(self.scene):
            super().keyPressEvent(event)
        elif key in ENTER and self.tiles.chosen is not None:
            self._open()
        elif place is not None:
            self.tiles.framed = True
            self._choose(self.tiles.entries[place].path)
        else:
            super().keyPressEvent(event)

    def _place(self, key: Qt.Key) -> int | None:
        """Where a key goes from the current entry; None for one that goes nowhere."""
        last, across, current = len(self.tiles.entries) - 1, self.list.across, self.tiles.current()
        rows = max(1, self.list.viewport().height() // self.tiles.row_height(0))
        if key in PLACES:
            return 0 if key == FIRST else last
        by = {
            **{one: way * across for one, way in UP_AND_DOWN.items()},
            **{one: way * across * rows for one, way in PAGES.items()},
            **SIDEWAYS,
        }.get(key)
        if by is None:
            return None
        if current is None:
            return 0 if by > 0 else last
        to = current + by
        if key in UP_AND_DOWN and not 0 <= to <= last:
            # The last row may be short; at the rim there is nowhere to go.
            short = by > 0 and current // across < last // across
            return last if short else current
        return min(max(to, 0), last)

    def frame(self, framed: bool) -> None:
        self.tiles.framed = framed
        if framed and self.tiles.current() is None and self.tiles.entries:
            self.tiles.chosen = self.tiles.entries[0].path
        self.list.viewport().update()


def _is_held(event: QKeyEvent) -> bool:
    """Whether a modifier is held, so that a key means something else."""
    return bool(event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier)


def _is_other(before: Gallery | None, gallery: Gallery | None) -> bool:
    """Whether it is of other files."""
    if before is None or gallery is None:
        return False
    return [entry.path for entry in before.entries] != [entry.path for entry in gallery.entries]

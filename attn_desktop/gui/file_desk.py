"""Opening, saving and exporting: the dialogs, and what to say when a file cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QMessageBox, QWidget

from attn_desktop.analysis.numbers_export import save_numbers_npz
from attn_desktop.common.errors import UserError
from attn_desktop.common.settings import Settings
from attn_desktop.gui.export import KINDS, ExportChoice, save_panel, save_window
from attn_desktop.gui.export_dialog import ExportDialog
from attn_desktop.gui.panel import Panel
from attn_desktop.gui.panel_dock import PanelDock
from attn_desktop.gui.picture_files import RECORDED
from attn_desktop.gui.report import write_report
from attn_desktop.gui.session import Session
from attn_desktop.trace.trace import Trace

FILTER = "Recorded decodings (*.attn);;All files (*)"
REPORT_FILTER = "HTML page (*.html)"
PICTURE_FILTER = "PNG picture (*.png)"
NUMBERS_FILTER = "NumPy archive (*.npz)"


class FileDesk(QObject):
    """failed: why. done: what was written or read. layout_found: where a file has its panels."""

    failed = Signal(str)
    done = Signal(str)
    layout_found = Signal(str)

    def __init__(self, window: QWidget, session: Session, settings: Settings) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._settings = settings
        self._folder = ""
        self._last_panel: Panel | None = None
        #: How a panel was exported last, in this window.
        self.choice = ExportChoice()
        self.recent = QMenu("Open &recent", window)
        self.recent.aboutToShow.connect(self._fill_recent)

    # -- documents ------------------------------------------------------------------------

    def ask_open(self) -> None:
        """Ask for a file and show it."""
        name, _ = QFileDialog.getOpenFileName(self._window, "Open", self._folder, FILTER)
        if name:
            self.open_instead(Path(name))

    def open_instead(self, path: Path) -> None:
        """Show a file, unless what is there shall not go."""
        if self.may_discard():
            self.open(path)

    def open(self, path: Path) -> bool:
        """Show a file; whether that was possible."""
        if not self._show(path):
            return False
        self._remember(path)
        self.done.emit(f"opened {path}")
        return True

    def open_kept(self, path: Path) -> bool:
        """Show what a crash left, as something that has no name and is not saved."""
        if not self._show(path):
            return False
        self._session.path = None
        self._session.undo_stack.resetClean()
        return True

    def save(self) -> bool:
        """Save under the name it has, or ask for one; whether it is saved now."""
        path = self._session.path
        return self.ask_save() if path is None else self._save(path)

    def ask_save(self) -> bool:
        """Ask for a name and save."""
        start = str(self._session.path or Path(self._folder) / f"decoding{RECORDED}")
        name, _ = QFileDialog.getSaveFileName(self._window, "Save", start, FILTER)
        if not name:
            return False
        path = Path(name)
        return self._save(path if path.suffix else path.with_suffix(RECORDED))

    def may_discard(self) -> bool:
        """Whether what is not saved may go; asks where there is something to lose."""
        session = self._session
        document = session.document
        if document is None or session.undo_stack.isClean():
            return True
        # A single branch of a sentence comes back by decoding it again.
        if session.path is None and len(document.tree.leaves()) < 2:
            return True
        name = "this document" if session.path is None else session.path.name
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._window,
            "Unsaved changes",
            f"The changes of {name} are not saved. Save them?",
            buttons.Save | buttons.Discard | buttons.Cancel,
        )
        return answer == buttons.Discard or (answer == buttons.Save and self.save())

    def _show(self, path: Path) -> bool:
        QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)  # seconds, where it is large
        try:
            self._session.open(path)
        except UserError as error:
            self.failed.emit(str(error))
            return False
        finally:
            QApplication.restoreOverrideCursor()
        assert self._session.document is not None
        self.layout_found.emit(self._session.document.annotations.layout)
        return True

    def _save(self, path: Path) -> bool:
        try:
            self._session.save(path)
        except UserError as error:
            self.failed.emit(str(error))
            return False
        self._remember(path)
        self.done.emit(f"saved {path}")
        return True

    def _remember(self, path: Path) -> None:
        self._folder = str(path.absolute().parent)
        self._settings.remember(path)

    def _fill_recent(self) -> None:
        self.recent.clear()
        for name in self._settings.recent:
            action = self.recent.addAction(name.replace("&", "&&"))
            action.triggered.connect(lambda _=False, name=name: self.open_instead(Path(name)))
        if not self._settings.recent:
            self.recent.addAction("nothing yet").setEnabled(False)

    # -- exports --------------------------------------------------------------------------

    def panel_at_pointer(self, docks: Iterable[PanelDock]) -> Panel:
        """The panel under the pointer, else the last that was, else the first."""
        docks = list(docks)
        widget = QApplication.widgetAt(QCursor.pos())
        for dock in docks:
            if widget is not None and (widget is dock or dock.isAncestorOf(widget)):
                self._last_panel = dock.panel
        return self._last_panel or docks[0].panel

    def export(self, panel: Panel, kind: str) -> None:
        """Ask how and where, and save a panel; kind: of `KINDS`, the format to begin with."""
        begin = next(known for known in KINDS if known == kind)
        dialog = ExportDialog(panel, replace(self.choice, kind=begin), self._window)
        try:
            if not dialog.exec():
                return
            self.choice = choice = dialog.choice
        finally:
            dialog.deleteLater()
        filter = f"{KINDS[choice.kind].about} (*.{choice.kind})"
        path = self._ask_name(f"Export {panel.title}", f"{panel.name}.{choice.kind}", filter)
        if path is not None:
            self._write(lambda target: save_panel(panel, target, choice), path)

    def export_report(self) -> None:
        """Ask for a name and save a report of everything that was decoded."""
        words = self._session.playhead.scene.words
        self._export_trace(
            "Export a report",
            "report.html",
            REPORT_FILTER,
            lambda trace, path: write_report(trace, path, words=words),
        )

    def export_numbers(self) -> None:
        """Ask for a name and save every number of the document."""
        self._export_trace("Export all numbers", "numbers.npz", NUMBERS_FILTER, save_numbers_npz)

    def save_picture(self) -> None:
        """Ask for a name and save a picture of the window."""
        path = self._ask_name("Save picture of the window", "attn_desktop.png", PICTURE_FILTER)
        if path is not None:
            self._write(lambda target: save_window(self._window, target), path)

    def _export_trace(
        self, title: str, name: str, filter: str, write: Callable[[Trace, Path], None]
    ) -> None:
        document = self._session.document
        if document is None:
            self.failed.emit("There is nothing to export yet: encode a sentence first.")
            return
        trace = document.trace(self._session.view)
        path = self._ask_name(title, name, filter)
        if path is not None:
            self._write(lambda target: write(trace, target), path)

    def _ask_name(self, title: str, name: str, filter: str) -> Path | None:
        """A path with a suffix, that of `name` unless another is given; None for none."""
        start = str(Path(self._folder) / name)
        chosen, _ = QFileDialog.getSaveFileName(self._window, title, start, filter)
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix else path.with_suffix(Path(name).suffix)

    def _write(self, write: Callable[[Path], None], path: Path) -> None:
        try:
            write(path)
        except UserError as error:
            self.failed.emit(str(error))
            return
        self._folder = str(path.absolute().parent)
        self.done.emit(f"saved {path}")

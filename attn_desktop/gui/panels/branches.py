"""The branches: every way that was decoded, as a tree to choose and to compare in."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QMenu, QWidget

from attn_desktop.gui.branch_rows import (
    BranchPainter,
    BranchRow,
    HeadingRow,
    branch_rows,
)
from attn_desktop.gui.intents import Compare, Hover, ShowBranch
from attn_desktop.gui.panel import NEIGHBOURS, Change, Table
from attn_desktop.gui.row_panel import RowPanel
from attn_desktop.gui.scene import Branch
from attn_desktop.gui.theme import Theme

ALONE = (
    "One branch so far. Change the mode, the seed or a token at any step: "
    "what follows becomes a branch."
)
NO_RUN = "Encode a sentence; every way to decode it is listed here."
#: Longest name of a branch in a menu.
MENU_CHARACTERS = 50
SHIFT = Qt.KeyboardModifier.ShiftModifier


class BranchesPanel(RowPanel):
    """Click a branch to show it, ⇄ to compare with it; the playhead stays at its step."""

    name = "branches"
    title = "Branches"
    about = (
        "Every change of mode, seed, token or α decodes y_t, y_{t+1}, … again as a branch below "
        "the one that it parts from.\n"
        "Click one to show it (↑ and ↓ show the next); the playhead stays at its step.\n"
        "⇄ compares the one shown with another, the baseline; C does so with the one under the "
        "pointer or the one that it parts from, Shift+↑ and Shift+↓ with the next.\n"
        "Filled: the one shown, the coloured rail leads to it. Ring: the baseline. Pink: hard "
        "weighting. ■: ended, ▷: not ended.\n"
        "Pointing at one lights the step where it parts."
    )
    natural = (230, 200)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._painter = BranchPainter(theme)
        self._seen: tuple[Branch, ...] = ()
        self._sources: tuple[object, ...] = ()
        self._listed: tuple[HeadingRow | BranchRow, ...] = ()

    # -- rows -------------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        self._painter.theme = self.theme
        self._painter.lit = self.light.all_target
        super().draw(change)

    def rows(self) -> Sequence[HeadingRow | BranchRow]:
        scene = self.scene
        sources = (scene.run, scene.run_number, scene.sources)
        if scene.branches != self._seen or sources != self._sources:
            self._seen, self._sources = scene.branches, sources
            self._listed = branch_rows(scene)
        return self._listed

    def blank(self) -> str:
        if self.scene.run is None:
            return NO_RUN
        return "" if len(self.scene.branches) > 1 else ALONE

    def current(self) -> int | None:
        return next(
            (
                at
                for at, row in enumerate(self._listed)
                if isinstance(row, BranchRow) and row.branch.shown
            ),
            None,
        )

    def _row(self, number: int) -> BranchRow | None:
        """The branch at a place, None at a heading and beside the rows."""
        row = self._listed[number] if 0 <= number < len(self._listed) else None
        return row if isinstance(row, BranchRow) else None

    def row_height(self, number: int) -> int:
        return self._painter.height(self._listed[number])

    def paint_row(self, painter: QPainter, area: QRectF, number: int, pointed: bool) -> None:
        row = self._listed[number]
        if isinstance(row, HeadingRow):
            self._painter.paint_heading(painter, area, row)
        else:
            self._painter.paint(painter, area, row, pointed, self.list.pointer)

    def caption(self) -> str:
        count = len(self.scene.branches)
        return f"{count} branches" if count > 1 else ""

    def table(self) -> Table:
        columns = (
            "branch",
            "parted at t",
            "steps",
            "mode",
            "text",
            "complete",
            "shown",
            "baseline",
            "parts from",
            "source",
        )
        self.flush()
        rows = []
        for row in self.rows():
            if isinstance(row, BranchRow):
                b, origin = row.branch, row.twig.origin
                numbers = (b.about, b.parted, b.steps, str(b.mode), b.text, b.complete, b.shown)
                parts_from = "" if origin is None else origin.about
                rows.append((*numbers, b.compared, parts_from, b.run + 1))
        return Table(columns, rows)

    # -- what is asked for ------------------------------------------------------------------

    def choose(self, number: int, at: QPointF | None) -> None:
        row = self._row(number)
        if row is None:
            return
        if at is not None and self._on_button(row, number, at):
            self._compare(row)
        elif not row.branch.shown:
            self.ask(ShowBranch(row.branch.leaf, row.branch.run))

    def _compare(self, row: BranchRow) -> None:
        """Compare with a branch, or with none if it is the baseline already."""
        self.ask(Compare(None if row.branch.compared else row.branch.leaf))

    def _compare_by_key(self) -> None:
        """With the branch under the pointer, or else the one that the one shown parts from."""
        pointer, current = self.list.pointer, self.current()
        under = None if pointer is None else self._row(self.list.row_at(pointer))
        if under is not None and under.comparable:
            self._compare(under)
            return
        shown = None if current is None else self._row(current)
        origin = None if shown is None else shown.twig.origin
        others = [row for row in self._listed if isinstance(row, BranchRow) and row.comparable]
        if others:
            self._compare(next((row for row in others if row.branch is origin), others[0]))

    def _move_baseline(self, by: int) -> None:
        """Compare with the next branch up or down from the baseline, or from the one shown."""
        rows = list(enumerate(self._listed))
        others = [at for at, row in rows if isinstance(row, BranchRow) and row.comparable]
        at = next((at for at in others if self._compared(at)), self.current())
        ahead = [place for place in others if at is not None and (place - at) * by > 0]
        row = self._row(min(ahead, key=lambda place: place * by)) if ahead else None
        if row is not None:
            self._compare(row)

    def _compared(self, number: int) -> bool:
        row = self._row(number)
        return row is not None and row.branch.compared

    # -- pointer and keys -------------------------------------------------------------------

    def point(self, number: int, at: QPointF) -> tuple[str, Hover]:
        row = self._row(number)
        if row is None:
            return self._listed[number].words, Hover()
        branch = row.branch
        parts = row.twig.origin is not None and branch.parted <= len(self.scene.steps)
        hover = Hover(target=frozenset({branch.parted} if parts else ()))
        if self._on_button(row, number, at):
            if branch.compared:
                return "the baseline; click to compare with nothing", hover
            return f"click to compare the branch shown with “{row.name}”", hover
        end = "" if branch.complete else " (not ended)"
        said = f"{row.name}: {branch.text}{end} · {branch.steps} steps · {branch.mode}"
        return said, hover

    def _on_button(self, row: BranchRow, number: int, at: QPointF) -> bool:
        """Whether a place is on what compares with a branch."""
        return row.comparable and self._painter.button(self.list.place(number), row).contains(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.flush()
        key, held = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if self.blank():
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_C and not held:
            self._compare_by_key()
        elif key in NEIGHBOURS and held == SHIFT:
            self._move_baseline(NEIGHBOURS[key])
        else:
            super().keyPressEvent(event)

    def fill_menu(self, menu: QMenu, number: int) -> None:
        row = self._row(number)
        if row is None:
            return
        branch, ask = row.branch, self.ask
        show = menu.addAction("&Show")
        show.setEnabled(not branch.shown)
        show.triggered.connect(lambda: ask(ShowBranch(branch.leaf, branch.run)))
        # With itself there is nothing to compare: with what it parts from.
        other = row.twig.origin if branch.shown else branch
        if other is not None and other.leaf is not None:
            leaf = None if other.compared else other.leaf
            name = "nothing" if other.compared else f"“{_short(other.about)}”"
            compare = menu.addAction(f"Compare with {name}\tC")
            compare.triggered.connect(lambda: ask(Compare(leaf)))


def _short(name: str) -> str:
    """A name for a menu, where & is not a key."""
    cut = name if len(name) <= MENU_CHARACTERS else f"{name[: MENU_CHARACTERS - 1]}…"
    return cut.replace("&", "&&")

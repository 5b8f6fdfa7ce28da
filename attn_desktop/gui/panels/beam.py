"""Beam search as a tree that grows step by step, and why each hypothesis lived or died."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QMenu, QWidget

from attn_desktop.analysis.beam_tree import KIND, children, token_ids
from attn_desktop.gui.beam_alpha import looked_at
from attn_desktop.gui.beam_areas import areas_of
from attn_desktop.gui.beam_card import BeamCard, Hypothesis
from attn_desktop.gui.beam_layout import BeamLayout, lay_out, leading
from attn_desktop.gui.beam_painting import Marked
from attn_desktop.gui.beam_ranking import BeamRanking
from attn_desktop.gui.beam_searches import Search, Searches, SearchKey, along
from attn_desktop.gui.beam_settings import BeamSettingsRow
from attn_desktop.gui.beam_view import BeamView
from attn_desktop.gui.beam_words import NO_RUN, NO_SEARCH, caption, note, path_name, table, why_not
from attn_desktop.gui.edit_menu import opens_menu
from attn_desktop.gui.elided_label import ElidedLabel
from attn_desktop.gui.intents import AskProbe, GoTo, Hover, StopProbe, TakePath
from attn_desktop.gui.panel import NEIGHBOURS, Change, Panel, Table
from attn_desktop.gui.row_list import SMALL
from attn_desktop.gui.text_field import ENTER
from attn_desktop.gui.theme import Theme

GAP = 4
ZOOM_KEYS = {
    Qt.Key.Key_Plus: 1,
    Qt.Key.Key_Equal: 1,
    Qt.Key.Key_Minus: -1,
    Qt.Key.Key_F: 0,
}


class BeamPanel(Panel):
    """A search along the branch shown: tree, n-best list, and one hypothesis in numbers."""

    name = "beam"
    title = "Beam search"
    short = "Beam"
    about = (
        "Every step t keeps the hypotheses with the largest log p, as many as the width says. "
        "A row is a lineage; thick lines lead to what was kept, thin ones to what was pruned; "
        "orange is the way to the best.\n"
        "Numbers: score(Y) = log p(Y) / lp(Y) + cp(Y), as if it ended here (Wu et al. 2016). "
        "■ ended, ▷ cut off, ✕ could no longer win.\n"
        "Hover a hypothesis to see its α_tj, click to keep it in view, double click (or Enter) to "
        "step inside it as a branch, pruned ones too.\n"
        "↑ ↓ go to others of its step, Shift+← → to what it continues and what continues it. The "
        "wheel scrolls, with Ctrl it zooms, a drag moves, F shows all.\n"
        "Other settings are another search; earlier ones stay in the list."
    )
    of_mode = False
    natural = (1100, 330)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._searches = Searches()
        self._search: Search | None = None
        self._layout: BeamLayout | None = None
        self._picked: SearchKey | None = None
        #: What the user chose, and in which search.
        self._chosen: tuple[SearchKey, int] | None = None
        self._pointed: int | None = None
        self.settings = BeamSettingsRow(theme, self)
        self.note = ElidedLabel()
        self.note.setParent(self)
        self.view = BeamView(theme, self)
        self.ranking, self.card = BeamRanking(theme, self), BeamCard(theme, self)
        self.settings.wanted.connect(self.search_or_stop)
        self.settings.changed.connect(self._redraw)
        self.settings.picked.connect(self._pick)
        self.settings.zoomed.connect(self.view.zoom)
        for part in (self.view, self.ranking):
            part.pointed.connect(self._point)
            part.chosen.connect(self._choose)
            part.taken.connect(self._take)
        self.card.wanted.connect(self._take_chosen)
        self.card.pointed.connect(self._point_at_column)
        # In a window of its own, keys go to the tree before one goes to a field.
        self.setFocus()

    # -- searching --------------------------------------------------------------------------

    def search_or_stop(self) -> None:
        """What the button says."""
        if self.scene.probing == KIND:
            self.ask(StopProbe())
        else:
            self.search()

    def search(self) -> None:
        """Search from the playhead on, with the settings of the fields."""
        if not self.why_not():
            self._picked = None
            self.ask(AskProbe(KIND, self.scene.t, self.settings.settings()))

    def why_not(self) -> str:
        """Why no search can begin at the playhead; empty where one can."""
        return why_not(self.scene, self.settings.limit.value())

    def _pick(self, key: SearchKey) -> None:
        self._picked = key
        picked = next((s for s in self._searches.found if s.key == key), None)
        if picked is not None and not picked.problem:
            self.settings.take(picked.record.settings)
        self._redraw()

    # -- drawing ----------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        scene = self.scene
        if change.source:
            self._paint_theme()
        if change.place or change.steps:
            self._searches.look(scene)
        before = self._search
        self._search = self._searches.chosen(scene.t, self._picked)
        search = self._search
        if search is None or search.problem:
            self._layout = None
            self.view.say(self._sentence())
        elif before is None or search.record is not before.record or self._layout is None:
            anew = before is None or before.key != search.key or self._layout is None
            self._layout = lay_out(search.record)
            self.view.show_search(search.record, self._layout, anew)
            if anew:
                self._pointed = None
        if (
            search is not None
            and self._layout is not None
            and (before is None or search.record is not before.record or change.source)
        ):
            self.ranking.show_search(search)
        self.settings.show_searches(self._searches.found, search)
        self._show_state()
        self._show_marks()
        self._arrange()

    def _sentence(self) -> str:
        """What to say where no search can be shown."""
        if self.scene.run is None:
            return NO_RUN
        return NO_SEARCH if self._search is None else self._search.problem

    def _redraw(self) -> None:
        self.draw(Change(source=False, steps=False, place=False, light=False))
        self.captioned.emit()

    def _paint_theme(self) -> None:
        theme = self.theme
        self.settings.set_theme(theme)
        self.note.setFont(theme.font(SMALL))
        self.view.set_theme(theme)
        self.ranking.set_theme(theme)
        self.card.set_theme(theme)

    def _show_state(self) -> None:
        scene, reason = self.scene, self.why_not()
        self.settings.setVisible(scene.run is not None)
        self.settings.show_state(scene.probing == KIND, scene.t, reason)
        text = "" if scene.run is None else note(scene, self._search, reason)
        theme = self.theme
        self.note.setStyleSheet(f"color: {theme.warning if reason else theme.dim};")
        self.note.set_full_text(text)
        self.note.setToolTip(text)
        self.note.setVisible(bool(text))

    def chosen(self) -> int | None:
        """The hypothesis that is chosen: by the user, or else the best so far."""
        search = self._search
        if search is None or self._layout is None:
            return None
        if self._chosen is not None and self._chosen[0] == search.key:
            row = self._chosen[1]
            if row < len(search.record.arrays["t"]):
                return row
        return leading(search.record)

    def _show_marks(self) -> None:
        """What is under the pointer, chosen and lit."""
        search, scene = self._search, self.scene
        chosen = self.chosen()
        if search is None or chosen is None:
            self.view.mark(Marked(), frozenset(), 0)
            return
        tokens = [step.token_id for step in scene.steps[search.t : scene.t]]
        way = along(search.record, tokens)
        here = way[-1] if len(way) == len(tokens) + 1 and scene.t >= search.t else None
        self.view.mark(Marked(self._pointed, chosen, here), self.light.all_target, scene.t)
        self.ranking.mark(chosen)
        shown = Hypothesis(search, chosen if self._pointed is None else self._pointed)
        self.card.show_hypothesis(shown, scene.source)
        self.card.alpha.light(frozenset(scene.source.columns(self.light.all_source)))

    # -- where things are -------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Settings and note above; tree, list and card side by side or below each other."""
        width, top, gap = self.width(), 0, self.theme.px(GAP)
        for above, high in (
            (self.settings, self.settings.height_in(width)),
            (self.note, self.note.sizeHint().height()),
        ):
            if not above.isHidden():
                above.setGeometry(0, top, width, high)
                top += high + gap
        body = QRect(0, top, width, max(0, self.height() - top))
        areas = areas_of(body, self.theme, gap)
        if self._layout is None:
            areas = (body, QRect(), QRect())
        for part, area in zip((self.view, self.ranking, self.card), areas, strict=True):
            part.setVisible(not area.isEmpty())
            part.setGeometry(area)

    def caption(self) -> str:
        self.flush()
        return caption(self._search, self.scene) if self._search and self._layout else ""

    def table(self) -> Table:
        self.flush()
        return table(self._search) if self._search and self._layout else Table((), ())

    # -- pointer ----------------------------------------------------------------------------

    def _row(self, row: int) -> int | None:
        """A row that was pointed at, if it is still there."""
        self.flush()
        search = self._search
        if search is None or self._layout is None or not 0 <= row < len(search.record.arrays["t"]):
            return None
        return row

    def _point(self, row: int) -> None:
        self._pointed = self._row(row)
        search, hover, said = self._search, Hover(), ""
        if self._pointed is not None and search is not None:
            shown = Hypothesis(search, self._pointed)
            alpha, axis = shown.alpha(self.scene.source), self.scene.source
            columns = [] if alpha is None else looked_at(alpha)
            positions = frozenset(j for column in columns for j in axis.positions(column))
            known = 1 <= shown.t <= len(self.scene.steps)
            hover = Hover(positions, frozenset({shown.t} if known else ()))
            said = f"{shown.heading}   {shown.why}"
        self.ask(hover)
        self.said.emit(said)
        self._show_marks()

    def _point_at_column(self, column: int) -> None:
        self.flush()
        search, chosen = self._search, self.chosen()
        if search is None or chosen is None or not 0 <= column < len(self.scene.source):
            self.ask(Hover())
            self.said.emit("")
            return
        axis, shown = self.scene.source, Hypothesis(search, chosen)
        alpha = shown.alpha(axis)
        self.ask(Hover(source=frozenset(axis.positions(column))))
        weight = "" if alpha is None else f"   α = {alpha[column]:.4f}"
        self.said.emit(f"{shown.heading} ← “{axis.labels[column]}”{weight}")

    def leaveEvent(self, event: QEvent) -> None:
        self._pointed = None
        self._show_marks()
        super().leaveEvent(event)

    def _choose(self, row: int) -> None:
        found = self._row(row)
        if found is not None and self._search is not None:
            self._chosen = (self._search.key, found)
            self._show_marks()
            self.view.bring(found)

    # -- stepping inside --------------------------------------------------------------------

    def _take_chosen(self) -> None:
        self.flush()
        chosen = self.chosen()
        if chosen is not None:
            self._take(chosen)

    def _take(self, row: int) -> None:
        """Ask for the branch of a hypothesis; of none, to go where the search began."""
        found, search = self._row(row), self._search
        if found is None or search is None:
            return
        self._choose(found)
        if not found:
            self.ask(GoTo(search.t))
            return
        record = search.record
        self.ask(
            TakePath(
                node=record.node,
                tokens=token_ids(record, found)[search.t :],
                mode=search.mode,
                seed=int(record.settings["seed"]),
                name=path_name(search, found),
            )
        )

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.flush()
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        viewport = self.view.viewport()
        at = viewport.mapFromGlobal(event.globalPos())
        row = self.chosen() if by_key else self.view.at(at.toPointF())
        if not row or self._layout is None or not opens_menu(event):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Step &inside").triggered.connect(lambda: self._take(row))
        menu.addAction("&Choose").triggered.connect(lambda: self._choose(row))
        place = self.view.place(row).bottomLeft().toPoint() if by_key else QPoint()
        menu.popup(viewport.mapToGlobal(place) if by_key else event.globalPos())

    # -- keys -------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.flush()
        key, held = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        shift = held == Qt.KeyboardModifier.ShiftModifier
        chosen = self.chosen()
        if chosen is None or self._layout is None or (held and not shift):
            super().keyPressEvent(event)
        elif key in ZOOM_KEYS:
            self.view.zoom(ZOOM_KEYS[key])
        elif key in ENTER and not held:
            self._take(chosen)
        elif key in NEIGHBOURS and not held:
            self._choose(self._layout.beside(chosen, NEIGHBOURS[key]))
        elif key == Qt.Key.Key_Left and shift:
            self._choose(max(0, int(self._layout.parent[chosen])))
        elif key == Qt.Key.Key_Right and shift:
            self._go_on(chosen)
        else:
            super().keyPressEvent(event)

    def _go_on(self, row: int) -> None:
        """Choose the best way of a hypothesis one step on, if it was continued."""
        assert self._search is not None
        assert self._layout is not None
        following = children(self._search.record, row)
        if following:
            layout = self._layout
            self._choose(min(following, key=lambda child: int(layout.row[child])))

    def frame(self, framed: bool) -> None:
        self.view.frame(framed)

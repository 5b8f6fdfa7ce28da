"""Word by word: the picture once for each step, as in the figures of Xu et al. 2015."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from attn_desktop.gui.intents import GoTo, Hover
from attn_desktop.gui.panel import Change, Panel, Table
from attn_desktop.gui.picture_image import Pictures
from attn_desktop.gui.picture_overlay import largest, step_map
from attn_desktop.gui.scene import HIDDEN, Phase
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.thumbnail_view import ThumbnailView

NO_RUN = "Open a picture to see where each word looks."
NO_PICTURE = (
    "The model read a text. With a model that takes a picture, each of its words stands here "
    "below where it looked."
)
NO_STEPS = "No word yet: step (F10) or run (F5)."


class ThumbnailsPanel(Panel):
    """Click a picture to go to its step."""

    name = "thumbnails"
    title = "Word by word"
    about = (
        "The picture once for each step t, with α_tj over its regions j and the word y_t below,\n"
        "as in Xu et al. 2015, figure 2. Each has its full colour at its own largest α.\n"
        "Of a question the glimpses, each with the answer so far.\n"
        "Pink frame: the region that hard attention drew. Click one to go to its step.\n"
        "While regions are lit, the words tell how much of their α is there."
    )
    natural = (640, 220)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._pictures = Pictures()
        self.view = ThumbnailView(theme)
        self.view.setAccessibleName("Pictures of all steps")
        self.view.pointed.connect(self._point)
        self.view.chosen.connect(self._go)
        self._blank = QLabel(self)
        self._blank.setWordWrap(True)
        self._blank.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._blank, 1)
        layout.addWidget(self.view, 1)

    # -- drawing --------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        scene, blank = self.scene, self._reason()
        if change.source:
            self._paint_theme()
        self._blank.setText(blank)
        self._blank.setVisible(bool(blank))
        self.view.setVisible(not blank)
        if blank:
            return
        if change.steps or change.place:
            self.view.show_scene(self.theme, scene, self._pictures.of(scene.run))
        size = scene.source.size
        lit = [position for position in self.light.all_source if position < size]
        self.view.show_light(lit, self.light.all_target)

    @contextmanager
    def put_away(self) -> Iterator[None]:
        scrolled = self.view.verticalScrollBar().value()
        self.view.set_whole(True)
        try:
            yield
        finally:
            self.view.set_whole(False)
            self.view.verticalScrollBar().setValue(scrolled)

    def _paint_theme(self) -> None:
        colours = self.palette()
        colours.setColor(QPalette.ColorRole.Base, self.theme.colour("card"))
        colours.setColor(QPalette.ColorRole.WindowText, self.theme.colour("dim"))
        for widget in (self.view, self._blank):
            widget.setPalette(colours)
        self._blank.setFont(self.theme.font())
        self._blank.setMargin(self.theme.px(12))

    def _reason(self) -> str:
        """Why there is nothing to see; empty where there is."""
        if self.scene.run is None:
            return NO_RUN
        if self.scene.run.grid is None:
            return NO_PICTURE
        return "" if self.scene.steps else NO_STEPS

    # -- words ----------------------------------------------------------------------------

    @property
    def _asked(self) -> bool:
        """Whether the steps are glimpses of a question."""
        run = self.scene.run
        return run is not None and "question" in run.model.takes

    def heading(self) -> str:
        return "Glimpse by glimpse" if self._asked else self.title

    def caption(self) -> str:
        scene = self.scene
        if self._reason():
            return ""
        unit = "glimpse" if self._asked else "word"
        count = len(scene.steps)
        return f"{count} {unit}{'' if count == 1 else 's'} · each up to its own largest α"

    def table(self) -> Table:
        if self._reason():
            return Table((), ())
        rows = []
        for t, token in enumerate(self.scene.tokens, start=1):
            alpha = step_map(self.scene, t)
            if alpha is not None:
                place = int(np.nan_to_num(alpha, nan=-1.0).argmax())
                label = self.scene.source.labels[place]
                rows.append((t, token, label, largest(alpha)))
        return Table(("t", "token", "region of the largest alpha", "largest alpha"), rows)

    def _about(self, t: int) -> str:
        scene, alpha = self.scene, step_map(self.scene, t)
        text = f"t {t} “{scene.label(t)}”"
        if self._asked:
            text = f"glimpse {t}, answer so far “{scene.label(t)}”"
            if scene.label(t) == HIDDEN:
                text = f"glimpse {t}"
        if alpha is None:
            known = scene.knows(t, Phase.ALPHA)
            return f"{text}   {'no attention' if known else 'α not computed yet'}"
        flat = np.nan_to_num(alpha.ravel(), nan=-1.0)
        best = np.argsort(-flat, kind="stable")[:3].tolist()
        looks = ", ".join(f"{scene.source.labels[j]} {alpha.flat[j]:.2f}" for j in best)
        return f"{text}   ← {looks}"

    # -- pointer --------------------------------------------------------------------------

    def _point(self, t: int) -> None:
        self.flush()
        if not 0 < t <= len(self.scene.steps) or self._reason():
            self.ask(Hover())
            self.said.emit("")
        else:
            self.ask(Hover(target=frozenset({t})))
            self.said.emit(self._about(t))

    def _go(self, t: int) -> None:
        self.flush()
        if 0 < t <= len(self.scene.steps) and not self._reason():
            self.ask(GoTo(t))

"""The row above a beam search: its settings, its button, earlier searches, how close one looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QSpinBox, QToolButton, QWidget

from attn_desktop.gui.beam_searches import GIVEN, Search, SearchKey, name_of, where
from attn_desktop.gui.flow_layout import FlowLayout
from attn_desktop.gui.row_list import SMALL
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.tool_buttons import tool_button_style

#: The engine takes wider ones; a window would show them as a grey area.
WIDEST = 100
#: Penalties beyond this no longer change the order of anything.
MOST_PENALTY = 10.0
LONGEST = 2000
#: Pixels between two controls.
GAP = 4
CHARACTERS = 20
SEARCH, STOP = "Search", "Stop"


class BeamSettingsRow(QWidget):
    """wanted: to search, or to stop. changed: what a search would be made with.

    picked: the `SearchKey` of an earlier search. zoomed: closer (1), further (−1), all of it (0).
    """

    wanted = Signal()
    changed = Signal()
    picked = Signal(object)
    zoomed = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys: tuple[SearchKey, ...] = ()
        self.width_field, self.limit = QSpinBox(), QSpinBox()
        self.width_field.setRange(1, WIDEST)
        self.width_field.setToolTip(
            f"Width: how many hypotheses each step keeps, from 1 to {WIDEST}"
        )
        self.limit.setRange(0, LONGEST)
        self.limit.setSpecialValueText("up to the usual end")
        self.limit.setToolTip(
            "The step after which what has not ended is cut off, counted from the first one of "
            "the output. At its least: as for every output of this source"
        )
        self.length, self.coverage = QDoubleSpinBox(), QDoubleSpinBox()
        for penalty in (self.length, self.coverage):
            penalty.setRange(0, MOST_PENALTY)
            penalty.setSingleStep(0.1)
        self.length.setToolTip(
            "Length penalty α: log p is divided by lp(Y) = ((5 + |Y|) / 6)^α (Wu et al. 2016, "
            "equation 14). 0 favours short outputs."
        )
        self.coverage.setToolTip(
            "Coverage penalty β: cp(Y) = β Σ_j log min(Σ_t α_tj, 1) is added. Above 0 it favours "
            "outputs that have looked at every source position; without attention it does not "
            "count."
        )
        self.button = QToolButton()
        self.button.setObjectName("search")
        self.searches = QComboBox()
        self.searches.setAccessibleName("Searches along this branch")
        self.searches.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.searches.setMinimumContentsLength(CHARACTERS)
        self.further, self.fit, self.closer = QToolButton(), QToolButton(), QToolButton()
        fields: tuple[tuple[QSpinBox | QDoubleSpinBox, str, float], ...] = (
            (self.width_field, "width", 5),
            (self.length, "length_penalty", 0.6),
            (self.coverage, "coverage_penalty", 0),
            (self.limit, "max_steps", 0),
        )
        for field, name, value in fields:
            field.setPrefix(f"{GIVEN[name]} ")
            field.setAccessibleName(GIVEN[name])
            field.setKeyboardTracking(False)
            field.setValue(value)  # type: ignore[arg-type]
            field.valueChanged.connect(self.changed)
            field.lineEdit().returnPressed.connect(self._enter)
        for button, text, tip, by in (
            (self.further, "−", "See more (−)", -1),
            (self.fit, "fit", "See all of it (F)", 0),
            (self.closer, "+", "Look closer (+)", 1),
        ):
            button.setText(text)
            button.setToolTip(tip)
            button.clicked.connect(lambda _=False, by=by: self.zoomed.emit(by))
        self.button.clicked.connect(self.wanted)
        self.searches.activated.connect(self._pick)
        self._flow = FlowLayout(GAP, self)
        self._controls = (
            self.width_field,
            self.length,
            self.coverage,
            self.limit,
            self.button,
            self.searches,
            self.further,
            self.fit,
            self.closer,
        )
        for control in self._controls:
            self._flow.addWidget(control)
            if not isinstance(control, QSpinBox | QDoubleSpinBox):
                # A click leaves the keys to the tree.
                control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours and sizes."""
        style = tool_button_style(theme) + (
            f"#search {{ border-color: {theme.hues['source']}; color: {theme.inks['source']}; }}"
            f"#search:disabled {{ border-color: {theme.faint}; color: {theme.dim}; }}"
        )
        for control in self._controls:
            control.setFont(theme.font(SMALL))
            if isinstance(control, QToolButton):
                control.setStyleSheet(style)
            control.ensurePolished()
        high = max(control.sizeHint().height() for control in self._controls)
        for control in self._controls:
            control.setFixedHeight(high)

    def height_in(self, width: int) -> int:
        """Pixels that the rows of controls take in a width."""
        return self._flow.heightForWidth(width)

    def settings(self) -> dict[str, Any]:
        """What a search is to be made with, as the probe takes it."""
        return {
            "width": self.width_field.value(),
            "length_penalty": round(self.length.value(), 2),
            "coverage_penalty": round(self.coverage.value(), 2),
            "max_steps": self.limit.value() or None,
        }

    def take(self, settings: Any) -> None:
        """Fill the fields with the settings of a search, as far as they can hold them."""
        limit = settings.get("max_steps")
        self.width_field.setValue(int(min(settings["width"], WIDEST)))
        self.length.setValue(settings["length_penalty"])
        self.coverage.setValue(settings["coverage_penalty"])
        self.limit.setValue(min(limit, LONGEST) if isinstance(limit, int) else 0)

    def show_state(self, busy: bool, t: int, why_not: str) -> None:
        """busy: whether a search is under way. t: the step after which the next one would begin.

        why_not: why none can be begun; empty where one can.
        """
        self.button.setText(STOP if busy else SEARCH)
        self.button.setEnabled(busy or not why_not)
        tip = f"Search {where(t)} with these settings (Ctrl+Shift+B); earlier ones stay in the list"
        self.button.setToolTip("Stop; what was found stays" if busy else why_not or tip)

    def show_searches(self, found: Sequence[Search], shown: Search | None) -> None:
        """List the searches and mark the one that is shown."""
        names = [name_of(search) for search in found]
        box = self.searches
        if names != [box.itemText(index) for index in range(box.count())]:
            box.clear()
            for name in names:
                box.addItem(name)
                box.setItemData(box.count() - 1, name, Qt.ItemDataRole.ToolTipRole)
        self._keys = tuple(search.key for search in found)
        if shown is not None:
            box.setCurrentIndex(self._keys.index(shown.key))
            box.setToolTip(f"The search shown: {name_of(shown)}")
        for control in (box, self.further, self.fit, self.closer):
            control.setVisible(shown is not None)

    def _pick(self, index: int) -> None:
        if 0 <= index < len(self._keys):
            self.picked.emit(self._keys[index])

    def _enter(self) -> None:
        if self.button.text() == SEARCH and self.button.isEnabled():
            self.wanted.emit()

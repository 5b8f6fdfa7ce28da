"""How the window looks: theme, type, colours of α, words or pieces, and where the panels are."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QByteArray, QObject, QTimer
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu

from attn_desktop.common.settings import Settings
from attn_desktop.gui.layout import BeamRoom, TimelineRoom, arrange, size_docks
from attn_desktop.gui.looks import Looks
from attn_desktop.gui.panel_dock import PanelDock
from attn_desktop.gui.picture_room import PictureRoom
from attn_desktop.gui.playhead import Playhead
from attn_desktop.gui.theme import ALPHA_MAPS

#: Of Qt's description of the docks: raise it when docks come or go, so that old ones are dropped.
LAYOUT_VERSION = 5
THEMES = ("system", "light", "dark")


class ViewDesk(QObject):
    """Keeps the settings in line with what the user chose."""

    def __init__(
        self,
        window: QMainWindow,
        docks: Mapping[str, PanelDock],
        looks: Looks,
        playhead: Playhead,
        settings: Settings,
    ) -> None:
        super().__init__(window)
        self._window, self._docks = window, docks
        self._looks, self._playhead, self._settings = looks, playhead, settings
        playhead.set_words(settings.words)
        TimelineRoom(window, docks["timeline"])
        self._beam_room = BeamRoom(window, docks["beam"], docks["timeline"])
        self._picture_room = PictureRoom(window, docks, playhead)
        self.menus = [
            self._panel_menu(),
            self._choices("&Theme", THEMES, "theme"),
            self._choices("Colours of &α", ALPHA_MAPS, "alpha_map"),
        ]

    # -- looks ----------------------------------------------------------------------------

    def _panel_menu(self) -> QMenu:
        menu = QMenu("&Panels", self._window)
        for dock in self._docks.values():
            menu.addAction(dock.toggleViewAction())
        return menu

    def _choices(self, title: str, values: Sequence[str], setting: str) -> QMenu:
        """A menu of which one entry is checked, each a value of a setting."""
        menu = QMenu(title, self._window)
        group = QActionGroup(menu)
        for value in values:
            action = menu.addAction(value)
            action.setCheckable(True)
            action.setChecked(getattr(self._settings, setting) == value)
            action.setToolTip(f"{title.replace('&', '')}: {value}")
            action.triggered.connect(lambda _=False, value=value: self.set_look(setting, value))
            group.addAction(action)
        return menu

    def palette_actions(self) -> list[QAction]:
        """The entries of the menus with the name of their menu, which they need on their own."""
        actions = []
        for menu in self.menus:
            title = menu.title().replace("&", "")
            for entry in menu.actions():
                action = QAction(f"{title}: {entry.text()}", self._window)
                action.triggered.connect(entry.trigger)
                actions.append(action)
        return actions

    def set_look(self, setting: str, value: str | bool) -> None:
        """Change a setting of the looks and draw everything anew."""
        setattr(self._settings, setting, value)
        self._looks.apply()
        if setting == "presenter":
            size_docks(self._window, self._docks)
            self._beam_room.forget()

    def set_words(self, words: bool) -> None:
        """Join source pieces to words, or show each for itself."""
        self._settings.words = words
        self._playhead.set_words(words)

    def toggle_full_screen(self) -> None:
        """Use the whole screen, or the window as it was."""
        if self._window.isFullScreen():
            self._window.showNormal()
        else:
            self._window.showFullScreen()

    # -- layout ---------------------------------------------------------------------------

    def reset_layout(self) -> None:
        """Put every panel back where it was at first."""
        arrange(self._window, self._docks)
        self._beam_room.forget()
        QTimer.singleShot(0, self._picture_room, self._picture_room.bring)

    def restore_layout(self) -> None:
        """The window and panels as they were when the window was last closed."""
        window, settings = self._window, self._settings
        if settings.geometry:
            window.restoreGeometry(_bytes(settings.geometry))
        self.reset_layout()
        self.take_layout(settings.layout)

    def keep_layout(self) -> None:
        """Remember window and panels for the next time."""
        self._settings.geometry = _text(self._window.saveGeometry())
        self._settings.layout = self.layout_text()

    def layout_text(self) -> str:
        """Where the panels are, for a file."""
        with self._beam_room.lowered():
            return _text(self._window.saveState(LAYOUT_VERSION))

    def take_layout(self, text: str) -> None:
        """Put the panels where they were when `text` was made, as far as that can be read."""
        if text:
            self._window.restoreState(_bytes(text), LAYOUT_VERSION)
            self._beam_room.forget()


def _bytes(text: str) -> QByteArray:
    return QByteArray.fromBase64(QByteArray(text.encode("ascii", errors="replace")))


def _text(data: QByteArray) -> str:
    return base64.b64encode(data.data()).decode("ascii")

"""Which theme the window has, and Qt's own controls in it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from attn_desktop.common.settings import Settings
from attn_desktop.gui.theme import Theme, palette, theme


class Looks(QObject):
    """changed: the new `Theme`. Follows the system's light or dark unless the user chose one."""

    changed = Signal(object)

    def __init__(self, app: QApplication, settings: Settings, parent: QObject | None) -> None:
        super().__init__(parent)
        self._app = app
        self._settings = settings
        self.theme = self._wanted()
        app.styleHints().colorSchemeChanged.connect(self.apply)

    def apply(self) -> None:
        """Take over what settings and system say now."""
        self.theme = self._wanted()
        self._app.setPalette(palette(self.theme))
        self._app.setFont(self.theme.font())
        self._app.setStyleSheet(style_sheet(self.theme))
        self.changed.emit(self.theme)

    def _wanted(self) -> Theme:
        settings = self._settings
        dark = settings.theme == "dark"
        if settings.theme == "system":
            dark = self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return theme(dark, settings.presenter, settings.alpha_map)


def style_sheet(theme: Theme) -> str:
    """What palette and Fusion style leave open: cards, separators, flat buttons."""
    radius, pad = theme.px(4), theme.px(3)
    checked = {
        "soft": (theme.hues["soft"], "#ffffff"),
        "hard": (theme.hues["hard"], "#1f1018"),
        "phase": (theme.hues["target"], "#241a00"),
    }
    roles = "".join(
        f'#transport QToolButton[role="{role}"]:checked {{ background: {back}; color: {front};'
        f" border-color: {back}; font-weight: bold; }}"
        for role, (back, front) in checked.items()
    )
    # Qt hands a new font of the application on to no control that a style sheet has a word about.
    size = f"{theme.point_size * theme.scale:.1f}pt"
    return f"""
    QMenuBar, QMenu, QToolTip, QTabBar, QStatusBar QLabel, #transport QWidget, #messages QWidget,
    QDialog QWidget {{ font-size: {size}; }}
    QMainWindow {{ background: {theme.window}; }}
    QMainWindow::separator {{ background: {theme.window}; width: 7px; height: 7px; }}
    QMainWindow::separator:hover {{ background: {theme.border}; }}
    QToolTip {{ background: {theme.card}; color: {theme.text}; border: 1px solid {theme.border};
        padding: 4px; }}
    #transport {{ background: {theme.card}; border: none;
        border-bottom: 1px solid {theme.border}; }}
    #transport QToolButton {{ background: {theme.raised}; border: 1px solid {theme.border};
        border-radius: {radius}px; padding: {pad}px {theme.px(5)}px; }}
    #transport QToolButton:hover {{ border-color: {theme.dim}; }}
    #transport QToolButton:focus {{ border-color: {theme.hues["source"]}; }}
    #transport QToolButton:disabled {{ color: {theme.dim}; border-color: {theme.faint}; }}
    {roles}
    QStatusBar {{ background: {theme.card}; border-top: 1px solid {theme.border};
        color: {theme.dim}; }}
    QStatusBar::item {{ border: none; }}
    """

"""A dock that holds a panel: a card with the panel's heading, caption, mark and menu."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from attn_desktop.gui.elided_label import ElidedLabel
from attn_desktop.gui.panel import Panel
from attn_desktop.gui.theme import Theme

#: What a panel can be exported as, and what the menu says of it.
EXPORTS = (
    ("png", "Export as PNG…"),
    ("svg", "Export as SVG…"),
    ("csv", "Export numbers as CSV…"),
    ("npz", "Export numbers as NPZ…"),
    ("json", "Export numbers as JSON…"),
)


class PanelDock(QDockWidget):
    """exported: the panel and how, one of `EXPORTS`."""

    exported = Signal(object, str)

    def __init__(self, panel: Panel, parent: QWidget | None = None) -> None:
        super().__init__(panel.short or panel.title, parent)
        self.panel = panel
        self.setObjectName(f"dock-{panel.name}")
        self._card = QFrame()
        self._card.setObjectName("card")
        layout = QVBoxLayout(self._card)
        layout.setContentsMargins(6, 0, 6, 6)
        layout.addWidget(panel)
        self.setWidget(self._card)
        self._header = _Header(self)
        self.setTitleBarWidget(self._header)
        panel.captioned.connect(self._update)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._focus_moved)
        self._update()

    def set_theme(self, theme: Theme) -> None:
        """Draw panel and card in other colours or sizes."""
        self.panel.set_theme(theme)
        line = f"1px solid {theme.border}"
        self._card.setStyleSheet(
            f"#card {{ background: {theme.card}; border: {line}; border-top: none;"
            " border-bottom-left-radius: 6px; border-bottom-right-radius: 6px; }"
        )
        self._header.set_theme(theme, line)

    def _focus_moved(self, old: QWidget | None, new: QWidget | None) -> None:
        self._header.set_focused(new is not None and self.isAncestorOf(new))

    def _update(self) -> None:
        panel = self.panel
        step = panel.scene.step
        untrained = panel.of_mode and step is not None and not step.trained
        self._header.update_texts(panel.heading(), panel.caption(), panel.about, untrained)


class _Header(QFrame):
    """The title bar of a dock; dragging it moves the dock."""

    def __init__(self, dock: PanelDock) -> None:
        super().__init__(dock)
        self.setObjectName("header")
        self._dock, self._focused = dock, False
        self._styles = ("", "")
        self._title, self._caption = ElidedLabel(), ElidedLabel()
        self._title.setMinimumWidth(60)
        self._caption.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._badge = QLabel("untrained")
        self._badge.setToolTip(
            "The checkpoint never learnt this mode: its numbers are computed as the formula says, "
            "but the weights were not fitted to it."
        )
        self._menu = QToolButton()
        self._menu.setText("⋮")
        self._menu.setAutoRaise(True)
        self._menu.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._menu.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu.setToolTip("Export, float or close this panel")
        self._menu.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self._menu.setMenu(self._make_menu())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 6, 2)
        layout.setSpacing(8)
        layout.addWidget(self._title)
        layout.addWidget(self._badge)
        layout.addWidget(self._caption, 1)
        layout.addWidget(self._menu)

    def _make_menu(self) -> QMenu:
        menu, dock = QMenu(self), self._dock
        for how, text in EXPORTS:
            action = menu.addAction(text)
            action.triggered.connect(lambda _=False, how=how: dock.exported.emit(dock.panel, how))
            if how == "svg":
                menu.addSeparator()
        menu.addSeparator()
        floating = menu.addAction("Float")
        floating.triggered.connect(lambda: dock.setFloating(not dock.isFloating()))
        dock.topLevelChanged.connect(
            lambda floats: floating.setText("Put back" if floats else "Float")
        )
        menu.addAction("Close").triggered.connect(dock.close)
        return menu

    def set_theme(self, theme: Theme, line: str) -> None:
        shape = (
            f"#header {{ background: {theme.card}; border: {line}; border-bottom: none;"
            " border-top-left-radius: 6px; border-top-right-radius: 6px;"
        )
        #: Without and with the keyboard in the panel.
        self._styles = (f"{shape} }}", f"{shape} border-top: 2px solid {theme.hues['source']}; }}")
        self.setStyleSheet(self._styles[self._focused])
        self._title.setFont(theme.font(bold=True))
        self._caption.setFont(theme.font(0.9))
        self._caption.setStyleSheet(f"color: {theme.dim};")
        self._badge.setFont(theme.font(0.8, bold=True))
        self._badge.setStyleSheet(
            f"color: {theme.warning}; border: 1px solid {theme.warning}; border-radius: 4px;"
            " padding: 0 4px;"
        )

    def set_focused(self, focused: bool) -> None:
        if focused != self._focused:
            self._focused = focused
            self.setStyleSheet(self._styles[focused])

    def update_texts(self, title: str, caption: str, about: str, untrained: bool) -> None:
        self._title.set_full_text(title)
        self._caption.set_full_text(caption)
        self._title.setToolTip(about)
        self._caption.setToolTip(caption)
        self._badge.setVisible(untrained)

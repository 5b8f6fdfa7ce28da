"""Widgets in rows, as many as fit."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from attn_desktop.gui.flow_layout import FlowLayout
from tests.gui.pointer import settle


def test_rows_end_where_the_width_does(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    layout = FlowLayout(4, widget)
    labels = [QLabel() for _ in range(4)]
    for label in labels:
        label.setFixedSize(30, 10)
        layout.addWidget(label)
    assert layout.heightForWidth(132) == 10
    assert layout.heightForWidth(131) == 24
    assert layout.heightForWidth(10) == 52, "one that is too wide has a row of its own"
    assert layout.sizeHint().width() == 132
    assert layout.minimumSize().width() == 30
    widget.resize(70, 60)
    widget.show()
    settle()
    assert [(label.x(), label.y()) for label in labels] == [(0, 0), (34, 0), (0, 14), (34, 14)]
    labels[0].hide()
    settle()
    assert [(label.x(), label.y()) for label in labels[1:]] == [(0, 0), (34, 0), (0, 14)]


def test_items_can_be_looked_at_and_taken(qtbot: QtBot) -> None:
    widget, label = QWidget(), QLabel("a")
    qtbot.addWidget(widget)
    layout = FlowLayout(4, widget)
    layout.addWidget(label)
    assert layout.count() == 1
    assert layout.itemAt(1) is None
    assert layout.takeAt(5) is None
    taken = layout.takeAt(0)
    assert taken is not None
    assert taken.widget() is label
    assert layout.count() == 0
    assert layout.heightForWidth(10) == 0

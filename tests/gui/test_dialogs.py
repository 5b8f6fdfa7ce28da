"""The dialogs About, Help and Choose a model."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QPoint, Qt, QUrl, qVersion
from PySide6.QtGui import QGuiApplication, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from attn_desktop.common.model_list import ModelEntry
from attn_desktop.common.version import VERSION
from attn_desktop.gui.about import AboutDialog, versions
from attn_desktop.gui.help_dialog import unwrapped
from attn_desktop.gui.model_picker import NO_CARD, ModelPicker
from attn_desktop.gui.panel import PANELS
from attn_desktop.gui.theme import theme
from attn_desktop.trace.protocol import Welcome

WELCOME = Welcome(
    request=1, version=3, program="0.9", python="3.13.1", torch="2.99+cpu", process=4242
)
CARD = """# A model

A [link](https://example.org/card) and ![a picture](https://example.org/p.png "p").

| set | BLEU |
| --- | --- |
| held out | 38.3 |
"""
GOOD = ModelEntry(
    name="en-fr", path="/m/en-fr", size_bytes=11_100_000, languages=("en", "fr"), card=CARD
)
BROKEN = ModelEntry(name="broken", path="/m/broken", size_bytes=20, problem="config.json: bad")
BARE = ModelEntry(name="bare", path="/m/bare", size_bytes=1_000_000, card=" \n")


def shown_texts(dialog: QDialog) -> list[str]:
    return [label.text() for label in dialog.findChildren(QLabel)]


# -- help ---------------------------------------------------------------------------------


def test_help_breaks_lines_only_where_something_ends() -> None:
    assert unwrapped("One: α_tj\nover j.\nTwo;\nthree") == "One: α_tj over j.\nTwo;\nthree"
    for name in PANELS:
        for text in unwrapped(PANELS[name].about).split("\n"):
            assert text.endswith((".", ";", ":")), name


# -- about --------------------------------------------------------------------------------


def test_about_names_every_version(qtbot: QtBot) -> None:
    dialog = AboutDialog(WELCOME)
    qtbot.addWidget(dialog)
    texts = shown_texts(dialog)
    for part in (VERSION, qVersion(), "2.99+cpu", "3.13.1", "attn-desktop 0.9, process 4242"):
        assert part in texts
    assert "Licence: BSD-3-Clause" in texts
    assert versions(WELCOME)["Engine's protocol"] == "3"


def test_about_says_that_no_engine_runs(qtbot: QtBot) -> None:
    dialog = AboutDialog(None)
    qtbot.addWidget(dialog)
    assert "not running" in shown_texts(dialog)
    assert "Engine's torch" not in shown_texts(dialog)


def test_copy_puts_all_of_it_on_the_clipboard(qtbot: QtBot) -> None:
    dialog = AboutDialog(WELCOME)
    qtbot.addWidget(dialog)
    dialog.show()
    QGuiApplication.clipboard().clear()
    QTest.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert "Licence: BSD-3-Clause" in lines
    for title, value in versions(WELCOME).items():
        assert f"{title}: {value}" in lines


def test_enter_and_escape_close_about(qtbot: QtBot) -> None:
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Escape):
        dialog = AboutDialog(None)
        qtbot.addWidget(dialog)
        dialog.show()
        QTest.keyClick(dialog, key)
        assert not dialog.isVisible()


# -- choosing a model ---------------------------------------------------------------------


def open_picker(
    qtbot: QtBot, *models: ModelEntry, current: str = ""
) -> tuple[ModelPicker, list[str]]:
    picker = ModelPicker(models, current)
    qtbot.addWidget(picker)
    picked: list[str] = []
    picker.picked.connect(picked.append)
    picker.show()
    return picker, picked


def test_models_are_listed_and_the_current_one_is_chosen(qtbot: QtBot) -> None:
    picker, _ = open_picker(qtbot, BARE, GOOD, BROKEN, current="en-fr")
    rows = [picker.list.item(row).text().splitlines() for row in range(picker.list.count())]
    assert rows == [
        ["bare", "1.0 MB"],
        ["en-fr", "en → fr", "11.1 MB"],
        ["broken", "0.0 MB", "⚠ cannot be opened"],
    ]
    assert picker.list.currentRow() == 1
    picker, _ = open_picker(qtbot, BARE, GOOD, current="/m/en-fr")
    assert picker.list.currentRow() == 1
    picker, _ = open_picker(qtbot, BARE, GOOD, current="/elsewhere")
    assert picker.list.currentRow() == 0


def test_a_card_is_shown_as_a_page(qtbot: QtBot) -> None:
    picker, _ = open_picker(qtbot, GOOD, BARE)
    page = picker.card.toPlainText()
    assert page.startswith("A model\n")
    assert "#" not in page
    assert "38.3" in page
    picker.list.setCurrentRow(1)
    assert picker.card.toPlainText() == NO_CARD


def test_a_card_loads_nothing_and_opens_nothing(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    picker, _ = open_picker(qtbot, GOOD)
    kind = QTextDocument.ResourceType.ImageResource
    for address in ("https://example.org/p.png", QUrl.fromLocalFile(str(secret)).toString()):
        assert picker.card.document().resource(kind.value, QUrl(address)) == QByteArray()
    before = picker.card.toPlainText()
    opened: list[QUrl] = []
    monkeypatch.setattr("PySide6.QtGui.QDesktopServices.openUrl", opened.append)
    cursor = picker.card.document().find("link")
    at = picker.card.cursorRect(cursor).center() - QPoint(4, 0)
    with qtbot.waitSignal(picker.card.anchorClicked, timeout=2000):
        QTest.mouseClick(picker.card.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert picker.card.toPlainText() == before
    assert opened == []
    assert picker.card.toolTip() in ("", "https://example.org/card")


def test_open_enter_and_a_double_click_pick_a_model(qtbot: QtBot) -> None:
    picker, picked = open_picker(qtbot, BARE, GOOD, current="en-fr")
    QTest.mouseClick(picker.open_button, Qt.MouseButton.LeftButton)
    assert picked == ["en-fr"]
    assert not picker.isVisible()
    picker, picked = open_picker(qtbot, BARE, GOOD, current="en-fr")
    picker.list.setFocus()
    QTest.keyClick(picker.list, Qt.Key.Key_Return)
    assert picked == ["en-fr"]
    picker, picked = open_picker(qtbot, BARE, GOOD)
    at = picker.list.visualItemRect(picker.list.item(1)).center()
    QTest.mouseClick(picker.list.viewport(), Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseDClick(picker.list.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert picked == ["en-fr"]


def test_a_broken_model_says_why_and_cannot_be_picked(qtbot: QtBot) -> None:
    picker, picked = open_picker(qtbot, GOOD, BROKEN)
    assert not picker.problem.isVisible()
    picker.list.setCurrentRow(1)
    assert picker.problem.text() == "⚠ broken cannot be opened: config.json: bad"
    assert picker.problem.isVisible()
    assert not picker.open_button.isEnabled()
    picker.list.setFocus()
    QTest.keyClick(picker.list, Qt.Key.Key_Return)
    assert picked == []
    assert picker.isVisible()
    picker.list.setCurrentRow(0)
    assert not picker.problem.isVisible()
    assert picker.open_button.isEnabled()


def test_without_models_a_folder_can_still_be_opened(qtbot: QtBot) -> None:
    picker, _ = open_picker(qtbot)
    assert "no models" in picker.card.toPlainText()
    assert not picker.open_button.isEnabled()
    assert picker.folder_button.isEnabled()


def choose(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: folder)


def test_a_folder_of_ones_own_is_picked_by_its_path(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text('{"family": "seq2seq", "trained_modes": []}')
    picker, picked = open_picker(qtbot, GOOD)
    choose(monkeypatch, str(tmp_path))
    QTest.mouseClick(picker.folder_button, Qt.MouseButton.LeftButton)
    assert picked == [str(tmp_path)]
    assert not picker.isVisible()


@pytest.mark.parametrize("content", [None, b"{", b'{"family": "\xff", "trained_modes": []}'])
def test_a_folder_that_is_no_model_is_refused_with_the_reason(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "config.json").write_bytes(content)
    picker, picked = open_picker(qtbot, GOOD)
    choose(monkeypatch, str(tmp_path))
    QTest.mouseClick(picker.folder_button, Qt.MouseButton.LeftButton)
    assert picked == []
    assert picker.problem.text().startswith(f"⚠ {tmp_path} is no model that can be opened: ")
    choose(monkeypatch, str(tmp_path / "gone"))
    QTest.mouseClick(picker.folder_button, Qt.MouseButton.LeftButton)
    assert f"{tmp_path / 'gone'} is no model" in picker.problem.text()
    choose(monkeypatch, "")  # the user left the file dialog
    QTest.mouseClick(picker.folder_button, Qt.MouseButton.LeftButton)
    assert picked == []
    assert picker.isVisible()


def test_dialogs_grow_with_the_type_of_the_presenter(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    before = app.font()
    widths = []
    try:
        for presenter in (False, True):
            app.setFont(theme(dark=True, presenter=presenter).font())
            dialog = AboutDialog(None)
            qtbot.addWidget(dialog)
            widths.append(dialog.sizeHint().width())
            picker = ModelPicker([GOOD, BROKEN])
            qtbot.addWidget(picker)
            picker.show()
            assert picker.screen().availableSize().width() >= picker.width()
    finally:
        app.setFont(before)
    assert widths[1] > 1.3 * widths[0]

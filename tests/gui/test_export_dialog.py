"""The dialog of exports, and what the window makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog, QMenu, QWidget
from pytestqt.qtbot import QtBot

from attn_desktop.common.settings import Settings
from attn_desktop.gui.document import Document
from attn_desktop.gui.engine_client import EngineClient
from attn_desktop.gui.engine_link import EngineLink
from attn_desktop.gui.export import KINDS, ExportChoice
from attn_desktop.gui.export_dialog import CUSTOM, ExportDialog
from attn_desktop.gui.export_size import FigureSize
from attn_desktop.gui.file_desk import FileDesk
from attn_desktop.gui.panel import Panel
from attn_desktop.gui.panel_dock import PanelDock
from attn_desktop.gui.panels.alignment import AlignmentPanel
from attn_desktop.gui.playhead import Playhead
from attn_desktop.gui.scene import Scene
from attn_desktop.gui.session import Session
from attn_desktop.gui.theme import DARK, LIGHT
from tests.toy_records import toy_trace
from tests.toy_scenes import toy_scene

Make = Callable[..., ExportDialog]


@pytest.fixture
def panel(qtbot: QtBot) -> Panel:
    """An alignment on the screen, dark."""
    made = AlignmentPanel(DARK)
    qtbot.addWidget(made)
    made.resize(420, 300)
    made.set_scene(toy_scene())
    made.show()
    return made


@pytest.fixture
def make(panel: Panel, qtbot: QtBot) -> Make:
    """Opens the dialog, the preview drawn."""

    def open_dialog(choice: ExportChoice | None = None) -> ExportDialog:
        dialog = ExportDialog(panel, choice or ExportChoice())
        qtbot.addWidget(dialog)
        dialog.show()
        dialog.refresh()
        return dialog

    return open_dialog


def choose(box: QComboBox, data: object) -> None:
    """As a user does it, which says `activated` too."""
    index = box.findData(data) if not isinstance(data, int) else data
    box.setCurrentIndex(index)
    box.activated.emit(index)


# -- what is chosen -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "choice",
    [
        ExportChoice(),
        ExportChoice("svg", FigureSize(178, 90, "mm", 600), "dark", 1.2),
        ExportChoice("png", FigureSize(1600, 900, "px", 192), "light", 0.95),
        ExportChoice("json", FigureSize(3.25, None, "in", 150)),
    ],
)
def test_the_fields_say_what_they_were_filled_with(make: Make, choice: ExportChoice) -> None:
    size = choice.size
    expected = replace(choice, size=replace(size, dpi=size.resolution(96)))
    assert make(choice).choice == expected


def test_the_first_choice_is_a_column_of_a_paper(make: Make) -> None:
    dialog = make()
    assert dialog.preset.currentText() == "One column (86 mm)"
    assert dialog.theme.currentText() == "light"
    assert dialog.height_field.text() == "auto"
    assert dialog.points.value() == 8


def test_a_preset_fills_the_fields_and_a_change_makes_it_custom(make: Make) -> None:
    dialog = make()
    choose(dialog.preset, 1)
    assert (dialog.choice.size.width, dialog.choice.size.unit) == (178, "mm")
    assert dialog.preset.currentText() == "Two columns (178 mm)"
    dialog.width_field.setValue(150)
    assert dialog.preset.currentText() == CUSTOM
    dialog.width_field.setValue(178)
    assert dialog.preset.currentText() == "Two columns (178 mm)"


def test_as_on_the_screen_is_size_type_and_theme_of_the_panel(make: Make) -> None:
    dialog = make()
    choose(dialog.preset, dialog.preset.findText("As on the screen"))
    choice = dialog.choice
    assert choice.size == FigureSize(840, 600, "px", 192)
    assert (choice.theme, choice.type_size) == ("dark", 1)


def test_another_unit_keeps_the_size(make: Make) -> None:
    dialog = make(ExportChoice(size=FigureSize(127, 50.8, "mm", 300)))
    for unit, sides in (
        ("in", (5, 2)),
        ("px", (1500, 600)),
        ("cm", (12.7, 5.08)),
        ("mm", (127, 50.8)),
    ):
        choose(dialog.unit, unit)
        size = dialog.choice.size
        assert (size.width, size.height) == pytest.approx(sides)
        assert size.unit == unit


def test_the_resolution_is_of_pixels_only(make: Make) -> None:
    dialog = make()
    assert dialog.dpi.isEnabled()
    choose(dialog.kind, "svg")
    assert not dialog.dpi.isEnabled()
    choose(dialog.unit, "px")
    assert dialog.dpi.isEnabled()


def test_tables_have_no_size(make: Make) -> None:
    dialog = make()
    assert dialog.width_field.isVisible()
    for kind in KINDS:
        choose(dialog.kind, kind)
        for field in (dialog.width_field, dialog.preset, dialog.theme, dialog.points, dialog.dpi):
            assert field.isVisible() == KINDS[kind].picture


# -- the preview --------------------------------------------------------------------------


def test_the_preview_follows_every_change(make: Make, qtbot: QtBot) -> None:
    dialog = make()

    def card() -> QColor:
        return dialog.preview.picture.image.pixelColor(0, 0)

    assert card() == QColor(LIGHT.card)
    choose(dialog.theme, "dark")
    qtbot.waitUntil(lambda: card() == QColor(DARK.card))
    before = dialog.preview.picture.image
    dialog.points.setValue(14)
    qtbot.waitUntil(lambda: dialog.preview.picture.image != before)
    dialog.height_field.setValue(43)
    wide = 86 / 43
    qtbot.waitUntil(
        lambda: abs(dialog.preview.picture.image.width()
                    / dialog.preview.picture.image.height() - wide) < 0.02
    )  # fmt: skip


def test_the_preview_says_how_large_the_file_will_be(make: Make) -> None:
    dialog = make(ExportChoice(size=FigureSize(86, 60)))
    assert dialog.says.text() == "1016 × 709 pixels · 86.0 × 60.0 mm"
    choose(dialog.kind, "svg")
    dialog.refresh()
    assert dialog.says.text() == "86.0 × 60.0 mm"


@pytest.mark.parametrize(
    ("kind", "said"),
    [("csv", "t,token,word0"), ("json", '"panel": "alignment"'), ("npz", "word0: float64 (5,)")],
)
def test_the_preview_shows_how_a_table_begins(make: Make, kind: str, said: str) -> None:
    dialog = make()
    choose(dialog.kind, kind)
    dialog.refresh()
    assert said in dialog.preview.text.toPlainText()
    assert dialog.preview.text.isVisible()
    assert not dialog.preview.picture.isVisible()


def test_a_size_that_cannot_be_is_told_and_not_exported(make: Make) -> None:
    dialog = make()
    for width, height, said in (
        (20, 10, "Alignment does not fit into 20 × 10 mm"),
        (0, 50, "The width must be above 0"),
        (2000, 2000, "pixels"),
    ):
        dialog.width_field.setValue(width)
        dialog.height_field.setValue(height)
        dialog.refresh()
        assert said in dialog.problem.text()
        assert dialog.problem.isVisible()
        assert not dialog.export_button.isEnabled()
    dialog.width_field.setValue(86)
    dialog.height_field.setValue(0)
    dialog.refresh()
    assert not dialog.problem.isVisible()
    assert dialog.export_button.isEnabled()


def test_a_panel_without_numbers_has_none_to_export(qtbot: QtBot) -> None:
    panel = AlignmentPanel(LIGHT)
    qtbot.addWidget(panel)
    dialog = ExportDialog(panel, ExportChoice("csv"))
    qtbot.addWidget(dialog)
    assert "shows no numbers" in dialog.problem.text()
    assert not dialog.export_button.isEnabled()


def test_the_panel_stays_as_it_is(make: Make, panel: Panel) -> None:
    before = panel.grab().toImage()
    dialog = make()
    choose(dialog.preset, 2)
    dialog.refresh()
    assert panel.grab().toImage() == before
    assert panel.size().toTuple() == (420, 300)


# -- in the window ------------------------------------------------------------------------


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def desk(window: QWidget) -> FileDesk:
    """The files of a window whose engine never started."""
    holder = QObject(window)
    link = EngineLink(EngineClient(["/no/such/engine"], holder), holder)
    return FileDesk(window, Session(link, Playhead(holder), holder), Settings())


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[ExportChoice]]:
    """Lets the dialog be answered; what it was opened with is listed."""

    def answer(name: Path, change: Callable[[ExportDialog], None] | None) -> list[ExportChoice]:
        opened: list[ExportChoice] = []

        def execute(dialog: ExportDialog) -> bool:
            opened.append(dialog.choice)
            if change is not None:
                change(dialog)
            return change is not None

        monkeypatch.setattr(ExportDialog, "exec", execute)
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(name), ""))
        return opened

    return answer


def test_a_panel_is_exported_as_chosen_and_the_choice_is_remembered(
    desk: FileDesk,
    panel: Panel,
    tmp_path: Path,
    answers: Callable[..., list[ExportChoice]],
    qtbot: QtBot,
) -> None:
    def widen(dialog: ExportDialog) -> None:
        dialog.width_field.setValue(120)
        choose(dialog.theme, "dark")

    opened = answers(tmp_path / "a", widen)
    with qtbot.waitSignal(desk.done) as done:
        desk.export(panel, "png")
    assert done.args == [f"saved {tmp_path / 'a.png'}"]
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.width == round(120 / 25.4 * 300)
        card = QColor(DARK.card)
        assert picture.getpixel((0, 0)) == (card.red(), card.green(), card.blue())
    desk.export(panel, "svg")
    assert (tmp_path / "a.svg").exists()
    assert [choice.kind for choice in opened] == ["png", "svg"], "the format that was asked for"
    assert (opened[1].size.width, opened[1].theme) == (120, "dark")


def test_nothing_is_written_when_the_user_thinks_better_of_it(
    desk: FileDesk, panel: Panel, tmp_path: Path, answers: Callable[..., list[ExportChoice]]
) -> None:
    before = desk.choice
    answers(tmp_path / "a.png", None)
    desk.export(panel, "png")
    assert desk.choice == before
    assert not list(tmp_path.glob("a*"))


def test_where_it_cannot_be_written_is_told(
    desk: FileDesk,
    panel: Panel,
    tmp_path: Path,
    answers: Callable[..., list[ExportChoice]],
    qtbot: QtBot,
) -> None:
    answers(tmp_path / "lost" / "a.csv", lambda dialog: None)
    with qtbot.waitSignal(desk.failed) as failed:
        desk.export(panel, "csv")
    assert failed.args is not None
    assert "there is no folder" in failed.args[0]


def test_report_and_numbers_of_the_document_are_exported(
    desk: FileDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    for export in (desk.export_report, desk.export_numbers):
        with qtbot.waitSignal(desk.failed) as failed:
            export()
        assert failed.args == ["There is nothing to export yet: encode a sentence first."]
    trace = toy_trace(branches=2)
    document, view = Document.of_trace(trace)
    desk._session.set_document(document, view)
    for export, name in ((desk.export_report, "r"), (desk.export_numbers, "n")):
        chosen = str(tmp_path / name)
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, chosen=chosen: (chosen, ""))
        with qtbot.waitSignal(desk.done):
            export()
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert trace.run.text.strip() in page
    with np.load(tmp_path / "n.npz") as numbers:
        assert "branch2/alpha" in numbers.files


def test_the_menu_of_a_panel_offers_every_format(panel: Panel, qtbot: QtBot) -> None:
    dock = PanelDock(panel)
    qtbot.addWidget(dock)
    asked: list[str] = []
    dock.exported.connect(lambda panel, kind: asked.append(kind))
    (menu,) = dock.findChildren(QMenu)
    for action in menu.actions():
        if action.text().startswith("Export"):
            action.trigger()
    assert asked == list(KINDS)


def test_enter_exports_and_escape_does_not(make: Make) -> None:
    dialog = make()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.result() == ExportDialog.DialogCode.Accepted
    dialog = make()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.result() == ExportDialog.DialogCode.Rejected


def test_a_panel_without_a_run_is_drawn_all_the_same(qtbot: QtBot) -> None:
    panel = AlignmentPanel(LIGHT)
    qtbot.addWidget(panel)
    panel.set_scene(Scene())
    dialog = ExportDialog(panel, ExportChoice())
    qtbot.addWidget(dialog)
    assert not dialog.preview.picture.image.isNull()
    assert dialog.export_button.isEnabled()

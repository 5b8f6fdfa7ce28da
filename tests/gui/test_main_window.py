"""The whole window with a real engine on a toy model, by keys and mouse."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QMessageBox
from pytestqt.qtbot import QtBot

from attn_desktop.common.mode import HARD, SOFT, Mode
from attn_desktop.common.settings import Settings
from attn_desktop.gui.command_palette import CommandPalette
from attn_desktop.gui.condition_field import ConditionField
from attn_desktop.gui.engine_client import Health
from attn_desktop.gui.help_dialog import help_text
from attn_desktop.gui.intents import Brush, Hover, OpenPicture
from attn_desktop.gui.main_window import MainWindow
from attn_desktop.gui.panels.source import SourcePanel
from attn_desktop.gui.raster import image, png_bytes
from attn_desktop.gui.samples import Sample
from attn_desktop.gui.scene import Phase, Scene, Stop
from attn_desktop.trace.storage import VERSION, load_trace
from tests.gui.desk import TEXT, TIMEOUT_MS
from tests.toy_seers import toy_picture

LIMIT = 8
#: Panels that show nothing until something is compared, asked, written or changed, or of a text.
EMPTY = (
    "beam",
    "compare",
    "conditions",
    "each-position",
    "gallery",
    "gradients",
    "history",
    "notes",
    "picture",
    "rollouts",
    "thumbnails",
)
KEY = Qt.Key
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
SAMPLES = (Sample("first", TEXT), Sample("second", "A man walks on the beach."))


class Driver:
    """A window and what a user would do with it."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self.qtbot = window, qtbot

    @property
    def scene(self) -> Scene:
        return self.window.playhead.scene

    @property
    def source(self) -> SourcePanel:
        panel = self.window.docks["source"].panel
        assert isinstance(panel, SourcePanel)
        return panel

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=TIMEOUT_MS)

    def settle(self) -> Scene:
        self.wait(lambda: not self.window.link.busy and bool(self.scene.steps))
        return self.scene

    def press(
        self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        widget = QApplication.focusWidget() or self.window
        QTest.keyClick(widget, key, modifier)

    def trigger(self, name: str) -> None:
        self.window.commands[name].trigger()


@pytest.fixture
def make(qapp: QApplication, qtbot: QtBot, endless_folder: Path) -> Iterator[Callable[..., Driver]]:
    """Opens windows and closes them at the end."""
    opened: list[MainWindow] = []
    before = qapp.palette(), qapp.font(), qapp.styleSheet()

    def open_one(
        text: str | None = TEXT,
        file: Path | None = None,
        keep: Path | None = None,
        **settings: object,
    ) -> Driver:
        chosen = Settings(model=str(endless_folder), **settings)  # type: ignore[arg-type]
        window = MainWindow(qapp, chosen, SAMPLES, keep)
        opened.append(window)
        window.resize(1280, 800)
        window.show()
        qtbot.waitExposed(window)
        window.activateWindow()
        driver = Driver(window, qtbot)
        window.session.encoded.connect(lambda: _limit(window), Qt.ConnectionType.DirectConnection)
        window.open(text, file)
        return driver

    yield open_one
    for window in opened:
        window.session.undo_stack.setClean()
        window.close()
        shiboken6.delete(window)  # now, and not whenever Python comes to it
    qapp.setPalette(before[0])
    qapp.setFont(before[1])
    qapp.setStyleSheet(before[2])


def _limit(window: MainWindow) -> None:
    assert window.session.document is not None
    window.session.document.limits[0] = LIMIT


@pytest.fixture
def driver(make: Callable[..., Driver]) -> Driver:
    """A window that has encoded a sentence and decoded nothing yet."""
    driver = make(run_after_encoding=False)
    driver.wait(lambda: driver.scene.run is not None)
    _limit(driver.window)
    return driver


def test_it_is_on_the_screen_before_the_engine_and_says_so(make: Callable[..., Driver]) -> None:
    driver = make(run_after_encoding=False)
    window = driver.window
    assert window.isVisible()
    assert window.client.condition.health is Health.STARTING
    assert "starting" in window.status.engine_text
    assert driver.scene.run is None
    driver.wait(lambda: driver.scene.run is not None)
    assert window.client.welcome is not None


def test_a_new_window_decodes_its_sentence(make: Callable[..., Driver]) -> None:
    driver = make()
    driver.wait(lambda: len(driver.scene.steps) > 3)
    assert driver.scene.run is not None
    assert driver.scene.run.text == TEXT
    driver.trigger("stop")
    count = len(driver.scene.steps)
    assert driver.scene.t == count
    for dock in driver.window.docks.values():
        if dock.panel.isVisible():
            assert dock.panel.scene is driver.scene


def test_keys_step_forward_and_back(driver: Driver) -> None:
    for _ in range(3):
        driver.press(KEY.Key_F10)
    driver.wait(lambda: driver.scene.t == 3)
    driver.settle()
    driver.press(KEY.Key_F10, SHIFT)
    assert driver.scene.t == 2
    driver.press(KEY.Key_Home)
    assert driver.scene.t == 0
    driver.press(KEY.Key_Right)
    assert driver.scene.t == 1
    driver.press(KEY.Key_End)
    assert driver.scene.t == 3
    driver.press(KEY.Key_Left)
    assert driver.scene.t == 2
    driver.press(KEY.Key_F11)
    assert (driver.scene.t, driver.scene.phase) == (3, Phase.ENERGIES)
    driver.press(KEY.Key_F11, SHIFT)
    assert (driver.scene.t, driver.scene.phase) == (2, Phase.TOKEN)
    driver.press(KEY.Key_F5)
    driver.wait(lambda: len(driver.scene.steps) == LIMIT and not driver.window.link.busy)
    driver.press(KEY.Key_F5, SHIFT)
    assert driver.scene.t == 0


def test_space_plays_to_the_end(driver: Driver) -> None:
    driver.window.player.steps_per_s = 16.0
    driver.press(KEY.Key_Space)
    assert driver.window.player.playing
    driver.wait(lambda: driver.scene.t >= 3)
    driver.press(KEY.Key_Space)
    assert not driver.window.player.playing


def test_a_text_field_keeps_its_keys(driver: Driver) -> None:
    driver.press(KEY.Key_F10)
    driver.settle()
    driver.press(KEY.Key_L, CONTROL)
    field = driver.source.field
    assert field.hasFocus()
    QTest.keyClicks(field, "A dog")
    driver.press(KEY.Key_Home)
    driver.press(KEY.Key_Right)
    driver.press(KEY.Key_Space)
    assert field.toPlainText() == "A  dog"
    driver.press(KEY.Key_Z, CONTROL)
    assert field.toPlainText() != "A  dog"
    assert driver.scene.t == 1, "nothing of it moved the playhead or undid the step"
    assert not driver.window.player.playing
    driver.press(KEY.Key_Escape)
    assert not field.hasFocus()
    driver.press(KEY.Key_Home)
    assert driver.scene.t == 0


def test_a_sentence_is_typed_and_encoded(driver: Driver) -> None:
    driver.press(KEY.Key_L, CONTROL)
    QTest.keyClicks(driver.source.field, "Where is the dog?")
    driver.press(KEY.Key_Return)
    driver.wait(lambda: driver.scene.run is not None and driver.scene.run.text[:5] == "Where")
    driver.press(KEY.Key_Escape)
    driver.press(KEY.Key_Z, CONTROL)
    assert driver.scene.run is not None
    assert driver.scene.run.text == TEXT, "undo gives the sentence before back"


def test_bad_text_is_said_beside_the_field(driver: Driver) -> None:
    run = driver.scene.run
    driver.source.field.setPlainText("  ")
    driver.source.submit()
    error = driver.source._error
    driver.wait(error.isVisible)
    assert "empty" in error.text()
    assert driver.scene.run is run
    driver.source.field.setPlainText("word " * 600)
    driver.source.submit()
    driver.wait(lambda: "pieces" in error.text())
    assert driver.scene.run is run


def test_a_megabyte_is_not_pasted(driver: Driver) -> None:
    QApplication.clipboard().setText("x" * 1_000_000)
    before = driver.source.field.toPlainText()
    driver.source.field.paste()
    assert driver.source.field.toPlainText() == before
    assert "1,000,0" in driver.source._error.text()


def test_hard_is_switched_on_with_the_mouse(driver: Driver) -> None:
    driver.press(KEY.Key_F5)
    driver.wait(lambda: len(driver.scene.steps) == LIMIT and not driver.window.link.busy)
    driver.window.session.go(2)
    QTest.mouseClick(driver.window.transport.hard, Qt.MouseButton.LeftButton)
    driver.settle()
    assert driver.window.session.mode.weighting == HARD
    assert driver.scene.t == 2
    assert [step.mode.weighting for step in driver.scene.steps[:2]] == [SOFT] * 2
    assert {step.mode.weighting for step in driver.scene.steps[2:]} == {HARD}
    driver.window.session.go(1)
    assert driver.window.transport.soft.isChecked(), "the bar shows what the next step is"


def test_score_and_scope_are_chosen_from_the_lists(driver: Driver) -> None:
    transport = driver.window.transport
    driver.press(KEY.Key_F10)
    driver.settle()
    transport.score.setCurrentIndex(transport.score.findData("dot"))
    transport.score.activated.emit(transport.score.currentIndex())
    transport.scope.setCurrentIndex(transport.scope.findData("local-m"))
    transport.scope.activated.emit(transport.scope.currentIndex())
    driver.press(KEY.Key_F10)
    driver.wait(lambda: len(driver.scene.steps) == 2)
    assert driver.scene.steps[1].mode == Mode("dot", "local-m")
    assert not driver.scene.steps[1].trained
    transport.score.setCurrentIndex(transport.score.findData("none"))
    transport.score.activated.emit(transport.score.currentIndex())
    assert not transport.scope.isEnabled()
    driver.press(KEY.Key_F10)
    driver.wait(lambda: len(driver.scene.steps) == 3)
    assert driver.scene.steps[2].cross is None


def test_a_token_is_forced_with_a_click_and_is_a_branch(driver: Driver) -> None:
    driver.press(KEY.Key_F5)
    driver.wait(lambda: len(driver.scene.steps) == LIMIT and not driver.window.link.busy)
    driver.window.session.go(3)
    chosen = driver.scene.steps[2].token_id
    panel = driver.window.docks["next-token"].panel
    panel.flush()
    for y in range(20, panel.height() - 20, 6):
        QTest.mouseClick(panel, Qt.MouseButton.LeftButton, pos=QPoint(panel.width() // 3, y))
        if driver.window.link.busy:
            break
    driver.settle()
    assert len(driver.scene.branches) == 2
    step = driver.scene.step
    assert step is not None
    assert step.chosen_by == "forced"
    assert step.token_id != chosen
    assert driver.scene.t == 3


def test_files_are_saved_and_opened(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.press(KEY.Key_F10)
    driver.settle()
    wanted = tmp_path / "mine"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(wanted), ""))
    driver.press(KEY.Key_S, CONTROL)
    saved = wanted.with_suffix(".attn")
    assert len(load_trace(saved).steps) == 1
    assert "mine.attn" in driver.window.windowTitle()
    driver.press(KEY.Key_F10)
    driver.wait(lambda: len(driver.scene.steps) == 2)
    assert driver.window.isWindowModified()
    asked: list[str] = []

    def answer(*arguments: object) -> QMessageBox.StandardButton:
        asked.append(str(arguments[2]))
        return QMessageBox.StandardButton.Cancel

    monkeypatch.setattr(QMessageBox, "question", answer)
    assert not driver.window.close(), "unsaved changes are asked about"
    assert asked
    driver.press(KEY.Key_S, CONTROL)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(saved), ""))
    driver.press(KEY.Key_O, CONTROL)
    assert len(driver.scene.steps) == 2


def test_a_file_drives_every_panel_without_an_engine(
    driver: Driver, make: Callable[..., Driver], tmp_path: Path
) -> None:
    driver.press(KEY.Key_F5)
    driver.wait(lambda: len(driver.scene.steps) == LIMIT and not driver.window.link.busy)
    path = tmp_path / "a.attn"
    driver.window.session.save(path)
    other = make(file=path, engine_command=["/no/such/engine"])
    other.wait(lambda: other.window.client.condition.health is Health.FAILED)
    assert "/no/such/engine" in other.window.messages.text
    assert len(other.scene.steps) == LIMIT
    for dock in other.window.docks.values():
        dock.panel.flush()
        empty = dock.panel.name in EMPTY
        assert empty or dock.panel.table().rows, dock.panel.name


@pytest.mark.parametrize("damage", ["newer", "cut", "missing", "folder"])
def test_a_file_of_no_use_is_told_and_changes_nothing(
    driver: Driver, tmp_path: Path, damage: str
) -> None:
    driver.press(KEY.Key_F10)
    before = driver.settle()
    path = tmp_path / "a.attn"
    driver.window.session.save(path)
    if damage == "newer":
        own = f'"version":"{VERSION}"'.encode()
        path.write_bytes(path.read_bytes().replace(own, b'"version":"9"'))
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "missing":
        path.unlink()
    else:
        path.unlink()
        path.mkdir()
    assert not driver.window.files.open(path)
    said = driver.window.messages.text
    assert str(path) in said
    assert ("newer version" in said) == (damage == "newer")
    assert driver.scene.steps == before.steps


def test_a_full_disk_is_told_and_the_document_stays(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.press(KEY.Key_F10)
    driver.settle()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    driver.window.session.path = tmp_path / "a.attn"
    assert not driver.window.files.save()
    assert "No space left" in driver.window.messages.text
    assert len(driver.scene.steps) == 1


def test_hovering_in_one_panel_lights_the_others(driver: Driver) -> None:
    driver.press(KEY.Key_F10)
    driver.settle()
    alpha = driver.window.docks["alpha"].panel
    alpha.wanted.emit(Hover(frozenset({2}), frozenset({1})))
    for dock in driver.window.docks.values():
        assert dock.panel.light.source == {2}
    alpha.wanted.emit(Hover())
    alpha.wanted.emit(Brush(frozenset({1, 2})))
    assert driver.window.docks["lanes"].panel.light.all_source == {1, 2}
    driver.trigger("clear-brush")
    assert not driver.window.docks["lanes"].panel.light.all_source


def test_the_engine_dies_and_comes_back(driver: Driver) -> None:
    driver.press(KEY.Key_F10)
    before = driver.settle()
    os.kill(driver.window.client.process_id, signal.SIGKILL)
    driver.wait(lambda: "SIGKILL" in driver.window.messages.text)
    driver.press(KEY.Key_F10)  # waits for the engine
    driver.wait(lambda: len(driver.scene.steps) == 2)
    assert driver.scene.steps[0] is before.steps[0]
    assert "back" in driver.window.messages.text


def test_a_device_that_is_gone_can_be_left_for_the_cpu(make: Callable[..., Driver]) -> None:
    driver = make(device="cuda:9", run_after_encoding=False)
    driver.wait(lambda: "cuda:9" in driver.window.messages.text)
    driver.window.messages._buttons[0].click()
    driver.wait(lambda: driver.scene.run is not None)
    assert driver.window.session.device == "cpu"


def test_the_palette_finds_and_does(driver: Driver) -> None:
    driver.press(KEY.Key_F10)
    driver.settle()
    driver.press(KEY.Key_P, CONTROL | SHIFT)
    palette = driver.window.findChild(CommandPalette)
    assert palette is not None
    QTest.keyClicks(palette.edit, "before the first")
    QTest.keyClick(palette.edit, KEY.Key_Return)
    driver.wait(lambda: driver.scene.t == 0)


def test_theme_and_presenter_reach_every_panel(driver: Driver) -> None:
    driver.window.views.set_look("theme", "dark")
    driver.trigger("presenter")
    for dock in driver.window.docks.values():
        assert dock.panel.theme.dark
        assert dock.panel.theme.scale > 1
    driver.trigger("words")
    assert driver.scene.words


def test_a_condition_is_written_by_key_and_stops_a_run(driver: Driver) -> None:
    driver.press(KEY.Key_F9, CONTROL)
    QApplication.processEvents()
    panel = driver.window.docks["conditions"].panel
    assert panel.isVisible()
    focused = QApplication.focusWidget()
    assert isinstance(focused, ConditionField)
    QTest.keyClicks(focused, "t == 3")
    driver.press(KEY.Key_Return)
    driver.press(KEY.Key_F5)
    driver.wait(lambda: driver.scene.t == 3 and not driver.window.link.busy)
    assert driver.scene.breakpoints == (Stop("t == 3", True, 1, (3,)),)
    assert "t == 3" in driver.window.messages.text
    assert len(panel.table().rows) == 3


def test_panels_close_and_come_back(driver: Driver) -> None:
    dock = driver.window.docks["lanes"]
    dock.close()
    assert not dock.isVisible()
    geometry = driver.window.docks["geometry"]
    menu = geometry.titleBarWidget().findChild(QMenu)
    assert menu is not None
    (floating,) = [action for action in menu.actions() if action.text() == "Float"]
    floating.trigger()
    assert geometry.isFloating()
    assert floating.text() == "Put back"
    driver.trigger("reset-layout")
    assert dock.isVisible()
    assert not driver.window.docks["geometry"].isFloating()


def leave(driver: Driver, keep: Path, *names: str) -> None:
    """Put what a window shows after a step where windows keep what is unsaved."""
    driver.press(KEY.Key_F10)
    driver.settle()
    keep.mkdir(exist_ok=True)
    for name in names:
        driver.window.session.save(keep / f"{name}.attn")


def test_what_a_crash_left_is_offered(
    driver: Driver, make: Callable[..., Driver], tmp_path: Path
) -> None:
    keep = tmp_path / "keep"
    leave(driver, keep, "999999999")
    left = keep / "999999999.attn"
    other = make(keep=keep, run_after_encoding=False)
    assert "not closed in order" in other.window.messages.text
    other.window.messages._buttons[0].click()
    assert len(other.scene.steps) == 1
    assert not left.exists()
    assert other.window.session.path is None
    other.window.close()
    assert not list(keep.glob("*.attn"))


def test_of_several_crashes_the_newest_is_offered_and_the_rest_is_told_of(
    driver: Driver, make: Callable[..., Driver], tmp_path: Path
) -> None:
    keep, names = tmp_path / "keep", ("999999998", "999999999")
    leave(driver, keep, *names)
    for number, name in enumerate(names):
        os.utime(keep / f"{name}.attn", (number, number))
    other = make(keep=keep, run_after_encoding=False)
    assert other.window.messages.text.startswith("2 windows were not closed in order")
    other.window.messages._buttons[0].click()
    assert not (keep / "999999999.attn").exists()
    assert (keep / "999999998.attn").exists()


def test_what_crashes_left_can_be_discarded(
    driver: Driver, make: Callable[..., Driver], tmp_path: Path
) -> None:
    keep = tmp_path / "keep"
    for number, names in enumerate((("999999998",), ("999999998", "999999999"))):
        leave(driver, keep, *names)
        other = make(keep=keep, run_after_encoding=False)
        button = other.window.messages._buttons[1]
        assert button.isVisible()
        assert button.text() == ("Discard", "Discard all")[number]
        button.click()
        assert not other.window.messages.text
        assert not list(keep.glob("99999999*.attn"))


def test_a_file_brings_the_panels_to_where_they_were(driver: Driver, tmp_path: Path) -> None:
    driver.press(KEY.Key_F10)
    driver.settle()
    dock = driver.window.docks["lanes"]
    dock.close()
    driver.window.session.save(tmp_path / "closed.attn")
    driver.trigger("reset-layout")
    assert dock.isVisible()
    assert driver.window.files.open(tmp_path / "closed.attn")
    assert not dock.isVisible()


def test_an_empty_field_leaves_the_keys_that_scrub_to_the_window(driver: Driver) -> None:
    driver.press(KEY.Key_F10)
    driver.settle()
    driver.trigger("condition")
    field = QApplication.focusWidget()
    assert field is not None
    assert field is not driver.window
    for text, t in (("", 0), ("t", 1)):
        driver.window.session.go(1)
        QTest.keyClicks(field, text)
        driver.press(KEY.Key_Home)
        assert driver.scene.t == t


def test_a_photograph_brings_the_model_that_takes_one(driver: Driver) -> None:
    window = driver.window
    driver.wait(lambda: bool(window.sources._models))
    file = png_bytes(image(toy_picture(3, 30, 44)))
    window.sources.open_picture(OpenPicture(file=file, name="sand.png"))
    assert window.messages.text.endswith("reads text and takes no picture.")
    button = window.messages._buttons[0]
    assert button.text() == "Open it with photo-captioner"
    button.click()
    driver.wait(lambda: driver.scene.run is not None and driver.scene.run.picture is not None)
    assert window.messages.text == ""


def test_a_message_moves_no_panel(driver: Driver) -> None:
    places = {name: dock.geometry() for name, dock in driver.window.docks.items()}
    driver.window.messages.warn("something", ("do", lambda: None))
    QApplication.processEvents()
    assert driver.window.messages.isVisible()
    assert {name: dock.geometry() for name, dock in driver.window.docks.items()} == places


def test_the_choice_of_tokens_is_made_with_the_keyboard(driver: Driver) -> None:
    transport = driver.window.transport
    driver.press(KEY.Key_F10)
    driver.settle()
    QTest.mouseClick(transport.choice, Qt.MouseButton.LeftButton)
    popup = transport.popup
    assert popup.isVisible()
    assert popup.screen().availableGeometry().contains(popup.geometry())
    popup.sampled.setChecked(True)
    QTest.mouseClick(popup.temperature.lineEdit(), Qt.MouseButton.LeftButton)
    assert popup.temperature.hasFocus()
    popup.temperature.selectAll()
    QTest.keyClicks(popup.temperature, "2.5")
    QTest.keyClick(popup.temperature, KEY.Key_Return)
    assert not popup.isVisible()
    assert driver.window.session.choice.how == "sampled"
    assert driver.window.session.choice.temperature == 2.5


def test_one_weighting_is_on_whatever_is_clicked(driver: Driver) -> None:
    transport = driver.window.transport
    driver.press(KEY.Key_F10)
    driver.settle()
    for button in (transport.soft, transport.hard, transport.hard, transport.soft, transport.soft):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert button.isChecked()
        assert transport.soft.isChecked() != transport.hard.isChecked()
        assert driver.window.session.mode.weighting == button.text()
    driver.window.stepping.set_mode(Mode("none"))
    assert not transport.soft.isChecked()
    assert not transport.hard.isChecked()
    driver.window.stepping.set_mode(Mode())
    assert transport.soft.isChecked()


def test_another_sentence_is_another_document(driver: Driver, tmp_path: Path) -> None:
    driver.press(KEY.Key_F10)
    driver.settle()
    driver.window.session.save(tmp_path / "a.attn")
    driver.window.encode("Another one.")
    driver.wait(lambda: driver.scene.run is not None and driver.scene.run.text == "Another one.")
    assert driver.window.session.path is None
    assert "unsaved" in driver.window.windowTitle()


def test_the_palette_knows_looks_modes_and_panels(driver: Driver) -> None:
    driver.press(KEY.Key_F10)
    driver.settle()
    driver.press(KEY.Key_P, CONTROL | SHIFT)
    palette = driver.window.findChild(CommandPalette)
    assert palette is not None
    for typed, expected in (
        ("theme dark", "Theme: dark"),
        ("score dot", "Score: dot"),
        ("local-m", "Scope: local-m"),
        ("viridis", "Colours of α: viridis"),
        ("panels lanes", "Panels: Lanes"),
    ):
        palette.edit.setText(typed)
        assert palette.shown_commands()[0].text == expected
    palette.edit.setText("score dot")
    QTest.keyClick(palette.edit, KEY.Key_Return)
    driver.wait(lambda: driver.window.session.mode.score == "dot")
    count = len(driver.window.findChildren(QAction))
    driver.press(KEY.Key_P, CONTROL | SHIFT)
    palettes = [found for found in driver.window.findChildren(CommandPalette) if found.isVisible()]
    palettes[0].edit.setText("sample second")
    QTest.keyClick(palettes[0].edit, KEY.Key_Return)
    driver.wait(lambda: driver.scene.run is not None and driver.scene.run.text == SAMPLES[1].text)
    assert len(driver.window.findChildren(QAction)) == count, "each opening leaves nothing behind"


def test_help_tells_of_every_panel_and_key(driver: Driver) -> None:
    text = help_text(driver.window.commands.all())
    for dock in driver.window.docks.values():
        assert dock.panel.title in text
    assert "Shift+F10" in text


def test_settings_are_kept_in_line(driver: Driver) -> None:
    settings = driver.window._settings
    driver.trigger("faster")
    driver.trigger("auto-run")
    driver.window.session.undo_stack.setClean()
    driver.window.close()
    assert settings.play_steps_per_s == 4.0
    assert settings.run_after_encoding
    assert settings.layout
    assert settings.geometry


def test_the_next_sample_is_decoded(driver: Driver) -> None:
    driver.press(KEY.Key_N, CONTROL)
    driver.wait(lambda: driver.scene.run is not None and driver.scene.run.text == SAMPLES[1].text)

"""The main window: it builds every part and connects them; what they do is in their own files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QCloseEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget

from attn_desktop.common.mode import HARD, SOFT, Mode
from attn_desktop.common.registry import import_modules
from attn_desktop.common.settings import Settings
from attn_desktop.gui import panels
from attn_desktop.gui.about import AboutDialog
from attn_desktop.gui.actions import Actions, Handlers
from attn_desktop.gui.command_palette import CommandPalette
from attn_desktop.gui.debug_desk import DebugDesk
from attn_desktop.gui.engine_client import EngineClient, own_engine
from attn_desktop.gui.engine_desk import EngineDesk
from attn_desktop.gui.engine_link import EngineLink
from attn_desktop.gui.file_desk import FileDesk
from attn_desktop.gui.focus_keys import FocusKeys
from attn_desktop.gui.gallery_desk import GalleryDesk
from attn_desktop.gui.help_dialog import HelpDialog
from attn_desktop.gui.icons import icon
from attn_desktop.gui.intents import Brush, Force, GoTo, Hover, Intent, OpenDocument
from attn_desktop.gui.looks import Looks
from attn_desktop.gui.message_bar import MessageBar
from attn_desktop.gui.panel import PANELS
from attn_desktop.gui.panel_dock import PanelDock
from attn_desktop.gui.panels.source import SourcePanel
from attn_desktop.gui.picture_drops import PictureDrops
from attn_desktop.gui.player import Player
from attn_desktop.gui.playhead import Playhead
from attn_desktop.gui.rescue import Rescue
from attn_desktop.gui.samples import Sample
from attn_desktop.gui.scene import Scene
from attn_desktop.gui.session import Session
from attn_desktop.gui.source_desk import SourceDesk
from attn_desktop.gui.status_line import StatusLine
from attn_desktop.gui.stepping import Stepping
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.transport import Transport
from attn_desktop.gui.view_desk import ViewDesk

MIN_SIZE = (760, 520)
FIRST_SIZE = (1440, 900)


class MainWindow(QMainWindow):
    """settings: changed in place; whoever made them saves them when the window has closed.

    samples: sentences to try. keep: folder for what is unsaved, None to keep nothing.
    """

    def __init__(
        self,
        app: QApplication,
        settings: Settings,
        samples: Sequence[Sample] = (),
        keep: Path | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("main")
        self.setDockNestingEnabled(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setMinimumSize(*MIN_SIZE)
        self.resize(*FIRST_SIZE)
        self._settings = settings
        self._samples = samples
        self._only_in_palette: list[QAction] = []
        self.looks = Looks(app, settings, self)
        self.client = EngineClient(settings.engine_command or own_engine(), self)
        self.link = EngineLink(self.client, self)
        self.playhead = Playhead(self)
        self.session = Session(self.link, self.playhead, self)
        self.session.model, self.session.device = settings.model, settings.device
        self.stepping = Stepping(self.session, self)
        self.stepping.run_after_encoding = settings.run_after_encoding
        self.player = Player(self.stepping, settings.play_steps_per_s, self)
        self.files = FileDesk(self, self.session, settings)
        self.status = StatusLine(self)
        self.docks = self._make_docks()
        self.views = ViewDesk(self, self.docks, self.looks, self.playhead, settings)
        self.session.layout = self.views.layout_text
        self.debugger = DebugDesk(self, self.session, self.stepping, self.docks)
        self.sources = SourceDesk(self, self.session, self._source, samples)
        self.gallery = GalleryDesk(self, self.session)
        self._drops = PictureDrops(self)
        self.commands = Actions(self, self._handlers())
        self.transport = Transport(self.commands, self.looks.theme)
        self.messages = MessageBar(self.looks.theme, self, self.transport)
        self.rescue = (
            None if keep is None else Rescue(keep, self.session, self.files, self.messages, self)
        )
        self.engine = EngineDesk(
            self, self.session, self.transport, self.messages, settings, self.sources.open_model
        )
        self._make_menus()
        self._connect()
        self.looks.apply()
        self.views.restore_layout()
        self._keys = FocusKeys(app, self)

    def open(self, text: str | None, file: Path | None = None) -> None:
        """Begin: start the engine, and show a file or decode a text (None: the first sample)."""
        self.setFocus()  # not into the text field, whose keys are its own
        if file is not None:
            self.files.open(file)
        else:
            self.sources.begin(text)
        if self.rescue is not None:
            self.rescue.offer()
        self.client.start()

    # -- building -------------------------------------------------------------------------

    def _make_docks(self) -> dict[str, PanelDock]:
        import_modules(panels)
        docks = {}
        for name in PANELS:
            dock = docks[name] = PanelDock(PANELS[name](self.looks.theme), self)
            dock.panel.wanted.connect(self._want)
            dock.panel.said.connect(self.status.say)
            dock.exported.connect(self.files.export)
        alignment, alpha = docks["alignment"].panel, docks["alpha"].panel
        alpha.source_view.setXLink(alignment.source_view)  # type: ignore[attr-defined]
        self._source = cast(SourcePanel, docks["source"].panel)
        return docks

    def _make_menus(self) -> None:
        bar = self.menuBar()
        menus = self.commands.fill(bar)
        menus["File"].insertMenu(self.commands["save"], self.files.recent)
        for menu in self.views.menus:
            menus["View"].addMenu(menu)
        for name, checked in (
            ("auto-run", self._settings.run_after_encoding),
            ("words", self._settings.words),
            ("presenter", self._settings.presenter),
        ):
            self.commands[name].setChecked(checked)
        top = QWidget()  # the transport stands above the docks, where a toolbar would be
        box = QVBoxLayout(top)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        for widget in (bar, self.transport):
            box.addWidget(widget)
        self.setMenuWidget(top)
        self.setStatusBar(self.status)

    def _connect(self) -> None:
        session, transport = self.session, self.transport
        self.looks.changed.connect(self._theme_changed)
        self.playhead.scene_changed.connect(self._scene_changed)
        self.playhead.light_changed.connect(self._light_changed)
        session.ways_changed.connect(lambda: transport.show_ways(session.mode, session.choice))
        session.document_changed.connect(self._document_changed)
        session.failed.connect(self._failed)
        session.undo_stack.indexChanged.connect(self._undo_changed)
        session.undo_stack.cleanChanged.connect(self._document_changed)
        self.client.conditioned.connect(self.status.show_condition)
        self.link.busy_changed.connect(self._busy_changed)
        self.link.stepped.connect(self.status.count_step)
        transport.mode_wanted.connect(self.stepping.set_mode)
        transport.choice_wanted.connect(self.stepping.set_choice)
        transport.phase_wanted.connect(
            lambda phase: self.debugger.go_to_phase(self.playhead.scene.t, phase)
        )
        for desk in (self.debugger, self.sources):
            desk.noted.connect(self.messages.note)
        self.sources.offered.connect(lambda said, actions: self.messages.warn(said, *actions))
        self._drops.dropped.connect(self._want)
        self.gallery.wanted.connect(self._want)
        self.gallery.shown.connect(lambda: self.debugger.raise_panel("gallery"))
        self.debugger.alpha.editing_changed.connect(self.commands["edit-alpha"].setChecked)
        self.stepping.broke.connect(lambda *_: self.player.pause())
        self.player.playing_changed.connect(self._playing_changed)
        self.files.failed.connect(self.messages.warn)
        self.files.done.connect(self.status.say)
        self.files.layout_found.connect(self.views.take_layout)
        self._undo_changed()
        self._document_changed()

    def _handlers(self) -> Handlers:
        stepping, session, files = self.stepping, self.session, self.files
        place = self.playhead
        return {
            **self.debugger.handlers(),
            **self.sources.handlers(),
            **self.gallery.handlers(),
            "open": files.ask_open,
            "save": files.save,
            "save-as": files.ask_save,
            "model": lambda: self.engine.pick_model(),
            "png": lambda: self._export("png"),
            "svg": lambda: self._export("svg"),
            "csv": lambda: self._export("csv"),
            "picture": files.save_picture,
            "report": files.export_report,
            "all-numbers": files.export_numbers,
            "quit": self.close,
            "undo": session.undo,
            "redo": session.redo,
            "clear-brush": lambda: place.brush(frozenset(), frozenset()),
            "step": stepping.step,
            "back": lambda: session.go(place.scene.t - 1),
            "run": stepping.run,
            "play": lambda: self.player.pause() if self.player.playing else self.player.play(),
            "slower": lambda: self._change_speed(-1),
            "faster": lambda: self._change_speed(1),
            "stop": self._stop,
            "first": lambda: session.go(0),
            "left": lambda: session.go(place.scene.t - 1),
            "right": lambda: session.go(place.scene.t + 1),
            "last": lambda: session.go(len(place.scene.steps)),
            "redraw": stepping.redraw,
            "toggle-hard": self._toggle_hard,
            "auto-run": self._toggle_auto_run,
            "palette": self._open_palette,
            "words": lambda: self.views.set_words(self.commands["words"].isChecked()),
            "presenter": lambda: self.views.set_look(
                "presenter", self.commands["presenter"].isChecked()
            ),
            "full-screen": lambda: self.views.toggle_full_screen(),
            "reset-layout": lambda: self.views.reset_layout(),
            "engine": lambda: self.engine.open_dialog(),
            "help": lambda: HelpDialog(self.commands.all(), self).exec(),
            "about": lambda: AboutDialog(self.client.welcome, self).exec(),
        }

    # -- what the user does ---------------------------------------------------------------

    def encode(self, text: str, beside: bool = False) -> None:
        """Start over with a text, or decode it beside what is there; undo takes that back."""
        self.sources.encode(text, beside)

    def _want(self, intent: Intent) -> None:
        """What a panel asks for."""
        desks = (self.debugger, self.sources, self.gallery)
        if any(desk.take(intent) for desk in desks):
            return
        match intent:
            case GoTo(t):
                self.session.go(t)
            case Hover(source, target):
                self.playhead.hover(source, target)
            case Brush(source, target):
                self.playhead.brush(source, target)
            case OpenDocument(path):
                self.files.open_instead(path)
            case Force(token_id, token):
                self.stepping.force(token_id, token)

    def _toggle_hard(self) -> None:
        mode = self.session.mode
        if mode.attends:
            weighting = SOFT if mode.weighting == HARD else HARD
            self.stepping.set_mode(Mode(mode.score, mode.scope, weighting))

    def _toggle_auto_run(self) -> None:
        wanted = self.commands["auto-run"].isChecked()
        self._settings.run_after_encoding = self.stepping.run_after_encoding = wanted

    def _change_speed(self, by: int) -> None:
        self.player.change_speed(by)
        self._settings.play_steps_per_s = self.player.steps_per_s
        self.messages.note(f"Playing at {self.player.steps_per_s:g} steps a second.")

    def _stop(self) -> None:
        self.player.pause()
        self.stepping.stop()

    def _export(self, kind: str) -> None:
        self.files.export(self.files.panel_at_pointer(self.docks.values()), kind)

    def _open_palette(self) -> None:
        for action in self._only_in_palette:  # those of the time before
            action.deleteLater()
        self._only_in_palette = [*self.views.palette_actions(), *self._mode_actions()]
        actions = [*self.commands.all(), *self._only_in_palette]
        CommandPalette(actions, self.looks.theme, self).open()

    def _mode_actions(self) -> list[QAction]:
        """Every score, scope and sample, for the palette."""
        actions = []
        for title, box in (("Score", self.transport.score), ("Scope", self.transport.scope)):
            for index in range(box.count()):
                action = QAction(f"{title}: {box.itemText(index)}", self)
                action.triggered.connect(partial(self.transport.choose, box, index))
                actions.append(action)
        for sample in self._samples:
            action = QAction(f"Sample, {sample.label}: {sample.text}", self)
            action.triggered.connect(lambda _=False, text=sample.text: self.encode(text))
            actions.append(action)
        return actions

    # -- what happens ---------------------------------------------------------------------

    def _theme_changed(self, theme: Theme) -> None:
        for dock in self.docks.values():
            dock.set_theme(theme)
        self.transport.set_theme(theme)
        self.messages.set_theme(theme)
        for name, picture in self.commands.icon_names.items():
            if picture:
                self.commands[name].setIcon(icon(picture, theme))

    def _scene_changed(self, scene: Scene) -> None:
        for dock in self.docks.values():
            dock.panel.set_scene(scene)
        self.status.show_scene(scene)
        self.transport.show_scene(scene)
        if self.rescue is not None and scene.steps:
            self.rescue.touch()

    def _light_changed(self, light: object) -> None:
        for dock in self.docks.values():
            dock.panel.set_light(light)  # type: ignore[arg-type]

    def _document_changed(self) -> None:
        path = self.session.path
        name = "unsaved" if path is None else path.name
        self.setWindowTitle(f"{name}[*] — attn_desktop")
        self.setWindowModified(not self.session.undo_stack.isClean() and path is not None)

    def _undo_changed(self) -> None:
        stack = self.session.undo_stack
        for name, can, text in (
            ("undo", stack.canUndo(), stack.undoText()),
            ("redo", stack.canRedo(), stack.redoText()),
        ):
            self.commands[name].setEnabled(can)
            self.commands[name].setText(f"&{name.title()} {text}".strip())

    def _busy_changed(self, busy: bool, text: str) -> None:
        self.status.show_busy(busy, text)
        self._source.set_busy(self.link.encoding is not None)
        self.commands["stop"].setEnabled(busy or self.player.playing)

    def _playing_changed(self, playing: bool) -> None:
        play = self.commands["play"]
        play.setChecked(playing)
        play.setIcon(icon("pause" if playing else "play", self.looks.theme))
        self.commands["stop"].setEnabled(playing or self.link.busy)

    def _failed(self, text: str, cause: str) -> None:
        self.player.pause()
        said = f"{text[:1].upper()}{text[1:]}."
        if cause == "note":
            self.messages.note(said)
        elif cause == "source":
            self._source.set_error(text)
        elif cause in ("memory", "device") and self.session.device != "cpu":
            self.messages.warn(said, ("Use the CPU", self._use_cpu))
        else:
            self.messages.warn(said)

    def _use_cpu(self) -> None:
        self.session.set_device("cpu")
        if self.session.document is None:
            self.sources.again()

    # -- the end --------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.files.may_discard():
            event.ignore()
            return
        self._stop()
        self._settings.model, self._settings.device = self.session.model, self.session.device
        self.views.keep_layout()
        self.client.stop()
        if self.rescue is not None:
            self.rescue.remove()
        super().closeEvent(event)

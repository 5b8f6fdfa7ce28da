"""What is encoded next: sentences, pictures and questions, as the model takes them.

A model says what it takes once it is open; what nobody gave is then found: the input that is
shown, a sample sentence, a scene that the engine draws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from attn_desktop.common.errors import UserError
from attn_desktop.common.model_list import ModelEntry
from attn_desktop.gui.errand import CANCELLED, Errand
from attn_desktop.gui.intents import ChoosePicture, EncodeText, Intent, NewScene, OpenPicture
from attn_desktop.gui.job import EncodeJob, Home, Picture, encode_job
from attn_desktop.gui.known_scenes import KnownScenes
from attn_desktop.gui.panels.source import SourcePanel
from attn_desktop.gui.picture_files import PICTURES_FILTER, picture_in, read_picture
from attn_desktop.gui.samples import Sample
from attn_desktop.gui.scene import Scene
from attn_desktop.gui.session import Session
from attn_desktop.trace.protocol import AnyReply, ModelOpened, Models, RenderScene, SceneRendered
from attn_desktop.trace.records import RunRecord

PICTURE, QUESTION = "picture", "question"
#: Of a picture about which nothing is known.
ANY_QUESTION = "how many objects are there"
NO_PICTURE = "There is no picture on the clipboard."


class SourceDesk(QObject):
    """noted: something to tell the user. offered: what is wrong, and `Action`s against it."""

    noted = Signal(str)
    offered = Signal(str, tuple)

    def __init__(
        self, window: QWidget, session: Session, panel: SourcePanel, samples: Sequence[Sample]
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._panel = window, session, panel
        self._samples, self._next_sample, self._next_seed = samples, 1, 0
        self._models: tuple[ModelEntry, ...] = ()
        self._opened: tuple[str, ...] = ("text",)
        self._folder = ""
        self._run: RunRecord | None = None
        self._scenes = KnownScenes(session.link, self)
        self._scenes.found.connect(self._offer_words)
        self._drawing: Errand | None = None
        self._again: Callable[[], None] = lambda: None
        panel.set_samples(tuple(sample.text for sample in samples))
        panel.set_seed(self._next_seed)
        session.link.models.connect(self._models_listed)
        session.link.opened.connect(self._model_opened)
        session.playhead.scene_changed.connect(self._scene_changed)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What the actions about the source do, by name."""
        return {
            "samples": self.next_sample,
            "edit-source": self._panel.edit,
            "beside": partial(self._panel.submit, beside=True),
            "open-picture": self.choose_picture,
            "paste-picture": self.paste_picture,
            "new-scene": self.new_scene,
        }

    def take(self, intent: Intent) -> bool:
        """Do what a panel asks for; whether it is about the source."""
        match intent:
            case EncodeText(text, beside):
                self.encode(text, beside)
            case OpenPicture():
                self.open_picture(intent)
            case ChoosePicture():
                self.choose_picture()
            case NewScene(seed):
                self.new_scene(seed)
            case _:
                return False
        return True

    @property
    def takes(self) -> tuple[str, ...]:
        """What the model takes that made the document, else the one opened last."""
        document = self._session.document
        return self._opened if document is None else document.run.model.takes

    # -- texts ------------------------------------------------------------------------------

    def begin(self, text: str | None) -> None:
        """Encode a text with the session's model; None: whatever the model can begin with."""
        self._fit(self._session.model, text)

    def encode(self, text: str, beside: bool = False) -> None:
        """Start over with a text, or a question about the picture at hand.

        beside: as a what-if beside what is there.
        """
        self._encode(text, self._picture() if PICTURE in self.takes else None, beside=beside)

    def again(self) -> None:
        """Encode once more what was asked for last."""
        self._again()

    def next_sample(self) -> None:
        """Start over with the next sample: a sentence, or a scene."""
        if PICTURE in self.takes:
            self.new_scene()
        elif self._samples:
            sample = self._samples[self._next_sample % len(self._samples)]
            self._next_sample += 1
            self.encode(sample.text)

    def open_model(self, model: str) -> None:
        """Encode with another model what is there, as far as that model takes it."""
        self._fit(model, None)

    def _encode(
        self, text: str, picture: Picture | None, model: str | None = None, beside: bool = False
    ) -> None:
        self._panel.set_error("")
        self._again = partial(
            self._session.encode, text, model=model, beside=beside, picture=picture
        )
        self._again()

    def _fit(self, model: str, text: str | None) -> None:
        """Open a model, and encode with it what it takes."""
        self._panel.set_error("")
        home = Home(model, self._session.device, text or "")
        job = EncodeJob(home, "", fit=partial(self._fitting, model, text))
        self._again = partial(self._fit, model, text)
        self._session.link.encode(job)

    def _fitting(self, model: str, text: str | None, takes: tuple[str, ...]) -> EncodeJob | None:
        """What to encode with a model that takes this; None where that has to be drawn first."""
        picture = self._picture() if PICTURE in takes else None
        if PICTURE in takes and picture is None and (text is None or QUESTION in takes):
            self._draw(self._next_seed, model, takes, text)
            return None
        if text is None:
            text = self._text(takes)
        home = Home(model, self._session.device, text, picture=picture)
        try:
            return encode_job(home)
        except UserError as error:
            self._session.failed.emit(str(error), "source")
            return None

    def _picture(self) -> Picture | None:
        """That of the input shown."""
        home = self._session.home()
        return None if home is None else home.picture

    def _text(self, takes: tuple[str, ...]) -> str:
        """The text of the input shown, where a model takes such a one; else a sample."""
        document = self._session.document
        if PICTURE in takes and QUESTION not in takes:
            return ""
        if document is not None and document.run.model.takes == takes:
            return document.runs[self._session.run].text
        if QUESTION in takes:
            return ANY_QUESTION
        return self._samples[0].text if self._samples else ""

    # -- pictures ---------------------------------------------------------------------------

    def choose_picture(self) -> None:
        """Ask for an image file and start over with it."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, "Open a picture", self._folder, PICTURES_FILTER
        )
        if name:
            self._folder = str(Path(name).parent)
            self.open_picture(OpenPicture(path=Path(name)))

    def paste_picture(self) -> None:
        """Start over with the picture on the clipboard."""
        found = picture_in(QApplication.clipboard().mimeData())
        if found is None:
            self.noted.emit(NO_PICTURE)
        elif isinstance(found, OpenPicture):
            self.open_picture(found)
        else:
            self._panel.ask(found)

    def open_picture(self, given: OpenPicture) -> None:
        """Start over with an image file, or offer a model that takes one."""
        file, name = given.file, given.name
        if given.path is not None:
            try:
                file, name = read_picture(given.path), given.path.name
            except UserError as error:
                self._session.failed.emit(str(error), "source")
                return
        self._show(Picture(file=file, name=name))

    def _show(self, picture: Picture, question: str = "") -> None:
        """Encode a picture with the model at hand, or offer another one where that takes none.

        question: unless somebody is writing one; that of the input shown unless given.
        """
        takes = self.takes
        if PICTURE not in takes:
            self._offer(picture)
        elif QUESTION in takes:
            self._encode(self._panel.unsent() or question or self._text(takes), picture)
        else:
            self._encode("", picture)

    def _offer(self, picture: Picture) -> None:
        """Say that the model takes no picture, and which one does."""
        said = f"{Path(self._session.model).name} reads text and takes no picture."
        able = [model for model in self._models if PICTURE in model.takes and not model.problem]
        # One that wants nothing but the picture goes first.
        able.sort(key=lambda model: len(model.takes))
        if not able:
            self.offered.emit(f"{said} Choose a model that does: File ▸ Model…", ())
            return
        model = able[0]
        text = ANY_QUESTION if QUESTION in model.takes else ""
        act = partial(self._encode, text, picture, model.name)
        self.offered.emit(said, ((f"Open it with {model.name}", act),))

    # -- scenes -----------------------------------------------------------------------------

    def new_scene(self, seed: int | None = None) -> None:
        """Start over with the rendered scene of a seed; None: the next one."""
        self._panel.set_error("")
        seed = self._next_seed if seed is None else seed
        self._again = partial(self.new_scene, seed)
        self._draw(seed, None, self.takes, None)

    def _draw(
        self, seed: int, model: str | None, takes: tuple[str, ...], question: str | None
    ) -> None:
        """Have the engine draw a scene, and encode it.

        model: with which, None for the one at hand. question: the scene's first one unless given.
        """
        if self._drawing is not None:
            self._session.link.recall(self._drawing)

        def hear(reply: AnyReply) -> None:
            if isinstance(reply, SceneRendered):
                self._drawn(reply, model, takes, question)

        def end(how: str) -> None:
            self._drawing = None
            if how not in ("", CANCELLED):
                self._session.failed.emit(how, "source")

        self._drawing = Errand(
            None, lambda request, _: RenderScene(request=request, seed=seed), hear, end
        )
        self._session.link.send(self._drawing)

    def _drawn(
        self, scene: SceneRendered, model: str | None, takes: tuple[str, ...], question: str | None
    ) -> None:
        picture = self._scenes.remember(scene)
        self._next_seed = scene.seed + 1
        self._panel.set_seed(self._next_seed)
        first = scene.questions[0].text if scene.questions else ANY_QUESTION
        if model is None:
            self._show(picture, first)
        else:
            text = (question or first) if QUESTION in takes else ""
            self._encode(text, picture, model)

    def _scene_changed(self, scene: Scene) -> None:
        """Offer the questions of the picture that is shown."""
        if scene.run is not self._run:
            self._run = scene.run
            self._offer_words()

    def _offer_words(self) -> None:
        if self._run is None or self._run.picture is None:
            self._panel.set_scene_words((), ())
            return
        drawn = self._scenes.of(self._run)
        if drawn is None:
            self._panel.set_scene_words(((ANY_QUESTION, ""),), ())
        else:
            questions = tuple((asked.text, asked.answer) for asked in drawn.questions)
            self._panel.set_scene_words(questions, drawn.captions)

    # -- what the engine says ---------------------------------------------------------------

    def _models_listed(self, reply: Models) -> None:
        self._models = reply.models

    def _model_opened(self, reply: ModelOpened) -> None:
        self._opened = reply.info.takes

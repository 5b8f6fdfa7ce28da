"""From jobs to requests and from replies to what they mean, across deaths of the engine.

The link keeps what is wanted: where the document comes from, an encoding, a decoding. Whenever
the engine is (again) ready, it asks for what is missing, so that nobody else has to know that an
engine died. At most one encoding and one decoding are under way.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from attn_desktop.common.errors import UserError
from attn_desktop.gui.engine_client import EngineClient
from attn_desktop.gui.errand import CANCELLED, Errand
from attn_desktop.gui.job import DecodeJob, EncodeJob, Home
from attn_desktop.trace.protocol import (
    AnyReply,
    Cancel,
    Decode,
    Devices,
    Done,
    Encode,
    Encoded,
    Failed,
    ListDevices,
    ListModels,
    ModelOpened,
    Models,
    OpenModel,
    Progress,
    Stepped,
)
from attn_desktop.trace.trace import check_run

CHANGED_MODEL = (
    "the model {name!r} is not the one that made this document (its files have changed); "
    "what is recorded stays, and encoding the sentence again decodes with the model at hand"
)


class EngineLink(QObject):
    """encoded: (EncodeJob, Encoded). attached: Encoded, of the document's own home.

    stepped: (DecodeJob, Stepped). finished: the job that came to its end. failed: (job or None,
    message, cause of `Failed`). opened: ModelOpened. devices, models: what the engine has.
    busy_changed: whether a job is under way, and in a few words which.
    """

    encoded = Signal(object, object)
    attached = Signal(object)
    stepped = Signal(object, object)
    finished = Signal(object)
    failed = Signal(object, str, str)
    opened = Signal(object)
    devices = Signal(object)
    models = Signal(object)
    busy_changed = Signal(bool, str)

    def __init__(self, client: EngineClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.client = client
        self.home: Home | None = None
        self.encoding: EncodeJob | None = None
        self.decoding: DecodeJob | None = None
        self._run = 0
        self._last_run = 0
        #: What the engine has encoded, by where it comes from.
        self._runs: dict[Home, int] = {}
        self._errands: list[Errand] = []
        self._errand_encodings: dict[int, Errand] = {}
        self._attach: int | None = None
        self._attach_run = 0
        self._opened: tuple[str, str] | None = None
        client.ready.connect(self._begin_again)
        client.replied.connect(self._hear)

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self.encoding is not None or self.decoding is not None

    # -- what is wanted -------------------------------------------------------------------

    def encode(self, job: EncodeJob) -> None:
        """Encode something new, in place of any other encoding; a decoding is stopped."""
        self.stop()
        self.encoding = job
        self._say_busy()
        self._pump()

    def decode(self, job: DecodeJob) -> None:
        """Decode on, in place of any other decoding."""
        self.stop()
        self.decoding = job
        self._say_busy()
        self._pump()

    def stop(self) -> None:
        """Want no more steps and no new document; what still arrives is dropped."""
        for job in (self.encoding, self.decoding):
            if job is not None and job.request is not None:
                self.client.send(Cancel(request=self.client.number(), target=job.request))
        was_busy, ended = self.busy, self.decoding
        self.encoding = self.decoding = None
        if was_busy:
            self._say_busy()
        if ended is not None:
            self.finished.emit(ended)

    def set_home(self, home: Home | None, run: int = 0) -> None:
        """Another document. run: under which the engine has it encoded already, 0 if not."""
        if home is not None and run:
            self._runs[home] = run
        self.home, self._attach = home, None
        self._run = 0 if home is None else self._runs.get(home, 0)

    def send(self, errand: Errand) -> None:
        """Have something done beside the decoding, as soon as the engine can."""
        self._errands.append(errand)
        self._pump()

    def recall(self, errand: Errand, how: str = CANCELLED) -> None:
        """Want an errand no more; that is how it ends."""
        if errand in self._errands:
            if errand.request is not None:
                self.client.send(Cancel(request=self.client.number(), target=errand.request))
            self._end_errand(errand, how)

    def attach(self) -> None:
        """Have the engine encode the document's home now, not only when a step needs it."""
        self._run, self._attach = 0, None
        if self.home is not None:
            self._runs.pop(self.home, None)
            self._pump(attach=True)

    def refresh_devices(self) -> None:
        """Ask for the devices and their memory."""
        self.client.send(ListDevices(request=self.client.number()))

    # -- asking ---------------------------------------------------------------------------

    def _begin_again(self) -> None:
        """A new engine knows nothing: ask for everything that is wanted."""
        self._run, self._attach, self._opened = 0, None, None
        self._runs.clear()
        self._errand_encodings.clear()
        for job in (self.encoding, self.decoding):
            if job is not None:
                job.request = None
        for errand in self._errands:
            errand.request = None
            errand.restart()
        self.refresh_devices()
        self.client.send(ListModels(request=self.client.number()))
        self._pump(attach=self.home is not None)

    def _pump(self, attach: bool = False) -> None:
        if self.client.welcome is None:
            return
        if self.encoding is not None and self.encoding.request is None:
            self._ask_for(self.encoding)
        elif self.decoding is not None and self.decoding.request is None:
            if self._run:
                self._ask_to_decode(self.decoding)
            else:
                attach = True
        if attach and not self._run and self._attach is None and self.home is not None:
            self._attach_run, self._attach = self._ask_to_encode(self.home)
        for errand in self._errands:
            awaited = self._attach is not None and errand.home == self.home
            if errand.request is None and (errand.afresh or not awaited):
                self._ask_errand(errand)

    def _ask_errand(self, errand: Errand) -> None:
        """Requests are answered in order: what must be encoded first is asked for first."""
        home, run = errand.home, 0
        if home is not None:
            known = None if errand.afresh else self._runs.get(home)
            if known is None:
                known, encoding = self._ask_to_encode(home)
                self._errand_encodings[encoding] = errand
            run = known
        errand.request = self.client.number()
        self.client.send(errand.make(errand.request, run))

    def _ask_for(self, job: EncodeJob) -> None:
        """Encode what is wanted; where that depends on the model, open that first."""
        if job.fit is None:
            job.run, job.request = self._ask_to_encode(job.home)
        else:
            job.request = self._ask_to_open(job.home)

    def _ask_to_open(self, home: Home) -> int:
        """The number of the request."""
        self._opened = (home.model, home.device)
        request = OpenModel(request=self.client.number(), model=home.model, device=home.device)
        self.client.send(request)
        return request.request

    def _ask_to_encode(self, home: Home) -> tuple[int, int]:
        """Open the model if need be and encode; the number of the run and of the request."""
        number, picture = self.client.number, home.picture
        if self._opened != (home.model, home.device):
            self._ask_to_open(home)
        self._last_run += 1
        request = Encode(
            request=number(),
            run=self._last_run,
            model=home.model,
            device=home.device,
            text=home.text,
            picture_file=b"" if picture is None else picture.file,
            picture=None if picture is None else picture.pixels,
            scene=None if picture is None else picture.scene,
        )
        self.client.send(request)
        return self._last_run, request.request

    def _ask_to_decode(self, job: DecodeJob) -> None:
        job.request = self.client.number()
        self.client.send(
            Decode(
                request=job.request,
                run=self._run,
                path=tuple(job.path),
                first_node=job.new_id(),
                steps=job.steps,
                mode=job.mode,
                choice=job.choice,
                forced=job.forced,
                edits=job.edits,
                node_run=job.run,
            )
        )

    # -- hearing --------------------------------------------------------------------------

    def _hear(self, reply: AnyReply) -> None:
        decoding = self.decoding
        errand = next((own for own in self._errands if own.request == reply.request), None)
        if errand is not None:
            self._hear_errand(errand, reply)
            return
        match reply:
            case Devices():
                self.devices.emit(reply)
            case Models():
                self.models.emit(reply)
            case ModelOpened():
                self.opened.emit(reply)
                self._fit(reply)
            case Stepped() if decoding is not None and reply.request == decoding.request:
                self.stepped.emit(decoding, reply)
            case Progress() if self.busy:
                self.busy_changed.emit(True, reply.text)
            case Encoded():
                self._hear_encoded(reply)
            case Done() if decoding is not None and reply.request == decoding.request:
                self.decoding = None
                self._say_busy()
                self.finished.emit(decoding)
            case Failed():
                self._hear_failed(reply)
            case _:
                pass  # the rest of something that is no longer wanted

    def _fit(self, reply: ModelOpened) -> None:
        """Encode what fits the model that was opened for it."""
        job = self.encoding
        if job is None or job.fit is None or job.request != reply.request:
            return
        self.encoding = job.fit(reply.info.takes)
        self._say_busy()
        self._pump()

    def _hear_encoded(self, reply: Encoded) -> None:
        encoding = self.encoding
        try:
            check_run(reply.record)
        except UserError as error:
            self._fail(encoding, f"the engine sent a run that does not hold together: {error}")
            return
        errand = self._errand_encodings.pop(reply.request, None)
        if errand is not None:
            self._hear_errand_encoded(errand, reply)
            return
        if encoding is not None and reply.request == encoding.request:
            self.encoding = None
            self._say_busy()
            self.encoded.emit(encoding, reply)
        elif reply.request == self._attach and self.home is not None:
            self._attach = None
            if self.home.model_hash not in (None, reply.record.model.hash):
                self._fail_attach(CHANGED_MODEL.format(name=self.home.model), "model")
                return
            self._run = self._runs[self.home] = self._attach_run
            self.attached.emit(reply)
            self._pump()

    def _hear_errand_encoded(self, errand: Errand, reply: Encoded) -> None:
        home = errand.home
        assert home is not None
        if home.model_hash not in (None, reply.record.model.hash):
            self.recall(errand, CHANGED_MODEL.format(name=home.model))
            return
        if not errand.afresh:
            self._runs[home] = reply.run
        errand.encoded(reply)

    def _hear_errand(self, errand: Errand, reply: AnyReply) -> None:
        match reply:
            case Done():
                self._end_errand(errand, CANCELLED if reply.cancelled else "")
            case Failed():
                self._end_errand(errand, reply.message)
            case _:
                errand.hear(reply)

    def _end_errand(self, errand: Errand, how: str) -> None:
        self._errands.remove(errand)
        errand.end(how)

    def _hear_failed(self, reply: Failed) -> None:
        errand = self._errand_encodings.pop(reply.request, None)
        if errand is not None:
            self._opened = None
            if errand in self._errands:
                self._end_errand(errand, reply.message)
            return
        if reply.request == self._attach:
            self._attach = None
            self._opened = None
            self._fail_attach(reply.message, reply.cause)
            return
        for job in (self.encoding, self.decoding):
            if job is not None and reply.request == job.request:
                if job is self.encoding:
                    self._opened = None
                self._fail(job, reply.message, reply.cause)

    def _fail_attach(self, text: str, cause: str) -> None:
        """The document's own input cannot be had: nothing that needs it goes on."""
        for errand in [own for own in self._errands if own.request is None]:
            if errand.home == self.home:
                self._end_errand(errand, text)
        self._fail(self.decoding, text, cause)

    def _fail(self, job: EncodeJob | DecodeJob | None, text: str, cause: str = "bug") -> None:
        if job is self.encoding:
            self.encoding = None
        if job is self.decoding:
            self.decoding = None
        self._say_busy()
        self.failed.emit(job, text, cause)

    def _say_busy(self) -> None:
        text = "encoding…" if self.encoding else "decoding…" if self.decoding else ""
        self.busy_changed.emit(self.busy, text)

"""The window's end of the engine: a child process that is started, heard, restarted and ended.

The client knows nothing of runs or panels: it turns bytes into replies, says how the engine is,
and starts it again when it died. Whoever uses it repeats on `ready` what is still wanted.
"""

from __future__ import annotations

import signal
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from attn_desktop.common.errors import ProtocolError
from attn_desktop.trace.frames import PREAMBLE, FrameReader, decode_reply, encode_frame
from attn_desktop.trace.protocol import AnyReply, AnyRequest, Done, Failed, Hello, Progress, Welcome

MAX_BANNER_BYTES = 64 << 10
LOG_LINES = 400
#: Importing torch from a cold disk can take most of a minute; ssh adds its own.
GREETING_MS = 120_000
#: Deaths in a row, without a welcome between them, after which only the user starts it again.
MAX_FAILED_STARTS = 3
RESTART_DELAYS_MS = (0, 500, 2000)
GOODBYE_MS = 2000


class Health(Enum):
    """How the engine is."""

    OFF = "off"
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class Condition:
    """health, and a sentence about it for the status line."""

    health: Health
    text: str


def own_engine() -> list[str]:
    """The command that starts the engine of this installation."""
    return [sys.executable, "-m", "attn_desktop", "engine"]


class EngineClient(QObject):
    """conditioned: a `Condition`. replied: any reply. ready: after a welcome. died: why."""

    conditioned = Signal(object)
    replied = Signal(object)
    ready = Signal()
    died = Signal(str)

    def __init__(self, command: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.command = list(command)
        self.condition = Condition(Health.OFF, "engine off")
        self.welcome: Welcome | None = None
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self._process: QProcess | None = None
        self._reader = FrameReader()
        self._banner: bytearray | None = bytearray()
        self._hello = 0
        self._last_request = 0
        self._failed_starts = 0
        self._refused = ""
        self._greeting = QTimer(self)
        self._greeting.setSingleShot(True)
        self._greeting.timeout.connect(self._no_greeting)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self._launch)

    # -- life -----------------------------------------------------------------------------

    def start(self) -> None:
        """Start the engine; a user's own wish, so earlier failures no longer count."""
        self._failed_starts = 0
        self._launch()

    def stop(self) -> None:
        """End the engine and wait until it is gone. It ends by itself when its input ends."""
        self._again.stop()
        self._greeting.stop()
        process, self._process = self._process, None
        if process is None:
            return
        process.blockSignals(True)  # what it still has to say does not count
        process.closeWriteChannel()
        if not process.waitForFinished(GOODBYE_MS):
            process.kill()
            process.waitForFinished(GOODBYE_MS)
        process.deleteLater()
        self.welcome = None
        self._set(Health.OFF, "engine off")

    def restart(self, command: Sequence[str] | None = None) -> None:
        """End the engine and start it again, with another command if one is given."""
        self.stop()
        if command is not None:
            self.command = list(command)
        self.start()

    @property
    def process_id(self) -> int:
        """Of the child process; 0 while there is none."""
        return self._process.processId() if self._process is not None else 0

    # -- requests -------------------------------------------------------------------------

    def number(self) -> int:
        """A number for the next request."""
        self._last_request += 1
        return self._last_request

    def send(self, request: AnyRequest) -> None:
        """Send a request; without a ready engine it is dropped, as `ready` asks for it again."""
        if self._process is not None and self.condition.health is Health.READY:
            self._process.write(encode_frame(request))

    # -- the process ----------------------------------------------------------------------

    def _launch(self) -> None:
        self.stop()
        self._reader, self._banner, self._refused = FrameReader(), bytearray(), ""
        process = QProcess(self)
        process.setProgram(self.command[0] if self.command else "")
        process.setArguments(self.command[1:])
        process.started.connect(self._say_hello)
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_log)
        process.errorOccurred.connect(self._error)
        process.finished.connect(self._finished)
        self._process = process
        self._set(Health.STARTING, "starting the engine…")
        self._greeting.start(GREETING_MS)
        self._hello = self.number()
        process.start()

    def _say_hello(self) -> None:
        if self._process is not None:
            self._process.write(encode_frame(Hello(request=self._hello)))

    def _read(self) -> None:
        process = self._process
        if process is None:
            return
        data = bytes(process.readAllStandardOutput().data())
        try:
            data = self._past_the_banner(data)
            for body in self._reader.feed(data):
                reply = decode_reply(body)
                self._hear(reply)
                if self._process is not process:  # a listener ended the engine
                    return
        except ProtocolError as error:
            self._give_up(f"the engine talked nonsense ({error})")

    def _past_the_banner(self, data: bytes) -> bytes:
        """What follows the preamble; what a shell printed before it goes into the log."""
        if self._banner is None:
            return data
        self._banner += data
        before, found, after = bytes(self._banner).partition(PREAMBLE)
        if not found:
            if len(self._banner) > MAX_BANNER_BYTES:
                raise ProtocolError(
                    f"{len(self._banner)} bytes without its greeting; "
                    "is the command one that runs `attn-desktop engine`?"
                )
            return b""
        self._banner = None
        self.log.extend(before.decode(errors="replace").splitlines())
        return after

    def _hear(self, reply: AnyReply) -> None:
        if reply.request == self._hello:
            self._greet(reply)
        self.replied.emit(reply)

    def _greet(self, reply: AnyReply) -> None:
        match reply:
            case Welcome():
                self.welcome = reply
            case Progress():
                self._set(Health.STARTING, f"engine: {reply.text}…")
            case Failed():
                self._refused = reply.message
                self._give_up(reply.message)
            case Done():
                self._greeting.stop()
                self._failed_starts = 0
                self._set(Health.READY, "engine ready")
                self.ready.emit()

    def _read_log(self) -> None:
        if self._process is None:
            return
        text = bytes(self._process.readAllStandardError().data()).decode(errors="replace")
        self.log.extend(text.splitlines())

    # -- ends -----------------------------------------------------------------------------

    def _error(self, error: QProcess.ProcessError) -> None:
        # All other errors are followed by `finished`.
        if self._process is not None and error == QProcess.ProcessError.FailedToStart:
            program = self.command[0] if self.command else ""
            cause = self._process.errorString()
            self._failed_starts = MAX_FAILED_STARTS
            self._end(f"the engine command {program!r} cannot be started: {cause}")

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read_log()
        if status == QProcess.ExitStatus.CrashExit:
            how = f"was killed by {_signal_name(code)}"
        else:
            how = f"ended with exit code {code}"
        last = next((line for line in reversed(self.log) if line.strip()), "")
        if self.condition.health is not Health.READY and self._banner is not None:
            printed = bytes(self._banner).decode(errors="replace").strip().splitlines()
            last = last or (printed[-1] if printed else "")
            how += " before its greeting"
        self._end(f"the engine {how}" + (f": {last}" if last and code else ""))

    def _no_greeting(self) -> None:
        self._give_up(f"the engine did not answer within {GREETING_MS // 1000} s")

    def _give_up(self, text: str) -> None:
        """End an engine that cannot be talked with."""
        if self._refused:
            self._failed_starts = MAX_FAILED_STARTS
        self._end(text)

    def _end(self, text: str) -> None:
        process, self._process = self._process, None
        self._greeting.stop()
        if process is None:
            return
        process.blockSignals(True)
        if process.state() != QProcess.ProcessState.NotRunning:
            process.kill()
            process.waitForFinished(GOODBYE_MS)
        process.deleteLater()
        self.welcome = None
        delay = RESTART_DELAYS_MS[min(self._failed_starts, len(RESTART_DELAYS_MS) - 1)]
        self._failed_starts += 1
        self._set(Health.FAILED, text)
        if self._failed_starts < MAX_FAILED_STARTS:
            self._again.start(delay)
        self.died.emit(text)

    @property
    def restarting(self) -> bool:
        """Whether it will be started again by itself."""
        return self._again.isActive()

    def _set(self, health: Health, text: str) -> None:
        condition = Condition(health, text)
        if condition != self.condition:
            self.condition = condition
            self.conditioned.emit(condition)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

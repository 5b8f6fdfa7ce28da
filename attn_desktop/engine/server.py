"""The loop that answers a window: one thread reads requests, the main one computes.

The reading thread never waits for a computation. It refuses whoever speaks another version, stops
requests that are cancelled, and ends the process at once when the window is gone.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from attn_desktop.common.errors import ProtocolError
from attn_desktop.engine.failures import CancelledError, explain
from attn_desktop.engine.streams import WINDOW_GONE, Leave, Outlet, Streams, log
from attn_desktop.trace.frames import PREAMBLE, FrameReader, decode_request
from attn_desktop.trace.protocol import (
    PROTOCOL_VERSION,
    AnyReply,
    AnyRequest,
    Cancel,
    Caption,
    Done,
    Failed,
    Hello,
    Probe,
    Progress,
    Repeat,
    Welcome,
)

if TYPE_CHECKING:
    from attn_desktop.engine.answers import Answers

CHUNK_BYTES = 1 << 16
NOT_A_MESSAGE, BUG = 2, 1


@dataclass(frozen=True, eq=False)
class _Job:
    """A request on its way, and whether it is still wanted."""

    request: AnyRequest
    cancelled: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Raise CancelledError where the window has lost interest."""
        if self.cancelled.is_set():
            raise CancelledError


def _is_patient(request: AnyRequest) -> bool:
    """Whether it may take long and gives way to anything that comes later and does not."""
    if isinstance(request, Probe):
        return not request.quick
    return isinstance(request, Repeat | Caption)


class _Queue:
    """Jobs in the order in which they came; None: there will be no more."""

    def __init__(self) -> None:
        self._jobs: deque[_Job | None] = deque()
        self._changed = threading.Condition()

    def put(self, job: _Job | None) -> None:
        """Add a job; from any thread."""
        with self._changed:
            self._jobs.append(job)
            self._changed.notify()

    def get(self) -> _Job | None:
        """Take the first one, waiting for it."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs)
            return self._jobs.popleft()

    def get_urgent(self) -> _Job | None:
        """Take the first one that is not patient too; None where there is none."""
        with self._changed:
            for job in self._jobs:
                if job is not None and not _is_patient(job.request):
                    self._jobs.remove(job)
                    return job
            return None


class Server:
    """Serves one window until it goes away.

    program: the version of attn-desktop that it tells. leave: ends the process; where a test's own
    returns, `run` does too, after the request at hand.
    """

    def __init__(self, streams: Streams, program: str, leave: Leave = os._exit) -> None:
        self._program = program
        self._input = streams.requests
        self._outlet = Outlet(streams.replies, leave)
        self._leave = leave
        self._queue = _Queue()
        #: Queued or being computed, by number; the reading thread adds, the main one removes.
        self._open: dict[int, _Job] = {}
        self._greeted = False
        self._answers: Answers | None = None

    def run(self) -> None:
        """Write the preamble, then answer requests in the order in which they come."""
        self._outlet.write(PREAMBLE)
        reader = threading.Thread(target=self._read, name="engine requests", daemon=True)
        reader.start()
        while (job := self._queue.get()) is not None:
            self._answer(job)
        reader.join()

    def _give_way(self) -> None:
        """Answer what came in the middle of something patient, before going on with that."""
        while (job := self._queue.get_urgent()) is not None:
            self._answer(job)

    # -- the reading thread ---------------------------------------------------------------

    def _read(self) -> None:
        code = WINDOW_GONE
        try:
            self._read_requests()
        except ProtocolError as error:
            log(f"attn-desktop engine: {error}")
            code = NOT_A_MESSAGE
        except OSError:  # a pipe may end like this, too
            code = WINDOW_GONE
        except Exception:
            log(traceback.format_exc())
            code = BUG
        self._leave(code)
        self._queue.put(None)

    def _read_requests(self) -> None:
        frames = FrameReader()
        while data := os.read(self._input, CHUNK_BYTES):
            for body in frames.feed(data):
                self._take(decode_request(body))

    def _take(self, request: AnyRequest) -> None:
        """Answer a request that needs no computing, queue any other."""
        number = request.request
        refusal = self._refusal(request)
        if refusal is not None:
            self._outlet.send(Failed(request=number, message=refusal, cause="version"))
        elif isinstance(request, Cancel):
            job = self._open.get(request.target)
            if job is not None:
                job.cancelled.set()
            self._outlet.send(Done(request=number))
        else:
            self._open[number] = job = _Job(request)
            self._queue.put(job)

    def _refusal(self, request: AnyRequest) -> str | None:
        """Why this window cannot be served; None where it can."""
        if isinstance(request, Hello):
            self._greeted = request.version == PROTOCOL_VERSION
            if not self._greeted:
                return (
                    f"the window speaks version {request.version} of the protocol, the engine "
                    f"(attn-desktop {self._program}) version {PROTOCOL_VERSION}; "
                    "install the same attn-desktop where each of them runs"
                )
        elif not self._greeted:
            return (
                f"the first message must be a hello of version {PROTOCOL_VERSION}, "
                f"not a {type(request).__struct_config__.tag}"
            )
        return None

    # -- the main thread ------------------------------------------------------------------

    def _answer(self, job: _Job) -> None:
        number = job.request.request
        end: Done | Failed
        try:
            job.check()
            for reply in self._replies(job.request, job.check):
                self._outlet.send(reply)
                if _is_patient(job.request):
                    self._give_way()
            end = Done(request=number)
        except CancelledError:
            end = Done(request=number, cancelled=True)
        except Exception as error:
            cause, message = explain(error)
            if cause == "bug":
                log(traceback.format_exc())
            end = Failed(request=number, message=message, cause=cause)
        self._open.pop(number, None)
        if isinstance(end, Failed) and end.cause == "memory":
            _give_memory_back()
        self._outlet.send(end)

    def _replies(self, request: AnyRequest, check: Callable[[], None]) -> Iterator[AnyReply]:
        if isinstance(request, Hello):
            yield from self._welcome(request)
        else:
            yield from self._loaded().replies(request, check)

    def _welcome(self, hello: Hello) -> Iterator[AnyReply]:
        yield Progress(request=hello.request, text="loading torch")
        yield Welcome(
            request=hello.request,
            version=PROTOCOL_VERSION,
            program=self._program,
            python=platform.python_version(),
            torch=self._loaded().torch_version,
            process=os.getpid(),
        )

    def _loaded(self) -> Answers:
        """What computes; loaded when it is first needed, since torch takes seconds."""
        if self._answers is None:
            from attn_desktop.engine.answers import Answers

            self._answers = Answers()
        return self._answers


def _give_memory_back() -> None:
    """Return what torch keeps of a GPU for later, so that something smaller may fit."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()

"""The window's end of the pipe, as far as tests need one: it asks and waits for answers."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Sequence
from typing import TypeVar

from attn_desktop.common.mode import Mode
from attn_desktop.trace.frames import PREAMBLE, FrameReader, decode_reply, encode_frame
from attn_desktop.trace.protocol import (
    AnyReply,
    AnyRequest,
    Decode,
    Done,
    Encode,
    Encoded,
    Failed,
    Hello,
    Stepped,
)
from attn_desktop.trace.run_tree import Choice, Node

R = TypeVar("R")

ADDITIVE = Mode()
GREEDY = Choice()


class Client:
    """requests, replies: file descriptors to write to and to read from."""

    def __init__(self, requests: int, replies: int) -> None:
        self.requests, self.replies = requests, replies
        self._numbers = itertools.count(1)
        self._frames = FrameReader()
        self._received: deque[AnyReply] = deque()

    def number(self) -> int:
        """A number for the next request."""
        return next(self._numbers)

    def banner(self) -> bytes:
        """Read the preamble; what came before it."""
        read = b""
        while not read.endswith(PREAMBLE):
            byte = os.read(self.replies, 1)
            assert byte, f"the engine ended after {read!r}"
            read += byte
        return read.removesuffix(PREAMBLE)

    def send(self, *requests: AnyRequest) -> None:
        self.write(b"".join(map(encode_frame, requests)))

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.requests, data) :]

    def receive(self) -> AnyReply:
        """The next reply; EOFError where the engine has ended."""
        while not self._received:
            data = os.read(self.replies, 1 << 16)
            if not data:
                raise EOFError
            self._received.extend(map(decode_reply, self._frames.feed(data)))
        return self._received.popleft()

    def rest(self) -> list[AnyReply]:
        """All replies until the engine ends."""
        replies = []
        while True:
            try:
                replies.append(self.receive())
            except EOFError:
                return replies

    def answer(self, number: int) -> list[AnyReply]:
        """All replies up to the end of a request, all of which must belong to it."""
        replies = [self.receive()]
        while not isinstance(replies[-1], Done | Failed):
            replies.append(self.receive())
        assert {reply.request for reply in replies} == {number}
        return replies

    def ask(self, request: AnyRequest) -> list[AnyReply]:
        self.send(request)
        return self.answer(request.request)

    def failure(self, request: AnyRequest) -> Failed:
        """The failure with which a request must end."""
        end = self.ask(request)[-1]
        assert isinstance(end, Failed)
        return end

    def greet(self) -> None:
        self.banner()
        assert isinstance(self.ask(Hello(request=self.number()))[-1], Done)

    def encode(self, model: object, text: str, run: int = 1) -> Encoded:
        request = Encode(request=self.number(), run=run, model=str(model), device="cpu", text=text)
        return only(self.ask(request), Encoded)

    def decode_request(
        self,
        path: Sequence[Node] = (),
        steps: int = 1,
        mode: Mode = ADDITIVE,
        choice: Choice = GREEDY,
        forced: tuple[int, ...] = (),
        run: int = 1,
        first_node: int | None = None,
    ) -> Decode:
        after = path[-1].id + 1 if path else 0
        return Decode(
            request=self.number(),
            run=run,
            path=tuple(path),
            first_node=after if first_node is None else first_node,
            steps=steps,
            mode=mode,
            choice=choice,
            forced=forced,
        )

    def decode(
        self,
        path: Sequence[Node] = (),
        steps: int = 1,
        mode: Mode = ADDITIVE,
        choice: Choice = GREEDY,
        forced: tuple[int, ...] = (),
        run: int = 1,
    ) -> list[Stepped]:
        """The steps of a decoding that must go well."""
        *steps_taken, end = self.ask(self.decode_request(path, steps, mode, choice, forced, run))
        assert end == Done(request=end.request), end
        return [checked(reply, Stepped) for reply in steps_taken]


def checked(reply: AnyReply, kind: type[R]) -> R:
    assert isinstance(reply, kind), reply
    return reply


def only(replies: Sequence[AnyReply], kind: type[R]) -> R:
    """The one reply of its kind in an answer that ended well."""
    assert isinstance(replies[-1], Done), replies[-1]
    (found,) = [reply for reply in replies if isinstance(reply, kind)]
    return found

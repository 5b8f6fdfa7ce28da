"""What is asked of the engine beside encoding and decoding: probes, tokens, repetitions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from attn_desktop.gui.job import Home
from attn_desktop.trace.protocol import AnyReply, AnyRequest, Encoded


def _ignore(_: object) -> None:
    return


@dataclass(eq=False)
class Errand:
    """One request about an encoded input, asked again where the engine dies before its end.

    home: what has to be encoded for it; None where nothing has to be, and the run is 0.
    make: the request, from its number and the number of the run. hear: each reply but the last.
    end: how it ended: empty when done, `cancelled`, or why it failed. afresh: whether the input is
    encoded anew for this in any case; then `encoded` gets it as the engine has it now. restart:
    forget what was heard, it is asked anew.
    """

    home: Home | None
    make: Callable[[int, int], AnyRequest]
    hear: Callable[[AnyReply], object]
    end: Callable[[str], object]
    afresh: bool = False
    encoded: Callable[[Encoded], object] = _ignore
    restart: Callable[[], object] = lambda: None
    request: int | None = field(default=None, init=False)


#: How an errand ends that is no longer wanted.
CANCELLED = "cancelled"

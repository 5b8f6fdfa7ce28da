"""The messages between the window and the engine; `frames` has their bytes on a pipe.

The window numbers its requests; every reply names the request that it answers, and each request
ends with exactly one of `Done` and `Failed`.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from attn_desktop.common.mode import Mode
from attn_desktop.common.model_list import ModelEntry
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import ModelInfo, ProbeRecord, RunRecord, StepRecord
from attn_desktop.trace.run_tree import Choice, Node

PROTOCOL_VERSION = 2


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Base of all messages. Unknown fields are ignored, so that a newer side may add some."""


class Request(Message, frozen=True, kw_only=True):
    """What the window asks for. request: a number that the window never used before."""

    request: int


class Hello(Request, frozen=True, kw_only=True, tag="hello"):
    """The first message. Answered by `Welcome`; `Failed` where the versions do not fit."""

    version: int = PROTOCOL_VERSION


class ListDevices(Request, frozen=True, kw_only=True, tag="list-devices"):
    """Answered by `Devices`."""


class ListModels(Request, frozen=True, kw_only=True, tag="list-models"):
    """Answered by `Models`: those shipped where the engine runs."""


class OpenModel(Request, frozen=True, kw_only=True, tag="open-model"):
    """Load a model folder (or shipped name) onto a device. Answered by `ModelOpened`."""

    model: str
    device: str = "cpu"


class Encode(Request, frozen=True, kw_only=True, tag="encode"):
    """Encode an input with a model. Answered by `Encoded`. run: a number that the window gives.

    text: the sentence, or the question. For a model that takes a picture, one of: picture_file,
    the bytes of an image file, of at most 64 MiB; picture, that of a `RunRecord` (an engine that
    was started again, or a saved file). scene: as in a `RunRecord`.
    """

    run: int
    model: str
    device: str
    text: str
    picture_file: bytes = b""
    picture: NDArray[np.uint8] | None = None
    scene: int | None = None


class Decode(Request, frozen=True, kw_only=True, tag="decode"):
    """Decode up to `steps` tokens after the last node of `path`. Answered by `Stepped` for each.

    path: the nodes from t = 1 on, empty for the start; a position that the engine does not hold
    is found again by replaying them. first_node: id of the first new node, the next ones follow
    it. forced: the tokens of the first new nodes; their choice is `forced` (`beam` if `choice` is
    that already) with the settings of `choice`, which all later nodes have. edits: of the first
    new node; those after it inherit the lasting ones. node_run: `Node.run` of the new nodes. Ends
    early after an end token.
    """

    run: int
    path: tuple[Node, ...]
    first_node: int
    steps: int
    mode: Mode
    choice: Choice
    forced: tuple[int, ...] = ()
    edits: tuple[Edit, ...] = ()
    node_run: int = 0


class Repeat(Request, frozen=True, kw_only=True, tag="repeat"):
    """Decode nodes again as they say, parents before children. Answered by `Stepped` for each.

    Their own tokens are taken, but what the model would have chosen is computed all the same.
    """

    run: int
    nodes: tuple[Node, ...]


class Probe(Request, frozen=True, kw_only=True, tag="probe"):
    """Try something beside the decoding. Answered by `Probed`, as often as there is news.

    kind: a name of `decoding/probes.py`, which says what settings it takes. path: the nodes from
    t = 1 on, the last being the one that is probed or after which something is tried; empty for
    the start. node_run: `Node.run` of the start. quick: whether it is answered before what may
    take long, even what was asked for earlier.
    """

    run: int
    path: tuple[Node, ...]
    kind: str
    settings: dict[str, Any]
    node_run: int = 0
    quick: bool = False


class Tokenize(Request, frozen=True, kw_only=True, tag="tokenize"):
    """Cut a text into target tokens, to force them. Answered by `Tokenized`."""

    run: int
    text: str


class RenderScene(Request, frozen=True, kw_only=True, tag="render-scene"):
    """Draw a scene of a few objects. Answered by `SceneRendered`.

    seed: which scene, from 0 on. size: pixels along each side, 56 to 1024.
    """

    seed: int
    size: int = 448


class Caption(Request, frozen=True, kw_only=True, tag="caption"):
    """Say what one of many pictures shows, in short. Answered by `Captioned` or `NoPicture`.

    No run comes of it, so those that are in use stay. text: the question, for a model that takes
    one. picture_file: the bytes of an image file, of at most 64 MiB. seed: of what a hard mode
    draws; the likeliest tokens are taken. side: pixels of the longer side of the thumbnail.
    """

    model: str
    device: str
    picture_file: bytes
    mode: Mode
    text: str = ""
    seed: int = 0
    side: int = 192


class Cancel(Request, frozen=True, kw_only=True, tag="cancel"):
    """Stop the request `target`, which then ends with `Done`, at most one step later."""

    target: int


class Reply(Message, frozen=True, kw_only=True):
    """What the engine answers."""

    request: int


class Welcome(Reply, frozen=True, kw_only=True, tag="welcome"):
    """version: of the protocol. program: of attn_desktop. process: id on the engine's machine."""

    version: int
    program: str
    python: str
    torch: str
    process: int


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """name: as `OpenModel` takes it. Memory in bytes: in use (by this process on a CPU) and all."""

    name: str
    label: str
    memory_used: int | None
    memory_total: int | None


class Devices(Reply, frozen=True, kw_only=True, tag="devices"):
    """The devices of the engine's machine, the CPU first."""

    devices: tuple[Device, ...]


class Models(Reply, frozen=True, kw_only=True, tag="models"):
    """The models shipped with the engine."""

    models: tuple[ModelEntry, ...]


class Formula(msgspec.Struct, frozen=True, kw_only=True):
    """A score or scope as its class describes it."""

    name: str
    formula: str
    source: str


class ModelOpened(Reply, frozen=True, kw_only=True, tag="model-opened"):
    """A model is ready. scores, scopes: what it can be stepped with, `none` included."""

    info: ModelInfo
    device: str
    scores: tuple[Formula, ...]
    scopes: tuple[Formula, ...]


class Encoded(Reply, frozen=True, kw_only=True, tag="encoded"):
    """An encoded input."""

    run: int
    record: RunRecord
    step_limit: int


class Stepped(Reply, frozen=True, kw_only=True, tag="stepped"):
    """One decoded token, the node that it is in the run tree, and what was probed there."""

    run: int
    node: Node
    record: StepRecord
    probes: tuple[ProbeRecord, ...] = ()


class Probed(Reply, frozen=True, kw_only=True, tag="probed"):
    """What a probe has found since the last one; how parts are joined is up to their kind."""

    run: int
    probe: ProbeRecord


class Tokenized(Reply, frozen=True, kw_only=True, tag="tokenized"):
    """The target tokens of a text, without an end token."""

    ids: tuple[int, ...]
    labels: tuple[str, ...]


class SceneQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question about a scene and its one true answer. kind: such as `counting`."""

    kind: str
    text: str
    answer: str


class SceneRendered(Reply, frozen=True, kw_only=True, tag="scene-rendered"):
    """A scene. picture: (size, size, 3) uint8. captions: some that are true of it."""

    seed: int
    picture: NDArray[np.uint8]
    captions: tuple[str, ...]
    questions: tuple[SceneQuestion, ...]


class Captioned(Reply, frozen=True, kw_only=True, tag="captioned"):
    """What a picture was said to show. text: the caption, or the answer to the question.

    log_probs: log p of each of its T tokens, the end included. entropies: of α at each step, in
    nats; none without attention. positions: S. ended: False where it was cut off without an end.
    thumbnail: the bytes of a JPEG file.
    """

    text: str
    log_probs: tuple[float, ...]
    entropies: tuple[float, ...]
    positions: int
    ended: bool
    thumbnail: bytes


class NoPicture(Reply, frozen=True, kw_only=True, tag="no-picture"):
    """A file in which there is no picture, and why."""

    message: str


class Progress(Reply, frozen=True, kw_only=True, tag="progress"):
    """What a request is at, for people to read."""

    text: str


class Done(Reply, frozen=True, kw_only=True, tag="done"):
    """The end of a request. cancelled: whether it was stopped before its own end."""

    cancelled: bool = False


Cause: TypeAlias = Literal["input", "device", "model", "memory", "version", "bug"]


class Failed(Reply, frozen=True, kw_only=True, tag="failed"):
    """The end of a request that could not be answered.

    cause: `input` (text, mode, token), `device` (there is none of this name), `model` (the
    folder), `memory` (out of it), `version` (the two sides do not fit), `bug` (the traceback is
    on the engine's stderr).
    """

    message: str
    cause: Cause


AnyRequest: TypeAlias = (
    Hello
    | ListDevices
    | ListModels
    | OpenModel
    | Encode
    | Decode
    | Repeat
    | Probe
    | Tokenize
    | RenderScene
    | Caption
    | Cancel
)
AnyReply: TypeAlias = (
    Welcome
    | Devices
    | Models
    | ModelOpened
    | Encoded
    | Stepped
    | Probed
    | Tokenized
    | SceneRendered
    | Captioned
    | NoPicture
    | Progress
    | Done
    | Failed
)

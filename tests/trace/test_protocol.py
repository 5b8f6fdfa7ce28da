from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attn_desktop.common.errors import ProtocolError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.common.model_list import ModelEntry
from attn_desktop.trace import frames
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.frames import (
    LENGTH_BYTES,
    MAX_FRAME_BYTES,
    FrameReader,
    decode_reply,
    decode_request,
    encode_frame,
)
from attn_desktop.trace.protocol import (
    AnyReply,
    AnyRequest,
    Cancel,
    Caption,
    Captioned,
    Decode,
    Device,
    Devices,
    Done,
    Encode,
    Encoded,
    Failed,
    Formula,
    Hello,
    ListDevices,
    ListModels,
    Message,
    ModelOpened,
    Models,
    NoPicture,
    OpenModel,
    Probe,
    Probed,
    Progress,
    RenderScene,
    Repeat,
    Request,
    SceneQuestion,
    SceneRendered,
    Stepped,
    Tokenize,
    Tokenized,
    Welcome,
)
from attn_desktop.trace.run_tree import Choice, Node
from tests.toy_records import ADDITIVE, FIXED, Sizes, toy_trace

TRACE = toy_trace(3, probes=1)
LOCAL = toy_trace(2, Sizes(layers=2, heads=3), Mode("dot", "local-m", HARD))
PICTURE = toy_trace(1, grid=(2, 3))
WITHOUT = toy_trace(2, mode=FIXED)
CHOICE = Choice("sampled", 0.7, 5, 0.9, 2**63 - 1)
NODES = (Node(4, None, 1, 17, ADDITIVE, CHOICE), Node(7, 4, 2, 0, FIXED))
EDITS = (
    Edit("alpha", "set", values=(0.25, 0.0, 1e-300)),
    Edit("position", "pick", (2,)),
    Edit("state", "add", (0, 3), (0.5, -1.0), lasting=True),
)

REQUESTS: tuple[AnyRequest, ...] = (
    Hello(request=0),
    ListDevices(request=1),
    ListModels(request=2),
    OpenModel(request=3, model="models/en-fr", device="cuda:1"),
    Encode(request=4, run=2, model="é 車", device="cpu", text="A dog.\n😀 \x00"),
    Decode(request=5, run=2, path=(), first_node=0, steps=1, mode=ADDITIVE, choice=Choice()),
    Decode(
        request=2**63,
        run=2,
        path=NODES,
        first_node=8,
        steps=500,
        mode=Mode("dot", "local-p", HARD),
        choice=CHOICE,
        forced=(99, 100),
    ),
    Decode(
        request=6,
        run=2,
        path=NODES,
        first_node=8,
        steps=5,
        mode=ADDITIVE,
        choice=CHOICE,
        edits=EDITS,
        node_run=3,
    ),
    Repeat(request=7, run=2, nodes=(*NODES, Node(8, 7, 3, 1, ADDITIVE, CHOICE, EDITS))),
    Probe(request=8, run=2, path=NODES, kind="beam", settings={"width": 5, "a": [0.5, None]}),
    Tokenize(request=9, run=2, text="un chien 😀"),
    RenderScene(request=10, seed=2**63 - 1, size=64),
    Caption(request=11, model="m", device="cpu", picture_file=b"\xff\0", mode=ADDITIVE, text="é"),
    Cancel(request=6, target=5),
    Encode(request=5, run=3, model="m", device="cpu", text="", picture_file=bytes(range(256))),
    Encode(request=6, run=4, model="m", device="cpu", text="why?", picture=PICTURE.run.picture),
)
REPLIES: tuple[AnyReply, ...] = (
    Welcome(request=0, version=1, program="0.1", python="3.11", torch="2.6", process=42),
    Devices(
        request=1,
        devices=(Device(name="cpu", label="A CPU", memory_used=None, memory_total=2**40),),
    ),
    Models(request=2, models=(ModelEntry(name="toy", path="/x", size_bytes=9, card="# A toy"),)),
    ModelOpened(
        request=3,
        info=TRACE.run.model,
        device="cpu",
        scores=(Formula(name="dot", formula="sᵀh", source="Luong et al. 2015"),),
        scopes=(),
    ),
    Encoded(request=4, run=1, record=TRACE.run, step_limit=32),
    Encoded(request=4, run=2, record=PICTURE.run, step_limit=32),
    *(
        Stepped(request=5, run=1, node=node, record=step, probes=trace.probes)
        for trace in (TRACE, LOCAL, PICTURE, WITHOUT)
        for node, step in zip(trace.tree.nodes, trace.steps, strict=True)
    ),
    Probed(request=8, run=1, probe=TRACE.probes[0]),
    Probed(request=8, run=1, probe=dataclasses.replace(TRACE.probes[0], node=None, run=2)),
    Tokenized(request=9, ids=(3, 4), labels=("▁un", "▁chien")),
    SceneRendered(
        request=10,
        seed=7,
        picture=np.arange(48, dtype=np.uint8).reshape(4, 4, 3),
        captions=("a red sphere .",),
        questions=(SceneQuestion(kind="counting", text="how many are there", answer="one"),),
    ),
    Captioned(
        request=11,
        text="un chien 😀",
        log_probs=(-0.5, 0.0, -1e-300),
        entropies=(),
        positions=196,
        ended=False,
        thumbnail=bytes(range(256)),
    ),
    NoPicture(request=11, message="the file is empty"),
    Progress(request=6, text="opening en-fr"),
    Done(request=7),
    Done(request=8, cancelled=True),
    Failed(request=9, message="no such folder", cause="model"),
)


def body_of(message: Message) -> bytes:
    return encode_frame(message)[LENGTH_BYTES:]


def assert_same(a: object, b: object) -> None:
    """Equal in every field, dtype and bit."""
    assert type(a) is type(b)
    if isinstance(a, np.ndarray):
        assert isinstance(b, np.ndarray)
        assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    elif isinstance(a, Mapping):
        assert isinstance(b, Mapping)
        assert list(a) == list(b)
        for key in a:
            assert_same(a[key], b[key])
    elif isinstance(a, tuple | list):
        assert isinstance(b, tuple | list)
        for x, y in zip(a, b, strict=True):
            assert_same(x, y)
    elif isinstance(a, msgspec.Struct):
        for name in a.__struct_fields__:
            assert_same(getattr(a, name), getattr(b, name))
    elif dataclasses.is_dataclass(a):
        for item in dataclasses.fields(a):
            assert_same(getattr(a, item.name), getattr(b, item.name))
    else:
        assert a == b


# -- messages there and back ----------------------------------------------------------------


def test_there_is_an_example_of_every_message() -> None:
    assert {type(message) for message in REQUESTS} == set(get_args(AnyRequest))
    assert {type(message) for message in REPLIES} == set(get_args(AnyReply))


@pytest.mark.parametrize("message", REQUESTS, ids=lambda message: type(message).__name__)
def test_every_request_comes_back_as_it_was(message: AnyRequest) -> None:
    assert_same(decode_request(body_of(message)), message)


@pytest.mark.parametrize("message", REPLIES, ids=lambda message: type(message).__name__)
def test_every_reply_comes_back_as_it_was(message: AnyReply) -> None:
    assert_same(decode_reply(body_of(message)), message)


def test_arrays_come_back_read_only_little_endian_and_in_reading_order() -> None:
    states = np.asfortranarray(TRACE.run.states.astype(">f8"))
    message = Encoded(request=1, run=1, record=replace(TRACE.run, states=states), step_limit=9)
    reply = decode_reply(body_of(message))
    assert isinstance(reply, Encoded)
    received = reply.record.states
    assert received.dtype == np.dtype("<f8")
    assert received.tolist() == states.tolist()
    with pytest.raises(ValueError, match="read-only"):
        received[0, 0] = 1


@pytest.mark.parametrize(
    "array", [np.zeros(0), np.zeros((3, 0, 2), np.float16), np.array(2.5), np.array([True, False])]
)
def test_empty_and_scalar_arrays_keep_their_shape(array: Any) -> None:
    probe = replace(TRACE.probes[0], arrays={"x": array})
    step = TRACE.steps[-1]
    message = Stepped(request=1, run=1, node=TRACE.tree.nodes[-1], record=step, probes=(probe,))
    assert_same(decode_reply(body_of(message)), message)


def test_numpy_numbers_travel_as_plain_ones() -> None:
    probe = replace(TRACE.probes[0], settings={"count": np.int64(3), "share": np.float32(0.5)})
    step = TRACE.steps[-1]
    message = Stepped(request=1, run=1, node=TRACE.tree.nodes[-1], record=step, probes=(probe,))
    reply = decode_reply(body_of(message))
    assert isinstance(reply, Stepped)
    assert reply.probes[0].settings == {"count": 3, "share": 0.5}


def test_fields_that_a_newer_side_adds_are_passed_over() -> None:
    fields = msgspec.msgpack.decode(body_of(Hello(request=3)))
    newer = msgspec.msgpack.encode({**fields, "colour": "red"})
    assert decode_request(newer) == Hello(request=3)


# -- what cannot be sent --------------------------------------------------------------------


@pytest.mark.parametrize(
    "array",
    [
        np.array([object()], dtype=object),
        np.array(["text"]),
        np.array([1j]),
        np.array([0], dtype="datetime64[s]"),
        np.zeros(1, dtype=[("a", "f4")]),
    ],
    ids=lambda array: str(array.dtype),
)
def test_an_array_of_another_kind_is_refused_by_its_dtype(array: Any) -> None:
    probe = replace(TRACE.probes[0], arrays={"x": array})
    message = Stepped(
        request=1, run=1, node=TRACE.tree.nodes[-1], record=TRACE.steps[-1], probes=(probe,)
    )
    with pytest.raises(ProtocolError, match="cannot be sent"):
        encode_frame(message)


def test_a_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(ProtocolError, match="surrogate"):
        encode_frame(Encode(request=1, run=1, model="m", device="cpu", text="a \ud800 b"))


def test_a_message_that_no_reader_would_take_is_not_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frames, "MAX_FRAME_BYTES", 20)
    with pytest.raises(ProtocolError, match="the most is 20"):
        encode_frame(Progress(request=1, text="long enough not to fit"))


# -- frames, however the pipe cuts them -----------------------------------------------------


def test_frames_cut_at_every_byte() -> None:
    messages = REQUESTS[:4]
    stream = b"".join(map(encode_frame, messages))
    for cut in range(len(stream) + 1):
        frames = FrameReader()
        bodies = [*frames.feed(stream[:cut]), *frames.feed(stream[cut:])]
        assert [decode_request(body) for body in bodies] == list(messages)
    frames = FrameReader()
    one_by_one = [body for byte in stream for body in frames.feed(bytes([byte]))]
    assert [decode_request(body) for body in one_by_one] == list(messages)


@pytest.mark.parametrize("seed", range(10))
def test_frames_in_pieces_of_any_size(seed: int) -> None:
    rng = random.Random(seed)
    stream = b"".join(map(encode_frame, REPLIES))
    frames, bodies, place = FrameReader(), list[bytes](), 0
    while place < len(stream):
        end = place + rng.choice([1, 3, 100, 5000, 10**6])
        bodies += frames.feed(stream[place:end])
        place = end
    assert bodies == [body_of(message) for message in REPLIES]


def test_a_frame_that_is_not_whole_is_kept_back() -> None:
    frames = FrameReader()
    stream = encode_frame(Hello(request=1))
    assert list(frames.feed(stream[:-1])) == []
    assert list(frames.feed(b"")) == []
    assert len(list(frames.feed(stream[-1:]))) == 1


@pytest.mark.parametrize("length", [MAX_FRAME_BYTES + 1, 2**32 - 1])
def test_a_length_past_the_bound_is_refused_before_anything_is_read(length: int) -> None:
    with pytest.raises(ProtocolError, match=f"a frame of {length} bytes"):
        list(FrameReader().feed(length.to_bytes(LENGTH_BYTES, "big")))


# -- what no side of this program would send ------------------------------------------------


@given(st.binary(max_size=200))
def test_garbage_is_a_protocol_error_and_nothing_else(data: bytes) -> None:
    for decode in (decode_request, decode_reply):
        with pytest.raises(ProtocolError):
            decode(data)
    try:
        for body in FrameReader().feed(data):
            decode_request(body)
    except ProtocolError:
        return


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2**40),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=5),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_message_with_any_field_replaced_is_read_or_refused(data: st.DataObject) -> None:
    message = data.draw(st.sampled_from(REQUESTS + REPLIES))
    value = msgspec.msgpack.decode(body_of(message))
    place: Any = value
    while True:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(list(keys)))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            place[key] = data.draw(VALUES)
            break
        place = inner
    decode = decode_request if isinstance(message, Request) else decode_reply
    try:
        decode(msgspec.msgpack.encode(value))
    except ProtocolError:
        return


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(REPLIES), st.data())
def test_a_message_with_a_byte_changed_or_cut_is_read_or_refused(
    message: AnyReply, data: st.DataObject
) -> None:
    body = bytearray(body_of(message))
    place = data.draw(st.integers(0, len(body) - 1))
    if data.draw(st.booleans()):
        del body[place:]
    else:
        body[place] = data.draw(st.integers(0, 255))
    try:
        decode_reply(bytes(body))
    except ProtocolError:
        return


def refusal_of_array(**changes: Any) -> str:
    """The message with which a probe is refused whose one array has these fields changed."""
    message = Stepped(
        request=1,
        run=1,
        node=TRACE.tree.nodes[-1],
        record=TRACE.steps[-1],
        probes=(replace(TRACE.probes[0], arrays={"x": np.zeros(4, np.float32)}),),
    )
    value = msgspec.msgpack.decode(body_of(message))
    value["probes"][0]["arrays"]["x"].update(changes)
    with pytest.raises(ProtocolError) as caught:
        decode_reply(msgspec.msgpack.encode(value))
    return str(caught.value)


@pytest.mark.parametrize("dtype", ["O", "|O", "F8", "f4", "<f4", "", "V16", "S4"])
def test_a_dtype_that_is_none_of_ours_is_refused(dtype: str) -> None:
    assert repr(dtype) in refusal_of_array(dtype=dtype)


@pytest.mark.parametrize(
    "shape",
    [[3], [5], [4, 0], [], [-4], [-2, -2], [2, 3], [2**40], [0, 2**62, 2**62], [1] * 99 + [4]],
)
def test_a_shape_that_its_bytes_do_not_fill_is_refused(shape: list[int]) -> None:
    assert refusal_of_array(shape=shape)


@pytest.mark.parametrize("count", [0, 15, 17, 32])
def test_too_few_or_too_many_bytes_are_refused(count: int) -> None:
    assert f"{count} bytes" in refusal_of_array(data=bytes(count))


def test_a_bool_that_is_neither_is_refused() -> None:
    assert "BOOL" in refusal_of_array(dtype="BOOL", data=b"\0\1\2\1")


@pytest.mark.parametrize("changes", [{"dtype": 4}, {"shape": "4"}, {"data": "abcd" * 4}])
def test_an_array_with_a_field_of_another_type_is_refused(changes: dict[str, Any]) -> None:
    assert refusal_of_array(**changes)


def test_nesting_without_end_is_refused() -> None:
    deep = b"\x81\xa1a" * 100_000 + b"\xc0"
    body = body_of(REPLIES[6])
    for data in (deep, body.replace(b"\xa4deep\x81\xa1a\x01", b"\xa4deep" + deep)):
        with pytest.raises(ProtocolError):
            decode_reply(data)


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"weighting": "firm"}, "unknown weighting 'firm'"),
        ({"score": "none", "scope": "local-m"}, "without attention"),
    ],
)
def test_a_mode_that_cannot_be_is_refused_by_its_own_message(
    change: dict[str, str], shown: str
) -> None:
    value = msgspec.msgpack.decode(body_of(REQUESTS[5]))
    value["mode"].update(change)
    with pytest.raises(ProtocolError, match=shown):
        decode_request(msgspec.msgpack.encode(value))


def test_a_choice_out_of_range_is_refused_by_its_own_message() -> None:
    value = msgspec.msgpack.decode(body_of(REQUESTS[5]))
    value["choice"]["temperature"] = 0.0
    with pytest.raises(ProtocolError, match="temperature must be finite and greater than 0"):
        decode_request(msgspec.msgpack.encode(value))


def test_each_direction_refuses_the_messages_of_the_other() -> None:
    for message in REQUESTS:
        with pytest.raises(ProtocolError):
            decode_reply(body_of(message))
    for reply in REPLIES:
        with pytest.raises(ProtocolError):
            decode_request(body_of(reply))

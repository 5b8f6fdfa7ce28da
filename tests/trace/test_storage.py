from __future__ import annotations

import errno
import json
import math
import mmap
import os
import pickle
import stat
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from attn_desktop.common.errors import TraceFileError
from attn_desktop.common.mode import Mode
from attn_desktop.trace.annotations import MAX_TEXT, Annotations, Breakpoint, Note
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import AttentionRecord, ProbeRecord, StepRecord
from attn_desktop.trace.run_tree import RunTree
from attn_desktop.trace.storage import Trace, load_trace, save_trace
from attn_desktop.trace.trace import Place
from tests.toy_records import FIXED, Sizes, toy_document, toy_run, toy_trace

# The folder of a test is shared by all examples: each writes its file anew.
in_folder = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def assert_same(a: object, b: object) -> None:
    """Equal in every field, dtype and bit."""
    if isinstance(a, np.ndarray):
        assert isinstance(b, np.ndarray)
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        assert a.tobytes() == b.tobytes()
    elif isinstance(a, RunTree):
        assert isinstance(b, RunTree)
        assert (a.root, a.nodes) == (b.root, b.nodes)
    elif is_dataclass(a):
        assert type(a) is type(b)
        for item in fields(a):
            assert_same(getattr(a, item.name), getattr(b, item.name))
    elif isinstance(a, Mapping):
        assert isinstance(b, Mapping)
        assert list(a) == list(b)
        for key in a:
            assert_same(a[key], b[key])
    elif isinstance(a, tuple | list):
        assert isinstance(b, type(a))
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_same(x, y)
    else:
        assert type(a) is type(b)
        assert a == b or (a != a and b != b)


def round_trip(trace: Trace, folder: Path) -> Trace:
    path = folder / "trace.attn"
    save_trace(trace, path)
    loaded = load_trace(path)
    assert_same(trace, loaded)
    return loaded


def split(path: Path) -> tuple[dict[str, Any], bytes]:
    """Header and data of a file."""
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    return json.loads(content[8:end]), content[end:]


def join(path: Path, header: object, data: bytes) -> None:
    encoded = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + data)


def change_document(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    header, data = split(path)
    document = json.loads(header["__metadata__"]["document"])
    change(document)
    header["__metadata__"]["document"] = json.dumps(document)
    join(path, header, data)


def refusal(path: Path) -> str:
    """The message with which a file is refused; it names the file."""
    with pytest.raises(TraceFileError) as caught:
        load_trace(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "saved.attn"
    save_trace(toy_trace(3, branches=2, probes=1), path)
    return path


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """Two inputs, edits, probes of both starts, and annotations."""
    path = tmp_path / "full.attn"
    save_trace(toy_document(), path)
    return path


def test_a_whole_document_comes_back_bit_by_bit(tmp_path: Path) -> None:
    round_trip(toy_trace(6, branches=3, probes=2), tmp_path)


@pytest.mark.parametrize(
    "trace",
    [
        toy_trace(0),
        toy_trace(2, mode=FIXED),
        toy_trace(2, mode=Mode("general", "local-m", "hard")),
        toy_trace(2, grid=(3, 4)),
        toy_trace(2, Sizes(layers=2, heads=4)),
        toy_trace(2, Sizes(top_k=0)),
    ],
    ids=["empty", "fixed", "local", "picture", "heads", "no top"],
)
def test_kinds_of_run(trace: Trace, tmp_path: Path) -> None:
    round_trip(trace, tmp_path)


@in_folder
@given(
    steps=st.integers(0, 6),
    sizes=st.builds(
        Sizes,
        source=st.integers(1, 9),
        hidden=st.integers(1, 5),
        state=st.integers(1, 5),
        top_k=st.integers(0, 5),
        heads=st.integers(1, 3),
    ),
    branches=st.integers(1, 3),
    mode=st.sampled_from([Mode(), FIXED, Mode("dot", "local-m", "hard")]),
    probes=st.integers(0, 2),
    seed=st.integers(0, 99),
)
def test_round_trip_of_any_size(
    tmp_path: Path,
    steps: int,
    sizes: Sizes,
    branches: int,
    mode: Mode,
    probes: int,
    seed: int,
) -> None:
    round_trip(toy_trace(steps, sizes, mode, branches, probes if steps else 0, seed), tmp_path)


@in_folder
@given(text=TEXTS, token=TEXTS, kind=TEXTS, gate=TEXTS, log_prob=st.floats(), entropy=st.floats())
def test_any_string_and_any_float_comes_back(
    tmp_path: Path, text: str, token: str, kind: str, gate: str, log_prob: float, entropy: float
) -> None:
    trace = toy_trace(1)
    step = trace.steps[0]
    reading = replace(
        step.active,
        log_prob=log_prob,
        entropy=entropy,
        top_tokens=(token,) * len(step.active.top_tokens),
        gates={gate: np.ones(2, np.float32), f"{gate}/": np.zeros(3)},
    )
    changed = replace(
        step, token=token, attention={kind: step.attention["cross"]}, readings={"soft": reading}
    )
    round_trip(replace(trace, run=replace(trace.run, text=text), steps=(changed,)), tmp_path)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXTS | st.sampled_from(["$float", "$$float", "$"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@in_folder
@given(st.dictionaries(TEXTS | st.just("$float"), JSON_VALUES, max_size=4))
def test_any_plain_setting_of_a_probe_comes_back(tmp_path: Path, values: dict[str, Any]) -> None:
    round_trip(replace(toy_trace(1), probes=(ProbeRecord(0, "bench", values, {}),)), tmp_path)


@pytest.mark.parametrize(
    "dtype", ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]
)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3)])
def test_every_dtype_and_shape_of_a_probe_comes_back(
    dtype: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    array = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    probe = ProbeRecord(0, "bench", {}, {"x": np.asarray(array), "y": np.ones(3, "u1")})
    round_trip(replace(toy_trace(1), probes=(probe,)), tmp_path)


def test_odd_memory_layouts_are_written_in_reading_order(tmp_path: Path) -> None:
    base = np.arange(24, dtype=np.float32).reshape(4, 6)
    arrays = {"turned": base.T, "every second": base[:, ::2], "backwards": base[::-1]}
    round_trip(replace(toy_trace(1), probes=(ProbeRecord(0, "x", {}, arrays),)), tmp_path)
    swapped = ProbeRecord(0, "x", {}, {"big": base.astype(">f4")})
    save_trace(replace(toy_trace(1), probes=(swapped,)), tmp_path / "big.attn")
    big = load_trace(tmp_path / "big.attn").probes[0].arrays["big"]
    assert big.dtype == np.dtype("<f4")
    np.testing.assert_array_equal(big, base)


def test_numpy_scalars_in_records_become_numbers(tmp_path: Path) -> None:
    trace = toy_trace(1)
    probe = ProbeRecord(0, "x", {"n": np.int64(3), "p": np.float32(0.5)}, {})
    scalars: dict[str, Any] = {"token_in_id": np.int64(2), "trained": np.bool_(True)}
    step = replace(trace.steps[0], **scalars)
    save_trace(replace(trace, steps=(step,), probes=(probe,)), tmp_path / "t.attn")
    loaded = load_trace(tmp_path / "t.attn")
    assert loaded.probes[0].settings == {"n": 3, "p": 0.5}
    assert (loaded.steps[0].token_in_id, loaded.steps[0].trained) == (2, True)


def ragged(trace: Trace) -> Trace:
    """The trace with a second kind of attention, over the t tokens so far."""

    def widened(step: StepRecord) -> StepRecord:
        shape = (1, 1, step.t)
        own = AttentionRecord(
            energies=np.full(shape, step.t, np.float32),
            mask=np.ones(shape, np.bool_),
            window=np.ones(shape, np.bool_),
            alpha=np.full(shape, 1 / step.t, np.float32),
            draw=np.zeros((1, 1)),
            sampled=np.zeros((1, 1), np.int64),
        )
        return replace(step, attention={**step.attention, "self": own})

    return replace(trace, steps=tuple(map(widened, trace.steps)))


def test_arrays_that_grow_with_t_come_back(tmp_path: Path) -> None:
    round_trip(ragged(toy_trace(5, branches=2)), tmp_path)


def test_a_long_run_has_few_tensors_that_the_library_reads(tmp_path: Path) -> None:
    trace = toy_trace(300)
    save_trace(trace, tmp_path / "long.attn")
    with safe_open(tmp_path / "long.attn", "numpy") as file:
        names = list(file.keys())
        assert len(names) < 40
        assert file.metadata()["format"] == "attn"
        (alpha,) = [name for name in names if name.startswith("step/attention/cross/alpha")]
        expected = np.stack([step.attention["cross"].alpha for step in trace.steps])
        np.testing.assert_array_equal(file.get_tensor(alpha), expected)


def test_the_file_grows_linearly_in_steps(tmp_path: Path) -> None:
    sizes = []
    for steps in (100, 200, 300):
        save_trace(toy_trace(steps), tmp_path / "t.attn")
        sizes.append((tmp_path / "t.attn").stat().st_size)
    first, second = np.diff(sizes)
    assert 0 < first
    assert abs(first - second) < 0.05 * first


def arrays_of(trace: Trace) -> list[NDArray[Any]]:
    step = trace.steps[-1]
    records: list[Any] = [trace.run, *step.attention.values(), *step.readings.values()]
    values = [getattr(record, item.name) for record in records for item in fields(record)]
    values += [*step.active.gates.values(), *trace.probes[0].arrays.values()]
    return [value for value in values if isinstance(value, np.ndarray)]


def is_mapped(array: NDArray[Any]) -> bool:
    owner: Any = array
    while isinstance(owner, np.ndarray | memoryview):
        owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
    return isinstance(owner, mmap.mmap)


def test_loaded_arrays_are_read_only_views_of_the_mapped_file(saved: Path) -> None:
    arrays = arrays_of(load_trace(saved))
    assert len(arrays) > 20
    assert not is_mapped(np.ones(3))
    for array in arrays:
        assert is_mapped(array)
        assert array.flags.aligned
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.flags.writeable = True


def test_a_loaded_trace_can_be_saved_over_its_own_file(saved: Path) -> None:
    trace = load_trace(saved)
    save_trace(trace, saved)
    assert_same(trace, load_trace(saved))


def test_json_holds_no_literal_that_json_lacks(tmp_path: Path) -> None:
    trace = toy_trace(1)
    step = trace.steps[0]
    reading = replace(step.active, log_prob=-math.inf, entropy=math.nan)
    probe = ProbeRecord(0, "x", {"floor": -math.inf}, {})
    odd = replace(trace, steps=(replace(step, readings={"soft": reading}),), probes=(probe,))
    loaded = round_trip(odd, tmp_path)
    assert loaded.steps[0].log_prob == -math.inf
    header, _ = split(tmp_path / "trace.attn")

    def refuse(literal: str) -> None:
        raise AssertionError(f"{literal} in JSON")

    json.loads(header["__metadata__"]["document"], parse_constant=refuse)


# Writing


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "t.attn"
    with pytest.raises(TraceFileError) as caught:
        save_trace(toy_trace(1), path)
    assert str(path) in str(caught.value)
    assert "No such file or directory" in str(caught.value)


def test_a_folder_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(TraceFileError, match="cannot be written"):
        save_trace(toy_trace(1), tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert [p for p in tmp_path.parent.iterdir() if p.suffix == ".tmp"] == []


def test_a_full_disk_leaves_the_old_file(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = saved.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TraceFileError) as caught:
        save_trace(toy_trace(9), saved)
    assert f"{saved} cannot be written: {os.strerror(errno.ENOSPC)}" in str(caught.value)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_an_interrupted_save_leaves_the_old_file(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*paths: object) -> None:
        raise KeyboardInterrupt

    before = saved.read_bytes()
    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_trace(toy_trace(9), saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


@pytest.mark.skipif(os.name == "nt", reason="permissions and links of POSIX")
def test_permissions_and_links_survive_a_save(saved: Path, tmp_path: Path) -> None:
    saved.chmod(0o640)
    link = tmp_path / "link.attn"
    link.symlink_to(saved)
    save_trace(toy_trace(2), link)
    assert link.is_symlink()
    assert stat.S_IMODE(saved.stat().st_mode) == 0o640
    assert len(load_trace(saved).steps) == 2


def broken_records() -> dict[str, tuple[Trace, str]]:
    trace = toy_trace(2)
    step = trace.steps[0]
    reading = step.active

    def with_step(**changes: Any) -> Trace:
        return replace(trace, steps=(replace(step, **changes), trace.steps[1]))

    def with_probe(settings: Any, node: int = 0, **arrays: Any) -> Trace:
        return replace(trace, probes=(ProbeRecord(node, "x", settings, arrays),))

    deep: list[Any] = []
    for _ in range(40):
        deep = [deep]
    cross = step.attention["cross"]
    short = replace(cross, alpha=cross.alpha[..., 1:])
    far = replace(cross, sampled=np.full((1, 1), 6))
    narrow = replace(reading, context=reading.context[1:])
    return {
        "object dtype": (with_probe({}, x=np.array([None])), "'probe/0/x' has dtype object"),
        "complex dtype": (with_probe({}, x=np.ones(2, "c8")), "dtype complex64"),
        "no array": (with_probe({}, x=[1, 2]), "probes[0].arrays['x'] must be an array"),
        "odd setting": (with_probe({"a": [{1, 2}]}), "probes[0].settings['a'][0] is of type set"),
        "odd key": (with_probe({"a": {1: 2}}), "settings['a'] has the key 1"),
        "deep setting": (with_probe({"a": deep}), "nested deeper than 32"),
        "probe without node": (with_probe({}, node=9), "probes[0] belongs to node 9"),
        "surrogate": (with_step(token="\ud800"), "surrogates not allowed"),
        "wrong type": (with_step(token=None), "$.steps[0].token"),
        "unknown node": (with_step(node=9), "steps[0] belongs to node 9"),
        "twice": (replace(trace, steps=(step, step)), "steps[1] is a second step of node 0"),
        "other t": (with_step(t=2), "its node 0 has parent None, t 1"),
        "no reading": (with_step(readings={}), "steps[0].readings lacks the active one, 'soft'"),
        "short alpha": (
            with_step(attention={"cross": short}),
            "steps[0].attention['cross'].alpha must be floats of shape (layers=1, heads=1, S=6)",
        ),
        "far sample": (with_step(attention={"cross": far}), "sampled must lie in 0..5"),
        "narrow context": (with_step(readings={"soft": narrow}), "context must be floats"),
        "bad grid": (replace(trace, run=replace(trace.run, grid=(2, 2))), "grid of 2 x 2"),
        "int states": (
            replace(trace, run=replace(trace.run, states=np.ones((6, 8), int))),
            "run.states must be floats of shape (S=6, H), not int64",
        ),
    }


@pytest.mark.parametrize("name", broken_records())
def test_what_could_not_be_read_back_is_not_written(name: str, saved: Path) -> None:
    trace, shown = broken_records()[name]
    before = saved.read_bytes()
    with pytest.raises(TraceFileError) as caught:
        save_trace(trace, saved)
    assert str(saved) in str(caught.value)
    assert shown in str(caught.value)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


# Reading what is not a whole file


def test_no_file_a_folder_a_pipe_and_nothing(tmp_path: Path) -> None:
    assert "No such file or directory" in refusal(tmp_path / "absent.attn")
    assert "this is a folder" in refusal(tmp_path)
    (tmp_path / "empty.attn").touch()
    assert "the file is empty" in refusal(tmp_path / "empty.attn")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.attn")
        assert "not a regular file" in refusal(tmp_path / "pipe.attn")


def test_a_file_cut_anywhere_is_refused(saved: Path) -> None:
    whole = saved.read_bytes()
    header_end = 8 + int.from_bytes(whole[:8], "little")
    edges = {0, 1, 7, 8, 9, header_end - 1, header_end, header_end + 1, len(whole) - 1}
    cut = saved.parent / "cut.attn"
    for length in edges | set(range(0, len(whole), 97)):
        cut.write_bytes(whole[:length])
        refusal(cut)
    cut.write_bytes(whole + b"\0")
    assert "follow the last tensor" in refusal(cut)
    cut.write_bytes(whole)
    assert len(load_trace(cut).steps) == 5


@in_folder
@given(st.binary(max_size=300))
def test_random_bytes_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "random.attn"
    path.write_bytes(content)
    refusal(path)


@in_folder
@given(st.binary(max_size=60), st.binary(max_size=30))
def test_a_random_header_is_refused(tmp_path: Path, header: bytes, data: bytes) -> None:
    path = tmp_path / "random.attn"
    join(path, header, data)
    refusal(path)


ODD_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 40),
    st.sampled_from([-(2**63), 2**62, 2**63, 2**64, 10**30]),
    st.floats(),
    st.sampled_from(["", "nan", "F32", "BOOL", "C64", "none", "dot/global/hard", "a/b/c/d", "$"]),
    st.lists(st.integers(-2, 9), max_size=4),
    st.dictionaries(st.sampled_from(["cross", "soft", "$float", "x"]), st.integers(), max_size=2),
)


def places(value: object) -> list[tuple[Any, Any]]:
    """Every (container, key) inside a JSON value."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            found += [(value, key), *places(value[key])]
    return found


def mutate(value: object, data: st.DataObject) -> None:
    """Replace, remove, rename or double a few of the places inside `value`."""
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(value)))
        action = data.draw(st.sampled_from(["replace", "replace", "remove", "add"]))
        if action == "replace":
            container[key] = data.draw(ODD_VALUES)
        elif action == "remove":
            del container[key]
        elif isinstance(container, dict):
            container[data.draw(TEXTS)] = container[key]
        else:
            container.append(container[key])
        if not places(value):
            return


def loads_or_is_refused(path: Path) -> None:
    """Whatever loads holds together so well that it can be saved again; all else is refused."""
    try:
        trace = load_trace(path)
    except TraceFileError:
        return
    save_trace(trace, path.with_suffix(".again"))


MUTATIONS = settings(in_folder, max_examples=300)


@MUTATIONS
@given(st.data())
def test_a_mutated_document_of_everything_raises_nothing_else(
    full: Path, data: st.DataObject
) -> None:
    path = full.with_suffix(".mutated")
    path.write_bytes(full.read_bytes())
    change_document(path, lambda document: mutate(document, data))
    loads_or_is_refused(path)


@MUTATIONS
@given(st.data())
def test_a_mutated_header_raises_nothing_else(saved: Path, data: st.DataObject) -> None:
    header, body = split(saved)
    mutate(header, data)
    path = saved.with_suffix(".mutated")
    join(path, header, body)
    loads_or_is_refused(path)


@MUTATIONS
@given(st.data())
def test_a_mutated_document_raises_nothing_else(saved: Path, data: st.DataObject) -> None:
    path = saved.with_suffix(".mutated")
    path.write_bytes(saved.read_bytes())
    change_document(path, lambda document: mutate(document, data))
    loads_or_is_refused(path)


@MUTATIONS
@given(st.data())
def test_flipped_bytes_raise_nothing_else(saved: Path, data: st.DataObject) -> None:
    content = bytearray(saved.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = saved.with_suffix(".mutated")
    path.write_bytes(content)
    loads_or_is_refused(path)


def deep_json(levels: int) -> bytes:
    return b'{"__metadata__":' + b"[" * levels + b"]" * levels + b"}"


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ((2**63).to_bytes(8, "little") + b"{}", "not an .attn file"),
        ((10**9).to_bytes(8, "little") + b"{}", "at most 100000000"),
        ((50).to_bytes(8, "little") + b"{}", "cut short"),
        (pickle.dumps({"a": 1}) * 3, "not an .attn file"),
        (b"PK\x03\x04" + bytes(30), "an .attn file"),
        ((2_000_017).to_bytes(8, "little") + deep_json(10**6), "recursion"),
    ],
    ids=["huge", "large", "beyond", "pickle", "zip", "deep"],
)
def test_headers_that_would_cost_memory_are_refused(
    content: bytes, shown: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.attn"
    path.write_bytes(content)
    assert shown in refusal(path)


@pytest.mark.parametrize(
    ("entries", "size", "shown"),
    [
        ({"a": ("F32", [2], [0, 4])}, 4, "needs 8 bytes, its data_offsets 0..4 hold 4"),
        ({"a": ("F32", [1], [0, 4]), "b": ("F32", [1], [2, 6])}, 6, "begins at byte 2"),
        ({"a": ("F32", [1], [0, 4]), "b": ("F32", [1], [8, 12])}, 12, "begins at byte 8"),
        ({"a": ("F32", [1], [4, 0])}, 4, "needs 4 bytes"),
        ({"a": ("F32", [10**6], [0, 4 * 10**6])}, 4, "cut short"),
        ({"a": ("F32", [-1, -1], [0, 4])}, 4, "each of length 0 or more"),
        ({"a": ("F32", [0, 2**62], [0, 0])}, 0, "larger than any file"),
        ({"a": ("F32", [1] * 40, [0, 4])}, 4, "up to 32 axes"),
        ({"a": ("BF16", [2], [0, 4])}, 4, "no known dtype; valid are: BOOL"),
        ({"a": ("O", [2], [0, 4])}, 4, "no known dtype"),
        ({"a": ("F32", "2", [0, 4])}, 4, "tensor 'a' cannot be read: Expected `array`"),
    ],
)
def test_tensors_that_do_not_fill_the_data_are_refused(
    entries: dict[str, tuple[str, Any, list[int]]], size: int, shown: str, tmp_path: Path
) -> None:
    header = {
        name: {"dtype": dtype, "shape": shape, "data_offsets": offsets}
        for name, (dtype, shape, offsets) in entries.items()
    }
    join(tmp_path / "x.attn", header, bytes(size))
    assert shown in refusal(tmp_path / "x.attn")


def test_a_bool_that_is_neither_is_refused(saved: Path) -> None:
    header, data = split(saved)
    begin, _ = header["run/mask"]["data_offsets"]
    join(saved, header, data[:begin] + b"\2" + data[begin + 1 :])
    assert "'run/mask' is BOOL but holds bytes other than 0 and 1" in refusal(saved)


def test_another_safetensors_file_is_told_apart(tmp_path: Path) -> None:
    save_file({"w": np.ones(3)}, tmp_path / "w.attn", {"format": "pt"})
    assert "safetensors file of format 'pt', not an .attn file" in refusal(tmp_path / "w.attn")
    save_file({"w": np.ones(3)}, tmp_path / "v.attn")
    assert "format None" in refusal(tmp_path / "v.attn")


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        ("3", "written by a newer version (3); this program reads up to 2"),
        ("999999999", "newer version (999999999)"),
        ("0", "its version '0' is not a number from 1 to 2"),
        ("", "its version '' is not"),
        ("²", "its version '²' is not"),
        ("one", "its version 'one' is not"),
        ("1" * 5000, "is not a number from 1 to 2"),
    ],
)
def test_versions_that_this_program_does_not_know(version: str, shown: str, saved: Path) -> None:
    header, data = split(saved)
    header["__metadata__"] = {"format": "attn", "version": version}
    join(saved, header, data)
    assert shown in refusal(saved)


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (lambda d: d["steps"][1].update(colour="red"), "unknown field `colour` - at `$.steps[1]`"),
        (lambda d: d["steps"][1].pop("token"), "missing required field `token` - at `$.steps[1]`"),
        (lambda d: d["steps"][1].update(t="2"), "`$.steps[1].t`"),
        (lambda d: d["run"].update(text=None), "`$.run.text`"),
        (lambda d: d["nodes"][0].update(temperature=-1), "greater than 0, not -1"),
        (lambda d: d["nodes"][0].update(how="best"), "`$.nodes[0].how`"),
        (lambda d: d["nodes"].reverse(), "not in the run"),
        (lambda d: d["stacks"].pop(), "steps[0] lacks its array 'readings/"),
        (lambda d: d["stacks"][0].update(path=["x"]), "lacks its array 'attention/cross/energies'"),
        (lambda d: d["stacks"][0].update(steps=[0, 0, 1, 2, 3]), "names step 0 twice"),
        (lambda d: d["stacks"][0].update(steps=[0]), "its first axis must be 1 steps long"),
        (lambda d: d["stacks"].append(d["stacks"][0]), "lacks its array 'step/"),
        (lambda d: d["probes"].clear(), "tensor 'probe/0/log_probs' belongs to no part"),
        (lambda d: d["steps"][0]["readings"]["soft"]["gates"].pop(), "does not know its array"),
        (lambda d: d["probes"][0]["settings"].update(a={"$float": "x"}), "nan, inf or -inf"),
    ],
)
def test_a_wrong_document_names_the_key(
    change: Callable[[dict[str, Any]], object], shown: str, saved: Path
) -> None:
    change_document(saved, change)
    assert shown in refusal(saved)


# Documents with several inputs, edits and annotations


def test_inputs_edits_probes_and_annotations_come_back(tmp_path: Path) -> None:
    loaded = round_trip(toy_document(), tmp_path)
    assert [len(run.source) for run in loaded.runs] == [6, 9]
    assert [node.run for node in loaded.tree.nodes] == [0, 0, 0, 0, 0, 1, 1]
    assert [step.edits for step in loaded.steps] == [node.edits for node in loaded.tree.nodes]
    assert [len(step.edits) for step in loaded.steps] == [0, 5, 1, 1, 0, 1, 0]
    assert [edit.lasting for edit in loaded.steps[1].edits] == [False, False, False, True, False]
    attention = [step.cross for step in loaded.steps]
    assert [cross is not None and cross.unedited is not None for cross in attention] == [
        *(False, True, False, False, False, True, False)
    ]
    assert [(probe.node, probe.run) for probe in loaded.probes] == [(2, 0), (None, 0), (None, 1)]
    assert loaded.place == Place(6, 1, 1)
    assert loaded.annotations.notes[0] == Note(1, "why here? é 😀\n", True)
    assert loaded.annotations.breakpoints[0].hits == 3
    assert (loaded.annotations.baseline, loaded.annotations.layout) == (4, '{"docks": []}')


def test_a_loaded_document_can_be_saved_over_its_own_file(full: Path) -> None:
    trace = load_trace(full)
    save_trace(trace, full)
    assert_same(trace, load_trace(full))


def test_versions_of_what_computed_a_run_come_back(tmp_path: Path) -> None:
    versions = {"torch": "2.13", "gpu": "NVIDIA 車", "": ""}
    trace = toy_document()
    changed = replace(trace, run=replace(trace.run, versions=versions))
    loaded = round_trip(changed, tmp_path)
    assert (loaded.run.versions, loaded.others[0].versions) == (versions, {})


@in_folder
@given(
    condition=TEXTS,
    watch=TEXTS,
    text=TEXTS,
    layout=TEXTS,
    values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=5, max_size=5),
    lasting=st.booleans(),
)
def test_any_words_and_any_values_of_an_edit_come_back(
    tmp_path: Path,
    condition: str,
    watch: str,
    text: str,
    layout: str,
    values: list[float],
    lasting: bool,
) -> None:
    trace = toy_document()
    annotations = Annotations(
        (Breakpoint(condition, hits=2**40),), (watch, watch), (Note(0, text),), None, layout
    )
    edits = (Edit("state", "replace", values=tuple(values), lasting=lasting),)
    round_trip(with_edits(replace(trace, annotations=annotations), 4, edits), tmp_path)


def with_edits(trace: Trace, id: int, edits: tuple[Edit, ...], step: bool = True) -> Trace:
    """The trace with other edits of a node and, if asked, of its step."""
    nodes = [replace(node, edits=edits) if node.id == id else node for node in trace.tree.nodes]
    steps = tuple(
        replace(record, edits=edits) if step and record.node == id else record
        for record in trace.steps
    )
    return replace(trace, tree=RunTree(trace.tree.root, nodes), steps=steps)


def broken_documents() -> dict[str, tuple[Trace, str]]:
    trace = toy_document()
    notes = trace.annotations
    other = trace.others[0]
    nodes = trace.tree.nodes
    long = "x" * (MAX_TEXT + 1)
    uniform = (Edit("alpha", "uniform"),)

    def annotated(**changes: Any) -> Trace:
        return replace(trace, annotations=replace(notes, **changes))

    def node(id: int, **changes: Any) -> Trace:
        changed = [replace(own, **changes) if own.id == id else own for own in nodes]
        return replace(trace, tree=RunTree(trace.tree.root, changed))

    return {
        "run that is not there": (replace(trace, others=()), "node 5 is of run 1; there are 1"),
        "input of another model": (
            replace(trace, others=(toy_run(Sizes(source=9), 3),)),
            "run 1 is of another model than the first",
        ),
        "shorter input": (
            replace(trace, others=(replace(other, source=other.source[1:]),)),
            "run.states must be floats of shape (S=8, H), not float32 of shape (9, 8)",
        ),
        "step with other edits": (
            with_edits(trace, 0, uniform, step=False),
            "steps[0] has other edits than its node 0",
        ),
        "step without edits": (
            replace(trace, steps=(*trace.steps[:1], replace(trace.steps[1], edits=()))),
            "steps[1] has other edits than its node 1",
        ),
        "edit past the source": (
            with_edits(trace, 0, (Edit("alpha", "mask", (6,)),)),
            "the edits of node 0: alpha mask: there is no position 7; there are 6 source",
        ),
        "edit of another input's length": (
            with_edits(trace, 6, (Edit("alpha", "set", values=(1.0,) * 6),)),
            "the edits of node 6: alpha set: 6 values for 9 source positions",
        ),
        "edit past the state": (
            with_edits(trace, 3, (Edit("state", "zero", (5,)),)),
            "the edits of node 3: state zero: there is no position 6; there are 5 dimensions",
        ),
        "edit of no attention": (
            with_edits(trace, 3, uniform),
            "the edits of node 3: this mode has no attention",
        ),
        "probe of no run": (
            replace(trace, probes=(replace(trace.probes[1], run=2),)),
            "probes[0] belongs to run 2; there are 2",
        ),
        "probe of a negative run": (
            replace(trace, probes=(replace(trace.probes[1], run=-1),)),
            "probes[0] belongs to run -1; there are 2",
        ),
        "place in no run": (replace(trace, place=Place(None, 0, 2)), "place.run is 2; there are 2"),
        "place too far": (replace(trace, place=Place(6, 3, 1)), "place.t must lie in 0..2, not 3"),
        "note on no node": (annotated(notes=(Note(7),)), "notes[0] belongs to node 7, not in the"),
        "no baseline": (annotated(baseline=70), "baseline 70 is not in the tree"),
        "long note": (
            annotated(notes=(Note(0, long),)),
            f"Expected `str` of length <= {MAX_TEXT} - at `$.annotations.notes[0].text`",
        ),
        "long condition": (annotated(breakpoints=(Breakpoint(long),)), "breakpoints[0].condition`"),
        "long watch": (annotated(watches=("t", long)), "at `$.annotations.watches[1]`"),
        "surrogate": (annotated(watches=("\ud800",)), "surrogates not allowed"),
        "wrong type": (annotated(layout=None), "`$.annotations.layout`"),
        "token of another": (node(6, token_id=3), "steps[6] has parent 5, t 2, token_id 0"),
    }


@pytest.mark.parametrize("name", broken_documents())
def test_a_document_that_does_not_hold_together_is_not_written(name: str, full: Path) -> None:
    trace, shown = broken_documents()[name]
    before = full.read_bytes()
    with pytest.raises(TraceFileError) as caught:
        save_trace(trace, full)
    assert str(full) in str(caught.value)
    assert shown in str(caught.value)
    assert full.read_bytes() == before


def edit_of(document: dict[str, Any], node: int = 1, edit: int = 0) -> dict[str, Any]:
    """One edit of a written document; its nodes come by t."""
    (found,) = [part for part in document["nodes"] if part["id"] == node]
    chosen: dict[str, Any] = found["edits"][edit]
    return chosen


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (lambda d: edit_of(d).update(how="melt"), "edits[0]: there is no edit alpha 'melt'; valid"),
        (lambda d: edit_of(d).update(values=[]), ".edits[0]: alpha power takes one of values"),
        (lambda d: edit_of(d).update(values=[-2]), ".edits[0]: α can be raised to a power above 0"),
        (lambda d: edit_of(d, 1, 1).update(values=[0.5]), ".edits[1]: α moves by whole positions"),
        (lambda d: edit_of(d, 1, 2).update(positions=[-1]), ".edits[2]: position pick: -1 is no"),
        (lambda d: edit_of(d, 1, 2).update(positions=[6]), "the edits of node 1: position pick"),
        (lambda d: edit_of(d, 1, 3).update(positions=[3, 3]), ".edits[3]: context zero: a posit"),
        (lambda d: edit_of(d, 1, 3).update(positions=[2**70]), "full.attn: "),
        (lambda d: edit_of(d, 1, 4).update(values=["1"]), ".edits[4].values[0]`"),
        (lambda d: edit_of(d, 1, 4).update(values=[None]), ".edits[4].values[0]`"),
        (lambda d: edit_of(d, 1, 4).update(lasting=1), ".edits[4].lasting`"),
        (lambda d: edit_of(d, 1, 4).update(colour=1), "unknown field `colour`"),
        (lambda d: edit_of(d, 5).update(positions=[9]), "the edits of node 5: alpha pin: there is"),
        (lambda d: d["nodes"][0].update(run=2), "node 1 is of run 0, but its parent 0 is of run 2"),
        (lambda d: d["nodes"][0].update(run=-1), "node 0 names run -1; runs count from 0"),
        (lambda d: d["nodes"][-1].update(run=1), "is of run 1, but its parent"),
        (lambda d: d["nodes"][1].update(seed=-1), "nodes[1]: seed must be a whole number"),
        (lambda d: d["nodes"][1].update(mode="a/b/c/d"), "nodes[1]: a mode is score"),
        (lambda d: d["others"].clear(), "belongs to no part of the trace"),
        (lambda d: d["others"].append(d["others"][0]), "run2 lacks its array 'run2/words'"),
        (lambda d: d["others"][0]["model"].update(hash="00"), "run 1 is of another model"),
        (lambda d: d["probes"][1].update(run=2), "probes[1] belongs to run 2; there are 2"),
        (lambda d: d["probes"][0].update(node=8), "probes[0] belongs to node 8, not in the tree"),
        (lambda d: d["place"].update(run=3), "place.run is 3; there are 2 runs"),
        (lambda d: d["annotations"]["notes"][1].update(node=70), "notes[1] belongs to node 70"),
        (lambda d: d["annotations"].update(baseline=70), "baseline 70 is not in the tree"),
        (lambda d: d["annotations"].update(baseline="4"), "`$.annotations.baseline`"),
        (
            lambda d: d["annotations"]["notes"][0].update(text="x" * (MAX_TEXT + 1)),
            f"of length <= {MAX_TEXT} - at `$.annotations.notes[0].text`",
        ),
        (
            lambda d: d["annotations"]["breakpoints"][1].update(condition="x" * 10**6),
            "`$.annotations.breakpoints[1].condition`",
        ),
        (lambda d: d["annotations"]["watches"].append("x" * 10**6), "`$.annotations.watches[2]`"),
    ],
)
def test_what_is_wrong_in_a_document_of_everything_is_named(
    change: Callable[[dict[str, Any]], object], shown: str, full: Path
) -> None:
    change_document(full, change)
    assert shown in refusal(full)


@pytest.mark.parametrize("literal", ["NaN", "1e999", "-Infinity"])
def test_an_edit_by_no_number_is_refused(literal: str, full: Path) -> None:
    header, data = split(full)
    document = header["__metadata__"]["document"]
    assert document.count('"values":[0.25]') == 2
    header["__metadata__"]["document"] = document.replace("[0.25]", f"[{literal}]")
    join(full, header, data)
    refusal(full)


# Files of version 1


def as_version_1(path: Path) -> None:
    """Rewrite a file as the first version wrote it: one input, no edits, no annotations."""

    def older(document: dict[str, Any]) -> None:
        del document["others"], document["annotations"], document["run"]["versions"]
        for node in document["nodes"]:
            del node["edits"], node["run"]
        for part in document["probes"]:
            del part["run"]
        if document["place"] is not None:
            del document["place"]["run"]

    change_document(path, older)
    header, data = split(path)
    header["__metadata__"]["version"] = "1"
    join(path, header, data)


@pytest.mark.parametrize("place", [None, Place(4, 2), Place(None, 0)], ids=str)
def test_a_file_of_version_1_is_read_as_it_was_meant(place: Place | None, saved: Path) -> None:
    trace = replace(toy_trace(3, branches=2, probes=1), place=place)
    save_trace(trace, saved)
    as_version_1(saved)
    header, _ = split(saved)
    assert header["__metadata__"]["version"] == "1"
    assert "edits" not in header["__metadata__"]["document"]
    loaded = load_trace(saved)
    assert_same(loaded, trace)
    assert (loaded.others, loaded.annotations) == ((), Annotations())
    save_trace(loaded, saved)
    assert split(saved)[0]["__metadata__"]["version"] == "2"
    assert_same(load_trace(saved), trace)


def test_what_a_model_is_given_and_fixes_and_the_scene_of_a_picture_are_kept(
    tmp_path: Path,
) -> None:
    trace = toy_trace(grid=(2, 2))
    model = replace(
        trace.run.model,
        takes=("picture", "question"),
        fixed_formula="c_t = W h̄",
        query_formula="q_t = s_t−1 + W_q y_t−1",
    )
    run = replace(trace.run, model=model, scene=7, unknown=("zebra", "é"))
    kept = round_trip(replace(trace, run=run), tmp_path).run
    assert kept.model == model
    assert kept.scene == 7
    assert kept.unknown == ("zebra", "é")


@pytest.mark.parametrize("scene", [-1, 2**63, 10**30, 1.5, "7"])
def test_a_scene_that_there_cannot_be_is_refused(tmp_path: Path, scene: object) -> None:
    path = tmp_path / "trace.attn"
    save_trace(toy_trace(grid=(2, 2)), path)
    change_document(path, lambda document: document["run"].update(scene=scene))
    with pytest.raises(TraceFileError, match="scene"):
        load_trace(path)

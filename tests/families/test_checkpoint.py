"""Model folders: a round trip, and a message for everything that can be wrong with one."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from attn_desktop.common.errors import CheckpointError
from attn_desktop.common.mode import Mode
from attn_desktop.families.base import Given
from attn_desktop.families.checkpoint import (
    CARD,
    CONFIG,
    WEIGHTS,
    folder_hash,
    load_checkpoint,
    save_checkpoint,
)
from tests.toy_models import dedicated, toy_checkpoint, toy_config, toy_model

SOURCE, TARGET = "source.tokenizer.json", "target.tokenizer.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = toy_model()
    save_checkpoint(model, model.config, tmp_path / "toy")
    return tmp_path / "toy"


def refused(folder: Path, file: str, *words: str) -> str:
    """The message with which a folder is refused; it must name the file and hold the words."""
    with pytest.raises(CheckpointError) as error:
        load_checkpoint(folder)
    message = str(error.value)
    assert message.startswith(f"{folder / file}: ")
    for word in words:
        assert word in message
    return message


# -- good folders -----------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("changes", [{}, dedicated("additive")], ids=["switchable", "dedicated"])
def test_a_round_trip_keeps_the_weights_to_half_precision(
    changes: dict[str, Any], cell: str, tmp_path: Path
) -> None:
    model = toy_model(cell=cell, **changes)
    checkpoint = toy_checkpoint(tmp_path / "toy", cell=cell, **changes)
    loaded = checkpoint.model.state_dict()
    assert loaded.keys() == model.state_dict().keys()
    for name, tensor in model.state_dict().items():
        assert loaded[name].dtype == torch.float32
        assert torch.equal(loaded[name], tensor.half().float()), name
    stored = load_file(tmp_path / "toy" / WEIGHTS)
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16}
    assert checkpoint.folder == tmp_path / "toy"
    assert checkpoint.info.name == "toy"
    assert checkpoint.info.family == "seq2seq"
    assert checkpoint.info.trained_modes == tuple(map(Mode.parse, model.config.trained_modes))
    assert checkpoint.info.hash == folder_hash(tmp_path / "toy")


def test_loading_draws_no_random_number(folder: Path) -> None:
    before = torch.random.get_rng_state()
    load_checkpoint(folder)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_loaded_model_computes(folder: Path) -> None:
    model, again = (load_checkpoint(folder).model for _ in range(2))
    memory = model.encode([model.prepare(Given("The red car")).inputs])
    assert torch.equal(
        memory.states, again.encode([again.prepare(Given("The red car")).inputs]).states
    )
    assert torch.isfinite(memory.states).all()


def test_weights_in_other_float_types_are_read(folder: Path) -> None:
    weights = load_file(folder / WEIGHTS)
    for dtype in (torch.bfloat16, torch.float32):
        save_file({name: t.to(dtype) for name, t in weights.items()}, folder / WEIGHTS)
        loaded = load_checkpoint(folder).model.state_dict()
        for name, tensor in weights.items():
            assert torch.equal(loaded[name], tensor.to(dtype).float()), name


def test_the_card_is_read_and_does_not_count_for_the_hash(folder: Path) -> None:
    assert load_checkpoint(folder).info.card == ""
    before = folder_hash(folder)
    (folder / CARD).write_bytes("# A toy é\n".encode() + b"\xff")
    info = load_checkpoint(folder).info
    assert info.card == "# A toy é\n\ufffd"
    assert info.hash == before
    save_checkpoint(toy_model(), toy_config(), folder)
    assert (folder / CARD).read_bytes().startswith(b"# A toy")


@pytest.mark.parametrize("file", [CONFIG, WEIGHTS, SOURCE, TARGET])
def test_every_file_but_the_card_counts_for_the_hash(file: str, folder: Path) -> None:
    before = folder_hash(folder)
    assert folder_hash(folder) == before
    data = (folder / file).read_bytes()
    (folder / file).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert folder_hash(folder) != before


# -- missing and unreadable files ---------------------------------------------------------------


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(
        CheckpointError, match=re.escape(f"{tmp_path / 'no'}: no such model folder")
    ):
        load_checkpoint(tmp_path / "no")
    (tmp_path / "file").write_text("x")
    with pytest.raises(CheckpointError, match="no such model folder"):
        load_checkpoint(tmp_path / "file")


@pytest.mark.parametrize("file", [CONFIG, WEIGHTS, SOURCE, TARGET])
def test_a_missing_file(file: str, folder: Path) -> None:
    (folder / file).unlink()
    refused(folder, file)


@pytest.mark.parametrize("file", [CONFIG, WEIGHTS, SOURCE, TARGET])
def test_a_folder_in_place_of_a_file(file: str, folder: Path) -> None:
    (folder / file).unlink()
    (folder / file).mkdir()
    refused(folder, file)


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"\xff\xfe{}", b"{", b"[" * 100_000], ids=lambda d: f"{len(d)} bytes"
)
@pytest.mark.parametrize("file", [CONFIG, WEIGHTS, SOURCE, TARGET])
def test_a_file_of_something_else(file: str, data: bytes, folder: Path) -> None:
    (folder / file).write_bytes(data)
    refused(folder, file)


# -- config.json --------------------------------------------------------------------------------


def reconfigure(folder: Path, **changes: Any) -> None:
    path = folder / CONFIG
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("value", [[], None, 3, "text"])
def test_a_config_that_is_no_object(value: Any, folder: Path) -> None:
    (folder / CONFIG).write_text(json.dumps(value))
    refused(folder, CONFIG, "unknown model family None; valid are: ", "seq2seq")


@pytest.mark.parametrize("family", ["transformer", "", None, 3, ["seq2seq"], {"name": "seq2seq"}])
def test_an_unknown_family(family: Any, folder: Path) -> None:
    reconfigure(folder, family=family)
    refused(folder, CONFIG, f"unknown model family {family!r}; valid are: ", "seq2seq")


def test_a_config_too_large_to_be_one(folder: Path) -> None:
    (folder / CONFIG).write_text(" " * (1 << 20) + "{}")
    refused(folder, CONFIG, "larger than 1048576 bytes")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": "red"}, ("colour",)),
        ({"embedding_size": "6"}, ("embedding_size", "int", "str")),
        ({"embedding_size": 6.0}, ("embedding_size", "int", "float")),
        ({"embedding_size": True}, ("embedding_size", "int", "bool")),
        ({"embedding_size": None}, ("embedding_size", "int", "null")),
        ({"embedding_size": 0}, ("embedding_size", ">= 1")),
        ({"encoder_size": 10**6}, ("encoder_size", "<= 8192")),
        ({"decoder_size": 10**30}, ("decoder_size",)),
        ({"source_vocabulary": 10**9}, ("source_vocabulary", "<= 500000")),
        ({"half_width": -1}, ("half_width", ">= 0")),
        ({"half_width": float("nan")}, ("half_width",)),
        ({"half_width": float("inf")}, ("half_width", "<= 1000")),
        ({"dropout": 1.0}, ("dropout", "< 1")),
        ({"cell": "rnn"}, ("cell", "rnn")),
        ({"scores": "dot"}, ("scores", "array", "str")),
        ({"scores": ["dot", "bilinear"]}, ("'bilinear'", "additive, location, general, dot")),
        ({"scores": ["dot", "none"]}, ("unknown score 'none'",)),
        ({"scores": ["dot", ""]}, ("unknown score ''",)),
        ({"scores": ["dot"]}, ("trained_modes", "no score 'additive'; it has: dot, none")),
        ({"trained_modes": ["additive/regional"]}, ("trained_modes", "'regional'", "local-m")),
        ({"trained_modes": ["additive/global/firm"]}, ("'firm'", "soft, hard")),
        ({"trained_modes": ["bilinear"]}, ("trained_modes", "'bilinear'", "cosine, additive")),
        ({"trained_modes": ["a/b/c/d"]}, ("score[/scope[/weighting]]",)),
        ({"trained_modes": [""]}, ("score[/scope[/weighting]]",)),
        ({"trained_modes": ["none/local-m"]}, ("without attention",)),
        ({"projection_size": None, "decoder_size": 7}, ("the state has 7, the annotations 10",)),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, dict) else "",
)
def test_a_config_with_a_bad_value(
    changes: dict[str, Any], words: tuple[str, ...], folder: Path
) -> None:
    reconfigure(folder, **changes)
    refused(folder, CONFIG, *words)


@pytest.mark.parametrize("key", ["family", "encoder_size", "scores", "trained_modes"])
def test_a_config_without_a_key(key: str, folder: Path) -> None:
    path = folder / CONFIG
    config = json.loads(path.read_text())
    del config[key]
    path.write_text(json.dumps(config))
    refused(folder, CONFIG, "family" if key == "family" else f"`{key}`")


@pytest.mark.parametrize(
    ("changes", "tensor"),
    [
        ({"encoder_size": 6}, "encoder"),
        ({"embedding_size": 8}, ""),
        ({"projection_size": None, "scores": ["general"], "trained_modes": []}, ""),
        ({"projection_size": 5}, "attention"),
        ({"longest_source": 99}, "attention.scores.location.score.weight.weight"),
        ({"cell": "lstm"}, ""),
    ],
    ids=str,
)
def test_a_config_that_asks_for_other_tensors(
    changes: dict[str, Any], tensor: str, folder: Path
) -> None:
    reconfigure(folder, **changes)
    refused(folder, WEIGHTS, f"'{tensor}" if tensor else "tensor '")


def test_a_config_of_huge_sizes_is_refused_before_memory_is_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With these sizes the weights would take some 4 GB."""
    sizes = dict.fromkeys(("embedding_size", "encoder_size", "decoder_size"), 8192)
    reconfigure(folder, **sizes, projection_size=8192, longest_source=8192)
    allocated: list[torch.device] = []
    empty = torch.empty

    def watched(*args: Any, **kwargs: Any) -> torch.Tensor:
        made = empty(*args, **kwargs)
        allocated.append(made.device)
        return made

    def refuse(*_: Any, **__: Any) -> torch.nn.Module:
        raise AssertionError("memory was taken before the shapes were compared")

    monkeypatch.setattr(torch, "empty", watched)
    monkeypatch.setattr(torch.nn.Module, "to_empty", refuse)
    refused(folder, WEIGHTS, "config.json asks for (", "8192")
    assert allocated
    assert {device.type for device in allocated} == {"meta"}


# -- weights.safetensors ------------------------------------------------------------------------

NAME = "bridge.weight"


def reweigh(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    weights = load_file(folder / WEIGHTS)
    change(weights)
    save_file(weights, folder / WEIGHTS)


@pytest.mark.parametrize("share", [0.0, 0.0005, 0.01, 0.3, 0.5, 0.9, 0.9999])
def test_weights_cut_short(share: float, folder: Path) -> None:
    path = folder / WEIGHTS
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    refused(folder, WEIGHTS, "incomplete or not a safetensors file")


def test_weights_with_bytes_after_the_end(folder: Path) -> None:
    with (folder / WEIGHTS).open("ab") as file:
        file.write(b"\0\0")
    refused(folder, WEIGHTS, "incomplete or not a safetensors file")


def test_weights_of_random_bytes(folder: Path) -> None:
    for seed in range(20):
        (folder / WEIGHTS).write_bytes(np.random.default_rng(seed).bytes(3000))
        refused(folder, WEIGHTS, "incomplete or not a safetensors file")


def test_weights_with_a_header_that_promises_more_than_there_is(folder: Path) -> None:
    header = json.dumps({NAME: {"dtype": "F16", "shape": [10**6] * 2, "data_offsets": [0, 2]}})
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", len(header)) + header.encode() + b"\0\0")
    refused(folder, WEIGHTS)


def test_a_pickle_is_not_opened(folder: Path) -> None:
    torch.save({NAME: torch.zeros(1)}, folder / WEIGHTS)
    refused(folder, WEIGHTS, "not a safetensors file")


def test_a_tensor_too_few(folder: Path) -> None:
    reweigh(folder, lambda weights: weights.pop(NAME))
    refused(folder, WEIGHTS, f"no tensor '{NAME}', which config.json asks for")


def test_a_tensor_too_many(folder: Path) -> None:
    reweigh(folder, lambda weights: weights.update(bridge2=torch.zeros(1)))
    refused(folder, WEIGHTS, "tensor 'bridge2' has no place in this model")


@pytest.mark.parametrize("shape", [(5, 10), (100,), (10, 10, 1), (), (0, 10)])
def test_a_tensor_of_another_shape(shape: tuple[int, ...], folder: Path) -> None:
    reweigh(folder, lambda weights: weights.update({NAME: torch.zeros(shape, dtype=torch.half)}))
    refused(folder, WEIGHTS, f"tensor '{NAME}' is {shape}", "asks for (10, 10)")


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        (torch.int64, "I64"),
        (torch.int8, "I8"),
        (torch.bool, "BOOL"),
        (torch.float64, "F64"),
        (torch.float8_e4m3fn, "F8_E4M3"),
        (torch.complex64, "C64"),
    ],
)
def test_a_tensor_of_another_type(dtype: torch.dtype, name: str, folder: Path) -> None:
    tensor = torch.zeros(10, 10).to(dtype)
    reweigh(folder, lambda weights: weights.update({NAME: tensor}))
    refused(folder, WEIGHTS, f"tensor '{NAME}' is {name}; weights are one of F16, BF16, F32")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none(value: float, folder: Path) -> None:
    def spoil(weights: dict[str, torch.Tensor]) -> None:
        weights[NAME][3, 4] = value

    reweigh(folder, spoil)
    refused(folder, WEIGHTS, f"tensor '{NAME}' holds NaN or infinity")


# -- tokenizers -----------------------------------------------------------------------------------


def retokenize(folder: Path, change: Callable[[dict[str, Any]], Any], file: str = TARGET) -> None:
    content = json.loads((folder / file).read_text())
    change(content)
    (folder / file).write_text(json.dumps(content))


@pytest.mark.parametrize("file", [SOURCE, TARGET])
def test_a_tokenizer_of_another_size(file: str, folder: Path) -> None:
    side = file.partition(".")[0]
    reconfigure(folder, **{f"{side}_vocabulary": 341})
    refused(folder, file, "has 340 pieces", f"config.json says {side}_vocabulary 341")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t["model"]["vocab"].update({"<s>": 2, "</s>": 1}), "no <s> at id 1"),
        (lambda t: t["model"]["vocab"].update({"<0x7F>": 3, "<0x00>": 130}), "no <0x00> at id 3"),
        (lambda t: t["model"]["vocab"].update({"a": 10**6}), "ids 0 to 339"),
        (lambda t: t["model"].update(byte_fallback=False), "unknown characters into bytes"),
        (lambda t: t["model"].update(continuing_subword_prefix="((("), "not a tokenizer file"),
        (lambda t: t["model"].update(merges=[["no", "such"]]), "not a tokenizer file"),
        (lambda t: t.update(model={"type": "Unigram"}), "not a tokenizer file"),
        (lambda t: t["model"].update(vocab={}, merges=[]), "no <pad> at id 0"),
        (lambda t: t.clear(), "not a tokenizer file"),
    ],
    ids=["markers", "bytes", "id", "fallback", "panic", "merges", "model", "empty", "nothing"],
)
def test_a_spoilt_tokenizer(
    change: Callable[[dict[str, Any]], Any], words: str, folder: Path
) -> None:
    retokenize(folder, change)
    refused(folder, TARGET, words)


def test_a_tokenizer_too_large_to_be_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attn_desktop.inputs.text.MAX_FILE_BYTES", 100)
    refused(folder, SOURCE, "larger than 100 bytes")

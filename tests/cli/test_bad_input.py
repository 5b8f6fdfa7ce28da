"""Whatever is wrong with what a user gives: exit code 2 and one line that names it."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from attn_desktop.trace.storage import VERSION, save_trace
from tests.cli.conftest import Invoke
from tests.toy_records import toy_trace

TEXT = "The red car."
EVALUATE = ("evaluate", "MODEL", "FILE", "--source", "en", "--target", "fr")


def refused(result: Result, *needles: str) -> None:
    assert result.exit_code == 2, result.output
    line = result.stderr
    assert line.startswith("attn-desktop: ")
    assert line.count("\n") == 1, line
    assert "Traceback" not in line
    for needle in needles:
        assert needle in line
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("options", "needles"),
    [
        (("--score", "bilinear"), ("'bilinear'", "cosine, additive, location, general, dot")),
        (("--scope", "wide"), ("'wide'", "global, local-m, local-p")),
        (("--weighting", "medium"), ("'medium'", "soft, hard")),
        (("--score", "none", "--weighting", "hard"), ("without attention",)),
        (("--temperature", "-1"), ("temperature", "greater than 0", "-1.0")),
        (("--temperature", "nan"), ("temperature", "nan")),
        (("--top-p", "1.5"), ("top_p", "at most 1", "1.5")),
        (("--top-k", "0"), ("top_k", "at least 1")),
        (("--seed", "-4"), ("seed", "-4")),
        (("--seed", "soon"), ("--seed", "integer")),
        (("--max-steps", "0"), ("--max-steps",)),
        (("--device", "tpu"), ("'tpu'", "cpu")),
        (("--device", "cuda:99"), ("'cuda:99'", "cpu")),
        (("--colour",), ("--colour", "attn-desktop step --help")),
    ],
)
@pytest.mark.parametrize("command", ["step", "trace", "decode"])
def test_options(
    invoke: Invoke,
    model: Path,
    tmp_path: Path,
    command: str,
    options: tuple[str, ...],
    needles: tuple[str, ...],
) -> None:
    file = tmp_path / "x.attn"
    text = () if command == "decode" else (TEXT,)
    output = ("-o", file) if command == "trace" else ()
    needles = tuple(needle.replace("step --help", f"{command} --help") for needle in needles)
    refused(invoke(command, model, *text, *output, *options, input=f"{TEXT}\n"), *needles)
    assert not file.exists()


@pytest.mark.parametrize(
    ("args", "needles"),
    [
        (("stepp",), ("'stepp'", "'step'")),
        (("--nonsense",), ("--nonsense",)),
        (("step",), ("MODEL",)),
        (("step", "MODEL"), ("TEXT",)),
        (("step", "MODEL", ""), ("empty",)),
        (("step", "MODEL", " \n\t "), ("empty",)),
        (("step", "MODEL", "word " * 513), ("512", "pieces")),
        (("step", "MODEL", "a\udcffb"), ("surrogate", "character 1")),
        (("step", "MODEL", TEXT, "--json", "--score", "sum"), ("'sum'", "additive")),
        (("step", "no/such/folder", TEXT), ("'no/such/folder'",)),
        (("step", "evil\x1b[2J\nname", TEXT), (r"\x1b",)),
        (("trace", "MODEL", TEXT), ("-o",)),
        (("trace", "MODEL", TEXT, "-o", "TMP/no/x.attn"), ("no/x.attn", "no folder")),
        (("trace", "MODEL", TEXT, "-o", "TMP"), ("it is a folder",)),
        (("show", "TMP/missing.attn"), ("missing.attn", "No such file")),
        (("show", "TMP"), ("this is a folder",)),
        (("decode", "MODEL", "--beam", "0"), ("beam width", "0")),
        (("decode", "MODEL", "--beam", "2", "--sample"), ("--beam", "--sample")),
        (("decode", "MODEL", "--beam", "2", "--length-penalty", "-1"), ("length_penalty",)),
        (("decode", "MODEL", "--coverage-penalty", "nan"), ("coverage_penalty", "nan")),
        (("evaluate", "MODEL", "TMP/no.tsv.gz", "--source", "en"), ("--target",)),
        (("evaluate", "MODEL", "TMP/no.tsv", "--source", "en", "--target", "fr"), ("no.tsv",)),
        (("train", "en-de", "--data", "TMP", "--out", "TMP/o"), ("'en-de'", "en-fr")),
        (("train", "en-fr", "--data", "TMP/no", "--out", "TMP/o"), ("--data", "TMP/no")),
        (("train", "en-fr", "--data", "TMP", "--out", "TMP/o"), ("tatoeba_en_fr.tsv.gz",)),
        (("train", "en-fr", "--data", "TMP", "--out", "TMP/o", "--epochs", "0"), ("--epochs",)),
        (("train", "en-fr", "--data", "TMP", "--out", "TMP/o", "--device", "x"), ("'x'",)),
        (("train", "en-fr", "--data", "TMP", "--out", "TMP/o", "--seed", "-1"), ("--seed",)),
        (
            ("train", "en-fr", "--data", "TMP", "--out", "TMP/o", "--encoder", "TMP/e"),
            ("en-fr", "--encoder"),
        ),
        (
            ("train", "own-captioner", "--data", "TMP", "--out", "TMP/o", "--encoder", "TMP/e"),
            ("TMP", "table of captions"),
        ),
    ],
)
def test_arguments(
    invoke: Invoke, model: Path, tmp_path: Path, args: tuple[str, ...], needles: tuple[str, ...]
) -> None:
    def fill(part: str) -> str:
        return part.replace("MODEL", str(model)).replace("TMP", str(tmp_path))

    more = ("--workers", "1") if args[0] == "train" and "--epochs" not in args else ()
    result = invoke(*map(fill, args), *more, input=f"{TEXT}\n")
    # "reading the data" is progress, said before a data set turns out to be missing.
    result.stdout_bytes = result.stdout_bytes.removeprefix(b"reading the data\n")
    needles = tuple(map(fill, needles)) if "MODEL" not in needles else needles
    refused(result, *needles)


def test_training_into_a_file(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    args = ("--data", tmp_path, "--out", tmp_path / "out")
    refused(invoke("train", "en-fr", *args), "--out", "is a file")


@pytest.mark.parametrize(
    ("stdin", "needles"),
    [
        (f"{TEXT}\n{'word ' * 513}\n".encode(), ("line 2", "512")),
        (b"fine\nfine\nbad \xff\n", ("line 3", "UTF-8", "byte 4")),
    ],
)
def test_lines_of_stdin(
    invoke: Invoke, model: Path, stdin: bytes, needles: tuple[str, ...]
) -> None:
    refused(invoke("decode", model, input=stdin), *needles)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def _config(path: Path) -> None:
    path.write_text(path.read_text().replace("seq2seq", "seq3seq"))


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("config.json", Path.unlink),
        ("config.json", _config),
        ("weights.safetensors", Path.unlink),
        ("weights.safetensors", _cut),
        ("source.tokenizer.json", Path.unlink),
        ("target.tokenizer.json", _cut),
    ],
)
def test_model_folders(
    invoke: Invoke, model: Path, tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(model, folder)
    damage(folder / name)
    refused(invoke("step", folder, TEXT), name)


def _newer(content: bytes) -> bytes:
    written = b'"version":"%d"' % VERSION
    assert content.count(written) == 1
    return content.replace(written, b'"version":"9"')


@pytest.mark.parametrize(
    ("change", "needle"),
    [
        (lambda content: content[:-100], "cut short"),
        (lambda content: b"", "a.attn"),
        (lambda content: os.urandom(5000), "a.attn"),
        (_newer, "newer version"),
    ],
)
def test_trace_files(
    invoke: Invoke, tmp_path: Path, change: Callable[[bytes], bytes], needle: str
) -> None:
    file = tmp_path / "a.attn"
    save_trace(toy_trace(steps=2), file)
    file.write_bytes(change(file.read_bytes()))
    refused(invoke("show", file), "a.attn", needle)


@pytest.mark.parametrize(
    ("content", "needles"),
    [
        (b"en\tfr\na\tb\nc\n", ("line 3", "1 cell, the header has 2")),
        (b"en\tfr\na\tb\tc\n", ("line 2", "3 cells, the header has 2")),
        (b"en\tde\na\tb\n", ("no column 'fr'", "en, de")),
        (b"en\tfr\n", ("no rows",)),
        (b"", ("no column 'en'",)),
        (b"en\tfr\n\xff\tb\n", ("UTF-8",)),
    ],
)
def test_tables(
    invoke: Invoke, model: Path, tmp_path: Path, content: bytes, needles: tuple[str, ...]
) -> None:
    file = tmp_path / "a.tsv"
    file.write_bytes(content)
    args = [{"MODEL": str(model), "FILE": str(file)}.get(part, part) for part in EVALUATE]
    refused(invoke(*args), "a.tsv", *needles)


def test_damaged_gzip_files(invoke: Invoke, model: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.tsv.gz"
    args = [{"MODEL": str(model), "FILE": str(file)}.get(part, part) for part in EVALUATE]
    whole = gzip.compress(b"en\tfr\n" + b"".join(b"%d\t%d\n" % (i, i * i) for i in range(999)))
    for content in (
        b"en\tfr\na\tb\n",
        whole[:-30],
        whole[:200] + b"\xff" * 8 + whole[208:],
        whole[:-8] + b"\0" * 8,
    ):
        file.write_bytes(content)
        refused(invoke(*args), "a.tsv.gz")

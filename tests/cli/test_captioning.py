"""`evaluate --images`: captions of pictures on disk, and every way in which they may be wrong."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import Result

from tests.cli.conftest import Invoke
from tests.toy_photos import caption_table, picture_folder, png, spoil, zip_of
from tests.toy_seers import toy_captioner_checkpoint, toy_vqa_checkpoint

KEYS = [
    "split",
    "score",
    "scope",
    "pictures",
    "left_out",
    "captions_per_picture",
    "beam",
    "tokens",
    "signature",
    "modes",
    "seconds",
]
NAMES = ("a.png", "b.png", "c.png")
ROWS = [(name, text) for name in NAMES for text in ("a red square .", "one Square")]


@pytest.fixture(scope="module")
def captioner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a toy captioner."""
    folder = tmp_path_factory.mktemp("captioner")
    toy_captioner_checkpoint(folder)
    return folder


def figures(result: Result) -> dict[str, object]:
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    assert list(found) == KEYS
    return found


def told(result: Result) -> list[str]:
    """The notes on stderr."""
    lines = result.stderr.splitlines()
    assert all(line.startswith("attn-desktop: ") for line in lines)
    assert "Traceback" not in result.stderr
    return lines


@pytest.mark.parametrize("beam", [(), ("--beam", 3), ("--beam", 1)])
def test_a_folder_is_scored_in_every_mode(
    invoke: Invoke, captioner: Path, tmp_path: Path, beam: tuple[object, ...]
) -> None:
    table = caption_table(tmp_path / "c.tsv.gz", ROWS)
    folder = picture_folder(tmp_path / "p", NAMES)
    found = figures(invoke("evaluate", captioner, table, "--images", folder, "--json", *beam))
    assert (found["pictures"], found["captions_per_picture"]) == (3, 2)
    assert found["beam"] == (beam[1] if beam else 5)
    modes = found["modes"]
    assert isinstance(modes, dict)
    assert list(modes) == ["none", "soft", "hard"]
    for mode in modes.values():
        assert {"bleu1", "bleu4", "bleu1_no_penalty", "brevity_penalty", "distinct"} <= mode.keys()


def test_without_json_the_modes_stand_side_by_side(
    invoke: Invoke, captioner: Path, tmp_path: Path
) -> None:
    table = caption_table(tmp_path / "c.tsv.gz", ROWS)
    path = zip_of(tmp_path / "p.zip", {name: png() for name in NAMES})
    result = invoke("evaluate", captioner, table, "--images", path)
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["none", "soft", "hard"] in lines
    assert ["pictures", "3"] in lines
    (bleu,) = [line for line in lines if line[:1] == ["bleu1"]]
    assert len(bleu) == 4


def test_the_test_split_is_scored_unless_another_one_is_asked_for(
    invoke: Invoke, captioner: Path, tmp_path: Path
) -> None:
    rows = [(*row, "test" if row[0] == "b.png" else "train") for row in ROWS]
    table = caption_table(tmp_path / "c.tsv.gz", rows, ("image", "caption", "split"))
    command = ("evaluate", captioner, table, "--images", picture_folder(tmp_path / "p", NAMES))
    result = invoke(*command, "--json")
    assert (figures(result)["split"], figures(result)["pictures"]) == ("test", 1)
    assert told(result) == [
        f"attn-desktop: note: {table}: the split 'test' is scored; --split chooses another one"
    ]
    result = invoke(*command, "--json", "--split", "train")
    assert (figures(result)["split"], figures(result)["pictures"]) == ("train", 2)
    assert told(result) == []
    result = invoke(*command, "--split", "val")
    assert result.exit_code == 2
    assert "no split 'val'; it has: train, test" in result.stderr


def test_all_rows_are_scored_without_such_a_split(
    invoke: Invoke, captioner: Path, tmp_path: Path
) -> None:
    table = caption_table(tmp_path / "c.tsv", ROWS)
    folder = picture_folder(tmp_path / "p", NAMES)
    result = invoke("evaluate", captioner, table, "--images", folder, "--json")
    assert figures(result)["split"] is None
    assert told(result) == [
        f"attn-desktop: note: {table}: there is no split 'test', so all rows are scored"
    ]


def test_whatever_is_broken_is_named_and_the_rest_goes_on(
    invoke: Invoke, captioner: Path, tmp_path: Path
) -> None:
    """Pictures without captions, captions without pictures, broken zips, a thousand words."""
    rows = [
        *ROWS,
        ("lost.png", "a picture that is not there"),
        ("a.png", "word " * 1000),
        ("b.png", ""),
        ("c.png", "a tab\ttoo many"),
        ("broken.png", "a dog"),
        ("text.png", "a dog"),
    ]
    table = caption_table(tmp_path / "c.tsv.gz", rows)
    folder = picture_folder(tmp_path / "p", (*NAMES[:2], "bare.png"))
    zip_of(folder / "1.zip", {"c.png": png(), "broken.png": png(8), "text.png": b"text"})
    spoil(folder / "1.zip", png(8), png(8)[:-60] + b"?" * 60)
    zip_of(folder / "2.zip", {"late.png": png()}, zipfile.ZIP_LZMA)
    (folder / "3.zip").write_bytes(zip_of(tmp_path / "w.zip", {"z.png": png()}).read_bytes()[:50])
    result = invoke("evaluate", captioner, table, "--images", folder, "--json")
    found = figures(result)
    assert (found["pictures"], found["left_out"], found["captions_per_picture"]) == (3, 2, 2)
    zipped = f"{folder / '1.zip'}, member"
    for line, said in zip(
        told(result),
        (
            f"{table}, line 9: left out, the caption has 1000 words; at most 100 are read",
            f"{table}, line 10: left out, the caption has no word",
            f"{table}, line 11: 3 cells, the header has 2; left out",
            f"{folder / '2.zip'}, member late.png: left out, its kind of compression",
            f"{folder / '3.zip'}: left out, it cannot be read as a zip file",
            "there is no split 'test'",
            f"{folder}: pictures without a caption: 1 (bare.png)",
            f"{table}: captions without a picture: 1, on lines 8; there is no lost.png",
            f"left out: {zipped} broken.png: the zip file is damaged here",
            f"left out: {zipped} text.png: this is not an image",
        ),
        strict=True,
    ):
        assert said in line


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("CAPTIONER", "TABLE", "--images", "TMP/no"), "TMP/no: a folder of pictures"),
        (("CAPTIONER", "TABLE", "--images", "TABLE"), "c.tsv.gz: a folder of pictures"),
        (("CAPTIONER", "TABLE", "--images", "TMP/bare"), "TMP/bare: there are no pictures"),
        (("CAPTIONER", "TABLE", "--images", "TMP/x.zip"), "x.zip: there are no pictures"),
        (("CAPTIONER", "TABLE", "--images", "TMP/other"), "no picture of TMP/other"),
        (("CAPTIONER", "TMP/no.tsv", "--images", "TMP/p"), "no.tsv: No such file"),
        (("CAPTIONER", "TMP/half.tsv.gz", "--images", "TMP/p"), "half.tsv.gz: the gzip file"),
        (("CAPTIONER", "TMP/names.tsv", "--images", "TMP/p"), "no column 'caption'"),
        (("CAPTIONER", "TMP/empty.tsv", "--images", "TMP/p"), "no column 'image'"),
        (("CAPTIONER", "--images", "TMP/p"), "a table with the columns image and caption"),
        (("CAPTIONER", "TABLE", "--images", "TMP/p", "--source", "en"), "no --source"),
        (("CAPTIONER", "TABLE", "--images", "TMP/p", "--beam", "0"), "beam width"),
        (("CAPTIONER", "TABLE", "--images", "TMP/p", "--seed", "-1"), "seed"),
        (("CAPTIONER", "TABLE", "--images", "TMP/p", "--score", "aditive"), "'aditive'"),
        (("CAPTIONER", "TABLE", "--images", "TMP/p", "--scope", "near"), "'near'"),
        (("CAPTIONER", "TABLE", "--images", "TMP/p", "--device", "x"), "'x'"),
        (("CAPTIONER", "TABLE", "--split", "test"), "--images"),
        (("CAPTIONER", "--scenes", "2", "--images", "TMP/p"), "--scenes are rendered"),
        (("MODEL", "TABLE", "--images", "TMP/p"), "this model takes a text"),
        (("TMP/vqa", "TABLE", "--images", "TMP/p"), "takes a picture and a question"),
        (("TMP/no-model", "TABLE", "--images", "TMP/p"), "no-model"),
    ],
)
def test_what_cannot_be_scored_is_refused(
    invoke: Invoke,
    captioner: Path,
    model: Path,
    tmp_path: Path,
    args: tuple[str, ...],
    said: str,
) -> None:
    table = caption_table(tmp_path / "c.tsv.gz", ROWS)
    picture_folder(tmp_path / "p", NAMES)
    picture_folder(tmp_path / "other", ("z.png",))
    (tmp_path / "bare").mkdir()
    (tmp_path / "x.zip").write_bytes(b"no zip")
    (tmp_path / "half.tsv.gz").write_bytes(table.read_bytes()[:-9])
    caption_table(tmp_path / "names.tsv", ROWS, ("image", "text"))
    (tmp_path / "empty.tsv").write_bytes(b"")
    if "TMP/vqa" in args:
        toy_vqa_checkpoint(tmp_path / "vqa")

    def fill(part: str) -> str:
        for name, path in (
            ("CAPTIONER", captioner),
            ("MODEL", model),
            ("TABLE", table),
            ("TMP", tmp_path),
        ):
            part = part.replace(name, str(path))
        return part

    result = invoke("evaluate", *map(fill, args), "--json")
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert fill(said) in told(result)[-1]
    assert "note: " not in told(result)[-1]

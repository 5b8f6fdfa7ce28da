"""Figures, numbers and reports of a file on the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attn_desktop.common.mode import Mode
from attn_desktop.trace.storage import save_trace
from tests.cli.conftest import Invoke
from tests.toy_records import Sizes, toy_trace

ROOT = Path(__file__).resolve().parents[2]
PANELS = (
    "alignment",
    "alpha",
    "branches",
    "context",
    "geometry",
    "lanes",
    "next-token",
    "timeline",
)
SVG = "{http://www.w3.org/2000/svg}"
pytestmark = pytest.mark.usefixtures("needs_qt")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two branches of five steps."""
    path = tmp_path / "a.attn"
    save_trace(toy_trace(steps=5, branches=2), path)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


# -- panels -------------------------------------------------------------------------------


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("suffix", ["png", "svg", "csv", "npz", "json"])
def test_a_panel_is_written_in_every_format(
    invoke: Invoke, file: Path, out: Path, panel: str, suffix: str
) -> None:
    target = out / f"a.{suffix}"
    result = invoke("export", file, "--panel", panel, "-o", target)
    assert result.exit_code == 0, result.stderr
    assert not result.stderr
    assert list(out.iterdir()) == [target]
    if suffix == "png":
        with Image.open(target) as picture:
            assert picture.width == 1016, "86 mm at 300 dpi"
            assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.02)
    elif suffix == "svg":
        assert ET.parse(target).getroot().get("width") == "86mm"
    elif suffix == "csv":
        assert len(target.read_text(encoding="utf-8").splitlines()) > 1
    elif suffix == "npz":
        with np.load(target, allow_pickle=False) as numbers:
            assert set(numbers["keys"].tolist()) <= set(numbers.files)
    else:
        assert json.loads(target.read_bytes())["panel"] == panel


@pytest.mark.parametrize(
    ("options", "pixels", "dpi"),
    [
        (("--size", "900x600"), (900, 600), 96),
        (("--size", "900x600", "--dpi", "192"), (900, 600), 192),
        (("--size", "86mm x 60mm"), (1016, 709), 300),
        (("--size", "86mm x 60mm", "--dpi", "150"), (508, 354), 150),
        (("--size", "4in x 3in", "--dpi", "100"), (400, 300), 100),
    ],
)
def test_a_picture_has_the_size_that_is_asked_for(
    invoke: Invoke,
    file: Path,
    out: Path,
    options: tuple[str, ...],
    pixels: tuple[int, int],
    dpi: int,
) -> None:
    target = out / "a.PNG"
    assert invoke("export", file, "--panel", "alignment", "-o", target, *options).exit_code == 0
    with Image.open(target) as picture:
        assert picture.size == pixels
        assert picture.info["dpi"] == pytest.approx((dpi, dpi), abs=0.02)


@pytest.mark.parametrize(
    ("theme", "card"),
    [(None, (255, 255, 255)), ("light", (255, 255, 255)), ("system", (255, 255, 255)),
     ("dark", (38, 42, 48))],
)  # fmt: skip
def test_a_picture_has_the_theme_that_is_asked_for(
    invoke: Invoke, file: Path, out: Path, theme: str | None, card: tuple[int, ...]
) -> None:
    options = () if theme is None else ("--theme", theme)
    target = out / "a.png"
    invoke("export", file, "--panel", "lanes", "-o", target, *options)
    with Image.open(target) as picture:
        assert picture.convert("RGB").getpixel((0, 0)) == card


def test_type_is_as_large_as_asked(invoke: Invoke, file: Path, out: Path) -> None:
    sizes = []
    for options in ((), ("--type-size", "1.2"), ("--size", "600x500")):
        invoke("export", file, "--panel", "alignment", "-o", out / "a.svg", *options)
        title = next(ET.parse(out / "a.svg").getroot().iter(f"{SVG}text"))
        sizes.append(float(title.attrib["font-size"]) * 0.75)
    assert sizes == pytest.approx([8, 12, 10], abs=0.1), "points; a pixel is 1/96 inch"


def test_step_and_branch_are_chosen(invoke: Invoke, file: Path, out: Path) -> None:
    def said(*options: object) -> dict[str, object]:
        invoke("export", file, "--panel", "timeline", "-o", out / "a.json", *options)
        found: dict[str, object] = json.loads((out / "a.json").read_bytes())
        return found

    trace = toy_trace(steps=5, branches=2)
    leaves = trace.tree.leaves()
    tokens = {step.node: step.token for step in trace.steps}
    for number, leaf in enumerate(leaves, start=1):
        rows = said("--branch", number)["rows"]
        assert isinstance(rows, list)
        expected = [tokens[node.id].removeprefix("▁") for node in trace.tree.path(leaf.id)]
        assert [row[1].removeprefix("·") for row in rows] == expected
    assert said("--step", 2)["run"]["t"] == 2  # type: ignore[index]
    assert said("--step", 0)["run"]["t"] == 0  # type: ignore[index]
    assert said()["run"]["t"] == 5  # type: ignore[index]


def test_words_are_joined(invoke: Invoke, tmp_path: Path, out: Path) -> None:
    from tests.toy_scenes import split_words

    trace = toy_trace(sizes=Sizes(source=9))
    joined = type(trace)(split_words(trace.run, 2), trace.tree, trace.steps)
    save_trace(joined, tmp_path / "w.attn")
    for options, columns in (((), 9), (("--words",), 5)):
        invoke("export", tmp_path / "w.attn", "--panel", "alpha", "-o", out / "a.json", *options)
        assert len(json.loads((out / "a.json").read_bytes())["rows"]) == columns


# -- all of it ----------------------------------------------------------------------------


@pytest.mark.parametrize("options", [("--html",), ()])
def test_a_report_is_written(
    invoke: Invoke, file: Path, out: Path, options: tuple[str, ...]
) -> None:
    result = invoke("export", file, *options, "-o", out / "r.html", "--theme", "dark")
    assert result.exit_code == 0, result.stderr
    page = (out / "r.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert 'data-theme="dark"' in page


@pytest.mark.parametrize("options", [("--numbers",), ()])
def test_all_numbers_are_written(
    invoke: Invoke, file: Path, out: Path, options: tuple[str, ...]
) -> None:
    assert invoke("export", file, *options, "-o", out / "all.npz").exit_code == 0
    with np.load(out / "all.npz", allow_pickle=False) as numbers:
        assert numbers["branch2/alpha"].shape == (5, 6)


@pytest.mark.parametrize("mode", ["none", "additive/global/hard"])
def test_any_mode_is_exported(invoke: Invoke, tmp_path: Path, out: Path, mode: str) -> None:
    save_trace(toy_trace(mode=Mode.parse(mode)), tmp_path / "m.attn")
    for options in (("--panel", "alpha", "-o", out / "a.svg"), ("-o", out / "r.html")):
        assert invoke("export", tmp_path / "m.attn", *options).exit_code == 0


def test_panels_are_listed_without_a_file(invoke: Invoke) -> None:
    result = invoke("export", "--list-panels")
    assert result.exit_code == 0
    names = [line.split()[0] for line in result.stdout.splitlines()]
    assert set(PANELS) <= set(names)


# -- bad input ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--panel", "nope", "-o", "a.svg"), "unknown panel 'nope'; valid are: alignment"),
        (("-o", "a.svg"), "which panel? --panel is one of: alignment"),
        (("--panel", "alpha", "-o", "a.jpg"), "suffix '.jpg' is unknown; valid are: .png, .svg"),
        (("--panel", "alpha", "-o", "a"), "a: has no suffix; valid are: .png"),
        (("--panel", "alpha", "-o", "a.html"), "suffix '.html' is unknown"),
        (("--html", "-o", "a.png"), "valid are: .html"),
        (("--numbers", "-o", "a.csv"), "valid are: .npz"),
        (("--html", "--numbers", "-o", "a.npz"), "--html and --numbers are different files"),
        (("-o", "a.txt"), "suffix '.txt' is unknown; valid are: .png, .svg, .csv"),
        (("--html", "-o", "a.html", "--dpi", "300"), "--dpi is of pictures only"),
        (("--panel", "alpha", "-o", "a.csv", "--size", "9x9"), "--size is of pictures only"),
        (("-o", "a.npz", "--theme", "dark"), "--theme is of pictures and reports only"),
        (("-o", "a.npz", "--words"), "--words is of panels and reports only"),
        (("-o", "a.npz", "--step", "1", "--branch", "1"), "--step, --branch are of --panel only"),
        (("--panel", "alpha", "-o", "a.png", "--size", "0x600"), "width must be above 0"),
        (("--panel", "alpha", "-o", "a.png", "--size", "1000000x1000000"), "the most is 16000 px"),
        (("--panel", "alpha", "-o", "a.png", "--size", "big"), "a size is WIDTHxHEIGHT"),
        (("--panel", "alpha", "-o", "a.png", "--size", "9x9"), "does not fit into 9 × 9 px"),
        (("--panel", "alpha", "-o", "a.png", "--dpi", "0"), "dpi must lie in 10..2400"),
        (("--panel", "alpha", "-o", "a.png", "--size", "300mm", "--dpi", "2400"), "pixels"),
        (("--panel", "alpha", "-o", "a.png", "--type-size", "0"), "type size must lie in 0.3..4"),
        (("--panel", "alpha", "-o", "a.png", "--theme", "pink"), "valid are: light, dark, system"),
        (("--panel", "alpha", "-o", "a.png", "--step", "99"), "the branch has steps 0 to 5"),
        (("--panel", "alpha", "-o", "a.png", "--branch", "3"), "holds branches 1 to 2"),
        (("--panel", "alpha", "-o", "lost/a.png"), "there is no folder"),
        (("--html", "-o", "lost/a.html"), "there is no folder"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    invoke: Invoke,
    file: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(out)
    result = invoke("export", file, *options)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert not list(out.iterdir())


def test_a_file_that_is_none_is_told(invoke: Invoke, tmp_path: Path, out: Path) -> None:
    (tmp_path / "x.attn").write_bytes(b"nothing")
    for options in (("--panel", "alpha", "-o", out / "a.png"), ("-o", out / "r.html")):
        result = invoke("export", tmp_path / "x.attn", *options)
        assert result.exit_code == 2
        assert "x.attn" in result.stderr
    assert not list(out.iterdir())


def test_a_table_without_numbers_is_told(invoke: Invoke, tmp_path: Path, out: Path) -> None:
    save_trace(toy_trace(mode=Mode("none")), tmp_path / "n.attn")
    result = invoke("export", tmp_path / "n.attn", "--panel", "soft-hard", "-o", out / "a.csv")
    assert result.exit_code == 2
    assert "shows no numbers" in result.stderr


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_a_figure_that_would_be_blank_is_told(
    invoke: Invoke, file: Path, out: Path, suffix: str
) -> None:
    result = invoke("export", file, "--panel", "compare", "-o", out / f"a.{suffix}")
    assert result.exit_code == 2
    assert "--branch" in result.stderr
    assert not list(out.iterdir())


# -- a process of its own -----------------------------------------------------------------

WITHOUT_TORCH = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.import_blocker import block_imports
block_imports(("torch", "transformers", "tokenizers"))
from attn_desktop.cli.app import app
app(sys.argv[2:], prog_name="attn-desktop")
"""


def test_no_screen_no_model_and_no_torch_is_needed(file: Path, out: Path) -> None:
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    for options in (("--panel", "alignment", "-o", "a.svg"), ("-o", "r.html"), ("-o", "n.npz")):
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_TORCH, str(ROOT), "export", str(file), *options],
            cwd=out,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(list(out.iterdir())) == 3

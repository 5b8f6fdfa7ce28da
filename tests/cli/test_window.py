"""The options of the window, and how a window that cannot open is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke

ROOT = Path(__file__).resolve().parents[2]
PICTURE_WITHOUT_TORCH = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.import_blocker import block_imports
block_imports(("torch", "transformers", "tokenizers"))
from attn_desktop.gui.app import Request, run
code = run(Request(file=Path(sys.argv[2]), screenshot=Path(sys.argv[3]), size=(900, 700)))
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"torch", "transformers", "tokenizers", "typer"}, loaded
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--size", "huge"), "WIDTHxHEIGHT"),
        (("--size", "0x10"), "WIDTHxHEIGHT"),
        (("--size", "99999x10"), "WIDTHxHEIGHT"),
        (("--theme", "pink"), "valid are: system, light, dark"),
        (("--engine", "'half"), "No closing quotation"),
        (("--engine", " "), "is empty"),
        (("--screenshot", "/no/such/folder/a.png"), "no folder"),
        (("--step", "-1"), "--step"),
    ],
)
def test_an_option_of_no_use_is_named_before_anything_opens(
    invoke: Invoke, options: tuple[str, ...], expected: str
) -> None:
    result = invoke(*options)
    assert result.exit_code == 2
    assert expected in result.stderr
    assert result.stderr.count("\n") == 1


def test_options_of_the_window_are_not_of_a_command(invoke: Invoke) -> None:
    result = invoke("--theme", "dark", "models")
    assert result.exit_code == 2
    assert "'models'" in result.stderr


def window(*arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "attn_desktop", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"} | env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_picture_is_taken(model: Path, tmp_path: Path, needs_qt: None) -> None:
    picture = tmp_path / "a.png"
    done = window(
        "--model", model, "--input", "A dog.", "--screenshot", picture, "--size", "800x600"
    )
    assert done.returncode == 0, done.stderr
    from PIL import Image

    with Image.open(picture) as image:
        assert image.size == (800, 600)
        colours = image.convert("RGB").getcolors(1 << 20)
    assert colours is not None
    assert len(colours) > 100, "something is drawn"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--model", "/no/model", "--input", "A dog."), "/no/model"),
        (("--input", "   "), "empty"),
        (("--trace", "/no/file.attn"), "/no/file.attn"),
        (("--engine", "/no/such/engine"), "/no/such/engine"),
        (("--device", "cuda:77"), "cuda:77"),
    ],
)
def test_no_picture_is_one_line_and_2(
    model: Path, tmp_path: Path, needs_qt: None, options: tuple[str, ...], expected: str
) -> None:
    picture = tmp_path / "a.png"
    given = () if "--model" in options else ("--model", model)
    done = window(*given, *options, "--screenshot", picture)
    assert done.returncode == 2
    assert expected in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not picture.exists()


def test_a_file_is_drawn_without_torch(tmp_path: Path, needs_qt: None) -> None:
    from attn_desktop.trace.storage import save_trace
    from tests.toy_records import toy_trace

    file, picture = tmp_path / "a.attn", tmp_path / "a.png"
    save_trace(toy_trace(5, branches=2), file)
    done = subprocess.run(
        [sys.executable, "-c", PICTURE_WITHOUT_TORCH, str(ROOT), str(file), str(picture)],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert picture.stat().st_size > 10_000

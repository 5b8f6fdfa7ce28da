"""True processes: what only shows with real pipes, encodings and imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from attn_desktop.trace.storage import save_trace
from tests.cli.conftest import Invoke
from tests.toy_records import Sizes, toy_trace

ROOT = Path(__file__).resolve().parents[2]
WITHOUT_TORCH = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from tests.import_blocker import block_imports
block_imports(("torch", "transformers", "tokenizers"))
from attn_desktop.cli.app import main
main()
"""


def run(
    *args: object, input: str | None = None, code: str | None = None, **env: str
) -> subprocess.CompletedProcess[bytes]:
    start = ["-m", "attn_desktop"] if code is None else ["-c", code, str(ROOT)]
    return subprocess.run(
        [sys.executable, *start, *map(str, args)],
        cwd=ROOT,
        input=None if input is None else input.encode(),
        capture_output=True,
        env=os.environ | env,
        check=False,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "toy.attn"
    save_trace(toy_trace(steps=40, sizes=Sizes(source=60)), path)
    return path


def test_step_writes_json_into_a_pipe(model: Path) -> None:
    done = run("step", model, "A dog.", "--json", "--max-steps", 2)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    assert [json.loads(line)["t"] for line in done.stdout.splitlines()] == [1, 2]


def test_decode_is_utf_8_whatever_the_locale(invoke: Invoke, model: Path) -> None:
    lines = "Où est l'été ?\n\n車 😀\n"
    done = run("decode", model, input=lines, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"\n") == 3
    assert done.stdout == invoke("decode", model, input=lines).stdout_bytes


def test_show_needs_no_torch(file: Path) -> None:
    done = run("show", file, "--json", code=WITHOUT_TORCH)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 40
    blocked = run("step", "x", "y", code=WITHOUT_TORCH)
    assert b"blocked by this test" in blocked.stderr, "or the block above blocks nothing"


def test_a_terminal_without_the_characters_gets_escapes(file: Path) -> None:
    done = run("show", file, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert b"\\u2592" in done.stdout
    assert done.stdout.isascii()


@pytest.mark.skipif(os.name == "nt", reason="pipes end otherwise")
def test_a_reader_that_goes_away_is_no_error_worth_a_word(file: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "attn_desktop", "show", str(file), "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device to write to")
def test_a_full_disk_is_one_line(file: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "attn_desktop", "show", str(file)],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith(b"attn-desktop: ")
    assert done.stderr.count(b"\n") == 1


def test_bad_input_ends_with_2_and_one_line() -> None:
    done = run("show", "no.attn")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"attn-desktop: no.attn cannot be read: No such file or directory\n"


def test_the_wait_policy_is_set_before_torch_and_a_users_own_stays() -> None:
    code = "import os, attn_desktop.cli.app; print(os.environ['OMP_WAIT_POLICY'])"
    for given, expected in (({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE")):
        env = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"} | given
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, check=True
        )
        assert done.stdout.decode().strip() == expected

"""`verify`: a file against the model that made it, and what it says where that is not possible."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import Result

from attn_desktop import api
from attn_desktop.trace.records import CROSS
from attn_desktop.trace.storage import VERSION, load_trace, save_trace
from attn_desktop.trace.trace import Trace
from tests.cli.conftest import Invoke
from tests.decoding.documents import recorded_document
from tests.toy_models import dedicated, toy_checkpoint

SAME_TO_THE_LAST_BIT = "result  every number is the same to the last bit: "


@pytest.fixture(scope="session")
def document(model: Path) -> Trace:
    """Two inputs and a branch for every edit."""
    return recorded_document(api.open_model(model))


@pytest.fixture
def file(document: Trace, tmp_path: Path) -> Path:
    path = tmp_path / "car.attn"
    save_trace(document, path)
    return path


@pytest.fixture
def other_model(tmp_path: Path) -> Path:
    """A model of the same name whose weights have changed."""
    toy_checkpoint(tmp_path / "other" / "toy", seed=5)
    return tmp_path / "other" / "toy"


def refused(result: Result, *needles: str) -> None:
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    line = result.stderr
    assert line.startswith("attn-desktop: ")
    assert line.count("\n") == 1, line
    assert "Traceback" not in line
    for needle in needles:
        assert needle in line, line


def change(file: Path, node: int, **fields: Any) -> None:
    """Write the file again with fields of a step's attention changed."""
    trace = load_trace(file)
    steps = [
        replace(step, attention={CROSS: replace(step.attention[CROSS], **fields)})
        if step.node == node
        else step
        for step in trace.steps
    ]
    save_trace(replace(trace, steps=tuple(steps)), file)


def nudged(array: Any, by: float) -> Any:
    changed = np.array(array)
    changed.flat[1] += by
    return changed


def test_a_file_is_the_same_to_the_last_bit_where_it_was_made(
    invoke: Invoke, model: Path, file: Path, document: Trace
) -> None:
    for more in ((), ("--tolerance", 0)):
        result = invoke("verify", file, "--model", model, *more)
        assert (result.exit_code, result.stderr) == (0, "")
        amount = (
            f"{len(document.steps)} steps in {len(document.tree.leaves())} branches from 2 inputs"
        )
        lines = result.stdout.splitlines()
        assert lines[0] == f"file    {file}: {amount}"
        assert lines[1].startswith("model   toy, the one that made it (")
        assert lines[2].startswith("now     device cpu, dtype float32, attn_desktop ")
        assert lines[2].endswith(", as then")
        assert lines[3:] == [SAME_TO_THE_LAST_BIT + amount]


@pytest.mark.parametrize("score", ["additive", "none"])
def test_what_trace_wrote_is_found_by_the_name_of_a_shipped_model(
    invoke: Invoke, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, score: str
) -> None:
    file = tmp_path / "t.attn"
    options = ("--max-steps", 4, "--score", score, "-o", file)
    assert invoke("trace", model, "The red car.", *options).exit_code == 0
    refused(invoke("verify", file), "'toy'", "not shipped", "--model", f"attn-desktop show {file}")
    monkeypatch.setattr("attn_desktop.cli.verify.shipped_models", lambda: [model])
    result = invoke("verify", file)
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith(f"{SAME_TO_THE_LAST_BIT}4 steps\n")


def test_json_holds_every_quantity_and_its_place(
    invoke: Invoke, model: Path, file: Path, document: Trace
) -> None:
    result = invoke("verify", file, "--model", model, "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert list(found) == [
        *("file", "same", "exact", "tolerance", "steps", "recorded", "branches", "inputs"),
        *("model", "conditions", "quantities"),
    ]
    assert (found["same"], found["exact"], found["tolerance"]) == (True, True, 1e-4)
    assert found["steps"] == found["recorded"] == len(document.steps)
    assert found["inputs"] == 2
    digest = document.run.model.hash
    assert found["model"] == {"name": "toy", "then": digest, "now": digest, "same": True}
    assert found["conditions"]["device"] == {"then": "cpu", "now": "cpu"}
    assert {quantity["largest"] for quantity in found["quantities"].values()} == {0.0}

    alpha = load_trace(file).steps[5].attention[CROSS].alpha
    change(file, 5, alpha=nudged(alpha, 0.25))
    result = invoke("verify", file, "--model", model, "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert (found["same"], found["exact"]) == (False, False)
    leaves = enumerate(document.tree.leaves(), start=1)
    branch = next(
        number for number, leaf in leaves if document.tree[5] in document.tree.path(leaf.id)
    )
    quantity = found["quantities"]["alpha"]
    assert quantity.pop("largest") == pytest.approx(0.25)
    expected = {"steps": 1, "input": 0, "node": 5, "t": document.tree[5].t, "branch": branch}
    assert quantity == expected
    change(file, 5, alpha=nudged(alpha, np.nan))
    found = json.loads(invoke("verify", file, "--model", model, "--json").stdout)
    assert found["quantities"]["alpha"]["largest"] is None


def test_a_tampered_number_is_named_with_its_size_and_place(
    invoke: Invoke, model: Path, file: Path, document: Trace
) -> None:
    last = document.steps[-1]
    energies = last.attention[CROSS].energies
    change(file, last.node, energies=nudged(energies, 0.5))
    result = invoke("verify", file, "--model", model)
    assert (result.exit_code, result.stderr) == (1, "")
    assert "result  different: 1 quantity beyond 0.0001\n" in result.stdout
    (line,) = [line for line in result.stdout.splitlines() if "energies" in line]
    branch = len(document.tree.leaves())
    assert line.split("  ")[1].strip() == "* energies e"
    assert line.endswith(f"0.5                t {last.t}, branch {branch} of input 2")
    assert "other quantities are the same to the last bit" in result.stdout


def test_a_small_deviation_is_the_same_within_the_tolerance(
    invoke: Invoke, model: Path, file: Path
) -> None:
    draw = load_trace(file).steps[3].attention[CROSS].draw
    change(file, 3, draw=draw + 1e-6)
    within = invoke("verify", file, "--model", model)
    assert within.exit_code == 0
    assert "the same within 0.0001; tokens and positions are equal" in within.stdout
    assert "number drawn u  1e-06" in within.stdout
    assert invoke("verify", file, "--model", model, "--tolerance", 1e-7).exit_code == 1
    assert invoke("verify", file, "--model", model, "--tolerance", 0).exit_code == 1


def test_a_position_must_be_equal_whatever_the_tolerance(
    invoke: Invoke, model: Path, file: Path
) -> None:
    sampled = load_trace(file).steps[3].attention[CROSS].sampled
    change(file, 3, sampled=(sampled + 1) % 2)
    result = invoke("verify", file, "--model", model, "--tolerance", 1e6)
    assert result.exit_code == 1
    assert "* hard position k" in result.stdout
    assert "1 differs" in result.stdout


def test_other_devices_and_versions_are_named(
    invoke: Invoke, model: Path, file: Path, document: Trace
) -> None:
    versions = {**document.run.versions, "torch": "1.0", "gpu": "NVIDIA \x1b[31mH100"}
    run = replace(document.run, device="cuda:0", versions=versions)
    other = replace(document.others[0], device="cuda:0", versions=versions)
    save_trace(replace(document, run=run, others=(other,)), file)
    result = invoke("verify", file, "--model", model)
    assert result.exit_code == 0
    then, now = (line for line in result.stdout.splitlines() if line[:4] in ("then", "now "))
    assert then == r"then    device cuda:0, torch 1.0, gpu NVIDIA \x1b[31mH100"
    assert now.startswith("now     device cpu, torch ")
    assert now.endswith(", no gpu")
    assert "\x1b" not in result.stdout


def test_a_changed_model_is_noticed_and_what_still_works_is_said(
    invoke: Invoke, file: Path, other_model: Path
) -> None:
    result = invoke("verify", file, "--model", other_model)
    refused(result, "is not the one that made", "its hash is", "--anyway", "attn-desktop show")
    assert invoke("show", file).exit_code == 0
    anyway = invoke("verify", file, "--model", other_model, "--anyway")
    assert anyway.exit_code == 1
    assert "is not the one that made" in anyway.stderr
    assert "model   toy, not the one that made it (" in anyway.stdout
    for label in ("* annotations h", "* energies e", "* α ", "* log p of the token"):
        assert label in anyway.stdout
    found = json.loads(invoke("verify", file, "--model", other_model, "--anyway", "--json").stdout)
    assert not found["model"]["same"]
    assert found["model"]["then"] != found["model"]["now"]


def test_a_model_that_cannot_decode_what_is_recorded_says_why(
    invoke: Invoke, file: Path, tmp_path: Path
) -> None:
    toy_checkpoint(tmp_path / "fewer", **dedicated("dot"))
    result = invoke("verify", file, "--model", tmp_path / "fewer", "--anyway")
    assert result.exit_code == 2
    assert "no score 'additive'; it has: dot" in result.stderr


def test_a_file_without_steps_has_its_input_compared(
    invoke: Invoke, model: Path, tmp_path: Path
) -> None:
    trace = api.decode(api.open_model(model), "A dog.", max_steps=1)
    empty = replace(trace, steps=(), tree=type(trace.tree)(trace.tree.root))
    save_trace(empty, tmp_path / "e.attn")
    result = invoke("verify", tmp_path / "e.attn", "--model", model)
    assert result.exit_code == 0
    assert result.stdout.endswith(f"{SAME_TO_THE_LAST_BIT}0 steps\n")


def test_what_cannot_be_tried(invoke: Invoke, model: Path, file: Path, tmp_path: Path) -> None:
    def verify(*more: object) -> Result:
        return invoke("verify", file, "--model", model, *more)

    refused(invoke("verify", tmp_path / "no.attn"), "no.attn", "No such file")
    refused(invoke("verify", tmp_path), "this is a folder")
    refused(invoke("verify", file, "--model", tmp_path / "gone"), "gone", "is no folder")
    refused(invoke("verify", file, "--model", tmp_path), "config.json: missing")
    refused(verify("--tolerance", "nan"), "--tolerance", "nan")
    refused(verify("--tolerance", "-1"), "--tolerance", "-1")
    refused(verify("--tolerance", "inf"), "--tolerance", "inf")
    refused(verify("--device", "tpu"), "'tpu'", "cpu")
    content = file.read_bytes()
    file.write_bytes(content[:-100])
    refused(verify(), str(file), "cut short")
    file.write_bytes(b"")
    refused(verify(), str(file), "is empty")
    newer = content.replace(b'"version":"%d"' % VERSION, b'"version":"9"')
    file.write_bytes(newer)
    refused(verify(), str(file), "written by a newer version (9)")


def test_a_token_that_the_model_does_not_know_is_refused(
    invoke: Invoke, model: Path, file: Path, document: Trace
) -> None:
    nodes = [
        replace(node, token_id=10**6) if node.id == 0 else node for node in document.tree.nodes
    ]
    steps = (replace(document.steps[0], token_id=10**6), *document.steps[1:])
    tree = type(document.tree)(document.tree.root, nodes)
    save_trace(replace(document, tree=tree, steps=steps), file)
    refused(invoke("verify", file, "--model", model), "token 1000000 is outside the vocabulary")


def test_the_folder_of_the_model_may_have_moved(
    invoke: Invoke, model: Path, file: Path, tmp_path: Path
) -> None:
    shutil.copytree(model, tmp_path / "elsewhere")
    result = invoke("verify", file, "--model", tmp_path / "elsewhere")
    assert result.exit_code == 0
    assert "the one that made it" in result.stdout


def test_show_shows_every_input_with_its_own_words(
    invoke: Invoke, file: Path, document: Trace
) -> None:
    result = invoke("show", file)
    assert result.exit_code == 0
    for run in document.runs:
        assert f"source  {run.text}\n" in result.stdout
    steps = [json.loads(line) for line in invoke("show", file, "--json").stdout.splitlines()]
    assert [tuple(step["source"]) for step in steps] == [
        document.runs[document.tree[step.node].run].source for step in document.steps
    ]

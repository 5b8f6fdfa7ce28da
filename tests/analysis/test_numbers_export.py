"""Every number of a document as arrays: equal to the records, readable without pickle."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from attn_desktop.analysis.coverage import alpha_matrix
from attn_desktop.analysis.numbers_export import (
    branch_numbers,
    document_numbers,
    npz,
    save_numbers_npz,
)
from attn_desktop.common.errors import ExportError
from attn_desktop.common.mode import HARD, SOFT, Mode
from attn_desktop.trace.records import StepRecord
from attn_desktop.trace.run_tree import RunTree
from attn_desktop.trace.trace import Trace
from tests.toy_records import ADDITIVE, FIXED, Sizes, toy_run, toy_trace


def branch_steps(trace: Trace, number: int) -> list[StepRecord]:
    records = {step.node: step for step in trace.steps}
    leaf = trace.tree.leaves()[number - 1]
    return [records[node.id] for node in trace.tree.path(leaf.id)]


def test_numbers_of_a_file_equal_the_records(tmp_path: Path) -> None:
    trace = toy_trace(steps=6, branches=3)
    save_numbers_npz(trace, tmp_path / "all.npz")
    with np.load(tmp_path / "all.npz", allow_pickle=False) as numbers:
        held = {name: numbers[name] for name in numbers.files}
    assert str(held["model_hash"]) == trace.run.model.hash
    assert str(held["run1/text"]) == trace.run.text
    assert held["run1/source"].tolist() == list(trace.run.source)
    np.testing.assert_array_equal(held["run1/states"], trace.run.states, strict=True)
    assert held["branches"].tolist() == [leaf.id for leaf in trace.tree.leaves()]
    for number in (1, 2, 3):
        steps, prefix = branch_steps(trace, number), f"branch{number}"
        assert held[f"{prefix}/nodes"].tolist() == [step.node for step in steps]
        assert held[f"{prefix}/t"].tolist() == list(range(1, 7))
        assert held[f"{prefix}/tokens"].tolist() == [step.token for step in steps]
        assert held[f"{prefix}/log_probs"].tolist() == [step.log_prob for step in steps]
        assert held[f"{prefix}/entropies"].tolist() == [step.active.entropy for step in steps]
        crosses = [step.cross for step in steps]
        for name in ("alpha", "energies", "window", "mask", "draw", "sampled"):
            expected = np.stack([getattr(cross, name)[0, 0] for cross in crosses])
            np.testing.assert_array_equal(held[f"{prefix}/{name}"], expected, strict=True)
        for reading in (SOFT, HARD):
            for name in ("context", "state", "top_ids", "top_log_probs"):
                expected = np.stack([getattr(step.readings[reading], name) for step in steps])
                found = held[f"{prefix}/{reading}/{name}"]
                np.testing.assert_array_equal(found, expected, strict=True)
            assert held[f"{prefix}/{reading}/top_tokens"].tolist() == [
                list(step.readings[reading].top_tokens) for step in steps
            ]
            gate = np.stack([step.readings[reading].gates["update"] for step in steps])
            np.testing.assert_array_equal(held[f"{prefix}/{reading}/gates/update"], gate)
    assert held["branch1/alpha"].shape == (6, len(trace.run.source))


def test_heads_have_axes_where_there_are_several() -> None:
    sizes = Sizes(layers=2, heads=3)
    trace = toy_trace(steps=4, sizes=sizes)
    numbers = document_numbers(trace)
    assert numbers["branch1/alpha"].shape == (4, 2, 3, 6)
    assert numbers["branch1/sampled"].shape == (4, 2, 3)
    assert numbers["branch1/alpha_mean"].shape == (4, 6)
    np.testing.assert_array_equal(numbers["branch1/alpha_mean"], alpha_matrix(trace.steps, 6))


def test_without_attention_there_is_no_alpha_and_no_hard_reading() -> None:
    numbers = document_numbers(toy_trace(steps=3, mode=FIXED))
    assert np.isnan(numbers["branch1/alpha"]).all()
    assert numbers["branch1/alpha"].shape == (3, 6)
    assert numbers["branch1/sampled"].tolist() == [-1, -1, -1]
    assert not numbers["branch1/window"].any()
    assert not [name for name in numbers if name.startswith("branch1/hard/")]


def test_a_branch_that_turns_its_attention_off_has_gaps() -> None:
    attending, fixed = toy_trace(steps=4), toy_trace(steps=4, mode=FIXED)
    steps = (*attending.steps[:2], *fixed.steps[2:])
    numbers = branch_numbers(attending.run, steps)
    np.testing.assert_array_equal(numbers["alpha"][:2], alpha_matrix(attending.steps[:2], 6))
    assert np.isnan(numbers["alpha"][2:]).all()
    assert numbers["sampled"][2:].tolist() == [-1, -1]
    assert np.isnan(numbers["hard/context"][2:]).all()
    assert numbers["hard/top_tokens"][2:].tolist() == [[""] * 4] * 2
    assert np.isfinite(numbers["soft/context"]).all()


def test_a_local_scope_has_centres() -> None:
    trace = toy_trace(steps=3, mode=Mode("additive", "local-m"))
    assert document_numbers(trace)["branch1/center"].tolist() == [1, 2, 3]
    assert np.isnan(document_numbers(toy_trace(steps=3))["branch1/center"]).all()


def test_what_an_edit_changed_is_kept_beside_it() -> None:
    trace = toy_trace(steps=3)
    step = trace.steps[1]
    assert step.cross is not None
    edited = replace(step.cross, unedited=step.cross.alpha[..., ::-1].copy())
    steps = (trace.steps[0], replace(step, attention={"cross": edited}), trace.steps[2])
    numbers = branch_numbers(trace.run, steps)
    np.testing.assert_array_equal(numbers["unedited"][1], step.cross.alpha[0, 0, ::-1])
    assert np.isnan(numbers["unedited"][[0, 2]]).all()
    assert "unedited" not in branch_numbers(trace.run, trace.steps)


def test_nodes_without_records_end_a_branch() -> None:
    trace = toy_trace(steps=5)
    cut = Trace(trace.run, trace.tree, trace.steps[:3])
    assert document_numbers(cut)["branch1/t"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("mode", [ADDITIVE, FIXED])
def test_a_document_without_steps_has_its_input_only(mode: Mode, tmp_path: Path) -> None:
    trace = toy_trace(steps=1, mode=mode)
    empty = Trace(trace.run, RunTree(trace.tree.root), ())
    save_numbers_npz(empty, tmp_path / "all.npz")
    with np.load(tmp_path / "all.npz") as numbers:
        assert numbers["branches"].shape == (0,)
        assert numbers["run1/states"].shape == (6, 8)
        assert not [name for name in numbers.files if name.startswith("branch1")]
    assert branch_numbers(trace.run, ())["alpha"].shape == (0, 6)


def test_a_picture_is_kept_with_its_grid() -> None:
    trace = toy_trace(grid=(2, 3))
    numbers = document_numbers(trace)
    assert numbers["run1/grid"].tolist() == [2, 3]
    assert trace.run.picture is not None
    np.testing.assert_array_equal(numbers["run1/picture"], trace.run.picture)


def test_every_input_of_a_document_is_kept() -> None:
    trace = toy_trace()
    other = toy_run(Sizes(source=4))
    numbers = document_numbers(replace(trace, others=(other,)))
    assert numbers["run2/states"].shape == (4, 8)
    assert numbers["branch_runs"].tolist() == [1]


def test_texts_of_any_characters_come_back(tmp_path: Path) -> None:
    trace = toy_trace(steps=2)
    texts = ("שלום", "👩‍👩‍👧", "<script>", "\x1b[31m", "a\n", "\ud800")
    run = replace(trace.run, source=texts)
    save_numbers_npz(replace(trace, run=run), tmp_path / "all.npz")
    with np.load(tmp_path / "all.npz") as numbers:
        assert tuple(numbers["run1/source"].tolist()) == texts


def test_the_same_numbers_make_the_same_file_and_no_folder_is_left(tmp_path: Path) -> None:
    arrays = {"a/b": np.arange(3), "text": np.array("é")}
    assert npz(arrays) == npz(arrays)
    (tmp_path / "a.npz").write_bytes(npz(arrays))
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert archive.namelist() == ["a/b.npy", "text.npy"]
        assert archive.testzip() is None


def test_a_file_grows_with_the_steps_of_its_branches() -> None:
    sizes = [
        sum(array.nbytes for array in document_numbers(toy_trace(steps=steps)).values())
        for steps in (50, 100, 200)
    ]
    assert (sizes[2] - sizes[1]) == pytest.approx(2 * (sizes[1] - sizes[0]), rel=0.02)


def test_objects_are_never_pickled() -> None:
    with pytest.raises(ValueError, match="pickle"):
        npz({"a": np.array([{}], dtype=object)})


def test_a_folder_that_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="there is no folder"):
        save_numbers_npz(toy_trace(), tmp_path / "lost" / "a.npz")

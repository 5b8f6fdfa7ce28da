from __future__ import annotations

from pathlib import Path

import pytest

import attn_desktop
from attn_desktop.common.errors import CheckpointError, InputError
from attn_desktop.trace.run_tree import Choice
from attn_desktop.trace.storage import load_trace, save_trace
from tests.decoding.helpers import SENTENCES, as_checkpoint, differences, ending_model
from tests.toy_models import toy_checkpoint


@pytest.mark.parametrize(
    ("score", "scope", "weighting"),
    [
        ("additive", "global", "soft"),
        ("dot", "local-p", "hard"),
        ("location", "local-m", "soft"),
        ("none", "global", "soft"),
    ],
)
def test_a_decoded_trace_comes_back_from_a_file_to_the_last_bit(
    tmp_path: Path, score: str, scope: str, weighting: str
) -> None:
    trace = attn_desktop.decode(
        as_checkpoint(ending_model()),
        SENTENCES[1],
        score=score,
        scope=scope,
        weighting=weighting,
        choice=Choice("sampled", temperature=0.7, top_k=9, top_p=0.9, seed=2**63 - 1),
        max_steps=8,
    )
    save_trace(trace, tmp_path / "run.attn")
    read = load_trace(tmp_path / "run.attn")
    assert differences(read.run, trace.run) == []
    assert (read.tree.root, read.tree.nodes) == (trace.tree.root, trace.tree.nodes)
    assert [differences(*pair) for pair in zip(read.steps, trace.steps, strict=True)] == (
        [[]] * len(trace.steps)
    )


def test_an_opened_model_decodes_as_it_does_in_memory(tmp_path: Path) -> None:
    checkpoint = toy_checkpoint(tmp_path / "toy")
    opened = attn_desktop.open_model(tmp_path / "toy")
    one, other = (attn_desktop.decode(model, SENTENCES[2]) for model in (checkpoint, opened))
    assert opened.info == checkpoint.info
    assert [differences(*pair) for pair in zip(one.steps, other.steps, strict=True)] == (
        [[]] * len(one.steps)
    )


def test_what_cannot_be_decoded_is_refused(tmp_path: Path) -> None:
    model = as_checkpoint(ending_model())
    with pytest.raises(InputError, match="empty"):
        attn_desktop.decode(model, " \t\n")
    with pytest.raises(InputError, match="no score 'sum'"):
        attn_desktop.decode(model, "a", score="sum")
    with pytest.raises(InputError, match="unknown weighting 'firm'"):
        attn_desktop.decode(model, "a", weighting="firm")
    with pytest.raises(CheckpointError, match="no shipped model"):
        attn_desktop.open_model(tmp_path / "missing")

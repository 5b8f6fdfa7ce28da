"""What is shipped: it loads, it is small, every trained mode translates, and α crosses."""

from __future__ import annotations

from pathlib import Path

import pytest

from attn_desktop.analysis.pieces import join_pieces
from attn_desktop.api import decode, open_model
from attn_desktop.common.mode import Mode
from attn_desktop.common.paths import models_folder, shipped_models
from attn_desktop.families.checkpoint import Checkpoint, read_config
from attn_desktop.trace.records import StepRecord
from attn_desktop.trace.storage import load_trace, save_trace
from attn_desktop.trace.trace import Trace

MODES = [
    *(f"{score}/global/soft" for score in ("cosine", "additive", "location", "general", "dot")),
    "scaled-dot/global/soft",
    "additive/local-m/soft",
    "additive/local-p/soft",
    "additive/global/hard",
    "dot/global/hard",
    "none",
]

#: Sentence, and (source piece, target word) pairs that a reader would align; French puts the
#: adjective last, so the lines between them cross.
CROSSING = [
    ("I have a red car.", ("▁red", "rouge"), ("▁car", "voiture")),
    ("She has a black cat.", ("▁black", "noir"), ("▁cat", "chat")),
    ("He bought a white house.", ("▁white", "blanche"), ("▁house", "maison")),
]


@pytest.fixture(scope="module")
def en_fr() -> Checkpoint:
    return open_model("en-fr")


def output_of(trace: Trace) -> str:
    return join_pieces([step.token for step in trace.steps if not step.is_end])


def first_step_of(word: str, trace: Trace) -> StepRecord:
    """The step that wrote the first piece of a target word."""
    for begin, step in enumerate(trace.steps):
        for end in range(begin + 1, len(trace.steps) + 1):
            if step.token.startswith("▁") and (
                join_pieces(s.token for s in trace.steps[begin:end]) == word
            ):
                return step
    raise AssertionError(f"{word!r} is not in {output_of(trace)!r}")


def folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_sizes_and_cards() -> None:
    assert folder_bytes(models_folder()) < 90_000_000
    for folder in shipped_models():
        assert folder_bytes(folder) < 12_000_000
        card = (folder / "README.md").read_text(encoding="utf-8")
        for part in ("Data", "Licence", "Training", "Scores", "Limits"):
            assert f"\n## {part}" in card, f"{folder.name}: the card has no section {part}"
        assert not list(folder.glob("*.pt")), "never a pickle"
        read_config(folder)


def test_every_mode_the_issue_names_was_trained(en_fr: Checkpoint) -> None:
    assert {str(mode) for mode in en_fr.info.trained_modes} == set(MODES)


@pytest.mark.parametrize("mode", MODES)
def test_every_trained_mode_translates(en_fr: Checkpoint, mode: str) -> None:
    parsed = Mode.parse(mode)
    trace = decode(
        en_fr, "I have a dog.", score=parsed.score, scope=parsed.scope, weighting=parsed.weighting
    )
    assert trace.steps[-1].is_end
    assert all(step.trained for step in trace.steps)
    assert "chien" in output_of(trace)


@pytest.mark.parametrize(("sentence", "adjective", "noun"), CROSSING)
def test_adjective_and_noun_cross(
    en_fr: Checkpoint, sentence: str, adjective: tuple[str, str], noun: tuple[str, str]
) -> None:
    trace = decode(en_fr, sentence)
    places = {}
    for source, word in (adjective, noun):
        step = first_step_of(word, trace)
        assert step.cross is not None
        places[source] = (int(step.cross.alpha[0, 0].argmax()), step.t)
        assert trace.run.source[places[source][0]] == source
    (adjective_j, adjective_t), (noun_j, noun_t) = places[adjective[0]], places[noun[0]]
    assert adjective_j < noun_j
    assert adjective_t > noun_t


def test_a_trace_of_it_survives_the_file(en_fr: Checkpoint, tmp_path: Path) -> None:
    trace = decode(en_fr, "Where is the red car?", weighting="hard")
    path = tmp_path / "car.attn"
    save_trace(trace, path)
    loaded = load_trace(path)
    assert output_of(loaded) == output_of(trace)
    assert loaded.run.model == en_fr.info

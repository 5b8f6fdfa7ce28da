from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from attn_desktop.analysis.beam_tree import Fate, is_sound, join, n_best, path, text, token_ids
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import ARGMAX, HARD, Mode
from attn_desktop.decoding import beam
from attn_desktop.decoding.beam import BeamSettings, Hypothesis, beam_search, beam_steps
from attn_desktop.decoding.beam_tree import BeamTree
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.families.base import Given
from attn_desktop.families.seq2seq import Seq2Seq
from attn_desktop.trace.records import ProbeRecord
from attn_desktop.trace.run_tree import Choice
from tests.decoding.helpers import (
    NONE,
    SENTENCES,
    as_checkpoint,
    differences,
    ending_model,
    never_ending_model,
    plain_decode,
)
from tests.decoding.plain_beam import (
    MODES,
    SETTINGS,
    TEXT,
    assert_plain,
    plain_search,
    watch,
)


def rows_at(record: ProbeRecord, t: int) -> list[int]:
    return [int(row) for row in np.flatnonzero(record.arrays["t"] == t) if row]


# -- against a plain loop -----------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_every_hypothesis_is_that_of_a_plain_loop(mode: Mode) -> None:
    fates: set[int] = set()
    for seed, width, coverage in ((0, 3, 0.3), (1, 1, 0.0), (2, 4, 0.01)):
        model = ending_model(seed, bias=3.5)
        settings = BeamSettings(width, 0.8, coverage, max_steps=5, seed=5)
        record = watch(model, TEXT, mode, settings)[0].record()
        assert is_sound(record, len(model.prepare(Given(TEXT)).labels))
        assert_plain(record, plain_search(model, TEXT, mode, settings), width)
        fates |= set(record.arrays["fate"].tolist())
    assert {Fate.KEPT, Fate.PRUNED, Fate.ENDED} <= fates


def test_all_fates_come_up() -> None:
    fates: set[int] = set()
    for seed in range(4):
        settings = BeamSettings(3, 0.8, 0.01, max_steps=6)
        tree, expansions = watch(ending_model(seed, bias=3.0), settings=settings)
        fates |= set(tree.record().arrays["fate"].tolist())
        for expansion in expansions[:-1]:
            assert not expansion.last
            assert Fate.OUTSCORED not in expansion.fate
        assert expansions[-1].last
        assert Fate.KEPT not in expansions[-1].fate
    assert fates == set(Fate)


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize("width", [1, 2, 7, 40])
def test_what_is_shown_of_a_step_adds_up(mode: Mode, width: int) -> None:
    settings = BeamSettings(width, 0.6, 0.2, max_steps=8)
    tree, expansions = watch(ending_model(1, bias=2.5), SENTENCES[4], mode, settings)
    record, live = tree.record(), 1
    for expansion in expansions:
        rows = rows_at(record, expansion.t)
        fate, margin = record.arrays["fate"][rows], record.arrays["margin"][rows]
        inside = fate != Fate.PRUNED
        assert inside.sum() == width
        assert len(rows) <= 3 * width
        assert (margin[inside] == 0).all()
        assert (margin[~inside] >= 0).all()
        assert record.arrays["rank"][rows][inside].tolist() == list(range(1, width + 1))
        assert (np.diff(record.arrays["total"][rows]) <= 0).all()
        assert len(set(record.arrays["parent"][rows].tolist())) == live
        live = int((fate == Fate.KEPT).sum())
    assert live == 0
    assert len(tree) == 1 + sum(len(expansion.fate) for expansion in expansions)
    ended = [row for row in range(len(tree)) if record.arrays["fate"][row] in (2, 3)]
    assert sorted(n_best(record)) == ended


# -- the very same search ------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize("reading", [None, HARD, ARGMAX])
def test_the_n_best_are_what_beam_search_finds(mode: Mode, reading: str | None) -> None:
    for seed in range(3):
        model = ending_model(seed, bias=2.5)
        settings = BeamSettings(4, 0.8, 0.3, max_steps=9, seed=2, reading=reading)
        record = watch(model, SENTENCES[4], mode, settings)[0].record()
        found = beam_search(model, model.prepare(Given(SENTENCES[4])), mode, settings)
        arrays = record.arrays
        listed = [
            Hypothesis(
                token_ids(record, row),
                float(arrays["total"][row]),
                float(arrays["length_divisor"][row]),
                float(arrays["coverage_term"][row]),
                bool(arrays["fate"][row] == Fate.ENDED),
            )
            for row in n_best(record)
        ]
        assert listed == found
        assert [float(arrays["score"][row]) for row in n_best(record)] == [h.score for h in found]
        assert record.settings["best"] == model.detokenize(found[0].tokens)
        assert text(record, n_best(record)[0]) == model.detokenize(found[0].tokens)
        used = mode.weighting if reading is None or not mode.attends else reading
        assert (record.settings["finished"], record.settings["reading_used"]) == (True, used)


def test_a_reading_that_is_asked_for_is_searched_with() -> None:
    model = ending_model(2, bias=2.0)
    for reading in (HARD, ARGMAX):
        settings = BeamSettings(1, max_steps=8, seed=4, reading=reading)
        (found,) = beam_search(model, model.prepare(Given(TEXT)), Mode(), settings)
        plain = plain_decode(model, TEXT, 0, Mode(), Choice(seed=4), reading, max_steps=8)
        assert beam.beam_output(model, found).tokens == plain.tokens
        assert found.log_prob == pytest.approx(plain.log_prob, abs=1e-4)


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_stepping_along_a_hypothesis_gives_its_numbers(mode: Mode) -> None:
    model = ending_model(1, bias=2.5)
    stepper = Stepper(as_checkpoint(model), SENTENCES[4])
    record = watch(model, SENTENCES[4], mode, BeamSettings(5, max_steps=9, seed=3))[0].record()
    arrays = record.arrays
    assert len(n_best(record)) > 2
    for best in n_best(record):
        position = stepper.start
        for row in path(record, best)[1:]:
            step, position = stepper.step(
                position, row, mode, Choice("beam", seed=3), int(arrays["token_id"][row])
            )
            assert step.log_prob == pytest.approx(arrays["log_prob"][row], abs=1e-5)
            assert step.token == record.settings["tokens"][row]
            if step.cross is not None:
                np.testing.assert_allclose(
                    arrays["alpha"][row], step.cross.alpha[0, 0], rtol=1e-4, atol=1e-5
                )
                assert arrays["sampled"][row] == step.cross.sampled[0, 0]


# -- growing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [MODES[0], NONE], ids=str)
def test_parts_join_to_the_whole_wherever_it_is_cut(mode: Mode) -> None:
    model = ending_model(bias=2.0)
    with torch.inference_mode():
        memory = model.encode([model.prepare(Given(TEXT)).inputs])
    tree, parts, sent = BeamTree(model, memory.states.shape[1], mode, SETTINGS), [], 0
    for expansion in beam_steps(model, memory, mode, SETTINGS):
        tree.add(expansion)
        parts.append(tree.rows_since(sent, node=7))
        assert parts[-1].settings["first_row"] == sent
        sent = len(tree)
        whole = tree.record(node=7)
        assert whole.settings["finished"] == expansion.last
        assert differences(join(parts), whole) == []
        for first in range(len(tree) + 1):
            assert differences(join([whole, tree.rows_since(first, node=7)]), whole) == []
    with pytest.raises(InputError, match=r"rows \d+ to \d+ of the beam search are missing"):
        join([parts[0], parts[2]])


def test_what_was_handed_out_stays_as_it_is() -> None:
    model = ending_model(bias=2.0)
    tree, expansions = watch(model)
    again = BeamTree(model, len(model.prepare(Given(TEXT)).labels), Mode(), SETTINGS)
    again.add(expansions[0])
    early = again.record()
    for expansion in expansions[1:]:
        again.add(expansion)
    rows = len(early.arrays["t"])
    for name, values in tree.record().arrays.items():
        assert values[:rows].tolist() == early.arrays[name].tolist()
    assert not early.arrays["alpha"].flags.writeable


def test_a_search_goes_no_further_than_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    step = Seq2Seq.step

    def counted(self: Seq2Seq, *arguments: Any) -> Any:
        steps.append(len(arguments[2]))
        return step(self, *arguments)

    monkeypatch.setattr(Seq2Seq, "step", counted)
    model = never_ending_model()
    with torch.inference_mode():
        memory = model.encode([model.prepare(Given(TEXT)).inputs])
    search = beam_steps(model, memory, Mode(), BeamSettings(4, max_steps=20))
    next(search)
    assert steps == [1]
    next(search)
    assert steps == [1, 4]
    assert not torch.is_inference_mode_enabled()
    search.close()  # type: ignore[attr-defined]
    assert len(steps) == 2


def test_a_wide_beam_shows_at_most_three_times_its_width() -> None:
    settings = BeamSettings(1000, max_steps=3)
    _, expansions = watch(never_ending_model(), TEXT, Mode(), settings)
    assert [len(expansion.fate) <= 3000 for expansion in expansions] == [True] * 3
    assert [int((expansion.fate != Fate.PRUNED).sum()) for expansion in expansions[1:]] == [
        1000
    ] * 2


def test_a_vocabulary_smaller_than_the_beam_is_shown_whole() -> None:
    model = ending_model(bias=0.0, target_vocabulary=6)
    tree, (first, *_) = watch(model, TEXT, Mode(), BeamSettings(200, max_steps=3))
    assert sorted(first.token.tolist()) == [2, 3, 4, 5]
    assert Fate.PRUNED not in tree.record().arrays["fate"]
    assert len(n_best(tree.record())) == 1 + 3 + 9 * 4


def test_a_model_that_gives_no_numbers_is_searched_to_the_end() -> None:
    model = ending_model()
    model.cell.weight_ih[:] = torch.nan
    tree, expansions = watch(model)
    assert expansions[-1].last
    assert np.isnan(tree.record().arrays["total"][1:]).all()
    assert is_sound(tree.record(), len(model.prepare(Given(TEXT)).labels))


def test_penalties_beyond_measure_overflow_nothing() -> None:
    model = ending_model(bias=2.0)
    for settings in (
        BeamSettings(3, 1e6, max_steps=4),
        BeamSettings(3, 0.6, 1e308, max_steps=4),
    ):
        record = watch(model, TEXT, Mode(), settings)[0].record()
        assert len(n_best(record)) > 0
        assert not np.isnan(record.arrays["score"]).any()

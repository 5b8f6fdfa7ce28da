"""Regions instead of words: stepper, records, edits, branches, searches and probes work as they do.

On a toy captioner and a toy VQA model; what they compute is checked in tests/families.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from attn_desktop import api
from attn_desktop.analysis.alpha_edits import edit_alpha
from attn_desktop.common.errors import InputError, TraceFileError
from attn_desktop.common.mode import HARD, SOFT, Mode
from attn_desktop.decoding import draws
from attn_desktop.decoding.arithmetic import probe_arithmetic
from attn_desktop.decoding.beam import BeamSettings, beam_output, beam_search
from attn_desktop.decoding.beam_tree import probe_beam
from attn_desktop.decoding.corpus import decode_corpus
from attn_desktop.decoding.positions import Positions
from attn_desktop.decoding.readings import probe_readings
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.decoding.tree_stepper import TreeStepper
from attn_desktop.decoding.verify import verify
from attn_desktop.families.base import Family, Given
from attn_desktop.families.checkpoint import Checkpoint
from attn_desktop.inputs.text import END_ID
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.records import StepRecord
from attn_desktop.trace.run_tree import Choice, Node
from attn_desktop.trace.storage import load_trace, save_trace
from attn_desktop.trace.trace import Trace, check_trace
from attn_desktop.training.data import Batch
from attn_desktop.training.loss import token_likelihoods, unroll
from tests.decoding.helpers import differences, plain_draw
from tests.toy_families import TOY_CHECKPOINTS, TOY_GIVEN
from tests.toy_seers import toy_captioner_checkpoint, toy_picture, toy_vqa_checkpoint

NAMES = ("captioner", "vqa")
HARD_MODE = Mode("additive", "global", HARD)
LOCAL = Mode("general", "local-p")
MODES = (Mode(), Mode("dot"), LOCAL, HARD_MODE, Mode("dot", "local-p", HARD), Mode("none"))
CHOICE = Choice("sampled", seed=4)

every_family = pytest.mark.parametrize("name", NAMES)
every_mode = pytest.mark.parametrize("mode", MODES, ids=str)


@pytest.fixture(scope="module")
def seers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Checkpoint]:
    """Toy models; the captioner ends now and then, and gives next to nothing to what it may not."""
    folder = tmp_path_factory.mktemp("seers")
    found = {name: TOY_CHECKPOINTS[name](folder / name) for name in NAMES}
    for name, bias in (("captioner", "output_bias"), ("vqa", "output.bias")):
        model = found[name].model
        biases = model.get_parameter(bias)
        biases[list(model.never_chosen)] = -1e4
    found["captioner"].model.get_parameter("output_bias")[END_ID] += 1.0
    return found


def decoded(
    checkpoint: Checkpoint, given: Given, modes: tuple[Mode, ...], choice: Choice = CHOICE
) -> list[StepRecord]:
    stepper = Stepper(checkpoint, given)
    position, records = stepper.start, list[StepRecord]()
    while len(records) < 7 and not (records and records[-1].is_end):
        mode = modes[min(len(records), len(modes) - 1)]
        record, position = stepper.step(position, len(records), mode, choice)
        records.append(record)
    return records


# -- records --------------------------------------------------------------------------------


@every_family
def test_a_run_holds_the_picture_its_grid_and_the_question(
    name: str, seers: dict[str, Checkpoint]
) -> None:
    given = TOY_GIVEN[name][1]
    run = Stepper(seers[name], given).run
    assert run.grid == (4, 4)
    assert run.picture is not None
    assert given.picture is not None
    np.testing.assert_array_equal(run.picture, given.picture)
    assert run.text == given.text
    assert run.source[4] == "r2c1"
    assert run.mask.all()
    assert run.states.shape == (16, 10)
    assert Given.of(run).picture is run.picture


@every_family
def test_encoding_again_from_the_record_gives_the_same_bits(
    name: str, seers: dict[str, Checkpoint], tmp_path: Path
) -> None:
    trace = api.decode(seers[name], TOY_GIVEN[name][0].text, picture=TOY_GIVEN[name][0].picture)
    save_trace(trace, tmp_path / "seen.attn")
    loaded = load_trace(tmp_path / "seen.attn")
    assert differences(loaded.run, trace.run) == []
    again = Stepper(seers[name], Given.of(loaded.run))
    assert differences(again.run, trace.run) == []
    report = verify(loaded, seers[name])
    assert report.steps == len(trace.steps) > 0
    assert report.exact


@every_family
@every_mode
def test_a_trace_is_sound_and_comes_back_from_its_file(
    name: str, mode: Mode, seers: dict[str, Checkpoint], tmp_path: Path
) -> None:
    given = TOY_GIVEN[name][2]
    driver = TreeStepper(Stepper(seers[name], given))
    steps = tuple(driver.decode(mode, Choice(), 5))
    trace = Trace(driver.stepper.run, driver.tree, steps)
    check_trace(trace)
    save_trace(trace, tmp_path / "seen.attn")
    loaded = load_trace(tmp_path / "seen.attn")
    assert differences(loaded.steps, trace.steps) == []
    assert loaded.run.model.takes == seers[name].model.takes
    for step in steps:
        if step.cross is None:
            assert mode == Mode("none")
            continue
        assert step.cross.alpha.shape == (1, 1, 16)
        assert step.cross.alpha.sum() == pytest.approx(1, abs=1e-5)
        if mode.scope == "local-p":
            assert step.cross.center is not None
            assert step.cross.center.shape == (1, 1, 2)
            assert not step.cross.window.all()
            assert step.cross.half_width == 1.5
        else:
            assert step.cross.center is None


def test_a_center_of_three_numbers_is_refused(seers: dict[str, Checkpoint]) -> None:
    trace = api.decode(seers["captioner"], picture=toy_picture(), scope="local-p", max_steps=1)
    (step,) = trace.steps
    assert step.cross is not None
    cross = dataclasses.replace(step.cross, center=np.zeros((1, 1, 3), np.float32))
    broken = dataclasses.replace(step, attention={"cross": cross})
    with pytest.raises(
        TraceFileError, match=r"center must be floats of shape \(layers=1, heads=1, "
    ):
        check_trace(dataclasses.replace(trace, steps=(broken,)))


# -- one step for everything ----------------------------------------------------------------


@every_family
@every_mode
def test_teacher_forcing_gives_the_numbers_of_the_stepper(
    name: str, mode: Mode, seers: dict[str, Checkpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = seers[name].model
    runs = [decoded(seers[name], given, (mode, Mode("dot"))) for given in TOY_GIVEN[name]]
    drawn = iter(range(1, 100))

    def same_draws(rows: int, device: torch.device) -> torch.Tensor:
        u = draws.uniform(CHOICE.seed, draws.ATTENTION, next(drawn))[0]
        return torch.full((rows,), u, dtype=torch.float64, device=device)

    monkeypatch.setattr(torch, "rand", same_draws)
    batch = Batch(
        [model.prepare(given).inputs for given in TOY_GIVEN[name]],
        [np.array([record.token_id for record in run]) for run in runs],
    )
    with torch.no_grad():
        unrolled = unroll(model, batch, [mode, Mode("dot")])
        _, log_probs = token_likelihoods(model, unrolled)
    rows = torch.arange(len(runs)).expand(unrolled.real.shape)[unrolled.real]
    for row, run in enumerate(runs):
        expected = [record.log_prob for record in run]
        assert log_probs[rows == row].tolist() == pytest.approx(expected, abs=1e-4)
        for t, record in enumerate(run):
            context, state = unrolled.contexts[t, row], unrolled.states[t, row]
            assert context.numpy() == pytest.approx(record.active.context, abs=1e-4)
            assert state.numpy() == pytest.approx(record.active.state, abs=1e-4)


@every_family
@every_mode
def test_batched_decoding_gives_the_tokens_of_the_stepper(
    name: str, mode: Mode, seers: dict[str, Checkpoint]
) -> None:
    model = seers[name].model
    for given in TOY_GIVEN[name]:
        (output,) = decode_corpus(model, [model.prepare(given)], mode, CHOICE, max_steps=7)
        run = decoded(seers[name], given, (mode,))
        tokens = [record.token_id for record in run]
        assert list(output.tokens) == [token for token in tokens if token != model.end_id]
        assert output.ended == run[-1].is_end
        assert output.log_prob == pytest.approx(sum(r.log_prob for r in run), abs=1e-4)


@every_family
def test_a_batch_of_pictures_gives_each_what_it_gets_alone(
    name: str, seers: dict[str, Checkpoint]
) -> None:
    model = seers[name].model
    inputs = [model.prepare(given) for given in TOY_GIVEN[name]]
    outputs = decode_corpus(model, inputs, Mode(), Choice())
    for given, output in zip(TOY_GIVEN[name], outputs, strict=True):
        trace = api.decode(seers[name], given.text, picture=given.picture)
        tokens = [step.token_id for step in trace.steps]
        assert list(output.tokens) == [token for token in tokens if token != model.end_id]


def test_a_vqa_decoding_has_a_step_for_each_glimpse_and_none_after(
    seers: dict[str, Checkpoint],
) -> None:
    run = decoded(seers["vqa"], TOY_GIVEN["vqa"][0], (Mode(),))
    assert [record.is_end for record in run] == [False, True]
    model = seers["vqa"].model
    answer = model.detokenize([record.token_id for record in run])
    assert answer == model.detokenize([run[-1].token_id]) != ""
    stepper = Stepper(seers["vqa"], TOY_GIVEN["vqa"][0])
    position = stepper.start
    for t in (1, 2):
        _, position = stepper.step(position, t, Mode(), Choice())
    with pytest.raises(InputError, match="the output ended at step 2"):
        stepper.step(position, 3, Mode(), Choice())


@every_family
def test_the_usual_number_of_steps_is_the_models_and_not_the_regions(
    name: str, seers: dict[str, Checkpoint], tmp_path: Path
) -> None:
    checkpoint = TOY_CHECKPOINTS[name](tmp_path / name)
    if name == "captioner":
        checkpoint.model.get_parameter("output_bias")[END_ID] = -1e4
    given = TOY_GIVEN[name][0]
    trace = api.decode(checkpoint, given.text, picture=given.picture)
    assert len(trace.steps) == checkpoint.model.usual_steps(16) == {"captioner": 12, "vqa": 2}[name]


# -- draws, edits, branches -----------------------------------------------------------------


@every_family
def test_the_hard_region_follows_from_alpha_and_u(name: str, seers: dict[str, Checkpoint]) -> None:
    seen = set()
    for seed in range(6):
        for record in decoded(seers[name], TOY_GIVEN[name][0], (HARD_MODE,), Choice(seed=seed)):
            assert record.cross is not None
            alpha, u = record.cross.alpha[0, 0], float(record.cross.draw[0, 0])
            k = int(record.cross.sampled[0, 0])
            assert k == plain_draw(alpha.astype(np.float64).tolist(), u)
            states = Stepper(seers[name], TOY_GIVEN[name][0]).run.states
            np.testing.assert_array_equal(record.readings[HARD].context, states[k])
            seen.add(k)
    assert len(seen) > 1


@every_family
@pytest.mark.parametrize(
    "edit",
    [
        Edit("alpha", "pin", (5,)),
        Edit("alpha", "mask", (0, 1, 2, 3)),
        Edit("alpha", "set", values=(0.0,) * 10 + (3.0, 1.0) + (0.0,) * 4),
        Edit("alpha", "shift", values=(4.0,)),
        Edit("alpha", "uniform"),
    ],
    ids=lambda edit: edit.how,
)
def test_alpha_over_regions_can_be_edited(
    name: str, edit: Edit, seers: dict[str, Checkpoint]
) -> None:
    stepper = Stepper(seers[name], TOY_GIVEN[name][0])
    plain, _ = stepper.step(stepper.start, 0, Mode(), Choice())
    edited, after = stepper.step(stepper.start, 1, Mode(), Choice(), edits=(edit,))
    assert plain.cross is not None
    assert edited.cross is not None
    expected = edit_alpha(
        (edit,), plain.cross.alpha[0, 0], stepper.run.mask, plain.cross.window[0, 0]
    )[-1].alpha
    assert edited.cross.alpha[0, 0] == pytest.approx(expected, abs=1e-6)
    np.testing.assert_array_equal(edited.cross.unedited, plain.cross.alpha)
    assert edited.readings[SOFT].context == pytest.approx(
        expected @ stepper.run.states.astype(np.float64), abs=1e-4
    )
    node = Node(1, None, 1, edited.token_id, Mode(), Choice(), (edit,))
    replayed = stepper.replay(stepper.start, node)
    assert torch.equal(replayed.state.hidden, after.state.hidden)


@every_family
def test_region_context_and_state_can_be_chosen(name: str, seers: dict[str, Checkpoint]) -> None:
    stepper = Stepper(seers[name], TOY_GIVEN[name][0])
    edits = (
        Edit("position", "pick", (9,)),
        Edit("context", "zero", (0,)),
        Edit("state", "replace", (1,), (0.5,)),
    )
    record, _ = stepper.step(stepper.start, 0, HARD_MODE, Choice(), edits=edits)
    assert record.cross is not None
    assert record.cross.sampled.item() == 9
    expected = stepper.run.states[9].copy()
    expected[0] = 0
    np.testing.assert_array_equal(record.active.context, expected)
    assert record.active.state[1] == 0.5
    with pytest.raises(InputError, match="16"):
        stepper.step(
            stepper.start, 1, HARD_MODE, Choice(), edits=(Edit("position", "pick", (16,)),)
        )


@every_family
def test_branches_and_lost_positions_are_found_again_to_the_bit(
    name: str, seers: dict[str, Checkpoint]
) -> None:
    driver = TreeStepper(Stepper(seers[name], TOY_GIVEN[name][0]))
    first = driver.step(None, Mode(), Choice("forced"), forced=7)
    others = [
        driver.step(first.node, mode, Choice("sampled", seed=seed))
        for seed, mode in enumerate((Mode(), HARD_MODE, LOCAL))
    ]
    driver.forget()
    again = [
        driver.step(first.node, record.mode, Choice("sampled", seed=record.seed))
        for record in others
    ]
    for one, two in zip(others, again, strict=True):
        assert differences(dataclasses.replace(two, node=one.node), one) == []


# -- searches and probes --------------------------------------------------------------------


def every_output(model: Family, given: Given, mode: Mode, longest: int) -> dict[Any, float]:
    """log p of everything that can be written in up to `longest` tokens, one at a time."""
    memory = model.encode([model.prepare(given).inputs])
    found: dict[Any, float] = {}

    def go_on(tokens: tuple[int, ...], state: Any, total: float) -> None:
        if tokens and (model.ends(tokens[-1], len(tokens)) or len(tokens) == longest):
            found[tokens] = total
            return
        last = tokens[-1] if tokens else model.start_id
        previous = model.embed(torch.tensor([last]))
        stepped = model.step(
            memory, state, previous, mode, len(tokens) + 1, torch.zeros(1), (SOFT,)
        )
        (reading,) = stepped.readings.values()
        logits = model.readout(reading.state.hidden, reading.context, previous)[0].double()
        logits[list(model.never_chosen)] = -torch.inf
        logs = torch.log_softmax(logits, dim=0).tolist()
        for token, log in enumerate(logs):
            if token not in model.never_chosen:
                go_on((*tokens, token), reading.state, total + log)

    with torch.inference_mode():
        go_on((), model.start(memory), 0.0)
    return found


@every_family
def test_a_beam_as_wide_as_everything_finds_the_likeliest_output(
    name: str, seers: dict[str, Checkpoint]
) -> None:
    model, given = seers[name].model, TOY_GIVEN[name][1]
    every = every_output(model, given, Mode(), 2)
    settings = BeamSettings(width=1000, length_penalty=0.0, max_steps=2)
    found = beam_search(model, model.prepare(given), Mode(), settings)
    best = max(every, key=lambda tokens: every[tokens])
    assert found[0].tokens == best
    assert found[0].log_prob == pytest.approx(every[best], abs=1e-4)
    output = beam_output(model, found[0])
    assert output.tokens == tuple(token for token in best if token != model.end_id)
    if name == "vqa":
        assert output.ended
        assert len(output.tokens) == 2
        assert len(found) == len(every) == 49


@every_family
def test_a_watched_beam_goes_on_after_a_step_and_ends_where_the_model_does(
    name: str, seers: dict[str, Checkpoint]
) -> None:
    positions, path = after_one_step(seers[name], TOY_GIVEN[name][0])
    records = list(probe_beam(positions, path, {"width": 3, "length_penalty": 0.0}))
    assert records[-1].settings["finished"]
    assert records[-1].settings["limit"] == seers[name].model.usual_steps(16)
    assert sum(len(record.arrays["alpha"]) for record in records) > 1
    assert records[0].arrays["alpha"].shape[1] == 16
    ended = [t for r in records for t in r.arrays["t"][r.arrays["fate"] == 2].tolist()]
    if name == "vqa":
        assert set(ended) <= {2}
        (answer,) = {records[-1].settings["best"]}
        assert answer in ("red", "blue", "green", "yes", "no", "2", "not there")
        _, last, _ = positions.step(positions.after(path), 1, Mode(), Choice())
        with pytest.raises(InputError, match="the output has ended"):
            list(probe_beam(positions, (*path, last), {"width": 3}))


def after_one_step(checkpoint: Checkpoint, given: Given, mode: Mode = LOCAL) -> Any:
    positions = Positions(Stepper(checkpoint, given))
    _, node, _ = positions.step(positions.stepper.start, 0, mode, CHOICE)
    return positions, (node,)


@every_family
@every_mode
def test_the_arithmetic_of_a_step_ends_in_its_record(
    name: str, mode: Mode, seers: dict[str, Checkpoint]
) -> None:
    positions, path = after_one_step(seers[name], TOY_GIVEN[name][0], mode)
    record, _ = positions.stepper.step(positions.stepper.start, 0, mode, CHOICE)
    (probe,) = probe_arithmetic(positions, path, {"position": 6})
    assert probe.settings["cell"] == {"captioner": "lstm", "vqa": "gru"}[name]
    log_prob = float(probe.arrays["logit"][0] - probe.arrays["log_sum_exp"][0])
    assert log_prob == pytest.approx(record.log_prob, abs=1e-4)
    if not mode.attends:
        return
    assert record.cross is not None
    energy = float((probe.arrays["left"] * probe.arrays["right"]).sum())
    assert energy == pytest.approx(float(record.cross.energies[0, 0, 6]), abs=1e-4)
    if mode.scope == "local-p":
        assert "m · sigmoid" in probe.settings["scope_formula"]
        assert record.cross.center is not None
        share = 1 / (1 + np.exp(-probe.arrays["center_logit"].astype(np.float64)))
        assert probe.arrays["center_share"] == pytest.approx(share, abs=1e-6)
        assert record.cross.center[0, 0] == pytest.approx(4 * share, abs=1e-5)


@every_family
@pytest.mark.parametrize("mode", [mode for mode in MODES if mode.attends], ids=str)
def test_the_four_readings_of_a_glimpse(
    name: str, mode: Mode, seers: dict[str, Checkpoint]
) -> None:
    stepper = Stepper(seers[name], TOY_GIVEN[name][0])
    record, _ = stepper.step(stepper.start, 0, mode, Choice())
    probe = probe_readings(stepper, stepper.start, record)
    assert probe is not None
    for row, reading in ((0, SOFT), (1, HARD)):
        expected = record.readings[reading].log_prob
        assert float(probe.arrays["log_prob"][row]) == pytest.approx(expected, abs=1e-4)
    assert record.cross is not None
    assert int(probe.arrays["argmax_position"][0]) == int(record.cross.alpha[0, 0].argmax())


# -- what is refused ------------------------------------------------------------------------


def test_notebooks_open_files_and_are_told_what_is_missing(tmp_path: Path) -> None:
    captioner = toy_captioner_checkpoint(tmp_path / "captioner")
    answerer = toy_vqa_checkpoint(tmp_path / "vqa")
    path = tmp_path / "seen.png"
    Image.fromarray(toy_picture()).save(path)
    expected = api.decode(captioner, picture=toy_picture())
    for picture in (path, str(path), path.read_bytes()):
        trace = api.decode(captioner, picture=picture)
        assert differences(trace.run, expected.run) == []
        assert differences(trace.steps, expected.steps) == []
    assert api.decode(answerer, "how many?", picture=path).run.text == "how many?"
    refused: Iterator[tuple[Checkpoint, dict[str, Any], str]] = iter(
        (
            (captioner, {"text": "a dog"}, "takes a picture; give an image file"),
            (captioner, {"text": "a dog", "picture": path}, "nothing else"),
            (answerer, {"text": "how many?"}, "picture and a question; give an image file"),
            (answerer, {"picture": path}, "picture and a question; ask at least one word"),
            (captioner, {"picture": tmp_path / "none.png"}, "no such file"),
        )
    )
    for checkpoint, arguments, reason in refused:
        with pytest.raises(InputError, match=reason):
            api.decode(checkpoint, **arguments)

"""What the engine computes: the numbers of the stepper, whoever lost them in between."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from attn_desktop import api
from attn_desktop.attention.scopes import SCOPES
from attn_desktop.attention.scores import SCORES
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.common.model_list import list_models
from attn_desktop.decoding.readings import probe_readings
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.inputs.text import END_ID
from attn_desktop.trace.protocol import (
    Done,
    Encode,
    Encoded,
    Formula,
    ListModels,
    ModelOpened,
    Models,
    OpenModel,
    Progress,
    Stepped,
)
from attn_desktop.trace.run_tree import Choice, Node
from tests.decoding.helpers import NONE, differences
from tests.engine.client import Client, only
from tests.engine.conftest import Start
from tests.toy_models import TOY_MODES, toy_checkpoint

TEXT = "The red car stands in front of the house."
SAMPLED = Choice("sampled", temperature=1.4, top_p=0.9, seed=21)
HARD_MODE = Mode("additive", "global", HARD)


def nodes_of(steps: list[Stepped]) -> list[Node]:
    return [stepped.node for stepped in steps]


# -- models and inputs ----------------------------------------------------------------------


def test_the_models_are_those_that_the_command_lists(client: Client) -> None:
    models = only(client.ask(ListModels(request=900)), Models)
    assert models.models == tuple(list_models())


def test_an_opened_model_says_what_it_can_be_stepped_with(client: Client, model: Path) -> None:
    progress, opened, _ = client.ask(OpenModel(request=900, model=str(model)))
    assert progress == Progress(request=900, text="opening toy")
    assert isinstance(opened, ModelOpened)
    assert opened.info == api.open_model(model).info
    assert [str(mode) for mode in opened.info.trained_modes] == [
        str(Mode.parse(text)) for text in TOY_MODES
    ]
    assert opened.device == "cpu"
    assert [score.name for score in opened.scores] == [*SCORES, "none"]
    assert [scope.name for scope in opened.scopes] == list(SCOPES)
    assert opened.scores[1] == Formula(
        name="additive", formula=SCORES["additive"].formula, source="Bahdanau et al. 2015"
    )
    assert opened.scores[-1].formula == "c_t = [→h_S; ←h_1]"
    assert opened.scores[-1].source == "Sutskever et al. 2014"
    again = client.ask(OpenModel(request=901, model=str(model)))
    assert [type(reply) for reply in again] == [ModelOpened, Done]


def test_an_encoded_text_is_the_run_of_the_stepper(client: Client, model: Path) -> None:
    request = Encode(request=900, run=4, model=str(model), device="cpu", text=TEXT)
    replies = client.ask(request)
    assert [type(reply) for reply in replies] == [Progress, Encoded, Done]
    encoded = only(replies, Encoded)
    run = Stepper(api.open_model(model), TEXT).run
    assert differences(encoded.record, run) == []
    assert (encoded.run, encoded.step_limit) == (4, 2 * len(run.source) + 20)


@pytest.mark.parametrize(
    ("text", "device", "shown"),
    [
        ("", "cpu", "the text is empty"),
        ("a " * 600, "cpu", "the longest allowed is"),
        (TEXT, "tpu", "unknown device 'tpu'"),
        (TEXT, "cuda:77", "no device 'cuda:77'"),
    ],
)
def test_an_input_that_cannot_be_used_is_named(
    client: Client, model: Path, text: str, device: str, shown: str
) -> None:
    request = Encode(request=900, run=1, model=str(model), device=device, text=text)
    failed = client.failure(request)
    assert failed.cause == ("device" if device != "cpu" else "input")
    assert shown in failed.message


def test_a_folder_that_is_no_model_is_named(client: Client, tmp_path: Path) -> None:
    for name in (str(tmp_path), "no-such-model"):
        failed = client.failure(OpenModel(request=900, model=name))
        assert failed.cause == "model"
        assert name in failed.message


# -- steps ----------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", [Choice(), SAMPLED], ids=["greedy", "sampled"])
@pytest.mark.parametrize("mode", [Mode(), HARD_MODE, Mode("dot", "local-p"), NONE], ids=str)
def test_a_decoding_is_that_of_the_api_to_the_last_bit(
    client: Client, model: Path, mode: Mode, choice: Choice
) -> None:
    trace = api.decode(
        api.open_model(model),
        TEXT,
        score=mode.score,
        scope=mode.scope,
        weighting=mode.weighting,
        choice=choice,
        max_steps=7,
    )
    client.encode(model, TEXT)
    steps = client.decode(steps=7, mode=mode, choice=choice)
    assert nodes_of(steps) == list(trace.tree.nodes)
    for stepped, record in zip(steps, trace.steps, strict=True):
        assert stepped.run == 1
        assert differences(stepped.record, record) == []


def test_every_step_with_attention_has_its_four_readings(client: Client, model: Path) -> None:
    client.encode(model, TEXT)
    (first,) = client.decode(mode=HARD_MODE, choice=SAMPLED)
    (second,) = client.decode([first.node], mode=Mode("dot"))
    (third,) = client.decode([first.node, second.node], mode=NONE)
    assert third.probes == ()
    stepper = Stepper(api.open_model(model), TEXT)
    position = stepper.start
    for stepped in (first, second):
        before = position
        node = stepped.node
        record, position = stepper.step(before, node.id, node.mode, node.choice)
        probe = probe_readings(stepper, before, record)
        assert probe is not None
        (received,) = stepped.probes
        assert (received.node, received.kind) == (node.id, "readings")
        assert dict(received.settings) == dict(probe.settings)
        for name, array in probe.arrays.items():
            assert received.arrays[name].tobytes() == array.tobytes()


def test_it_stops_after_the_end_and_nothing_follows(client: Client, tmp_path: Path) -> None:
    toy_checkpoint(tmp_path)
    client.encode(tmp_path, TEXT)
    (end,) = client.decode(steps=9, choice=replace(SAMPLED, how="greedy"), forced=(END_ID,))
    assert end.record.is_end
    failed = client.failure(client.decode_request([end.node]))
    assert failed.cause == "input"
    assert "ended at step 1" in failed.message


def test_the_first_token_may_be_forced_and_the_rest_follow_the_choice(
    client: Client, model: Path
) -> None:
    client.encode(model, TEXT)
    first, second = client.decode(steps=2, choice=SAMPLED, mode=HARD_MODE, forced=(44,))
    assert (first.node.token_id, first.record.chosen_by) == (44, "forced")
    assert first.node.choice == replace(SAMPLED, how="forced")
    assert (second.node.choice, second.record.chosen_by) == (SAMPLED, "sampled")
    assert second.record.token_in_id == 44
    (again,) = client.decode([first.node], choice=SAMPLED, mode=HARD_MODE)
    assert differences(again.record, second.record) == []


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"steps": 0}, "at least 1, not 0"),
        ({"steps": -3}, "at least 1, not -3"),
        ({"run": 2}, "holds no run 2; encode it again"),
        ({"mode": Mode("loudest")}, "no score 'loudest'; it has: cosine"),
        ({"mode": Mode("dot", "near")}, "unknown scope 'near'"),
        ({"forced": (10**6,)}, "outside the vocabulary"),
        ({"forced": (0,)}, "cannot be an output token"),
        ({"choice": Choice("forced")}, "needs the token to force"),
        ({"path": (Node(3, 2, 3, 7, Mode()),)}, "cannot be step 1"),
        ({"path": (Node(3, None, 1, 10**9, Mode()),)}, "outside the vocabulary"),
    ],
    ids=str,
)
def test_a_decoding_that_cannot_be_is_refused_and_the_run_stays(
    client: Client, model: Path, changes: dict[str, Any], shown: str
) -> None:
    client.encode(model, TEXT)
    request = client.decode_request()
    failed = client.failure(msgspec.structs.replace(request, **changes))
    assert failed.cause == "input"
    assert shown in failed.message
    assert len(client.decode(steps=2)) == 2


# -- what was lost --------------------------------------------------------------------------


def test_a_fresh_engine_goes_on_where_another_died(
    client: Client, start: Start, model: Path
) -> None:
    client.encode(model, TEXT)
    first = client.decode(steps=3, mode=HARD_MODE, choice=SAMPLED)
    path = nodes_of(first)
    second = client.decode(path, steps=2, mode=NONE)
    path += nodes_of(second)
    third = client.decode(path, steps=3, mode=Mode("cosine", "local-p", HARD), choice=SAMPLED)
    other = start()
    other.encode(model, TEXT, run=17)
    again = other.decode(
        path, steps=3, mode=Mode("cosine", "local-p", HARD), choice=SAMPLED, run=17
    )
    for one, two in zip(third, again, strict=True):
        assert one.node == two.node
        assert differences(one.record, two.record) == []
        assert differences(one.probes, two.probes) == []


def test_branches_with_the_ids_of_others_get_their_own_numbers(
    client: Client, start: Start, model: Path
) -> None:
    """As after an undo whose ids were given again."""
    client.encode(model, TEXT)
    path = nodes_of(client.decode(steps=4))
    other = nodes_of(client.decode(steps=4, forced=(50,), mode=HARD_MODE))
    assert [node.id for node in other] == [node.id for node in path]
    (after_path,), (after_other,) = client.decode(path), client.decode(other)
    fresh = start()
    fresh.encode(model, TEXT)
    for expected, nodes in ((after_other, other), (after_path, path)):
        (again,) = fresh.decode(nodes)
        assert differences(again.record, expected.record) == []


def test_a_run_that_was_dropped_is_encoded_again_by_itself(client: Client, model: Path) -> None:
    client.encode(model, TEXT, run=0)
    path = nodes_of(client.decode(steps=2, run=0))
    (expected,) = client.decode(path, run=0)
    for run in range(1, 10):
        client.encode(model, f"Sentence {run}.", run=run)
    (again,) = client.decode(path, run=0)
    assert differences(again.record, expected.record) == []


def test_a_changed_model_is_read_again_and_old_runs_keep_theirs(
    client: Client, tmp_path: Path
) -> None:
    toy_checkpoint(tmp_path / "toy")
    client.encode(tmp_path / "toy", TEXT, run=1)
    (before,) = client.decode(run=1)
    toy_checkpoint(tmp_path / "toy", seed=5)
    replies = client.ask(OpenModel(request=900, model=str(tmp_path / "toy")))
    assert [type(reply) for reply in replies] == [Progress, ModelOpened, Done]
    client.encode(tmp_path / "toy", TEXT, run=2)
    (kept,), (new,) = client.decode(run=1), client.decode(run=2)
    assert differences(kept.record, before.record) == []
    assert differences(new.record, before.record)


def test_a_vanished_folder_fails_to_open_and_its_runs_go_on(client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "toy"
    toy_checkpoint(folder)
    client.encode(folder, TEXT)
    (first,) = client.decode()
    shutil.rmtree(folder)
    for request in (
        OpenModel(request=900, model=str(folder)),
        Encode(request=901, run=2, model=str(folder), device="cpu", text=TEXT),
    ):
        failed = client.failure(request)
        assert failed.cause == "model"
        assert f"'{folder}' is no folder and no shipped model" in failed.message
    (again,) = client.decode()
    assert differences(again.record, first.record) == []

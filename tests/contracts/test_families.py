"""What every registered model family must hold; a new one is picked up from the registry.

A family brings a toy of itself and inputs for it: entries in tests/toy_families.py.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from attn_desktop import families
from attn_desktop.attention.scopes import SCOPES
from attn_desktop.common.errors import InputError, UnknownNameError
from attn_desktop.common.mode import ARGMAX, HARD, SOFT, Mode
from attn_desktop.common.model_list import describe_model
from attn_desktop.families.base import FAMILIES, Family, Given
from attn_desktop.families.checkpoint import Checkpoint
from tests.toy_families import TOY_CHECKPOINTS, TOY_GIVEN
from tests.toy_seers import toy_picture

for module in pkgutil.iter_modules(families.__path__):
    importlib.import_module(f"{families.__name__}.{module.name}")

every_family = pytest.mark.parametrize("name", list(FAMILIES))

#: What the contract leaves to a family: its methods and properties that raise NotImplementedError.
LEFT_OPEN = [
    name
    for name, member in vars(Family).items()
    for function in [getattr(member, "fget", None) or getattr(member, "__func__", member)]
    if inspect.isfunction(function) and "raise NotImplementedError" in inspect.getsource(function)
]


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Checkpoint]:
    folder = tmp_path_factory.mktemp("toys")
    return {name: build(folder / name) for name, build in TOY_CHECKPOINTS.items()}


def test_every_family_brings_a_toy() -> None:
    assert set(TOY_CHECKPOINTS) == set(TOY_GIVEN) == set(FAMILIES)


@every_family
def test_it_defines_all_that_the_contract_leaves_open(name: str) -> None:
    kind = FAMILIES[name]
    assert issubclass(kind, Family)
    assert kind.name == name
    assert {"encode", "start", "advance", "readout", "from_folder"} <= set(LEFT_OPEN)
    missing = [member for member in LEFT_OPEN if getattr(kind, member) is getattr(Family, member)]
    assert not missing
    assert "from_folder" in vars(kind)
    assert inspect.getdoc(kind) not in (None, inspect.getdoc(Family))


@every_family
def test_its_config_is_frozen_and_refuses_what_it_does_not_know(name: str) -> None:
    config: Any = FAMILIES[name].config_type
    assert issubclass(config, msgspec.Struct)
    assert config.__struct_config__.frozen
    assert config.__struct_config__.forbid_unknown_fields
    family = next(field for field in msgspec.structs.fields(config) if field.name == "family")
    assert msgspec.convert(name, family.type) == name
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert("another family", family.type)


@every_family
def test_everything_it_remembers_is_in_the_checkpoint(
    name: str, toys: dict[str, Checkpoint]
) -> None:
    """Loading builds the model without memory: what the file lacks would be random bytes."""
    model = toys[name].model
    tensors = {key for key, _ in [*model.named_parameters(), *model.named_buffers()]}
    assert tensors == set(model.state_dict())
    assert not any(module.training for module in model.modules())
    assert not any(parameter.requires_grad for parameter in model.parameters())


@every_family
def test_input_and_tokens_have_labels(name: str, toys: dict[str, Checkpoint]) -> None:
    model = toys[name].model
    for given in TOY_GIVEN[name]:
        prepared = model.prepare(given)
        count = len(prepared.labels)
        assert prepared.text == given.text
        assert prepared.picture is given.picture
        assert prepared.words.shape == (count,)
        assert prepared.spans.shape == (count, 2)
        assert (prepared.grid is None) == (given.picture is None)
        assert prepared.grid is None or prepared.grid[0] * prepared.grid[1] == count
        assert model.encode([prepared.inputs]).states.shape[:2] == (1, count)
    assert model.token_label(model.start_id) != model.token_label(model.end_id)
    assert model.detokenize([model.end_id]) == ""
    with pytest.raises(InputError, match="outside the vocabulary"):
        model.token_label(10**9)


@every_family
def test_what_it_does_not_take_is_refused_by_what_it_takes(
    name: str, toys: dict[str, Checkpoint]
) -> None:
    model, info = toys[name].model, toys[name].info
    assert info.takes == model.takes
    assert describe_model(toys[name].folder).takes == model.takes, "as the list of models has it"
    assert model.takes in (("text",), ("picture",), ("picture", "question"))
    picture = toy_picture()
    takes_picture, takes_text = "picture" in model.takes, model.takes != ("picture",)
    for text in ("", " \n", "a dog"):
        for given in (Given(text), Given(text, picture)):
            fits = (given.picture is not None) == takes_picture
            if fits and bool(text.strip()) == takes_text:
                model.prepare(given)
            else:
                with pytest.raises(InputError, match=r"this model takes|the text is empty"):
                    model.prepare(given)
    if takes_picture:
        text = "a dog" if takes_text else ""
        floats: NDArray[Any] = picture.astype(np.float32)
        for broken in (picture[..., :2], floats, picture[:0], picture[0]):
            with pytest.raises(InputError, match="a picture"):
                model.prepare(Given(text, broken))


@every_family
def test_an_output_ends_at_a_token_or_at_a_step(name: str, toys: dict[str, Checkpoint]) -> None:
    model = toys[name].model
    assert not model.ends(model.start_id, 0)
    usual = model.usual_steps(7)
    assert usual >= 1
    if model.end_id in model.never_chosen:  # then its steps are counted
        assert model.ends(model.start_id, usual)
    else:
        assert model.ends(model.end_id, 1)
        assert not model.ends(model.start_id, 10**6)


@every_family
@pytest.mark.parametrize("scope", list(SCOPES))
def test_a_step_gives_states_and_logits_in_every_mode(
    name: str, scope: str, toys: dict[str, Checkpoint]
) -> None:
    model = toys[name].model
    if scope not in model.attention.scopes:
        with pytest.raises(InputError, match=f"{scope}.*{', '.join(model.attention.scopes)}"):
            model.check_mode(Mode(scope=scope))
        return
    memory = model.encode([model.prepare(given).inputs for given in TOY_GIVEN[name]])
    rows, positions, size = memory.states.shape
    assert rows == len(TOY_GIVEN[name])
    assert memory.mask.shape == (rows, positions)
    assert memory.fixed_context.shape == (rows, size)
    state = model.start(memory)
    for score in model.attention.scores:
        for t in (1, 2, 50):
            previous = model.embed(torch.tensor([model.start_id] * rows))
            draw = torch.full((rows,), 0.5, dtype=torch.float64)
            weightings = (SOFT, HARD, ARGMAX)
            stepped = model.step(memory, state, previous, Mode(score, scope), t, draw, weightings)
            assert tuple(stepped.readings) == weightings
            for reading in stepped.readings.values():
                assert reading.context.shape == (rows, size)
                assert reading.state.hidden.shape == state.hidden.shape
                assert reading.gates
                logits: Tensor = model.readout(reading.state.hidden, reading.context, previous)
                assert logits.shape[0] == rows
                assert torch.isfinite(logits).all()
            state = stepped.readings[SOFT].state


@every_family
def test_modes_it_lacks_are_refused_by_name(name: str, toys: dict[str, Checkpoint]) -> None:
    model = toys[name].model
    assert model.trained_modes
    for mode in model.trained_modes:
        model.check_mode(mode)
        assert model.is_trained(mode)
    with pytest.raises(InputError, match=", ".join([*model.attention.scores, "none"])):
        model.check_mode(Mode("no-such-score"))
    with pytest.raises(UnknownNameError, match=", ".join(SCOPES)):
        model.check_mode(Mode(next(iter(model.attention.scores)), "no-such-scope"))


@every_family
def test_a_saved_checkpoint_is_the_loaded_one(
    name: str, toys: dict[str, Checkpoint], tmp_path: Path
) -> None:
    again = TOY_CHECKPOINTS[name](tmp_path / "again")
    assert again.info.hash == toys[name].info.hash
    assert again.info.family == name
    assert again.info.trained_modes == again.model.trained_modes


def test_an_unknown_name_lists_all_families() -> None:
    with pytest.raises(UnknownNameError) as error:
        FAMILIES["transformer"]
    assert str(error.value).endswith(f"valid are: {', '.join(FAMILIES)}")

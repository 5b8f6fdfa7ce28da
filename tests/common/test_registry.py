from __future__ import annotations

import pytest

from attn_desktop.common.errors import InputError, UnknownNameError
from attn_desktop.common.registry import Registry


@pytest.fixture
def scores() -> Registry[int]:
    registry = Registry[int]("score")
    registry.add("general", 2)
    registry.add("dot", 1)
    return registry


def test_names_keep_the_order_of_definition(scores: Registry[int]) -> None:
    assert list(scores) == ["general", "dot"]
    assert len(scores) == 2
    assert scores["dot"] == 1


def test_membership_never_raises(scores: Registry[int]) -> None:
    assert "dot" in scores
    assert "dto" not in scores
    assert None not in scores


def test_an_unknown_name_lists_the_valid_ones(scores: Registry[int]) -> None:
    with pytest.raises(UnknownNameError, match="unknown score 'dto'; valid are: general, dot") as e:
        scores["dto"]
    assert isinstance(e.value, InputError)
    assert e.value.__suppress_context__  # the KeyError would tell a user nothing


def test_a_name_taken_twice_is_refused_and_changes_nothing(scores: Registry[int]) -> None:
    with pytest.raises(ValueError, match="score 'dot' is defined twice"):
        scores.add("dot", 3)
    assert scores["dot"] == 1

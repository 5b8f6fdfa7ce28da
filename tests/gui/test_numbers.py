"""Short numbers: readable, and never 0 for what is not."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_desktop.gui.numbers import bound_text, short_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1.00"),
        (0.714, "0.71"),
        (0.0096, "0.01"),
        (0.0094, "0.009"),
        (0.004, "0.004"),
        (0.00099, "<0.001"),
        (0.0, "0.00"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_a_number_has_as_many_decimals_as_it_needs(value: float, text: str) -> None:
    assert short_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0123, "<0.02"), (0.0023, "<0.003"), (0.0001, "<0.001"), (0.0, "<0.001"), (math.nan, "–")],
)
def test_a_bound_is_rounded_up(value: float, text: str) -> None:
    assert bound_text(value) == text


@given(st.floats(0, 1))
def test_a_bound_holds(value: float) -> None:
    assert float(bound_text(value).removeprefix("<")) >= value

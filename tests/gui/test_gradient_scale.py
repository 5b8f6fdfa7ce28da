"""Scales of small charts: from values to pixels and back, and the numbers beside them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attn_desktop.gui.gradient_scale import Scale


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(("start", "end"), [(10.0, 210.0), (180.0, 20.0)])
def test_a_pixel_and_its_value_belong_together(log: bool, start: float, end: float) -> None:
    scale = Scale(0.01, 100, start, end, log)
    assert [scale.pixel(0.01), scale.pixel(100)] == pytest.approx([start, end])
    for value in (0.02, 1.0, 77.0):
        assert scale.value(scale.pixel(value)) == pytest.approx(value)
    middle = 1.0 if log else 50.005
    assert scale.pixel(middle) == pytest.approx((start + end) / 2)


def test_what_has_no_place_has_no_pixel() -> None:
    scale = Scale(1, 10, 0, 100, log=True)
    assert np.isnan(scale.at(np.array([0.0, -1.0, math.nan, math.inf]))).all()


def test_a_scale_holds_all_values_that_it_is_around() -> None:
    values = np.array([math.nan, -2.0, 3.0, math.inf])
    linear = Scale.around(values, 0, 100)
    assert linear is not None
    assert 0 < linear.pixel(-2.0) < linear.pixel(3.0) < 100
    logarithmic = Scale.around(np.array([0.0, 1e-4, 1e3]), 0, 100, log=True)
    assert logarithmic is not None
    assert 0 < logarithmic.pixel(1e-4) < logarithmic.pixel(1e3) < 100


def test_around_one_value_there_is_room_and_around_none_no_scale() -> None:
    for value in (0.0, -3.0):
        scale = Scale.around(np.array([value]), 0, 100)
        assert scale is not None
        assert scale.pixel(value) == pytest.approx(50)
    assert Scale.around(np.array([math.nan]), 0, 100) is None
    assert Scale.around(np.array([0.0, -1.0]), 0, 100, log=True) is None


def test_a_logarithmic_scale_has_powers_of_ten_and_no_more_than_wanted() -> None:
    scale = Scale(0.004, 2000, 0, 100, log=True)
    assert scale.ticks(10) == pytest.approx([0.01, 0.1, 1, 10, 100, 1000])
    assert scale.ticks(3) == pytest.approx([0.01, 1, 100])
    assert Scale(0, 1, 0, 100).ticks(5) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])

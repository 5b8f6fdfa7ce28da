"""Sizes of figures: units, pixels, and what nobody can mean."""

from __future__ import annotations

import pytest

from attn_desktop.common.errors import InputError
from attn_desktop.gui.export_size import FigureSize, check_type_size, parse_size


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("86mm x 60mm", FigureSize(86, 60, "mm")),
        ("86mmx60mm", FigureSize(86, 60, "mm")),
        ("86x60mm", FigureSize(86, 60, "mm")),
        ("86mm", FigureSize(86, None, "mm")),
        (" 3.4 in × 2.5 IN ", FigureSize(3.4, 2.5, "in")),
        ("8.6cm", FigureSize(8.6, None, "cm")),
        ("900x600", FigureSize(900, 600, "px")),
        ("900X600px", FigureSize(900, 600, "px")),
        ("900", FigureSize(900, None, "px")),
    ],
)
def test_sizes_are_read(text: str, expected: FigureSize) -> None:
    assert parse_size(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a size is WIDTHxHEIGHT"),
        ("big", "not 'big'"),
        ("86mm x", "a size is"),
        ("-5x5", "a size is"),
        ("1e9x5", "a size is"),
        ("10mm x 2in", "one unit"),
        ("0x600", "the width must be above 0, not 0 px"),
        ("900x0", "the height must be above 0"),
        ("1000000x1000000", "a width of 1e+06 px is too much; the most is 16000 px"),
        ("90000mm", "the most is 4233 mm"),
        ("9" * 400, "too much|above 0"),
    ],
)
def test_sizes_that_nobody_can_mean_are_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said.replace("+", r"\+")):
        parse_size(text)


@pytest.mark.parametrize("dpi", [0, -1, 9, 2401, float("nan"), float("inf")])
def test_resolutions_that_nobody_can_mean_are_refused(dpi: float) -> None:
    with pytest.raises(InputError, match=r"dpi must lie in 10\.\.2400"):
        FigureSize(dpi=dpi)


@pytest.mark.parametrize("size", [0, -1, 0.29, 4.1, float("nan")])
def test_type_that_nobody_can_read_is_refused(size: float) -> None:
    with pytest.raises(InputError, match=r"type size must lie in 0\.3\.\.4"):
        check_type_size(size)


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(InputError, match="valid are: mm, cm, in, px"):
        FigureSize(1, 1, "pt")  # type: ignore[arg-type]


def test_lengths_go_there_and_back() -> None:
    for size in (FigureSize(86), FigureSize(3, unit="in"), FigureSize(900, unit="px", dpi=200)):
        logical = size.logical(size.width, 96)
        assert size.from_logical(logical, 96) == pytest.approx(size.width)
    assert FigureSize(1, unit="in").logical(1, 120) == 120
    assert FigureSize(900, unit="px").logical(900, 120) == 900


def test_pixels_are_of_the_screen_unless_their_resolution_is_told() -> None:
    assert FigureSize(900, unit="px").resolution(120) == 120
    assert FigureSize(900, unit="px", dpi=200).resolution(120) == 200
    assert FigureSize(86).resolution(120) == 300


def test_too_many_pixels_are_counted_in_the_message() -> None:
    with pytest.raises(InputError, match="200 mm at 2400 dpi are 18898 pixels"):
        FigureSize(200, dpi=2400).pixels(200, 96)

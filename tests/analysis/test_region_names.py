"""Regions of a picture in a few words."""

from __future__ import annotations

import pytest

from attn_desktop.analysis.region_names import region_names, short_names


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (("r3c4",), (("r3c4", 1),)),
        (("r3c4", "r3c5"), (("r3c4–r3c5", 2),)),
        (("r4c5", "r3c4", "r4c4", "r3c5"), (("r3c4–r4c5", 4),)),
        (("r9c14", "r10c14"), (("r9c14–r10c14", 2),)),
        (("r1c1", "r2c2"), (("r1c1", 1), ("r2c2", 1))),
        (("r1c1", "r1c2", "r1c3", "r2c2"), (("r1c1–r1c3", 3), ("r2c2", 1))),
        (("r1c1", "r1c1"), (("r1c1", 1),)),
        ((), ()),
        (("r1c1", "car"), ()),
        (("r1c1x",), ()),
        (("r١c1",), ()),
    ],
)
def test_rectangles_and_runs_have_a_name(
    labels: tuple[str, ...], names: tuple[tuple[str, int], ...]
) -> None:
    assert region_names(labels) == names


def test_what_is_left_out_is_counted_in_regions() -> None:
    labels = [f"r{row}c{column}" for row in (1, 3, 5) for column in (1, 2)] + ["r7c3"]
    assert short_names(labels, 2) == "r1c1–r1c2, r3c1–r3c2 + 3 more"
    assert short_names(labels, 9).endswith("r5c1–r5c2, r7c3")
    assert short_names(["a word"], 2) == ""

"""Faults that are told one by one, and those that are only counted."""

from __future__ import annotations

import pytest

from attn_desktop.inputs.first_few import MOST, NAMED, FirstFew, first_of


@pytest.mark.parametrize("count", [0, 1, MOST, MOST + 1, 10 * MOST])
def test_the_first_are_told_and_the_rest_counted(count: int) -> None:
    told: list[str] = []
    faults = FirstFew(told.append)
    for number in range(count):
        faults(f"fault {number}")
    faults.end("list.tsv")
    shown = [f"fault {number}" for number in range(min(count, MOST))]
    more = [f"list.tsv: {count - MOST} more like this, {count} in all"] if count > MOST else []
    assert told == shown + more
    assert faults.count == count


def test_the_first_names_of_many() -> None:
    assert first_of([]) == ""
    assert first_of(["a", 2]) == "a, 2"
    assert first_of(range(NAMED)) == "0, 1, 2, 3, 4"
    assert first_of(range(NAMED + 1)) == "0, 1, 2, 3, 4, …"

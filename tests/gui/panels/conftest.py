"""Of the panels' tests: every move of the pointer counts, however fast they follow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gui.plot_pointer import every_move_counts


@pytest.fixture(autouse=True)
def _every_move_counts() -> Iterator[None]:
    with every_move_counts():
        yield

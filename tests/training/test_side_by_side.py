from __future__ import annotations

import json

import pytest

from attn_desktop.training import side_by_side as module
from attn_desktop.training.side_by_side import side_by_side
from tests.elsewhere import run_elsewhere

SCRIPT = """
import json
from attn_desktop.training import side_by_side as module
module.usable_cores = lambda: 2
parts = list(module.side_by_side(list, 11, at_once=4))
try:
    list(module.side_by_side(float, 6, at_once=3))
    failure = ""
except TypeError as error:
    failure = str(error)
print(json.dumps([parts, failure]))
"""
PARTS = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]


def test_every_number_once_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "usable_cores", lambda: 1)
    assert list(side_by_side(list, 11, at_once=4)) == PARTS
    assert list(side_by_side(list, 0)) == []


def test_several_processes_keep_the_order_and_pass_failures_on() -> None:
    done = run_elsewhere(SCRIPT)
    assert done.returncode == 0, done.stderr
    parts, failure = json.loads(done.stdout)
    assert parts == PARTS
    assert "float" in failure
    assert "range" in failure

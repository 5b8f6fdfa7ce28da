"""Probes of a session: when they are asked, and what takes the place of what."""

from __future__ import annotations

from pathlib import Path

import shiboken6
from pytestqt.qtbot import QtBot

from attn_desktop.gui.engine_client import EngineClient, own_engine
from attn_desktop.gui.intents import AskProbe
from attn_desktop.gui.probing import Probing
from tests.gui.desk import Desk, make_desk

GLANCE = AskProbe("arithmetic", 2, {"position": 1})
SEARCH = AskProbe("beam", 1, {"mode": "additive/global/soft", "width": 3, "max_steps": 4})


def probes(desk: Desk, t: int) -> list[str]:
    node = desk.scene.steps[t - 1].node
    return [probe.kind for probe in desk.scene.probes.get(node, ()) if probe.kind != "readings"]


def test_what_is_asked_without_an_engine_is_asked_when_there_is_one(
    desk: Desk, qtbot: QtBot, endless_folder: Path, tmp_path: Path
) -> None:
    desk.encode()
    desk.session.save(tmp_path / "kept.attn")
    client = EngineClient(own_engine())
    other = make_desk(client, qtbot, endless_folder)
    probing = Probing(other.session)
    other.session.model = str(endless_folder)
    other.session.open(tmp_path / "kept.attn")
    probing.ask(AskProbe("arithmetic", 1, {"position": 0}))
    probing.ask(GLANCE)  # the place is another one by now
    assert not probes(other, 2)
    client.start()
    other.wait(lambda: "arithmetic" in probes(other, 2))
    assert "arithmetic" not in probes(other, 1)
    client.stop()
    shiboken6.delete(other.holder)


def test_a_glance_stops_no_search(desk: Desk) -> None:
    desk.encode()
    probing = Probing(desk.session)
    probing.ask(SEARCH)
    assert desk.session.probing == "beam"
    probing.ask(GLANCE)
    assert desk.session.probing == "beam"
    desk.wait(lambda: "arithmetic" in probes(desk, 2) and not desk.session.probing)
    assert not desk.failures
    (search,) = [
        probe for probe in desk.scene.probes[desk.scene.steps[0].node] if probe.kind == "beam"
    ]
    assert search.settings["finished"]


def test_a_search_takes_the_place_of_another(desk: Desk) -> None:
    desk.encode()
    probing = Probing(desk.session)
    probing.ask(SEARCH)
    other = AskProbe("beam", 1, {**SEARCH.settings, "width": 2})
    probing.ask(other)
    desk.wait(lambda: not desk.session.probing)
    found = desk.scene.probes[desk.scene.steps[0].node]
    finished = [probe for probe in found if probe.kind == "beam" and probe.settings["finished"]]
    assert [probe.settings["width"] for probe in finished] == [2]


def test_a_failure_is_told_once(desk: Desk) -> None:
    desk.encode()
    probing = Probing(desk.session)
    wrong = AskProbe("arithmetic", 1, {"position": 10**6})
    probing.ask(wrong)
    text, cause = desk.failure()
    assert (cause, "position" in text) == ("note", True)
    probing.ask(wrong)
    probing.ask(GLANCE)
    desk.wait(lambda: "arithmetic" in probes(desk, 2))
    assert not desk.failures

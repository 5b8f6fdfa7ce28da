"""The numbers of panels as CSV, JSON and NumPy archives."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QPainter
from pytestqt.qtbot import QtBot

from attn_desktop.common.errors import ExportError
from attn_desktop.gui.export import save_csv, save_json, save_npz
from attn_desktop.gui.panel import PaintedPanel, Panel, Table
from attn_desktop.gui.panels.alignment import AlignmentPanel
from attn_desktop.gui.panels.timeline import TimelinePanel
from attn_desktop.gui.scene import Scene
from attn_desktop.gui.theme import LIGHT
from attn_desktop.trace.run_tree import MAX_SEED
from tests.toy_records import toy_trace
from tests.toy_scenes import hard, spoiled, toy_scene

Open = Callable[..., Panel]
SAVERS = [save_csv, save_json, save_npz]


class Listed(PaintedPanel):
    """A panel with the table that it is given."""

    title = "Listed"
    about = "For tests."
    held = Table((), ())

    def paint(self, painter: QPainter) -> None:
        return

    def table(self) -> Table:
        return self.held


# After the class is made: one that is defined with a name is registered for the window.
Listed.name = "listed"


@pytest.fixture
def opened(qtbot: QtBot) -> Open:
    """A panel of a kind that shows a toy run, unless it is given another scene."""

    def open_panel(kind: type[Panel], scene: Scene | None = None) -> Panel:
        panel = kind(LIGHT)
        qtbot.addWidget(panel)
        trace = toy_trace()
        panel.set_scene(scene or Scene(run=trace.run, steps=trace.steps, t=2))
        return panel

    return open_panel


@pytest.fixture
def listed(opened: Open) -> Callable[..., Listed]:
    """A panel whose table has these columns and rows."""

    def make(columns: Sequence[str], *rows: Sequence[str | float | int]) -> Listed:
        panel = opened(Listed)
        assert isinstance(panel, Listed)
        panel.held = Table(tuple(columns), rows)
        return panel

    return make


# -- CSV ----------------------------------------------------------------------------------


def test_a_csv_says_what_the_table_says(opened: Open, tmp_path: Path) -> None:
    panel = opened(AlignmentPanel)
    save_csv(panel, tmp_path / "a.csv")
    with open(tmp_path / "a.csv", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    table = panel.table()
    assert tuple(header) == table.columns
    assert [
        [int(row[0]), row[1], *map(float, row[2:])] for row in rows
    ] == [list(row) for row in table.rows]  # fmt: skip


def test_a_csv_quotes_and_disarms_text_and_keeps_numbers_exact(
    listed: Callable[..., Panel], tmp_path: Path
) -> None:
    panel = listed(
        ("t", "token", "α, all"),
        (1, '=SUM("a1")', 0.1),
        (2, "a, b\nc", -1e-300),
        (3, "-", float("nan")),
        (4, "é", np.float32(0.1)),  # as a careless panel may
    )
    save_csv(panel, tmp_path / "a.csv")
    data = (tmp_path / "a.csv").read_bytes()
    assert data.decode("utf-8").splitlines(keepends=True) == [
        't,token,"α, all"\r\n',
        '1,"\'=SUM(""a1"")",0.1\r\n',
        '2,"a, b\n',
        'c",-1e-300\r\n',
        "3,'-,nan\r\n",
        f"4,é,{float(np.float32(0.1))!r}\r\n",
    ]


# -- JSON ---------------------------------------------------------------------------------


def test_a_json_says_the_table_and_of_which_run_it_is(opened: Open, tmp_path: Path) -> None:
    scene = toy_scene(t=3, mode=hard())
    panel = opened(AlignmentPanel, scene)
    save_json(panel, tmp_path / "a.json")
    data = (tmp_path / "a.json").read_bytes()
    assert data.isascii()
    said = json.loads(data)
    table = panel.table()
    assert list(said) == ["panel", "title", "run", "columns", "rows"]
    assert (said["panel"], said["title"]) == ("alignment", "Alignment")
    assert said["columns"] == list(table.columns)
    assert said["rows"] == [list(row) for row in table.rows]
    run, step = scene.run, scene.step
    assert run is not None
    assert step is not None
    assert said["run"]["text"] == run.text
    assert said["run"]["model"] == "toy"
    assert said["run"]["hash"] == run.model.hash
    assert said["run"]["mode"] == "additive/global/hard"
    assert (said["run"]["t"], said["run"]["steps"]) == (3, 5)
    assert (said["run"]["seed"], said["run"]["chosen_by"]) == (step.seed, step.chosen_by)


def test_a_json_before_the_first_step_has_no_mode(opened: Open, tmp_path: Path) -> None:
    save_json(opened(AlignmentPanel, toy_scene(t=0)), tmp_path / "a.json")
    run = json.loads((tmp_path / "a.json").read_bytes())["run"]
    assert run["t"] == 0
    assert "mode" not in run


def test_what_is_not_finite_is_null_in_a_json(opened: Open, tmp_path: Path) -> None:
    save_json(opened(AlignmentPanel, spoiled(toy_scene())), tmp_path / "a.json")

    def refuse(word: str) -> None:
        pytest.fail(f"{word} is not JSON")

    said = json.loads((tmp_path / "a.json").read_bytes(), parse_constant=refuse)
    assert all(value is None for row in said["rows"] for value in row[2:])


def test_a_json_keeps_any_text_and_numbers_of_numpy(
    listed: Callable[..., Panel], tmp_path: Path
) -> None:
    rows = [('"\\\u2028\ud800</script>', np.float32(0.1)), ("", np.int64(MAX_SEED))]
    save_json(listed(("a", "b"), *rows), tmp_path / "a.json")
    said = json.loads((tmp_path / "a.json").read_bytes())["rows"]
    assert said == [[rows[0][0], float(np.float32(0.1))], ["", MAX_SEED]]


# -- NPZ ----------------------------------------------------------------------------------


def test_an_npz_holds_an_array_a_column(opened: Open, tmp_path: Path) -> None:
    scene = toy_scene(t=3)
    panel = opened(AlignmentPanel, scene)
    save_npz(panel, tmp_path / "a.npz")
    table = panel.table()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as numbers:
        assert numbers["columns"].tolist() == list(table.columns)
        keys = numbers["keys"].tolist()
        for place, key in enumerate(keys):
            assert numbers[key].tolist() == [row[place] for row in table.rows]
        assert numbers["t"].dtype == np.int64
        assert numbers["token"].dtype.kind == "U"
        assert all(numbers[key].dtype == np.float64 for key in keys[2:])
        about = json.loads(str(numbers["about"]))
    assert about["panel"] == "alignment"
    assert about["run"]["text"] == (scene.run.text if scene.run else "")


def test_seeds_are_exact_in_an_npz(opened: Open, tmp_path: Path) -> None:
    scene = toy_scene()
    steps = tuple(replace(step, seed=MAX_SEED - step.t) for step in scene.steps)
    save_npz(opened(TimelinePanel, replace(scene, steps=steps)), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as numbers:
        assert numbers["seed"].tolist() == [MAX_SEED - t for t in range(1, 6)]


def test_columns_of_one_name_or_of_names_that_no_file_may_have_are_told_apart(
    listed: Callable[..., Panel], tmp_path: Path
) -> None:
    columns = ("the", "the", "../etc", "</s>", "", "columns", "α", "the_2")
    panel = listed(columns, tuple(range(8)))
    save_npz(panel, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as numbers:
        assert numbers["columns"].tolist() == list(columns)
        keys = numbers["keys"].tolist()
        assert keys == ["the", "the_2", "etc", "s", "column", "columns_2", "α", "the_2_2"]
        assert [int(numbers[key][0]) for key in keys] == list(range(8))


def test_columns_have_the_dtype_of_what_is_in_them(
    listed: Callable[..., Panel], tmp_path: Path
) -> None:
    panel = listed(
        ("whole", "real", "gaps", "mixed", "flag", "none"),
        (1, 1, 0.5, 1, True, ""),
        (2, 0.5, "", "x", False, ""),
    )
    save_npz(panel, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as numbers:
        kinds = {key: numbers[key].dtype.kind for key in numbers["keys"].tolist()}
        assert kinds == {
            "whole": "i", "real": "f", "gaps": "f", "mixed": "U", "flag": "b", "none": "U",
        }  # fmt: skip
        assert np.isnan(numbers["gaps"][1])
        assert numbers["mixed"].tolist() == ["1", "x"]


def test_the_same_numbers_make_the_same_file(opened: Open, tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        save_npz(opened(AlignmentPanel), tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


# -- none ---------------------------------------------------------------------------------


@pytest.mark.parametrize("save", SAVERS)
def test_a_panel_without_numbers_has_no_file(
    qtbot: QtBot, tmp_path: Path, save: Callable[[Panel, Path], None]
) -> None:
    panel = AlignmentPanel(LIGHT)
    qtbot.addWidget(panel)
    with pytest.raises(ExportError, match="Alignment shows no numbers yet"):
        save(panel, tmp_path / "a")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("save", SAVERS)
def test_a_table_without_rows_is_one(
    listed: Callable[..., Panel], tmp_path: Path, save: Callable[[Panel, Path], None]
) -> None:
    save(listed(("a", "b")), tmp_path / "a")
    assert (tmp_path / "a").stat().st_size > 3

"""Tables as rows with the numbers of their lines; damaged files are tested with `read_table`."""

from __future__ import annotations

from pathlib import Path

import pytest

from attn_desktop.common.errors import InputError
from attn_desktop.inputs import tables
from attn_desktop.inputs.tables import numbered_rows


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_rows_come_with_the_number_of_their_line(tmp_path: Path) -> None:
    path = written(tmp_path / "t.tsv", "a\tb\n1\t2\r\n3\t4")
    assert list(numbered_rows(path, ("b", "a"))) == [(2, ("2", "1")), (3, ("4", "3"))]


def test_an_optional_column_is_empty_where_the_table_has_none(tmp_path: Path) -> None:
    path = written(tmp_path / "t.tsv", "a\tb\n1\t2\n")
    assert list(numbered_rows(path, ("a",), ("b", "c"))) == [(2, ("1", "2", ""))]


def test_a_faulty_row_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = written(tmp_path / "t.tsv", "a\tb\n1\t2\n\n3\n4\t5\t6\n7\t8\n")
    faults: list[str] = []
    rows = list(numbered_rows(path, ("a",), on_fault=faults.append))
    assert rows == [(2, ("1",)), (6, ("7",))]
    assert faults == [
        f"{path}, line {line}: {cells}, the header has 2"
        for line, cells in ((3, "1 cell"), (4, "1 cell"), (5, "3 cells"))
    ]
    with pytest.raises(InputError, match="line 3: 1 cell"):
        list(numbered_rows(path, ("a",)))


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    assert list(numbered_rows(written(tmp_path / "t.tsv", "\ufeffa\n1\n"), ("a",))) == [(2, ("1",))]


def test_a_line_without_end_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MAX_LINE_CHARACTERS", 50)
    path = written(tmp_path / "t.tsv", f"a\n{'x' * 49}\n{'y' * 51}\n")
    rows = numbered_rows(path, ("a",))
    assert next(rows) == (2, ("x" * 49,))
    with pytest.raises(InputError, match=r"t\.tsv, line 3: longer than 50 characters"):
        next(rows)


def test_a_header_that_is_no_header_is_told_in_short(tmp_path: Path) -> None:
    path = written(tmp_path / "t.tsv", "x" * 10_000)
    with pytest.raises(InputError, match="no column 'a'") as refused:
        list(numbered_rows(path, ("a",)))
    assert len(str(refused.value)) < 500

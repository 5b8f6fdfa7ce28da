"""Tab-separated tables with a header line, gzipped or not: rows with the numbers of their lines."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from attn_desktop.common.errors import InputError

#: Of one line, so that a file without line breaks is not read into memory as one.
MAX_LINE_CHARACTERS = 1 << 20


def refuse(fault: str) -> None:
    """Take a faulty row as an end of reading: raise InputError."""
    raise InputError(fault)


def numbered_rows(
    path: Path,
    columns: Sequence[str],
    optional: Sequence[str] = (),
    on_fault: Callable[[str], None] = refuse,
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The line number, the header's being 1, and the named cells of every row.

    optional: further columns, "" where the table has none. on_fault: told about a row with too few
    or too many cells, by file and line; unless it raises, that row is left out.
    Raises InputError, naming the file, where it cannot be read or lacks a column.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        # Some programs write a byte order mark, which is no part of the first column's name.
        with opener(path, "rt", encoding="utf-8-sig", newline="\n") as file:
            lines = iter(lambda: file.readline(MAX_LINE_CHARACTERS), "")
            header = next(lines, "").rstrip("\r\n").split("\t")
            missing = [column for column in columns if column not in header]
            if missing:
                raise InputError(
                    f"{path}: no column {missing[0]!r} in the header line; "
                    f"it has: {_in_short(header)}"
                )
            picks = [
                header.index(column) if column in header else len(header)
                for column in (*columns, *optional)
            ]
            for number, line in enumerate(lines, start=2):
                if len(line) == MAX_LINE_CHARACTERS and not line.endswith("\n"):
                    raise InputError(
                        f"{path}, line {number}: longer than {MAX_LINE_CHARACTERS:,} characters, "
                        "which is no row of a table"
                    )
                cells = line.rstrip("\r\n").split("\t")
                if len(cells) == len(header):
                    cells.append("")  # for columns that the table does not have
                    yield number, tuple(cells[pick] for pick in picks)
                else:
                    cut = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
                    on_fault(f"{path}, line {number}: {cut}, the header has {len(header)}")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text ({error.reason})") from None
    except EOFError:
        raise InputError(f"{path}: the gzip file is cut short") from None
    except zlib.error as error:
        raise InputError(f"{path}: the gzip file is damaged ({error})") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None


def _in_short(header: Sequence[str]) -> str:
    text = ", ".join(header)
    return text if len(text) <= 200 else f"{text[:200]}…"

"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from attn_desktop.common.errors import ExportError
from attn_desktop.common.whole_file import check_target, set_aside, write_whole


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_whole(path, b"old " * 1000)
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link_and_permissions_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "a", tmp_path / "link"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640


def test_what_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ExportError, match=f"{path} cannot be written: No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_targets_of_no_use_are_told_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="there is no folder"):
        check_target(tmp_path / "lost" / "a")
    with pytest.raises(ExportError, match="it is a folder"):
        check_target(tmp_path)
    check_target(tmp_path / "new")


def test_what_is_set_aside_becomes_the_file_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.npy"
    with set_aside(path) as unfinished:
        unfinished.write_bytes(b"first")
        assert not path.exists()
    assert path.read_bytes() == b"first"

    def stop(unfinished: Path) -> None:
        unfinished.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), set_aside(path) as unfinished:
        stop(unfinished)
    assert path.read_bytes() == b"first"
    with set_aside(path) as unfinished:
        unfinished.write_bytes(b"second")
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == {"a.npy": b"second"}

"""What holds for every test: no thread and no process outlives it, and warnings are errors."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

# Read once, when torch is imported: waiting OpenMP threads sleep instead of keeping the core that
# another process needs.
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
# Windows of tests need no screen; those that want a real one start it themselves.
os.environ["QT_QPA_PLATFORM"] = "offscreen"

import pytest

from tests.import_blocker import QT_BINDINGS, block_imports

GRACE_S = 5.0
PROC = Path("/proc")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--without-qt",
        action="store_true",
        help="make every Qt binding unimportable, to show that the engine side needs none "
        "(with pytest-qt installed, add -p no:pytest-qt)",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--without-qt"):
        loaded = sorted(set(QT_BINDINGS) & set(sys.modules))
        if loaded:
            raise pytest.UsageError(f"--without-qt comes too late, loaded are: {', '.join(loaded)}")
        block_imports(QT_BINDINGS)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The window's own tests need Qt."""
    without = config.getoption("--without-qt") and "gui" in collection_path.parts
    return True if without else None


def child_processes() -> dict[int, str]:
    """Process id and command of each child of this process; empty where there is no /proc."""
    children = {}
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            # "pid (command) state ppid ...", where a command may hold spaces and parentheses.
            pid_and_command, _, rest = stat.read_text(errors="replace").rpartition(")")
        except OSError:  # it ended meanwhile
            continue
        if int(rest.split()[1]) == os.getpid():
            pid, _, command = pid_and_command.partition(" (")
            children[int(pid)] = command
    return children


@pytest.fixture(autouse=True)
def _nothing_outlives_a_test() -> Iterator[None]:
    torch = sys.modules.get("torch")
    if torch is not None:
        # Batch 1 on one thread is how the stepper decodes, and sums keep their order.
        torch.set_num_threads(1)
    threads_before = set(threading.enumerate())
    children_before = child_processes().keys()
    yield
    deadline = time.monotonic() + GRACE_S
    for thread in set(threading.enumerate()) - threads_before:
        thread.join(max(0.0, deadline - time.monotonic()))
    leaked = [f"thread {thread.name!r}" for thread in set(threading.enumerate()) - threads_before]
    # No grace for processes: a child that nobody waited for stays one, be it dead or alive.
    leaked += [
        f"process {pid} ({command})"
        for pid, command in child_processes().items()
        if pid not in children_before
    ]
    if leaked:
        pytest.fail(f"left running by the test: {', '.join(leaked)}")

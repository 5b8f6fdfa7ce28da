"""Make named packages unimportable, as if they were not installed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

QT_BINDINGS = (
    "PySide6",
    "PySide2",
    "PyQt6",
    "PyQt5",
    "shiboken6",
    "shiboken2",
    "sip",
    "qtpy",
    "pyqtgraph",
)


class _Blocker(MetaPathFinder):
    def __init__(self, packages: Iterable[str]) -> None:
        self.packages = frozenset(packages)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in self.packages:
            raise ModuleNotFoundError(f"{fullname} is blocked by this test", name=fullname)
        return None


def block_imports(packages: Iterable[str]) -> None:
    """From now on, importing one of `packages` raises ModuleNotFoundError."""
    sys.meta_path.insert(0, _Blocker(packages))

"""Imports run one way: each side of the waist works without the libraries of the other."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from tests.import_blocker import QT_BINDINGS

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "attn_desktop"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if "_data" not in path.parts)
TORCH = ("torch", "transformers")
WINDOW_SIDE = ("common", "trace", "analysis", "gui")

IMPORT_ALL = """
import importlib, json, sys
root, blocked, modules = json.loads(sys.argv[1])
sys.path.insert(0, root)
from tests.import_blocker import block_imports
block_imports(blocked)
for module in modules:
    importlib.import_module(module)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""

needs_import_linter = pytest.mark.skipif(
    importlib.util.find_spec("importlinter") is None,
    reason="import-linter comes with the extra `dev` only",
)


def module_name(source: Path) -> str:
    return ".".join(source.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def modules_below(packages: Iterable[str]) -> list[str]:
    below = tuple(f"attn_desktop.{package}." for package in packages)
    return [name for name in map(module_name, SOURCES) if f"{name}.".startswith(below)]


def import_in_subprocess(modules: Sequence[str], blocked: Sequence[str] = ()) -> set[str]:
    """Import `modules` in a new process; the top-level packages that this loaded."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, json.dumps([str(ROOT), blocked, modules])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    run = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", run, "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


def test_all_but_the_window_imports_without_qt() -> None:
    window = set(modules_below(["gui"]))
    engine_side = [name for name in map(module_name, SOURCES) if name not in window]
    assert "attn_desktop.common.mode" in engine_side
    import_in_subprocess(engine_side, blocked=QT_BINDINGS)


def test_the_window_side_imports_without_torch() -> None:
    try:
        has_qt = importlib.util.find_spec("PySide6") is not None
    except ModuleNotFoundError:  # blocked by --without-qt
        has_qt = False
    modules = modules_below(name for name in WINDOW_SIDE if has_qt or name != "gui")
    assert "attn_desktop.trace.records" in modules
    import_in_subprocess(modules, blocked=TORCH)


@pytest.mark.parametrize(
    "module", ["attn_desktop", "attn_desktop.__main__", "attn_desktop.cli.app"]
)
def test_starting_loads_neither_torch_nor_qt(module: str) -> None:
    loaded = import_in_subprocess([module])
    assert not loaded & {*TORCH, *QT_BINDINGS}


def test_the_package_names_what_it_hands_on_and_nothing_else() -> None:
    import attn_desktop

    assert {"decode", "open_model"} <= set(dir(attn_desktop))
    with pytest.raises(AttributeError, match="no attribute 'decoed'"):
        _ = attn_desktop.decoed


@pytest.mark.parametrize("source", SOURCES, ids=module_name)
def test_a_module_has_a_docstring_and_is_short(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    first = text.lstrip().removeprefix("r")
    assert first.startswith('"""'), "its first line should say what the module is for"
    assert len(text.splitlines()) <= 400, "split it by idea"


@needs_import_linter
def test_the_import_contracts_hold() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_import_linter
def test_a_leak_breaks_its_contract(tmp_path: Path) -> None:
    """The contracts are only worth something if they fail: plant leaks in a copy."""
    config = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(config, encoding="utf-8")
    copy = tmp_path / "attn_desktop"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "_data"))
    for package in ("gui", "gui/panels", "engine"):
        (copy / package).mkdir(exist_ok=True)
        (copy / package / "__init__.py").touch()
    for path, leak in {
        "trace/leak.py": "def later():\n    import torch\n",
        "gui/leak.py": "import attn_desktop.decoding\n",
        "gui/panels/one.py": "import attn_desktop.gui.panels.two\n",
        "gui/panels/two.py": "import attn_desktop.trace\n",
        "engine/leak.py": "import attn_desktop.gui\n",
        "attention/leak.py": "import attn_desktop.inputs\n",
        "analysis/leak.py": "import attn_desktop.gui.leak\n",
        # Indirect: the helper that imports Qt is itself in no contract's list.
        "decoding/leak.py": "import attn_desktop._helper\n",
        "_helper.py": "import PySide6\n",
    }.items():
        (copy / path).write_text(leak, encoding="utf-8")
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    for contract in tomllib.loads(config)["tool"]["importlinter"]["contracts"]:
        # A line of the report may be wrapped, so compare without white space.
        report = "".join(done.stdout.split())
        assert "".join(f"{contract['name']} BROKEN".split()) in report, done.stdout


def test_the_forbidden_contracts_name_every_package() -> None:
    """A package that is not named in them, or only by a wildcard, is not checked."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {each["id"]: each for each in config["tool"]["importlinter"]["contracts"]}
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    expected = {
        "no-torch": packages & set(WINDOW_SIDE),
        "no-qt": packages - {"gui", "cli"},
    }
    for contract, names in expected.items():
        sources = set(contracts[contract]["source_modules"])
        assert {f"attn_desktop.{name}" for name in names} <= sources
    assert set(QT_BINDINGS) <= set(contracts["no-qt"]["forbidden_modules"])

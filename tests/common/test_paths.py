from __future__ import annotations

from pathlib import Path

import pytest

from attn_desktop.common import paths
from attn_desktop.common.errors import CheckpointError


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with two shipped models, and an empty working folder."""
    package = tmp_path / "checkout" / "attn_desktop"
    package.mkdir(parents=True)
    monkeypatch.setattr(paths, "_PACKAGE", package)
    monkeypatch.setattr(paths, "_INSTALLED_DATA", package / "_data")
    for name in ("en-fr", "captions"):
        add_model(package.parent / "models" / name)
    (package.parent / "models" / "no-model").mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return package


def add_model(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}", encoding="utf-8")


def test_this_checkout_has_both_folders() -> None:
    assert (paths.models_folder() / "README.md").is_file()
    assert (paths.resources_folder() / "README.md").is_file()


def test_shipped_models_are_folders_with_a_config(package: Path) -> None:
    models = package.parent / "models"
    assert paths.shipped_models() == [models / "captions", models / "en-fr"]


def test_an_installed_package_uses_its_own_data(package: Path) -> None:
    add_model(package / "_data" / "models" / "inside")
    assert paths.shipped_models() == [package / "_data" / "models" / "inside"]
    assert paths.resources_folder() == package / "_data" / "resources"


def test_without_a_models_folder_nothing_is_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "attn_desktop")
    monkeypatch.setattr(paths, "_INSTALLED_DATA", tmp_path / "attn_desktop" / "_data")
    assert paths.shipped_models() == []
    with pytest.raises(CheckpointError, match="none"):
        paths.resolve_model("en-fr")


@pytest.mark.parametrize("name", ["en-fr", "models/en-fr", "models/en-fr/"])
def test_a_shipped_model_is_found_from_anywhere(package: Path, name: str) -> None:
    assert paths.resolve_model(name) == package.parent / "models" / "en-fr"


def test_an_existing_folder_wins(package: Path) -> None:
    Path("models/en-fr").mkdir(parents=True)
    assert paths.resolve_model("models/en-fr") == Path("models/en-fr")
    assert paths.resolve_model(str(package)) == package


@pytest.mark.parametrize(
    "name",
    [
        "en-de",
        "",
        " ",
        "models",
        "models/",
        "models/no-model",
        "../en-fr",
        "a/en-fr",
        "\0",
        "x" * 5000,
    ],
)
@pytest.mark.usefixtures("package")
def test_an_unknown_model_lists_the_shipped_ones(name: str) -> None:
    with pytest.raises(CheckpointError, match="models/captions, models/en-fr"):
        paths.resolve_model(name)


@pytest.mark.usefixtures("package")
def test_a_file_is_no_model() -> None:
    Path("weights.safetensors").touch()
    with pytest.raises(CheckpointError, match="is a file, but a model is a folder"):
        paths.resolve_model("weights.safetensors")

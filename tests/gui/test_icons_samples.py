"""Icons and sample sentences of the resources."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QIcon, QImage
from pytestqt.qtbot import QtBot

from attn_desktop.common import paths
from attn_desktop.common.paths import resources_folder
from attn_desktop.gui import icons
from attn_desktop.gui.icons import APPLICATION, application_icon, icon
from attn_desktop.gui.samples import Sample, load_samples
from attn_desktop.gui.theme import DARK, LIGHT, Theme

FILES = sorted((resources_folder() / "icons").glob("*.svg"))
NAMES = [file.stem for file in FILES if file.stem != APPLICATION]


def pixels(image: QImage) -> list[QColor]:
    return [
        image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())
    ]  # fmt: skip


def drawn(name: str, theme: Theme, mode: QIcon.Mode, size: int = 24) -> list[QColor]:
    """The pixels that an icon covers."""
    image = icon(name, theme).pixmap(size, size, mode).toImage()
    assert image.width() == size
    return [colour for colour in pixels(image) if colour.alpha()]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_icon_is_a_small_svg_without_scripts_or_links(file: Path) -> None:
    root = ET.parse(file).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("viewBox") == ("0 0 64 64" if file.stem == APPLICATION else "0 0 24 24")
    text = file.read_text(encoding="utf-8")
    assert len(text) < 2000
    assert "href" not in text
    assert "script" not in text


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_an_icon_has_the_colours_of_the_theme(qtbot: QtBot, name: str, theme: Theme) -> None:
    normal = drawn(name, theme, QIcon.Mode.Normal)
    disabled = drawn(name, theme, QIcon.Mode.Disabled)
    assert len(normal) > 30
    solid = [colour for colour in normal if colour.alpha() == 255]
    assert solid
    text = QColor(theme.text)
    for colour in solid:
        assert max(
            abs(colour.red() - text.red()),
            abs(colour.green() - text.green()),
            abs(colour.blue() - text.blue()),
        ) <= 2  # fmt: skip
    assert max(colour.alpha() for colour in disabled) < 130


def test_the_icons_differ_from_each_other(qtbot: QtBot) -> None:
    seen = {bytes(icon(name, LIGHT).pixmap(16, 16).toImage().constBits()) for name in NAMES}
    assert len(seen) == len(NAMES)


def test_a_name_without_a_file_is_an_empty_icon(qtbot: QtBot) -> None:
    assert icon("no-such-icon", LIGHT).isNull()


def test_the_icon_of_the_program_is_there_in_every_size(qtbot: QtBot) -> None:
    found = {size.toTuple() for size in application_icon().availableSizes()}
    assert {(16, 16), (32, 32), (48, 48), (256, 256)} <= found
    image = application_icon().pixmap(16, 16).toImage()
    bright = sum(colour.lightness() > 200 for colour in pixels(image))
    assert bright == pytest.approx(32, abs=8), "two white cells of 4 × 4 pixels"


def test_without_resources_there_are_no_icons(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "_INSTALLED_DATA", tmp_path)
    for cached in (icons._icon, icons._read):
        cached.cache_clear()
    try:
        assert application_icon().isNull()
        assert icon("step", LIGHT).isNull()
        assert load_samples() == ()
    finally:
        for cached in (icons._icon, icons._read):
            cached.cache_clear()


# -- samples ------------------------------------------------------------------------------


def test_the_shipped_samples_are_short_sentences_of_many_kinds() -> None:
    samples = load_samples()
    assert len(samples) == 12
    assert samples[0].text == "The red car stopped in front of the house."
    assert len({sample.label for sample in samples}) == len({s.text for s in samples}) == 12
    lengths = sorted(len(sample.text.split()) for sample in samples)
    assert lengths[0] == 1
    assert 18 <= lengths[-1] <= 24
    assert lengths[-2] <= 14
    assert any(sample.text.endswith("?") for sample in samples)
    assert any(" not " in sample.text for sample in samples)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[1]",
        b'[{"label": "a"}]',
        b'[{"label": "a", "text": ""}]',
        b'[{"label": "a", "text": "b", "more": 1}]',
        b'[{"label": "a", "text": "\xff"}]',
        b"[" * 100_000,
    ],
)
def test_a_bad_file_gives_no_samples(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "samples.json"
    path.write_bytes(content)
    assert load_samples(path) == ()


def test_samples_of_another_file_are_read(tmp_path: Path) -> None:
    path = tmp_path / "samples.json"
    path.write_text('[{"label": "a", "text": "b c"}]')
    assert load_samples(path) == (Sample("a", "b c"),)
    assert load_samples(tmp_path) == ()

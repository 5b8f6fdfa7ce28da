"""`attn-desktop export`: figures, numbers and reports of a recorded decoding, from its file alone.

No model, no engine and no screen is needed; pictures are drawn by Qt without a window.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attn_desktop.common.errors import InputError
from attn_desktop.common.whole_file import check_target
from attn_desktop.trace.storage import load_trace
from attn_desktop.trace.trace import Trace

if TYPE_CHECKING:
    from attn_desktop.gui.export import ExportChoice
    from attn_desktop.gui.report import ReportTheme

PICTURE_SUFFIXES = (".png", ".svg")
PANEL_SUFFIXES = (*PICTURE_SUFFIXES, ".csv", ".npz", ".json")
REPORT_SUFFIXES = (".html", ".htm")
NUMBERS_SUFFIX = ".npz"
THEMES = ("light", "dark", "system")


def _list_panels(wanted: bool) -> None:
    if wanted:
        panels = _panels()
        width = max(map(len, panels))
        for name in panels:
            print(f"{name:{width}}  {panels[name].title}")
        raise typer.Exit


File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE.attn", help="What `attn-desktop trace` or the window saved.",
        show_default=False,
    ),
]  # fmt: skip
Output = Annotated[
    Path,
    typer.Option(
        "-o",
        "--output",
        metavar="OUT",
        help="The file to write, or to replace. Its suffix is the format: .png, .svg, .csv, .npz "
        "or .json of a panel, .npz of all numbers, .html of a report.",
        show_default=False,
    ),
]
PanelName = Annotated[
    str | None, typer.Option("--panel", metavar="NAME", help="The panel to export.")
]
ListPanels = Annotated[
    bool,
    typer.Option(
        "--list-panels", help="Print the names of the panels.", callback=_list_panels, is_eager=True
    ),
]
Html = Annotated[
    bool, typer.Option("--html", help="Write a report of everything as one self-contained page.")
]
Numbers = Annotated[
    bool, typer.Option("--numbers", help="Write every number of the file as a NumPy archive.")
]
Size = Annotated[
    str | None,
    typer.Option(
        metavar="WxH",
        help="Of the figure: 86mm x 60mm, 3.4in, 900x600 (pixels). Without a height, as the panel "
        "is proportioned. Default: 86mm, a column of a journal.",
    ),
]
Dpi = Annotated[
    float | None,
    typer.Option(
        metavar="N", help="Pixels an inch of a PNG. Default: 300, of a size in pixels 96."
    ),
]
Theme = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="light or dark. Default: light for a picture, for a report system, which follows its "
        "reader's.",
    ),
]
TypeSize = Annotated[
    float | None,
    typer.Option(
        metavar="F", help="1 is type of 10 pt. Default: 0.8, of a size in pixels 1."
    ),
]  # fmt: skip
Step = Annotated[
    int | None,
    typer.Option(
        metavar="T", min=0, help="The step to show. Default: the one shown when it was saved."
    ),
]
Branch = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, help="As `show` numbers them. Default: the one shown when it was saved."
    ),
]
Words = Annotated[bool, typer.Option("--words", help="Join the pieces of a source word.")]


def command(
    file: File,
    output: Output,
    panel: PanelName = None,
    html: Html = False,
    numbers: Numbers = False,
    size: Size = None,
    dpi: Dpi = None,
    theme: Theme = None,
    type_size: TypeSize = None,
    step: Step = None,
    branch: Branch = None,
    words: Words = False,
    list_panels: ListPanels = False,
) -> None:
    """Write a figure, numbers or a report of FILE.attn; needs no model.

    --panel NAME writes one panel, --html a report, --numbers all numbers. Without any of them the
    suffix decides: .html or .npz.
    """
    if theme is not None and theme not in THEMES:
        raise InputError(f"unknown theme {theme!r}; valid are: {', '.join(THEMES)}")
    what = _what(panel, html, numbers, output)
    picture = what == "panel" and output.suffix.lower() in PICTURE_SUFFIXES
    pictures_only = {"--size": size, "--dpi": dpi, "--type-size": type_size}
    _refuse("pictures", picture, pictures_only)
    _refuse("--panel", what == "panel", {"--step": step, "--branch": branch})
    _refuse("pictures and reports", picture or what == "html", {"--theme": theme})
    _refuse("panels and reports", what != "numbers", {"--words": words or None})
    check_target(output)
    if what == "panel":
        assert panel is not None
        _panels_check(panel)
        choice = _choice(output, size, dpi, theme, type_size)
        _write_panel(load_trace(file), panel, output, choice, (branch, step, words))
    elif what == "html":
        from attn_desktop.cli.qt_check import check_import

        check_import()
        from attn_desktop.gui.report import write_report

        write_report(load_trace(file), output, _report_theme(theme), words)
    else:
        from attn_desktop.analysis.numbers_export import save_numbers_npz

        save_numbers_npz(load_trace(file), output)


def _refuse(where: str, allowed: bool, options: Mapping[str, object]) -> None:
    """InputError for options that would have no effect."""
    given = [name for name, value in options.items() if value is not None]
    if given and not allowed:
        raise InputError(f"{', '.join(given)} {'are' if given[1:] else 'is'} of {where} only")


def _what(panel: str | None, html: bool, numbers: bool, output: Path) -> str:
    """`panel`, `html` or `numbers`, whose suffix `output` has."""
    asked = [
        name
        for name, wanted in (
            ("--panel", panel is not None),
            ("--html", html),
            ("--numbers", numbers),
        )
        if wanted
    ]
    if len(asked) > 1:
        raise InputError(f"{' and '.join(asked)} are different files: take one")
    suffix = output.suffix.lower()
    by_suffix = {NUMBERS_SUFFIX: "numbers", **dict.fromkeys(REPORT_SUFFIXES, "html")}
    what = asked[0].removeprefix("--") if asked else by_suffix.get(suffix)
    if what is None:
        if suffix in PANEL_SUFFIXES:
            raise InputError(f"{output}: which panel? --panel is one of: {', '.join(_panels())}")
        raise InputError(_unknown(output, (*PANEL_SUFFIXES, ".html")))
    valid = {"panel": PANEL_SUFFIXES, "html": REPORT_SUFFIXES, "numbers": (NUMBERS_SUFFIX,)}[what]
    if suffix not in valid:
        raise InputError(_unknown(output, valid))
    return what


def _unknown(output: Path, valid: tuple[str, ...]) -> str:
    said = f"suffix {output.suffix!r} is unknown" if output.suffix else "has no suffix"
    return f"{output}: {said}; valid are: {', '.join(valid)}"


def _choice(
    output: Path,
    size: str | None,
    dpi: float | None,
    theme: str | None,
    type_size: float | None,
) -> ExportChoice:
    from attn_desktop.gui.export import KINDS, ExportChoice
    from attn_desktop.gui.export_size import (
        PAPER_TYPE,
        FigureSize,
        check_type_size,
        parse_size,
    )

    figure = FigureSize(dpi=dpi) if size is None else parse_size(size, dpi)
    if type_size is None:
        type_size = 1.0 if figure.unit == "px" else PAPER_TYPE
    kind = next(kind for kind in KINDS if output.suffix.lower() == f".{kind}")
    return ExportChoice(
        kind=kind,
        size=figure,
        theme="dark" if theme == "dark" else "light",
        type_size=check_type_size(type_size),
    )


def _report_theme(name: str | None) -> ReportTheme:
    return "light" if name == "light" else "dark" if name == "dark" else "system"


def _panels() -> Any:
    """The registry of panels, all of them in it."""
    from attn_desktop.cli.qt_check import check_import

    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # nobody needs to see it
    check_import()
    from attn_desktop.common.registry import import_modules
    from attn_desktop.gui import panels
    from attn_desktop.gui.panel import PANELS

    import_modules(panels)
    return PANELS


def _panels_check(name: str) -> None:
    """UnknownNameError, which lists the valid ones, for a panel that there is not."""
    _panels()[name]


def _write_panel(
    trace: Trace,
    name: str,
    output: Path,
    choice: ExportChoice,
    place: tuple[int | None, int | None, bool],
) -> None:
    from PySide6.QtCore import QEvent, qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    from attn_desktop.gui.export import save_panel
    from attn_desktop.gui.export_scene import still

    branch, step, words = place
    scene = still(trace, branch, step, words)
    # Qt tells what its platform without a screen cannot do; nobody needs to know.
    before = qInstallMessageHandler(lambda *_: None)
    app = QApplication.instance() or QApplication(["attn-desktop"])
    assert isinstance(app, QApplication)
    app.setStyle("Fusion")
    panel = _panels()[name](choice.look())
    try:
        panel.set_scene(scene)
        if choice.kind in ("png", "svg") and not panel.table().rows:
            raise InputError(
                f"{name} has nothing to show of this branch and step: give another --branch or "
                "--step, or let the window show it and save the file again"
            )
        save_panel(panel, output, choice)
    finally:
        # Now, and by Qt: pyqtgraph's scenes do not survive that Python deletes them.
        panel.deleteLater()
        app.sendPostedEvents(panel, QEvent.Type.DeferredDelete.value)
        qInstallMessageHandler(before)

"""`attn-desktop` without a command: the window."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path
from typing import Annotated, get_args

import typer

from attn_desktop.common.errors import InputError
from attn_desktop.common.settings import ThemeChoice

MAX_SIDE = 16_000

Model = Annotated[
    str | None,
    typer.Option("--model", metavar="MODEL", help="A model's folder or the name of a shipped one."),
]
Input = Annotated[str | None, typer.Option("--input", metavar="TEXT", help="What to decode.")]
Trace = Annotated[
    Path | None, typer.Option("--trace", metavar="FILE.attn", help="Show a recorded decoding.")
]
WindowDevice = Annotated[
    str | None, typer.Option("--device", metavar="NAME", help="cpu, cuda or cuda:N.")
]
Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="COMMAND",
        help="What starts the engine, such as 'ssh gpubox attn-desktop engine'.",
    ),
]
Picture = Annotated[
    Path | None,
    typer.Option(
        "--screenshot", metavar="OUT.png", help="Decode to the end, save a picture and leave."
    ),
]
Size = Annotated[
    str | None, typer.Option("--size", metavar="WxH", help="Of the window, such as 1600x1000.")
]
Theme = Annotated[
    str | None, typer.Option("--theme", metavar="NAME", help="light, dark or system.")
]
Step = Annotated[
    int | None,
    typer.Option("--step", metavar="T", min=0, help="With --screenshot: the step to show."),
]


def open_window(
    model: str | None,
    text: str | None,
    trace: Path | None,
    device: str | None,
    engine: str | None,
    screenshot: Path | None,
    size: str | None,
    theme: str | None,
    step: int | None,
) -> int:
    """Show the window until it is closed; the exit code. Raises UserError where it cannot be."""
    wanted_size, wanted_theme = _size(size), _theme(theme)
    command = _command(engine)
    if screenshot is not None and not screenshot.absolute().parent.is_dir():
        raise InputError(f"--screenshot {screenshot}: there is no folder {screenshot.parent}")
    if screenshot is not None and _no_screen():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"  # nobody needs to see it
    from attn_desktop.cli.qt_check import check_qt

    check_qt()
    from attn_desktop.gui.app import Request, run

    return run(
        Request(
            text=text,
            model=model,
            device=device,
            file=trace,
            engine_command=command,
            theme=wanted_theme,
            size=wanted_size,
            screenshot=screenshot,
            step=step,
        )
    )


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text.strip().lower())
    if match is None or not all(1 <= int(side) <= MAX_SIDE for side in match.groups()):
        raise InputError(f"--size is WIDTHxHEIGHT in pixels, such as 1600x1000, not {text!r}")
    return int(match[1]), int(match[2])


def _theme(text: str | None) -> ThemeChoice | None:
    valid: tuple[ThemeChoice, ...] = get_args(ThemeChoice)
    for name in valid:
        if text == name:
            return name
    if text is not None:
        raise InputError(f"unknown theme {text!r}; valid are: {', '.join(valid)}")
    return None


def _command(text: str | None) -> list[str] | None:
    if text is None:
        return None
    try:
        command = shlex.split(text)
    except ValueError as error:
        raise InputError(f"--engine {text!r} cannot be read: {error}") from None
    if not command:
        raise InputError("--engine is empty; give a command such as 'attn-desktop engine'")
    return command


def _no_screen() -> bool:
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform.startswith("linux") and not any(map(os.environ.get, screens))

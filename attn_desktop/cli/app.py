"""The command `attn-desktop`: its subcommands, and how each of them may end.

Exit codes: 0; 2 with one line on stderr for whatever the user can put right; 130 after Ctrl+C;
141 when the reader of a pipe went away. Nothing here imports torch: `--help` must not wait for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

# Read once, when torch is imported: waiting OpenMP threads sleep instead of keeping the core that
# another process needs (17 ms a decoding step instead of 70 when the other core is busy).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Read once, when numpy is imported. The matrices of the window are small, and a second thread for
# them only waits for the core on which the engine decodes: up to a second for the principal
# components of 60 annotations, instead of 2 ms.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import typer
from typer.core import TyperGroup

from attn_desktop.cli import (
    decode,
    desktop_entry,
    doctor,
    engine,
    evaluate,
    export,
    models,
    scene,
    show,
    step,
    trace,
    train,
    verify,
    window,
)
from attn_desktop.cli.messages import complain
from attn_desktop.common.errors import InputError, UserError
from attn_desktop.common.version import VERSION

USER_ERROR, INTERRUPTED, READER_GONE = 2, 130, 141

#: Base of every complaint about the command line. Newer versions of typer carry click inside them,
#: older ones depend on it; this is the way to the class in both.
UsageError = typer.BadParameter.__base__
assert UsageError is not None


class Commands(TyperGroup):
    """The group of subcommands, which turns every expected error into a line and an exit code."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        given = (args, prog_name, complete_var, False, windows_expand_args)
        if not standalone_mode:
            return super().main(*given, **extra)
        try:
            code = super().main(*given, **extra)
        except UsageError as error:  # type: ignore[misc]  # a class found at run time
            context = getattr(error, "ctx", None)
            path = context.command_path if context is not None else "attn-desktop"
            complain(f"{error.format_message()} (see {path} --help)")
            sys.exit(USER_ERROR)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: Any) -> Any:
        try:
            value = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()  # here, where a reader that went away is no surprise
            return value
        except UserError as error:
            complain(str(error))
        except BrokenPipeError:
            _silence_stdout()
            raise typer.Exit(READER_GONE) from None
        except KeyboardInterrupt:
            complain("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            complain(f"{where}{error.strerror or error}")
            _silence_stdout()
        except (MemoryError, RuntimeError) as error:
            # torch's own class, by name: torch may never have been imported.
            if not isinstance(error, MemoryError) and type(error).__name__ != "OutOfMemoryError":
                raise
            complain("out of memory; a shorter input or, on a GPU, --device cpu needs less")
        raise typer.Exit(USER_ERROR)


def _silence_stdout() -> None:
    """Let what is still buffered go nowhere, so that the interpreter's last flush cannot fail."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (AttributeError, OSError, ValueError):  # no stdout, or one that is no file
        return


def _never_fail_on_a_character() -> None:
    """A terminal that lacks a character gets its escape instead of a traceback."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"attn-desktop {VERSION}")
        raise typer.Exit


app = typer.Typer(
    cls=Commands,
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def start(
    ctx: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True),
    ] = False,
    model: window.Model = None,
    text: window.Input = None,
    trace: window.Trace = None,
    device: window.WindowDevice = None,
    engine: window.Engine = None,
    screenshot: window.Picture = None,
    size: window.Size = None,
    theme: window.Theme = None,
    step: window.Step = None,
) -> None:
    """An offline debugger for attention: step a model's decoding one token at a time.

    Without a command it opens the window, to which the options here belong.
    """
    _never_fail_on_a_character()
    asked = (model, text, trace, device, engine, screenshot, size, theme, step)
    if ctx.invoked_subcommand is None:
        raise typer.Exit(window.open_window(*asked))
    if any(option is not None for option in asked):
        raise InputError(
            "--model, --input and the other options before the command are of the window; "
            f"give the options of {ctx.invoked_subcommand!r} after it"
        )


app.command("step")(step.command)
app.command("trace")(trace.command)
app.command("show")(show.command)
app.command("export")(export.command)
app.command("verify")(verify.command)
app.command("decode")(decode.command)
app.command("evaluate")(evaluate.command)
app.command("train")(train.command)
app.command("models")(models.command)
app.command("scene")(scene.command)
app.command("doctor")(doctor.command)
app.command("desktop-entry")(desktop_entry.command)
app.command("engine")(engine.command)


def main() -> None:
    """Run the command line of this process."""
    app(prog_name="attn-desktop")

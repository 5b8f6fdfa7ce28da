"""`attn-desktop train`: reproduce a shipped checkpoint from data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attn_desktop.cli import options
from attn_desktop.cli.messages import complain
from attn_desktop.common.cores import usable_cores
from attn_desktop.common.errors import InputError

STOPPED = 130


def command(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="What to train; an unknown name lists all of them.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Where the checkpoint goes, and its subfolder `training`.",
            show_default=False,
        ),
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The folder that holds the data sets, for a recipe that reads any.",
            show_default=False,
        ),
    ] = None,
    device: options.Device = "cpu",
    epochs: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Default: the recipe's own number.", show_default=False
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=256,
            help="Processes that share each batch on a CPU. Default: one a usable core.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, max=1_000_000, help="Of the first weights and all that is drawn."
        ),
    ] = 1,
    encoder: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Weights of the encoder to begin with, for a recipe that takes one: a "
            "safetensors file, of a checkpoint or of its encoder alone.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Train a shipped checkpoint, or go on training.

    A run that was stopped goes on where it was.

    Ctrl+C finishes the batch, saves and ends with exit code 130, so that a script does not take
    a stopped training for a finished one; the same command then goes on. A second Ctrl+C ends at
    once.
    """
    from attn_desktop.training.recipe import RECIPES, Request, import_recipes, run_recipe

    import_recipes()
    # An unknown name is refused before anything else, listing the valid ones.
    if RECIPES[recipe].needs_data and data is None:
        raise InputError(f"{recipe} reads data sets: give the folder that holds them as --data DIR")
    if data is not None and not data.is_dir():
        raise InputError(f"--data {data}: no such folder; give the one that holds the data sets")
    if encoder is not None and not RECIPES[recipe].takes_encoder:
        raise InputError(f"{recipe} begins with no encoder that is given; leave out --encoder")
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out}: is a file, but a checkpoint is a folder")

    from attn_desktop.families.devices import train_fast, use_device

    use_device(device)
    train_fast()
    if workers is None:
        workers = usable_cores() if device == "cpu" else 1
    request = Request(data, out, device, epochs, workers, seed, encoder, say)
    if not run_recipe(recipe, request):
        complain(f"stopped; {out} holds the model so far and the same command goes on from there")
        raise typer.Exit(STOPPED)
    print(f"finished: {out}; try it with: attn-desktop step {out} {RECIPES[recipe].example}")


def say(line: str) -> None:
    """Write a line of progress at once, into a file or pipe too."""
    print(line, flush=True)

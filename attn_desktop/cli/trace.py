"""`attn-desktop trace`: decode an input and keep everything about it in an .attn file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attn_desktop.analysis.pieces import output_text, printable
from attn_desktop.cli import options
from attn_desktop.cli.loading import open_model
from attn_desktop.common.mode import Mode
from attn_desktop.common.whole_file import check_target
from attn_desktop.trace.storage import save_trace


def command(
    model: options.ModelName,
    source: options.Source,
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE.attn",
            help="The file to write, or to replace.",
            show_default=False,
        ),
    ],
    question: options.Question = None,
    score: options.Score = "additive",
    scope: options.Scope = "global",
    weighting: options.Weighting = "soft",
    seed: options.Seed = 0,
    sample: options.Sample = False,
    temperature: options.Temperature = 1.0,
    top_k: options.TopK = None,
    top_p: options.TopP = None,
    max_steps: options.MaxSteps = None,
    device: options.Device = "cpu",
) -> None:
    """Decode a sentence or a picture and keep every step in FILE.attn."""
    mode = Mode(score, scope, weighting)
    choice = options.make_choice(sample, temperature, top_k, top_p, seed)
    check_target(output)
    checkpoint = open_model(model, device, one_thread=True)

    from attn_desktop import api

    options.check_mode(checkpoint.model, mode)
    given = options.read_source(checkpoint.model, source, question)
    trace = api.decode(
        checkpoint,
        given.text,
        picture=given.picture,
        score=score,
        scope=scope,
        weighting=weighting,
        choice=choice,
        max_steps=max_steps,
    )
    save_trace(trace, output)
    decoded = output_text(trace.run.model, [step.token for step in trace.steps])
    print(printable(f"{output}: {len(trace.steps)} steps: {decoded}"))

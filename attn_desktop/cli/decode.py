"""`attn-desktop decode`: a line in, a line out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from attn_desktop.analysis.pieces import printable
from attn_desktop.cli import options
from attn_desktop.cli.loading import open_model
from attn_desktop.cli.messages import note
from attn_desktop.cli.translating import beam_settings, translate
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode

if TYPE_CHECKING:
    from attn_desktop.families.base import Family, Prepared

LengthPenalty = Annotated[
    float, typer.Option(metavar="A", help="With --beam: 0 favours short outputs.")
]
CoveragePenalty = Annotated[
    float,
    typer.Option(metavar="B", help="With --beam: above 0 favours outputs that leave no word."),
]


def command(
    model: options.ModelName,
    score: options.Score = "additive",
    scope: options.Scope = "global",
    weighting: options.Weighting = "soft",
    seed: options.Seed = 0,
    sample: options.Sample = False,
    temperature: options.Temperature = 1.0,
    top_k: options.TopK = None,
    top_p: options.TopP = None,
    max_steps: options.MaxSteps = None,
    beam: options.Beam = None,
    length_penalty: LengthPenalty = 0.6,
    coverage_penalty: CoveragePenalty = 0.0,
    device: options.Device = "cpu",
) -> None:
    """Decode stdin to stdout, a line each.

    Both are UTF-8, whatever the locale says. A blank line gives a blank line, so that line n of
    the output belongs to line n of the input.
    """
    mode = Mode(score, scope, weighting)
    choice = options.make_choice(sample, temperature, top_k, top_p, seed)
    settings = beam_settings(beam, length_penalty, coverage_penalty, max_steps, choice)
    checkpoint = open_model(model, device, one_thread=beam is not None)
    options.check_mode(checkpoint.model, mode)
    lines = _read_lines()
    inputs = _prepare(checkpoint.model, lines)
    outputs = translate(checkpoint.model, list(inputs.values()), mode, choice, settings, max_steps)
    _write(len(lines), dict(zip(inputs, outputs, strict=True)))


def _read_lines() -> list[str]:
    """The lines of stdin without their ends; only a line feed ends a line."""
    raw = sys.stdin.buffer.read().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if raw[-1] == b"":  # what follows the last line feed
        raw.pop()
    lines = []
    for number, line in enumerate(raw, start=1):
        try:
            lines.append(line.removesuffix(b"\r").decode("utf-8"))
        except UnicodeDecodeError as error:
            raise InputError(
                f"line {number}: not UTF-8 text ({error.reason} at byte {error.start})"
            ) from None
    return lines


def _prepare(model: Family, lines: list[str]) -> dict[int, Prepared]:
    """The lines that are not blank, by index; InputError naming the line for one of no use."""
    from attn_desktop.families.base import Given

    inputs = {}
    blank = []
    for index, line in enumerate(lines):
        if not line.strip():
            blank.append(index + 1)
            continue
        try:
            inputs[index] = model.prepare(Given(line))
        except InputError as error:
            raise InputError(f"line {index + 1}: {error}") from None
    if blank:
        listed = ", ".join(map(str, blank[:10])) + (", ..." if len(blank) > 10 else "")
        note(f"{len(blank)} blank in the input, blank in the output: line {listed}")
    return inputs


def _write(count: int, outputs: dict[int, str]) -> None:
    """`count` lines to stdout; a terminal gets them escaped, anything else as they are."""
    # A line break that a model spells out in bytes would push all later lines out of place.
    breaks = {ord("\n"): " ", ord("\r"): " "}
    lines = (outputs.get(index, "").translate(breaks) for index in range(count))
    if sys.stdout.isatty():
        for line in lines:
            print(printable(line))
        return
    sys.stdout.flush()
    for line in lines:
        sys.stdout.buffer.write(line.encode("utf-8") + b"\n")
    sys.stdout.buffer.flush()

"""`attn-desktop step`: decode an input token by token and show each step as it is computed."""

from __future__ import annotations

from collections.abc import Iterable

from attn_desktop.cli import options
from attn_desktop.cli.json_lines import step_line
from attn_desktop.cli.loading import open_model
from attn_desktop.cli.picture import Picture, Screen
from attn_desktop.common.mode import Mode
from attn_desktop.trace.records import RunRecord, StepRecord


def command(
    model: options.ModelName,
    source: options.Source,
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
    as_json: options.AsJson = False,
) -> None:
    """Decode a sentence or a picture token by token and show every step.

    Each is drawn when it is computed, or is one line of JSON.

    JSON keys: t, source, token_in, token, log_prob, token_entropy, alpha_entropy, energies, mask,
    window, alpha, sampled, context. Attention arrays are nested layers × heads × source,
    logarithms are natural, positions count from 0.
    """
    mode = Mode(score, scope, weighting)
    choice = options.make_choice(sample, temperature, top_k, top_p, seed)
    checkpoint = open_model(model, device, one_thread=True)
    options.check_mode(checkpoint.model, mode)

    from attn_desktop.decoding.stepper import Stepper
    from attn_desktop.decoding.tree_stepper import TreeStepper

    given = options.read_source(checkpoint.model, source, question)
    driver = TreeStepper(Stepper(checkpoint, given))
    run, records = driver.stepper.run, driver.decode(mode, choice, max_steps)
    if as_json:
        for record in records:
            print(step_line(run, record), flush=True)
    else:
        _draw(run, records)


def _draw(run: RunRecord, records: Iterable[StepRecord]) -> None:
    """Draw steps as they come: the header before the first, the output after the last."""
    picture = Picture(run, Screen.of_stdout())
    drawn: list[StepRecord] = []
    for record in records:
        lines = [] if drawn else picture.header(record)
        drawn.append(record)
        print("\n".join([*lines, *picture.step(record)]), flush=True)
    print("\n".join(picture.ending(drawn)))

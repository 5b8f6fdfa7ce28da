"""Many inputs on one model: what `decode` and `evaluate` share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attn_desktop.cli.messages import Progress
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.trace.run_tree import Choice

if TYPE_CHECKING:
    from attn_desktop.decoding.beam import BeamSettings
    from attn_desktop.families.base import Family, Prepared


def beam_settings(
    width: int | None,
    length_penalty: float,
    coverage_penalty: float,
    max_steps: int | None,
    choice: Choice,
) -> BeamSettings | None:
    """What `--beam` asks for, None without it; InputError for a value out of range."""
    from attn_desktop.decoding.beam import BeamSettings

    settings = BeamSettings(
        width=1 if width is None else width,
        length_penalty=length_penalty,
        coverage_penalty=coverage_penalty,
        max_steps=max_steps,
        seed=choice.seed,
    )
    if width is None:
        return None
    if choice.how == "sampled":
        raise InputError("--beam looks for the likeliest output and --sample draws one: take one")
    return settings


def translate(
    model: Family,
    inputs: Sequence[Prepared],
    mode: Mode,
    choice: Choice,
    beam: BeamSettings | None = None,
    max_steps: int | None = None,
    reading: str | None = None,
) -> list[str]:
    """The output text of every input, in order: in batches, or one by one with a beam.

    reading: the context that is used, as in `decode_corpus`; with a beam it is in `beam`.
    """
    from attn_desktop.decoding.beam import beam_output, beam_search
    from attn_desktop.decoding.corpus import decode_corpus

    progress = Progress("decoded", len(inputs))
    if beam is None:
        outputs = decode_corpus(model, inputs, mode, choice, reading, max_steps, progress)
    else:
        outputs = []
        for prepared in inputs:
            outputs.append(beam_output(model, beam_search(model, prepared, mode, beam)[0]))
            progress(len(outputs))
    return [model.detokenize(output.tokens) for output in outputs]

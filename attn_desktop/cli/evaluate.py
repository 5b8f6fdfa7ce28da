"""`attn-desktop evaluate`: score a model on a table of sentences, or on rendered scenes."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attn_desktop.cli import options
from attn_desktop.cli.loading import open_model
from attn_desktop.cli.messages import Progress, note
from attn_desktop.cli.translating import beam_settings, translate
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import ARGMAX, HARD, Mode
from attn_desktop.trace.run_tree import Choice

if TYPE_CHECKING:
    from attn_desktop.families.base import Family, Prepared


def command(
    model: options.ModelName,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE.tsv.gz",
            help="A tab-separated table, gzipped or not, whose first line names its columns.",
            show_default=False,
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="The column to decode.", show_default=False),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="The column of the references.", show_default=False),
    ] = None,
    scenes: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Score a model of pictures on N rendered scenes instead, from --seed on.",
            show_default=False,
        ),
    ] = None,
    score: options.Score = "additive",
    scope: options.Scope = "global",
    weighting: options.Weighting = "soft",
    beam: options.Beam = None,
    seed: options.Seed = 0,
    device: options.Device = "cpu",
    as_json: options.AsJson = False,
) -> None:
    """Decode a table and score it, or caption rendered scenes and ask about them.

    One column is decoded and scored against another: BLEU, cased, and chrF2 by sacrebleu.

    JSON keys: bleu, chrf, sentences, signature, score, scope, weighting, seconds. Hard weighting
    draws its positions for these and adds bleu_argmax, with the likeliest position instead.
    Every row counts: one that cannot be decoded is scored as an empty translation.

    With --scenes the keys are those of captions (modes, each with attribute_accuracy, pointing and
    mass_in_box) or of answers (accuracy, by_kind, pointing); every mode is scored.
    """
    if scenes is not None:
        if file is not None or source is not None or target is not None or beam is not None:
            raise InputError("--scenes are rendered: give no table, columns or --beam with it")
        _score_scenes(model, scenes, seed, device, as_json)
        return
    if file is None or source is None or target is None:
        raise InputError(
            "give a table with --source and --target, its columns, or --scenes N for a model of "
            "pictures"
        )
    mode = Mode(score, scope, weighting)
    choice = Choice(seed=seed)
    settings = beam_settings(beam, 0.6, 0.0, None, choice)

    from attn_desktop.analysis.quality import corpus_quality
    from attn_desktop.training.data import read_table

    rows = [(row[0], row[1]) for row in read_table(file, (source, target))]
    if not rows:
        raise InputError(f"{file}: no rows below the header line")
    checkpoint = open_model(model, device, one_thread=beam is not None)
    network = checkpoint.model
    options.check_mode(network, mode)
    references = [reference for _, reference in rows]
    began = time.monotonic()
    inputs = _prepare(network, [text for text, _ in rows])

    def hypotheses(reading: str) -> list[str]:
        """Every row's translation with this reading, empty where there is none."""
        beamed = None if settings is None else replace(settings, reading=reading)
        outputs = translate(network, list(inputs.values()), mode, choice, beamed, reading=reading)
        by_row = dict(zip(inputs, outputs, strict=True))
        return [by_row.get(index, "") for index in range(len(rows))]

    quality = corpus_quality(hypotheses(mode.weighting), references)
    result: dict[str, Any] = {
        "bleu": quality.bleu,
        "chrf": quality.chrf,
        "sentences": quality.sentences,
        "signature": quality.signature,
        "score": mode.score,
        "scope": mode.scope,
        "weighting": mode.weighting,
    }
    if mode.weighting == HARD:
        result["bleu_argmax"] = corpus_quality(hypotheses(ARGMAX), references).bleu
    result["seconds"] = time.monotonic() - began
    print(json.dumps(result, allow_nan=False) if as_json else _table(result))


def _score_scenes(name: str, count: int, seed: int, device: str, as_json: bool) -> None:
    from attn_desktop.decoding.scene_scores import check_seeds, score_answers, score_captions

    check_seeds(count, seed)
    model = open_model(name, device, one_thread=False).model
    scorers = {("picture",): score_captions, ("picture", "question"): score_answers}
    if model.takes not in scorers:
        raise InputError(f"{name} takes a {' and a '.join(model.takes)}, and scenes are pictures")
    began = time.monotonic()
    result = scorers[model.takes](model, count, seed, Progress("scored", count))
    result["seconds"] = time.monotonic() - began
    print(json.dumps(result, allow_nan=False) if as_json else _table(_flat(result)))


def _flat(result: dict[str, Any], before: str = "") -> dict[str, Any]:
    """The figures of figures, each under its whole name."""
    flat: dict[str, Any] = {}
    for key, value in result.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{before}{key} ")
        elif value is not None:
            flat[before + key] = value
    return flat


def _prepare(model: Family, texts: list[str]) -> dict[int, Prepared]:
    """The texts that can be decoded, by row; the others are named on stderr."""
    from attn_desktop.families.base import Given

    inputs = {}
    for index, text in enumerate(texts):
        try:
            inputs[index] = model.prepare(Given(text))
        except InputError as error:
            # The header is line 1.
            note(f"line {index + 2} counts as an empty translation: {error}")
    return inputs


def _table(result: dict[str, Any]) -> str:
    """The same figures for a reader."""
    width = max(map(len, result)) + 2
    return "\n".join(
        f"{key:<{width}}{value:.3f}" if isinstance(value, float) else f"{key:<{width}}{value}"
        for key, value in result.items()
    )

"""`attn-desktop evaluate`: score a model on sentences, captioned pictures or rendered scenes."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attn_desktop.cli import options
from attn_desktop.cli.captioning import score_images
from attn_desktop.cli.figures import by_mode, flat, table
from attn_desktop.cli.loading import open_model
from attn_desktop.cli.messages import Progress, note
from attn_desktop.cli.translating import beam_settings, translate
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import ARGMAX, HARD, Mode
from attn_desktop.trace.run_tree import Choice

if TYPE_CHECKING:
    from attn_desktop.decoding.beam import BeamSettings
    from attn_desktop.families.base import Family, Prepared

#: How captions of pictures are searched unless --beam says otherwise.
IMAGES_BEAM = 5


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
    images: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER|ZIP",
            help="Score a model of pictures on these: a folder of image files, a zip file of them, "
            "or a folder of zip files. The table has the columns image, the file's name, and "
            "caption, a row for each caption.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="With --images: only rows with this in the table's column split. Default: test "
            "where there are such rows, else all.",
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
    """Decode a table and score it, caption pictures, or ask about rendered scenes.

    One column is decoded and scored against another: BLEU, cased, and chrF2 by sacrebleu.

    JSON keys: bleu, chrf, sentences, signature, score, scope, weighting, seconds. Hard weighting
    draws its positions for these and adds bleu_argmax, with the likeliest position instead.
    Every row counts: one that cannot be decoded is scored as an empty translation.

    With --images the keys are split, score, scope, pictures, left_out, captions_per_picture, beam,
    tokens, signature, seconds and modes: none, soft and hard, as far as the model learnt them. Each
    has bleu1 to bleu4 of the corpus against all captions of a picture, with the brevity penalty of
    Papineni et al. 2002; bleu1_no_penalty to bleu4_no_penalty, without it, to hold beside Xu et al.
    2015; brevity_penalty; distinct, the share of captions that are different; words_per_caption.
    Captions are searched with a beam of 5 unless --beam says otherwise; --beam 1 takes the
    likeliest word at each step.
    Words are compared in lower case, without punctuation; nothing is smoothed. Pictures that cannot
    be read, and captions that cannot be used, are named and left out.

    With --scenes the keys are those of captions (modes, each with attribute_accuracy, pointing and
    mass_in_box) or of answers (accuracy, by_kind, pointing); every mode is scored.
    """
    if split is not None and images is None:
        raise InputError("--split chooses among the captions of pictures: give --images with it")
    columns = source is not None or target is not None
    if scenes is not None:
        if file is not None or columns or beam is not None or images is not None:
            raise InputError(
                "--scenes are rendered: give no table, columns, --images or --beam with it"
            )
        result = _score_scenes(model, scenes, seed, device)
    elif images is not None:
        if file is None or columns:
            raise InputError(
                "--images are scored against a table with the columns image and caption: give its "
                "file, and no --source or --target"
            )
        width = IMAGES_BEAM if beam is None else beam
        settings = None if width == 1 else _beam_settings(width, seed)
        result = score_images(model, file, images, split, (score, scope), settings, seed, device)
    elif file is None or source is None or target is None:
        raise InputError(
            "give a table with --source and --target, its columns, or for a model of pictures a "
            "table and --images, or --scenes N"
        )
    else:
        mode, settings = Mode(score, scope, weighting), _beam_settings(beam, seed)
        result = _score_sentences(model, file, (source, target), mode, settings, seed, device)
    if as_json:
        print(json.dumps(result, allow_nan=False))
    else:
        print(by_mode(result) if images is not None else table(flat(result)))


def _beam_settings(width: int | None, seed: int) -> BeamSettings | None:
    return beam_settings(width, 0.6, 0.0, None, Choice(seed=seed))


def _score_sentences(
    name: str,
    file: Path,
    columns: tuple[str, str],
    mode: Mode,
    settings: BeamSettings | None,
    seed: int,
    device: str,
) -> dict[str, Any]:
    from attn_desktop.analysis.quality import corpus_quality
    from attn_desktop.training.data import read_table

    rows = [(row[0], row[1]) for row in read_table(file, columns)]
    if not rows:
        raise InputError(f"{file}: no rows below the header line")
    checkpoint = open_model(name, device, one_thread=settings is not None)
    network = checkpoint.model
    options.check_mode(network, mode)
    references = [reference for _, reference in rows]
    choice = Choice(seed=seed)
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
    return result


def _score_scenes(name: str, count: int, seed: int, device: str) -> dict[str, Any]:
    from attn_desktop.decoding.scene_scores import check_seeds, score_answers, score_captions

    check_seeds(count, seed)
    model = open_model(name, device, one_thread=False).model
    scorers = {("picture",): score_captions, ("picture", "question"): score_answers}
    if model.takes not in scorers:
        raise InputError(f"{name} takes a {' and a '.join(model.takes)}, and scenes are pictures")
    began = time.monotonic()
    result = scorers[model.takes](model, count, seed, Progress("scored", count))
    result["seconds"] = time.monotonic() - began
    return result


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

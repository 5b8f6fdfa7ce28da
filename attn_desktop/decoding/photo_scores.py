"""How well a model captions photographs that people have captioned, in each of its modes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch

from attn_desktop.analysis.quality import CAPTION_TOKENS, caption_quality, distinct_share
from attn_desktop.attention.attend import Memory
from attn_desktop.attention.scores import SCORES
from attn_desktop.common.errors import InputError, UnknownNameError
from attn_desktop.common.mode import HARD, NO_ATTENTION, Mode
from attn_desktop.decoding.beam import beam_output
from attn_desktop.decoding.beam_batch import beam_searches
from attn_desktop.decoding.corpus import decode_encoded, step_limit
from attn_desktop.decoding.hypotheses import BeamSettings
from attn_desktop.families.base import Family, Given, Prepared
from attn_desktop.inputs.captioned import Pictures
from attn_desktop.inputs.first_few import FirstFew
from attn_desktop.trace.run_tree import Choice

#: A picture's name and what people wrote about it.
Captioned: TypeAlias = tuple[str, tuple[str, ...]]
#: Pictures encoded at once, and kept until all modes have captioned them.
AT_ONCE = 32


def photo_modes(
    model: Family, score: str, scope: str, report: Callable[[str], None]
) -> dict[str, Mode]:
    """The modes to caption in, as they are named in what is told: none, soft and hard.

    Those that the model lacks or never learnt are left out; report: told which, and why.
    score, scope: of the modes that attend. Raises InputError where none is left, for a model that
    takes anything but a picture, and for a name that no score or scope has.
    """
    if model.takes != ("picture",):
        raise InputError(f"pictures are to be captioned, and {model.needs}")
    asked = {"none": Mode(NO_ATTENTION)}
    if score != NO_ATTENTION:
        SCORES[score]  # a name that no score has is a mistake, whatever the model can do
        asked |= {"soft": Mode(score, scope), "hard": Mode(score, scope, HARD)}
    modes = {}
    for name, mode in asked.items():
        try:
            model.check_mode(mode)
        except UnknownNameError:
            raise
        except InputError as error:
            report(f"{name} is left out: {error}")
            continue
        if model.is_trained(mode):
            modes[name] = mode
        else:
            report(f"{name} is left out: the model never learnt {mode}")
    if not modes:
        learnt = ", ".join(map(str, model.trained_modes))
        raise InputError(f"there is no mode to score; the model has learnt: {learnt}")
    return modes


def score_photos(
    model: Family,
    pictures: Pictures,
    captioned: Sequence[Captioned],
    modes: dict[str, Mode],
    beam: BeamSettings | None,
    seed: int,
    report: Callable[[str], None],
    on_batch: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Caption pictures in every mode, and score what is written against all of their captions.

    beam: None for the likeliest token at each step. seed: of the positions that a hard mode draws.
    report: told of pictures that cannot be read, which are left out. on_batch: told how many are
    done. Raises InputError where none can be read.

    pictures, left_out: how many. captions_per_picture: on average. tokens, signature: how BLEU was
    computed. For each of the modes bleu1 to bleu4, the same with _no_penalty behind, without the
    brevity penalty, and brevity_penalty; distinct: share of captions that are different;
    words_per_caption.
    """
    written: dict[str, list[str]] = {name: [] for name in modes}
    references: list[tuple[str, ...]] = []
    faults = FirstFew(report)
    for first in range(0, len(captioned), AT_ONCE):
        part = captioned[first : first + AT_ONCE]
        loaded = list(_loaded(model, pictures, part, faults))
        if loaded:
            memory = _encoded(model, [prepared for prepared, _ in loaded])
            rows = range(len(references), len(references) + len(loaded))
            for name, mode in modes.items():
                written[name] += _captions(model, memory, mode, beam, seed, rows)
            references += [several for _, several in loaded]
        on_batch(first + len(part))
    faults.end(str(pictures.path))
    if not references:
        raise InputError(f"{pictures.path}: none of the pictures can be read")
    scored = {name: caption_quality(texts, references) for name, texts in written.items()}
    return {
        "pictures": len(references),
        "left_out": faults.count,
        "captions_per_picture": sum(map(len, references)) / len(references),
        "beam": 1 if beam is None else beam.width,
        "tokens": CAPTION_TOKENS,
        "signature": next(iter(scored.values())).signature,
        "modes": {
            name: {f"bleu{order}": value for order, value in enumerate(quality.bleu, start=1)}
            | {
                f"bleu{order}_no_penalty": value
                for order, value in enumerate(quality.no_penalty, start=1)
            }
            | {
                "brevity_penalty": quality.brevity_penalty,
                "distinct": distinct_share(written[name]),
                "words_per_caption": quality.words / len(references),
            }
            for name, quality in scored.items()
        },
    }


def _loaded(
    model: Family, pictures: Pictures, part: Sequence[Captioned], faults: FirstFew
) -> Iterator[tuple[Prepared, tuple[str, ...]]]:
    for name, references in part:
        try:
            picture = pictures.load(name)
        except InputError as error:
            faults(f"left out: {error}")
        else:
            yield model.prepare(Given(picture=np.asarray(picture))), references


@torch.inference_mode()
def _encoded(model: Family, inputs: Sequence[Prepared]) -> Memory:
    return model.encode([prepared.inputs for prepared in inputs])


def _captions(
    model: Family,
    memory: Memory,
    mode: Mode,
    beam: BeamSettings | None,
    seed: int,
    rows: Sequence[int],
) -> list[str]:
    """A caption of each row of the memory, which are these rows of all."""
    if beam is None:
        limits = [step_limit(model, memory.states.shape[1])] * len(rows)
        outputs = decode_encoded(
            model, memory, mode, Choice(seed=seed), mode.weighting, limits, rows
        )
    else:
        outputs = [beam_output(model, best) for best in beam_searches(model, memory, mode, beam)]
    return [model.detokenize(output.tokens) for output in outputs]

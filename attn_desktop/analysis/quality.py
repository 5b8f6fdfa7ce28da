"""How good translations are: BLEU and chrF over a corpus, by sacrebleu."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from attn_desktop.common.errors import InputError


@dataclass(frozen=True)
class Quality:
    """Scores of a corpus against one reference a sentence, both from 0 to 100.

    bleu: corpus BLEU, cased, 13a tokens (Papineni et al. 2002). chrf: chrF2 (Popović 2015).
    signature: sacrebleu's, which says how bleu was computed (Post 2018).
    """

    bleu: float
    chrf: float
    sentences: int
    signature: str


def corpus_quality(hypotheses: Sequence[str], references: Sequence[str]) -> Quality:
    """Score hypotheses against references, sentence by sentence in the same order.

    An empty hypothesis counts as a translation that got nothing. Raises InputError for a corpus
    without sentences or of two lengths.
    """
    if len(hypotheses) != len(references):
        raise InputError(
            f"{len(hypotheses)} translations cannot be scored against {len(references)} references"
        )
    if not references:
        raise InputError("there is no sentence to score")
    # force: no warning about spaces before full stops, which a model may well write.
    bleu = BLEU(force=True)
    score = bleu.corpus_score(list(hypotheses), [list(references)])
    return Quality(
        bleu=float(score.score),
        chrf=float(CHRF().corpus_score(list(hypotheses), [list(references)]).score),
        sentences=len(references),
        signature=str(bleu.get_signature()),
    )

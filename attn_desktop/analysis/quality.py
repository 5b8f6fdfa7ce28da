"""How good translations and captions are: BLEU and chrF over a corpus, by sacrebleu."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

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


@dataclass(frozen=True)
class CaptionQuality:
    """BLEU-1 to BLEU-4 of captions against several references each, from 0 to 100.

    bleu: with the brevity penalty (Papineni et al. 2002, section 2.3). no_penalty: without it,
    as Xu et al. 2015 report theirs. brevity_penalty: from 0 to 1. words: of all captions.
    reference_words: of the references that are closest to their captions in length, the shorter
    one of two. signature: sacrebleu's (Post 2018).
    """

    bleu: tuple[float, ...]
    no_penalty: tuple[float, ...]
    brevity_penalty: float
    words: int
    reference_words: int
    signature: str


#: What `caption_words` does, for people to read.
CAPTION_TOKENS = "lower case, punctuation and symbols removed, split at spaces"


def caption_words(text: str) -> str:
    """What is compared of a caption: lower case, without punctuation and symbols, single spaces.

    As captions are usually scored, such as in the data preparation of Karpathy and Fei-Fei 2015;
    what a mark divides grows together: "t-shirt" is tshirt.
    """
    kept = "".join(char for char in text.lower() if unicodedata.category(char)[0] not in "PS")
    return " ".join(kept.split())


def caption_quality(captions: Sequence[str], references: Sequence[Sequence[str]]) -> CaptionQuality:
    """Score captions against the references of each, in the same order.

    Counts of n-grams are those of the corpus, each clipped to the most that one reference has, and
    nothing is smoothed: without a common n-gram BLEU-n is 0. Raises InputError for a corpus
    without captions, of two lengths, or with a caption that has no reference.
    """
    if len(captions) != len(references):
        raise InputError(
            f"{len(captions)} captions cannot be scored against {len(references)} references"
        )
    if not references or not all(references):
        raise InputError("every caption to score needs at least one reference")
    bleu = BLEU(lowercase=True, tokenize="none", smooth_method="none", force=True)
    texts = [[caption_words(text) for text in several] for several in references]
    # One list for the first references of all captions, one for the second, …
    score = bleu.corpus_score(
        [caption_words(caption) for caption in captions], list(zip_longest(*texts))
    )

    def up_to(order: int, reference_words: int) -> float:
        return float(
            BLEU.compute_bleu(
                score.counts[:order],
                score.totals[:order],
                score.sys_len,
                reference_words,
                max_ngram_order=order,
            ).score
        )

    orders = range(1, bleu.max_ngram_order + 1)
    return CaptionQuality(
        bleu=tuple(up_to(order, score.ref_len) for order in orders),
        no_penalty=tuple(up_to(order, score.sys_len) for order in orders),
        brevity_penalty=float(score.bp),
        words=score.sys_len,
        reference_words=score.ref_len,
        signature=str(bleu.get_signature()),
    )


def distinct_share(captions: Sequence[str]) -> float:
    """How many different captions there are, for each that was written; NaN for none."""
    return len(set(map(caption_words, captions))) / len(captions) if captions else math.nan

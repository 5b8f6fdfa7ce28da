"""BLEU-1 to BLEU-4 against several references: by hand, by plain loops, and at the edges."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_desktop.analysis.quality import caption_quality, caption_words, distinct_share
from attn_desktop.common.errors import InputError
from tests.analysis.plain_bleu import (
    best_match_length,
    brevity_penalty,
    modified_precision,
    plain_bleu,
)

#: The examples of Papineni et al. 2002, section 2.1.
CANDIDATES = (
    "It is a guide to action which ensures that the military always obeys the commands of the "
    "party",
    "It is to insure the troops forever hearing the activity guidebook that party direct",
)
REFERENCES = (
    "It is a guide to action that ensures that the military will forever heed Party commands",
    "It is the guiding principle which guarantees the military forces always being under the "
    "command of the Party",
    "It is the practical guide for the army always to heed the directions of the party",
)
WORDS = ("a", "dog", "runs", "on", "the", "beach")
SENTENCES = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)
CORPORA = st.lists(
    st.tuples(SENTENCES, st.lists(SENTENCES, min_size=1, max_size=4)), min_size=1, max_size=5
)


def split(text: str) -> list[str]:
    return text.lower().split()


def test_the_worked_examples_of_the_paper() -> None:
    """17/18 and 10/17 for candidate 1, 8/14 and 1/13 for candidate 2; 2/7 for seven times the."""
    references = [list(map(split, REFERENCES))]
    for candidate, unigrams, bigrams in zip(
        CANDIDATES, ((17, 18), (8, 14)), ((10, 17), (1, 13)), strict=True
    ):
        assert modified_precision([split(candidate)], references, 1) == unigrams
        assert modified_precision([split(candidate)], references, 2) == bigrams
        quality = caption_quality([candidate], [REFERENCES])
        assert quality.no_penalty[0] == pytest.approx(100 * unigrams[0] / unigrams[1])
        assert quality.no_penalty[1] == pytest.approx(
            100 * math.sqrt(unigrams[0] / unigrams[1] * bigrams[0] / bigrams[1])
        )
    quality = caption_quality(
        ["the the the the the the the"],
        [("The cat is on the mat.", "There is a cat on the mat.")],
    )
    assert quality.no_penalty == pytest.approx((100 * 2 / 7, 0, 0, 0))


def test_a_corpus_by_hand() -> None:
    """Two captions: p = 6/7, 4/5, 2/3, 0/1; c = 7 against r = 5 + 4, so BP = exp(1 − 9/7)."""
    captions = ["A dog runs.", "two boys play football"]
    references = [
        ("a dog runs on sand", "A brown dog is running quickly"),
        ("boys play football now",),
    ]
    quality = caption_quality(captions, references)
    precisions = [6 / 7, 4 / 5, 2 / 3]
    assert (quality.words, quality.reference_words) == (7, 9)
    assert quality.brevity_penalty == pytest.approx(math.exp(1 - 9 / 7))
    for order in (1, 2, 3):
        expected = 100 * math.prod(precisions[:order]) ** (1 / order)
        assert quality.no_penalty[order - 1] == pytest.approx(expected)
        assert quality.bleu[order - 1] == pytest.approx(expected * math.exp(1 - 9 / 7))
    assert quality.no_penalty[3] == quality.bleu[3] == 0


def compare(captions: list[str], references: list[list[str]]) -> None:
    quality = caption_quality(captions, references)
    one, many = list(map(split, captions)), [list(map(split, several)) for several in references]
    assert quality.brevity_penalty == pytest.approx(brevity_penalty(one, many))
    for order in (1, 2, 3, 4):
        assert quality.bleu[order - 1] == pytest.approx(plain_bleu(one, many, order))
        assert quality.no_penalty[order - 1] == pytest.approx(plain_bleu(one, many, order, False))
    assert quality.words == sum(map(len, one))
    assert quality.reference_words == sum(map(best_match_length, one, many))


@given(corpus=CORPORA)
def test_any_corpus_scores_as_in_plain_loops(corpus: list[tuple[str, list[str]]]) -> None:
    compare([caption for caption, _ in corpus], [several for _, several in corpus])


def test_a_large_corpus_scores_as_in_plain_loops() -> None:
    """With n-grams of every order in common, and a caption that is the reference of another."""
    rng = random.Random(4)
    references = [
        [" ".join(rng.choices(WORDS, k=rng.randint(5, 12))) for _ in range(rng.randint(1, 5))]
        for _ in range(60)
    ]
    captions = [" ".join(split(several[0])[: rng.randint(3, 9)]) for several in references]
    compare(captions, [*references[1:], references[0]])
    assert caption_quality(captions, references).bleu[3] > 10


def test_more_references_never_hurt_the_precision() -> None:
    alone = caption_quality(CANDIDATES, [REFERENCES[:1]] * 2)
    together = caption_quality(CANDIDATES, [REFERENCES, REFERENCES[:1]])
    assert together.no_penalty[0] > alone.no_penalty[0]
    assert "nrefs:1|" in alone.signature
    assert "nrefs:var|" in together.signature


def test_case_and_punctuation_do_not_count() -> None:
    quality = caption_quality(["A  man's T-shirt, (red) ."], [["a mans tshirt — red!"]])
    assert quality.bleu == pytest.approx((100,) * 4)
    assert "case:lc" in quality.signature


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A dog , running .", "a dog running"),
        ("t-shirt & $5", "tshirt 5"),
        ("l’été «déjà»", "lété déjà"),
        ("लाल गेंद।", "लाल गेंद"),
        ("...", ""),
    ],
)
def test_what_is_compared(text: str, words: str) -> None:
    assert caption_words(text) == words


def test_captions_without_words_score_nothing() -> None:
    quality = caption_quality(["", "..."], [["a dog"], ["a cat", "one cat"]])
    assert [*quality.bleu, *quality.no_penalty] == [0] * 8
    assert quality.brevity_penalty == 0


@pytest.mark.parametrize(
    ("captions", "references"), [([], []), (["a"], []), (["a", "b"], [["a"], []])]
)
def test_a_corpus_that_cannot_be_scored_is_refused(
    captions: list[str], references: list[list[str]]
) -> None:
    with pytest.raises(InputError, match="reference"):
        caption_quality(captions, references)


def test_the_share_of_captions_that_are_different() -> None:
    assert distinct_share(["A dog .", "a dog", "a cat", "two cats"]) == 0.75
    assert distinct_share(["a dog"]) == 1.0
    assert math.isnan(distinct_share([]))

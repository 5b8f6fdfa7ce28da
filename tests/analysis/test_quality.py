"""BLEU and chrF of a corpus."""

from __future__ import annotations

import pytest
import sacrebleu

from attn_desktop.analysis.quality import corpus_quality
from attn_desktop.common.errors import InputError

REFERENCES = ["La voiture rouge est devant la maison .", "Un homme marche sur la plage ."]


def test_a_perfect_translation_scores_100() -> None:
    quality = corpus_quality(REFERENCES, REFERENCES)
    assert quality.bleu == pytest.approx(100)
    assert quality.chrf == pytest.approx(100)
    assert quality.sentences == 2
    assert "case:mixed" in quality.signature
    assert sacrebleu.__version__ in quality.signature


def test_case_counts() -> None:
    shouted = [text.upper() for text in REFERENCES]
    assert corpus_quality(shouted, REFERENCES).bleu < 50


def test_it_is_the_score_of_the_corpus_and_not_a_mean_over_sentences() -> None:
    hypotheses = ["La voiture rouge est devant la gare .", "Un chien marche ."]
    expected = sacrebleu.corpus_bleu(hypotheses, [REFERENCES], force=True).score
    quality = corpus_quality(hypotheses, REFERENCES)
    assert quality.bleu == pytest.approx(expected)
    sentences = [
        corpus_quality([hypothesis], [reference]).bleu
        for hypothesis, reference in zip(hypotheses, REFERENCES, strict=True)
    ]
    assert quality.bleu != pytest.approx(sum(sentences) / 2)


def test_an_empty_translation_costs() -> None:
    half = corpus_quality([REFERENCES[0], ""], REFERENCES)
    assert half.sentences == 2
    assert half.bleu < 80


@pytest.mark.parametrize(("hypotheses", "references"), [([], []), (["a"], ["a", "b"])])
def test_a_corpus_that_cannot_be_scored_is_refused(
    hypotheses: list[str], references: list[str]
) -> None:
    with pytest.raises(InputError, match="score"):
        corpus_quality(hypotheses, references)

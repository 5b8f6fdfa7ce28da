from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from attn_desktop.training import word_places
from attn_desktop.training.word_places import Detectors, open_detectors, said_words

GRID, FEATURES, PICTURES = 4, 8, 240
#: The ids of words that are one of the features, of one that nothing shows, and of one in all.
SHOWN, HIDDEN, ALWAYS = (3, 5, 6), 7, 2
CPU = torch.device("cpu")


def world() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Looks in two views, what is said, and (P, 3) the region of each shown word, −1 without."""
    draw = np.random.default_rng(0)
    looks = draw.normal(0, 0.3, (2, PICTURES, GRID * GRID, FEATURES))
    said = np.zeros((PICTURES, 8), dtype=np.bool_)
    said[:, ALWAYS] = True
    said[:, HIDDEN] = draw.random(PICTURES) < 0.3
    regions = np.full((PICTURES, len(SHOWN)), -1)
    for picture in range(PICTURES):
        for place, word in enumerate(SHOWN):
            if draw.random() < 0.4:
                region = draw.integers(GRID * GRID)
                looks[:, picture, region, place] += 3
                said[picture, word], regions[picture, place] = True, region
    shape = (2 * PICTURES, GRID, GRID, FEATURES)
    return looks.reshape(shape).astype(np.float16), said, regions


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[Detectors, Path, list[str]]:
    path, said = tmp_path_factory.mktemp("detectors") / "detectors.safetensors", list[str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_places, "STEPS", 400)
        looks, words, _ = world()
        detectors = open_detectors(looks, words, CPU, path, said.append)
    assert detectors is not None
    return detectors, path, said


def test_words_that_can_be_seen_are_found_out(
    taught: tuple[Detectors, Path, list[str]],
) -> None:
    detectors, _, said = taught
    assert detectors.get_buffer("words").tolist() == list(SHOWN)
    assert said == ["3 of 4 words can be told from what is seen"]


def test_a_word_is_where_nobody_said_that_it_is(
    taught: tuple[Detectors, Path, list[str]],
) -> None:
    detectors, (looks, said, regions) = taught[0], world()
    right = total = 0
    for picture in range(40):
        texts = [np.array([ALWAYS, SHOWN[0], HIDDEN, SHOWN[2]]), np.array([SHOWN[1]])]
        where = detectors.where(
            torch.from_numpy(looks[picture : picture + 1]).float(), texts, np.array([0, 0])
        )
        assert where.shape == (2, 4, GRID * GRID)
        assert not where[0, 0].any()
        assert not where[0, 2].any()
        assert not where[1, 1:].any()  # the shorter text has ended
        for row, step, place in ((0, 1, 0), (0, 3, 2), (1, 0, 1)):
            if said[picture, SHOWN[place]]:
                total += 1
                right += where[row, step].sum() == 1 and where[row, step, regions[picture, place]]
    assert total > 30
    assert right / total > 0.9


def test_the_texts_of_several_pictures_keep_to_their_own(
    taught: tuple[Detectors, Path, list[str]],
) -> None:
    detectors, (looks, _, _) = taught[0], world()
    shown = torch.from_numpy(looks[:6]).float()
    texts = [np.array([SHOWN[k % 3], SHOWN[0]]) for k in range(6)]
    owners = np.array([5, 0, 3, 3, 1, 2])
    together = detectors.where(shown, texts, owners)
    for row, owner in enumerate(owners):
        alone = detectors.where(shown[owner : owner + 1], texts[row : row + 1], np.array([0]))
        assert np.array_equal(together[row], alone[0])


def test_a_picture_is_scored_by_its_best_regions() -> None:
    detectors, draw = Detectors(FEATURES, np.array([4, 9])), np.random.default_rng(1)
    logits = draw.normal(size=(2, 5, 2))
    found = detectors.of_pictures(torch.from_numpy(logits))
    r = word_places.SHARPNESS
    for picture in range(2):
        for word in range(2):
            summed = sum(math.exp(r * logits[picture, j, word]) for j in range(5))
            assert float(found[picture, word]) == pytest.approx(math.log(summed / 5) / r)


def test_what_was_learnt_is_taken_from_the_file(
    taught: tuple[Detectors, Path, list[str]],
) -> None:
    detectors, path, _ = taught
    looks, words, _ = world()
    said: list[str] = []
    again = open_detectors(looks, words, CPU, path, said.append)
    assert again is not None
    assert said == []
    shown = torch.from_numpy(looks[:3]).float()
    assert torch.equal(again(shown), detectors(shown))


def test_few_pictures_teach_no_word(tmp_path: Path) -> None:
    looks, words, _ = world()
    few = looks.reshape(2, PICTURES, GRID, GRID, FEATURES)[:, :30].reshape(60, GRID, GRID, FEATURES)
    assert open_detectors(few, words[:30], CPU, tmp_path / "none", lambda text: None) is None


def test_what_is_said_of_a_picture() -> None:
    texts = [np.array([1, 4]), np.array([2]), np.array([4, 0])]
    said = said_words(texts, np.array([0, 0, 1]))
    assert said.tolist() == [[False, True, True, False, True], [True, False, False, False, True]]

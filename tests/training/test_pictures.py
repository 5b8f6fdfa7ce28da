from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from attn_desktop.families.vision import Vision, VisionConfig
from attn_desktop.training.looks import seen
from attn_desktop.training.photo_views import Variety
from attn_desktop.training.pictures import PicturedTexts, SeenTexts, ShownTexts, SomeOfEach


def toy(owners: list[int], per_batch: int) -> PicturedTexts:
    pictures = np.arange(10, dtype=np.uint8).repeat(12).reshape(10, 2, 2, 3)
    return PicturedTexts(pictures, np.array(owners), [[owner, 2] for owner in owners], per_batch)


@given(
    owners=st.lists(st.integers(0, 9), min_size=1, max_size=40).map(sorted),
    per_batch=st.integers(1, 5),
    share=st.floats(0.1, 1),
    seed=st.integers(0, 99),
)
def test_batches_have_every_chosen_row_once_and_pictures_whole(
    owners: list[int], per_batch: int, share: float, seed: int
) -> None:
    examples = toy(owners, per_batch)
    assert len(examples) == len(owners)
    generator = np.random.default_rng(seed)
    chosen = np.sort(generator.permutation(len(owners))[: max(1, int(share * len(owners)))])
    batches = examples.batches(chosen, generator)
    assert sorted(np.concatenate(batches).tolist()) == chosen.tolist()
    seen: set[int] = set()
    for number, rows in enumerate(batches):
        of_batch = {owners[row] for row in rows}
        assert not of_batch & seen
        seen |= of_batch
        assert len(of_batch) == per_batch or number == len(batches) - 1
        batch = examples.batch(rows)
        for row, picture, ids in zip(rows, batch.sources, batch.targets, strict=True):
            assert (picture == owners[row]).all()
            assert ids.tolist() == [owners[row], 2]
        assert len({id(picture) for picture in batch.sources}) == len(of_batch)


def test_the_order_of_pictures_is_drawn() -> None:
    examples = toy(sorted(list(range(10)) * 3), 2)
    rows = np.arange(len(examples))
    first, second = (examples.batches(rows, np.random.default_rng(seed)) for seed in (0, 1))
    assert [b.tolist() for b in first] != [b.tolist() for b in second]
    again = examples.batches(rows, np.random.default_rng(0))
    assert [b.tolist() for b in first] == [b.tolist() for b in again]


@given(
    owners=st.lists(st.integers(0, 9), min_size=1, max_size=40).map(sorted),
    count=st.integers(1, 5),
)
def test_some_of_each_picture(owners: list[int], count: int) -> None:
    rows = SomeOfEach(np.array(owners), count)(0, np.random.default_rng(1))
    assert len(set(rows.tolist())) == len(rows)
    for owner in set(owners):
        of_owner = [row for row in rows if owners[row] == owner]
        assert len(of_owner) == min(count, owners.count(owner))


def test_which_of_each_is_drawn() -> None:
    owners = np.arange(10).repeat(5)
    drawn = {tuple(SomeOfEach(owners, 1)(0, np.random.default_rng(seed))) for seed in range(5)}
    assert len(drawn) == 5


def test_what_was_seen_stands_for_pictures_in_one_of_their_views(tmp_path: Path) -> None:
    torch.manual_seed(0)
    vision = Vision(VisionConfig(side=8, channels=(4,), extra=(1,), annotation_size=6), 0.0)
    pictures = torch.randint(0, 256, (5, 8, 8, 3), dtype=torch.uint8)
    owners = np.array([0, 0, 1, 2, 3, 4, 4])
    texts = ShownTexts(pictures, owners, [[row, 2] for row in owners], 2, Variety())
    views = torch.cat([pictures, pictures.flip(2)])
    looks = seen(vision, lambda part: views[part], 10, tmp_path / "looks.npy", lambda text: None)
    both = SeenTexts(texts, looks, torch.device("cpu"))
    rows = np.array([0, 1, 4, 6])
    straight = vision.encode([views[owner].numpy() for owner in owners[rows]]).states
    mirrored = vision.encode([views[5 + owner].numpy() for owner in owners[rows]]).states
    met = set()
    for _ in range(20):
        batch = both.batch(rows)
        assert [ids.tolist() for ids in batch.targets] == [[0, 2], [0, 2], [3, 2], [4, 2]]
        states = vision.encode(batch.sources).states
        for row in range(len(rows)):
            near = [torch.allclose(states[row], v[row], atol=2e-3) for v in (straight, mirrored)]
            assert sum(near) == 1
            met.add((row, near.index(True)))
    assert len(met) == 8

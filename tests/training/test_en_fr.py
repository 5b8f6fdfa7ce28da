from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from attn_desktop import api
from attn_desktop.common.errors import InputError, UnknownNameError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.families.checkpoint import load_checkpoint
from attn_desktop.training import recipe
from attn_desktop.training.recipe import RECIPES, Request, import_recipes, run_recipe
from attn_desktop.training.recipes import en_fr
from attn_desktop.training.recipes.en_fr import (
    HARD_WEIGHTS,
    SOFT_WEIGHTS,
    EnFr,
    EnFrDedicated,
    read_corpus,
)
from tests.toy_models import TOY_SENTENCES


def write_table(folder: Path, name: str, header: str, rows: list[str]) -> None:
    (folder / name).mkdir(parents=True)
    content = "\n".join([header, *rows]) + "\n"
    (folder / name / f"{name}.tsv.gz").write_bytes(gzip.compress(content.encode()))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder like the shared one, with a few hundred short rows and a few longer ones."""
    folder = tmp_path / "data"
    names = ["Tom", "Mary", "Paul", "Anna", "the man", "my dog", "a child", "the old house"]
    rows = [
        f"{english.removesuffix('.')} {number} with {name}.\t{french} {number} {name}"
        for english, french in TOY_SENTENCES
        for number in range(3)
        for name in names
    ]
    write_table(folder, "tatoeba_en_fr", "en\tfr", rows)
    long_en, long_fr = "The act applies to every person who works in it", "La loi s’applique à tous"
    write_table(
        folder,
        "canada_laws_en_fr",
        "en\tfr\ttype\tact",
        [
            f"{long_en} 1\t{long_fr} 1\ttext\tA-1",
            f"{long_en} 2\t{long_fr} 2\ttitle\tA-1",
            "Too short to be taken\tTrop court\ttext\tA-1",
            f"{long_en} {'and so on ' * 11}\t{long_fr} 3\ttext\tA-1",
            f"{long_en} 4\t{'et ainsi de suite ' * 13}\ttext\tA-1",
        ],
    )
    write_table(
        folder,
        "europarl_sample_en_fr",
        "en\tfr",
        ["Resumption of the session\tReprise de la session", f"{'very ' * 41}long\tTrès long"],
    )
    write_table(folder, "tico19_en_fr_hi", "en\tfr\thi\tid", ["a fever\tune fièvre\tx\t1"])
    return folder


# -- the corpus -----------------------------------------------------------------------------


def test_the_corpus_is_tatoeba_split_and_the_longer_rows_that_fit(data: Path) -> None:
    corpus = read_corpus(data)
    assert sorted(corpus.longer) == [
        ("Resumption of the session", "Reprise de la session"),
        ("The act applies to every person who works in it 1", "La loi s'applique à tous 1"),
        ("a fever", "une fièvre"),
    ]
    assert len(corpus.short.train) + len(corpus.short.held_out) == 8 * 3 * 8
    assert corpus.short.held_out
    assert read_corpus(data) == corpus


def test_a_data_set_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"tatoeba_en_fr\.tsv\.gz: No such file"):
        read_corpus(tmp_path)


def test_an_epoch_has_every_short_row_and_so_many_epochs_every_longer_one_once() -> None:
    rows = en_fr._EpochRows(short=10, longer=23)
    generator = np.random.default_rng(0)
    epochs = [rows(epoch, generator).tolist() for epoch in range(en_fr.LONGER_PARTS)]
    for epoch in epochs:
        assert epoch[:10] == list(range(10))
    assert sorted(row for epoch in epochs for row in epoch[10:]) == list(range(10, 33))
    assert rows(en_fr.LONGER_PARTS, generator).tolist() == epochs[0]


# -- the modes ------------------------------------------------------------------------------


def drawn(share: float, count: int = 6000, length: int = 12) -> list[list[Mode]]:
    generator = np.random.default_rng(0)
    return [EnFr.modes(share, generator, length) for _ in range(count)]


def test_before_hard_attention_joins_every_mode_is_soft_and_as_frequent_as_its_weight() -> None:
    lists = drawn(EnFr.modes.hard_from - 1e-9)
    counts = Counter(str(modes[0]) for modes in lists)
    assert set(counts) == set(SOFT_WEIGHTS)
    for name, weight in SOFT_WEIGHTS.items():
        chance = weight / sum(SOFT_WEIGHTS.values())
        spread = (chance * (1 - chance) * len(lists)) ** 0.5
        assert abs(counts[name] - chance * len(lists)) < 4 * spread
    assert not any(mode.weighting == HARD for modes in lists for mode in modes)


def test_from_then_on_hard_modes_are_drawn_and_never_two_in_one_batch() -> None:
    lists = drawn(EnFr.modes.hard_from)
    counts = Counter(str(modes[0]) for modes in lists)
    assert set(counts) == set(SOFT_WEIGHTS) | set(HARD_WEIGHTS)
    for name, weight in HARD_WEIGHTS.items():
        spread = (weight * (1 - weight) * len(lists)) ** 0.5
        assert abs(counts[name] - weight * len(lists)) < 4 * spread
    for modes in lists:
        assert len({mode for mode in modes if mode.weighting == HARD}) <= 1
    kinds = {(modes[0].weighting, modes[-1].weighting) for modes in lists if len(modes) > 1}
    assert kinds == {("soft", "soft"), ("soft", "hard"), ("hard", "soft")}


def test_one_batch_in_five_switches_once_and_at_any_step() -> None:
    lists = drawn(0.0)
    switching = [modes for modes in lists if len(modes) > 1]
    spread = (0.2 * 0.8 * len(lists)) ** 0.5
    assert abs(len(switching) - 0.2 * len(lists)) < 4 * spread
    for modes in switching:
        assert len(set(modes[:-1])) == 1
    assert {len(modes) for modes in switching} == set(range(2, 13))


def test_an_output_of_one_token_cannot_switch() -> None:
    assert all(len(modes) == 1 for modes in drawn(0.0, 200, length=1))


def test_trained_modes_are_those_that_are_drawn() -> None:
    config = EnFr()._config(4000, 4000)
    assert set(config.trained_modes) == set(SOFT_WEIGHTS) | set(HARD_WEIGHTS)
    assert config.trained_modes == tuple(str(Mode.parse(name)) for name in config.trained_modes)
    assert {Mode.parse(name).score for name in config.trained_modes} <= {*config.scores, "none"}
    dedicated = EnFrDedicated()
    assert {str(m[0]) for m in [dedicated.modes(0.9, np.random.default_rng(0), 9)]} == {
        "additive/global/soft"
    }
    assert dedicated._config(4000, 4000).projection_size is None


# -- end to end -----------------------------------------------------------------------------


def test_recipes_are_found_by_name() -> None:
    import_recipes()
    assert {"en-fr", "en-fr-dedicated"} <= set(RECIPES)
    with pytest.raises(UnknownNameError, match=r"unknown recipe 'fr-en'; valid are: .*en-fr"):
        run_recipe("fr-en", Request(Path("data"), Path("out")))


@pytest.mark.parametrize("name", ["en-fr-dedicated", "en-fr"])
def test_a_recipe_makes_a_checkpoint_that_decodes(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    import_recipes()
    for size, value in (("embedding", 8), ("encoder", 6), ("decoder", 10)):
        monkeypatch.setattr(EnFr, f"{size}_size", value)
    monkeypatch.setattr(EnFr, "vocabulary", 320)
    monkeypatch.setattr(EnFr, "projection_size", 5)
    said: list[str] = []
    out = tmp_path / "out"
    assert recipe.run_recipe(name, Request(data, out, epochs=1, say=said.append))
    assert said[0] == "reading the data"
    assert any("sentence pairs" in line for line in said)
    assert any(line.startswith("epoch 1: additive/global/soft") for line in said)

    checkpoint = load_checkpoint(out)
    assert checkpoint.info.trained_modes == checkpoint.model.trained_modes
    trace = api.decode(checkpoint, TOY_SENTENCES[0][0], max_steps=5)
    assert len(trace.steps) == 5 or trace.steps[-1].is_end
    assert all(step.trained for step in trace.steps)

    # Again: the state says that it is finished, and the same checkpoint is written.
    before = checkpoint.info.hash
    assert recipe.run_recipe(name, Request(data, out, epochs=1, say=said.append))
    assert load_checkpoint(out).info.hash == before

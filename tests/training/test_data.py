from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_desktop.common.errors import InputError
from attn_desktop.training.data import EncodedPairs, Pair, hold_out, read_table

ROWS = "en\tfr\tid\nGo.\tVa !\t1\nHi.\tSalut !\t2\n"


def zipped(path: Path, content: str | bytes) -> Path:
    path.write_bytes(gzip.compress(content if isinstance(content, bytes) else content.encode()))
    return path


# -- tables ---------------------------------------------------------------------------------


def test_named_columns_are_read_in_the_order_asked_for(tmp_path: Path) -> None:
    expected = [("Va !", "Go."), ("Salut !", "Hi.")]
    assert list(read_table(zipped(tmp_path / "t.tsv.gz", ROWS), ("fr", "en"))) == expected
    (tmp_path / "t.tsv").write_text(ROWS.replace("\n", "\r\n"), encoding="utf-8", newline="")
    assert list(read_table(tmp_path / "t.tsv", ("fr", "en"))) == expected


def test_a_carriage_return_or_a_line_separator_inside_a_cell_ends_no_line(tmp_path: Path) -> None:
    path = zipped(tmp_path / "t.tsv.gz", "en\tfr\na\x0bb\u2028c\td\re\n")
    assert list(read_table(path, ("en", "fr"))) == [("a\x0bb\u2028c", "d\re")]


@pytest.mark.parametrize("row", ["Run.\t", "Run.\tCours !\t3\tmore", "", "Run."])
def test_a_ragged_row_names_file_and_line(tmp_path: Path, row: str) -> None:
    path = zipped(tmp_path / "ragged.tsv.gz", f"{ROWS}{row}\nJump.\tSaute.\t4\n")
    cells = len(row.split("\t"))
    with pytest.raises(InputError, match=rf"ragged\.tsv\.gz, line 4: {cells} cells?, .* has 3"):
        list(read_table(path, ("en",)))


def test_rows_before_a_ragged_one_have_been_given(tmp_path: Path) -> None:
    rows = read_table(zipped(tmp_path / "t.tsv.gz", ROWS + "x\n"), ("en",))
    assert [next(rows), next(rows)] == [("Go.",), ("Hi.",)]
    with pytest.raises(InputError):
        next(rows)


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no column 'de' in the header line; it has: en, fr, id"):
        list(read_table(zipped(tmp_path / "t.tsv.gz", ROWS), ("en", "de")))
    with pytest.raises(InputError, match="no column 'en'"):
        list(read_table(zipped(tmp_path / "empty.tsv.gz", ""), ("en",)))


def test_files_that_are_no_table_are_refused_by_name(tmp_path: Path) -> None:
    whole = gzip.compress(np.random.default_rng(0).integers(97, 123, 9000).astype("u1").tobytes())
    (tmp_path / "short.tsv.gz").write_bytes(gzip.compress(ROWS.encode() * 500)[:-20])
    (tmp_path / "plain.tsv.gz").write_text(ROWS, encoding="utf-8")
    (tmp_path / "damaged.tsv.gz").write_bytes(whole[:2000] + b"\xff" * 300 + whole[2300:])
    (tmp_path / "latin.tsv").write_bytes("en\tfr\nSummer\tété\n".encode("latin-1"))
    for name, cause in (
        ("short.tsv.gz", "cut short"),
        ("plain.tsv.gz", "[Nn]ot a gzipped file"),
        ("damaged.tsv.gz", "damaged|CRC"),
        ("latin.tsv", "not UTF-8"),
        ("missing.tsv.gz", "No such file"),
    ):
        columns = ("en",) if name != "damaged.tsv.gz" else ()
        with pytest.raises(InputError, match=f"{name}.*({cause})"):
            list(read_table(tmp_path / name, columns))


# -- holding out ----------------------------------------------------------------------------


def pairs(count: int) -> list[Pair]:
    """Sentences with several translations each, and translations of several sentences."""
    return [
        (f"Sentence number {i // 3}{'!' if i % 2 else '.'}", f"Phrase {(i * 7) % (count // 2)}.")
        for i in range(count)
    ]


def bare(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def test_nothing_held_out_is_trained_on_from_either_side() -> None:
    split = hold_out(pairs(3000), 20)
    assert split.held_out
    assert split.train
    held_sources = {bare(source) for source, _ in split.held_out}
    assert not held_sources & {bare(source) for source, _ in split.train}
    # The target of a reference, and of every other translation of a held-out sentence.
    held_targets = {bare(target) for source, target in pairs(3000) if bare(source) in held_sources}
    assert not held_targets & {bare(target) for _, target in split.train}
    assert set(split.train) <= set(pairs(3000))
    assert len(split.held_out) == len(held_sources)


@pytest.mark.parametrize(
    "variant", ["I SEE it", "i see it!", "I see, it…", "“I see it”", "isee it."]
)
def test_case_and_punctuation_make_no_new_sentence(variant: str) -> None:
    # Everything is held out with share 1; the translation met first is the reference.
    split = hold_out([("I see it.", "Je le vois."), (variant, "Je vois.")], 1)
    assert split.held_out == [("I see it.", "Je le vois.")]
    many = [(f"Sentence {i}.", f"Phrase {i}.") for i in range(200)]
    held = hold_out(many, 10).held_out
    assert held
    loud = [(source.upper() + "!!", "Autre chose.") for source, _ in held]
    other = [("Unheard of.", target.upper()) for _, target in held]
    assert not set(hold_out(many + loud + other, 10).train) & {*loud, *other}


def test_holding_out_is_deterministic_and_does_not_depend_on_the_other_rows() -> None:
    some = pairs(600)
    assert hold_out(some, 10) == hold_out(list(some), 10)
    held = {bare(source) for source, _ in hold_out(some, 10).held_out}
    of_half = {bare(source) for source, _ in hold_out(some[:300], 10).held_out}
    assert of_half == held & {bare(source) for source, _ in some[:300]}
    backwards = {bare(source) for source, _ in hold_out(some[::-1], 10).held_out}
    assert backwards == held


def test_about_one_sentence_in_the_share_is_held_out() -> None:
    split = hold_out([(f"Sentence {i}.", f"Phrase {i}.") for i in range(20_000)], 100)
    assert 140 < len(split.held_out) < 260  # 200, and the spread of a binomial is 14
    assert len(split.held_out) + len(split.train) == 20_000


# -- batches --------------------------------------------------------------------------------


@given(
    lengths=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=80),
    positions=st.integers(1, 400),
    extra_rows=st.integers(0, 5),
    seed=st.integers(0, 1000),
    share=st.floats(0.1, 1),
)
def test_batches_hold_every_chosen_row_once_and_no_more_than_fits(
    lengths: list[tuple[int, int]], positions: int, extra_rows: int, seed: int, share: float
) -> None:
    sources, targets = ([[5] * pair[side] for pair in lengths] for side in (0, 1))
    encoded = EncodedPairs(sources, targets, positions, extra_rows)
    generator = np.random.default_rng(seed)
    count = max(1, int(share * len(lengths)))
    chosen = generator.permutation(len(lengths))[:count]
    batches = encoded.batches(chosen, generator)
    assert sorted(np.concatenate(batches).tolist()) == sorted(chosen.tolist())
    for rows in batches:
        longest = max(max(lengths[row]) for row in rows)
        assert len(rows) == 1 or len(rows) <= positions / longest + extra_rows


def test_batches_are_of_like_length_and_follow_from_the_generator() -> None:
    sizes = np.random.default_rng(0).integers(1, 40, 500)
    ids = [[5] * size for size in sizes]
    encoded = EncodedPairs(ids, ids, positions=200, extra_rows=4)
    everything = np.arange(500)

    def batches(seed: int) -> list[list[int]]:
        generator = np.random.default_rng(seed)
        return [b.tolist() for b in encoded.batches(everything, generator)]

    for rows in batches(1):
        assert np.ptp(sizes[rows]) <= 3
    assert batches(1) == batches(1)
    assert batches(1) != batches(2)
    # An epoch may not go from short to long.
    first = [int(sizes[rows].max()) for rows in batches(1)]
    assert first != sorted(first)


def test_a_batch_holds_the_pairs_of_its_rows() -> None:
    encoded = EncodedPairs([[1], [2, 2], [3]], [[4], [5], [6, 6]])
    batch = encoded.batch(np.array([2, 0]))
    assert [ids.tolist() for ids in batch.sources] == [[3], [1]]
    assert [ids.tolist() for ids in batch.targets] == [[6, 6], [4]]
    assert len(encoded) == 3

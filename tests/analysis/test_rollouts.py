from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from attn_desktop.analysis.rollouts import (
    MOST,
    NOTHING,
    RolloutSettings,
    extended,
    hardened,
    is_sound,
    join,
    seed_of,
    settings_of,
)
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.trace.records import ProbeRecord
from attn_desktop.trace.run_tree import MAX_SEED, Choice
from tests.toy_records import toy_trace
from tests.toy_rollouts import toy_rollouts

RUN = toy_trace().run
LENGTH = len(RUN.source)
Arrays = dict[str, NDArray[Any]]


def part(record: ProbeRecord, first: int, last: int) -> ProbeRecord:
    """Rows first … last − 1, no wider than they need to be, as an engine sends them."""
    arrays: Arrays = {
        name: values if name == "alpha" else values[first:last].copy()
        for name, values in record.arrays.items()
    }
    taken = (arrays["tokens"] != NOTHING).any(axis=0)
    for name in ("tokens", "sampled", "log_probs"):
        arrays[name] = arrays[name][:, taken]
    held = {str(token) for token in np.unique(arrays["tokens"]).tolist()}
    labels = {t: label for t, label in record.settings["labels"].items() if t in held}
    done = last == len(record.arrays["seeds"])
    settings = {**record.settings, "labels": labels, "first_row": first, "finished": done}
    return replace(record, settings=settings, arrays=arrays)


# -- seeds and settings -----------------------------------------------------------------------


def test_no_two_rollouts_share_a_seed() -> None:
    seeds = [seed_of(seed, number) for seed in range(5) for number in range(MOST)]
    assert len(set(seeds)) == len(seeds)
    assert seed_of(3, 17) == 3017
    assert seed_of(0, 0) == 0
    for seed in (MAX_SEED, MAX_SEED - 1, MAX_SEED // MOST + 1):
        assert all(0 <= seed_of(seed, number) <= MAX_SEED for number in (0, MOST - 1))


def test_a_rollout_is_decoded_with_its_own_seed() -> None:
    asked = RolloutSettings(3, 2, "sampled", 0.5)
    assert asked.choice(2) == Choice("sampled", 0.5, seed=2002)
    assert settings_of(toy_rollouts(RUN, seed=4).settings) == RolloutSettings(40, 4)


@pytest.mark.parametrize("count", [0, -1, MOST + 1, 10**6, 10**400, 2.0, "7", None, True])
def test_a_number_of_rollouts_that_cannot_be_is_named(count: Any) -> None:
    with pytest.raises(InputError, match=r"a whole number from 1 to 1,000, not "):
        RolloutSettings(count)


def test_only_a_mode_that_attends_can_be_hardened() -> None:
    assert hardened(Mode("dot", "local-p")) == Mode("dot", "local-p", "hard")
    with pytest.raises(InputError, match="without attention there is no position to draw"):
        hardened(Mode("none"))


# -- parts ------------------------------------------------------------------------------------


def test_parts_make_the_whole_whatever_their_widths() -> None:
    record = toy_rollouts(RUN, 40, steps=9)
    short = int((record.arrays["tokens"] != NOTHING).sum(axis=1)[1:].argmin()) + 1
    parts = [part(record, *rows) for rows in ((0, short), (short, short + 1), (short + 1, 40))]
    assert len({len(own.arrays["tokens"][0]) for own in parts}) > 1
    joined = join(parts)
    assert is_sound(joined, LENGTH)
    wide = joined.arrays["tokens"].shape[1]
    for name, values in record.arrays.items():
        own = values[:, :wide] if values.ndim == 2 else values
        assert joined.arrays[name].tolist() == own.tolist()
        assert joined.arrays[name].dtype == values.dtype
    held = {str(token) for token in np.unique(record.arrays["tokens"]).tolist()} - {"-1"}
    assert set(joined.settings["labels"]) == held
    assert joined.settings["finished"]


def test_a_beginning_takes_the_place_of_what_was_there() -> None:
    record, other = toy_rollouts(RUN, 40), toy_rollouts(RUN, 40, seed=1)
    again = extended(part(record, 0, 20), part(other, 0, 8))
    assert again.arrays["tokens"].shape[0] == 8
    assert again.arrays["seeds"].tolist() == other.arrays["seeds"][:8].tolist()
    assert is_sound(again, LENGTH)


def test_missing_rows_are_noticed() -> None:
    record = toy_rollouts(RUN, 40)
    with pytest.raises(InputError, match="rollouts 4 to 9 are missing"):
        extended(part(record, 0, 4), part(record, 10, 20))


# -- records from files -----------------------------------------------------------------------


def test_what_the_probe_brings_is_sound() -> None:
    for record in (toy_rollouts(RUN), toy_rollouts(RUN, 1, steps=1), toy_rollouts(RUN, 99, done=5)):
        assert is_sound(record, LENGTH)
        assert not is_sound(record, LENGTH + 1)
    assert is_sound(toy_rollouts(RUN, start=3, node=2), LENGTH)


@pytest.mark.parametrize(
    "change",
    [
        {"count": 0},
        {"count": 39},
        {"count": "40"},
        {"seed": -1},
        {"seed": 1.5},
        {"how": "forced"},
        {"how": None},
        {"temperature": 0},
        {"temperature": "hot"},
        {"steps": 0},
        {"mode": "none"},
        {"mode": "additive/global/soft"},
        {"mode": "a/b/c/d"},
        {"mode": 5},
        {"trained": None},
        {"edited": "no"},
        {"finished": 1},
        {"start": -1},
        {"start": 6},
        {"start": "0"},
        {"limit": 5},
        {"limit": None},
        {"first_row": 1},
        {"labels": ["</s>"]},
        {"labels": {"0": "</s>"}},
        {"labels": {0: "</s>"}},
        {"labels": {"0": 7}},
    ],
    ids=str,
)
def test_damaged_settings_are_noticed(change: dict[str, Any]) -> None:
    record = toy_rollouts(RUN, 40)
    assert not is_sound(replace(record, settings={**record.settings, **change}), LENGTH)


@pytest.mark.parametrize("missing", list(toy_rollouts(RUN).settings))
def test_missing_settings_are_noticed(missing: str) -> None:
    record = toy_rollouts(RUN)
    settings = {name: value for name, value in record.settings.items() if name != missing}
    assert not is_sound(replace(record, settings=settings), LENGTH)


def put(name: str, place: Any, value: float) -> Callable[[Arrays], None]:
    def change(arrays: Arrays) -> None:
        arrays[name] = arrays[name].copy()
        arrays[name][place] = value

    return change


def turn(name: str, how: Callable[[NDArray[Any]], NDArray[Any]]) -> Callable[[Arrays], None]:
    def change(arrays: Arrays) -> None:
        arrays[name] = how(arrays[name])

    return change


DAMAGES: dict[str, Callable[[Arrays], None]] = {
    "a token without a label": put("tokens", (0, 0), 77),
    "a token below nothing": put("tokens", (0, 0), -2),
    "no first token": put("tokens", (0, 0), NOTHING),
    "a gap": put("tokens", (0, 1), NOTHING),
    "a position beyond the source": put("sampled", (0, 0), LENGTH),
    "a position below nothing": put("sampled", (0, 0), -2),
    "a token without a position": put("sampled", (0, 0), NOTHING),
    "a negative seed": put("seeds", 0, -1),
    "tokens that are no whole numbers": turn("tokens", lambda a: a.astype(float)),
    "log p that are whole numbers": turn("log_probs", lambda a: a.astype(int)),
    "one more row of positions": turn("sampled", lambda a: np.vstack([a, a[:1]])),
    "fewer seeds": turn("seeds", lambda a: a[1:]),
    "ends that are numbers": turn("ended", lambda a: a.astype(int)),
    "fewer ends": turn("ended", lambda a: a[1:]),
    "α of another source": turn("alpha", lambda a: a[1:]),
    "tokens in one row": turn("tokens", lambda a: a.ravel()),
    "seeds beyond the largest": turn("seeds", lambda a: a.astype(np.uint64) + np.uint64(2**63)),
    "no tokens": lambda arrays: arrays.update(tokens=np.zeros((0, 3), int)),
}


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_damaged_arrays_are_noticed(damage: str) -> None:
    record = toy_rollouts(RUN, 40)
    # The first row shall be one of several steps, for a gap to be in it.
    assert record.arrays["tokens"][0, 2] != NOTHING
    arrays = dict(record.arrays)
    DAMAGES[damage](arrays)
    assert not is_sound(replace(record, arrays=arrays), LENGTH)


@pytest.mark.parametrize("missing", list(toy_rollouts(RUN).arrays))
def test_missing_arrays_are_noticed(missing: str) -> None:
    record = toy_rollouts(RUN)
    arrays = {name: values for name, values in record.arrays.items() if name != missing}
    assert not is_sound(replace(record, arrays=arrays), LENGTH)


def test_another_kind_is_not_sound() -> None:
    assert not is_sound(replace(toy_rollouts(RUN), kind="beam"), LENGTH)

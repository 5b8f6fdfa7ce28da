from __future__ import annotations

import itertools
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.families.base import Family, Given
from attn_desktop.families.seq2seq import Seq2Seq
from attn_desktop.training.data import Batch, EncodedPairs
from attn_desktop.training.loop import LoopSettings, Trainer, one_cycle
from tests.toy_models import TOY_SENTENCES, toy_model

MODES = [
    [Mode()],
    [Mode("dot", "local-p")],
    [Mode("additive", "global", HARD)],
    [Mode("none"), Mode("additive", "global", HARD)],
]
SETTINGS = LoopSettings(epochs=3, save_every_s=1e9, log_every=1)


def encoded(model: Seq2Seq, positions: int = 60) -> EncodedPairs:
    sources = [[*model.prepare(Given(source)).inputs] for source, _ in TOY_SENTENCES]
    targets = model.target_codec.encode_many([target for _, target in TOY_SENTENCES])
    targets = [[*ids, model.end_id] for ids in targets]
    return EncodedPairs(sources, targets, positions, extra_rows=0)


def every_row(epoch: int, generator: np.random.Generator) -> NDArray[np.int64]:
    return np.arange(len(TOY_SENTENCES))


def some_modes(share: float, generator: np.random.Generator, length: int) -> list[Mode]:
    return MODES[int(generator.integers(len(MODES)))]


def only_soft(share: float, generator: np.random.Generator, length: int) -> list[Mode]:
    return [Mode()]


def trainer(folder: Path, settings: LoopSettings = SETTINGS, **more: Any) -> Trainer:
    model = toy_model(**more.pop("changes", {})).requires_grad_(True)
    more = {"draw_modes": some_modes, "say": lambda text: None} | more
    examples = encoded(model, more.pop("positions", 60))
    return Trainer(model, examples, folder, settings, every_row, **more)


def weights(trainer: Trainer) -> dict[str, bytes]:
    return {
        name: value.detach().numpy().tobytes() for name, value in trainer.model.named_parameters()
    }


class StopsAt:
    """Says nothing, and at a line that starts as told does what Ctrl+C does."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        self.heard: list[str] = []

    def __call__(self, text: str) -> None:
        self.heard.append(text)
        if text.startswith(self.lines):
            os.kill(os.getpid(), signal.SIGINT)


# -- resuming -------------------------------------------------------------------------------


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    """Stopped twice, once in mid-epoch; dropout, hard draws and baselines included."""
    whole = trainer(tmp_path / "whole")
    assert whole.run()
    steps = whole.progress.step
    assert steps > 8

    hearing = [StopsAt("step 2/"), StopsAt(f"step {steps // 2 + 1}/"), StopsAt("never")]
    parts = [trainer(tmp_path / "parts", say=say) for say in hearing]
    assert [part.run() for part in parts] == [False, False, True]
    for hears in hearing[:2]:
        assert hears.heard[-1].startswith("stopped at step")
    assert hearing[1].heard[0] == f"going on from step {parts[0].progress.step}"
    assert 2 <= parts[0].progress.step < parts[1].progress.step < steps

    assert weights(parts[2]) == weights(whole)
    assert parts[2].progress.baselines == whole.progress.baselines
    assert set(whole.progress.baselines.values) == {"additive/global/hard"}
    for name, value in whole.average.items():
        assert torch.equal(value, parts[2].average[name])


def test_a_run_that_is_finished_does_nothing_more(tmp_path: Path) -> None:
    first, again = trainer(tmp_path), trainer(tmp_path)
    assert first.run()
    assert again.run()
    assert weights(again) == weights(first)
    assert again.progress.step == first.progress.step


def test_another_seed_trains_other_weights(tmp_path: Path) -> None:
    """Without which bit-identical weights would show nothing."""
    settings = LoopSettings(epochs=1, seed=2)
    other = LoopSettings(epochs=1, seed=3)
    one, two = trainer(tmp_path / "1", settings), trainer(tmp_path / "2", other)
    one.run()
    two.run()
    assert weights(one) != weights(two)


def test_the_state_of_another_model_is_refused(tmp_path: Path) -> None:
    trainer(tmp_path, LoopSettings(epochs=1)).run()
    other = trainer(tmp_path, LoopSettings(epochs=1), changes={"embedding_size": 7})
    before = weights(other)
    with pytest.raises(InputError, match=r"is of another model; give an empty folder"):
        other.run()
    assert weights(other) == before


def test_ctrl_c_finishes_the_batch_saves_and_gives_the_signal_back(tmp_path: Path) -> None:
    handler = signal.getsignal(signal.SIGINT)
    stopped = trainer(tmp_path, say=StopsAt("step 3/"))
    assert not stopped.run()
    assert signal.getsignal(signal.SIGINT) == handler
    kept = trainer(tmp_path)
    kept._resume()
    assert kept.progress.step == stopped.progress.step
    assert weights(kept) == weights(stopped)
    assert not list(tmp_path.glob("*.partial"))


def test_a_second_ctrl_c_ends_at_once(tmp_path: Path) -> None:
    handler = signal.getsignal(signal.SIGINT)
    impatient = StopsAt("step 3/", "step 4/")
    with pytest.raises(KeyboardInterrupt):
        trainer(tmp_path, say=impatient).run()
    assert signal.getsignal(signal.SIGINT) == handler


def test_ctrl_c_while_gradients_are_averaged_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other processes cannot know of it in this batch, and all of them must stop at one."""
    asked: list[bool] = []
    busy = trainer(tmp_path)

    def average(parameters: object, stop: bool) -> bool:
        asked.append(stop)
        if len(asked) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return stop

    monkeypatch.setattr(busy.replicas, "average", average)
    assert not busy.run()
    assert asked == [False, False, True]


# -- learning -------------------------------------------------------------------------------


def test_the_loss_falls_on_a_task_that_can_be_learnt_by_heart(tmp_path: Path) -> None:
    heard = StopsAt("never")
    settings = LoopSettings(epochs=40, peak_rate=3e-2, smoothing=0.0, log_every=4)
    more = {"draw_modes": only_soft, "say": heard, "changes": {"dropout": 0.0}, "positions": 400}
    learner = trainer(tmp_path, settings, **more)
    learner.run()
    losses = [float(line.split("-log p ")[1].split()[0]) for line in heard.heard if "log p" in line]
    assert losses[-1] < 0.6 * losses[0]


def test_averaged_puts_the_averages_in_and_the_weights_back(tmp_path: Path) -> None:
    trained = trainer(tmp_path)
    trained.run()
    before = weights(trained)
    averages = {name: value.numpy().tobytes() for name, value in trained.average.items()}
    assert averages != before
    with trained.averaged() as model:
        assert weights(trained) == averages
        assert not model.training
    assert weights(trained) == before
    assert trained.model.training
    with pytest.raises(KeyError), trained.averaged():
        raise KeyError
    assert weights(trained) == before


def test_each_epoch_is_reported_with_the_averaged_weights(tmp_path: Path) -> None:
    seen: list[bytes] = []

    def report(model: Family) -> str:
        seen.append(b"".join(value.detach().numpy().tobytes() for value in model.parameters()))
        assert not model.training
        return "well"

    heard = StopsAt("never")
    reported = trainer(tmp_path, after_epoch=report, say=heard)
    reported.run()
    assert len(set(seen)) == SETTINGS.epochs
    assert seen[-1] == b"".join(value.numpy().tobytes() for value in reported.average.values())
    assert [line for line in heard.heard if "well" in line] == [
        f"epoch {epoch}: well" for epoch in (1, 2, 3)
    ]


def test_the_rate_rises_in_a_line_and_falls_in_half_a_cosine() -> None:
    peak, warmup = 2e-3, 0.1
    assert one_cycle(0, peak, warmup) == pytest.approx(0.04 * peak)
    assert one_cycle(0.05, peak, warmup) == pytest.approx(0.52 * peak)
    assert one_cycle(0.1, peak, warmup) == pytest.approx(peak)
    assert one_cycle(0.55, peak, warmup) == pytest.approx(peak / 2)
    assert one_cycle(1, peak, warmup) == pytest.approx(0, abs=1e-12)
    rates = [one_cycle(share / 1000, peak, warmup) for share in range(1001)]
    top = rates.index(max(rates))
    assert top == 100
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert max(abs(a - b) for a, b in itertools.pairwise(rates)) < 0.02 * peak


def test_training_without_warm_up_starts_at_the_peak() -> None:
    assert one_cycle(0, 1.0, 0.0) == 1.0


# -- rates and further terms ------------------------------------------------------------------


def test_weights_learn_at_the_share_of_the_rate_that_is_theirs(tmp_path: Path) -> None:
    """A share of 0 leaves them as they are; the others go their own way."""
    start = weights(trainer(tmp_path / "start"))
    settings = LoopSettings(epochs=1, rate_shares={"encoder.": 0.0, "bridge.": 0.5})
    assert settings.rate_share("encoder.weight_ih_l0") == 0.0
    assert settings.rate_share("bridge.bias") == 0.5
    assert settings.rate_share("cell.weight") == 1.0
    still = trainer(tmp_path / "still", settings)
    assert still.run()
    moved = {name for name, value in weights(still).items() if value != start[name]}
    assert moved
    assert not any(name.startswith("encoder.") for name in moved)
    assert any(name.startswith("bridge.") for name in moved)
    shares = sorted(group["share"] for group in still.optimizer.param_groups)
    assert shares == [0.0, 0.5, 1.0]


def test_a_further_term_of_the_loss_is_descended(tmp_path: Path) -> None:
    def bias(model: Family) -> Tensor:
        return dict(model.named_parameters())["output_bias"]

    def away(model: Family, batch: Batch) -> Tensor:
        assert len(batch.targets) > 0
        return 1e4 * (bias(model) - 9).square().mean()

    plain, extra = trainer(tmp_path / "1"), trainer(tmp_path / "2", extra_loss=away)
    before = bias(plain.model).detach().clone()
    assert torch.equal(bias(extra.model), before)
    for run in (plain, extra):
        run.run()
    assert bool((bias(extra.model) > before).all())
    assert not bool((bias(plain.model) > before).all())

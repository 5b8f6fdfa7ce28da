from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from attn_desktop.common.mode import HARD, SOFT, Mode
from attn_desktop.families.base import Given
from attn_desktop.families.seq2seq import Seq2Seq
from attn_desktop.training import loss as loss_module
from attn_desktop.training.data import Batch
from attn_desktop.training.loss import (
    Baselines,
    HardSettings,
    Unrolled,
    _Likelihood,
    _reinforce,
    batch_loss,
    token_likelihoods,
    unroll,
)
from tests.toy_models import TOY_SENTENCES, toy_model

HARD_MODE = Mode("additive", "global", HARD)


def toy_batch(model: Seq2Seq, count: int = 4) -> Batch:
    sources = [model.prepare(Given(source)).inputs for source, _ in TOY_SENTENCES[:count]]
    targets = model.target_codec.encode_many([target for _, target in TOY_SENTENCES[:count]])
    return Batch(sources, [np.array([*ids, model.end_id]) for ids in targets])


# -- likelihood -----------------------------------------------------------------------------


def composed(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    return -functional.cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7])
def test_the_likelihood_is_the_library_s_cross_entropy(smoothing: float) -> None:
    torch.manual_seed(0)
    logits = (torch.randn(7, 11, dtype=torch.float64) * 3).requires_grad_()
    targets = torch.randint(11, (7,))
    weights = torch.randn(7, dtype=torch.float64)

    value, plain = _Likelihood.apply(logits, targets, smoothing)  # type: ignore[no-untyped-call]
    expected = composed(logits, targets, smoothing)
    assert torch.allclose(value, expected, rtol=0, atol=1e-12)
    assert torch.allclose(plain, composed(logits, targets, 0.0), rtol=0, atol=1e-12)
    assert not plain.requires_grad
    (gradient,) = torch.autograd.grad((weights * value).sum(), logits)
    (wanted,) = torch.autograd.grad((weights * expected).sum(), logits)
    assert torch.allclose(gradient, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_likelihood_s_gradient_is_that_of_its_value(smoothing: float) -> None:
    torch.manual_seed(1)
    logits = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(5, (3,))

    class Again(torch.autograd.Function):
        """Anew in every backward: gradcheck goes back several times, `_Likelihood` only once."""

        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            value: Tensor = _Likelihood.apply(x, targets, smoothing)[0]  # type: ignore[no-untyped-call]
            return value

        @staticmethod
        def backward(ctx: Any, gradient: Tensor) -> Tensor:
            (x,) = ctx.saved_tensors
            with torch.enable_grad():
                x = x.detach().requires_grad_()
                value = _Likelihood.apply(x, targets, smoothing)[0]  # type: ignore[no-untyped-call]
            result: Tensor = torch.autograd.grad(value, x, gradient)[0]
            return result

    assert torch.autograd.gradcheck(Again.apply, (logits,))


def test_a_second_backward_fails_rather_than_errs() -> None:
    logits = torch.randn(2, 3, requires_grad=True)
    value = _Likelihood.apply(logits, torch.tensor([0, 1]), 0.1)[0].sum()  # type: ignore[no-untyped-call]
    value.backward(retain_graph=True)
    with pytest.raises((AttributeError, RuntimeError)):
        value.backward()


def test_readout_in_parts_is_readout_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = toy_model().requires_grad_(True)
    unrolled = unroll(model, toy_batch(model), [Mode()])
    at_once = token_likelihoods(model, unrolled, 0.1)
    monkeypatch.setattr(loss_module, "ROWS_AT_ONCE", 7)
    in_parts = token_likelihoods(model, unrolled, 0.1)
    for one, other in zip(at_once, in_parts, strict=True):
        assert torch.allclose(one, other, atol=1e-6)


# -- the unrolled batch ---------------------------------------------------------------------


def test_padding_counts_for_nothing() -> None:
    """A pair costs the same alone and beside longer ones."""
    model = toy_model()
    batch = toy_batch(model, 5)
    together = unroll(model, batch, [Mode("dot", "local-p")])
    with torch.no_grad():
        _, log_probs = token_likelihoods(model, together)
        rows = torch.arange(5).expand(together.real.shape)[together.real]
        for row in range(5):
            alone = Batch([batch.sources[row]], [batch.targets[row]])
            _, own = token_likelihoods(model, unroll(model, alone, [Mode("dot", "local-p")]))
            assert torch.allclose(log_probs[rows == row], own, atol=1e-5)
    assert len(log_probs) == sum(map(len, batch.targets))


def test_soft_loss_is_the_mean_cross_entropy_of_the_tokens() -> None:
    model = toy_model()
    batch = toy_batch(model)
    loss, shown = batch_loss(model, batch, [Mode()], 0.1, HardSettings(), Baselines())
    unrolled = unroll(model, batch, [Mode()])
    logits = model.readout(
        *(x[unrolled.real] for x in (unrolled.states, unrolled.contexts, unrolled.previous))
    )
    targets = unrolled.targets[unrolled.real]
    smoothed = functional.cross_entropy(logits, targets, label_smoothing=0.1)
    assert float(loss.detach()) == pytest.approx(float(smoothed.detach()), abs=1e-5)
    plain = functional.cross_entropy(logits, targets).detach()
    assert shown == pytest.approx(float(plain), abs=1e-5)


def test_the_doubly_stochastic_term_counts_what_no_step_has_looked_at() -> None:
    model = toy_model()
    batch = toy_batch(model)
    modes = [Mode("dot"), Mode("none"), Mode("additive", "global", HARD), Mode("dot")]
    torch.manual_seed(0)
    plain, _ = batch_loss(model, batch, modes, 0.0, HardSettings(), Baselines())
    torch.manual_seed(0)
    loss, _ = batch_loss(model, batch, modes, 0.0, HardSettings(), Baselines(), 0.3)
    expected, tokens = 0.0, sum(map(len, batch.targets))
    torch.manual_seed(0)
    looked = unroll(model, batch, modes).looked
    assert looked is not None
    for shares, source, target in zip(looked.tolist(), batch.sources, batch.targets, strict=True):
        attending = len(target) - (1 if len(target) > 1 else 0)  # all but step 2, which is none
        assert sum(shares) == pytest.approx(attending, abs=1e-5)
        assert not any(shares[len(source) :])
        expected += sum((1 - share) ** 2 for share in shares)
    assert float((loss - plain).detach()) == pytest.approx(0.3 * expected / tokens, rel=1e-4)


def test_the_pointing_term_wants_alpha_where_a_batch_says() -> None:
    """The share of α there, step by step; steps of which nothing is said cost nothing."""
    model = toy_model()
    batch = toy_batch(model)
    rows, steps = len(batch.targets), max(map(len, batch.targets))
    with torch.no_grad():
        memory = model.encode(batch.sources)
    where = np.random.default_rng(0).random((rows, steps, memory.states.shape[1])) < 0.3
    where[1], where[:, 2], where[3, 1:] = False, False, False
    told = Batch(batch.sources, batch.targets, where)
    losses = []
    for given, weight in ((batch, 0.0), (told, 0.0), (told, 0.7)):
        losses.append(
            batch_loss(model, given, [Mode()], 0.0, HardSettings(), Baselines(), 0.0, weight)[0]
        )
    assert torch.equal(losses[0], losses[1])
    state, expected = model.start(memory), []
    for t in range(1, steps + 1):
        before = [ids[t - 2] if 1 < t <= len(ids) + 1 else 0 for ids in batch.targets]
        tokens = torch.tensor([model.start_id] * rows if t == 1 else before)
        stepped = model.step(memory, state, model.embed(tokens), Mode(), t, torch.zeros(rows))
        state = stepped.readings[SOFT].state
        assert stepped.attended.alpha is not None
        for row, alpha in enumerate(stepped.attended.alpha.tolist()):
            if where[row, t - 1].any():
                expected.append(-np.log(sum(np.array(alpha)[where[row, t - 1]])))
    assert len(expected) > 5
    difference = float((losses[2] - losses[0]).detach())
    assert difference == pytest.approx(0.7 * float(np.mean(expected)), rel=1e-4)


def test_modes_switch_at_the_step_that_they_say() -> None:
    model = toy_model()
    batch = toy_batch(model)
    torch.manual_seed(0)
    switched = unroll(model, batch, [Mode()] * 3 + [HARD_MODE])
    plain = unroll(model, batch, [Mode()])
    assert switched.hard_steps == [False] * 3 + [True] * (len(plain.hard_steps) - 3)
    assert torch.equal(switched.states[:3], plain.states[:3])
    assert not torch.equal(switched.states[3], plain.states[3])
    assert bool((switched.log_alpha[:3] == 0).all())
    assert bool((switched.log_alpha[3:] < 0).all())


# -- REINFORCE ------------------------------------------------------------------------------

REWARDS = torch.tensor([-0.3, -2.0, -1.1, -4.0, -0.9], dtype=torch.float64)
SCORES = torch.tensor([0.4, -0.6, 0.1, 0.9, -1.2], dtype=torch.float64)
ROWS = 40_000
NO_ENTROPY = HardSettings(entropy_weight=0.0)


def one_step(scores: Tensor, seed: int) -> tuple[Unrolled, Tensor]:
    """ROWS copies of one step with known rewards: position k earns REWARDS[k]."""
    alpha = torch.softmax(scores, 0)
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.multinomial(alpha.detach(), ROWS, replacement=True, generator=generator)
    nothing = torch.zeros(1, ROWS, 1)
    entropy = -(alpha * alpha.log()).sum()
    return (
        Unrolled(
            states=nothing,
            contexts=nothing,
            previous=nothing,
            targets=torch.zeros(1, ROWS, dtype=torch.int64),
            real=torch.ones(1, ROWS, dtype=torch.bool),
            log_alpha=alpha.log()[drawn].unsqueeze(0),
            entropy=entropy.expand(1, ROWS),
            hard_steps=[True],
            looked=None,
            pointed=torch.zeros(0),
        ),
        REWARDS[drawn],
    )


def enumerated() -> tuple[Tensor, Tensor]:
    """Gradient of Σ_k α_k r_k with respect to the scores, and α."""
    scores = SCORES.clone().requires_grad_()
    alpha = torch.softmax(scores, 0)
    (gradient,) = torch.autograd.grad((alpha * REWARDS).sum(), scores)
    return gradient, alpha.detach()


@pytest.mark.parametrize("baseline", [0.0, -1.5, 7.0])
def test_the_mean_gradient_is_that_of_the_expected_reward_whatever_the_baseline(
    baseline: float,
) -> None:
    expected, alpha = enumerated()
    scores = SCORES.clone().requires_grad_()
    unrolled, rewards = one_step(scores, seed=3)
    baselines = Baselines({str(HARD_MODE): baseline})
    term = _reinforce(unrolled, rewards, [HARD_MODE], NO_ENTROPY, baselines)
    (gradient,) = torch.autograd.grad(term, scores)
    # One draw gives (r_k − b)(onehot_k − α): its spread over k is known exactly.
    single = (REWARDS - baseline).unsqueeze(1) * (torch.eye(5, dtype=torch.float64) - alpha)
    mean = alpha @ single
    error = ((alpha @ (single - mean) ** 2) / ROWS).sqrt()
    assert torch.allclose(mean, expected, atol=1e-12)
    assert bool(((gradient - expected).abs() < 4 * error).all())
    assert bool((expected.abs() > 8 * error).any())  # far from 0: no gradient would not pass


def test_a_baseline_near_the_mean_reward_lessens_the_spread() -> None:
    _, alpha = enumerated()
    spreads = []
    for baseline in (0.0, float(alpha @ REWARDS)):
        gradients = []
        for seed in range(8):
            scores = SCORES.clone().requires_grad_()
            unrolled, rewards = one_step(scores, seed)
            baselines = Baselines({str(HARD_MODE): baseline})
            term = _reinforce(unrolled, rewards, [HARD_MODE], NO_ENTROPY, baselines)
            gradients.append(torch.autograd.grad(term, scores)[0])
        spreads.append(float(torch.stack(gradients).std(0).norm()))
    assert spreads[1] < 0.8 * spreads[0]


def test_the_entropy_term_has_the_entropy_s_gradient() -> None:
    gradients = []
    for settings in (HardSettings(entropy_weight=0.3), NO_ENTROPY):
        scores = SCORES.clone().requires_grad_()
        unrolled, rewards = one_step(scores, seed=5)
        baselines = Baselines({str(HARD_MODE): -1.0})
        term = _reinforce(unrolled, rewards, [HARD_MODE], settings, baselines)
        gradients.append(torch.autograd.grad(term, scores)[0])
    alpha = torch.softmax(SCORES, 0)
    entropy = -(alpha * alpha.log()).sum()
    expected = -alpha * (alpha.log() + entropy)  # ∂H/∂score_k
    assert torch.allclose(gradients[0] - gradients[1], 0.3 * expected, atol=1e-9)


def test_the_entropy_of_an_unrolled_step_is_that_of_its_alpha() -> None:
    model = toy_model()
    batch = toy_batch(model, 2)
    unrolled = unroll(model, batch, [HARD_MODE])
    memory = model.encode(batch.sources)
    attended = model.attention(memory, model.start(memory).hidden, HARD_MODE, 1, torch.zeros(2))
    assert attended.alpha is not None
    assert torch.allclose(unrolled.entropy[0], torch.special.entr(attended.alpha).sum(1), atol=1e-5)


def test_rewards_are_summed_from_their_step_on_with_decay() -> None:
    """Two rows, three steps, the second row one shorter; hard from step 2 on."""
    log_alpha = torch.zeros(3, 2, requires_grad=True)
    real = torch.tensor([[True, True], [True, True], [True, False]])
    unrolled = Unrolled(
        states=torch.zeros(3, 2, 1),
        contexts=torch.zeros(3, 2, 1),
        previous=torch.zeros(3, 2, 1),
        targets=torch.zeros(3, 2, dtype=torch.int64),
        real=real,
        log_alpha=log_alpha,
        entropy=torch.zeros(3, 2),
        hard_steps=[False, True, True],
        looked=None,
        pointed=torch.zeros(0),
    )
    log_probs = torch.tensor([-1.0, -2.0, -3.0, -4.0, -5.0])  # by step, then row
    baselines = Baselines({str(HARD_MODE): -0.5})
    settings = HardSettings(reward_weight=2.0, entropy_weight=0.0, reward_decay=0.5)
    _reinforce(unrolled, log_probs, [Mode(), HARD_MODE], settings, baselines).backward()  # type: ignore[no-untyped-call]
    assert log_alpha.grad is not None
    # R_2 = −3 − 5/2 and −4, R_3 = −5; λ_r (R − b) over 5 tokens.
    expected = [[0, 0], [2 * -5.0 / 5, 2 * -3.5 / 5], [2 * -4.5 / 5, 0]]
    assert log_alpha.grad.tolist() == [pytest.approx(row) for row in expected]
    mean = (-5.5 - 4.0 - 5.0) / 3
    assert baselines.values[str(HARD_MODE)] == pytest.approx(0.95 * -0.5 + 0.05 * mean)


def test_each_mode_keeps_its_own_baseline_and_starts_from_what_it_meets_first() -> None:
    baselines = Baselines()
    other = Mode("dot", "global", HARD)
    assert baselines.update(HARD_MODE, -4.0, 0.9) == -4.0
    assert baselines.update(HARD_MODE, -2.0, 0.9) == -4.0
    assert baselines.update(HARD_MODE, -2.0, 0.9) == pytest.approx(-3.8)
    assert baselines.update(other, -9.0, 0.9) == -9.0


def test_through_the_model_the_attention_s_gradient_is_that_of_the_expected_reward() -> None:
    """One target, one source: batch_loss against Σ_k α_k log p(y | h_k), k enumerated."""
    model = toy_model(dropout=0.0).requires_grad_(True)
    source, target = model.prepare(Given("The dog.")).inputs, 300
    weights = list(model.attention.scores["additive"].parameters())

    memory = model.encode([source])
    state = model.start(memory)
    previous = model.embed(torch.tensor([model.start_id]))
    looked = model.attention(memory, state.hidden, HARD_MODE, 1, torch.zeros(1))
    assert looked.alpha is not None
    expected = torch.zeros(())
    for k in range(len(source)):
        context = memory.states[:, k]
        following, _ = model.advance(state, previous, context)
        logits = model.readout(following.hidden, context, previous)
        expected = expected + looked.alpha[0, k] * torch.log_softmax(logits, 1)[0, target].detach()
    wanted = torch.autograd.grad(-expected, weights)

    torch.manual_seed(0)
    rows, found = 500, []
    batch = Batch([source] * rows, [np.array([target])] * rows)
    for _ in range(30):
        baselines = Baselines({str(HARD_MODE): float(expected.detach())})
        loss, _ = batch_loss(model, batch, [HARD_MODE], 0.1, NO_ENTROPY, baselines)
        found.append(torch.autograd.grad(loss, weights))
    compared = 0
    for gradient, *drawn in zip(wanted, *found, strict=True):
        samples = torch.stack(drawn)
        error = samples.std(0) / len(samples) ** 0.5
        distance = (samples.mean(0) - gradient).abs() / (error + 1e-7)
        assert float((distance**2).mean()) < 2  # 1 in the mean, were there no bias
        compared += int((gradient.abs() > 5 * error).sum())
    assert compared > 10

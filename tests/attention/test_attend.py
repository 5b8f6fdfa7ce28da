"""One look at the source, in every scope and weighting, against a plain float64 loop."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from attn_desktop.attention.attend import Attended, Attention, Memory, weigh
from attn_desktop.attention.scopes import SCOPES, LocalPredictive
from attn_desktop.attention.scores import SCORES
from attn_desktop.common.errors import InputError, UnknownNameError
from attn_desktop.common.mode import ARGMAX, HARD, NO_ATTENTION, SOFT, Mode
from tests.attention import reference

STATE = KEY = 4
REACH = 6
READINGS = (SOFT, HARD, ARGMAX)


def draw(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


def build(
    half_width: float = 3.0, scores: tuple[str, ...] = tuple(SCORES), seed: int = 0
) -> Attention:
    attention = Attention(STATE, KEY, scores, None, REACH, half_width).double()
    for index, parameter in enumerate(attention.parameters()):
        parameter.data = draw(*parameter.shape, seed=1000 * seed + index)
    return attention


def remember(lengths: list[int], seed: int = 0, width: int | None = None) -> Memory:
    """Annotations of rows of different length; the padding holds numbers that must not matter."""
    longest = max(lengths) if width is None else width
    mask = torch.arange(longest) < torch.tensor(lengths).unsqueeze(1)
    states = draw(len(lengths), longest, KEY, seed=seed + 1)
    states = torch.where(mask.unsqueeze(2), states, torch.full_like(states, 9.0))
    return Memory(states, mask, draw(len(lengths), KEY, seed=seed + 2))


def look(
    attention: Attention, memory: Memory, mode: Mode, t: int, seed: int = 0
) -> tuple[Attended, Tensor]:
    """A look with a query and draws that follow from the seed; the query comes back too."""
    query = draw(len(memory.mask), STATE, seed=seed + 3)
    u = torch.rand(
        len(memory.mask), dtype=torch.float64, generator=torch.Generator().manual_seed(seed + 4)
    )
    return attention(memory, query, mode, t, u, READINGS), query


def center_of(attention: Attention, scope: str, query: Tensor, length: int, t: int) -> float | None:
    if scope == "local-m":
        return float(min(t, length))
    if scope == "local-p":
        local = attention.scopes["local-p"]
        assert isinstance(local, LocalPredictive)
        return reference.predicted_center(
            query.tolist(), length, local.weight.weight.tolist(), local.v.weight.tolist()
        )
    return None


CASES = {
    "one position": ([1], 3.0, 1),
    "one position, late": ([1], 3.0, 40),
    "first step": ([9, 4, 1], 3.0, 1),
    "padding": ([5, 8, 2], 3.0, 3),
    "D wider than the source": ([4, 2], 50.0, 2),
    "D of 0": ([7, 3, 1], 0.0, 2),
    "D next to 0": ([7, 3, 1], 1e-30, 2),
    "D of a half": ([7, 3, 1], 0.5, 4),
    "D of 1": ([9, 5], 1.0, 5),
    "p_t past the end": ([9, 4, 2], 2.0, 30),
    "longer than the reach": ([12, 7, 6, 5], 3.0, 5),
    "wholly past the reach": ([20, 20], 1.0, 15),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("scope", ["global", "local-m", "local-p"])
@pytest.mark.parametrize("score", ["additive", "dot", "location"])
def test_a_look_equals_the_plain_loop(score: str, scope: str, case: str) -> None:
    lengths, half_width, t = CASES[case]
    attention, memory = build(half_width), remember(lengths)
    attended, query = look(attention, memory, Mode(score, scope), t)
    weights = {
        name: value.tolist()
        for name, value in attention.get_submodule(f"scores.{score}.score").state_dict().items()
    }
    assert attended.energies is not None
    assert attended.window is not None
    assert attended.alpha is not None
    assert attended.draw is not None
    assert attended.sampled is not None
    reach = REACH if score == "location" and memory.mask.shape[1] > REACH else None

    for row, length in enumerate(lengths):
        states = memory.states[row, :length].tolist()
        s = query[row].tolist()
        energies = reference.energies(score, s, states, weights)
        center = center_of(attention, scope, query[row], length, t)
        inside = reference.allowed(length, center, half_width, reach)
        gaussian = scope == "local-p" and half_width >= 1e-6
        alpha = reference.alpha(energies, length, center, half_width, gaussian, reach)
        k = reference.drawn(alpha, float(attended.draw[row]))

        close(attended.energies[row, :length], energies)
        assert attended.window[row, :length].nonzero().flatten().tolist() == inside
        close(attended.alpha[row, :length], alpha)
        assert not attended.alpha[row, length:].any()
        close(attended.contexts[SOFT][row], reference.context(alpha, states))
        assert int(attended.sampled[row]) == k
        assert attended.contexts[HARD][row].tolist() == states[k]
        assert attended.contexts[ARGMAX][row].tolist() == states[alpha.index(max(alpha))]
        if center is None:
            assert attended.center is None
            assert attended.half_width is None
        else:
            assert attended.center is not None
            close(attended.center[row], center)
            assert attended.half_width == half_width


def close(actual: Tensor, expected: list[float] | float) -> None:
    torch.testing.assert_close(
        actual, torch.tensor(expected, dtype=torch.float64), rtol=1e-9, atol=1e-12
    )


def test_the_gaussian_of_local_p_is_of_sigma_half_d() -> None:
    """With equal energies α is the cut Gaussian itself, worked out by hand for p_t = S/2."""
    attention = build(half_width=2.0, scores=("dot",))
    local = attention.scopes["local-p"]
    assert isinstance(local, LocalPredictive)
    torch.nn.init.zeros_(local.v.weight)  # sigmoid(0) = 1/2
    memory = remember([10])
    memory.states.zero_()
    attended, _ = look(attention, memory, Mode("dot", "local-p"), 1)
    bell = [math.exp(-((j - 5) ** 2) / 2) if abs(j - 5) <= 2 else 0.0 for j in range(1, 11)]
    assert attended.alpha is not None
    close(attended.alpha[0], [b / math.fsum(bell) for b in bell])


def test_without_attention_the_context_is_the_fixed_one_and_nothing_else_exists() -> None:
    memory = remember([3, 5])
    attended, _ = look(build(), memory, Mode(NO_ATTENTION), 2)
    assert attended == Attended(contexts={SOFT: memory.fixed_context})
    assert attended.alpha is None


@pytest.mark.parametrize("weighting", READINGS)
def test_only_the_contexts_asked_for_are_computed(weighting: str) -> None:
    attention, memory = build(), remember([4, 2])
    every, query = look(attention, memory, Mode("dot"), 1)
    assert every.draw is not None
    one = attention(memory, query, Mode("dot"), 1, every.draw, (weighting,))
    assert list(one.contexts) == [weighting]
    assert torch.equal(one.contexts[weighting], every.contexts[weighting])
    assert (one.sampled is not None) == (weighting == HARD)


def test_keys_are_prepared_once_a_score_and_travel_with_their_rows() -> None:
    attention, memory = build(), remember([4, 2, 3])
    first, _ = look(attention, memory, Mode("additive"), 1)
    kept = memory.prepared["additive"]
    look(attention, memory, Mode("cosine"), 2)
    look(attention, memory, Mode("additive"), 3)
    assert set(memory.prepared) == {"additive", "cosine"}
    assert memory.prepared["additive"] is kept

    order = torch.tensor([2, 0, 0])
    chosen = memory.rows(order)
    assert torch.equal(chosen.mask, memory.mask[order])
    query = draw(3, STATE, seed=3)[order]
    again = attention(chosen, query, Mode("additive"), 1, torch.zeros(3), (SOFT,))
    assert first.alpha is not None
    assert torch.equal(again.alpha, first.alpha[order])
    assert torch.equal(again.contexts[SOFT], first.contexts[SOFT][order])


def test_a_score_that_the_checkpoint_lacks_lists_those_it_has() -> None:
    attention = build(scores=("dot", "additive"))
    with pytest.raises(InputError, match="no score 'general'; it has: dot, additive, none"):
        look(attention, remember([2]), Mode("general"), 1)
    with pytest.raises(UnknownNameError, match="unknown scope 'lokal'; valid are: global"):
        attention.check(Mode("dot", "lokal"))
    attention.check(Mode(NO_ATTENTION))


@pytest.mark.parametrize("scope", list(SCOPES))
def test_gradients_through_a_look_are_finite_and_right(scope: str) -> None:
    attention = build(half_width=2.5, scores=("additive",))
    memory = remember([5, 3])
    zero = torch.zeros(2, dtype=torch.float64)

    def soft(query: Tensor, states: Tensor) -> Tensor:
        looked: Attended = attention(
            Memory(states, memory.mask, memory.fixed_context),
            query,
            Mode("additive", scope),
            2,
            zero,
            (SOFT,),
        )
        return looked.contexts[SOFT]

    # Away from the edges of the window, where α jumps by the definition of the cut.
    query = draw(2, STATE, seed=5).requires_grad_()
    states = memory.states.clone().requires_grad_()
    assert torch.autograd.gradcheck(soft, (query, states))
    soft(query, states).pow(2).sum().backward()  # type: ignore[no-untyped-call]
    assert states.grad is not None
    assert not states.grad[1, 3:].any()  # no gradient reaches the padding
    for name, parameter in attention.named_parameters():
        if parameter.grad is not None:
            assert torch.isfinite(parameter.grad).all(), name
    learnt = SCOPES[scope].is_learnt
    own = list(attention.scopes[scope].parameters())
    assert bool(own) == learnt
    for parameter in own:
        assert parameter.grad is not None
        assert parameter.grad.any()


# -- what holds for every shape -------------------------------------------------------------


@st.composite
def situations(draw_from: st.DrawFn) -> tuple[list[int], float, int, Mode, int, float]:
    lengths = draw_from(st.lists(st.integers(1, 14), min_size=1, max_size=4))
    half_width = draw_from(st.one_of(st.sampled_from([0.0, 3.0, 200.0]), st.floats(0, 10)))
    t = draw_from(st.integers(1, 30))
    mode = Mode(draw_from(st.sampled_from(list(SCORES))), draw_from(st.sampled_from(list(SCOPES))))
    scale = draw_from(st.sampled_from([0.0, 0.1, 1.0, 30.0]))
    return lengths, half_width, t, mode, draw_from(st.integers(0, 50)), scale


@settings(max_examples=120, deadline=None)
@given(situations())
def test_alpha_is_a_distribution_inside_mask_and_window(
    situation: tuple[list[int], float, int, Mode, int, float],
) -> None:
    lengths, half_width, t, mode, seed, scale = situation
    # In single precision, as models compute.
    attention = build(half_width, seed=seed).float().requires_grad_(False)
    memory = remember(lengths, seed)
    memory = Memory(
        (memory.states * scale).float(), memory.mask, (memory.fixed_context * scale).float()
    )
    query = draw(len(lengths), STATE, seed=seed + 3).float() * scale
    u = torch.rand(len(lengths), generator=torch.Generator().manual_seed(seed))
    attended: Attended = attention(memory, query, mode, t, u, READINGS)
    alpha, window, sampled = attended.alpha, attended.window, attended.sampled
    assert alpha is not None
    assert window is not None
    assert sampled is not None
    assert attended.energies is not None
    assert torch.isfinite(attended.energies).all()
    assert (alpha >= 0).all()
    assert (alpha.double().sum(dim=1) - 1).abs().max() <= 1e-6
    assert not alpha[~(window & memory.mask)].any()
    for row in range(len(lengths)):
        summed = sum(
            (float(a) * h.double() for a, h in zip(alpha[row], memory.states[row], strict=True)),
            torch.zeros(KEY, dtype=torch.float64),
        )
        bound = 1e-5 * max(1.0, scale)
        assert (attended.contexts[SOFT][row] - summed).abs().max() <= bound
        assert alpha[row, sampled[row]] > 0
        assert torch.equal(attended.contexts[HARD][row], memory.states[row, sampled[row]])


@settings(max_examples=60, deadline=None)
@given(situations(), st.integers(1, 9))
def test_padding_and_neighbours_do_not_change_a_row(
    situation: tuple[list[int], float, int, Mode, int, float], padding: int
) -> None:
    lengths, half_width, t, mode, seed, _ = situation
    attention = build(half_width, seed=seed)
    wide = remember(lengths, seed, max(lengths) + padding)
    together, query = look(attention, wide, mode, t, seed)
    assert together.draw is not None
    for row, length in enumerate(lengths):
        own = slice(row, row + 1)
        memory = Memory(wide.states[own, :length], wide.mask[own, :length], wide.fixed_context[own])
        alone = attention(memory, query[own], mode, t, together.draw[own], READINGS)
        for name in ("energies", "window", "alpha"):
            padded = getattr(together, name)[own, :length]
            torch.testing.assert_close(getattr(alone, name), padded, rtol=1e-9, atol=1e-12)
        for name in READINGS:
            torch.testing.assert_close(
                alone.contexts[name], together.contexts[name][own], rtol=1e-9, atol=1e-12
            )


def test_weigh_survives_energies_of_any_finite_size() -> None:
    energies = torch.tensor([[3e38, -3e38, 0.0], [-3e38, -3e38, 3e38]])
    allowed = torch.tensor([[True, True, True], [True, True, False]])
    expected = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    assert torch.equal(weigh(energies, allowed), expected)

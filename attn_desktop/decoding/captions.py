"""What a model says about an input in short: the text, how sure of it, and how widely it looked.

For many inputs one after the other, of which nobody wants a record of every number. The steps are
those of the stepper, so stepping through one of them later gives the same words and scores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attn_desktop.analysis.entropy import entropy
from attn_desktop.common.mode import Mode
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.decoding.tree_stepper import TreeStepper
from attn_desktop.trace.run_tree import Choice


@dataclass(frozen=True)
class Said:
    """What T steps said.

    log_probs: log p of each token under the active reading, T of them, that of the end included.
    entropies: of α of each step in nats, averaged over layers and heads; none without attention.
    ended: False where the step limit cut the output off.
    """

    text: str
    log_probs: tuple[float, ...]
    entropies: tuple[float, ...]
    ended: bool


def say(
    stepper: Stepper, mode: Mode, seed: int, check: Callable[[], object] = lambda: None
) -> Said:
    """Decode an input to its end, or the step limit, taking the likeliest token at each step.

    seed: of the positions that a hard mode draws. check: called before the first step and after
    each; what it raises ends the decoding. Raises InputError for a mode that the model lacks.
    """
    steps = []
    check()
    for record in TreeStepper(stepper).decode(mode, Choice(seed=seed)):
        steps.append(record)
        check()
    return Said(
        text=stepper.model.detokenize([step.token_id for step in steps]),
        log_probs=tuple(step.log_prob for step in steps),
        entropies=tuple(
            float(entropy(step.cross.alpha).mean()) for step in steps if step.cross is not None
        ),
        ended=steps[-1].is_end,
    )

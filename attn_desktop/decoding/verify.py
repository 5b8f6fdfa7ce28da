"""Decoding everything again that a file holds, and comparing: is it what this model says here?"""

from __future__ import annotations

from collections.abc import Callable

from attn_desktop.analysis.deviation import Deviations, Report
from attn_desktop.decoding.repeat import repeat
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.families.base import Given
from attn_desktop.families.checkpoint import Checkpoint
from attn_desktop.trace.trace import Trace


def verify(
    trace: Trace, checkpoint: Checkpoint, check: Callable[[], object] = lambda: None
) -> Report:
    """Encode every input of a trace and repeat all its nodes with a model.

    check: called before each step; what it raises ends it. Raises InputError where the model
    cannot decode what is recorded, such as a mode that it does not have.
    """
    deviations = Deviations(trace)
    for number, run in enumerate(trace.runs):
        stepper = Stepper(checkpoint, Given.of(run))
        deviations.encoded(number, stepper.run)
        nodes = [node for node in trace.tree.parents_first if node.run == number]
        for _, record in repeat(stepper, nodes, check):
            deviations.stepped(record)
    return deviations.report()

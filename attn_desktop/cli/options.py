"""The options that several commands share, and what they stand for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attn_desktop.cli.messages import note
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import Mode
from attn_desktop.trace.run_tree import Choice

if TYPE_CHECKING:
    from attn_desktop.families.base import Family, Given

ModelName = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A model's folder, or the name of a shipped one.",
        show_default=False,
    ),
]
Source = Annotated[
    str,
    typer.Argument(
        metavar="TEXT|PICTURE",
        help="The sentence to decode, or the image file for a model that takes a picture.",
        show_default=False,
    ),
]
Question = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="What to ask about the picture, of a model that answers questions.",
        show_default=False,
    ),
]
Score = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="How s and h are compared: cosine, additive, location, general, dot, scaled-dot "
        "(divided by the root of n, the dimension of h; lecture slides sometimes call the number "
        "of inputs n), or none for the fixed context vector.",
    ),
]
Scope = Annotated[
    str, typer.Option(metavar="NAME", help="Where it may look: global, local-m or local-p.")
]
Weighting = Annotated[
    str,
    typer.Option(metavar="NAME", help="soft: the average of h; hard: h at one sampled position."),
]
Seed = Annotated[int, typer.Option(metavar="N", help="Of every draw, of tokens and of positions.")]
Sample = Annotated[
    bool, typer.Option("--sample", help="Draw each token instead of taking the likeliest.")
]
Temperature = Annotated[
    float, typer.Option(metavar="T", help="With --sample: divides the logits, above 0.")
]
TopK = Annotated[
    int | None, typer.Option(metavar="K", help="With --sample: only the K likeliest tokens.")
]
TopP = Annotated[
    float | None,
    typer.Option(
        metavar="P", help="With --sample: only the likeliest tokens that make up probability P."
    ),
]
MaxSteps = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        show_default=False,
        help="Stop after N steps. Default: what the model says suffices; for a sentence 20 more "
        "than twice its pieces.",
    ),
]
Device = Annotated[str, typer.Option(metavar="NAME", help="cpu, cuda or cuda:N.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON instead.")]
Beam = Annotated[
    int | None,
    typer.Option(metavar="N", help="Beam search of width N instead of one token at a time."),
]


def make_choice(
    sample: bool, temperature: float, top_k: int | None, top_p: float | None, seed: int
) -> Choice:
    """How tokens are picked; InputError for a value out of range, a note for one without use."""
    choice = Choice("sampled" if sample else "greedy", temperature, top_k, top_p, seed)
    unused = {
        "--temperature": temperature != 1.0,
        "--top-k": top_k is not None,
        "--top-p": top_p is not None,
    }
    names = [name for name, given in unused.items() if given]
    if names and not sample:
        note(f"without --sample the likeliest token is taken; {', '.join(names)} has no effect")
    return choice


def read_source(model: Family, source: str, question: str | None) -> Given:
    """What a model is given by TEXT|PICTURE and --question, as far as it takes them.

    Raises InputError for an image file that cannot be read, for a question to a model that answers
    none, and for none to one that does.
    """
    from attn_desktop.families.base import Given
    from attn_desktop.inputs.image import load_picture

    if question is not None and "question" not in model.takes:
        raise InputError(f"--question: this model takes a {model.takes[0]} and no question")
    if "picture" not in model.takes:
        return Given(source)
    if "question" in model.takes and not (question or "").strip():
        raise InputError(f"--question: {model.needs}; ask at least one word")
    return Given(question or "", load_picture(Path(source)))


def check_mode(model: Family, mode: Mode) -> None:
    """InputError for a mode that the model lacks, a note for one that it never learnt."""
    model.check_mode(mode)
    if not model.is_trained(mode):
        note(f"mode {mode} is untrained: this checkpoint never learnt it")

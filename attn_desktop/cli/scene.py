"""`attn-desktop scene`: a rendered picture with captions, questions and boxes, from a seed."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attn_desktop.analysis.pieces import printable
from attn_desktop.cli import options
from attn_desktop.common.errors import InputError
from attn_desktop.common.whole_file import check_target, write_whole

if TYPE_CHECKING:
    from attn_desktop.inputs.scenes import Scene

SUFFIX = ".png"

Output = Annotated[
    Path,
    typer.Option(
        "-o",
        "--output",
        metavar="OUT.png",
        help="The picture to write, or to replace.",
        show_default=False,
    ),
]
SceneSeed = Annotated[int, typer.Option(metavar="N", help="Which scene, from 0 on.")]
Size = Annotated[int, typer.Option(metavar="N", help="Pixels along each side, 56 to 1024.")]


def command(
    output: Output, seed: SceneSeed = 0, size: Size = 448, as_json: options.AsJson = False
) -> None:
    """Draw a scene of a few objects, with captions and questions that are true of it.

    JSON: an object with the keys picture, seed, size, background; objects, each with shape,
    colour, size, texture and box (x0, y0, x1, y1 from the top left, parts of the side); captions,
    each with text and mentions (words from and to, and the numbers of the objects that they name);
    questions, each with kind, text, answer and the numbers of the objects to look at.
    """
    from attn_desktop.inputs.scenes import make_scene, render

    if output.suffix.lower() != SUFFIX:
        raise InputError(f"{output} has no suffix {SUFFIX}, the one format of a scene's picture")
    check_target(output)
    scene = make_scene(seed)
    picture = io.BytesIO()
    render(scene, size).save(picture, format="PNG")
    write_whole(output, picture.getvalue())
    found = _described(scene)
    if as_json:
        print(json.dumps({"picture": str(output), "seed": seed, "size": size, **found}))
    else:
        print("\n".join(map(printable, _lines(output, size, found))))


def _described(scene: Scene) -> dict[str, Any]:
    from attn_desktop.inputs.scenes import make_questions, reference_captions

    return {
        "background": scene.background,
        "objects": [
            {
                "shape": thing.shape,
                "colour": thing.colour,
                "size": thing.size,
                "texture": thing.texture,
                "box": [round(side, 4) for side in thing.box],
            }
            for thing in scene.objects
        ],
        "captions": [
            {
                "text": caption.text,
                "mentions": [
                    {"words": [mention.start, mention.end], "objects": list(mention.objects)}
                    for mention in caption.mentions
                ],
            }
            for caption in reference_captions(scene)
        ],
        "questions": [
            {
                "kind": question.kind,
                "text": question.text,
                "answer": question.answer,
                "objects": list(question.objects),
            }
            for question in make_questions(scene)
        ],
    }


def _lines(output: Path, size: int, found: dict[str, Any]) -> list[str]:
    """The same for a reader; objects are numbered as the questions point to them."""
    lines = [f"picture     {output} ({size} × {size} pixels)", f"background  {found['background']}"]
    for number, thing in enumerate(found["objects"]):
        name = f"{thing['size']} {thing['texture']} {thing['colour']} {thing['shape']}"
        box = " ".join(f"{side:.2f}" for side in thing["box"])
        lines.append(f"object {number}    {name:32}  box {box}")
    lines += [f"caption     {caption['text']}" for caption in found["captions"]]
    for question in found["questions"]:
        pointed = ", ".join(map(str, question["objects"])) or "none"
        text = f"{question['text']} ?  {question['answer']}"
        lines.append(f"{question['kind']:10}  {text}  (objects: {pointed})")
    return lines

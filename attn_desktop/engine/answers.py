"""What each request is answered with. Imports torch, so it is imported after the first hello."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

import numpy as np
import torch

from attn_desktop.attention.scopes import Scope
from attn_desktop.attention.scores import SCORES, Score
from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import NO_ATTENTION
from attn_desktop.common.model_list import list_models
from attn_desktop.common.paths import resolve_model
from attn_desktop.decoding.captions import say
from attn_desktop.decoding.corpus import step_limit
from attn_desktop.decoding.probes import find_probe
from attn_desktop.decoding.readings import probe_readings
from attn_desktop.decoding.repeat import repeat
from attn_desktop.decoding.stepper import Stepper
from attn_desktop.engine.devices import list_devices
from attn_desktop.engine.workspace import Workspace
from attn_desktop.families.base import Given
from attn_desktop.families.checkpoint import Checkpoint
from attn_desktop.inputs.image import load_picture
from attn_desktop.inputs.scenes import make_questions, make_scene, reference_captions, render
from attn_desktop.inputs.thumbnails import thumbnail
from attn_desktop.trace.edits import inherited
from attn_desktop.trace.protocol import (
    AnyReply,
    AnyRequest,
    Caption,
    Captioned,
    Decode,
    Devices,
    Encode,
    Encoded,
    Formula,
    ListDevices,
    ListModels,
    ModelOpened,
    Models,
    NoPicture,
    OpenModel,
    Probe,
    Probed,
    Progress,
    RenderScene,
    Repeat,
    SceneQuestion,
    SceneRendered,
    Stepped,
    Tokenize,
    Tokenized,
)

#: Raises CancelledError where the window no longer wants the answer.
Check = Callable[[], None]


class Answers:
    """The requests that need computing, answered one at a time."""

    def __init__(self) -> None:
        # Batch 1 is fastest on one thread, and sums keep their order.
        torch.set_num_threads(1)
        self.torch_version = str(torch.__version__)
        self._workspace = Workspace()

    def replies(self, request: AnyRequest, check: Check) -> Iterator[AnyReply]:
        """All replies but the last, `Done`; raises whatever the request fails with."""
        match request:
            case ListDevices():
                yield Devices(request=request.request, devices=list_devices())
            case ListModels():
                yield Models(request=request.request, models=tuple(list_models()))
            case OpenModel():
                yield from self._open(request, check)
            case Encode():
                yield from self._encode(request, check)
            case Decode():
                yield from self._decode(request, check)
            case Repeat():
                yield from self._repeat(request, check)
            case Probe():
                yield from self._probe(request, check)
            case Tokenize():
                yield self._tokenize(request)
            case RenderScene():
                yield _render(request)
            case Caption():
                yield from self._caption(request, check)
            case _:
                raise TypeError(f"{type(request).__name__} is not answered here")

    def _open(self, request: OpenModel, check: Check) -> Iterator[AnyReply]:
        checkpoint = yield from self._load(request, check)
        model = checkpoint.model
        fixed = Formula(name=NO_ATTENTION, formula=model.fixed_formula, source=model.fixed_source)
        yield ModelOpened(
            request=request.request,
            info=checkpoint.info,
            device=str(model.device),
            scores=(*(_formula(SCORES[name]) for name in model.attention.scores), fixed),
            scopes=tuple(_formula(type(model.attention.scope(n))) for n in model.attention.scopes),
        )

    def _encode(self, request: Encode, check: Check) -> Iterator[AnyReply]:
        yield from self._load(request, check)
        given = _given(request)
        positions = self._workspace.encode(request.run, request.model, request.device, given)
        stepper = positions.stepper
        yield Encoded(
            request=request.request,
            run=request.run,
            record=replace(stepper.run, scene=request.scene),
            step_limit=step_limit(stepper.model, len(stepper.run.source)),
        )

    def _load(
        self, request: OpenModel | Encode | Caption, check: Check
    ) -> Generator[AnyReply, None, Checkpoint]:
        """The model of a request; reading it from its files takes long enough to say so."""
        if not self._workspace.holds(request.model, request.device):
            name = resolve_model(request.model).resolve().name
            yield Progress(request=request.request, text=f"opening {name}")
        checkpoint = self._workspace.open(request.model, request.device)
        check()
        return checkpoint

    def _decode(self, request: Decode, check: Check) -> Iterator[AnyReply]:
        if request.steps < 1:
            raise InputError(f"the number of steps must be at least 1, not {request.steps}")
        positions = self._workspace.run(request.run)
        position = positions.after(request.path, check)
        given = request.choice.given()
        edits = request.edits
        for place in range(request.steps):
            check()
            forced = request.forced[place] if place < len(request.forced) else None
            before = position
            record, made, position = positions.step(
                before,
                request.first_node + place,
                request.mode,
                request.choice if forced is None else given,
                forced,
                edits,
                request.node_run,
            )
            probe = probe_readings(positions.stepper, before, record)
            yield Stepped(
                request=request.request,
                run=request.run,
                node=made,
                record=record,
                probes=() if probe is None else (probe,),
            )
            if record.is_end:
                break
            edits = inherited(edits, request.mode.attends)

    def _repeat(self, request: Repeat, check: Check) -> Iterator[AnyReply]:
        positions = self._workspace.run(request.run)
        for node, record in repeat(positions.stepper, request.nodes, check):
            yield Stepped(request=request.request, run=request.run, node=node, record=record)

    def _probe(self, request: Probe, check: Check) -> Iterator[AnyReply]:
        positions = self._workspace.run(request.run)
        for probe in find_probe(request.kind)(positions, request.path, request.settings):
            check()
            yield Probed(
                request=request.request, run=request.run, probe=replace(probe, run=request.node_run)
            )

    def _caption(self, request: Caption, check: Check) -> Iterator[AnyReply]:
        checkpoint = yield from self._load(request, check)
        try:
            picture = load_picture(request.picture_file)
        except InputError as error:
            yield NoPicture(request=request.request, message=str(error))
            return
        stepper = Stepper(checkpoint, Given(request.text, picture))
        said = say(stepper, request.mode, request.seed, check)
        yield Captioned(
            request=request.request,
            text=said.text,
            log_probs=said.log_probs,
            entropies=said.entropies,
            positions=len(stepper.run.source),
            ended=said.ended,
            thumbnail=thumbnail(picture, request.side),
        )

    def _tokenize(self, request: Tokenize) -> Tokenized:
        model = self._workspace.run(request.run).stepper.model
        ids = model.tokenize(request.text)
        labels = tuple(model.token_label(token) for token in ids)
        return Tokenized(request=request.request, ids=ids, labels=labels)


def _given(request: Encode) -> Given:
    """What is to be encoded; InputError for an image file that cannot be read."""
    picture = request.picture
    if request.picture_file:
        if picture is not None:
            raise InputError("give one picture: an image file or a picture read before, not both")
        picture = load_picture(request.picture_file)
    return Given(request.text, picture)


def _render(request: RenderScene) -> SceneRendered:
    """A scene of the generator; InputError for a seed or a size that it does not have."""
    scene = make_scene(request.seed)
    questions = tuple(
        SceneQuestion(kind=found.kind, text=found.text, answer=found.answer)
        for found in make_questions(scene)
    )
    return SceneRendered(
        request=request.request,
        seed=request.seed,
        picture=np.array(render(scene, request.size), dtype=np.uint8),
        captions=tuple(caption.text for caption in reference_captions(scene)),
        questions=questions,
    )


def _formula(kind: type[Score] | type[Scope]) -> Formula:
    return Formula(name=kind.name, formula=kind.formula, source=kind.source)

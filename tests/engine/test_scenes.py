"""Scenes that the engine draws for a window."""

from __future__ import annotations

import numpy as np

from attn_desktop.inputs.scenes import make_questions, make_scene, render
from attn_desktop.trace.protocol import RenderScene, SceneRendered
from tests.engine.client import Client, only


def test_a_scene_comes_with_what_is_true_of_it(client: Client) -> None:
    reply = only(client.ask(RenderScene(request=client.number(), seed=7, size=64)), SceneRendered)
    scene = make_scene(7)
    np.testing.assert_array_equal(reply.picture, np.array(render(scene, 64)))
    assert reply.seed == 7
    assert len(reply.captions) >= 2
    assert [(asked.text, asked.answer) for asked in reply.questions] == [
        (asked.text, asked.answer) for asked in make_questions(scene)
    ]


def test_a_scene_that_cannot_be_drawn_is_named(client: Client) -> None:
    refused = client.failure(RenderScene(request=client.number(), seed=-1))
    assert (refused.cause, "0 or more" in refused.message) == ("input", True)
    refused = client.failure(RenderScene(request=client.number(), seed=1, size=5000))
    assert "56 to 1024 pixels" in refused.message
    assert only(client.ask(RenderScene(request=client.number(), seed=2**63 - 1)), SceneRendered)

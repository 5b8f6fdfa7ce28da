from __future__ import annotations

from attn_desktop.gui.playhead import Playhead
from attn_desktop.gui.scene import Light, Phase, Scene
from tests.toy_scenes import toy_scene


def places(playhead: Playhead) -> list[tuple[int, Phase]]:
    seen: list[tuple[int, Phase]] = []
    playhead.scene_changed.connect(lambda scene: seen.append((scene.t, scene.phase)))
    return seen


def test_phases_forward_and_back_are_inverses() -> None:
    playhead = Playhead()
    playhead.show(toy_scene(3, t=0))
    seen = places(playhead)
    while playhead.next_phase():
        pass
    assert len(seen) == 3 * len(Phase)
    assert seen[0] == (1, Phase.ENERGIES)
    assert seen[-1] == (3, Phase.TOKEN)
    forward = [(0, Phase.TOKEN), *seen]
    seen.clear()
    for _ in range(3 * len(Phase)):
        playhead.previous_phase()
    assert [(3, Phase.TOKEN), *seen] == forward[::-1]
    playhead.previous_phase()
    assert playhead.scene.t == 0


def test_a_jump_stays_inside_the_branch_and_says_nothing_where_nothing_changes() -> None:
    playhead = Playhead()
    playhead.show(toy_scene(4, t=2))
    seen = places(playhead)
    playhead.go(99)
    playhead.go(-5, Phase.ALPHA)
    playhead.go(0)
    assert seen == [(4, Phase.TOKEN), (0, Phase.TOKEN)]


def test_a_moved_scene_keeps_its_steps_and_its_labels() -> None:
    playhead = Playhead()
    scene = toy_scene(4, t=2)
    playhead.show(scene)
    axis, tokens = scene.source, scene.tokens
    playhead.go(3)
    assert playhead.scene.steps is scene.steps
    assert (playhead.scene.source, playhead.scene.tokens) == (axis, tokens)
    playhead.set_words(True)
    assert playhead.scene.source is not axis


def test_light_is_told_once_and_goes_out_with_its_run() -> None:
    playhead = Playhead()
    playhead.show(toy_scene(4))
    lights: list[Light] = []
    playhead.light_changed.connect(lights.append)
    playhead.hover(frozenset({1}), frozenset({2}))
    playhead.hover(frozenset({1}), frozenset({2}))
    playhead.brush(frozenset({3}), frozenset())
    assert len(lights) == 2
    assert lights[-1].all_source == {1, 3}
    playhead.go(1)
    assert len(lights) == 2, "moving puts nothing out"
    playhead.show(Scene())
    assert lights[-1] == Light()

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch
from torch import nn

from attn_desktop.common.errors import InputError
from attn_desktop.families.vision import Vision
from attn_desktop.training import photo_teaching
from attn_desktop.training.photo_distil import Lessons
from attn_desktop.training.photo_teaching import (
    Pace,
    Sights,
    Teaching,
    load_taught,
    measure,
    save_taught,
)
from attn_desktop.training.photo_views import Variety
from attn_desktop.training.replicas import Replicas
from tests.elsewhere import run_in_two
from tests.toy_lessons import EYES, lessons, pictures

UNSEEN = pictures(21)
SMALL = {"PICTURES_AT_ONCE": 16, "SAY_EVERY": 30, "HELD": 6}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SMALL.items():
        monkeypatch.setattr(photo_teaching, name, value)
    monkeypatch.setattr(photo_teaching, "VARIETY", Variety(zoom=(0.6, 1.0), paste=0.2))


def sights() -> Sights:
    return Sights([pictures(40), pictures(9)], (0.75, 0.25))


def pupil() -> tuple[Vision, Lessons]:
    torch.manual_seed(0)
    vision, course = Vision(EYES, 0.3), lessons()
    course.survey([sights().draw(seed, 16) for seed in range(4)])
    return vision, course


def regions(text: str) -> float:
    return float(text.split("regions ")[1].split()[0])


def test_a_pupil_learns_keeps_takes_and_goes_on(tmp_path: Path) -> None:
    said: list[str] = []
    vision, course = pupil()
    assert Teaching(vision, course, sights(), tmp_path / "1", said.append, Pace(90, 2e-3)).run()
    learnt = [regions(line) for line in said]
    assert len(learnt) == 1 + 3
    assert learnt[3] < 0.9 * learnt[0]
    first = regions(measure(vision, course, UNSEEN))
    assert first < 0.95  # 1 is what the mean of each channel would be off

    path = tmp_path / "eyes.safetensors"
    save_taught(vision, course, path)
    other, others = Vision(EYES, 0.3), lessons()
    load_taught(other, others, path)
    assert measure(other, others, UNSEEN) == measure(vision, course, UNSEEN)
    wide = Vision(msgspec.structs.replace(EYES, channels=(9, 12, 16)), 0.3)
    with pytest.raises(
        InputError, match=r"eyes.safetensors: tensor 'vision.stages.0.halve.weight'"
    ):
        load_taught(wide, others, path)

    said.clear()
    pace = Pace(60, 1e-3, further=True)
    assert Teaching(other, others, sights(), tmp_path / "2", said.append, pace).run()
    assert regions(said[0]) < 0.95 * learnt[0]  # it did not begin anew
    assert regions(measure(other, others, UNSEEN)) < first
    assert not any(isinstance(part, nn.BatchNorm2d) for part in other.modules())


def test_what_was_stopped_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no batch held of before, exactly as if it had not been stopped."""
    monkeypatch.setattr(photo_teaching, "ECHOES", 1)
    pace, said = Pace(8, 2e-3), list[str]()
    whole, course = pupil()
    assert Teaching(whole, course, sights(), tmp_path / "whole", said.append, pace).run()

    parted, lesson = pupil()
    teaching = Teaching(parted, lesson, sights(), tmp_path / "parts", said.append, pace)
    ask = lesson.taught

    def asked(seen: torch.Tensor) -> dict[str, torch.Tensor]:
        if len(calls) == 4:
            teaching._asked(2, None)
        calls.append(len(seen))
        return ask(seen)

    calls: list[int] = []
    monkeypatch.setattr(lesson, "taught", asked)
    assert not teaching.run()
    assert said[-1] == "stopped at step 5; run again to go on"
    again, lesson = pupil()
    assert Teaching(again, lesson, sights(), tmp_path / "parts", said.append, pace).run()
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, msg=name)


class TeachTogether:
    """Picklable work: a few batches shared by all processes, then the weights of each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, replicas: Replicas) -> bool:
        vision, course = pupil()
        folder = self.folder / "state"
        pace = Pace(4, 2e-3)
        done = Teaching(vision, course, sights(), folder, print, pace, replicas).run()
        weights = torch.cat([value.flatten() for value in course.heads().parameters()])
        torch.save(weights.detach(), self.folder / f"{replicas.rank}.pt")
        return done


def test_processes_teach_one_pupil(tmp_path: Path) -> None:
    run_in_two(__name__, "TeachTogether", tmp_path)
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))
    assert torch.equal(first, second)
    course = pupil()[1]
    before = torch.cat([value.detach().flatten() for value in course.heads().parameters()])
    assert not torch.equal(first, before)


def test_sights_are_drawn_by_their_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    dark, bright = torch.zeros(5, 8, 8, 3), torch.full((5, 8, 8, 3), 200)
    both = Sights([dark.to(torch.uint8), bright.to(torch.uint8)], (0.7, 0.3))
    monkeypatch.setattr(photo_teaching, "VARIETY", Variety(mirror=False))
    drawn = both.draw(1, 20)
    assert drawn.shape == (20, 3, 8, 8)
    is_bright = drawn.mean(dim=(1, 2, 3)) > 100
    assert int(is_bright.sum()) == 6
    assert not bool(is_bright[:14].logical_not().all())  # in an order that is drawn
    assert torch.equal(both.draw(1, 20), drawn)
    assert not torch.equal(both.draw(2, 20), drawn)

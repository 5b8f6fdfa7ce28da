"""Captions of pictures that people have captioned: what is scored, and what is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.decoding import photo_scores
from attn_desktop.decoding.beam import BeamSettings, beam_output, beam_search
from attn_desktop.decoding.corpus import decode_corpus
from attn_desktop.decoding.photo_scores import Captioned, photo_modes, score_photos
from attn_desktop.families.base import Given
from attn_desktop.families.captioner import Captioner
from attn_desktop.inputs.captioned import open_pictures
from attn_desktop.inputs.image import load_picture
from attn_desktop.trace.run_tree import Choice
from tests.decoding.test_beam_batch import ending_captioner
from tests.toy_photos import picture_folder
from tests.toy_seers import toy_captioner, toy_vqa

NAMES = tuple(f"p{number}.png" for number in range(7))
MODES = {"none": Mode("none"), "soft": Mode(), "hard": Mode("additive", "global", HARD)}
FIGURES = [
    *(f"bleu{order}" for order in (1, 2, 3, 4)),
    *(f"bleu{order}_no_penalty" for order in (1, 2, 3, 4)),
    "brevity_penalty",
    "distinct",
    "words_per_caption",
]


def nothing(fault: str) -> None:
    raise AssertionError(fault)


def scored(
    model: Captioner, folder: Path, captioned: list[Captioned], **more: Any
) -> dict[str, Any]:
    arguments = {"modes": MODES, "beam": None, "seed": 5, "report": nothing} | more
    with open_pictures(folder, nothing) as pictures:
        return score_photos(model, pictures, captioned, **arguments)


def written(model: Captioner, folder: Path, mode: Mode, beam: BeamSettings | None) -> list[str]:
    """What the searches that are tested elsewhere make of the pictures."""
    inputs = [model.prepare(Given(picture=load_picture(folder / name))) for name in NAMES]
    if beam is None:
        outputs = decode_corpus(model, inputs, mode, Choice(seed=5))
    else:
        outputs = [
            beam_output(model, beam_search(model, prepared, mode, beam)[0]) for prepared in inputs
        ]
    return [model.detokenize(output.tokens) for output in outputs]


@pytest.mark.parametrize("beam", [None, BeamSettings(3, seed=5)], ids=["greedy", "beam"])
@pytest.mark.parametrize("name", MODES)
@pytest.mark.parametrize("at_once", [3, 32])
def test_each_mode_is_scored_on_what_it_writes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    beam: BeamSettings | None,
    at_once: int,
) -> None:
    """Its own captions as references are perfect, and those of no other mode are."""
    monkeypatch.setattr(photo_scores, "AT_ONCE", at_once)
    model, folder = ending_captioner(-1.0), picture_folder(tmp_path, NAMES)
    own = written(model, folder, MODES[name], beam)
    told: list[int] = []
    found = scored(
        model,
        folder,
        [(picture, ("something else", text)) for picture, text in zip(NAMES, own, strict=True)],
        beam=beam,
        on_batch=told.append,
    )
    for mode, figures in found["modes"].items():
        assert list(figures) == FIGURES
        if mode == name:
            assert figures["bleu1"] == pytest.approx(100)
            assert figures["bleu4"] == figures["bleu4_no_penalty"] == pytest.approx(100)
            assert figures["distinct"] == len(set(own)) / len(own)
        else:
            assert figures["bleu4"] < 99
    assert found["pictures"] == len(NAMES)
    assert found["left_out"] == 0
    assert found["captions_per_picture"] == 2
    assert found["beam"] == (1 if beam is None else 3)
    assert told == ([3, 6, 7] if at_once == 3 else [7])


def test_a_picture_is_encoded_once_for_all_modes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, counts = ending_captioner(), []
    encode = Captioner.encode

    def counted(self: Captioner, inputs: Any) -> Any:
        counts.append(len(inputs))
        return encode(self, inputs)

    monkeypatch.setattr(Captioner, "encode", counted)
    monkeypatch.setattr(photo_scores, "AT_ONCE", 4)
    scored(model, picture_folder(tmp_path, NAMES), [(name, ("a dog",)) for name in NAMES])
    assert counts == [4, 3]


def test_a_picture_that_cannot_be_read_is_named_and_the_rest_scored(tmp_path: Path) -> None:
    model, folder = ending_captioner(-1.0), picture_folder(tmp_path, NAMES)
    captioned: list[Captioned] = [
        (name, ("a dog", "one dog")[: 1 + (name > "p3.png")]) for name in NAMES
    ]
    others = [one for one in captioned if one[0] not in ("p1.png", "p2.png")]
    expected = scored(model, folder, others)
    (folder / "p1.png").write_bytes(b"no picture")
    (folder / "p2.png").write_bytes((folder / "p2.png").read_bytes()[:-60])
    told: list[str] = []
    found = scored(model, folder, captioned, report=told.append)
    assert found["modes"] == expected["modes"]
    assert (found["pictures"], found["left_out"]) == (5, 2)
    assert found["captions_per_picture"] == pytest.approx(8 / 5)
    assert len(told) == 2
    for line, name in zip(told, ("p1.png", "p2.png"), strict=True):
        assert line.startswith(f"left out: {folder / name}: ")


def test_without_any_picture_there_is_no_score(tmp_path: Path) -> None:
    (tmp_path / "p0.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="none of the pictures can be read"):
        scored(ending_captioner(), tmp_path, [("p0.png", ("a dog",))], report=lambda fault: None)


def test_modes_that_were_never_learnt_are_left_out() -> None:
    told: list[str] = []
    model = toy_captioner(trained_modes=("additive", "dot", "dot/global/hard"))
    assert photo_modes(model, "additive", "global", told.append) == {"soft": Mode()}
    assert told == [
        "none is left out: the model never learnt none",
        "hard is left out: the model never learnt additive/global/hard",
    ]
    both = photo_modes(model, "dot", "global", lambda fault: None)
    assert both == {"soft": Mode("dot"), "hard": Mode("dot", "global", HARD)}
    assert photo_modes(toy_captioner(), "none", "global", nothing) == {"none": Mode("none")}


def test_modes_that_the_model_lacks_are_left_out_with_the_reason() -> None:
    told: list[str] = []
    model = toy_captioner(scores=("dot",), trained_modes=("dot", "none"))
    assert list(photo_modes(model, "additive", "global", told.append)) == ["none"]
    assert told == [
        f"{name} is left out: this checkpoint has no score 'additive'; it has: dot, none"
        for name in ("soft", "hard")
    ]


@pytest.mark.parametrize(
    ("model", "score", "scope", "said"),
    [
        (toy_vqa(), "additive", "global", "takes a picture and a question"),
        (toy_captioner(), "aditive", "global", "unknown .* 'aditive'; valid are: .*additive"),
        (toy_captioner(), "additive", "globe", "unknown .* 'globe'; valid are: global"),
        (
            toy_captioner(trained_modes=("dot",)),
            "additive",
            "global",
            "no mode to score; the model has learnt: dot/global/soft",
        ),
    ],
)
def test_what_cannot_be_scored_is_refused(
    model: Captioner, score: str, scope: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        photo_modes(model, score, scope, lambda fault: None)

"""`decode` and `evaluate`: many sentences at once."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import sacrebleu

from attn_desktop import api
from attn_desktop.trace.run_tree import Choice
from tests.cli.conftest import Invoke
from tests.toy_models import TOY_SENTENCES

SENTENCES = [source for source, _ in TOY_SENTENCES]
KEYS = ["bleu", "chrf", "sentences", "signature", "score", "scope", "weighting", "seconds"]


def one_by_one(model: Path, mode: dict[str, str], choice: Choice | None = None) -> list[str]:
    checkpoint = api.open_model(model)
    outputs = []
    for text in SENTENCES:
        trace = api.decode(checkpoint, text, choice=choice, **mode)  # type: ignore[arg-type]
        outputs.append(checkpoint.model.detokenize([step.token_id for step in trace.steps]))
    return outputs


def table(
    path: Path, rows: Sequence[tuple[str, ...]], header: tuple[str, ...] = ("en", "fr")
) -> Path:
    text = "".join("\t".join(row) + "\n" for row in [header, *rows])
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("options", [(), ("--beam", "1", "--length-penalty", "0")])
@pytest.mark.parametrize("mode", [{}, {"score": "dot"}, {"score": "none"}])
def test_lines_are_decoded_as_step_decodes_them(
    invoke: Invoke, model: Path, options: tuple[str, ...], mode: dict[str, str]
) -> None:
    named = [part for name, value in mode.items() for part in (f"--{name}", value)]
    result = invoke("decode", model, *named, *options, input="\n".join(SENTENCES) + "\n")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    assert result.stdout_bytes.decode().split("\n")[:-1] == one_by_one(model, mode)


def test_a_beam_of_some_width_is_searched(invoke: Invoke, model: Path) -> None:
    lines = "\n".join(SENTENCES)
    narrow = invoke("decode", model, "--beam", 1, input=lines)
    wide = invoke("decode", model, "--beam", 6, "--coverage-penalty", 0.4, input=lines)
    assert wide.exit_code == 0, wide.output
    assert len(wide.stdout.splitlines()) == len(SENTENCES)
    assert wide.stdout != narrow.stdout


def test_blank_lines_stay_where_they_are_and_only_line_feeds_end_lines(
    invoke: Invoke, model: Path
) -> None:
    text = f"{SENTENCES[0]}\r\n\n \t\n{SENTENCES[1]}\u2028\x0c{SENTENCES[2]}\n{SENTENCES[0]}"
    result = invoke("decode", model, "--max-steps", 4, input=b"\xef\xbb\xbf" + text.encode())
    assert result.exit_code == 0, result.output
    lines = result.stdout_bytes.decode().split("\n")
    assert len(lines) == 6
    assert lines[-1] == ""
    assert lines[0] == lines[4] != ""
    assert lines[1] == lines[2] == ""
    assert lines[3] != ""
    assert result.stderr == (
        "attn-desktop: note: 2 blank in the input, blank in the output: line 2, 3\n"
    )


def test_no_line_in_no_line_out(invoke: Invoke, model: Path) -> None:
    result = invoke("decode", model, input="")
    assert (result.exit_code, result.output) == (0, "")


def test_a_seed_repeats_sampled_outputs(invoke: Invoke, model: Path) -> None:
    def decode(*options: object) -> str:
        sampled = ("--sample", "--temperature", 2, "--max-steps", 9)
        return invoke("decode", model, *sampled, *options, input="\n".join(SENTENCES)).stdout

    assert decode("--seed", 4) == decode("--seed", 4) != decode("--seed", 5)


def test_evaluate_scores_what_decode_writes(invoke: Invoke, model: Path, tmp_path: Path) -> None:
    file = table(tmp_path / "a.tsv.gz", list(TOY_SENTENCES))
    args = ("evaluate", model, file, "--source", "en", "--target", "fr")
    result = invoke(*args, "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert set(figures) == set(KEYS)
    outputs, references = one_by_one(model, {}), [target for _, target in TOY_SENTENCES]
    expected = sacrebleu.corpus_bleu(outputs, [references], force=True).score
    assert figures["bleu"] == pytest.approx(expected)
    assert figures["chrf"] == pytest.approx(sacrebleu.corpus_chrf(outputs, [references]).score)
    assert figures["sentences"] == len(TOY_SENTENCES)
    assert (figures["score"], figures["scope"], figures["weighting"]) == (
        "additive",
        "global",
        "soft",
    )
    assert 0 < figures["seconds"] < 60
    plain = invoke(*args).stdout
    assert {line.split()[0] for line in plain.splitlines()} == set(KEYS)


@pytest.mark.parametrize("beam", [(), ("--beam", "2")])
def test_hard_weighting_is_scored_sampled_and_by_its_likeliest_position(
    invoke: Invoke, model: Path, tmp_path: Path, beam: tuple[str, ...]
) -> None:
    args = ("--source", "source", "--target", "target", "--weighting", "hard", "--json", *beam)
    outputs = []
    # References that are the outputs themselves tell the two readings apart.
    for reading in (("--weighting", "hard"), ("--weighting", "soft")):
        decoded = invoke("decode", model, *reading, *beam, input="\n".join(SENTENCES))
        outputs.append(decoded.stdout_bytes.decode().split("\n")[:-1])
    rows = [(source, output) for source, output in zip(SENTENCES, outputs[0], strict=True)]
    file = table(tmp_path / "a.tsv", rows, ("source", "target"))
    figures = json.loads(invoke("evaluate", model, file, *args).stdout)
    assert set(figures) == {*KEYS, "bleu_argmax"}
    assert figures["bleu"] != pytest.approx(figures["bleu_argmax"])
    if not beam:
        # The same rows with the same seed draw the same positions.
        again = json.loads(invoke("evaluate", model, file, *args).stdout)
        assert again["bleu"] == figures["bleu"] == pytest.approx(100)
        other = json.loads(invoke("evaluate", model, file, *args, "--seed", 9).stdout)
        assert other["bleu"] < 100
        assert other["bleu_argmax"] == figures["bleu_argmax"]


def test_a_row_that_cannot_be_decoded_counts_as_empty(
    invoke: Invoke, model: Path, tmp_path: Path
) -> None:
    rows = [*TOY_SENTENCES, ("", "Rien."), ("x " * 600, "Trop.")]
    file = table(tmp_path / "a.tsv", rows)
    result = invoke("evaluate", model, file, "--source", "en", "--target", "fr", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["sentences"] == len(rows)
    first, second = result.stderr.splitlines()
    assert "line 10 counts as an empty translation: the text is empty" in first
    assert "line 11 counts as an empty translation: the text has" in second

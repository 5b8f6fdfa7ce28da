"""The report: self-contained, well-formed, safe for any text, and it says what the records say."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage

from attn_desktop.common import paths
from attn_desktop.common.errors import ExportError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.gui.report import ReportTheme, report_page, write_report
from attn_desktop.gui.report_data import MAX_FULL, branch_reports, in_full
from attn_desktop.gui.report_html import VOID
from attn_desktop.gui.theme import DARK, LIGHT
from attn_desktop.trace.annotations import Annotations, Breakpoint, Note
from attn_desktop.trace.edits import Edit
from attn_desktop.trace.run_tree import RunTree
from attn_desktop.trace.trace import Place, Trace
from tests.toy_records import ADDITIVE, FIXED, Sizes, toy_run, toy_trace
from tests.toy_scenes import spoiled, toy_scene

#: Elements whose content is no markup.
RAW = ("script", "style")
NASTY = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    '"><img src=x onerror=alert(1)>',
    "שלום עולם",
    "👩‍👩‍👧",
    "\x01\x1b[31m",
    "\u202eevil",
    "&amp;",
    "\ud800",
    "]]>",
)


class Page(HTMLParser):
    """A page, checked to be balanced. texts: by element name, outermost elements first."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.raw: dict[str, list[str]] = {name: [] for name in RAW}
        self.rows: list[list[str]] = []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in RAW:
            self.raw[self.open[-1]].append(data)
            return
        self.text.append(data)
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    @property
    def data(self) -> Any:
        """What the script draws."""
        return json.loads(self.raw["script"][0])

    def steps(self) -> list[list[str]]:
        """The rows of the tables of steps, their head left out."""
        return [row for row in self.rows if len(row) > 6 and row[0].isdigit()]

    def attributes(self, name: str) -> list[str]:
        return [str(held[name]) for _, held in self.tags if name in held]


def page_of(trace: Trace, theme: ReportTheme = "system", words: bool = False) -> Page:
    return Page(report_page(trace, theme, words))


def nasty(trace: Trace) -> Trace:
    """The same run with texts that nobody should trust."""
    source = tuple(NASTY[j % len(NASTY)] for j in range(len(trace.run.source)))
    run = replace(trace.run, source=source, text="\n".join(NASTY))
    steps = tuple(
        replace(
            step,
            token=NASTY[step.t % len(NASTY)],
            readings={
                name: replace(
                    reading,
                    top_tokens=tuple(NASTY[k % len(NASTY)] for k in range(len(reading.top_tokens))),
                )
                for name, reading in step.readings.items()
            },
        )
        for step in trace.steps
    )
    notes = (Note(steps[0].node, NASTY[0], bookmarked=True),)
    return replace(trace, run=run, steps=steps, annotations=Annotations(notes=notes))


CASES: dict[str, Trace] = {
    "soft": toy_trace(),
    "hard": toy_trace(mode=replace(ADDITIVE, weighting=HARD)),
    "no-attention": toy_trace(mode=FIXED),
    "no-steps": Trace(toy_run(), RunTree(toy_trace().tree.root), ()),
    "one-step": toy_trace(steps=1),
    "fifty-branches": toy_trace(steps=6, branches=50),
    "weird-texts": nasty(toy_trace(steps=12, sizes=Sizes(source=12))),
    "long-source": toy_trace(steps=4, sizes=Sizes(source=300)),
    "heads": toy_trace(sizes=Sizes(layers=2, heads=3)),
    "picture": toy_trace(grid=(3, 4)),
    "local": toy_trace(mode=Mode("additive", "local-m")),
    "spoiled": replace(toy_trace(), steps=spoiled(toy_scene()).steps),
    "inf": replace(toy_trace(), steps=spoiled(toy_scene(), math.inf).steps),
}
every_case = pytest.mark.parametrize("trace", CASES.values(), ids=CASES.keys())


# -- form ---------------------------------------------------------------------------------


@every_case
@pytest.mark.parametrize("words", [False, True])
def test_a_page_is_balanced_and_refers_to_nothing_outside(trace: Trace, words: bool) -> None:
    text = report_page(trace, words=words)
    page = Page(text)
    assert text.startswith("<!doctype html>\n<html")
    text.encode("utf-8")
    assert "http:" not in text
    assert "https:" not in text
    assert "@import" not in text
    assert not re.search(r"url\(", text)
    inside = ("#", "data:image/png;base64,")
    assert all(target.startswith(inside) for target in page.attributes("href"))
    assert all(source.startswith("data:image/png;base64,") for source in page.attributes("src"))
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    own = [target for target in page.attributes("href") if target.startswith("#")]
    assert {target[1:] for target in own} <= set(ids)
    names = {name for _, held in page.tags for name in held}
    assert not [name for name in names if name.startswith("on")]
    assert len(page.raw["script"]) == 2, "the data and the one script"


@every_case
def test_only_the_script_of_the_program_may_run(trace: Trace) -> None:
    page = page_of(trace)
    policy = next(held for tag, held in page.tags if held.get("http-equiv"))["content"]
    assert policy is not None
    digest = hashlib.sha256(page.raw["script"][1].encode()).digest()
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{base64.b64encode(digest).decode()}'" in policy


def test_texts_cannot_become_markup() -> None:
    trace = CASES["weird-texts"]
    text = report_page(trace)
    page = Page(text)
    assert "<script>alert" not in text
    assert "onerror=alert(1)>" not in text
    assert "<!--" not in text
    # Still there, to read: as text, and as data of the script.
    shown = "".join(page.text)
    assert "</script><script>alert(1)</script>" in shown
    assert "שלום עולם" in shown
    assert "\x1b" not in text
    assert "\\x1b[31m" in shown
    tokens = [step["token"] for step in page.data["branches"][0]["steps"]]
    assert any("</script>" in token for token in tokens)


def test_data_of_the_script_has_no_character_that_html_knows() -> None:
    text = report_page(CASES["weird-texts"])
    start = text.index('id="data">') + len('id="data">')
    data = text[start : text.index("</script>", start)]
    assert not set("<>&") & set(data)
    assert data.isascii()


@pytest.mark.parametrize("theme", ["system", "light", "dark"])
def test_colours_are_those_of_the_window(theme: ReportTheme) -> None:
    page = page_of(CASES["soft"], theme)
    assert page.tags[0] == ("html", {"lang": "en", "data-theme": theme})
    style = "".join(page.raw["style"])
    assert f"--card:{LIGHT.card}" in style
    assert f"--card:{DARK.card}" in style
    assert f"--soft:{LIGHT.hues['soft']}" in style
    assert "@media (prefers-color-scheme:dark){:root[data-theme=system]{" in style
    # Every variable that the style sheet uses is defined.
    used = set(re.findall(r"var\(--([\w-]+)\)", style)) - {"a"}
    assert used <= set(re.findall(r"--([\w-]+):", style))


def test_a_page_is_the_same_each_time() -> None:
    assert report_page(CASES["soft"]) == report_page(toy_trace())


# -- content ------------------------------------------------------------------------------


def test_the_facts_of_a_run_are_told() -> None:
    trace = toy_trace()
    run = replace(trace.run, versions={"attn_desktop": "9.8", "torch": "7.6"})
    shown = "".join(page_of(replace(trace, run=run)).text)
    for fact in (run.model.name, run.model.hash, "cpu, float32", "torch 7.6", run.text.strip(),
                 "additive/global/soft"):  # fmt: skip
        assert fact in shown


def test_the_table_of_steps_says_what_the_records_say() -> None:
    trace = toy_trace(steps=5)
    rows = page_of(trace).steps()
    assert [row[0] for row in rows] == ["1", "2", "3", "4", "5"]
    report = branch_reports(trace, words=False)[0]
    for row, step, figures in zip(rows, trace.steps, report.rows, strict=True):
        assert row[1].startswith(figures.label)
        assert row[2] == f"{step.log_prob:.2f}".replace("-", "−")
        assert row[3] == f"{step.active.entropy:.2f}"
        assert row[4] == f"{figures.spread:.2f}"
        assert step.cross is not None
        best = int(step.cross.alpha[0, 0].argmax())
        assert row[5].startswith(report.axis.labels[best])
        likeliest = step.readings["soft"].top_tokens[0].removeprefix("▁")
        assert likeliest in row[7]
        assert "hard" in row[7], "what the other reading says"


def test_the_player_has_the_numbers_of_the_records() -> None:
    trace = toy_trace(steps=4, mode=replace(ADDITIVE, weighting=HARD))
    (branch,) = page_of(trace).data["branches"]
    assert branch["source"] == [f"word{j}" for j in range(5)] + ["</s>"]
    for said, step in zip(branch["steps"], trace.steps, strict=True):
        assert step.cross is not None
        assert said["alpha"] == [round(float(a), 4) for a in step.cross.alpha[0, 0]]
        assert said["drawn"] == step.cross.sampled.ravel().tolist()
        assert said["active"] == "hard"
        assert said["log_prob"] == round(step.log_prob, 4)
        likeliest = step.readings["soft"].top_tokens[0].removeprefix("▁")
        assert said["top"]["soft"][0][0].removeprefix("·") == likeliest
        assert [p for _, p, _ in said["top"]["hard"]] == sorted(
            (p for _, p, _ in said["top"]["hard"]), reverse=True
        )


def test_the_alignment_has_a_row_a_step_and_draws_alpha() -> None:
    trace = toy_trace(steps=5)
    page = page_of(trace)
    areas = [held for tag, held in page.tags if tag == "rect" and held.get("class") == "step"]
    assert [held["data-t"] for held in areas] == [*"12345", *"12345"], "alignment and timeline"
    fills = {held["fill"] for tag, held in page.tags if tag == "path" and "fill" in held}
    brightest = max(float(step.cross.alpha.max()) for step in trace.steps if step.cross)
    assert "#{0:02x}{0:02x}{0:02x}".format(round(255 * brightest)) in fills
    texts = [text.strip() for text in page.text]
    assert {f"word{j}" for j in range(5)} <= set(texts)


def test_draws_are_marked_in_hard_mode_only() -> None:
    def marks(trace: Trace) -> int:
        return sum(
            tag == "path" and held.get("class") == "hard" for tag, held in page_of(trace).tags
        )

    assert marks(CASES["hard"]) == 5
    assert marks(CASES["soft"]) == 0


def test_without_attention_there_is_no_alignment_but_a_sentence() -> None:
    page = page_of(CASES["no-attention"])
    assert "No attention" in "".join(page.text)
    kinds = [held.get("class") for tag, held in page.tags if tag == "svg"]
    assert kinds == ["figure timeline"]
    assert page.data["branches"][0]["steps"][0]["alpha"] is None


def test_without_steps_the_input_is_there() -> None:
    page = page_of(CASES["no-steps"])
    shown = "".join(page.text)
    assert CASES["no-steps"].run.text.strip() in shown
    assert "Nothing has been decoded yet" in shown
    assert page.data == {"branches": []}
    assert not [tag for tag, _ in page.tags if tag == "svg"]


def test_many_branches_are_listed_and_some_shown_in_full() -> None:
    trace = CASES["fifty-branches"]
    page = page_of(trace)
    listed = [row for row in page.rows if len(row) == 6 and row[0].isdigit()]
    assert [row[0] for row in listed] == [str(number) for number in range(1, 51)]
    sections = [name for name in page.attributes("id") if name.startswith("branch-")]
    assert len(sections) == MAX_FULL
    assert f"{50 - MAX_FULL} branches of them only in this list" in "".join(page.text)
    assert len(page.data["branches"]) == MAX_FULL


def test_the_branch_that_was_shown_is_in_full_and_comes_first_in_the_player() -> None:
    trace = CASES["fifty-branches"]
    leaf = trace.tree.leaves()[-1]
    shown = replace(trace, place=Place(leaf.id, 3))
    numbers = [report.number for report in in_full(branch_reports(shown, words=False))]
    assert numbers == [*range(1, MAX_FULL), 50]
    assert [one["number"] for one in page_of(shown).data["branches"] if one["shown"]] == [50]


def test_breakpoints_watches_notes_and_edits_are_told() -> None:
    trace = toy_trace(steps=4)
    edited = replace(trace.steps[1], edits=(Edit("alpha", "pin", (2,)),))
    annotations = Annotations(
        breakpoints=(Breakpoint("log_prob < 0", hits=3), Breakpoint("no sense ((", enabled=False)),
        watches=("entropy(alpha)",),
        notes=(Note(trace.steps[2].node, "look\nhere <b>", bookmarked=True),),
    )
    steps = (trace.steps[0], edited, *trace.steps[2:])
    page = page_of(replace(trace, steps=steps, annotations=annotations))
    cells = [cell for row in page.rows for cell in row]
    assert "log_prob < 0" in cells
    assert "no sense ((" in cells
    assert "1, 2, 3, 4" in cells, "where it holds"
    assert "entropy(alpha)" in cells, "a column of the steps"
    assert any("here <b>" in cell and "⚑" in cell for cell in cells)
    assert any("word2" in row[1] for row in page.steps()), "the edit"
    watched = [row[7] for row in page.steps()]
    rows = branch_reports(trace, words=False)[0].rows
    assert watched == [f"{row.spread:.2f}" for row in rows]


def test_other_inputs_are_named() -> None:
    trace = toy_trace()
    other = replace(toy_run(Sizes(source=3)), text="Another sentence.")
    assert "Another sentence." in "".join(page_of(replace(trace, others=(other,))).text)


def test_words_join_pieces_in_every_part() -> None:
    from tests.toy_scenes import split_words

    trace = toy_trace(sizes=Sizes(source=9))
    joined = replace(trace, run=split_words(trace.run, 2))
    pieces, words = (page_of(joined, words=flag).data["branches"][0] for flag in (False, True))
    assert (len(pieces["source"]), len(words["source"])) == (9, 5)
    for one, other in zip(pieces["steps"], words["steps"], strict=True):
        assert other["alpha"][0] == pytest.approx(one["alpha"][0] + one["alpha"][1], abs=2e-4)


def test_a_picture_is_inside_the_page() -> None:
    (source,) = page_of(CASES["picture"]).attributes("src")
    assert base64.b64decode(source.partition(",")[2]).startswith(b"\x89PNG")


# -- files --------------------------------------------------------------------------------


def test_a_report_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    path.write_text("old")
    write_report(CASES["soft"], path, "dark")
    assert path.read_text(encoding="utf-8") == report_page(CASES["soft"], "dark")
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(ExportError, match="there is no folder"):
        write_report(CASES["soft"], tmp_path / "lost" / "r.html")


def test_an_installation_without_its_resources_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "_INSTALLED_DATA", tmp_path)
    with pytest.raises(ExportError, match=r"a part of the report is missing: .*report\.css"):
        write_report(CASES["soft"], tmp_path / "r.html")


# -- pictures -----------------------------------------------------------------------------


def test_a_picture_is_there_once_for_each_step_with_a_map_of_its_alpha() -> None:
    trace = CASES["picture"]
    assert trace.run.picture is not None
    assert trace.run.grid is not None
    text = report_page(trace)
    figure = text[text.index('class="figure pictures"') :].partition("</svg>")[0]
    steps = trace.steps
    assert figure.count("<use ") == len(steps)
    maps = re.findall(r'pixelated" href="data:image/png;base64,([^"]*)"', figure)
    attending = [step.cross for step in steps if step.cross is not None]
    assert len(maps) == len(attending) >= 1
    for encoded, cross in zip(maps, attending, strict=True):
        shades = QImage.fromData(base64.b64decode(encoded))
        rows, columns = trace.run.grid
        assert (shades.height(), shades.width()) == (rows, columns)
        alpha = cross.alpha.mean(axis=(0, 1))
        row, column = divmod(int(alpha.argmax()), columns)
        assert shades.pixelColor(column, row).lightness() == 255
    most = max(float(cross.alpha.mean(axis=(0, 1)).max()) for cross in attending)
    assert f"black 0, white {most:.2f};" in text

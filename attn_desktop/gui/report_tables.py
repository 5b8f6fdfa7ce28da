"""The sections of a report that are there without JavaScript: facts, branches, steps, notes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from attn_desktop.analysis.edit_words import describe_all
from attn_desktop.common.mode import HARD
from attn_desktop.gui.numbers import UNKNOWN, level_text, short_text
from attn_desktop.gui.report_data import (
    BranchReport,
    Likely,
    StepRow,
    notes,
)
from attn_desktop.gui.report_figures import alignment, timeline
from attn_desktop.gui.report_html import Html, element, escaped, join, lines
from attn_desktop.gui.report_pictures import word_by_word
from attn_desktop.gui.scene import Stop, Watch
from attn_desktop.trace.run_tree import Choice
from attn_desktop.trace.trace import Trace

FIGURES = (
    "Alignment: α of step t (rows) over the source (columns), black 0, white {end}; rows sum to 1"
    "{drawn}. Timeline: upwards the entropy H(α), full at the most it could be; downwards −log p "
    "of the token{parted}. Below: H(y) the entropy of the next token, ‖Δc‖ = ‖c_soft − c_hard‖, "
    "JS the Jensen-Shannon divergence of both readings; ≠ they find different tokens likeliest."
)
#: Watches that have a column.
MAX_WATCHES = 6
DRAWN = "; ◆ the position that hard attention drew"
PARTED = "; ◇ another branch parts there"


def facts(trace: Trace, branches: Sequence[BranchReport]) -> Html:
    """Of what, by what and where it was decoded."""
    run, model = trace.run, trace.run.model
    versions = " · ".join(f"{name} {version}" for name, version in run.versions.items())
    size = f"{len(run.source)} positions"
    if run.grid is not None:
        size = f"{run.grid[0]} × {run.grid[1]} regions"
    modes = list(dict.fromkeys(str(step.mode) for step in trace.steps))
    untrained = list(dict.fromkeys(str(s.mode) for s in trace.steps if not s.trained))
    probes = Counter(probe.kind for probe in trace.probes)
    rows: list[tuple[str, str]] = [
        ("Model", f"{model.name} ({model.family})"),
        ("SHA-256", element("code", model.hash)),
        ("Device", f"{run.device}, {run.dtype}"),
        ("Versions", versions),
        ("Source", size),
        ("Modes", ", ".join(modes)),
        ("Untrained", ", ".join(untrained)),
        ("Decoded", f"{_count(len(trace.steps), 'step')} in {_count(len(branches), 'branch')}"),
        ("Experiments", ", ".join(f"{kind} × {count}" for kind, count in sorted(probes.items()))),
    ]
    others = [
        (f"Source {number}", element("bdi", other.text))
        for number, other in enumerate(trace.runs[1:], start=2)
    ]
    pairs = [
        element("div", element("dt", name), element("dd", value))
        for name, value in [*rows, *others]
        if value
    ]
    return element("section", element("dl", *pairs), class_="facts")


def branches_section(branches: Sequence[BranchReport], full: Sequence[BranchReport]) -> Html:
    """A line a branch; those that are shown step by step are linked."""
    numbers = {report.number for report in full}
    several = any(report.run_number for report in branches)
    rows = []
    for report in branches:
        number: str = str(report.number)
        if report.number in numbers:
            number = element("a", number, href=f"#branch-{report.number}")
        ending = "" if report.branch.complete else element("span", " …cut off", class_="dim")
        about = report.branch.about
        if several:
            about += f" (source {report.run_number + 1})"
        rows.append(
            element(
                "tr",
                element("td", number, class_="num"),
                element("td", element("bdi", about)),
                element("td", str(report.branch.mode)),
                element("td", str(len(report.steps)), class_="num"),
                element("td", _figure(report.log_prob), class_="num"),
                element("td", element("bdi", report.branch.text), ending, class_="words"),
                class_="shown" if report.branch.shown else None,
            )
        )
    left_out = len(branches) - len(full)
    note = (
        element("p", f"{_count(left_out, 'branch')} of them only in this list.", class_="dim")
        if left_out
        else ""
    )
    names = ("Branch", "What makes it differ", "Mode", "Steps", "Σ log p", "Output")
    return element(
        "section",
        element("h2", "Branches"),
        _table(names, rows, numeric=(0, 3, 4)),
        note,
        id="branches",
    )


def branch_section(report: BranchReport, branches: Sequence[BranchReport]) -> Html:
    """Figures and steps of a branch."""
    parted = {
        other.branch.parted
        for other in branches
        if other.number != report.number
        and other.run_number == report.run_number
        and other.branch.parted <= len(report.steps)
    } - {1}
    rows = report.rows
    attends = any(row.attends for row in rows)
    drawn = any(row.step.mode.weighting == HARD and row.drawn for row in rows)
    if attends:
        text = FIGURES.format(
            end=level_text(report.alpha_end),
            drawn=DRAWN if drawn else "",
            parted=PARTED if parted else "",
        )
    else:
        fixed = report.run.model.fixed_expression
        text = f"No attention: every step has the same context, {fixed}, and no α."
    figures = [alignment(report)] if attends else []
    if report.run.grid is not None and report.run.picture is not None and rows:
        figures.insert(0, word_by_word(report))
    figures += [timeline(report, sorted(parted))] if rows else []
    return element(
        "section",
        element("h2", f"Branch {report.number} ", element("small", report.branch.about)),
        element(
            "p", element("span", report.branch.text or "(nothing)"), class_="output", dir="auto"
        ),
        element("p", _ways(report), class_="dim"),
        element(
            "figure",
            *(element("div", figure, class_="scroll") for figure in figures),
            element("figcaption", text),
        )
        if rows
        else "",
        _steps(report),
        id=f"branch-{report.number}",
        class_="branch",
    )


def annotations_section(trace: Trace, shown: BranchReport | None) -> Html:
    """Notes, breakpoints and watches; nothing where there are none."""
    parts: list[Html] = []
    found = notes(trace)
    if found:
        rows = [
            element(
                "tr",
                element("td", str(note.t), class_="num"),
                element("td", element("bdi", note.label, class_="token")),
                element("td", lines(note.text), element("b", " ⚑") if note.bookmarked else ""),
            )
            for note in found
        ]
        parts += [element("h2", "Notes"), _table(("t", "Token", "Note"), rows, (0,))]
    stops = () if shown is None else shown.stops
    if stops:
        names = ("Breakpoint", "", "Hits", "Holds at t")
        parts += [element("h2", "Breakpoints"), _table(names, [*map(_stop, stops)], (2,))]
    watches = () if shown is None else shown.watches
    if watches:
        items = [
            element("li", element("code", watch.expression), f" {watch.problem}".rstrip())
            for watch in watches
        ]
        parts += [element("h2", "Watches"), element("ul", *items)]
    return element("section", *parts, id="notes") if parts else Html("")


def _stop(stop: Stop) -> Html:
    places = ", ".join(map(str, stop.steps)) or "nowhere"
    return element(
        "tr",
        element("td", element("code", stop.condition)),
        element("td", "on" if stop.enabled else "off"),
        element("td", str(stop.hits), class_="num"),
        element("td", stop.problem or places),
    )


def _steps(report: BranchReport) -> Html:
    """A row a step. Columns of which no step has anything are left out."""
    if not report.rows:
        return element("p", "No steps.", class_="empty")
    columns: list[tuple[str, bool, Callable[[StepRow], Html]]] = [
        ("t", True, lambda row: escaped(str(row.step.t))),
        ("Token", False, lambda row: _token(row, report)),
        ("log p", True, lambda row: _figure(row.step.log_prob)),
        ("H(y)", True, lambda row: _figure(row.step.active.entropy)),
    ]
    if any(row.attends for row in report.rows):
        columns += [
            ("H(α)", True, lambda row: _figure(row.spread)),
            ("Looks at", False, lambda row: _look(row, report)),
            ("‖Δc‖", True, lambda row: _figure(row.distance)),
        ]
    columns += [
        (watch.expression, True, partial(_watched, watch)) for watch in report.watches[:MAX_WATCHES]
    ]
    columns.append(("Likeliest tokens", False, lambda row: join((_top(row), _against(row)))))
    rows = [
        element(
            "tr",
            *(element("td", cell(row), class_="num" if right else None)
              for _, right, cell in columns),
            data_branch=report.number,
            data_t=row.step.t,
        )
        for row in report.rows
    ]  # fmt: skip
    numeric = [place for place, (_, right, _) in enumerate(columns) if right]
    return _table([name for name, _, _ in columns], rows, numeric, "steps")


def _watched(watch: Watch, row: StepRow) -> Html:
    value = float(watch.values[row.step.t - 1])
    if watch.boolean and math.isfinite(value):
        return escaped("true" if value else "–")
    return _figure(value)


def _token(row: StepRow, report: BranchReport) -> Html:
    """The token, and how it came about where it is not simply the likeliest."""
    said = [] if row.step.chosen_by == "greedy" else [row.step.chosen_by]
    said += [] if row.step.trained else ["untrained mode"]
    edits = describe_all(row.step.edits, report.labels)
    said += [edits] if edits else []
    token = element("bdi", row.label, class_="token")
    return join((token, *(element("small", text) for text in said)))


def _look(row: StepRow, report: BranchReport) -> Html:
    labels = report.axis.labels
    if row.best is None:
        return element("span", UNKNOWN, class_="dim")
    parts = [
        element("bdi", labels[row.best], class_="source"),
        element("span", f" {short_text(float(row.alpha[row.best]))}", class_="dim"),
    ]
    if row.step.mode.weighting == HARD and row.drawn:
        drew = ", ".join(f"“{labels[column]}”" for column in row.drawn)
        parts.append(element("small", f"◆ drew {drew}", class_="hard"))
    return join(parts)


def _top(row: StepRow) -> Html:
    likely = row.likely.get(row.step.mode.weighting, ())
    return element("div", *(_one(one) for one in likely), class_="top")


def _one(one: Likely) -> Html:
    name = element("b" if one.chosen else "span", element("bdi", one.label))
    return element("span", name, element("span", f" {short_text(one.p)}", class_="dim"))


def _against(row: StepRow) -> Html:
    """What the other reading would have said."""
    if row.other is None or not row.likely[row.other]:
        return Html("")
    first, mine = row.likely[row.other][0], row.likely.get(row.step.mode.weighting, ())
    differs = bool(mine) and mine[0].label != first.label
    return element(
        "div",
        element("span", row.other, class_=row.other),
        " ",
        element("b", "≠ ") if differs else "",
        element("bdi", first.label),
        f" {short_text(first.p)}",
        f" · JS {short_text(row.js)}" if math.isfinite(row.js) else "",
        class_="against",
    )


def _ways(report: BranchReport) -> str:
    modes = list(dict.fromkeys(str(step.mode) for step in report.steps))
    said = [" → ".join(modes) or str(report.branch.mode)]
    said.append(_choice(report.choice))
    said.append(_count(len(report.steps), "step"))
    said.append(f"Σ log p {_figure(report.log_prob)}")
    if not report.branch.complete:
        said.append("not ended")
    return " · ".join(said)


def _choice(choice: Choice) -> str:
    said: str = choice.how
    if choice.how == "sampled":
        said += f" T {choice.temperature:g}"
        said += "" if choice.top_k is None else f" top-k {choice.top_k}"
        said += "" if choice.top_p is None else f" top-p {choice.top_p:g}"
    return f"{said}, seed {choice.seed}"


def _table(
    names: Sequence[str], rows: Sequence[Html], numeric: Sequence[int] = (), kind: str | None = None
) -> Html:
    heads = [
        element("th", name, scope="col", class_="num" if place in numeric else None)
        for place, name in enumerate(names)
    ]
    table = element(
        "table",
        element("thead", element("tr", *heads)),
        element("tbody", join(rows, "\n")),
        class_=kind,
    )
    return element("div", table, class_="scroll")


def _figure(value: float) -> Html:
    """Two decimals, with a minus that is as wide as a plus."""
    text = f"{value:.2f}" if math.isfinite(value) else UNKNOWN
    return escaped(text.replace("-0.00", "0.00").replace("-", "−"))


def _count(number: int, noun: str) -> str:
    plural = {"branch": "branches"}.get(noun, f"{noun}s")
    return f"{number:,} {noun if number == 1 else plural}"

"""One self-contained HTML page about a decoding: text, figures, tables, and a player.

It opens with no network and forbids itself one. Without JavaScript everything but the player is
there; style sheet and script are `resources/report/`.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Literal

from attn_desktop.common.errors import ExportError
from attn_desktop.common.paths import resources_folder
from attn_desktop.common.version import VERSION
from attn_desktop.common.whole_file import PathLike, write_whole
from attn_desktop.gui.raster import image, png_bytes
from attn_desktop.gui.report_data import BranchReport, branch_reports, in_full
from attn_desktop.gui.report_html import Html, element, embedded, lines
from attn_desktop.gui.report_tables import (
    annotations_section,
    branch_section,
    branches_section,
    facts,
)
from attn_desktop.gui.theme import DARK, LIGHT, Theme
from attn_desktop.trace.records import RunRecord
from attn_desktop.trace.trace import Trace

ReportTheme = Literal["system", "light", "dark"]
#: Characters of the source in the title of the page.
TITLE = 80
#: Characters from which on the source is set smaller.
LONG = 140
#: Decimals of the numbers that the player draws.
DECIMALS = 4


def write_report(
    trace: Trace, path: PathLike, theme: ReportTheme = "system", words: bool = False
) -> None:
    """Write the report of a trace; ExportError where that cannot be.

    theme: `system` follows the reader's. words: whether source pieces are joined to words.
    """
    write_whole(path, report_page(trace, theme, words).encode("utf-8"))


def report_page(trace: Trace, theme: ReportTheme = "system", words: bool = False) -> str:
    """The page as text."""
    branches = branch_reports(trace, words)
    full = in_full(branches)
    style, script = _resource("report.css"), _resource("report.js")
    shown = next((report for report in branches if report.branch.shown), None)
    title = trace.run.text.strip() or "a picture"
    title = f"{title[: TITLE - 1]}…" if len(title) > TITLE else title
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content=_SCHEMES[theme]),
        element(
            "meta",
            http_equiv="Content-Security-Policy",
            content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
            f"script-src '{_hash(script)}'",
        ),
        element("meta", name="generator", content=f"attn_desktop {VERSION}"),
        element("title", f"Decoding of “{title}”"),
        element("style", Html(_colours() + style)),
    )
    body = element(
        "body",
        _header(trace, shown),
        element(
            "main",
            facts(trace, branches),
            _player() if any(report.steps for report in full) else "",
            branches_section(branches, full) if branches else _nothing(),
            *(branch_section(report, branches) for report in full),
            annotations_section(trace, shown),
        ),
        element("footer", f"Written by attn_desktop {VERSION}. Entropies and logarithms in nats."),
        element("script", embedded(_data(full)), type="application/json", id="data"),
        element("script", Html(script)),
    )
    page = element("html", head, body, lang="en", data_theme=theme)
    return f"<!doctype html>\n{page}\n"


_SCHEMES: dict[ReportTheme, str] = {"system": "light dark", "light": "light", "dark": "dark"}


def _header(trace: Trace, shown: BranchReport | None) -> Html:
    run = trace.run if shown is None else shown.run
    kind = "long" if len(run.text) > LONG else None
    title = lines(run.text) if run.text.strip() else "A picture"
    parts = [
        element("p", "Decoding report", class_="kicker"),
        element("h1", title, dir="auto", class_=kind),
    ]
    if run.picture is not None:
        parts.append(_picture(run))
    if shown is not None:
        text = shown.branch.text or "(nothing)"
        parts.append(element("p", element("span", text), class_="output", dir="auto"))
    return element("header", *parts)


def _nothing() -> Html:
    return element("p", "Nothing has been decoded yet.", class_="empty")


def _picture(run: RunRecord) -> Html:
    assert run.picture is not None
    encoded = base64.b64encode(png_bytes(image(run.picture))).decode("ascii")
    return element("img", src=f"data:image/png;base64,{encoded}", alt="The source picture")


def _player() -> Html:
    """The frame that the script fills; hidden where there is no script."""
    button = [
        element("button", text, type="button", id=id, title=f"{tip} ({key})")
        for id, text, tip, key in (
            ("first", "|◂", "First step", "Home"),
            ("back", "◂", "Step back", "←"),
            ("next", "▸", "Step", "→"),
            ("last", "▸|", "Last step", "End"),
        )
    ]
    return element(
        "section",
        element("h2", "Step through"),
        element(
            "div",
            element("label", "Branch ", element("select", id="branch")),
            *button,
            element("input", type="range", id="slider", min=1, max=1, value=1, aria_label="Step"),
            element("output", id="place"),
            class_="controls",
        ),
        element("p", id="target", dir="auto"),
        element("p", id="said", class_="dim"),
        element("div", id="bars"),
        element("div", id="tops"),
        id="player",
        hidden=True,
    )


def _data(full: Sequence[BranchReport]) -> dict[str, Any]:
    """What the player draws. Numbers are rounded; null is one that is not finite."""
    return {
        "branches": [
            {
                "number": report.number,
                "name": f"{report.number} · {report.branch.about}",
                "shown": report.branch.shown,
                "source": list(report.axis.labels),
                "steps": [
                    {
                        "t": row.step.t,
                        "token": row.label,
                        "alpha": [_number(value) for value in row.alpha] if row.attends else None,
                        "drawn": list(row.drawn) if row.step.mode.weighting == "hard" else [],
                        "active": row.step.mode.weighting,
                        "mode": str(row.step.mode),
                        "log_prob": _number(row.step.log_prob),
                        "spread": _number(row.spread),
                        "top": {
                            name: [[one.label, _number(one.p), one.chosen] for one in likely]
                            for name, likely in row.likely.items()
                        },
                    }
                    for row in report.rows
                ],
            }
            for report in full
            if report.steps
        ]
    }


def _number(value: float) -> float | None:
    return round(float(value), DECIMALS) if math.isfinite(value) else None


def _colours() -> str:
    """The themes of the window as variables: light, dark where asked for, light on paper."""
    light, dark = _variables(LIGHT), _variables(DARK)
    return (
        f":root{{{light}}}\n"
        f":root[data-theme=dark]{{{dark}}}\n"
        f"@media (prefers-color-scheme:dark){{:root[data-theme=system]{{{dark}}}}}\n"
        f"@media print{{:root:root:root{{{light}}}}}\n"
    )


def _variables(theme: Theme) -> str:
    plain = [field.name for field in fields(theme) if isinstance(getattr(theme, field.name), str)]
    found = {name: getattr(theme, name) for name in plain if name != "alpha_map"}
    found |= theme.hues
    found |= {f"{name}-ink": colour for name, colour in theme.inks.items()}
    return "".join(f"--{name}:{colour};" for name, colour in found.items())


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _resource(name: str) -> str:
    path = resources_folder() / "report" / name
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ExportError(f"a part of the report is missing: {path}: {error.strerror}") from error

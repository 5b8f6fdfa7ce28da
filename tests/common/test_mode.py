from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_desktop.common.errors import InputError
from attn_desktop.common.mode import NO_ATTENTION, WEIGHTINGS, Mode

# Names are checked against the registries where they are used; a mode only needs them non-empty.
NAMES = st.sampled_from(["additive", "dot", "scaled-dot", "x"])
MODES = st.builds(
    Mode, NAMES, st.sampled_from(["global", "local-m", "local-p"]), st.sampled_from(WEIGHTINGS)
) | st.just(Mode(NO_ATTENTION))


@given(MODES)
def test_a_mode_reads_back_what_it_writes(mode: Mode) -> None:
    assert Mode.parse(str(mode)) == mode


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("additive", Mode("additive", "global", "soft")),
        (" dot/local-m ", Mode("dot", "local-m", "soft")),
        ("dot/global/hard", Mode("dot", "global", "hard")),
        ("none", Mode("none", "global", "soft")),
        ("none/global/soft", Mode("none", "global", "soft")),
    ],
)
def test_missing_parts_are_global_and_soft(text: str, mode: Mode) -> None:
    assert Mode.parse(text) == mode


@pytest.mark.parametrize("text", ["", " ", "/", "dot/", "/global", "dot//soft", "a/b/soft/d"])
def test_a_malformed_mode_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"a mode is score\[/scope\[/weighting\]\]"):
        Mode.parse(text)


def test_an_unknown_weighting_lists_the_valid_ones() -> None:
    with pytest.raises(InputError, match="unknown weighting 'sfot'; valid are: soft, hard"):
        Mode("dot", "global", "sfot")


@pytest.mark.parametrize(("scope", "weighting"), [("local-m", "soft"), ("global", "hard")])
def test_no_attention_has_neither_scope_nor_weighting(scope: str, weighting: str) -> None:
    with pytest.raises(InputError, match="write 'none'"):
        Mode(NO_ATTENTION, scope, weighting)


def test_only_none_does_not_attend() -> None:
    assert Mode().attends
    assert not Mode(NO_ATTENTION).attends
    assert str(Mode(NO_ATTENTION)) == "none"

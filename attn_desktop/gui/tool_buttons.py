"""How small buttons beside what they act on look."""

from __future__ import annotations

from attn_desktop.gui.theme import Theme

#: Pixels at normal type beside the word of a button.
PAD = 5


def push_button_style(theme: Theme) -> str:
    """A style sheet for a QPushButton; filled while its property `unsent` is set."""
    edge = f"border: 1px solid {theme.border}; border-radius: {theme.px(4)}px;"
    # Filled when there is something to send; otherwise it only does the same again.
    filled = f"background: {theme.dim}; color: {theme.card}; border-color: {theme.dim};"
    return (
        f"QPushButton {{ background: {theme.raised}; color: {theme.text}; {edge}"
        f" padding: {theme.px(3)}px {theme.px(7)}px; }}"
        f"QPushButton[unsent=true] {{ {filled} }}"
        f"QPushButton:hover, QPushButton:focus {{ border-color: {theme.hues['source']}; }}"
        f"QPushButton:disabled {{ background: {theme.raised}; color: {theme.dim}; }}"
        "QPushButton::menu-indicator { image: none; width: 0; }"
    )


def tool_button_style(theme: Theme) -> str:
    """A style sheet for the QToolButtons of a widget."""
    hue = theme.hues["source"]
    return (
        f"QToolButton {{ background: {theme.raised}; color: {theme.text};"
        f" border: 1px solid {theme.border}; border-radius: {theme.px(4)}px;"
        f" padding: {theme.px(1)}px {theme.px(PAD)}px; }}"
        f"QToolButton:hover {{ border-color: {theme.dim}; }}"
        f"QToolButton:focus {{ border-color: {hue}; }}"
        f"QToolButton:checked {{ border-color: {hue}; color: {theme.inks['source']}; }}"
        f"QToolButton:disabled {{ color: {theme.dim}; background: {theme.card};"
        f" border-color: {theme.faint}; }}"
        "QToolButton::menu-indicator { image: none; }"
    )


def run_button_style(theme: Theme) -> str:
    """The same, for a widget whose button named `run` begins what the others set up."""
    return (
        f"{tool_button_style(theme)}"
        f"#run {{ border-color: {theme.hues['source']}; color: {theme.inks['source']}; }}"
        f"#run:disabled {{ border-color: {theme.faint}; color: {theme.dim}; }}"
        f"QLabel {{ color: {theme.dim}; }}"
    )

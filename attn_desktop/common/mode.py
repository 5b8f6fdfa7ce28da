"""A mode of attention: score × scope × weighting, written `additive/local-p/soft`."""

from __future__ import annotations

from dataclasses import dataclass

from attn_desktop.common.errors import InputError

NO_ATTENTION = "none"
SOFT = "soft"
HARD = "hard"
WEIGHTINGS = (SOFT, HARD)
#: A reading, not a weighting: the context is h at the largest α, nothing is drawn.
ARGMAX = "argmax"


@dataclass(frozen=True, order=True)
class Mode:
    """How one decoding step looks at the source.

    score: name of a score, or `none` for the fixed context vector.
    scope: name of a scope (`global`, `local-m`, `local-p`).
    weighting: `soft` or `hard`: which of the two contexts gives the next state.
    """

    score: str = "additive"
    scope: str = "global"
    weighting: str = SOFT

    def __post_init__(self) -> None:
        if self.weighting not in WEIGHTINGS:
            valid = ", ".join(WEIGHTINGS)
            raise InputError(f"unknown weighting {self.weighting!r}; valid are: {valid}")
        if self.score == NO_ATTENTION and (self.scope, self.weighting) != ("global", SOFT):
            raise InputError(
                "without attention there is neither scope nor weighting: "
                f"write 'none', not {self.score}/{self.scope}/{self.weighting}"
            )

    @property
    def attends(self) -> bool:
        """False for the fixed context vector, which has no α."""
        return self.score != NO_ATTENTION

    @classmethod
    def parse(cls, text: str) -> Mode:
        """Read `score[/scope[/weighting]]`; missing parts are global and soft."""
        parts = text.strip().split("/")
        if not 1 <= len(parts) <= 3 or not all(parts):
            raise InputError(f"a mode is score[/scope[/weighting]], not {text!r}")
        return cls(*parts)

    def __str__(self) -> str:
        return f"{self.score}/{self.scope}/{self.weighting}" if self.attends else NO_ATTENTION

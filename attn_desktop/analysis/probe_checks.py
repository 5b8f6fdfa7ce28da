"""Whether what a probe brought, from an engine or from any file, has the form that it should."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def fits(array: object, shape: Sequence[int | None], kinds: str = "f") -> bool:
    """Whether something is an array of this shape, None for any length, and of these dtypes.

    kinds: of `numpy.dtype.kind`.
    """
    return (
        isinstance(array, np.ndarray)
        and array.dtype.kind in kinds
        and array.ndim == len(shape)
        and all(want in (None, have) for have, want in zip(array.shape, shape, strict=True))
    )


def is_list(values: object, kind: type, length: int | None = None) -> bool:
    """Whether something is a list of values of a kind, so many unless None."""
    return (
        isinstance(values, list | tuple)
        and length in (None, len(values))
        and all(isinstance(value, kind) for value in values)
    )

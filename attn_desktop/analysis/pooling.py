"""Long vectors on few pixels: pooled so that no peak is lost."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.floating[Any])


def pool_extremes(values: NDArray[Number], bins: int) -> NDArray[Number]:
    """The number of largest magnitude in each of `bins` stretches: (…, H) to (…, bins).

    Stretches are neighbours whose lengths differ by at most one. Of x and −x the positive one is
    kept; NaN is passed over unless a stretch holds nothing else. Vectors of at most `bins` numbers
    are returned as they are. Raises ValueError for less than one bin.
    """
    if bins < 1:
        raise ValueError(f"there must be at least one bin, not {bins}")
    size = values.shape[-1]
    if size <= bins:
        return values
    starts = np.arange(bins) * size // bins
    most = np.fmax.reduceat(values, starts, axis=-1)
    least = np.fmin.reduceat(values, starts, axis=-1)
    return np.where(most >= -least, most, least)

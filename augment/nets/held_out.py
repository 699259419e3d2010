"""Which rows judge a fit and are not learnt from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augment.core.seeds import Seed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def held_out_rows(n: int, count: int, seed: Seed) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """`count` of the rows 0 to n - 1, and the others. Where none would be left, both are all."""
    order = seed.rng().permutation(n)
    if count >= n:
        return order, order
    order[:count].sort()
    order[count:].sort()
    return order[:count], order[count:]

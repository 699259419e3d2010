"""Which rows judge a fit and are not learnt from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augment.core.seeds import Seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 4_000


def held_out_count(n: int) -> int:
    """How many of `n` rows judge a training; of too few for two parts, all of them do."""
    return n if n < 20 else int(np.clip(n // 20, min(n // 8, 200), MOST))


def held_out_rows(n: int, count: int, seed: Seed) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """`count` of the rows 0 to n - 1, and the others. Where none would be left, both are all."""
    order = seed.rng().permutation(n)
    if count >= n:
        return order, order
    order[:count].sort()
    order[count:].sort()
    return order[:count], order[count:]

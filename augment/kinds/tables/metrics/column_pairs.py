"""Pairs of columns, of which wide tables have too many to look at each."""

from __future__ import annotations

import math
from itertools import combinations

from augment.core.seeds import Seed


def column_pairs(columns: int, most: int, seed: Seed) -> list[tuple[int, int]]:
    """All pairs of two columns, in ascending order; where there are more than `most`, so many that
    are drawn, in any order, each of which may come again."""
    if math.comb(columns, 2) <= most:
        return list(combinations(range(columns), 2))
    rng = seed.rng()
    first = rng.integers(0, columns, most)
    second = (first + rng.integers(1, columns, most)) % columns
    return list(zip(first.tolist(), second.tolist(), strict=True))

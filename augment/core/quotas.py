"""A whole number of rows shared out by proportions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

K = TypeVar("K")


def quotas(shares: Mapping[K, float], start: int, n: int) -> Iterator[tuple[K, int, int]]:
    """Which rows of each kind lie among rows `start` to `start + n` of an endless mix.

    Yields kind, how many of it lie before, and how many here; kinds without a row here are left
    out. Shares are proportions and need not add up to 1. Parts add up to the whole:

    >>> list(quotas({"a": 3, "b": 1}, 0, 8)), list(quotas({"a": 3, "b": 1}, 4, 4))
    ([('a', 0, 6), ('b', 0, 2)], [('a', 3, 3), ('b', 1, 1)])
    """
    before, total = 0.0, sum(shares.values())
    for kind, share in shares.items():
        after = before + share / total
        first = _rows_up_to(start, before, after)
        count = _rows_up_to(start + n, before, after) - first
        if count:
            yield kind, first, count
        before = after


def _rows_up_to(rows: int, before: float, after: float) -> int:
    """How many of the first `rows` rows belong to the share between two cumulative shares."""
    return round(rows * after) - round(rows * before)

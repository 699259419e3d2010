"""How numbers end: with how many digits, and on which powers of ten.

People and instruments round, and a sample that does not is told from real rows by its last digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from augment.tables.codecs.vocabulary import LEAST_ROWS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXPONENTS = tuple(range(3, -9, -1))  # of the powers of ten that values are rounded to
MOST_DIGITS = 15  # that a float holds for certain
SLACK = 1e-6  # of a last digit: what float arithmetic may add before it is rounded up
USUAL_SHARE = 0.99  # of a column's values, that set its number of digits


def ended(
    values: NDArray[np.float64],
    grain: NDArray[np.int64],
    digits: int,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(rows,) values rounded to so many significant digits, or coarser: each by its `grain` (see
    `grain_of`), if that leaves it in [low, high).

    A value of one power of ten is no multiple of the next: chance would add those.
    """
    import numpy as np

    made = significant(values, digits)
    open_ = grain < len(EXPONENTS)
    for i, exponent in enumerate(EXPONENTS):
        rows = np.flatnonzero(open_ & (grain <= i))
        for candidate in _multiples(values[rows], exponent, coarser=i == 0):
            fits = (candidate >= low[rows]) & (candidate < high[rows]) & open_[rows]
            fits &= significant(candidate, digits) == candidate
            made[rows[fits]] = candidate[fits]
            open_[rows[fits]] = False
    return made


def _rounded(values: NDArray[np.float64], exponent: int) -> NDArray[np.float64]:
    """To the nearest multiple of 10^exponent."""
    import numpy as np

    return np.asarray(np.round(values, -exponent)) + 0.0


def _multiples(
    values: NDArray[np.float64], exponent: int, coarser: bool
) -> list[NDArray[np.float64]]:
    """Multiples of 10^exponent near the values, the nearest first.

    Unless `coarser` ones are meant too, multiples of ten times as much give way to a neighbour.
    """
    import numpy as np

    nearest = _rounded(values, exponent)
    up = np.where(values >= nearest, 1.0, -1.0) * 10.0**exponent
    beside = [_rounded(nearest + up, exponent), _rounded(nearest - up, exponent)]
    if coarser:
        return [nearest, *beside]
    too_coarse = _rounded(nearest, exponent + 1) == nearest
    return [np.where(too_coarse, beside[0], nearest), beside[1]]


def significant(values: NDArray[np.float64], digits: int, up: bool = False) -> NDArray[np.float64]:
    """Rounded, or rounded `up`, to so many significant digits; from `MOST_DIGITS` on as it is."""
    import numpy as np

    made = values.copy()
    if digits >= MOST_DIGITS:
        return made
    known = np.flatnonzero(np.isfinite(values) & (values != 0))
    size = np.floor(np.log10(np.abs(values[known]))).astype(int)
    for power in np.unique(size):
        at, decimals = known[size == power], digits - 1 - int(power)
        found = values[at]
        if up:
            found = np.ceil(found * 10.0**decimals - SLACK) / 10.0**decimals
        made[at] = np.round(found, decimals)
    return made


def digits_of(rest: NDArray[np.float64]) -> int:
    """The significant digits that all but a few rows do with, up to `MOST_DIGITS`: the precision
    of what wrote them."""
    import numpy as np

    for digits in range(1, MOST_DIGITS if len(rest) else 0):
        if np.mean(significant(rest, digits) == rest) >= USUAL_SHARE:
            return digits
    return MOST_DIGITS


def grain_of(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """(rows,) the place in `EXPONENTS` of the coarsest power that divides each value; else their
    number."""
    import numpy as np

    level = np.full(len(values), len(EXPONENTS))
    for i, exponent in reversed(list(enumerate(EXPONENTS))):
        level[_rounded(values, exponent) == values] = i
    return level


def heaps_of(
    rest: NDArray[np.float64], edges: NDArray[np.float64], least: int
) -> NDArray[np.float64]:
    """See `Spans.heaps`. A bin's shares are shrunk by five rows towards those of it and the bins
    beside it; a power that fewer than `least` rows of the column show counts as none."""
    import numpy as np

    bins = max(0, len(edges) - 1)
    if not bins:
        return np.empty((0, len(EXPONENTS)))
    at = np.clip(np.searchsorted(edges, rest, "right") - 1, 0, bins - 1)
    level = grain_of(rest)
    counts = np.zeros((bins, len(EXPONENTS) + 1))
    np.add.at(counts, (at, level), 1.0)
    whole = counts.sum(axis=0)
    whole[whole < least] = 0.0
    counts[:, whole == 0] = 0.0
    near = counts.copy()
    near[1:] += counts[:-1]
    near[:-1] += counts[1:]
    near /= np.maximum(near.sum(axis=1, keepdims=True), 1.0)
    shares = (counts + LEAST_ROWS * near) / (counts.sum(axis=1, keepdims=True) + LEAST_ROWS)
    return np.asarray(np.cumsum(shares[:, :-1], axis=1))

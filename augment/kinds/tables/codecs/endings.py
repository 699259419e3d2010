"""How numbers end: with how many digits, and on which powers of ten.

People and instruments round, and a sample that does not is told from real rows by its last digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.codecs.vocabulary import LEAST_ROWS

if TYPE_CHECKING:
    from numpy.typing import NDArray

POWERS = 8  # of ten that values are rounded to: so many, the finest of which is
USUAL_FINEST, FINEST = -4, -12  # if values do not end beyond that, and at most
LEAST_ENDING = 0.02  # of the values that end on a finer power, beside twice what chance gives
MOST_DIGITS = 15  # that a float holds for certain
USUAL_SHARE = 0.99  # of a column's values, that set its precision
MOST_ROWS = 40_000  # that a precision is found on
SLACK = 1e-6  # of a last digit: what float arithmetic may add before it is rounded up


@dataclass(frozen=True)
class Precision:
    """What a column is written with: so many significant digits, or so many decimals.

    `MOST_DIGITS` of either is no limit. Values may be rounded more coarsely, to one of `POWERS`
    powers of ten, of which 10^`finest` is the last.
    """

    digits: int = MOST_DIGITS
    decimals: int = MOST_DIGITS
    finest: int = USUAL_FINEST

    @staticmethod
    def of(values: NDArray[np.float64]) -> Precision:
        """What all but a few of the values, none of them NaN, do with.

        By digits where more values need all of these than need all decimals: prices end at the
        cent, whatever their size; an instrument gives three digits.
        """
        values = values[:: max(1, len(values) // MOST_ROWS)]

        def usual(cut: Callable[..., NDArray[np.float64]]) -> tuple[int, float]:
            """The lowest count that the usual share does with, and the share that needs it all."""
            few = values[: len(values) // 10]  # which rule most counts out
            for count in range(MOST_DIGITS if len(values) else 0):
                if np.sum(cut(few, count) != few) > (1 - USUAL_SHARE) * len(values) + 1:
                    continue
                if np.mean(cut(values, count) == values) >= USUAL_SHARE:
                    return count, float(np.mean(cut(values, count - 1) != values))
            return MOST_DIGITS, 0.0

        digits, by_digits = usual(_significant)
        decimals, by_decimals = usual(np.round)
        if by_digits > by_decimals:
            return Precision(digits=max(1, digits))
        return Precision(decimals=decimals, finest=_finest(values, decimals))

    @property
    def exponents(self) -> range:
        """Of the powers of ten that values are rounded to, from coarse to fine."""
        return range(self.finest + POWERS - 1, self.finest - 1, -1)

    @property
    def limited(self) -> bool:
        return min(self.digits, self.decimals) < MOST_DIGITS

    def rounded(self, values: NDArray[np.float64], up: bool = False) -> NDArray[np.float64]:
        """The values as they would be written; rounded `up` if asked for."""
        if self.digits < MOST_DIGITS:
            return _significant(values, self.digits, up)
        if self.decimals < MOST_DIGITS:
            if up:
                return _raised(values, self.decimals)
            return np.asarray(np.round(values, self.decimals)) + 0.0
        return values.copy()

    def full(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """(rows,) which values need all digits, or decimals; none do where there is no limit."""
        if self.digits < MOST_DIGITS:
            return np.asarray(_significant(values, self.digits - 1) != values)
        if self.decimals < MOST_DIGITS:
            return np.asarray(np.round(values, self.decimals - 1) != values)
        return np.zeros(len(values), dtype=np.bool_)

    def last(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(rows,) one unit of each value's last digit."""
        if self.digits < MOST_DIGITS:
            return np.asarray(10.0 ** (_size(values) - self.digits + 1), dtype=np.float64)
        return np.full(len(values), 10.0**-self.decimals)


def _finest(values: NDArray[np.float64], decimals: int) -> int:
    """The exponent of the finest power of ten, coarser than the last of `decimals`, that more of
    the values end on than chance has it."""
    for exponent in range(max(FINEST, 1 - decimals), USUAL_FINEST) if len(values) else ():
        ends = np.round(values, -exponent) == values
        ends &= np.round(values, -exponent - 1) != values
        chance = 10.0 ** -(decimals + exponent) if decimals < MOST_DIGITS else 0.0
        if np.mean(ends) > 2 * chance + LEAST_ENDING:
            return exponent
    return USUAL_FINEST


def _size(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """(rows,) the power of ten of the first digit; of a zero, 0."""
    return np.floor(np.log10(np.where(values == 0, 1.0, np.abs(values)))).astype(np.int64)


def _significant(values: NDArray[np.float64], digits: int, up: bool = False) -> NDArray[np.float64]:
    """To so many significant digits."""
    made = values.copy()
    known = np.flatnonzero(np.isfinite(values))
    size = _size(values[known])
    for power in np.unique(size):
        at, decimals = known[size == power], digits - 1 - int(power)
        made[at] = _raised(values[at], decimals) if up else np.round(values[at], decimals)
    return np.asarray(made + 0.0)  # no zero below zero


def _raised(values: NDArray[np.float64], decimals: int) -> NDArray[np.float64]:
    """Rounded up to so many decimals."""
    scale = 10.0**decimals
    return np.asarray(np.round(np.ceil(values * scale - SLACK) / scale, decimals))


def ended(
    values: NDArray[np.float64],
    grain: NDArray[np.int64],
    precision: Precision,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(rows,) values rounded by the precision or coarser, each by its `grain` (see `grain_of`), if
    that leaves it in [low, high).

    A value of one power of ten is no multiple of the next, and one of no power is none of any:
    chance would add those.
    """
    made = precision.rounded(values)
    fine = np.flatnonzero(grain == POWERS)
    divided = _multiple(made[fine], precision.finest) == made[fine]
    chance = fine[divided & ~precision.full(made[fine]) & precision.limited]
    for beside in _besides(made[chance], precision.last(made[chance])):
        beside = precision.rounded(beside)
        fits = (beside >= low[chance]) & (beside < high[chance])
        made[chance[fits]] = beside[fits]
    open_ = grain < POWERS
    for i, exponent in enumerate(precision.exponents):
        rows = np.flatnonzero(open_ & (grain <= i))
        for candidate in _multiples(values[rows], exponent, coarser=i == 0):
            fits = (candidate >= low[rows]) & (candidate < high[rows]) & open_[rows]
            fits &= precision.rounded(candidate) == candidate
            made[rows[fits]] = candidate[fits]
            open_[rows[fits]] = False
    return made


def _multiple(values: NDArray[np.float64], exponent: int) -> NDArray[np.float64]:
    """The nearest multiple of 10^exponent."""
    return np.asarray(np.round(values, -exponent)) + 0.0


def _multiples(
    values: NDArray[np.float64], exponent: int, coarser: bool
) -> list[NDArray[np.float64]]:
    """Multiples of 10^exponent near the values, the nearest first.

    Unless `coarser` ones are meant too, multiples of ten times as much give way to a neighbour.
    """
    nearest = _multiple(values, exponent)
    unit = np.full(len(values), 10.0**exponent)
    beside = [_multiple(value, exponent) for value in _besides(nearest, unit)]
    if coarser:
        return [nearest, beside[0], beside[1]]
    too_coarse = _multiple(nearest, exponent + 1) == nearest
    return [np.where(too_coarse, beside[2], nearest), beside[0], beside[1]]


def _besides(
    values: NDArray[np.float64], unit: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    """A unit below, a unit above, and 4 units below to 5 above: each digit about as often."""
    tens = np.floor(values / (10 * unit)) % 9 - 4
    return values - unit, values + unit, values + unit * np.where(tens >= 0, tens + 1, tens)


def grain_of(values: NDArray[np.float64], precision: Precision) -> NDArray[np.int64]:
    """(rows,) the place in `exponents` of the coarsest power that divides each value.

    `POWERS` stands for a value that none divides, and for one written in full: of a column
    with three digits, .123 is no rounding of .0123.
    """
    level = np.full(len(values), POWERS)
    for i, exponent in reversed(list(enumerate(precision.exponents))):
        level[_multiple(values, exponent) == values] = i
    return np.where(precision.full(values), POWERS, level)


def heaps_of(
    rest: NDArray[np.float64], edges: NDArray[np.float64], precision: Precision, least: int
) -> NDArray[np.float64]:
    """See `Spans.heaps`. A bin's shares are shrunk by five rows towards those of it and the bins
    beside it; a power that fewer than `least` rows of the column show counts as none."""
    bins = max(0, len(edges) - 1)
    if not bins:
        return np.empty((0, POWERS))
    at = np.clip(np.searchsorted(edges, rest, "right") - 1, 0, bins - 1)
    level = grain_of(rest, precision)
    counts = np.zeros((bins, POWERS + 1))
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

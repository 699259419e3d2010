"""What links have in common that compute a number or date from others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from augment.kinds.tables.relations.quantities import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = Mapping[str, NDArray[np.float64]]

LEAST_ROWS = 100  # with all columns
LEAST_SHARE = 0.5  # of the rows with a result, that have its sources as well
LEAST_BROKEN = 30  # rows that break a link where a source has another row's value


class OneWay:
    """A link whose result does not settle its sources: a time in whole units, a rounded number."""

    computed: ClassVar[bool] = True

    def source(self, name: str, values: Values) -> NDArray[np.float64]:
        """(rows,) NaN."""
        return np.full(len(values[name]), np.nan)


def has_enough(result: Quantity, known: NDArray[np.bool_]) -> bool:
    """Whether so many rows have all columns."""
    return bool(known.sum() >= max(LEAST_ROWS, LEAST_SHARE * (~np.isnan(result.values)).sum()))


def needs_all(
    of: Callable[[Values], NDArray[np.float64]],
    sources: set[str],
    result: Quantity,
    values: Values,
) -> bool:
    """Whether what is computed `of` the sources is off where any has another row's value."""
    rng = np.random.Generator(np.random.Philox(0))  # which rows are compared is no randomness
    for name in sorted(sources):
        other = of({**values, name: rng.permutation(values[name])})
        if (np.abs(other - result.values) > 2 * result.slack).sum() < LEAST_BROKEN:
            return False
    return True

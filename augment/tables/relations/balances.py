"""Columns that add up on every row: to a column of totals, or to a constant such as 100 %."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from augment.tables.relations.quantities import Quantity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_ROWS = 4_000  # that the search looks at; what it finds is checked on all
ROWS_PER_COLUMN = 2  # the fewest, lest anything fits anything
SMALL = 1e-9  # of a column, that others leave of it where they settle it
WHOLE = 1e-6  # how near to an integer a coefficient must come
LEAST_PARTS = 3  # of a total; sums of two are looked for otherwise


@dataclass(frozen=True)
class Balance:
    """The sum of `signs` times `terms` is `constant` on every row."""

    terms: tuple[Quantity, ...]
    signs: tuple[int, ...]
    constant: float

    @property
    def total(self) -> Quantity | None:
        """The term that all others add up to; None where there is none."""
        for sign in (1, -1):
            enough = len(self.terms) > LEAST_PARTS and not self.constant
            if enough and self.signs.count(sign) == 1:
                return self.terms[self.signs.index(sign)]
        return None

    @property
    def composed(self) -> bool:
        """Whether the terms are shares of a constant, none of them below zero."""
        return len(set(self.signs)) == 1 and all(term.low >= 0 for term in self.terms)


def balances(found: list[Quantity]) -> Iterator[Balance]:
    """Linear relations with coefficients of one.

    Each column is projected on the constant and the columns before it that are independent of
    each other (Gram-Schmidt, twice, for accuracy); where nothing is left of it, its coefficients
    are unique.
    """
    import numpy as np

    whole = [q for q in found if not q.dated and not np.isnan(q.values).any()]
    if len(whole) < 2:
        return
    rows = np.unique(np.linspace(0, len(whole[0].values) - 1, MOST_ROWS).astype(np.int64))
    kept: list[Quantity] = []
    scaled = [np.ones(len(rows))]  # the columns of the basis, and their orthonormal form
    basis = (scaled[0] / np.sqrt(len(rows)))[:, None]  # (rows, columns)
    for quantity in whole:
        if len(rows) < ROWS_PER_COLUMN * (len(kept) + 2):
            return
        size = max(-quantity.low, quantity.high)
        column = quantity.values[rows] / size
        left = column - basis @ (basis.T @ column)
        left -= basis @ (basis.T @ left)
        if np.linalg.norm(left) > SMALL * np.linalg.norm(column):
            kept.append(quantity)
            scaled.append(column)
            basis = np.concatenate([basis, (left / np.linalg.norm(left))[:, None]], axis=1)
            continue
        weights = np.linalg.lstsq(np.stack(scaled, axis=1), column, rcond=None)[0]
        balance = _balance(quantity, kept, np.asarray(weights, np.float64) * size)
        if balance is not None and _holds(balance):
            yield balance


def _balance(
    quantity: Quantity, kept: list[Quantity], weights: NDArray[np.float64]
) -> Balance | None:
    """quantity = weights[0] + the others times their weights, if those are all 1, 0 or -1."""
    import numpy as np

    sizes = np.array([max(-other.low, other.high) for other in kept])
    own = weights[1:] / sizes
    near = np.rint(own)
    if (np.abs(own - near) > WHOLE).any() or (np.abs(near) > 1).any():
        return None
    used = np.flatnonzero(near)
    if not len(used):
        return None
    terms = (*(kept[i] for i in used), quantity)
    signs = (*(int(-near[i]) for i in used), 1)
    slack = max(term.slack for term in terms)
    constant = float(np.median(sum(s * t.values for s, t in zip(signs, terms, strict=True))))
    constant = 0.0 if abs(constant) <= slack else constant
    if all(sign == -1 for sign in signs):
        return Balance(terms, (1,) * len(terms), -constant)
    return Balance(terms, signs, constant)


def _holds(balance: Balance) -> bool:
    import numpy as np

    made = sum(s * t.values for s, t in zip(balance.signs, balance.terms, strict=True))
    slack = min(term.slack for term in balance.terms)
    largest = max(max(-term.low, term.high) for term in balance.terms)
    return bool((np.abs(made - balance.constant) <= max(slack, 1e-12 * largest)).all())

"""Rows that lend a value to rows which have to give up theirs: random hot-deck imputation.

Within classes of rows that are alike the donor is drawn at random, as official statistics do it
(Andridge and Little 2010, "A Review of Hot Deck Imputation for Survey Non-response"). A rare city
thus becomes another city of its country, not of any.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.values import codes

MOST_CANDIDATES = 50  # columns that are looked at for the classes of one column
JUDGED_ROWS = 10_000  # by which they are compared


class Donors:
    """The rows of one table, with the codes of its categories by column."""

    def __init__(self, table: Table) -> None:
        self._codes = {
            column.name: codes(table, column.name)[0]
            for column in table.schema
            if column.role in ("categorical", "boolean")
        }

    def drawn(
        self,
        name: str,
        rows: NDArray[np.int64],
        lent: NDArray[np.bool_],
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        """(rows,) codes of column `name` for `rows`, each of a donor of the same class.

        `lent` (levels,) says which levels may be lent. Where a class has no donor, any row lends.
        """
        own = self._codes[name].astype(np.int64)
        donors = np.flatnonzero((own >= 0) & lent[own])
        classes = self._classes(name, donors)
        order = donors[np.argsort(classes[donors], kind="stable")]
        first = np.searchsorted(classes[order], classes[rows], side="left")
        behind = np.searchsorted(classes[order], classes[rows], side="right")
        alone = first == behind
        first[alone], behind[alone] = 0, len(order)
        places = first + np.floor(rng.random(len(rows)) * (behind - first)).astype(np.int64)
        return np.asarray(own[order[places]])

    def _classes(self, name: str, donors: NDArray[np.int64]) -> NDArray[np.int64]:
        """(all rows,) classes by the category that tells the most of column `name`.

        One class where no column tells more than chance.
        """
        judged = donors[:: max(1, len(donors) // JUDGED_ROWS)]
        own = self._codes[name][judged]
        best, most = np.zeros(len(self._codes[name]), dtype=np.int64), 0.0
        for other in [other for other in self._codes if other != name][:MOST_CANDIDATES]:
            theirs = self._codes[other][judged]
            information = _information(own, theirs)
            if information > most:
                best, most = self._codes[other].astype(np.int64), information
        return best


def _information(a: NDArray[np.int32], b: NDArray[np.int32]) -> float:
    """Mutual information of two columns of codes in nats, H(a) + H(b) - H(a, b).

    Less (r - 1)(c - 1) / 2n, which independent columns of r and c levels show by chance (Miller
    1955).
    """

    def entropy(codes: NDArray[np.int64]) -> tuple[float, int]:
        share = np.unique(codes, return_counts=True)[1] / len(codes)
        return float(-(share * np.log(share)).sum()), len(share)

    left, right = a.astype(np.int64), b.astype(np.int64) + 1  # null is -1
    one, rows = entropy(left)
    other, columns = entropy(right)
    both, _ = entropy(left * (1 + int(right.max())) + right)
    return one + other - both - (rows - 1) * (columns - 1) / (2 * len(a))

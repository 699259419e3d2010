"""Rows per id: do ids that repeat have as many rows as real ones, and one value where they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Group, Score
from augment.evaluation.limits import near_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.kinds.tables.identity.references import is_constant
from augment.kinds.tables.metrics.identities import Identities
from augment.kinds.tables.metrics.shapes import ks
from augment.kinds.tables.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_IDS = 20
FEW = f"There are fewer than {LEAST_IDS} ids on one side."
FEW_SHARED = f"Fewer than {LEAST_IDS} ids have more than one row."
REMEDY = "each row is drawn apart from the others: a table of one row for each id keeps more"


class RowsPerId(Metric[RealViews, FakeViews]):
    """`rows_per_id`: 1 - KS of how many rows an id has; `.constant`: ids that keep one value.

    Per column of ids that repeat, and their mean. `.constant` is the share of ids with several
    rows that have one value of a column which never changes within an id of train, as a mean over
    such columns. Made ids are compared with unseen ones; the ceiling compares those of train.
    The floor has ids that are shuffled apart from the rows. A table without ids that repeat has
    none of these scores.
    """

    kind: ClassVar[str] = "table"
    name: ClassVar[str] = "rows_per_id"
    order: ClassVar[int] = 50
    group: ClassVar[Group] = "fidelity"
    # A difference that a reader sees in a histogram.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "rows_per_id",
            "Rows per id",
            "as many rows an id as real ones have",
            better="higher",
            limit=near_ceiling(margin=0.05),
            worst_places="columns",
            remedy=REMEDY,
            evidence="more ids that repeat",
        ),
        Measure(
            "rows_per_id.constant",
            "One value an id",
            "one value within an id where real ids have one",
            better="higher",
            limit=near_ceiling(margin=0.05),
            remedy=REMEDY,
            evidence="more ids that have several rows",
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        return _alike(real, fake.identities) + _constancy(real, fake.rows, fake.identities)

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        return _alike(real, real.seen) + _constancy(real, real.test, real.unseen)


def _alike(real: RealViews, at: Identities) -> list[Score]:
    """How many rows the ids have, beside those of unseen rows."""
    each: dict[str, float | None] = {}
    for name, ids in at.ids.items():
        left, right = _sizes(real.unseen.ids[name]), _sizes(ids)
        enough = min(len(left), len(right)) >= LEAST_IDS
        each[name] = 1 - ks(left.astype(float), right.astype(float)) if enough else None
    return _table("rows_per_id", each, FEW)


def _constancy(real: RealViews, rows: View, at: Identities) -> list[Score]:
    """How many ids have one value of each column that never changes within an id of train."""
    each: dict[str, float | None] = {}
    for name, ids in real.seen.ids.items():
        constant = [
            place
            for place, column in enumerate(real.train.columns)
            if is_constant(ids, _as_codes(column))
        ]
        if constant:
            enough = (_sizes(at.ids[name]) > 1).sum() >= LEAST_IDS
            shares = [_one_value(at.ids[name], rows.columns[place]) for place in constant]
            each[name] = sum(shares) / len(shares) if enough else None
    return _table("rows_per_id.constant", each, FEW_SHARED)


def _table(metric: str, each: dict[str, float | None], note: str) -> list[Score]:
    """The mean over the columns of ids, then each; nothing where there is none."""
    if not each:
        return []
    known = [value for value in each.values() if value is not None]
    mean = sum(known) / len(known) if known else None
    scores = [Score(metric, mean, "higher", "fidelity", note="" if known else note)]
    return scores + [
        Score(metric, value, "higher", "fidelity", name, note=note if value is None else "")
        for name, value in each.items()
    ]


def _sizes(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.unique(ids[ids >= 0], return_counts=True)[1]


def _as_codes(column: NDArray[Any]) -> NDArray[np.int64]:
    """Codes of a view's column, a missing value being one of them."""
    return np.unique(column, return_inverse=True)[1].astype(np.int64)


def _one_value(ids: NDArray[np.int64], column: NDArray[Any]) -> float:
    """The share of the ids with several rows that have one value of the column."""
    known = ids >= 0
    ids, values = ids[known], _as_codes(column[known])
    _, place, sizes = np.unique(ids, return_inverse=True, return_counts=True)
    distinct = values.max(initial=0) + 1
    counts = np.bincount(np.unique(place * distinct + values) // distinct, minlength=len(sizes))
    return float((counts[sizes > 1] == 1).mean()) if (sizes > 1).any() else 1.0

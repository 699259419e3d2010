"""Autocorrelation: how much a row tells of the next one in time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Group, Score
from augment.evaluation.limits import near_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.kinds.tables.metrics.identities import Identities
from augment.kinds.tables.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_PAIRS = 100
GRID = 0.3  # of the rows have one that follows exactly a step later: neighbours are such rows
FEW = f"Fewer than {LEAST_PAIRS} rows are followed by another."


class Autocorrelation(Metric[RealViews, FakeViews]):
    """`autocorrelation`: correlation of each number with the one a step later (lag 1).

    Per number, and their mean with the sign that train has. Steps are those of the timeline where
    rows lie on one (a row's neighbour is the one exactly a step later, so that it does not matter
    how many rows there are), else from row to row of the same id. The ceiling is that of unseen
    rows, or of train where these are too few. Rows without a time have no such score.
    """

    kind: ClassVar[str] = "table"
    name: ClassVar[str] = "autocorrelation"
    order: ClassVar[int] = 60
    group: ClassVar[Group] = "fidelity"
    # A difference that a reader sees in a plot.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "autocorrelation",
            "Autocorrelation",
            "likeness of rows that follow one another (lag 1)",
            better="higher",
            limit=near_ceiling(margin=0.1),
            remedy="rows are drawn one by one: a table of one row for each series keeps more",
            evidence="more rows that follow one another",
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        return _scores(real, fake.rows, fake.identities)

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        unseen = _scores(real, real.test, real.unseen)
        if unseen and unseen[0].value is None:
            return _scores(real, real.train, real.seen)
        return unseen


def _scores(real: RealViews, rows: View, at: Identities) -> list[Score]:
    if real.seen.time is None:
        return []
    gridded = _on_grid(real.seen)
    expected = _correlations(real.train, real.seen, gridded)
    found = _correlations(rows, at, gridded)
    known = {n: r for n, r in expected.items() if r is not None and n not in real.stamp}
    whole = Score("autocorrelation", None, "higher", "fidelity", note=FEW)
    if not known:
        return [replace(whole, note=f"No number beside the time has values enough. {FEW}")]
    if not any(found[name] is not None for name in known):
        return [whole]
    signed = [(found[name] or 0.0) * (1 if r >= 0 else -1) for name, r in known.items()]
    return [
        replace(whole, value=sum(signed) / len(signed), note=""),
        *(Score("autocorrelation", found[name], "near", "fidelity", name) for name in known),
    ]


def _correlations(rows: View, at: Identities, gridded: bool) -> dict[str, float | None]:
    """By number, the correlation of rows with the next ones; None where it is not known."""
    first, following = _pairs(at, gridded)
    return {
        axis.where: _correlation(column[first], column[following])
        for axis, column in zip(rows.axes, rows.columns, strict=True)
        if axis.numeric
    }


def _correlation(left: NDArray[np.float64], right: NDArray[np.float64]) -> float | None:
    """Pearson's, 0 where one side does not vary; None for too few pairs."""
    known = ~(np.isnan(left) | np.isnan(right))
    left, right = left[known], right[known]
    if len(left) < LEAST_PAIRS:
        return None
    if np.ptp(left) == 0 or np.ptp(right) == 0:
        return 0.0
    return float(np.corrcoef(left, right)[0, 1])


def _on_grid(at: Identities) -> bool:
    first, _ = _pairs(at, True)
    return len(first) >= GRID * len(at.owner)


def _pairs(at: Identities, gridded: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and those that follow them: a step later, or next in time, of the same owner."""
    assert at.time is not None, "asked of rows in time"
    order = np.lexsort((at.time, at.owner))
    order = order[~np.isnan(at.time[order]) & (at.owner[order] >= 0)]
    owner, time = at.owner[order], at.time[order]
    if gridded:
        new = np.ones(len(order), dtype=bool)
        new[1:] = (np.diff(owner) != 0) | (np.diff(time) != 0)
        order, owner, time = order[new], owner[new], time[new]
    follows = np.diff(owner) == 0
    if gridded:
        follows &= np.diff(time) == 1
    place = np.flatnonzero(follows)
    return order[place], order[place + 1]

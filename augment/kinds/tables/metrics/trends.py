"""Pair trends: how close the joint distribution of each two columns comes to unseen real rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Group, Score
from augment.evaluation.charts import Chart
from augment.evaluation.limits import near_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.kinds.tables.metrics.associations import matrices
from augment.kinds.tables.metrics.axes import Axis
from augment.kinds.tables.metrics.shapes import around, tvd
from augment.kinds.tables.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_PAIRS = 4_950  # all pairs of 100 columns; of more, a sample is scored
MOST_ROWS = 200_000  # the sampling error of a cell is below 0.0012 from there on
WIDE_CELLS = 1 << 22  # contingency tables beyond this are counted by sorting
LEAST_ROWS = 20  # per side, below which pairs differ by more than the margin by chance
# Near equal distributions, a cell's shares differ as N(0, s²) with s² = p (1/n + 1/m), and half of
# |N(0, s²)| has the variance (1 - 2/π) s² / 4: over cells 0.30² (1/n + 1/m) at most.
DEVIATION = 0.30
ERROR_BINS = 10  # SDMetrics' number of equal-width bins

Pairs = list[tuple[int, int]]


class Trends(Metric[RealViews, FakeViews]):
    """`trends`, per pair and their mean: 1 - TVD of the pair's contingency table.

    Both sides are counted in bins from train: ten quantile bins of a number, the ten most
    frequent levels of a category and one for the others, and null. `trends.error` is 1 minus the
    mean of SDMetrics' Column Pair Trends against train: 1 - |r - r'| / 2 with Pearson's r for two
    numbers, 1 - TVD for other pairs, numbers cut in ten equal-width bins.
    DIFFERS: SDMetrics cuts each table at its own edges, which rewards a wrong range and punishes
    a right one; here the edges are train's for both.

    The ceiling scores training rows against unseen ones, and `trends.error` unseen ones against
    train. Beyond 4,950 pairs a sample of the pairs is scored.
    """

    kind: ClassVar[str] = "table"
    name: ClassVar[str] = "trends"
    order: ClassVar[int] = 20
    group: ClassVar[Group] = "fidelity"
    # Two thirds of what independent columns lose must be won back; the margin covers the
    # difference between two real samples of some hundred rows.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "trends",
            "Pair trends",
            "how alike the joint distributions of two columns are",
            better="higher",
            limit=near_ceiling(margin=0.03, share=1 / 3),
            worst=0.0,
            worst_places="pairs",
        ),
        Measure(
            "trends.error", "Trend error", "mean error of pair trends", better="lower", unit="share"
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        return _both(real, real.test, fake.rows, fake.rows, seed)

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        fresh = real.train.sample(n, seed.child("rows"))
        return _both(real, real.test, fresh, real.test, seed)

    def charts(self, real: RealViews, fake: FakeViews, seed: Seed) -> Sequence[Chart]:
        return matrices(real, fake, seed)


def _both(real: RealViews, test: View, fake: View, against_train: View, seed: Seed) -> list[Score]:
    pairs, note = _pairs(len(real.axes), seed.child("pairs"))
    scores = _scores(_capped(test, seed), _capped(fake, seed), pairs, note)
    return [*scores, _error(_capped(real.train, seed), _capped(against_train, seed), pairs, note)]


def _capped(view: View, seed: Seed) -> View:
    return view.sample(MOST_ROWS, seed.child("rows"))


def _pairs(columns: int, seed: Seed) -> tuple[Pairs, str]:
    total = math.comb(columns, 2)
    if total <= MOST_PAIRS:
        return list(combinations(range(columns), 2)), ""
    drawn: set[tuple[int, int]] = set()
    rng = seed.rng()
    while len(drawn) < MOST_PAIRS:  # never more than a few rounds: a list of all has no bound
        ends = rng.integers(0, columns, (MOST_PAIRS, 2)).tolist()
        for i, j in ends:
            if i != j and len(drawn) < MOST_PAIRS:
                drawn.add((min(i, j), max(i, j)))
    return sorted(drawn), f"{MOST_PAIRS:,} of {total:,} pairs, drawn by the seed."


def _scores(real: View, fake: View, pairs: Pairs, note: str) -> list[Score]:
    rows = min(len(real), len(fake))
    if not pairs or rows < LEAST_ROWS:
        why = f"There are {rows} rows per side; at least {LEAST_ROWS} are needed."
        why = why if pairs else "A pair needs two modelled columns."
        return [Score("trends", None, "higher", "fidelity", note=why)]
    each = []
    for i, j in pairs:
        width = real.axes[j].bins
        left = real.binned[i] * width + real.binned[j]
        right = fake.binned[i] * width + fake.binned[j]
        each.append(1 - tvd(left, right, real.axes[i].bins * width))
    mean = float(np.mean(each))
    interval = around(mean, len(real), len(fake), len(real.axes), DEVIATION)
    scores = [Score("trends", mean, "higher", "fidelity", interval=interval, note=note)]
    for (i, j), value in zip(pairs, each, strict=True):
        where = f"{real.axes[i].where} × {real.axes[j].where}"
        scores.append(Score("trends", value, "higher", "fidelity", where))
    return scores


def _error(train: View, fake: View, pairs: Pairs, note: str) -> Score:
    if not pairs or not len(train) or not len(fake):
        why = "A pair needs two modelled columns and rows on both sides."
        return Score("trends.error", None, "lower", "fidelity", note=why)
    edges = [_edges(axis, column) for axis, column in zip(train.axes, train.columns, strict=True)]
    left = [_coarse(*pair) for pair in zip(train.axes, train.columns, edges, strict=True)]
    right = [_coarse(*pair) for pair in zip(fake.axes, fake.columns, edges, strict=True)]
    each = []
    for i, j in pairs:
        if train.axes[i].numeric and train.axes[j].numeric:
            r = _pearson(train.columns[i], train.columns[j])
            s = _pearson(fake.columns[i], fake.columns[j])
            if not (np.isnan(r) or np.isnan(s)):
                each.append(abs(r - s) / 2)
        else:
            each.append(_contingency(left[i], left[j], right[i], right[j]))
    value = float(np.mean(each)) if each else None
    why = note if each else "No pair has a defined trend on both sides."
    return Score("trends.error", value, "lower", "fidelity", note=why)


def _edges(axis: Axis, column: NDArray[np.float64]) -> NDArray[np.float64]:
    present = column[~np.isnan(column)] if axis.numeric else np.empty(0)
    if not len(present):
        return np.empty(0)
    return np.linspace(present.min(), present.max(), ERROR_BINS + 1)


def _coarse(
    axis: Axis, column: NDArray[np.float64], edges: NDArray[np.float64]
) -> NDArray[np.int64]:
    """(rows,) codes from 0: equal-width bins of a number, all levels of a category; 0 is null."""
    if axis.numeric:
        return np.where(np.isnan(column), 0, np.digitize(column, edges) + 1)
    return np.asarray(column, dtype=np.int64) + 1


def _contingency(
    a: NDArray[np.int64], b: NDArray[np.int64], c: NDArray[np.int64], d: NDArray[np.int64]
) -> float:
    """TVD between the pairs (a, b) and (c, d), however many cells they span."""
    width = int(max(b.max(), d.max())) + 1
    left, right = a * width + b, c * width + d
    cells = (int(max(a.max(), c.max())) + 1) * width
    if cells > WIDE_CELLS:
        both = np.unique(np.concatenate([left, right]), return_inverse=True)[1]
        left, right, cells = both[: len(left)], both[len(left) :], int(both.max()) + 1
    return tvd(left, right, cells)


def _pearson(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Pearson's r over rows that have both, NaN where either is constant there."""
    present = ~(np.isnan(x) | np.isnan(y))
    x, y = x[present], y[present]
    if len(x) < 2 or x.min() == x.max() or y.min() == y.max():
        return float("nan")
    # Scaled before squares are taken: dates are 10^15 microseconds.
    x, y = (x - x.mean()) / np.ptp(x), (y - y.mean()) / np.ptp(y)
    return float(np.sum(x * y) / np.sqrt(np.sum(x * x) * np.sum(y * y)))

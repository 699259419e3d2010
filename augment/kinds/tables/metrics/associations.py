"""How strongly columns hang together, two by two, on one scale for numbers and categories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from augment.core.seeds import Seed
from augment.evaluation.charts import Matrices, Panel
from augment.kinds.tables.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_COLUMNS = 40
MOST_ROWS = 5_000
LEAST_ROWS = 20
MEANING = (
    "Spearman's correlation of two numbers; of a category with a number's ranks the correlation "
    "ratio, of two categories Cramér's V, both from 0. The difference is synthetic less real: "
    "where it is grey, columns depend on each other as they should."
)


def matrices(real: RealViews, fake: FakeViews, seed: Seed) -> list[Matrices]:
    """Real, made, and their difference. Of many columns those whose relations differ most; they
    stand so that related ones are neighbours."""
    sides = [
        real.train.sample(MOST_ROWS, seed.child("real")),
        fake.rows.sample(MOST_ROWS, seed.child("made")),
    ]
    if len(real.axes) < 2 or min(map(len, sides)) < LEAST_ROWS:
        return []
    places = _chosen(*sides)
    first, second = (association(side.select(places)) for side in sides)
    order = _order(first)
    names = [real.axes[place].where for place in places]
    of = f" {len(places)} of {len(real.axes):,} columns." if len(places) < len(real.axes) else ""
    one, other, apart = (
        _rows(values[np.ix_(order, order)]) for values in (first, second, second - first)
    )
    return [
        Matrices(
            "associations",
            "How columns depend on each other",
            MEANING + of,
            tuple(names[place] for place in order),
            (Panel("Real", one), Panel("Synthetic", other), Panel.difference(apart)),
        )
    ]


def association(view: View) -> Floats:
    """(columns, columns) in [-1, 1], 1 on the diagonal; 0 where either column does not vary."""
    size = len(view.axes)
    found = np.eye(size)
    numbers = [
        _ranks(column) if axis.numeric else None
        for axis, column in zip(view.axes, view.columns, strict=True)
    ]
    levels = [np.unique(bins, return_inverse=True)[1] for bins in view.binned]
    for i in range(size):
        for j in range(i):
            one, other = numbers[i], numbers[j]
            if one is not None and other is not None:
                value = _pearson(one, other)
            elif one is not None:
                value = _ratio(levels[j], one)
            elif other is not None:
                value = _ratio(levels[i], other)
            else:
                value = _cramer(levels[i], levels[j])
            found[i, j] = found[j, i] = value
    return found


def _chosen(real: View, made: View) -> list[int]:
    """Places of the columns, by how much the correlation of their bins differs."""
    size = len(real.axes)
    if size <= MOST_COLUMNS:
        return list(range(size))
    one, other = (_codes_correlation(side) for side in (real, made))
    worst = np.argsort(-np.abs(one - other).max(axis=1), kind="stable")[:MOST_COLUMNS]
    return sorted(int(place) for place in worst)


def _codes_correlation(view: View) -> Floats:
    codes = np.stack([bins.astype(np.float64) for bins in view.binned])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.nan_to_num(np.corrcoef(codes)), np.float64)


def _order(values: Floats) -> NDArray[np.int64]:
    """Leaves of average linkage by 1 - |association|."""
    if len(values) < 3:
        return np.arange(len(values))
    apart = np.clip(1 - np.abs(values), 0, 1)
    np.fill_diagonal(apart, 0)
    return np.asarray(leaves_list(linkage(squareform(apart, checks=False), "average")), np.int64)


def _ranks(column: Floats) -> Floats:
    """Ranks, NaN where a value is missing."""
    found = np.full(len(column), np.nan)
    present = ~np.isnan(column)
    found[present] = rankdata(column[present])
    return found


def _pearson(x: Floats, y: Floats) -> float:
    present = ~(np.isnan(x) | np.isnan(y))
    x, y = x[present], y[present]
    if len(x) < LEAST_ROWS or np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    return float(np.corrcoef(x, y)[0, 1])


def _ratio(codes: NDArray[np.int64], numbers: Floats) -> float:
    """The correlation ratio, less what chance gives it: sqrt(ε²), Kelley 1935."""
    present = ~np.isnan(numbers)
    codes, numbers = codes[present], numbers[present]
    total = float(((numbers - numbers.mean()) ** 2).sum()) if len(numbers) else 0.0
    counts = np.bincount(codes) if len(codes) else np.zeros(1)
    groups = int((counts > 0).sum())
    if len(numbers) <= groups or total == 0:
        return 0.0
    means = np.bincount(codes, numbers) / np.maximum(counts, 1)
    within = float(((numbers - means[codes]) ** 2).sum())
    share = 1 - (within / (len(numbers) - groups)) / (total / (len(numbers) - 1))
    return float(np.sqrt(max(0.0, share)))


def _cramer(left: NDArray[np.int64], right: NDArray[np.int64]) -> float:
    """Cramér's V, less what chance gives it. Bergsma 2013, doi 10.1016/j.jkss.2012.10.002."""
    n, r, c = len(left), int(left.max()) + 1, int(right.max()) + 1
    if r < 2 or c < 2:
        return 0.0
    table = np.bincount(left * c + right, minlength=r * c).reshape(r, c)
    expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / n
    phi = float(((table - expected) ** 2 / expected).sum()) / n
    phi = max(0.0, phi - (r - 1) * (c - 1) / (n - 1))
    r_less, c_less = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    least = min(r_less, c_less) - 1
    return float(min(1.0, np.sqrt(phi / least))) if least > 0 else 0.0


def _rows(values: Floats) -> tuple[tuple[float | None, ...], ...]:
    return tuple(tuple(round(float(value), 3) for value in row) for row in values)

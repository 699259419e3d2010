"""Column shapes: how close each column's distribution comes to that of unseen real rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Group, Interval, Score
from augment.evaluation.limits import near_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.noise import Z95
from augment.kinds.tables.metrics import all_rows
from augment.kinds.tables.metrics.all_rows import AllRows
from augment.kinds.tables.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEVIATION = 0.26  # of the Kolmogorov distribution
ROUNDED = 14  # decimals that SDMetrics keeps before a Kolmogorov-Smirnov test


class Shapes(Metric[RealViews, FakeViews]):
    """`shapes`, per column and their mean: 1 - KS for numbers and dates, 1 - TVD for categories.

    Null takes part: it is a level of a category, and lies below every number, so that a wrong
    missing rate costs its difference. `shapes.error` is 1 minus the mean of SDMetrics' Column
    Shapes, against train and without nulls: the figure that TabSyn and TabularARGN print (in per
    cent there, a share here).

    The ceiling scores training rows against the unseen ones (both are independent real samples;
    nothing here looks for copies), and `shapes.error` unseen rows against train.
    """

    kind: ClassVar[str] = "table"
    name: ClassVar[str] = "shapes"
    order: ClassVar[int] = 10
    group: ClassVar[Group] = "fidelity"
    # 0.05 is what a reader sees as a different histogram; the floor has perfect shapes, so only a
    # margin makes sense.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "shapes",
            "Column shapes",
            "how alike the distributions of single columns are",
            better="higher",
            limit=near_ceiling(margin=0.05),
            essential=True,
            worst=0.0,
            worst_places="columns",
        ),
        Measure(
            "shapes.error",
            "Shape error",
            "mean error of column shapes",
            better="lower",
            unit="share",
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        if real.whole is not None and fake.whole is not None:
            return _of_all_rows(real, real.whole, fake.whole)
        return _scores(real.test, fake.rows) + _errors(real.train, fake.rows)

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        return _scores(real.test, real.train.sample(n, seed)) + _errors(real.train, real.test)


def _scores(real: View, fake: View) -> list[Score]:
    empty = not len(real) or not len(fake)
    note = "There are no rows to compare." if empty else ""
    each = [] if empty else [similarity(real, fake, i) for i in range(len(real.axes))]
    mean = float(np.mean(each)) if each else None
    interval = None if mean is None else around(mean, len(real), len(fake), len(each))
    why = note or _none(each)
    scores = [Score("shapes", mean, "higher", "fidelity", interval=interval, note=why)]
    for axis, value in zip(real.axes, each, strict=False):
        scores.append(Score("shapes", value, "higher", "fidelity", axis.where))
    return scores


def _of_all_rows(real: RealViews, whole: AllRows, made: AllRows) -> list[Score]:
    """Both figures from the counts of all rows; the interval holds what lies between two points at
    which numbers are counted, too."""
    unseen = real.whole_unseen or whole
    if not unseen.rows or not made.rows or not real.axes:
        return _scores(real.test, real.test.take(np.empty(0, np.int64)))
    sides = [*zip(real.axes, unseen.columns, whole.columns, made.columns, strict=True)]
    found = [all_rows.distance(axis, fresh, fake) for axis, fresh, _, fake in sides]
    mean = 1 - float(np.mean([each for each, _ in found]))
    slack = float(np.mean([more for _, more in found]))
    noise = around(mean, unseen.rows, made.rows, len(found))
    interval = Interval(max(0.0, noise.low - slack), noise.high)
    note = f"Of all rows: {made.rows:,} synthetic, {unseen.rows:,} real."
    scores = [Score("shapes", mean, "higher", "fidelity", interval=interval, note=note)]
    for axis, (each, _) in zip(real.axes, found, strict=True):
        scores.append(Score("shapes", 1 - each, "higher", "fidelity", axis.where))
    errors = [all_rows.error(axis, seen, fake) for axis, _, seen, fake in sides]
    known = [each for each in errors if each is not None]
    error = float(np.mean(known)) if known else None
    return [*scores, Score("shapes.error", error, "lower", "fidelity", note=note)]


def around(
    mean: float, real: int, fake: int, columns: int, deviation: float = DEVIATION
) -> Interval:
    """95% about a mean of KS or total variation distances over columns, from the rows of each side.

    Near equal distributions, KS of n and m rows deviates by some 0.26 √(1/n + 1/m), as the
    Kolmogorov distribution does. Columns hang together, so they count for half their number.
    """
    deviation = deviation * (1 / real + 1 / fake) ** 0.5 / max(1.0, columns / 2) ** 0.5
    return Interval(max(0.0, mean - Z95 * deviation), min(1.0, mean + Z95 * deviation))


def _none(each: list[float]) -> str:
    return "" if each else "No column is modelled."


def similarity(real: View, fake: View, place: int) -> float:
    """1 - KS or 1 - TVD of one column, null included."""
    left, right = real.columns[place], fake.columns[place]
    if real.axes[place].numeric:
        low = -np.inf
        return 1 - ks(np.where(np.isnan(left), low, left), np.where(np.isnan(right), low, right))
    return 1 - tvd(left + 1, right + 1, len(real.axes[place].levels) + 2)


def _errors(train: View, fake: View) -> list[Score]:
    each = []
    for axis, left, right in zip(train.axes, train.columns, fake.columns, strict=True):
        if axis.numeric:
            left, right = left[~np.isnan(left)], right[~np.isnan(right)]
        else:
            left, right = left[left >= 0], right[right >= 0]
        if len(left) and len(right) and axis.numeric:
            each.append(ks(np.round(left, ROUNDED), np.round(right, ROUNDED)))
        elif len(left) and len(right):
            each.append(tvd(left, right, len(axis.levels) + 1))
    mean = float(np.mean(each)) if each else None
    note = "" if each else "No column has values on both sides."
    return [Score("shapes.error", mean, "lower", "fidelity", note=note)]


def ks(left: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """Kolmogorov-Smirnov distance, sup |F - G|, of two non-empty samples (-inf allowed)."""
    left, right = np.sort(left), np.sort(right)
    at = np.concatenate([left, right])
    below_left = np.searchsorted(left, at, side="right") / len(left)
    below_right = np.searchsorted(right, at, side="right") / len(right)
    return float(np.max(np.abs(below_left - below_right)))


def tvd(left: NDArray[Any], right: NDArray[Any], levels: int) -> float:
    """Total variation distance, half the sum of |p - q|, of two non-empty samples of codes."""
    p = np.bincount(left, minlength=levels) / len(left)
    q = np.bincount(right, minlength=levels) / len(right)
    return float(np.abs(p - q).sum() / 2)

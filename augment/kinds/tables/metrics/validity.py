"""Validity: values that the real table could not hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Group, Interval, Score
from augment.evaluation.limits import fixed, near_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.noise import Z95
from augment.evaluation.roc import binomial
from augment.kinds.tables.metrics.all_rows import AllRows
from augment.kinds.tables.metrics.axes import NAMELESS, Axis
from augment.kinds.tables.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

RULES = "validity.rules"
MOST_NAMED = 5  # broken rules
STRUCTURE = {
    "missing_columns": "The synthetic table lacks this column.",
    "extra_columns": "The real table has no such column.",
    "unfit_values": "Values of another type than the real column's.",
    "repeated_ids": "Ids that stand there for the second time or more.",
}


class Validity(Metric[RealViews, FakeViews]):
    """Shares of synthetic values that break what train shows, per column and over the table.

    `validity.missing`: absolute difference of missing rates (mean over columns). `validity.range`:
    share of numbers and dates outside train's least and greatest. `validity.unknown`: share of
    categories that train does not have. `validity.missing_columns`, `.extra_columns`,
    `.unfit_values` and `.repeated_ids` are counts. `validity.rules`: share of rows that break any
    rule that holds on all real rows; of each rule the rows that do, of those it is about.

    The ceiling asks the same of unseen rows: fresh real rows also go a little beyond train.
    """

    kind: ClassVar[str] = "table"
    name: ClassVar[str] = "validity"
    order: ClassVar[int] = 80
    group: ClassVar[Group] = "validity"
    # One value in a hundred beyond unseen rows' own rate; structure has no tolerance.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "validity.missing",
            "Missing rates",
            "difference of missing rates",
            better="lower",
            limit=near_ceiling(margin=0.05),
            essential=True,
            unit="share",
            worst=1.0,
        ),
        Measure(
            "validity.range",
            "Out of range",
            "numbers outside the real range",
            better="lower",
            limit=near_ceiling(margin=0.01),
            essential=True,
            unit="share",
            worst=1.0,
            ceiling_noise=True,
        ),
        Measure(
            "validity.unknown",
            "Unknown categories",
            "categories that the real table lacks",
            better="lower",
            limit=near_ceiling(margin=0.01),
            essential=True,
            unit="share",
            worst=1.0,
            ceiling_noise=True,
        ),
        Measure(
            "validity.missing_columns",
            "Missing columns",
            "columns that are missing",
            better="lower",
            limit=fixed(0.0),
            essential=True,
            unit="count",
            remedy="the synthetic table lacks columns of the real one: write all of them",
        ),
        Measure(
            "validity.extra_columns",
            "Extra columns",
            "columns that the real table lacks",
            better="lower",
            unit="count",
        ),
        Measure(
            "validity.unfit_values",
            "Wrong-type values",
            "values of a wrong type",
            better="lower",
            limit=fixed(0.0),
            unit="count",
            remedy="values are spelt otherwise than in the real table: write them as it does",
        ),
        Measure(
            "validity.repeated_ids",
            "Repeated ids",
            "ids that occur twice",
            better="lower",
            limit=fixed(0.0),
            unit="count",
            remedy="ids repeat that are unique in the real table: --column NAME=id",
        ),
        Measure(
            RULES,
            "Broken rules",
            "rows that break what holds on every real row",
            better="lower",
            limit=near_ceiling(margin=0.05),
            unit="share",
            worst=1.0,
            remedy="synthetic rows break what holds on every real row (see the report): leave out "
            "columns that others settle (--column NAME=drop) and compute them afterwards",
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        if real.whole is not None and fake.whole is not None and fake.whole.rows:
            values = _of_all_rows(real, real.whole, fake.whole)
        else:
            values = _values(real, real.suspects, fake.rows)
        return values + _structure(fake.problems) + _broken(real, fake.rows)

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        nothing: dict[str, dict[str, int]] = {check: {} for check in STRUCTURE}
        values = _values(real, real.train, real.test)
        return values + _structure(nothing) + _broken(real, real.test)

    def remarks(self, scores: Sequence[Score]) -> list[str]:
        broken = [each for each in scores if each.metric == RULES and each.where and each.value]
        broken.sort(key=lambda each: -(each.value or 0.0))
        named = [f"{each.where} (broken by {_percent(each.value)})" for each in broken]
        if not named:
            return []
        more = f"; and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
        return [f"Holds on every real row, but not here: {'; '.join(named[:MOST_NAMED])}{more}."]


def _structure(problems: dict[str, dict[str, int]]) -> list[Score]:
    scores = []
    for check, why in STRUCTURE.items():
        found = problems.get(check, {})
        name = f"validity.{check}"
        scores.append(Score(name, float(sum(found.values())), "lower", "validity"))
        for where, count in found.items():
            scores.append(
                Score(name, float(count), "lower", "validity", where or NAMELESS, note=why)
            )
    return scores


def _percent(share: float | None) -> str:
    percent = 100 * (share or 0.0)
    return "less than 0.1%" if percent < 0.1 else f"{percent:.{1 if percent < 10 else 0}f}%"


def _broken(real: RealViews, rows: View) -> list[Score]:
    """Nothing where no rule is known, or there are no rows."""
    if not len(rows):
        return []
    scores, any_broken = [], np.zeros(len(rows), dtype=np.bool_)
    for rule in real.rules:
        broken, known = rule.check(rows)
        any_broken |= broken
        share = float(broken.sum()) / max(1, int(known.sum()))
        scores.append(Score(RULES, share, "lower", "validity", rule.sentence))
    if not scores:
        return []
    count = int(any_broken.sum())
    interval = binomial(count, len(rows))
    return [Score(RULES, count / len(rows), "lower", "validity", interval=interval), *scores]


def _values(real: RealViews, known: View, fake: View) -> list[Score]:
    if not len(known) or not len(fake):
        note = "There are no rows to compare."
        return [
            Score(f"validity.{check}", None, "lower", "validity", note=note)
            for check in ("missing", "range", "unknown")
        ]
    missing, beyond, unknown = [], [], []
    for axis, left, right in zip(real.axes, known.columns, fake.columns, strict=True):
        missing.append((axis.where, abs(_null(axis, left) - _null(axis, right)), 1))
        present = right[~_nulls(axis, right)]
        if axis.numeric:
            beyond.append((axis.where, _beyond(left, present), len(present)))
        else:
            levels = axis.known if known is real.train else len(axis.levels)
            unknown.append((axis.where, _share(present >= levels), len(present)))
    return [
        *_table("validity.missing", missing, _missing_noise(real, known, fake)),
        *_table("validity.range", beyond),
        *_table("validity.unknown", unknown),
    ]


def _of_all_rows(real: RealViews, whole: AllRows, made: AllRows) -> list[Score]:
    """The same from the counts of all rows. Where a category has too many values to remember, the
    unknown ones are left out."""
    missing, beyond, unknown = [], [], []
    rates = []
    for axis, left, right in zip(real.axes, whole.columns, made.columns, strict=True):
        rates.append(left.missing / whole.rows)
        missing.append((axis.where, abs(rates[-1] - right.missing / made.rows), 1))
        present = right.present
        if axis.numeric:
            beyond.append((axis.where, right.beyond / max(1, present), present))
        elif left.others is not None and right.others is not None:
            new = int(right.counts[left.counts == 0].sum())
            new += sum(n for level, n in right.others.items() if level not in left.others)
            unknown.append((axis.where, new / max(1, present), present))
    return [
        *_table("validity.missing", missing, _rate_noise(rates, whole.rows, made.rows)),
        *_table("validity.range", beyond),
        *_table("validity.unknown", unknown),
    ]


def _table(
    metric: str, parts: list[tuple[str, float, int]], half: float | None = None
) -> list[Score]:
    """The weighted mean over the columns, then each column; 0 where no column can break it.

    `half` is half the width of its interval; without, the values are counted as so many draws.
    """
    weight = sum(count for _, _, count in parts)
    total = sum(share * count for _, share, count in parts) / weight if weight else 0.0
    if half is not None:
        interval = Interval(max(0.0, total - half), total + half)
    elif weight:
        interval = binomial(round(total * weight), weight)
    else:
        interval = None
    scores = [Score(metric, total, "lower", "validity", interval=interval)]
    return scores + [Score(metric, share, "lower", "validity", name) for name, share, _ in parts]


def _missing_noise(real: RealViews, known: View, fake: View) -> float:
    """Half a 95% interval of the mean difference of missing rates, as if all columns went missing
    together: so many do that nothing can be averaged away."""
    rates = [_null(axis, left) for axis, left in zip(real.axes, known.columns, strict=True)]
    return _rate_noise(rates, len(known), len(fake))


def _rate_noise(rates: list[float], known: int, fake: int) -> float:
    spread = (1 / known + 1 / fake) ** 0.5
    deviations = [(rate * (1 - rate)) ** 0.5 * spread for rate in rates]
    return float(Z95 * sum(deviations) / max(1, len(deviations)))


def _nulls(axis: Axis, column: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(np.isnan(column) if axis.numeric else column < 0)


def _null(axis: Axis, column: NDArray[Any]) -> float:
    return float(_nulls(axis, column).mean())


def _share(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def _beyond(known: NDArray[np.float64], present: NDArray[np.float64]) -> float:
    """Share of present values outside the known range; all of them where no value is known."""
    if np.isnan(known).all():
        return 1.0 if len(present) else 0.0
    return _share((present < np.nanmin(known)) | (present > np.nanmax(known)))

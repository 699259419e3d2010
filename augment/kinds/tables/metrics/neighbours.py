"""Precision, recall, density and coverage: do made rows lie among real ones, and everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from augment.core.seeds import Seed
from augment.core.types import Group, Score
from augment.evaluation.charts import Chart
from augment.evaluation.distances import prdc
from augment.evaluation.limits import near_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.projection import projection
from augment.evaluation.roc import binomial
from augment.kinds.tables.metrics.views import FakeViews, RealViews, View

K = 5
MOST_ROWS = 5_000  # per side; the figures depend on it, so both sides always have as many rows
NAMES = ("precision", "recall", "density", "coverage")


class Neighbours(Metric[RealViews, FakeViews]):
    """The four figures of Naeem et al. 2020 (arXiv 2002.09797), k = 5, against unseen rows.

    Balls are drawn round each row, out to its k-th neighbour of its own kind. Precision: share
    of made rows in some real ball. Recall: share of real rows in some made ball. Density: mean
    number of real balls that a made row lies in, over k (may exceed 1). Coverage: share of real
    balls that hold a made row. Distances are those of `features.points`.

    The ceiling puts training rows in the place of the made ones.
    """

    kind: ClassVar[str] = "table"
    name: ClassVar[str] = "neighbours"
    order: ClassVar[int] = 70
    group: ClassVar[Group] = "fidelity"
    # As for `trends`.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "neighbours.precision", "Precision", "synthetic rows among real ones", better="higher"
        ),
        Measure("neighbours.recall", "Recall", "real rows among synthetic ones", better="higher"),
        Measure(
            "neighbours.density", "Density", "real rows about each synthetic one", better="near"
        ),
        Measure(
            "neighbours.coverage",
            "Coverage",
            "share of real rows with a synthetic one nearby",
            better="higher",
            limit=near_ceiling(margin=0.1, share=1 / 3),
            worst=0.0,
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        return _scores(real.test, fake.rows, seed)

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        return _scores(real.test, real.train.sample(n, seed.child("rows")), seed)

    def charts(self, real: RealViews, fake: FakeViews, seed: Seed) -> Sequence[Chart]:
        space = "all columns (ranks of numbers, levels of categories)"
        return projection(real.train.points, fake.rows.points, space, seed)


def _scores(real: View, fake: View, seed: Seed) -> list[Score]:
    rows = min(len(real), len(fake), MOST_ROWS)
    if rows <= 2 * K:
        note = f"There are {rows} rows per side; more than {2 * K} are needed."
        return [
            Score(f"neighbours.{name}", None, _better(name), "fidelity", note=note)
            for name in NAMES
        ]
    real, fake = real.sample(rows, seed.child("real")), fake.sample(rows, seed.child("fake"))
    note = f"On {rows:,} rows per side."
    return [
        Score(
            f"neighbours.{name}",
            value,
            _better(name),
            "fidelity",
            interval=binomial(round(value * rows), rows) if name == "coverage" else None,
            note=note,
        )
        for name, value in zip(NAMES, prdc(real.points, fake.points, K), strict=True)
    ]


def _better(name: str) -> Literal["higher", "near"]:
    return "near" if name == "density" else "higher"

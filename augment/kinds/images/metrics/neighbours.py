"""Precision, recall, density and coverage: do made pictures lie among real ones, everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from augment.core.seeds import Seed
from augment.core.types import Group, Interval, Score
from augment.evaluation.charts import Chart
from augment.evaluation.distances import prdc
from augment.evaluation.limits import part_of_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.projection import projection
from augment.evaluation.roc import binomial
from augment.kinds.images.metrics.views import FakeViews, RealViews, View

K = 5
NAMES = ("precision", "recall", "density", "coverage")


class Neighbours(Metric[RealViews, FakeViews]):
    """Precision, recall, density and coverage against unseen pictures, k = 5.

    Naeem et al. 2020 (arXiv 2002.09797), in the encoder's space or, where nothing is labelled, in
    that of random convolutions.
    """

    kind: ClassVar[str] = "images"
    name: ClassVar[str] = "neighbours"
    order: ClassVar[int] = 30
    group: ClassVar[Group] = "fidelity"
    # A fifth of the neighbourhoods that real pictures reach may be missed.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "neighbours.precision",
            "Precision",
            "synthetic pictures among real ones",
            better="higher",
        ),
        Measure(
            "neighbours.recall", "Recall", "real pictures among synthetic ones", better="higher"
        ),
        Measure(
            "neighbours.density", "Density", "real pictures about each synthetic one", better="near"
        ),
        Measure(
            "neighbours.coverage",
            "Coverage",
            "share of real pictures with a synthetic one nearby",
            better="higher",
            limit=part_of_ceiling(0.8),
            worst=0.0,
            remedy="whole kinds of pictures are missing: train for longer, or another engine (-e)",
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        return _scores(real, fake.rows, len(fake.rows), seed)

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        return _scores(real, real.train, n, seed)

    def charts(self, real: RealViews, fake: FakeViews, seed: Seed) -> Sequence[Chart]:
        space = "encoder" if real.judge is not None else "random"
        named = f"what pictures look like to a network ({real.train.spaces[space].note})"
        return projection(real.train.points(space), fake.rows.points(space), named, seed)


def _scores(real: RealViews, made: View, most: int, seed: Seed) -> list[Score]:
    space = "encoder" if real.judge is not None else "random"
    n = min(len(real.test), len(real.train), len(made), most)
    values: tuple[float | None, ...] = (None,) * len(NAMES)
    note = f"There are {n} pictures per side; more than {2 * K} are needed."
    if n > 2 * K:
        test, fake = real.test.sample(n, seed.child("test")), made.sample(n, seed.child("made"))
        values = prdc(test.points(space), fake.points(space), K)
        note = f"{real.train.spaces[space].note}; {n:,} pictures per side."
    return [
        Score(
            f"neighbours.{name}",
            value,
            "near" if name == "density" else "higher",
            "fidelity",
            interval=_interval(value, n) if name == "coverage" else None,
            note=note,
        )
        for name, value in zip(NAMES, values, strict=True)
    ]


def _interval(share: float | None, n: int) -> Interval | None:
    return None if share is None else binomial(round(share * n), n)

"""Scores of made rows: every metric for the synthetic table, fresh real rows, and the floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from augment.core.kind import Scored, split_order
from augment.core.seeds import Seed
from augment.core.types import UNLIMITED, Budget, Json, Score, Tick, silent
from augment.evaluation import scoring
from augment.evaluation.metric import Measure
from augment.evaluation.verdict import Unscored, verdict
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Role, Schema
from augment.kinds.tables.identity.timeline import Timeline
from augment.kinds.tables.io.alignment import Aligned, aligned
from augment.kinds.tables.metrics.identities import Identities, timeline_of, with_shuffled_ids
from augment.kinds.tables.metrics.overlays import overlays
from augment.kinds.tables.metrics.targets import chosen
from augment.kinds.tables.metrics.views import (
    FakeViews,
    RealViews,
    View,
    axis_of,
    predictors,
    text_keys,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

ORDER = (
    "shapes",
    "trends",
    "detection",
    "utility",
    "rows_per_id",
    "autocorrelation",
    "neighbours",
    "validity",
    "keys",
    "copies",
    "membership",
)
UNSCORED: dict[Role, str] = {
    "text": "texts are replaced, and what they say is not compared",
    "id": "ids are made anew; only their repetitions are counted",
    "constant": "one value throughout has nothing to compare",
}


def scored(
    train: Table,
    test: Table | None,
    fake: Table,
    seed: Seed,
    tick: Callable[[Tick], None] = silent,
    floor: Callable[[], Table] | None = None,
    budget: Budget = UNLIMITED,
) -> Scored:
    """Scores, verdict and the facts behind the plots, for the lifecycle.

    Without `test` nobody knows which rows of `train` a generator saw; see `score_pair`.
    """
    fitting = aligned(fake, train.schema).table
    columns = overlays(train, fitting)  # first: they are of use even where no time is left to score
    if test is None:
        scores = score_pair(train, fake, seed, tick, budget=budget)
    else:
        scores = score(train, test, fake, seed, tick, floor, budget=budget)
    known = measures()
    target, why = chosen(train, None)
    document: Json = {
        "verdict": verdict(scores, known, unscored(train.schema)).to_json(),
        "measures": [measure.to_json() for measure in known],
        "compared": scoring.compared(len(train), None if test is None else len(test), len(fake)),
        "target": {"column": target, "note": why},
        "columns": columns,
    }
    return Scored(tuple(scores), document)


def measures(metrics: list[str] | None = None) -> tuple[Measure, ...]:
    """What the named metrics (all by default) say of their figures, in the report's order."""
    return scoring.measures(scoring.metrics("metrics", ORDER, metrics))


def unscored(schema: Schema) -> list[Unscored]:
    """The columns that no metric looks at, by the reason why."""
    found = []
    for role, because in UNSCORED.items():
        names = tuple(column.name for column in schema if column.role == role)
        if names:
            found.append(Unscored(names, because))
    return found


def score(
    train: Table,
    test: Table,
    fake: Table,
    seed: Seed,
    tick: Callable[[Tick], None] = silent,
    floor: Callable[[], Table] | None = None,
    target: str | None = None,
    metrics: list[str] | None = None,
    budget: Budget = UNLIMITED,
) -> list[Score]:
    """Score `fake`, made by a generator that saw `train`, on the unseen rows of `test`.

    `floor` makes a sample of the `independent` engine; without one, the columns of train are
    shuffled apart here. `metrics` are registered names, all by default. `fake` may disagree with
    train in columns and types: that costs validity and is no error.
    """
    goal, why = chosen(train, target)

    def real() -> RealViews:
        axes = tuple(axis_of(column, train, test) for column in train.schema if column.modelled)
        seen = View.of(train, axes)
        time = timeline_of(train)
        return RealViews(
            seen,
            View.of(test, axes),
            goal,
            why,
            suspects=seen,
            texts=text_keys(train, seen),
            seen=Identities.of(train, time),
            unseen=Identities.of(aligned(test, train.schema).table, time),
            stamp=train.schema.stamp,
            predictors=predictors(len(axes), seed.child("predictors")),
        )

    return _run(real, train, fake, floor, seed, tick, metrics, budget)


def score_pair(
    real: Table,
    fake: Table,
    seed: Seed,
    tick: Callable[[Tick], None] = silent,
    target: str | None = None,
    metrics: list[str] | None = None,
    budget: Budget = UNLIMITED,
) -> list[Score]:
    """Score any two tables, where nobody knows which rows of `real` a generator saw.

    `real` is split by the seed into two halves that stand for train and unseen rows. Copies are
    looked for among all real rows; membership cannot be attacked without known members.
    """
    first, second = halves(real, seed.child("halves"))
    train, test = real.take(first), real.take(second)
    goal, why = chosen(real, target)

    def views() -> RealViews:
        axes = tuple(axis_of(column, train, test) for column in real.schema if column.modelled)
        suspects = View.of(real, axes)
        time = timeline_of(real)
        return RealViews(
            View.of(train, axes),
            View.of(test, axes),
            goal,
            why,
            seen_known=False,
            suspects=suspects,
            texts=text_keys(real, suspects),
            seen=Identities.of(train, time),
            unseen=Identities.of(test, time),
            stamp=real.schema.stamp,
            predictors=predictors(len(axes), seed.child("predictors")),
        )

    return _run(views, train, fake, None, seed, tick, metrics, budget)


def halves(table: Table, seed: Seed) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of two disjoint halves, the first one larger where the rows are odd; rows of one
    entity are in the same half."""
    order, middle = split_order(table, (len(table) + 1) // 2, seed)
    return order[:middle], order[middle:]


def _run(
    views: Callable[[], RealViews],
    train: Table,
    fake: Table,
    floor: Callable[[], Table] | None,
    seed: Seed,
    tick: Callable[[Tick], None],
    metrics: list[str] | None,
    budget: Budget,
) -> list[Score]:
    def sides() -> scoring.Sides:
        real, time = views(), timeline_of(train)
        made = fake_views(aligned(fake, train.schema), real.axes, time)
        low = shuffled(train, len(fake), seed.child("floor")) if floor is None else floor()
        low = with_shuffled_ids(low, train, seed.child("ids"))
        lowest = fake_views(aligned(low, train.schema), real.axes, time)
        return scoring.Sides(real, made, lowest, len(made))

    return scoring.scored(scoring.metrics("metrics", ORDER, metrics), sides, seed, tick, budget)


def fake_views(made: Aligned, axes: tuple[Any, ...], time: Timeline | None = None) -> FakeViews:
    """Aligned rows in the real side's encoding, with what alignment found."""
    from augment.kinds.tables.metrics.structure import repeated_ids

    problems = {
        "missing_columns": dict.fromkeys(made.missing, 1),
        "extra_columns": dict.fromkeys(made.extra, 1),
        "unfit_values": made.unfit,
        "repeated_ids": repeated_ids(made.table),
    }
    view = View.of(made.table, axes)
    identities = Identities.of(made.table, time)
    return FakeViews(view, identities, problems, text_keys(made.table, view))


def shuffled(train: Table, n: int, seed: Seed) -> Table:
    """`n` rows whose columns are train's, each shuffled on its own: right marginals, no trends."""
    arrays = []
    for column in train.schema:
        rng = seed.child(column.name).rng()
        rounds = -(-n // max(1, len(train)))
        rows = [rng.permutation(len(train)) for _ in range(rounds)]
        picked = np.concatenate([np.empty(0, dtype=np.int64), *rows])[:n]
        arrays.append(train.column(column.name).take(pa.array(picked, pa.int64())))
    return Table(pa.table(arrays, names=train.schema.names), train.schema)

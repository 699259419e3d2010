"""Scores of made rows: every metric for the synthetic table, fresh real rows, and the floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from augment.base import registry
from augment.base.errors import UsageError, listed
from augment.base.seeds import Seed
from augment.base.types import Metric, Score, Tick, silent
from augment.base.wing import Scored, merged, split_order
from augment.tables.alignment import Aligned, aligned
from augment.tables.dataset import Table
from augment.tables.identities import Identities, timeline_of, with_shuffled_ids
from augment.tables.overlays import overlays
from augment.tables.targets import chosen
from augment.tables.timeline import Timeline
from augment.tables.verdict import verdict
from augment.tables.views import FakeViews, RealViews, View, axis_of

if TYPE_CHECKING:
    import numpy as np
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


def scored(
    train: Table,
    test: Table | None,
    fake: Table,
    seed: Seed,
    tick: Callable[[Tick], None] = silent,
    floor: Table | None = None,
) -> Scored:
    """Scores, verdict and the facts behind the plots, for the lifecycle.

    Without `test` nobody knows which rows of `train` a generator saw; see `score_pair`.
    """
    if test is None:
        scores = score_pair(train, fake, seed, tick)
    else:
        scores = score(train, test, fake, seed, tick, floor)
    judged = verdict(scores)
    fitting = aligned(fake, train.schema).table
    target, why = chosen(train, None)
    document = {
        "verdict": judged.to_json(),
        "target": {"column": target, "note": why},
        "columns": overlays(train, fitting),
    }
    decided = {str(group): ok for group, ok in judged.groups.items() if ok is not None}
    return Scored(tuple(scores), document, decided)


def score(
    train: Table,
    test: Table,
    fake: Table,
    seed: Seed,
    tick: Callable[[Tick], None] = silent,
    floor: Table | None = None,
    target: str | None = None,
    metrics: list[str] | None = None,
) -> list[Score]:
    """Score `fake`, made by a generator that saw `train`, on the unseen rows of `test`.

    `floor` is a sample of the `independent` engine; without one, the columns of train are
    shuffled apart here. `metrics` are registered names, all by default. `fake` may disagree with
    train in columns and types: that costs validity and is no error.
    """
    goal, why = chosen(train, target)
    axes = tuple(axis_of(column, train, test) for column in train.schema if column.modelled)
    seen = View.of(train, axes)
    time = timeline_of(train)
    real = RealViews(
        seen,
        View.of(test, axes),
        goal,
        why,
        suspects=seen,
        seen=Identities.of(train, time),
        unseen=Identities.of(aligned(test, train.schema).table, time),
        stamp=train.schema.stamp,
    )
    return _run(real, train, fake, floor, seed, tick, metrics)


def score_pair(
    real: Table,
    fake: Table,
    seed: Seed,
    tick: Callable[[Tick], None] = silent,
    target: str | None = None,
    metrics: list[str] | None = None,
) -> list[Score]:
    """Score any two tables, where nobody knows which rows of `real` a generator saw.

    `real` is split by the seed into two halves that stand for train and unseen rows. Copies are
    looked for among all real rows; membership cannot be attacked without known members.
    """
    first, second = halves(real, seed.child("halves"))
    train, test = real.take(first), real.take(second)
    goal, why = chosen(real, target)
    axes = tuple(axis_of(column, train, test) for column in real.schema if column.modelled)
    time = timeline_of(real)
    views = RealViews(
        View.of(train, axes),
        View.of(test, axes),
        goal,
        why,
        seen_known=False,
        suspects=View.of(real, axes),
        seen=Identities.of(train, time),
        unseen=Identities.of(test, time),
        stamp=real.schema.stamp,
    )
    return _run(views, train, fake, None, seed, tick, metrics)


def halves(table: Table, seed: Seed) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of two disjoint halves, the first one larger where the rows are odd; rows of one
    entity are in the same half."""
    order, middle = split_order(table, (len(table) + 1) // 2, seed)
    return order[:middle], order[middle:]


def _run(
    real: RealViews,
    train: Table,
    fake: Table,
    floor: Table | None,
    seed: Seed,
    tick: Callable[[Tick], None],
    metrics: list[str] | None,
) -> list[Score]:
    time = timeline_of(train)
    made = fake_views(aligned(fake, train.schema), real.axes, time)
    low = shuffled(train, len(fake), seed.child("floor")) if floor is None else floor
    low = with_shuffled_ids(low, train, seed.child("ids"))
    lowest = fake_views(aligned(low, train.schema), real.axes, time)
    chosen_names = _chosen(metrics)
    scores: list[Score] = []
    for step, name in enumerate(chosen_names):
        tick(Tick("score", step, len(chosen_names), note=name))
        metric: Metric[RealViews, FakeViews] = registry.find("metrics", name)()
        stream = seed.child("metric", name)
        values = metric.score(real, made, stream)
        best = metric.ceiling(real, len(made), stream.child("ceiling"))
        worst = metric.score(real, lowest, stream.child("floor"))
        scores += merged(values, best, worst)
    tick(Tick("score", len(chosen_names), len(chosen_names)))
    return scores


def _chosen(metrics: list[str] | None) -> list[str]:
    known = registry.names("metrics")
    ordered = [name for name in ORDER if name in known]
    ordered += [name for name in known if name not in ORDER]
    if metrics is None:
        return ordered
    for name in metrics:
        registry.find("metrics", name)
    if not metrics:
        raise UsageError(f"No metric is named. Known: {listed(ordered)}.")
    return [name for name in ordered if name in metrics]


def fake_views(made: Aligned, axes: tuple[Any, ...], time: Timeline | None = None) -> FakeViews:
    """Aligned rows in the real side's encoding, with what alignment found."""
    from augment.tables.metrics.structure import repeated_ids

    problems = {
        "missing_columns": dict.fromkeys(made.missing, 1),
        "extra_columns": dict.fromkeys(made.extra, 1),
        "unfit_values": made.unfit,
        "repeated_ids": repeated_ids(made.table),
    }
    return FakeViews(View.of(made.table, axes), Identities.of(made.table, time), problems)


def shuffled(train: Table, n: int, seed: Seed) -> Table:
    """`n` rows whose columns are train's, each shuffled on its own: right marginals, no trends."""
    import numpy as np
    import pyarrow as pa

    arrays = []
    for column in train.schema:
        rng = seed.child(column.name).rng()
        rounds = -(-n // max(1, len(train)))
        rows = [rng.permutation(len(train)) for _ in range(rounds)]
        picked = np.concatenate([np.empty(0, dtype=np.int64), *rows])[:n]
        arrays.append(train.column(column.name).take(pa.array(picked, pa.int64())))
    return Table(pa.table(arrays, names=train.schema.names), train.schema)

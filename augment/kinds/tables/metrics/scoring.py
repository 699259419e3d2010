"""Scores of made rows: every metric for the synthetic table, fresh real rows, and the floor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from augment.core.kind import Shadow
from augment.core.seeds import Seed
from augment.core.types import Job, Json, Score, silent
from augment.evaluation import scoring
from augment.evaluation.comparison import Comparison
from augment.evaluation.evaluator import Extras
from augment.evaluation.verdict import Unscored
from augment.kinds.tables.data import measurements
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Role, Schema
from augment.kinds.tables.engines.independent import Independent
from augment.kinds.tables.identity.timeline import Timeline
from augment.kinds.tables.io.alignment import Aligned, aligned
from augment.kinds.tables.metrics import counting
from augment.kinds.tables.metrics.axes import Axis, axis_of
from augment.kinds.tables.metrics.identities import (
    Identities,
    clusters_of,
    timeline_of,
    with_shuffled_ids,
)
from augment.kinds.tables.metrics.overlays import overlays
from augment.kinds.tables.metrics.rare_texts import RareTexts
from augment.kinds.tables.metrics.rules import rules
from augment.kinds.tables.metrics.sample_rows import sample_rows
from augment.kinds.tables.metrics.structure import repeated_ids
from augment.kinds.tables.metrics.targets import chosen as chosen_target
from augment.kinds.tables.metrics.views import (
    FakeViews,
    RealViews,
    ShadowViews,
    View,
    predictors,
    text_keys,
)

UNSCORED: dict[Role, str] = {
    "text": "texts are replaced, and what they say is not compared",
    "id": "ids are made anew; only their repetitions are counted",
    "constant": "one value throughout has nothing to compare",
}


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
    test: Table | None,
    fake: Table,
    seed: Seed,
    target: str | None = None,
    metrics: Sequence[str] | None = None,
) -> list[Score]:
    """Score `fake`, made by a generator that saw `train`, on the unseen rows of `test`.

    Without `test` nobody knows which rows of `train` a generator saw: its halves stand for seen
    and unseen ones, copies are looked for among all of it, and membership cannot be attacked.
    The columns of train, shuffled apart, are the floor. `metrics` are registered names, all by
    default. `fake` may disagree with train in columns and types: that costs validity and is no
    error.
    """
    rows = Comparison.of(train, test, fake, seed)
    chosen = scoring.metrics(Table.kind, metrics)
    return scoring.scored(chosen, lambda: sides(rows, target=target), seed, silent)


def views(rows: Comparison[Table]) -> scoring.Sides:
    """The sides of a comparison; where seen rows are known, the floor is a sample of the
    `independent` engine, which learns from them."""
    return sides(rows, _independent if rows.seen_known else shuffled_apart)


def shuffled_apart(rows: Comparison[Table]) -> Table:
    """The floor that needs no engine: the columns of seen rows, each shuffled on its own."""
    return shuffled(rows.seen, len(rows.made), rows.seed.child("floor"))


def sides(
    rows: Comparison[Table],
    floor: Callable[[Comparison[Table]], Table] = shuffled_apart,
    target: str | None = None,
) -> scoring.Sides:
    """All rows in the encoding of the seen and unseen real ones."""
    rows = parted(rows)
    real = _real(rows, target)
    time = timeline_of(rows.seen)
    made = fake_views(aligned(rows.made, rows.seen.schema), real.axes, time, real.rare_texts)
    low = with_shuffled_ids(floor(rows), rows.seen, rows.seed.child("ids"))
    lowest = fake_views(aligned(low, rows.seen.schema), real.axes, time, real.rare_texts)
    counted = counting.counted(rows, real.axes)
    if counted is not None:
        seen, unseen, every = counted
        real = replace(real, whole=seen, whole_unseen=unseen)
        problems = made.problems | {"unfit_values": every.unfit, "repeated_ids": every.repeated_ids}
        made = replace(made, whole=every, problems=problems)
    return scoring.Sides(real, made, lowest, len(made))


def parted(rows: Comparison[Table]) -> Comparison[Table]:
    """The rows with the parts of measurements in their places, on all sides."""
    schema = rows.real.schema

    def parts(table: Table) -> Table:
        return measurements.parted(table, schema)

    shadows = tuple(
        Shadow(parts(each.members), parts(each.outsiders), parts(each.made))
        for each in rows.shadows
    )
    return replace(
        rows,
        real=parts(rows.real),
        seen=parts(rows.seen),
        unseen=parts(rows.unseen),
        made=parts(rows.made),
        shadows=shadows,
    )


def _real(rows: Comparison[Table], target: str | None) -> RealViews:
    schema = rows.real.schema
    goal, why = chosen_target(rows.real, target)
    axes = tuple(axis_of(c, rows.seen, rows.unseen) for c in schema if c.modelled)
    seen = View.of(rows.seen, axes)
    suspects = seen if rows.seen_known else View.of(rows.real, axes)
    unseen = rows.unseen
    time = timeline_of(rows.real)
    others = View.of(unseen, axes)
    return RealViews(
        seen,
        others,
        goal,
        why,
        rows.seen_known,
        suspects=suspects,
        texts=text_keys(rows.real, suspects),
        rare_texts=RareTexts.of(rows.seen, unseen) if rows.seen_known else None,
        seen=Identities.of(rows.seen, time),
        unseen=Identities.of(aligned(unseen, schema).table if rows.seen_known else unseen, time),
        stamp=schema.stamp,
        predictors=predictors(len(axes), rows.seed.child("predictors")),
        shadows=tuple(_shadow(each, schema, axes, time) for each in rows.shadows),
        rules=tuple(rules(seen, others)),
    )


def _shadow(
    shadow: Shadow[Table], schema: Schema, axes: tuple[Axis, ...], time: Timeline | None
) -> ShadowViews:
    return ShadowViews(
        View.of(shadow.members, axes),
        View.of(shadow.outsiders, axes),
        View.of(aligned(shadow.made, schema).table, axes),
        clusters_of(Identities.of(shadow.members, time), Identities.of(shadow.outsiders, time)),
    )


def _independent(rows: Comparison[Table]) -> Table:
    """As many rows of the `independent` engine as were made."""
    seed = rows.seed.child("independent")
    modelled = rows.seen.select([c.name for c in rows.seen.schema if c.modelled])
    job = Job(seed.child("fit"), Path())  # this engine keeps nothing in its scratch folder
    return Independent().fit(modelled, job).sample(len(rows.made), seed.child("sample"))


def extras(rows: Comparison[Table]) -> Extras:
    """The target, and for the report the shapes of single columns and some made rows."""
    rows = parted(rows)
    target, why = chosen_target(rows.real, None)
    fitting = aligned(rows.made, rows.real.schema).table
    columns = overlays(rows.real, fitting)
    rows_shown = sample_rows(rows.real, fitting, rows.seed.child("shown"))
    document: Json = {"target": {"column": target, "note": why}, "columns": columns}
    wholes = {"real": rows.real, "synthetic": rows.made}
    if any(side.whole is not None for side in wholes.values()):
        document["all_rows"] = {name: _count(side) for name, side in wholes.items()}
    return Extras(document, rows_shown)


def _count(table: Table) -> int:
    """Of all rows, of which these may be a sample."""
    return len(table) if table.whole is None else table.whole.rows


def fake_views(
    made: Aligned,
    axes: tuple[Any, ...],
    time: Timeline | None,
    rare_texts: RareTexts | None = None,
) -> FakeViews:
    """Aligned rows in the real side's encoding, with what alignment found."""
    problems = {
        "missing_columns": dict.fromkeys(made.missing, 1),
        "extra_columns": dict.fromkeys(made.extra, 1),
        "unfit_values": made.unfit,
        "repeated_ids": repeated_ids(made.table),
    }
    view = View.of(made.table, axes)
    identities = Identities.of(made.table, time)
    met = 0 if rare_texts is None else rare_texts.hits(made.table)
    return FakeViews(view, identities, problems, text_keys(made.table, view), met)


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

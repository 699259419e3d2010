"""Whose row each row is and when it was, for metrics: ids that repeat, keys, and time stamps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa

from augment.core.seeds import Seed
from augment.evaluation.roc import Clusters
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.values import arrow_type, ranks
from augment.kinds.tables.identity.key_search import joint_codes
from augment.kinds.tables.identity.timeline import Timeline

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Identities:
    """Codes that mean the same within one table only; -1 where a value is missing.

    `ids` are those that repeat, by column, and `entity` those of the column by which rows belong
    together (see `Table.entities`), None without one. `key` is None where the table has none.
    `owner` says whose sequence a row is in, and `time` its place on the timeline of the training
    rows (NaN where it has none); `time` is None where rows do not follow one another.
    """

    ids: dict[str, NDArray[np.int64]]
    entity: NDArray[np.int64] | None
    key: NDArray[np.int64] | None
    owner: NDArray[np.int64]
    time: NDArray[np.float64] | None

    @classmethod
    def of(cls, table: Table, timeline: Timeline | None) -> Self:
        schema = table.schema
        ids = {column.name: ranks(table, column.name) for column in schema
               if column.role == "reference"}  # fmt: skip
        key = joint_codes([ranks(table, name) for name in schema.key]) if schema.key else None
        owners = [name for name in schema.key if name not in schema.stamp] or list(ids)
        owner = (
            joint_codes([ranks(table, name) for name in owners])
            if owners
            else np.zeros(len(table), dtype=np.int64)
        )
        time = timeline.positions(table) if timeline is not None else None
        return cls(ids, table.entities(), key, owner, time)


def clusters_of(members: Identities, outsiders: Identities) -> Clusters | None:
    """Whose the rows of either are, where rows belong together."""
    if members.entity is None or outsiders.entity is None:
        return None
    return Clusters(members.entity, outsiders.entity)


def timeline_of(table: Table) -> Timeline | None:
    return Timeline.of(table, table.schema.stamp) if table.schema.stamp else None


def with_shuffled_ids(table: Table, train: Table, seed: Seed) -> Table:
    """The table with ids that have as many rows each as in `train`, but any rows: the floor."""
    data, schema = table.data, table.schema
    for column in train.schema:
        if column.role != "reference":
            continue
        rng = seed.child(column.name).rng()
        sizes = np.unique(ranks(train, column.name), return_counts=True)[1]
        drawn = np.empty(0, dtype=np.int64)
        while drawn.sum() < len(table):
            drawn = np.concatenate([drawn, rng.permutation(sizes)])
        ids = rng.permutation(np.repeat(np.arange(len(drawn)), drawn)[: len(table)])
        array = pa.array(ids).cast(arrow_type(column))
        if column.name in schema.names:
            data = data.set_column(schema.names.index(column.name), column.name, array)
        else:
            data = data.append_column(column.name, array)
            schema = type(schema)((*schema.columns, column), schema.target)
    return Table(data, schema)

"""A target that is guessed is a column that no other one settles, if there is one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import table_of
from augment.kinds.tables.metrics.targets import chosen

ROWS = 600


def visits(*names: str) -> Table:
    rng = np.random.default_rng(1)
    day = rng.integers(0, 7, ROWS)
    arrays = {
        "cost": pa.array(rng.gamma(2.0, 30.0, ROWS).round(2)),
        "ward": pa.array(rng.choice(["north", "south", "west"], ROWS)),
        "weekday": pa.array(np.array(["mo", "tu", "we", "th", "fr", "sa", "su"])[day]),
        "weekend": pa.array(day >= 5),
        "open": pa.array(np.where(day >= 5, "closed", "open")),
    }
    columns = {
        "cost": Column("cost", "numeric", "float", max_decimals=2),
        "weekend": Column("weekend", "boolean", "boolean"),
    }
    every = [columns.get(name, Column(name, "categorical", "string")) for name in names]
    return table_of(every, [arrays[name] for name in names], None)


def test_what_another_column_settles_is_passed_over() -> None:
    target, why = chosen(visits("cost", "ward", "weekday", "weekend"), None)
    assert target == "weekday"
    assert "no other one settles" in why


def test_names_mean_nothing() -> None:
    data = visits("weekday", "weekend", "ward").data.rename_columns(["..", "a[0]", ".b"])
    columns = [Column(name, "categorical", "string") for name in data.column_names]
    columns[1] = Column("a[0]", "boolean", "boolean")
    assert chosen(Table(data, Schema(tuple(columns))), None)[0] == ".b"


def test_where_all_are_settled_that_is_said() -> None:
    target, why = chosen(visits("cost", "weekend", "open"), None)
    assert target == "open"
    assert "other columns settle it" in why


def test_columns_of_values_that_are_nearly_all_different_settle_nothing() -> None:
    assert chosen(visits("cost", "ward"), None)[0] == "ward"

"""A simulated mixed table with real trends, at any size, and ways to spoil it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import table_of

CITIES = ["Aarhus", "Berlin", "Cork", "Dijon", "Evora", "Fano"]


def people(rows: int, seed: int) -> Table:
    """Numbers, categories, dates, booleans, missing values, an id and an imbalanced target."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, rows)
    city = rng.choice(6, rows, p=[0.4, 0.25, 0.15, 0.1, 0.06, 0.04])
    income = np.round(np.exp(rng.normal(9.5 + age / 60 + city / 10, 0.4)), 2)
    spend = np.round(income * rng.beta(2, 5, rows), 1)
    member = rng.random(rows) < 1 / (1 + np.exp(-(age - 55) / 8))
    joined = (18_000 - age * 60 + rng.integers(0, 900, rows)) * 86_400_000_000
    logit = -3 + (spend / income) * 6 - (age - 50) / 20 + member * 1.5
    bought = np.where(rng.random(rows) < 1 / (1 + np.exp(-logit)), "yes", "no")
    gone = rng.random(rows) < np.where(member, 0.05, 0.25)
    columns = [
        Column("number", "id", "integer"),
        Column("age", "numeric", "integer"),
        Column("city", "categorical", "string"),
        Column("income", "numeric", "float", max_decimals=2),
        Column("spend", "numeric", "float", max_decimals=1),
        Column("member", "boolean", "boolean"),
        Column("joined", "datetime", "datetime", step_us=86_400_000_000),
        Column("bought", "categorical", "string"),
    ]
    arrays = [
        pa.array(np.arange(rows)),
        pa.array(age),
        pa.array([CITIES[i] for i in city], pa.string()),
        pa.array(income),
        pa.array(spend, mask=gone),
        pa.array(member),
        pa.array(joined, pa.int64()).cast(pa.timestamp("us")),
        pa.array(bought.tolist(), pa.string()),
    ]
    return table_of(columns, arrays, "bought")


def spoilt(table: Table, share: float, seed: int) -> Table:
    """The first `share` of the rows with every column shuffled on its own among them."""
    rng = np.random.default_rng(seed)
    cut = int(share * len(table))
    arrays = []
    for name in table.schema.names:
        rows = np.arange(len(table))
        rows[:cut] = rng.permutation(cut)
        arrays.append(table.column(name).take(pa.array(rows)))
    return Table(pa.table(arrays, names=table.schema.names), table.schema)

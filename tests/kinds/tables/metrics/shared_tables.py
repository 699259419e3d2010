"""The real tables beside the repository, read with pandas; absent on most machines."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import table_of
from tests.places import SHARED

FOLDER = SHARED / "data" / "tables"


def shared_table(name: str) -> Table:
    """One of the shared tables with the roles of its `.meta.json`; skips where it is absent."""
    path = FOLDER / f"{name}.csv"
    if not path.is_file():
        pytest.skip(f"the shared table {name!r} is not on this machine")
    meta = json.loads(path.with_suffix(".meta.json").read_text())
    frame = pd.read_csv(path)
    columns, arrays = [], []
    for column, series in frame.items():
        grouped = column in meta["categorical"] or not pd.api.types.is_numeric_dtype(series)
        grouped |= column == meta["target"] and meta["task"] != "regression"
        role = "categorical" if grouped else "numeric"
        storage = "string" if grouped else "float"
        texts = series.astype(object).where(series.notna(), None)
        values = [None if v is None else str(v) for v in texts] if grouped else series
        columns.append(Column(str(column), role, storage))
        kind = pa.string() if grouped else pa.float64()
        arrays.append(pa.array(values, kind, from_pandas=True))
    return table_of(columns, arrays, meta["target"])


def split(table: Table, share: float = 0.2, seed: int = 0) -> tuple[Table, Table]:
    """Train and unseen rows."""
    order = np.random.default_rng(seed).permutation(len(table))
    cut = int(share * len(table))
    return table.take(order[cut:]), table.take(order[:cut])

"""Simulated tables and pictures, small enough for a test and with something in them to learn."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.schema import ImageSchema, Mode
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import table_of

HOUR_US = 3_600_000_000


def mixed_table(rows: int = 240, seed: int = 0) -> Table:
    """Simulated rows of every modelled role, with gaps, a spike, and dependence between columns."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, rows)
    income = np.round(np.exp(rng.normal(10 + age / 90, 0.5)), 2)
    loss = np.where(rng.random(rows) < 0.7, 0.0, np.round(rng.gamma(2, 300, rows), 1))
    job = np.array(["clerk", "cook", "nurse, night", "päron"])[rng.integers(0, 4, rows)]
    hours = 1_577_836_800_000_000 + rng.integers(0, 24 * 365, rows) * HOUR_US
    columns = (
        Column("age", "numeric", "integer"),
        Column("income", "numeric", "float", decimals=2, max_decimals=2),
        Column("loss", "numeric", "float", max_decimals=1),
        Column("job", "categorical", "string"),
        Column("grade", "categorical", "integer"),
        Column("member", "boolean", "boolean"),
        Column("seen", "datetime", "datetime", format="%Y-%m-%d %H:%M", step_us=HOUR_US),
    )
    arrays = [
        pa.array(age, pa.int64()),
        pa.array(income, pa.float64(), mask=rng.random(rows) < 0.1),
        pa.array(loss, pa.float64()),
        pa.array(job, pa.string(), mask=rng.random(rows) < 0.05),
        pa.array(rng.integers(1, 4, rows), pa.int64()),
        pa.array(age + rng.normal(0, 10, rows) > 50, pa.bool_()),
        pa.array(hours, pa.int64(), mask=rng.random(rows) < 0.1).cast(pa.timestamp("us")),
    ]
    schema = Schema(columns, target="member")
    return Table(pa.table(arrays, names=schema.names), schema)


def odd_table(rows: int = 240, seed: int = 0) -> Table:
    """Simulated rows that are hard to keep: column names of no letter or of code, decimals, whole
    numbers that no float holds, the words of missing values, a column of one value and one of
    none."""
    rng = np.random.default_rng(seed)
    null = rng.random(rows) < 0.2
    hours = (400_000 + rng.integers(0, 9999, rows)) * HOUR_US
    cents = [f"{value:.2f}" for value in rng.normal(size=rows)]
    words = np.array(["c1", "null", ""])[rng.integers(0, 3, rows)]
    columns = [
        Column("latitude", "numeric", "integer"),
        Column("a,\n'b", "categorical", "string"),
        Column("", "boolean", "boolean"),
        Column("x0", "datetime", "datetime", step_us=HOUR_US),
        Column("money", "numeric", "decimal", max_decimals=2),
        Column("gone", "numeric", "float"),
        Column("flat", "numeric", "integer"),
        Column("big", "categorical", "integer"),
    ]
    arrays = [
        pa.array(rng.integers(0, 99, rows), mask=null),
        pa.array(words.tolist(), pa.string()),
        pa.array(rng.random(rows) < 0.3, mask=null),
        pa.array(hours, mask=null).cast(pa.timestamp("us")),
        pa.array(cents, pa.string()).cast(pa.decimal128(38, 2)),
        pa.nulls(rows, pa.float64()),
        pa.array([7] * rows, pa.int64()),
        pa.array(2**60 + rng.integers(0, 3, rows)),
    ]
    return table_of(columns, arrays, "a,\n'b")


def simple_images(
    rows: int = 60,
    canvas: tuple[int, int] = (12, 8),
    mode: Mode = "gray",
    classes: int = 3,
    seed: int = 0,
) -> Images:
    """Simulated pictures: a bright bar whose place tells the class, on noise; no classes at 0."""
    rng = np.random.default_rng(seed)
    names = tuple(f"kind {code}" for code in range(classes))
    schema = ImageSchema(*canvas, mode, names)
    pixels = rng.integers(0, 60, (rows, *schema.shape)).astype(np.uint8)
    codes = rng.integers(0, max(1, classes), rows)
    for row, code in enumerate(codes):
        pixels[row, 2 * code : 2 * code + 2] += 150
    return Images.of_arrays(pixels, codes if classes else None, schema)

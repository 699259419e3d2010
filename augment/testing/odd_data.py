"""Tables and pictures of which hardly anything can be measured; no metric may trip over them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from augment.kinds.images.data.dataset import UNLABELLED, Images
from augment.kinds.images.data.schema import ImageSchema
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import table_of
from augment.testing.simulated import simple_images

ROWS = 60
PICTURES = 24


def odd_tables() -> dict[str, Table]:
    """Tables of columns that are alone, empty, constant, endless or oddly named."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=ROWS).tolist()
    letters = rng.choice(list("abc"), ROWS).tolist()
    return {
        "one number": _table(numbers("x", noise)),
        "one category": _table(words("c", letters)),
        "all numbers": _table(numbers("x", noise), numbers("y", noise[::-1])),
        "all categories": _table(words("c", letters), words("d", letters[::-1])),
        "all null": _table(
            numbers("x", [None] * ROWS), words("c", [None] * ROWS), numbers("y", noise)
        ),
        "constant": _table(numbers("x", [3.0] * ROWS), words("c", ["a"] * ROWS)),
        "one class": _table(numbers("x", noise), words("c", ["a"] * ROWS), target="c"),
        "null target": _table(numbers("x", noise), words("c", [None] * ROWS), target="c"),
        "infinite": _table(numbers("x", [float("inf"), -0.0, 1e300] * 20), words("c", letters)),
        "all different": _table(words("c", [f"v{i}" for i in range(ROWS)]), numbers("x", noise)),
        "only ids": _table((Column("id", "id", "integer"), pa.array(range(ROWS)))),
        "names": _table(numbers("<script>", noise), words("a × b", letters), words("", letters)),
    }


def odd_images() -> dict[str, Images]:
    """Pictures that are few, all alike, without classes or of a class each."""
    plain = simple_images(PICTURES)
    black = np.zeros_like(plain.pixels[:])
    each = tuple(f"kind {row:02d}" for row in range(PICTURES))
    mostly = np.where(np.arange(PICTURES) % 3, UNLABELLED, plain.label_codes)
    return {
        "without classes": simple_images(PICTURES, classes=0),
        "one class": simple_images(PICTURES, classes=1),
        "black": Images.of_arrays(black, plain.label_codes, plain.schema),
        "all the same": plain.take(np.zeros(PICTURES, np.int64)),
        "a class each": Images.of_arrays(
            plain.pixels[:], np.arange(PICTURES), ImageSchema(12, 8, "gray", each)
        ),
        "mostly without a label": Images.of_arrays(plain.pixels[:], mostly, plain.schema),
        "in colour": simple_images(PICTURES, (9, 33), "rgb"),
    }


def numbers(name: str, values: list[float | None]) -> tuple[Column, pa.Array]:
    """A column of numbers."""
    return Column(name, "numeric", "float"), pa.array(values, pa.float64())


def words(name: str, values: list[str | None]) -> tuple[Column, pa.Array]:
    """A column of categories."""
    return Column(name, "categorical", "string"), pa.array(values, pa.string())


def _table(*columns: tuple[Column, pa.Array], target: str | None = None) -> Table:
    return table_of([column for column, _ in columns], [array for _, array in columns], target)

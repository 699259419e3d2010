"""Some made rows side by side, beside what is usual in real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.seeds import Seed
from augment.evaluation.charts import LEAST_CELL, Records
from augment.kinds.tables.data import values
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.holders import Holders
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.metrics.axes import NAMELESS, is_numeric
from augment.kinds.tables.metrics.features import joined
from augment.kinds.tables.metrics.overlays import (
    LONGEST_LABEL,
    level_label,
    middle_ends,
    number_label,
    owners_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS = 5
TRIED = 200  # made rows among which those are looked for
HIDDEN = "(hidden)"
MISSING = "–"


def sample_rows(real: Table, fake: Table, seed: Seed) -> list[Records]:
    """Made rows that repeat no real one, cell by cell.

    A value that stands in fewer than `LEAST_CELL` real rows is hidden, as is a number beyond the
    middle 98% of real ones: a report shows neither, whatever tool made the rows. Of texts only
    those are shown that no real row has.
    """
    columns = [column for column in real.schema if column.role != "constant"]
    if not columns or not len(fake) or not len(real):
        return []
    tried = np.sort(seed.rng().permutation(len(fake))[:TRIED])
    some = fake.take(tried)
    fresh = np.flatnonzero(~_repeats(real, some))[:ROWS]
    if not len(fresh):
        return []
    shown = some.take(fresh)
    owners = owners_of(real)
    told = [_column(real, shown, column, owners) for column in columns]
    return [
        Records(
            "rows",
            "Synthetic rows side by side",
            "Rows of the synthetic table as they came, none of which repeats a real row, beside "
            "the most common value (or the median) and the range of the middle 98% of real rows.",
            tuple(column.name or NAMELESS for column in columns),
            ("Usual in real rows", "Range of real rows"),
            tuple(beside for beside, _ in told),
            tuple(cells for _, cells in told),
            f"{HIDDEN}: a category of fewer than {LEAST_CELL} real rows, a number beyond "
            "the range, or a text that a real row has."
            if any(HIDDEN in cells for _, cells in told)
            else "",
        )
    ]


def _repeats(real: Table, made: Table) -> NDArray[np.bool_]:
    """(made rows,) whether a row has all modelled values of a real row; texts, of which surrogates
    meet real ones by chance, and ids take no part."""
    columns = [column for column in real.schema if column.modelled]
    return np.isin(_keys(made, columns), _keys(real, columns)) & bool(columns)


def _keys(table: Table, columns: list[Column]) -> NDArray[np.uint64]:
    """(rows,) one number per distinct row of these columns."""
    import pandas as pd

    found = np.zeros(len(table), dtype=np.uint64)
    for column in columns:
        if is_numeric(column):
            cells = pd.Series(values.numbers(table, column.name))
        else:
            cells = pc.cast(table.column(column.name), pa.string()).to_pandas()
        hashed = np.asarray(pd.util.hash_pandas_object(cells, index=False), np.uint64)
        found = joined(found, hashed)
    return found


def _column(
    real: Table, made: Table, column: Column, owners: Holders
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is usual, and the cells."""
    if column.modelled and is_numeric(column):
        return _numbers(real, made, column, owners)
    if column.modelled:
        return _levels(real, made, column, owners)
    known = set(pc.cast(real.column(column.name), pa.string()).to_pylist())
    texts = pc.cast(made.column(column.name), pa.string()).to_pylist()
    told = "surrogates" if column.role == "text" else "new ids"
    cells = tuple(
        MISSING if text is None else HIDDEN if text in known else _cut(text) for text in texts
    )
    return (told, ""), cells


def _numbers(
    real: Table, made: Table, column: Column, owners: Holders
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    known = values.numbers(real, column.name)
    found = values.numbers(made, column.name)
    span = middle_ends(known, owners)
    if span is None:
        return (HIDDEN, ""), tuple(MISSING if np.isnan(v) else HIDDEN for v in found)
    (low, high), middle = span, float(np.median(known[np.isfinite(known)]))
    ends = f"{number_label(column, low)} – {number_label(column, high)}"
    cells = tuple(
        MISSING
        if np.isnan(value)
        else number_label(column, value)
        if low <= value <= high
        else HIDDEN
        for value in found
    )
    return (number_label(column, middle), ends), cells


def _levels(
    real: Table, made: Table, column: Column, owners: Holders
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    codes, levels = values.codes(real, column.name)
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    held = owners.count(codes, len(levels))
    common = {level for level, count in zip(levels, held, strict=True) if count >= owners.least}
    usual = MISSING
    if common:
        top = int(np.where(held >= owners.least, counts, 0).argmax())
        usual = f"{_cut(level_label(column, levels[top]))} ({counts[top] / max(1, len(codes)):.0%})"
    found, names = values.codes(made, column.name)
    cells = tuple(
        MISSING
        if code < 0
        else _cut(level_label(column, names[code]))
        if names[code] in common
        else HIDDEN
        for code in found
    )
    return (usual, f"{len(common):,} values"), cells


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"

"""Columns that a part of a date settles: its weekday, quarter, fiscal year, the last of its month.

Such a column is not shown to an engine, which learns from the date itself. After a draw it is read
off the date that was drawn: as on the real rows with the same part. A part that too few rows share
is not kept; where one is drawn, the nearest that is kept stands for it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.types import Json
from augment.kinds.tables.codecs.vocabulary import LEAST_ROWS
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.holders import Holders, sharing
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import numbers, ranks, table_of
from augment.kinds.tables.relations.calendar_parts import MISSING, PARTS
from augment.kinds.tables.relations.cell_values import (
    CellValue,
    array_of,
    cell_values,
    require_cell_values,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augment.kinds.tables.relations.brackets import Bracket
    from augment.kinds.tables.relations.comparisons import Comparison

LEAST_REPEATED = 30.0  # rows that would differ from another with their part, if by chance
LEAST_KEPT = 0.8  # of the rows, whose part enough rows share
MOST_PARTS = 20_000
MOST_NUMBERS = 64  # values of a number; one of more is a function, which gives dates back as well
LEAST_TABLE = 100  # rows
MOST_SHARE = 0.5  # of the different dates, that a date which is settled may have

ReadOff: TypeAlias = "Settled | Bracket | Comparison"  # a column that others settle after a draw


@dataclass(frozen=True)
class Settled:
    """`result` follows from a `part` of the date `source`: `values` at each of the codes `at`."""

    result: str
    source: str
    part: str
    at: tuple[int, ...]
    values: tuple[CellValue, ...]

    @property
    def sources(self) -> set[str]:
        return {self.source}

    @property
    def sentence(self) -> str:
        return f"{self.result} follows from the {self.part} of {self.source}"

    def of(self, table: Table, column: Column) -> pa.Array:
        codes = PARTS[self.part](numbers(table, self.source))
        at = np.array(self.at)
        right = np.clip(np.searchsorted(at, codes), 0, len(at) - 1)
        left = np.maximum(right - 1, 0)
        nearest = np.where(codes - at[left] < at[right] - codes, left, right)
        made = array_of(column, self.values, nearest)
        return pc.if_else(pa.array(codes == MISSING), pa.scalar(None, made.type), made)


AllSettled = tuple[Settled, ...]


def found(table: Table, left_out: Collection[str], holders: Holders | None = None) -> AllSettled:
    """The columns that hold it on every row, each with the coarsest part that settles it, of the
    date that settles most columns: of a start and an end, the one that all follow. None is the
    target or in `left_out`, and no date is settled by one that is settled itself."""
    if len(table) < LEAST_TABLE:
        return ()
    dates = [column for column in table.schema if column.role == "datetime"]
    distinct = {column.name: _distinct(numbers(table, column.name)) for column in dates}
    dates.sort(key=lambda column: -distinct[column.name])
    proven: dict[str, dict[str, Settled]] = {}  # by date, then by what it settles
    for column in table.schema:
        if column.name in {table.schema.target, *left_out} or column.role == "text":
            continue
        for source in dates:
            dated = column.name in distinct
            if dated and distinct[column.name] > MOST_SHARE * distinct[source.name]:
                continue
            each = _proven(table, column, source, holders)
            if each is not None:
                proven.setdefault(source.name, {})[column.name] = each
    settled: dict[str, Settled] = {}
    sources: set[str] = set()
    for name in sorted(proven, key=lambda name: -len(proven[name])):
        if name not in settled:
            new = {n: each for n, each in proven[name].items() if n not in sources | settled.keys()}
            settled |= new
            sources |= {name} if new else set()
    return tuple(settled[name] for name in table.schema.names if name in settled)


def _distinct(values: NDArray[np.float64]) -> int:
    return len(np.unique(values[~np.isnan(values)]))


def _proven(
    table: Table, result: Column, source: Column, holders: Holders | None
) -> Settled | None:
    """The coarsest part of the date that says the result on every row, if enough rows share it, or
    enough of those whose they are."""
    own = ranks(table, result.name)  # (rows,) codes, -1 for null
    _, size = np.unique(own, return_counts=True)
    differing = 1 - float(((size / len(own)) ** 2).sum())  # chance that two rows differ
    if len(size) < 2 or (result.role == "numeric" and len(size) > MOST_NUMBERS):
        return None
    dates = numbers(table, source.name)
    parts = {part: codes(dates) for part, codes in PARTS.items()}
    for part in sorted(parts, key=lambda part: len(np.unique(parts[part]))):
        at, first, group = np.unique(parts[part], return_index=True, return_inverse=True)
        if len(at) < len(size) or not (own[first][group] == own).all():
            continue
        count = sharing(group, len(at), holders)
        enough = (count >= LEAST_ROWS) & (at != MISSING)
        shared = count[enough].sum() >= LEAST_KEPT * count[at != MISSING].sum()
        missing = own[parts[part] == MISSING]
        if (missing >= 0).any() or not shared or not 0 < enough.sum() <= MOST_PARTS:
            return None
        if (count.sum() - len(at)) * differing < LEAST_REPEATED:
            return None
        values = cell_values(table, result, first[enough])
        return Settled(result.name, source.name, part, tuple(at[enough].tolist()), values)
    return None


def taken_out(table: Table, settled: Sequence[ReadOff]) -> Table:
    return table.select([c.name for c in columns_of(list(table.schema), settled)])


def columns_of(whole: list[Column], settled: Sequence[ReadOff]) -> list[Column]:
    """The columns `whole` without those that are settled."""
    results = {each.result for each in settled}
    return [column for column in whole if column.name not in results]


def put_back(table: Table, settled: Sequence[ReadOff], whole: list[Column]) -> Table:
    """Undo `taken_out`: the columns `whole` in their order."""
    own = {each.result: each for each in settled}
    arrays = [
        own[column.name].of(table, column) if column.name in own else table.column(column.name)
        for column in whole
    ]
    return table_of(whole, arrays, table.schema.target)


def to_json(settled: AllSettled) -> list[Json]:
    return [asdict(each) for each in settled]


def from_json(documents: Any, known: Collection[str]) -> AllSettled:
    """Undo `to_json`. Raises `TypeError` or `ValueError` on what no search can have found."""
    settled: list[Settled] = []
    for document in documents:
        at = tuple(int(code) for code in document["at"])
        each = Settled(**{**document, "at": at, "values": tuple(document["values"])})
        if not {each.result, each.source} <= set(known) or each.part not in PARTS:
            raise ValueError("a column is not there")
        if not 0 < len(at) == len(each.values) <= MOST_PARTS or list(at) != sorted(set(at)):
            raise ValueError("a settled column has no values")
        require_cell_values(each.values)
        settled.append(each)
    results = [each.result for each in settled]
    if len(set(results)) < len(results) or {each.source for each in settled} & set(results):
        raise ValueError("a settled column settles another")
    return tuple(settled)

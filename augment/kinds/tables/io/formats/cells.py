"""Cells of a workbook, each with a type of its own, as columns of one type."""

from __future__ import annotations

import datetime
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

Kind = Literal["number", "boolean", "text", "date", "datetime", "time", "mixed"]
KINDS: dict[type, Kind] = {
    bool: "boolean", int: "number", float: "number", str: "text", datetime.date: "date",
    datetime.datetime: "datetime", datetime.time: "time",
}  # fmt: skip
MOST_EXACT = 2.0**53  # beyond it a float is no count
EMPTY = ""  # what calamine gives for an empty cell


class CellColumn:
    """The cells of one column so far, block by block, and the kind that all of them have.

    A column of several kinds is "mixed", and so is one of durations, which no table can hold:
    its blocks are the text that the cells show.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.kind: Kind | None = None  # once a cell was seen
        self.blocks: list[pa.Array] = []

    def add(self, cells: list[Any]) -> None:
        """Take a block of cells."""
        kinds = {KINDS.get(type(cell), "mixed") for cell in cells if cell != EMPTY}
        found = _common(kinds if self.kind is None else kinds | {self.kind})
        if found != self.kind:
            self.blocks = [_array(block.to_pylist(), found) for block in self.blocks]
        self.kind = found
        self.blocks.append(_array(cells, found))

    def whole(self) -> pa.ChunkedArray:
        """All cells; numbers that all are whole become integers."""
        column = pa.chunked_array(self.blocks, _arrow_type(self.kind))
        if self.kind != "number":
            return column
        fits = pc.and_(pc.equal(column, pc.floor(column)), pc.less(pc.abs(column), MOST_EXACT))
        return column.cast(pa.int64()) if pc.all(fits, min_count=0).as_py() else column


def shown(cell: Any) -> str:
    """A cell as text, the way a spreadsheet shows it where no format is set.

    >>> shown(5.0), shown(0.25), shown(True), shown(datetime.date(2024, 2, 29))
    ('5', '0.25', 'TRUE', '2024-02-29')
    """
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < MOST_EXACT else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)


def _common(kinds: set[Kind]) -> Kind | None:
    """The one kind that a column of these is of; None for a column without any."""
    if kinds == {"date", "datetime"}:
        return "datetime"
    return None if not kinds else kinds.pop() if len(kinds) == 1 else "mixed"


def _array(cells: list[Any], kind: Kind | None) -> pa.Array:
    """Cells of a kind, null for empty ones."""
    values = [None if cell is None or cell == EMPTY else cell for cell in cells]
    if kind == "mixed":
        values = [None if value is None else shown(value) for value in values]
    elif kind == "datetime":
        values = [None if value is None else _moment(value) for value in values]
    return pa.array(values, _arrow_type(kind))


def _moment(value: datetime.date) -> datetime.datetime:
    if isinstance(value, datetime.datetime):
        return value
    return datetime.datetime.combine(value, datetime.time())


def _arrow_type(kind: Kind | None) -> pa.DataType:
    types = {
        "number": pa.float64(), "boolean": pa.bool_(), "date": pa.date32(),
        "datetime": pa.timestamp("us"), "time": pa.time64("us"),
    }  # fmt: skip
    return types.get(kind or "", pa.string())

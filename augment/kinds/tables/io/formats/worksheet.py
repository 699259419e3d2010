"""The rows of a table as the cells of a new workbook, which holds nothing that would differ
between two equal tables."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import BadInput
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.spelling.text import render
from augment.kinds.tables.io.formats import block_rows
from augment.kinds.tables.io.formats.declared import DAY

if TYPE_CHECKING:
    from types import ModuleType


MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 1_048_576, 16_384, 32_767  # limits of Excel
MOST_WHOLE = 10**15  # Excel keeps 15 digits
FIRST_DAY = datetime.datetime(1900, 3, 1)  # the days before it are miscounted by Excel
LAST_DAY = datetime.datetime(9999, 12, 31, 23, 59, 59)
CREATED = datetime.datetime(1980, 1, 1)
SHEET = "Sheet1"
WAY_OUT = "Write CSV or Parquet instead."
Write = Callable[[int, int, Any], Any]  # of a value at a row and a column


def write_sheet(
    xlsxwriter: ModuleType,
    chunks: Iterator[Table],
    stream: IO[bytes],
    schema: Schema,
    name: str,
    header: bool,
) -> None:
    """Write the chunks below one another into one sheet, called `name` where a sheet can be.

    Text is never taken for a formula or a link. Raises `BadInput` for what Excel cannot hold: too
    many rows or columns, texts too long, whole numbers of more than 15 digits, dates before
    March 1900.
    """
    if len(schema) > MOST_COLUMNS:
        raise _beyond(f"there are {len(schema):,} columns, and a sheet has {MOST_COLUMNS:,}.")
    # constant_memory: each row is written when the next begins.
    book = xlsxwriter.Workbook(stream, {"constant_memory": True})
    book.set_properties({"created": CREATED})
    sheet = _sheet(book, xlsxwriter, name)
    row = 0
    if header:
        for place, title in enumerate(schema.names):
            sheet.write_string(0, place, _text(title, title))
        row = 1
    writers = [_writer(book, sheet, column) for column in schema]
    size = block_rows(len(schema))
    for chunk in chunks:
        if row + len(chunk) > MOST_ROWS:
            raise _beyond(f"a sheet has at most {MOST_ROWS:,} rows.")
        for start in range(0, len(chunk), size):
            part = chunk.slice(start, size)
            columns = [_values(column, part.column(column.name)) for column in schema]
            for cells in zip(*columns, strict=True):
                for place, (write, value) in enumerate(zip(writers, cells, strict=True)):
                    if value is not None:
                        write(row, place, value)
                row += 1
    book.close()


def _sheet(book: Any, xlsxwriter: ModuleType, name: str) -> Any:
    try:
        return book.add_worksheet(name or SHEET)
    except xlsxwriter.exceptions.XlsxWriterException:  # a name that no sheet can have
        return book.add_worksheet(SHEET)


def _writer(book: Any, sheet: Any, column: Column) -> Write:
    """How the values of a column are written."""
    if _is_text(column):
        return lambda row, place, value: sheet.write_string(row, place, _text(value, column.name))
    if column.storage == "boolean":
        return sheet.write_boolean  # type: ignore[no-any-return]
    if column.storage == "datetime":
        shape = book.add_format({"num_format": _shape(column)})
        return lambda row, place, value: sheet.write_datetime(row, place, value, shape)
    return sheet.write_number  # type: ignore[no-any-return]


def _is_text(column: Column) -> bool:
    """Whether the cells are text: also of numbers and dates that were text in a typed source."""
    return column.storage == "string" or "string" in column.arrow


def _values(column: Column, values: pa.Array) -> list[Any]:
    """The values of a column as `_writer` takes them; None for an empty cell."""

    if _is_text(column):
        found: list[Any] = render(column, values).to_pylist()
        return found
    if column.storage == "datetime":
        _require_days(column, values)
        found = values.to_pylist()
        return found if _dated(column) else [v if v is None else v.time() for v in found]
    found = values.to_pylist()
    if column.storage in ("integer", "decimal"):
        scale = 10 ** (column.max_decimals or 0) if column.storage == "decimal" else 1
        if any(v is not None and abs(v) * scale >= MOST_WHOLE for v in found):
            raise _beyond("a number has more than 15 digits.", column.name)
    if column.storage == "boolean":
        return found
    return [None if v is None or v != v else float(v) for v in found]  # NaN is missing


def _require_days(column: Column, values: pa.Array) -> None:
    """Refuse days that a sheet cannot hold; a time of day has none."""
    ends = pa.array([FIRST_DAY, LAST_DAY], pa.timestamp("us"))
    outside = pc.or_(pc.less(values, ends[0]), pc.greater(values, ends[1]))
    if _dated(column) and pc.any(outside).as_py():
        raise _beyond("a date lies before March 1900 or after 9999.", column.name)


def _dated(column: Column) -> bool:
    """Whether its values are days, with or without a time; else they are times of day."""
    return not column.format or bool(re.search(DAY, column.format))


def _shape(column: Column) -> str:
    """How a spreadsheet shows dates or times of this precision."""
    fraction = ".000" if column.step_us is not None and column.step_us % 1_000_000 else ""
    clock = f"hh:mm:ss{fraction}"
    if not _dated(column):
        return clock
    if column.format and not re.search("%-?[HI]", column.format):
        return "yyyy-mm-dd"
    return f"yyyy-mm-dd {clock}"


def _text(text: str, column: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise _beyond(f"a text has more than {MOST_CHARACTERS:,} characters.", column)
    return text


def _beyond(why: str, column: str = "") -> BadInput:
    where = f"column {column!r}" if column else ""
    return BadInput(f"Excel cannot hold this: {why}", where=where, hint=WAY_OUT)

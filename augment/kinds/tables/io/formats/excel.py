"""Excel workbooks (.xlsx): one sheet with a header, read by calamine and written by XlsxWriter.

A cell has a type of its own: number, text, boolean, date, time. A column whose cells are all of
one type keeps it; one that mixes them is read as the text that the cells show. Excel counts in
floating point and shows 15 digits; longer whole numbers are refused when written.
"""

from __future__ import annotations

import importlib
import re
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from augment.core.errors import BadInput, MissingExtra, OutOfResources, UsageError, did_you_mean
from augment.core.files import CHUNK_BYTES
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.dialect import Dialect
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.io.formats import (
    Format,
    Raw,
    ReadOptions,
    WriteOptions,
    block_rows,
    declared,
)
from augment.kinds.tables.io.formats.cells import EMPTY, CellColumn, shown
from augment.kinds.tables.io.formats.header import SAMPLE_ROWS, Header, header_of
from augment.kinds.tables.io.formats.worksheet import write_sheet

if TYPE_CHECKING:
    from types import ModuleType

ZIP = b"PK\x03\x04"
INSTALL = "pip install 'augment-synth[excel]'"
MOST_UNPACKED_BYTES = 1 << 31  # of the parts of a workbook together
MOST_CELLS = 1 << 26  # of a sheet; each takes some 32 bytes
CELL = re.compile(rb"""\sr=["']([A-Z]{1,3})(\d{1,7})["']""")
LONGEST_CELL = 16  # bytes of what `CELL` matches


class Excel(Format):
    """One sheet of a workbook."""

    suffixes = (".xlsx",)
    text = False
    spelling = frozenset({"header", "sheet"})

    def claims(self, head: bytes) -> bool:
        return head.startswith(ZIP)

    def read(self, path: Path, name: str, options: ReadOptions) -> Raw:
        calamine = _required("python_calamine")
        _require_small(path, name)
        with _told(calamine, name), calamine.CalamineWorkbook.from_path(str(path)) as book:
            sheet = _sheet(book, name, options)
            return _read(sheet, f"{name}, sheet {sheet.name!r}", options)

    def write(
        self, chunks: Iterator[Table], stream: IO[bytes], schema: Schema, options: WriteOptions
    ) -> None:
        spelt = schema.dialect
        sheet = spelt.sheet if spelt and spelt.format == "xlsx" else ""
        header = spelt.header if spelt else True
        write_sheet(_required("xlsxwriter"), chunks, stream, schema, sheet, header)


def _required(module: str) -> ModuleType:
    """A library of the extra. Raises `MissingExtra` where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise MissingExtra(
            f"Workbooks (.xlsx) need the Python package {module.replace('_', '-')!r}, which is "
            f"not installed. Install it with: {INSTALL}"
        ) from None


def _require_small(path: Path, name: str) -> None:
    """Refuse what is no workbook, and one that would take more memory than a table should.

    A sheet is held as a full grid up to its last cell, so that two cells far apart in a small
    file are as many as a grid of all between them.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            if size > MOST_UNPACKED_BYTES:
                raise _too_large(name, f"unpacks to {size / 2**30:.1f} GiB")
            if "[Content_Types].xml" not in archive.namelist():
                raise _unreadable(name)
            for part in archive.namelist():
                if part.endswith(".xml"):
                    with archive.open(part) as stream:
                        rows, columns = _extent(stream)
                    if rows * columns > MOST_CELLS:
                        raise _too_large(name, f"has a sheet of {rows:,} by {columns:,} cells")
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, UnicodeError):
        raise _unreadable(name) from None


def _extent(stream: IO[bytes]) -> tuple[int, int]:
    """(rows, columns) up to the last cell that a part of a workbook names as B7."""
    names: set[bytes] = set()
    row, rest = 0, b""
    while chunk := stream.read(CHUNK_BYTES):
        chunk = rest + chunk
        found = CELL.findall(chunk)
        names.update(column for column, _ in found)
        row = max(row, max((int(number) for _, number in found), default=0))
        rest = chunk[-LONGEST_CELL:]
    return row, max(map(_column_number, names), default=0)


def _column_number(letters: bytes) -> int:
    """The number of a column from 1: A, B, …, Z, AA."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number


def _too_large(name: str, why: str) -> OutOfResources:
    return OutOfResources(
        f"{name}: the workbook {why}, more than is read at once. Export the sheet as CSV, or "
        "clear what lies beyond its table."
    )


def _unreadable(name: str) -> BadInput:
    return BadInput(
        "this is no whole workbook (.xlsx).",
        where=name,
        hint="Save it again as .xlsx, or export the sheet as CSV.",
    )


@contextmanager
def _told(calamine: ModuleType, name: str) -> Iterator[None]:
    """Whatever calamine finds wrong with a file is told as `BadInput`."""
    try:
        yield
    except calamine.PasswordError:
        raise BadInput(
            "the workbook needs a password.", where=name, hint="Save it without one."
        ) from None
    except (calamine.CalamineError, OSError, ValueError, OverflowError):
        raise _unreadable(name) from None


def _sheet(book: Any, name: str, options: ReadOptions) -> Any:
    """The sheet that is asked for, else the only visible one that holds cells."""
    if options.sheet is not None:
        if options.sheet not in book.sheet_names:
            raise UsageError(
                f"--sheet {options.sheet!r}: {name} has no such sheet. "
                f"{did_you_mean(options.sheet, book.sheet_names)}"
            )
        return book.get_sheet_by_name(options.sheet)
    visible = [
        number
        for number, sheet in enumerate(book.sheets_metadata)
        if str(sheet.visible).endswith("Visible") and str(sheet.typ).endswith("WorkSheet")
    ]
    sheets = [book.get_sheet_by_index(number) for number in visible]
    filled = [sheet for sheet in sheets if sheet.height]
    like = options.expected
    known = like.dialect.sheet if like and like.dialect else ""
    if len(filled) > 1 and known:
        filled = [sheet for sheet in filled if sheet.name == known] or filled
    if not filled:
        raise BadInput("the workbook is empty.", where=name, hint="Give one with a header.")
    if len(filled) > 1:
        listed = ", ".join(repr(sheet.name) for sheet in filled)
        raise BadInput(
            f"the workbook holds {len(filled)} sheets: {listed}.",
            where=name,
            hint=f"Choose one, e.g. --sheet {filled[0].name!r}.",
        )
    return filled[0]


def _read(sheet: Any, name: str, options: ReadOptions) -> Raw:
    """The cells below the header, block by block; `lines` are the rows' numbers in the sheet."""
    rows = _filled(sheet)
    beginning = [row for _, row in zip(range(SAMPLE_ROWS + 1), rows, strict=False)]
    if not beginning:
        raise BadInput("the sheet is empty.", where=name, hint="Give one with a header.")
    start, first = beginning[0]
    width = _width(first, [row for _, row in beginning[1:]])
    header = _header(first[:width], [row for _, row in beginning[1:]], options, f"{name}:{start}")
    columns = [CellColumn(each) for each in header.names]
    lines = array("q")
    block: list[list[Any]] = []

    def kept() -> None:
        for column, cells in zip(columns, zip(*block, strict=True), strict=True):
            column.add(list(cells))
        block.clear()

    records = beginning[1 if header.given else 0 :]
    for number, row in _chained(records, rows):
        if any(cell != EMPTY for cell in row[width:]):
            raise BadInput(
                f"a cell stands to the right of the {width} columns of the header.",
                where=f"{name}:{number}",
                hint="Give its column a name, or clear it.",
            )
        block.append(row[:width])
        lines.append(number)
        if len(block) == block_rows(width):
            kept()
    if block:
        kept()
    arrays = [column.whole() for column in columns]
    table = pa.table(arrays, names=header.names)
    raw = declared.raw(table, name, options)
    mixed = [column.name for column in columns if column.kind == "mixed"]
    return Raw(
        path=name,
        table=raw.table,
        declared={k: v for k, v in raw.declared.items() if k not in mixed},
        lines=np.array(lines, dtype=np.int64),
        notes=(
            *([header.note] if header.note else []),
            *(
                f"The cells of column {each!r} are of several types, or durations; each is read "
                "as the text that it shows."
                for each in mixed
            ),
            *raw.notes,
        ),
        dialect=Dialect("xlsx", header=header.given, sheet=sheet.name),
    )


def _filled(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    """The rows that hold anything, each with its number in the sheet."""
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if any(cell != EMPTY for cell in row):
            yield number, row


def _chained(
    beginning: list[tuple[int, list[Any]]], rest: Iterator[tuple[int, list[Any]]]
) -> Iterator[tuple[int, list[Any]]]:
    yield from beginning
    yield from rest


def _width(first: list[Any], rows: list[list[Any]]) -> int:
    """How many columns there are: empty ones at the right, left over from formatting, are none."""
    width = len(first)
    while width > 1 and all(row[width - 1] == EMPTY for row in (first, *rows)):
        width -= 1
    return width


def _header(first: list[Any], rows: list[list[Any]], options: ReadOptions, where: str) -> Header:
    """The names of the columns, by the rules for text: cells of other types are no names."""
    texts = [[shown(cell) for cell in row[: len(first)]] for row in rows]
    return header_of([shown(cell) for cell in first], texts, options, where)

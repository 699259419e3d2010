"""CSV and TSV under one strict dialect: RFC 4180, with LF or CRLF, quoted newlines, no escapes.

A quote inside a cell that does not begin with one is itself; everything else that the RFC leaves
open (ragged rows, text after a closing quote, a quote that never closes) is refused. An empty
cell is a missing value, quoted or not.
"""

from __future__ import annotations

import csv
import dataclasses
import re
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, ClassVar

from augment.base.errors import BadInput
from augment.tables.dataset import Table
from augment.tables.formats import Format, Raw, ReadOptions, block_rows, dialect
from augment.tables.formats.encoding import opened
from augment.tables.formats.rejects import Rejects
from augment.tables.schema import Schema
from augment.tables.text import render

if TYPE_CHECKING:
    import pyarrow as pa

MAX_CELL_CHARACTERS = 1 << 30
SAMPLE_CHARACTERS = 1 << 16
FORMULA = r"^[=+\-@\t\r]"  # what a spreadsheet takes for the beginning of a formula


class Delimited(Format):
    """What CSV and TSV share; they differ in the delimiter that is expected and written."""

    text = True
    delimiter: ClassVar[str]

    def claims(self, head: bytes) -> bool:
        return False  # any text could be; what nobody claims is read as CSV

    def read(self, path: Path, name: str, options: ReadOptions) -> Raw:
        with opened(path, name, options.encoding) as stream:
            sample = stream.read(SAMPLE_CHARACTERS)
        if not sample.strip("\r\n"):
            raise BadInput("the file is empty.", where=name, hint="Give a table with a header.")
        mark, note = dialect.delimiter(options.delimiter, self.delimiter, sample, name)
        limit = csv.field_size_limit(MAX_CELL_CHARACTERS)
        try:
            with opened(path, name, options.encoding) as stream:
                raw = _read(stream, mark, Rejects(name, options))
        finally:
            csv.field_size_limit(limit)
        return dataclasses.replace(raw, notes=(note, *raw.notes) if note else raw.notes)

    def write(
        self, chunks: Iterator[Table], stream: IO[bytes], schema: Schema, excel_safe: bool
    ) -> None:
        import pyarrow as pa

        # A header cell is quoted for every mark that a reader may guess, so that none is.
        guessed = "".join((self.delimiter, *dialect.LIKELY, *dialect.UNLIKELY))
        names = pa.array(schema.names, pa.string())
        names = _quoted(_harmless(names) if excel_safe else names, guessed)
        stream.write(self.delimiter.join(names.to_pylist()).encode() + b"\n")
        size = block_rows(len(schema))
        for chunk in chunks:
            for start in range(0, len(chunk), size):
                stream.write(_encoded(chunk.slice(start, size), self.delimiter, excel_safe))


class Csv(Delimited):
    """Comma-separated values."""

    suffixes = (".csv",)
    delimiter = ","


class Tsv(Delimited):
    """Tab-separated values, quoted as CSV is."""

    suffixes = (".tsv", ".tab")
    delimiter = "\t"


class _Lines:
    """The lines of a text one by one; remembers those of the row being read."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream
        self.read = 0  # lines so far
        self.row: list[str] = []
        self.nul = False  # whether one of `row` holds a NUL

    def __iter__(self) -> Iterator[str]:
        for line in self.stream:
            self.read += 1
            self.row.append(line)
            self.nul |= "\0" in line
            yield line

    def begin(self) -> int:
        """Forget the last row; the number of the line on which the next one begins."""
        self.row, self.nul = [], False
        return self.read + 1


def _read(stream: IO[str], mark: str, rejects: Rejects) -> Raw:
    """All rows behind the header, block by block into Arrow, with the line each begins on."""
    import numpy as np
    import pyarrow as pa

    lines = _Lines(stream)
    reader = csv.reader(lines, delimiter=mark, strict=True)
    names = _header(reader, lines, rejects.name)
    blocks: list[pa.Table] = []
    starts = array("q")
    rows: list[list[str]] = []
    blank = 0
    size = block_rows(len(names))
    while True:
        start = lines.begin()
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            rejects.add(start, lines.row, *_malformed(error))
            continue
        if lines.nul:
            rejects.add(start, lines.row, "the row holds a NUL character.")
        elif len(row) == len(names) or (not row and len(names) == 1):
            rows.append(row or [""])
            starts.append(start)
        elif not row:
            blank += 1
        else:
            why = f"the row has {len(row)} cells, and the header has {len(names)}."
            rejects.add(start, lines.row, why, "Is --delimiter right?" if len(row) == 1 else "")
        if len(rows) == size:
            blocks.append(_block(names, rows))
            rows = []
    blocks.append(_block(names, rows))
    return Raw(
        path=rejects.name,
        table=pa.concat_tables(blocks),
        declared={},
        lines=np.array(starts, dtype=np.int64),
        notes=(f"{blank} blank lines hold no row.",) if blank else (),
        rejected=rejects.lines,
        rejects=tuple(rejects.kept),
    )


def _header(reader: Iterator[list[str]], lines: _Lines, name: str) -> list[str]:
    """The column names. Raises `BadInput` for names that are empty, repeated or hold a NUL."""
    try:
        names = next(row for row in reader if row)
    except (csv.Error, StopIteration) as error:
        why, hint = _malformed(error) if isinstance(error, csv.Error) else ("no header.", "")
        raise BadInput(why, where=f"{name}:1", hint=hint or "Mend the header.") from None
    where = f"{name}:{lines.read}"
    empty = [str(place) for place, text in enumerate(names, start=1) if not text]
    twice = sorted({text for text in names if names.count(text) > 1})
    if lines.nul:
        raise BadInput(
            "the header holds a NUL character.",
            where=where,
            hint="Is this a text file? Save it as CSV, or pass --encoding.",
        )
    if empty:
        raise BadInput(
            f"column {', '.join(empty[:5])} of {len(names)} has no name.",
            where=where,
            hint="Every column needs a name: write it into the header.",
        )
    if twice:
        raise BadInput(
            f"the column name {twice[0]!r} stands {names.count(twice[0])} times.",
            where=where,
            hint="Names must differ: change the header.",
        )
    return names


def _malformed(error: csv.Error) -> tuple[str, str]:
    """What is wrong with a row's quotes, in words, and a hint."""
    if "unexpected end" in str(error):
        return "a quote opens in this row and never closes.", "Close it, or double it."
    if "expected after" in str(error):
        return (
            "text stands behind a closing quote.",
            "A quote inside a quoted cell is written twice.",
        )
    return f"the row is no CSV ({error}).", ""


def _block(names: list[str], rows: list[list[str]]) -> pa.Table:
    """Rows of cells as columns of text, null where a cell is empty."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = []
    for cells in zip(*rows, strict=True) if rows else [()] * len(names):
        texts = pa.array(cells, pa.string())
        columns.append(pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts))
    return pa.table(columns, names=names)


def _encoded(table: Table, mark: str, excel_safe: bool) -> bytes:
    """The rows of a table as the bytes of its lines."""
    import pyarrow.compute as pc

    cells = []
    for column in table.schema:
        texts = render(column, table.column(column.name))
        texts = pc.fill_null(texts, column.null or "")
        if excel_safe and column.storage == "string":
            texts = _harmless(texts)
        if pc.any(pc.match_substring(texts, "\0")).as_py():
            raise BadInput(
                "a text holds a NUL character, which CSV cannot hold.",
                where=f"column {column.name!r}",
                hint=f"Write Parquet or JSON Lines, or pass --column {column.name}=drop.",
            )
        cells.append(_quoted(texts, mark))
    if len(cells) == 1:  # a bare empty line would be taken for no row at all by other readers
        cells = [pc.if_else(pc.equal(cells[0], ""), '""', cells[0])]
    cells[-1] = pc.binary_join_element_wise(cells[-1], "\n", "")
    return "".join(pc.binary_join_element_wise(*cells, mark).to_pylist()).encode()


def _quoted(texts: pa.Array, marks: str) -> pa.Array:
    """Cells with quotes round those that hold a quote, a line end or one of `marks`."""
    import pyarrow.compute as pc

    needs = pc.match_substring_regex(texts, '["\r\n\ufeff' + re.escape(marks) + "]")
    if not pc.any(needs).as_py():
        return texts
    doubled = pc.replace_substring(texts, '"', '""')
    return pc.if_else(needs, pc.binary_join_element_wise('"', doubled, '"', ""), texts)


def _harmless(texts: pa.Array) -> pa.Array:
    """Cells that a spreadsheet would run, led by an apostrophe."""
    import pyarrow.compute as pc

    return pc.if_else(
        pc.match_substring_regex(texts, FORMULA), pc.binary_join_element_wise("'", texts, ""), texts
    )

"""CSV and TSV under one strict dialect: RFC 4180, with LF or CRLF, quoted newlines, no escapes.

A quote inside a cell that does not begin with one is itself; everything else that the RFC leaves
open (ragged rows, text after a closing quote, a quote that never closes) is refused. An empty
cell is a missing value, quoted or not.
"""

from __future__ import annotations

import codecs
import dataclasses
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import BadInput
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.dialect import Dialect
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.data.spelling.text import render
from augment.kinds.tables.io.formats import (
    Format,
    Raw,
    ReadOptions,
    WriteOptions,
    arrow_csv,
    compression,
)
from augment.kinds.tables.io.formats import delimiter as delimiters
from augment.kinds.tables.io.formats.csv_records import Records, blank_note, long_cells
from augment.kinds.tables.io.formats.encoding import Encoder, encoding_of, opened
from augment.kinds.tables.io.formats.quoting import observed
from augment.kinds.tables.io.formats.rejects import Rejects
from augment.work.threads import in_order

SAMPLE_CHARACTERS = 1 << 16
WRITTEN_CELLS = 1_000_000  # a thread holds as text at once: some 10 MB
SPELT_ALIKE = ("csv", "tsv")
FORMULA = r"^[=+\-@\t\r]"  # what a spreadsheet takes for the beginning of a formula


class Delimited(Format):
    """What CSV and TSV share; they differ in the delimiter that is expected and written."""

    text = True
    spelling = frozenset({"encoding", "delimiter", "header"})
    name: ClassVar[str]  # as which it is registered
    delimiter: ClassVar[str]

    def claims(self, head: bytes) -> bool:
        return False  # any text could be; what nobody claims is read as CSV

    def read(self, path: Path, name: str, options: ReadOptions) -> Raw:
        with self._opened(path, name, options) as text:
            raw = _read_by_arrow(text) or text.records.read()
        return dataclasses.replace(raw, notes=(*text.notes, *raw.notes), dialect=text.dialect)

    def blocks(self, path: Path, name: str, options: ReadOptions) -> Iterator[Raw]:
        with self._opened(path, name, options) as text:
            first = 0
            for raw in _blocks(text):
                notes = raw.notes if first else (*text.notes, *raw.notes)
                rows = np.arange(first, first + raw.table.num_rows)
                yield dataclasses.replace(raw, notes=notes, dialect=text.dialect, rows=rows)
                first += raw.table.num_rows

    @contextmanager
    def _opened(self, path: Path, name: str, options: ReadOptions) -> Iterator[_Text]:
        """A file whose encoding, delimiter and header are found."""
        codec = encoding_of(path, name, options)
        with opened(path, name, codec) as stream:
            sample = stream.read(SAMPLE_CHARACTERS)
        if not sample.strip("\r\n"):
            raise BadInput("the file is empty.", where=name, hint="Give a table with a header.")
        expected = self._delimiter(options.expected.dialect if options.expected else None)
        mark, note = delimiters.found(options.delimiter, expected, sample, name)
        with long_cells(), opened(path, name, codec) as stream:
            records = Records(stream, mark, sample, Rejects(name, options))
            header = records.header
            spelt = observed(sample, mark, header.names, header.given)
            spelt = dataclasses.replace(spelt, format=self.name, encoding=codec)
            notes = tuple(each for each in (note, header.note) if each)
            yield _Text(path, records, spelt, notes)

    def _delimiter(self, dialect: Dialect | None) -> str:
        """The delimiter of the dialect, if it is of this format, else the format's own."""
        return dialect.delimiter if dialect and dialect.format == self.name else self.delimiter

    def write(
        self, chunks: Iterator[Table], stream: IO[bytes], schema: Schema, options: WriteOptions
    ) -> None:
        spelt = self._spelling(schema.dialect, options)
        encoder = Encoder(spelt.encoding)
        # Where a reader may guess the delimiter by a cell, it is quoted for all that he may guess.
        guessed = "".join((spelt.delimiter, *delimiters.LIKELY, *delimiters.UNLIKELY))
        if spelt.header:
            names = _header_cells(schema.names, spelt, guessed, options.excel_safe)
            encoder.write(stream, spelt.delimiter.join(names) + spelt.line_end, schema.names)
        marks = guessed if len(schema) == 1 and not spelt.header else spelt.delimiter
        size = max(1, WRITTEN_CELLS // max(1, len(schema)))

        def spell(part: Table) -> tuple[pa.StringArray, list[pa.Array]]:
            cells = _cells(part, spelt, marks, options.excel_safe)
            return _rows(cells, spelt), cells

        parts = (chunk.slice(at, size) for chunk in chunks for at in range(0, len(chunk), size))
        for rows, cells in in_order(spell, parts):
            encoder.write_rows(stream, rows, cells, schema.names)

    def _spelling(self, dialect: Dialect | None, options: WriteOptions) -> Dialect:
        """How to write rows that were spelt so: JSON and workbooks say nothing about CSV."""
        known = dialect if dialect and dialect.format in SPELT_ALIKE else Dialect()
        header = dialect.header if dialect else True
        return dataclasses.replace(
            known,
            header=header,
            delimiter=options.delimiter or self._delimiter(dialect),
            encoding=options.encoding or known.encoding,
        )


class Csv(Delimited):
    """Comma-separated values."""

    suffixes = (".csv",)
    name = "csv"
    delimiter = ","


class Tsv(Delimited):
    """Tab-separated values, quoted as CSV is."""

    suffixes = (".tsv", ".tab")
    name = "tsv"
    delimiter = "\t"


@dataclasses.dataclass(frozen=True)
class _Text:
    """An open file: where it lies, its records, how it is spelt, and what to say of that."""

    path: Path
    records: Records
    dialect: Dialect
    notes: tuple[str, ...]


def _read_by_arrow(text: _Text) -> Raw | None:
    """What `records.read()` gives, many times as fast; None where that alone can tell."""
    header, name = text.records.header, text.records.rejects.name
    try:
        with _bytes(text) as stream:
            skipped = 1 if header.given else 0
            rows = arrow_csv.read(stream, text.records.mark, len(header.names), skipped)
    except (arrow_csv.Doubtful, *compression.UNREADABLE):
        return None
    return Raw(
        path=name,
        table=rows.table.rename_columns(header.names),
        declared={},
        lines=rows.lines,
        notes=blank_note(rows.blank),
    )


def _blocks(text: _Text) -> Iterator[Raw]:
    """All rows some at a time, by Arrow as far as it is sure, and strictly from there."""
    header, name = text.records.header, text.records.rejects.name
    done = blank = 0
    try:
        with _bytes(text) as stream:
            for rows in arrow_csv.blocks(stream, text.records.mark, len(header.names)):
                first = 1 if header.given and not done else 0
                table = rows.table.slice(first).rename_columns(header.names)
                yield Raw(name, table, {}, rows.lines[first:])
                done, blank = done + rows.table.num_rows, blank + rows.blank
        if done:
            yield Raw(name, table.slice(0, 0), {}, rows.lines[:0], notes=blank_note(blank))
            return
    except (arrow_csv.Doubtful, *compression.UNREADABLE):
        pass
    passed = max(0, done - (1 if header.given else 0))
    for raw in text.records.blocks():
        known = min(passed, raw.table.num_rows)
        passed -= known
        assert raw.lines is not None
        yield dataclasses.replace(raw, table=raw.table.slice(known), lines=raw.lines[known:])


@contextmanager
def _bytes(text: _Text) -> Iterator[IO[bytes]]:
    """The UTF-8 text of a file. Raises `arrow_csv.Doubtful` for one in another encoding."""
    if not text.dialect.encoding.startswith("utf-8"):
        raise arrow_csv.Doubtful
    with compression.reading(text.path, text.records.rejects.name) as stream:
        if text.dialect.encoding == "utf-8-sig":
            stream.read(len(codecs.BOM_UTF8))
        yield stream


def _header_cells(names: list[str], spelt: Dialect, marks: str, excel_safe: bool) -> list[str]:
    texts = pa.array(names, pa.string())
    texts = _harmless(texts) if excel_safe else texts
    cells: list[str] = _quoted(texts, marks, spelt.quoted_header).to_pylist()
    return cells


def _cells(table: Table, spelt: Dialect, marks: str, excel_safe: bool) -> list[pa.Array]:
    """The columns of a table as the cells of a file."""
    cells = []
    for column in table.schema:
        rendered = render(column, table.column(column.name))
        texts = pc.fill_null(rendered, column.null or "")
        if excel_safe and column.storage == "string":
            texts = _harmless(texts)
        if pc.any(pc.match_substring(texts, "\0")).as_py():
            raise BadInput(
                "a text holds a NUL character, which CSV cannot hold.",
                where=f"column {column.name!r}",
                hint=f"Write Parquet or JSON Lines, or pass --column {column.name}=drop.",
            )
        always: pa.Array | bool = column.name in spelt.quoted
        if always and not spelt.quoted_missing:
            always = pc.is_valid(rendered)
        cells.append(_quoted(texts, marks, always))
    if len(cells) == 1:  # a bare empty line would be taken for no row at all by other readers
        cells[0] = pc.if_else(pc.equal(cells[0], ""), '""', cells[0])
    return cells


def _rows(cells: list[pa.Array], spelt: Dialect) -> pa.StringArray:
    """The rows of a file, from the cells of each column."""
    ended = [*cells[:-1], pc.binary_join_element_wise(cells[-1], spelt.line_end, "")]
    rows = pc.binary_join_element_wise(*ended, spelt.delimiter)
    return rows.combine_chunks() if isinstance(rows, pa.ChunkedArray) else rows


def _quoted(texts: pa.Array, marks: str, always: pa.Array | bool = False) -> pa.Array:
    """Cells with quotes round those that hold a quote, a line end or one of `marks`, and round
    all where `always` is true."""
    needs = pc.match_substring_regex(texts, '["\r\n\ufeff' + re.escape(marks) + "]")
    if always is not False:
        needs = pc.or_(needs, always)
    if not pc.any(needs).as_py():
        return texts
    doubled = pc.replace_substring(texts, '"', '""')
    return pc.if_else(needs, pc.binary_join_element_wise('"', doubled, '"', ""), texts)


def _harmless(texts: pa.Array) -> pa.Array:
    """Cells that a spreadsheet would run, led by an apostrophe."""
    return pc.if_else(
        pc.match_substring_regex(texts, FORMULA), pc.binary_join_element_wise("'", texts, ""), texts
    )

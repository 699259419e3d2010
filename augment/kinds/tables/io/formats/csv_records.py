"""The records of delimited text, read strictly, and the place and fault of what is none."""

from __future__ import annotations

import csv
import dataclasses
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import numpy as np
import pyarrow as pa

from augment.core.errors import BadInput
from augment.kinds.tables.io.formats import Raw, block_rows
from augment.kinds.tables.io.formats import delimiter as delimiters
from augment.kinds.tables.io.formats.header import SAMPLE_ROWS, header_of
from augment.kinds.tables.io.formats.rejects import Rejects

MAX_CELL_CHARACTERS = 1 << 30


@contextmanager
def long_cells() -> Iterator[None]:
    """Cells of any length that memory has room for."""
    limit = csv.field_size_limit(MAX_CELL_CHARACTERS)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


class Lines:
    """The lines of a text one by one; remembers those of the row being read."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream
        self.read = 0  # lines so far
        self.first = 1  # the line on which the first row begins
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


class Records:
    """The records of a text by the strict reader: the first of them, and the header, at once.

    `sample` is the beginning of the text, by which the header is judged.
    """

    def __init__(self, stream: IO[str], mark: str, sample: str, rejects: Rejects) -> None:
        self.mark, self.rejects = mark, rejects
        self.lines = Lines(stream)
        self.reader = csv.reader(self.lines, delimiter=mark, strict=True)
        self.first = _first(self.reader, self.lines, rejects.name)
        following = delimiters.rows_of(sample, mark, SAMPLE_ROWS)[1:]
        where = f"{rejects.name}:{self.lines.read}"
        self.header = header_of(self.first, following, rejects.options, where)

    def read(self) -> Raw:
        """All records, block by block into Arrow, with the line each begins on."""
        parts = list(self.blocks())
        table = pa.concat_tables([part.table for part in parts])
        lines = np.concatenate([part.lines for part in parts if part.lines is not None])
        return dataclasses.replace(parts[-1], table=table, lines=lines)

    def blocks(self) -> Iterator[Raw]:
        """The same some at a time; notes and bad rows are told with the last of them."""
        names, lines, rejects = self.header.names, self.lines, self.rejects
        starts = array("q", [] if self.header.given else [lines.first])
        rows: list[list[str]] = [] if self.header.given else [self.first]
        blank = 0
        size = block_rows(len(names))
        while True:
            start = lines.begin()
            try:
                row = next(self.reader)
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
                yield Raw(rejects.name, _block(names, rows), {}, np.array(starts, np.int64))
                rows, starts = [], array("q")
        yield Raw(
            path=rejects.name,
            table=_block(names, rows),
            declared={},
            lines=np.array(starts, dtype=np.int64),
            notes=blank_note(blank),
            rejected=rejects.lines,
            rejects=tuple(rejects.kept),
        )


def blank_note(blank: int) -> tuple[str, ...]:
    """What is said of empty lines."""
    return (f"{blank} blank lines hold no row.",) if blank else ()


def _first(reader: Iterator[list[str]], lines: Lines, name: str) -> list[str]:
    """The first row that is not blank. Raises `BadInput` where it cannot be read."""
    try:
        row: list[str] = []
        while not row:
            lines.first = lines.begin()
            row = next(reader)
    except (csv.Error, StopIteration) as error:
        why, hint = _malformed(error) if isinstance(error, csv.Error) else ("no header.", "")
        raise BadInput(why, where=f"{name}:1", hint=hint or "Mend the header.") from None
    if lines.nul:
        raise BadInput(
            "the first row holds a NUL character.",
            where=f"{name}:{lines.read}",
            hint="Is this a text file? Save it as CSV, or pass --encoding.",
        )
    return row


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
    present = [[cell or None for cell in row] for row in rows]
    columns = zip(*present, strict=True) if rows else [()] * len(names)
    return pa.table([pa.array(cells, pa.string()) for cells in columns], names=names)

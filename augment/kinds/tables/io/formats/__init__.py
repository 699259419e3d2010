"""What a table format is: how to read a file into raw columns, and how to write tables back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, ClassVar, Literal

import numpy as np
import pyarrow as pa

from augment.core.errors import UsageError
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.dialect import Dialect, encoding_name
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.data.spelling import text

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK_CELLS = 500_000  # held as Python objects at once while text is read or written


def block_rows(columns: int) -> int:
    """How many rows of so many columns are read or written at once."""
    return max(1, BLOCK_CELLS // max(1, columns))


@dataclass(frozen=True)
class ReadOptions:
    """How a source is to be read; everything at its default means "find out, and say so".

    `columns` maps a column to a role in words, e.g. "id", "category", "datetime:%d/%m/%Y",
    "text:email", "drop". With `bad_rows="skip"` at most `max_bad` lines that cannot be read go
    to `rejects` (text with line number and reason) in place of the table. `header` False: the
    first row is a record; True: it holds the names of the columns whatever it looks like. `locale`
    is Faker's, for surrogates.

    Of more than `fit_rows` rows so many are drawn; None: of what memory could not hold. `stratify`
    draws from each value of the target as many as are its share. `scored` rows are only to be
    scored: of a large source some are drawn, and `Table.whole` reads all.

    `like` is for rows that stand beside a table already read: its names and its spelling are
    what is looked for first, and nothing of it is required.
    """

    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    sheet: str | None = None
    bad_rows: Literal["fail", "skip"] = "fail"
    max_bad: int = 0
    rejects: Path | None = None
    schema: Schema | None = None
    columns: dict[str, str] = field(default_factory=dict)
    target: str | None = None
    locale: str | None = None
    sql: str | None = None  # a query, where the source is a database
    fit_rows: int | None = None
    stratify: bool = False
    scored: bool = False
    like: Schema | None = None

    @property
    def expected(self) -> Schema | None:
        """What the file is likely to be: `like`, or the schema that is given."""
        return self.like or self.schema


@dataclass(frozen=True)
class WriteOptions:
    """How a file is to be spelt; what is left open is as the rows' own `Schema.dialect` says."""

    excel_safe: bool = False
    delimiter: str | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class Raw:
    """A file as its format understands it, before columns get their roles.

    It may be a part of the file: `rows` (rows,) then holds the number of each in it, from 0.
    `declared` holds the types of the columns that the file itself types, in the spelling of
    `Column.arrow`; the other columns are text, still to be typed. Texts are strings or a
    dictionary of strings. `lines` (rows,) holds the line
    on which each row begins, for formats that have lines. `dialect` is how the file is spelt,
    for formats of which that can differ.
    """

    path: str
    table: pa.Table
    declared: Mapping[str, str]
    lines: NDArray[np.int64] | None = None
    notes: tuple[str, ...] = ()
    rejected: int = 0  # lines
    rejects: tuple[str, ...] = ()  # the rejected rows, each below a line with place and reason
    dialect: Dialect | None = None
    rows: NDArray[np.int64] | None = None

    def taken(self, rows: NDArray[np.int64]) -> Raw:
        """Some of its rows, with their places; texts as strings."""
        return replace(
            self,
            table=self.table.take(rows),
            lines=None if self.lines is None else self.lines[rows],
            rows=None if self.rows is None else self.rows[rows],
        ).decoded()

    def sliced(self, first: int, rows: int) -> Raw:
        """Some of its rows that lie together, in the same memory."""
        end = first + rows
        return replace(
            self,
            table=self.table.slice(first, rows),
            lines=None if self.lines is None else self.lines[first:end],
            rows=None if self.rows is None else self.rows[first:end],
        )

    def emptied(self) -> Raw:
        """What is said of it, without its rows and what they take; texts as strings."""
        none = np.zeros(0, np.int64)
        return replace(
            self,
            table=self.table.schema.empty_table(),
            lines=None if self.lines is None else none,
            rows=None if self.rows is None else none,
        ).decoded()

    def decoded(self) -> Raw:
        """The same with texts as strings."""
        if not any(map(pa.types.is_dictionary, self.table.schema.types)):
            return self
        columns = [text.decoded(column) for column in self.table.columns]
        return replace(self, table=pa.table(columns, names=self.table.column_names))

    def where(self, row: int) -> str:
        """The place of a row for a message: `file:line`, or the row's number from 1."""
        if self.lines is None:
            number = row if self.rows is None else int(self.rows[row])
            return f"{self.path}, row {number + 1}"
        return f"{self.path}:{int(self.lines[row])}"


class Format(ABC):
    """One way to keep a table in a file.

    A subclass is registered in the entry points `augment.formats` under the name that the user
    gives to `--format`, and is made without arguments.
    """

    suffixes: ClassVar[tuple[str, ...]]  # lower case, with the dot
    text: ClassVar[bool]  # may be wrapped in .gz, .zst or .zip
    # Of "encoding", "delimiter", "header" and "sheet" those that can be told to it.
    spelling: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def claims(self, head: bytes) -> bool:
        """Whether a file whose name tells nothing but which begins so is of this format."""

    @abstractmethod
    def read(self, path: Path, name: str, options: ReadOptions) -> Raw:
        """Read `path`, called `name` in messages. Raises `BadInput` with the place."""

    def blocks(self, path: Path, name: str, options: ReadOptions) -> Iterator[Raw]:
        """The same rows, some at a time, with their numbers; formats that can do so need not hold
        all of them."""
        raw = self.read(path, name, options)
        yield replace(raw, rows=np.arange(raw.table.num_rows))

    def rows(self, path: Path, name: str) -> int | None:
        """How many rows a file says that it has; None where it has to be read for that."""
        return None

    @abstractmethod
    def write(
        self, chunks: Iterator[Table], stream: IO[bytes], schema: Schema, options: WriteOptions
    ) -> None:
        """Write all chunks, each of this schema, as one file."""


def checked_encoding(given: str) -> str:
    """Python's name of the encoding that a user gives. Raises `UsageError` for an unknown one."""
    found = encoding_name(given)
    if found is None:
        raise UsageError(f"--encoding {given!r} is unknown. Try utf-8, utf-16, cp1252 or latin-1.")
    return found

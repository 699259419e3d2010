"""A connection to a database, and what all databases do alike: read a table, write one whole."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from augment.core.errors import (
    BadInput,
    UsageError,
    did_you_mean,
    listed,
)
from augment.sources.databases.address import Address
from augment.sources.databases.names import column, quoted
from augment.sources.databases.statements import Statements

STAGED = "augment_staged"  # a temporary table, which no other connection sees
READ_ROWS = 1 << 16


@dataclass(frozen=True)
class Field:
    """A column of a table in a database, of the type as its own SQL spells it."""

    name: str
    type: str
    generated: bool = False


class Session(ABC):
    """One transaction on a database; nothing of it is there before `commit`."""

    decimal = ""  # the type of its own for decimals, which are staged as text
    ids_given = ""  # the words by which a column that counts takes what it is given

    def __init__(self, address: Address) -> None:
        self.address = address
        self.statements = Statements()

    @abstractmethod
    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a statement gives; an empty list where it gives nothing."""

    def names(self, sql: str) -> list[str]:
        """The first column of what a statement gives."""
        return [row[0] for row in self.rows(sql)]

    @abstractmethod
    def stream(self, sql: str) -> pa.RecordBatchReader:
        """What a query gives, as plain Arrow types."""

    def waited_for(self, reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
        """The same, each batch of which is waited for as statements are."""

        def batches() -> Iterator[pa.RecordBatch]:
            rows = iter(reader)
            while (batch := self.statements.waited(lambda: next(rows, None))) is not None:
                yield batch

        return pa.RecordBatchReader.from_batches(reader.schema, batches())

    @abstractmethod
    def stage(self, rows: pa.Table, first: bool) -> None:
        """Put rows into the temporary table, which the first call makes."""

    @abstractmethod
    def end(self, commit: bool) -> None:
        """Keep what was done, or undo it."""

    @abstractmethod
    def close(self) -> None:
        """Let the connection go; what was not committed is undone."""

    @abstractmethod
    def tables(self) -> list[str]:
        """The tables and views that can be named."""

    @abstractmethod
    def fields(self, table: str) -> list[Field]:
        """The columns of a table; none where there is no such table."""

    @abstractmethod
    def key(self, table: str) -> list[str]:
        """The columns of its primary key."""

    def cast(self, value: str, kind: str) -> str:
        """A staged value in the type of a column; as it is where that has none."""
        return f"CAST({value} AS {kind})" if kind else value

    @abstractmethod
    def create_like(self, table: str, other: str) -> None:
        """Make a table with the columns, types, keys and checks of another."""


def query_of(session: Session, sql: str | None) -> str:
    """The query that reads what is asked for: a table in the order of its key, or the SQL given."""
    address = session.address
    if sql is not None:
        if address.table is not None:
            raise UsageError("?table= and --sql contradict each other. Leave out one.")
        return sql.strip().rstrip(";")
    if address.table is None:
        raise UsageError(
            f"{address} names no table. Add ?table=NAME, or pass --sql. "
            f"There are: {listed(session.tables()) or 'none'}."
        )
    require_table(session, address.table)
    order = ", ".join(map(column, session.key(address.table)))
    return f"SELECT * FROM {quoted(address.table)}" + (f" ORDER BY {order}" if order else "")


def create_by_definition(session: Session, table: str, other: str, definition: str) -> None:
    """Make a table as another is made; `definition` is a query for the SQL that made that one."""
    found = session.names(definition)
    body = re.search(r"\(.*", found[0], re.DOTALL) if found else None
    if body is None:
        raise BadInput(f"{other!r} is no plain table.", where=str(session.address))
    session.rows(f"CREATE TABLE {quoted(table)} {body[0]}")


def require_table(session: Session, table: str) -> list[Field]:
    """Its columns. Raises `BadInput` with a near name where there is none of that name."""
    fields = session.fields(table)
    if not fields:
        raise BadInput(
            f"there is no table {table!r}.",
            where=str(session.address),
            hint=did_you_mean(table, session.tables()),
        )
    return fields


def first_row(session: Session, table: str) -> list[tuple[Any, ...]]:
    """The first row of a table, if it has any."""
    return session.rows(f"SELECT * FROM {quoted(table)} LIMIT 1")


def make_and_undo(session: Session, table: str) -> None:
    """Show that tables can be made, and leave none."""
    session.rows(f"CREATE TABLE {quoted(table)} (tried int)")
    session.end(commit=False)


def write(session: Session, parts: Iterator[pa.Table], force: bool) -> int:
    """Rows into the table of the address, all of them or none; how many.

    A table that is there keeps its types, keys and rights: with `force` its rows are replaced, with
    `mode=append` rows go below them. A new one is made like another, or of the rows' own types.
    Raises `UsageError` where it is there and neither is asked for.
    """
    address = session.address
    if address.table is None:
        raise UsageError(f"{address} names no table. Add ?table=NAME.")
    if address.append and force:
        raise UsageError("mode=append and --force contradict each other. Leave out one.")
    table, there = address.table, bool(session.fields(address.table))
    if there and not (force or address.append):
        raise UsageError(
            f"{address}: the table is there already. Pass --force to replace its rows, or add "
            "&mode=append to put these below them."
        )
    count = 0
    done = False
    try:
        schema: pa.Schema | None = None
        for part in parts:
            session.stage(part if schema is None else part.cast(schema), first=schema is None)
            schema = schema or part.schema
            count += part.num_rows
        assert schema is not None, "there is always a first part"
        names = schema.names
        if there and force:
            session.rows(f"DELETE FROM {quoted(table)}")
        elif not there and address.like is not None:
            require_table(session, address.like)
            session.create_like(table, address.like)
        if there or address.like is not None:
            _insert(session, table, names)
        else:
            chosen = ", ".join(_typed(session, field) for field in schema)
            session.rows(f"CREATE TABLE {quoted(table)} AS SELECT {chosen} FROM {STAGED}")
        session.rows(f"DROP TABLE {STAGED}")
        session.end(commit=True)
        done = True
    finally:
        if not done:
            with suppress(Exception):  # what went wrong is told already
                session.end(commit=False)
    return count


def _typed(session: Session, field: pa.Field) -> str:
    name = column(field.name)
    if session.decimal and pa.types.is_decimal(field.type):
        return f"CAST({name} AS {session.decimal}) AS {name}"
    return name


def _insert(session: Session, table: str, names: list[str]) -> None:
    """Move the staged rows into a table, each column in the table's own type."""
    fields = session.fields(table)
    types = {field.name: field.type for field in fields}
    strange = [name for name in names if name not in types]
    if strange:
        raise BadInput(
            f"the table has no column {listed(map(repr, strange))}.",
            where=str(session.address),
            hint="Name another table, or leave the column out of the fit with --column NAME=drop.",
        )
    computed = {field.name for field in fields if field.generated}  # by the database itself
    names = [name for name in names if name not in computed]
    into = ", ".join(column(name) for name in names)
    cast = ", ".join(session.cast(column(name), types[name]) for name in names)
    session.rows(
        f"INSERT INTO {quoted(table)} ({into}) {session.ids_given}SELECT {cast} FROM {STAGED}"
    )

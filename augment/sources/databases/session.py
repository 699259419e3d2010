"""A connection to a database, and what all databases do alike: read a table, write one whole."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from augment.core.errors import (
    AugmentError,
    BadInput,
    OutOfResources,
    UsageError,
    did_you_mean,
    listed,
)
from augment.sources.databases.address import Address

STAGED = "augment_staged"  # a temporary table, which no other connection sees
READ_ROWS = 1 << 16
NO_ADDRESS = ("invalid uri query parameter", "invalid sslmode value", "invalid port number")
NO_DATABASE = re.compile('database ".*" does not exist')
NO_DATABASE_FILE = ("not a database", "not a valid duckdb", "in-memory", "sqlite_scanner")
STATES = {  # what PostgreSQL says of a statement, by the standard's codes or their classes
    "3F000": ("there is no such schema", "Make it first, or name another."),
    "42601": ("the SQL is not one query", "Give a single SELECT, and try it with psql."),
    "42P01": ("the SQL names a table that is not there", "Try it with psql."),
    "42703": ("the SQL names a column that is not there", "Try it with psql."),
    "22": (
        "a value is none of the column's type; nothing was written",
        "Texts that stand for arrays, addresses and the like are made up: leave such columns out of "
        "the fit with --column NAME=drop.",
    ),
}
PART = re.compile(r'("(?:[^"]|"")+")|([^".]+)')
QUOTED = re.compile(rf"(?:{PART.pattern})(?:\.(?:{PART.pattern}))*")


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

    @abstractmethod
    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a statement gives; an empty list where it gives nothing."""

    def names(self, sql: str) -> list[str]:
        """The first column of what a statement gives."""
        return [row[0] for row in self.rows(sql)]

    @abstractmethod
    def stream(self, sql: str) -> pa.RecordBatchReader:
        """What a query gives, as plain Arrow types."""

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


def parts_of(name: str) -> list[str]:
    """The schema, if one is named, and the table. A dot parts them; where it belongs to a name, that
    stands in double quotes, as in SQL.

    >>> parts_of("sales.my orders"), parts_of('sales."a.b"'), parts_of('a"b')
    (['sales', 'my orders'], ['sales', 'a.b'], ['a"b'])
    """
    if QUOTED.fullmatch(name):
        found = [each for pair in PART.findall(name) for each in pair if each]
        return [e[1:-1].replace('""', '"') if e.startswith('"') else e for e in found]
    return name.split(".")


def named(*parts: str) -> str:
    """The same undone: the name by which users find a table, shown and typed as one.

    >>> named("sales", "orders"), named("a.b")
    ('sales.orders', '"a.b"')
    """
    return ".".join(column(part) if "." in part or part[:1] == '"' else part for part in parts)


def quoted(name: str) -> str:
    """A name in SQL.

    >>> quoted("sales.my orders"), quoted('"a.b"')
    ('"sales"."my orders"', '"a.b"')
    """
    return ".".join(map(column, parts_of(name)))


def column(name: str) -> str:
    """The name of a column in SQL, dots and all."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def failures(address: Address) -> Iterator[None]:
    """Tell what a driver raises by the kind of error alone: its words may hold values."""
    try:
        yield
    except (AugmentError, MemoryError):
        raise
    except Exception as error:
        raise _told(error, address) from None


def _told(error: Exception, address: Address) -> AugmentError:
    state = getattr(error, "sqlstate", None) or ""
    said = str(error).lower()
    where = str(address)
    if state.startswith("28") or "password" in said or "authentication" in said:
        return BadInput(
            "the server refuses this user, or needs a password.",
            where=where,
            hint="Give it by PGPASSWORD, ~/.pgpass or a service file; never in the address.",
        )
    if any(each in said for each in NO_ADDRESS):
        return UsageError(
            f"{where}: PostgreSQL does not take this address: a part behind the ? is unknown, or has "
            "a value that it cannot have."
        )
    if state == "3D000" or NO_DATABASE.search(said):
        return BadInput(
            "the server has no database of this name.", where=where, hint="Is it spelt right?"
        )
    if any(each in said for each in NO_DATABASE_FILE):
        return BadInput(
            f"the file is no database of {address.scheme}.",
            where=where,
            hint="Is sqlite:/// or duckdb:/// right? A file of rows is named by its path alone.",
        )
    if state.startswith("08") or "connect" in said or "could not translate host" in said:
        return BadInput(
            "the server cannot be reached.",
            where=where,
            hint="Is it running, at this host and port?",
        )
    if state.startswith("53") or "disk" in said:
        return OutOfResources(f"{where}: the database is out of disk space or memory.")
    if "lock" in said or state.startswith(("55", "40")):
        return BadInput(
            "another program holds the table or the file.", where=where, hint="Try again later."
        )
    if "read-only" in said or "readonly" in said or "permission" in said or state == "42501":
        return BadInput(
            "this user may not read, or not write, what is asked for.",
            where=where,
            hint="Ask for the right to.",
        )
    if state.startswith("23") or "constraint" in said:
        return BadInput(
            "the rows break a key or a check of the table; nothing was written.",
            where=where,
            hint="With rows that are there already, ids may repeat: replace them with --force.",
        )
    if state in STATES or state[:2] in STATES:
        what, hint = STATES.get(state) or STATES[state[:2]]
        return BadInput(f"{what} (SQLSTATE {state}).", where=where, hint=hint)
    code = f" (SQLSTATE {state})" if state.strip("\0") else ""
    return BadInput(
        f"the database refuses this: {type(error).__name__}{code}.",
        where=where,
        hint="Check the table, its types and the SQL.",
    )


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

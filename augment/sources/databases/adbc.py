"""SQLite and PostgreSQL by their ADBC drivers, which hand over Arrow."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote

import adbc_driver_postgresql.dbapi as postgresql
import adbc_driver_sqlite.dbapi as sqlite
import pyarrow as pa
from adbc_driver_manager import dbapi

from augment.sources.databases.address import Address
from augment.sources.databases.names import column, literal, named, parts_of, quoted
from augment.sources.databases.session import (
    READ_ROWS,
    STAGED,
    Field,
    Session,
    create_by_definition,
)

CONNECT_SECONDS = 30  # libpq's own is for ever, and nothing but SIGKILL would end it
BATCH_ROWS = "adbc.sqlite.query.batch_rows"
NUMERIC = b"numeric"
MONEY = b"money"  # which the driver hands over as cents
TYPED_ROWS = 1_000_000  # which are held at once


class _Adbc(Session):
    """What both drivers do alike."""

    decimal = "numeric"

    connection: dbapi.Connection
    reading: dbapi.Cursor | None = None  # of the last stream, which ends with it

    def close(self) -> None:
        self.statements.closed(self._close)

    def _close(self) -> None:
        if self.reading is not None:
            self.reading.close()
        self.connection.close()

    def opened(self) -> dbapi.Cursor:
        """A cursor that stays as long as the session, or until the next."""
        if self.reading is not None:
            self.reading.close()
        self.reading = self.connection.cursor()
        return self.reading

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        def asked() -> list[tuple[Any, ...]]:
            with self.connection.cursor() as cursor:
                cursor.execute(sql)
                return list(cursor.fetchall()) if cursor.description else []

        return self.statements.waited(asked)

    def end(self, commit: bool) -> None:
        self.statements.waited(self.connection.commit if commit else self.connection.rollback)

    def stage(self, rows: pa.Table, first: bool) -> None:
        def ingest() -> None:
            with self.connection.cursor() as cursor:
                mode = "create" if first else "append"
                cursor.adbc_ingest(STAGED, _plain(rows), mode=mode, temporary=True)

        self.statements.waited(ingest)

    def executed(self, cursor: dbapi.Cursor, sql: str) -> pa.RecordBatchReader:
        """What a query gives, once its first rows are there."""

        def execute() -> pa.RecordBatchReader:
            cursor.execute(sql)
            return cursor.fetch_record_batch()

        return self.statements.waited(execute)


class Sqlite(_Adbc):
    """A file of SQLite."""

    def __init__(self, address: Address, write: bool) -> None:
        super().__init__(address)
        place = quote(address.place)
        self.connection = sqlite.connect(f"file:{place}?mode={'rwc' if write else 'ro'}")
        # Its driver cancels nothing: who is interrupted leaves the statement to itself.

    def stream(self, sql: str) -> pa.RecordBatchReader:
        """Types are those of the first million values of a column: any cell may be of any."""
        count = int(self.rows(f"SELECT count(*) FROM ({sql})")[0][0])
        cursor = self.opened()
        cursor.adbc_statement.set_options(**{BATCH_ROWS: str(min(max(1, count), TYPED_ROWS))})
        return self.waited_for(self.executed(cursor, sql))

    def tables(self) -> list[str]:
        found = self.names(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
            "AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
        return [named(name) for name in found]

    def fields(self, table: str) -> list[Field]:
        info = self.rows(f"SELECT name, hidden FROM pragma_table_xinfo({_table(table)})")
        # An affinity is kept by the column itself: a cast to it would change what it keeps.
        return [Field(name, "", hidden > 1) for name, hidden in info if hidden != 1]

    def key(self, table: str) -> list[str]:
        return self.names(
            f"SELECT name FROM pragma_table_info({_table(table)}) WHERE pk > 0 ORDER BY pk"
        )

    def create_like(self, table: str, other: str) -> None:
        definition = (
            f"SELECT sql FROM sqlite_master WHERE type = 'table' AND name = {_table(other)}"
        )
        create_by_definition(self, table, other, definition)


class Postgresql(_Adbc):
    """A PostgreSQL server; libpq finds the password by its own usual ways."""

    ids_given = "OVERRIDING SYSTEM VALUE "

    def __init__(self, address: Address, write: bool) -> None:
        super().__init__(address)
        self.connection = self.statements.waited(
            lambda: postgresql.connect(_in_time(address.place))
        )
        self.statements.cancel = self.connection.adbc_cancel
        if not write:
            self.rows("SET TRANSACTION READ ONLY")

    def stream(self, sql: str) -> pa.RecordBatchReader:
        """Numbers of any length, UUIDs, JSON and the like come as text."""
        with self.connection.cursor() as cursor:
            schema = self.executed(cursor, f"SELECT * FROM ({sql}) AS asked LIMIT 0").schema
        if any(_is_foreign(field) for field in schema):
            listed = ", ".join(
                f"{_as_text(f)} AS {column(f.name)}" if _is_foreign(f) else column(f.name)
                for f in schema
            )
            # The order of a subquery is that of the rows where nothing above it sorts.
            sql = f"SELECT {listed} FROM ({sql}) AS asked"
        reader = self.waited_for(self.executed(self.opened(), sql))
        numeric = {f.name for f in schema if _type_name(f) in (NUMERIC, MONEY)}
        fields = [
            f.with_metadata({"untyped": "1"}) if f.name in numeric else f.remove_metadata()
            for f in reader.schema
        ]
        plain = pa.schema(fields)
        batches = (pa.RecordBatch.from_arrays(batch.columns, schema=plain) for batch in reader)
        return pa.RecordBatchReader.from_batches(plain, batches)

    def tables(self) -> list[str]:
        found = self.rows(
            "SELECT table_schema::text, table_name::text, table_schema = current_schema() "
            "FROM information_schema.tables "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        return sorted(
            named(name) if current else named(schema, name) for schema, name, current in found
        )

    def fields(self, table: str) -> list[Field]:
        found = self.rows(
            "SELECT attname::text, format_type(atttypid, atttypmod), "
            "attgenerated <> '' FROM pg_attribute "
            f"WHERE attrelid = to_regclass({literal(quoted(table))}) "
            "AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        )
        return [Field(*row) for row in found]

    def key(self, table: str) -> list[str]:
        return self.names(
            "SELECT attname::text FROM pg_index JOIN pg_attribute ON attrelid = indrelid "
            f"AND attnum = ANY(indkey) WHERE indrelid = to_regclass({literal(quoted(table))}) "
            "AND indisprimary ORDER BY array_position(indkey::int2[], attnum)"
        )

    def cast(self, value: str, kind: str) -> str:
        if kind == "money":  # to which no floating-point number can be cast
            value = f"CAST({value} AS numeric)"
        return super().cast(value, kind)

    def create_like(self, table: str, other: str) -> None:
        self.rows(f"CREATE TABLE {quoted(table)} (LIKE {quoted(other)} INCLUDING ALL)")


def _table(name: str) -> str:
    """A table of SQLite as text in SQL; no table's name where one of a schema is meant."""
    parts = parts_of(name)
    return literal(parts[0] if len(parts) == 1 else "")


def _in_time(place: str) -> str:
    """The address with a limit to how long a server may take to answer, unless one is set."""
    if "connect_timeout=" in place or "service=" in place or os.environ.get("PGCONNECT_TIMEOUT"):
        return place
    return f"{place}{'&' if '?' in place else '?'}connect_timeout={CONNECT_SECONDS}"


def _type_name(field: pa.Field) -> bytes:
    known = field.metadata or {}
    found: bytes = known.get(b"ADBC:postgresql:typname") or known.get(b"POSTGRESQL:type") or b""
    return found


def _as_text(field: pa.Field) -> str:
    name = column(field.name)
    plain = f"CAST({name} AS numeric)" if _type_name(field) == MONEY else name
    return f"CAST({plain} AS text)"


def _is_foreign(field: pa.Field) -> bool:
    kind = field.type
    return bool(
        isinstance(kind, pa.BaseExtensionType)
        or pa.types.is_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_nested(kind)
        or pa.types.is_interval(kind)
        or pa.types.is_duration(kind)
        or _type_name(field) in (NUMERIC, MONEY, b"uuid", b"json", b"jsonb", b"inet")
    )


def _plain(rows: pa.Table) -> pa.RecordBatchReader:
    """Rows in types that drivers take: dictionaries decoded, decimals as their digits."""
    columns = []
    for values in rows.columns:
        kind = values.type
        if pa.types.is_dictionary(kind):
            values = values.cast(kind.value_type)
            kind = values.type
        if pa.types.is_decimal(kind):
            values = values.cast(pa.string())
        columns.append(values)
    return pa.table(columns, names=rows.column_names).to_reader(READ_ROWS)

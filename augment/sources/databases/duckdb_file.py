"""A file of DuckDB, by DuckDB itself."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

from augment.sources.databases.address import Address
from augment.sources.databases.names import literal, named, parts_of
from augment.sources.databases.session import (
    READ_ROWS,
    STAGED,
    Field,
    Session,
    create_by_definition,
)

CONFIG = {"autoinstall_known_extensions": "false"}  # which come from the network


class DuckDb(Session):
    """One transaction on the file."""

    def __init__(self, address: Address, write: bool) -> None:
        super().__init__(address)
        self.connection = duckdb.connect(address.place, read_only=not write, config=CONFIG)
        self.statements.cancel = self.connection.interrupt
        self.connection.execute("BEGIN")

    def close(self) -> None:
        self.statements.closed(self.connection.close)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.statements.waited(lambda: list(self.connection.execute(sql).fetchall()))

    def stream(self, sql: str) -> pa.RecordBatchReader:
        found = self.statements.waited(lambda: self.connection.sql(sql).to_arrow_reader(READ_ROWS))
        return self.waited_for(found)

    def stage(self, rows: pa.Table, first: bool) -> None:
        verb = f"CREATE TEMP TABLE {STAGED} AS" if first else f"INSERT INTO {STAGED}"
        self.connection.register("augment_part", rows)
        self.statements.waited(
            lambda: self.connection.execute(f"{verb} SELECT * FROM augment_part")
        )
        self.connection.unregister("augment_part")

    def end(self, commit: bool) -> None:
        self.statements.waited(lambda: self.connection.execute("COMMIT" if commit else "ROLLBACK"))

    def tables(self) -> list[str]:
        found = self.rows(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT temporary "
            "UNION SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal"
        )
        return sorted(
            named(name) if schema == "main" else named(schema, name) for schema, name in found
        )

    def fields(self, table: str) -> list[Field]:
        found = self.rows(
            "SELECT column_name, data_type, is_generated = 'ALWAYS' "
            f"FROM information_schema.columns WHERE {_named(table)} AND table_catalog = "
            "current_database() ORDER BY ordinal_position"
        )
        return [Field(name, kind, bool(generated)) for name, kind, generated in found]

    def key(self, table: str) -> list[str]:
        return self.names(
            "SELECT unnest(constraint_column_names) FROM duckdb_constraints() "
            f"WHERE constraint_type = 'PRIMARY KEY' AND {_named(table, 'schema_name')}"
        )

    def create_like(self, table: str, other: str) -> None:
        definition = f"SELECT sql FROM duckdb_tables() WHERE {_named(other, 'schema_name')}"
        create_by_definition(self, table, other, definition)


def _named(table: str, schema_column: str = "table_schema") -> str:
    *schema, name = parts_of(table)
    return (
        f"table_name = {literal(name)} AND {schema_column} = {literal('.'.join(schema) or 'main')}"
    )

"""A table, or what a query gives, out of a database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
import pyarrow as pa

from augment.core.errors import UsageError
from augment.core.kind import flag
from augment.kinds.tables.io.formats import Raw, ReadOptions, declared
from augment.kinds.tables.io.large_sources import DEFAULT_ROWS, MOST_SHARE, Sampled, sampled
from augment.kinds.tables.io.memory import OF_FILES
from augment.sources.databases import session as sessions
from augment.sources.databases.address import Address, is_address, parsed
from augment.sources.databases.connection import connected
from augment.work.memory import available_bytes

GROWTH = 4  # of what came, while it is typed
OF_ANY = ("sql", "fit_rows", "stratify")


@dataclass(frozen=True)
class Query:
    """What is asked of a database, which can be asked again."""

    address: Address
    options: ReadOptions

    @staticmethod
    def of(source: str, options: ReadOptions) -> Query:
        """Raises `UsageError` for options of files, and where it is no address."""
        if not is_address(source):
            raise UsageError(f"--sql is for databases, and {source} is none.")
        address = parsed(source)
        for field in fields(options):
            told = getattr(options, field.name) != field.default
            if field.name in OF_FILES and field.name not in OF_ANY and told:
                raise UsageError(f"{flag(field.name)} is for files, and this is {address}.")
        return Query(address, options)

    @property
    def name(self) -> str:
        """What it is called in messages and records."""
        return str(self.address)

    def parts(self) -> Iterator[Raw]:
        """All rows, some at a time, with their numbers."""
        first = 0
        with connected(self.address) as session:
            asked = sessions.query_of(session, self.options.sql)
            for part in _tables(session.stream(asked)):
                raw = _raw(part, self.name, self.options)
                yield replace(raw, rows=np.arange(first, first + part.num_rows))
                first += part.num_rows

    def whole(self) -> Raw | None:
        """All rows at once; None where they would take too much memory."""
        available = available_bytes()
        found: list[Raw] = []
        taken = 0
        for raw in self.parts():
            found.append(raw)
            taken += GROWTH * raw.table.nbytes
            if available is not None and taken > MOST_SHARE * available:
                return None
        notes = tuple(dict.fromkeys(note for raw in found for note in raw.notes))
        table = pa.concat_tables([raw.table for raw in found])
        return replace(found[0], table=table, notes=notes, rows=None)

    def drawn(self) -> Sampled | None:
        """A sample of the rows; None where there are no more than are asked for."""
        rows = self.options.fit_rows
        return sampled(
            lambda: ((0, raw) for raw in self.parts()),
            DEFAULT_ROWS if rows is None else rows,
            self.options,
        )


def _tables(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """The batches as tables; one without rows where there are none."""
    yield reader.schema.empty_table()
    for batch in reader:
        yield pa.Table.from_batches([batch])


def _raw(table: pa.Table, name: str, options: ReadOptions) -> Raw:
    """Columns in the types that the database declares; numbers of any length as text, which is
    typed by what stands there."""
    raw = declared.raw(table, name, options)
    untyped = {field.name for field in table.schema if field.metadata}
    kinds = {name: kind for name, kind in raw.declared.items() if name not in untyped}
    return replace(raw, declared=kinds)

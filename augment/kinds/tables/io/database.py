"""A table, or what a query gives, out of a database."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, fields, replace
from itertools import chain, count

import numpy as np
import pyarrow as pa

from augment.core.errors import OutOfResources, UsageError
from augment.core.reading_options import flag
from augment.kinds.tables.io.formats import Raw, ReadOptions, declared
from augment.kinds.tables.io.large_sources import Sampled, drawn_of_more, sampled
from augment.kinds.tables.io.memory import OF_FILES
from augment.kinds.tables.io.reservoir import keyed
from augment.sources.databases import session as sessions
from augment.sources.databases.address import Address, is_address, parsed
from augment.sources.databases.connection import connected
from augment.work.memory import available_bytes

GROWTH = 4  # of what came, while it is typed
PART_ROWS = 1 << 16
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

    def parts(self) -> Generator[Raw, None, None]:
        """All rows, some at a time, with their numbers."""
        first = 0
        with connected(self.address) as session:
            asked = sessions.query_of(session, self.options.sql)
            for part in _tables(session.stream(asked)):
                raw = _raw(part, self.name, self.options)
                yield replace(raw, rows=np.arange(first, first + part.num_rows))
                first += part.num_rows

    def whole(self) -> Raw:
        """All rows at once. Raises `OutOfResources` where they take more memory than is left."""
        found = self._read(math.inf, math.inf)
        assert isinstance(found, Raw)
        return found

    def read(self) -> Raw | Sampled:
        """All rows, or a sample where there are more than are asked for or memory should hold."""
        rows, most_bytes = drawn_of_more(self.options)
        return self._read(rows, most_bytes)

    def _read(self, rows: float, most_bytes: float) -> Raw | Sampled:
        """All rows in one pass, or `rows` of them where there are more and they take more than
        `most_bytes`. What a sample cannot be smaller than is held before it is begun."""
        available = available_bytes()
        held: deque[Raw] = deque()
        here, taken = 0, 0
        with closing(self.parts()) as parts:
            for raw in parts:
                held.append(raw)
                here += raw.table.num_rows
                taken += GROWTH * raw.table.nbytes
                if here > rows and taken > most_bytes:
                    return self._drawn(chain(_emptied(held), parts), int(rows))
                if available is not None and taken > available:
                    raise OutOfResources(
                        f"{self.name}: its rows take too much memory. Pass --fit-rows N, or name "
                        "fewer with --sql."
                    )
        notes = tuple(dict.fromkeys(note for raw in held for note in raw.notes))
        table = pa.concat_tables([raw.table for raw in held])
        return replace(held[0], table=table, notes=notes, rows=None)

    def _drawn(self, begun: Iterator[Raw], rows: int) -> Sampled:
        """A sample of more than `rows` rows, of which the first pass is begun."""
        passes = chain([begun], (self.parts() for _ in count()))
        found = sampled(lambda: keyed((0, raw) for raw in next(passes)), rows, self.options)
        assert found is not None, "there are more rows"
        return found


def _emptied(held: deque[Raw]) -> Iterator[Raw]:
    """The parts, each let go."""
    while held:
        yield held.popleft()


def _tables(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """One table without rows, then `PART_ROWS` at a time, however many a driver gives: which rows
    are added to show what a column holds may depend on the parts."""
    yield reader.schema.empty_table()
    held, rows = list[pa.RecordBatch](), 0
    for batch in reader:
        first = 0
        while first < batch.num_rows:
            taken = min(PART_ROWS - rows, batch.num_rows - first)
            held.append(batch.slice(first, taken))
            first, rows = first + taken, rows + taken
            if rows == PART_ROWS:
                yield pa.Table.from_batches(held).combine_chunks()
                held, rows = [], 0
    if held:
        yield pa.Table.from_batches(held).combine_chunks()


def _raw(table: pa.Table, name: str, options: ReadOptions) -> Raw:
    """Columns in the types that the database declares; numbers of any length as text, which is
    typed by what stands there."""
    raw = declared.raw(table, name, options)
    untyped = {field.name for field in table.schema if field.metadata}
    kinds = {name: kind for name, kind in raw.declared.items() if name not in untyped}
    return replace(raw, declared=kinds)

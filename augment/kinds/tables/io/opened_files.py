"""The files of a source, one after another or part by part, with the columns that folders name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pyarrow as pa

from augment.core.errors import BadInput
from augment.kinds.tables.data import marker
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.io import assembly as gathering
from augment.kinds.tables.io.database import Query
from augment.kinds.tables.io.formats import Raw, ReadOptions
from augment.kinds.tables.io.source_files import known_format, members_of
from augment.sources.databases.address import is_address
from augment.sources.partitions import Member
from augment.sources.remote.fetching import fetched
from augment.sources.remote.uri import is_uri


@contextmanager
def opened(source: str, options: ReadOptions) -> Iterator[list[tuple[Member, str]]]:
    """The files that a source names, here as long as the block, each with what it is called."""
    if is_uri(source):
        with fetched(source) as here:
            found = members_of(here.local, options)
            yield [(member, here.shown(member.path)) for member in found]
    else:
        yield [(member, str(member.path)) for member in members_of(source, options)]


def read_member(member: Member, name: str, options: ReadOptions) -> Raw:
    """A file with the columns that its folders name, unless it has them itself."""
    raw = known_format(member.path, name, options).read(member.path, name, options)
    return _with_partitions(raw, member)


def _with_partitions(raw: Raw, member: Member) -> Raw:
    table = raw.table
    for key, value in member.values:
        if key not in table.column_names:
            scalar = pa.scalar(value or None, pa.string())
            table = table.append_column(key, pa.repeat(scalar, table.num_rows))
    return replace(raw, table=table)


def blocks_of(files: list[tuple[Member, str]], options: ReadOptions) -> Iterator[tuple[int, Raw]]:
    """The rows of all files, some at a time, with the number of the file."""
    for number, (member, name) in enumerate(files):
        format = known_format(member.path, name, options)
        for raw in format.blocks(member.path, name, options):
            yield number, _with_partitions(raw, member)


def rows_of(files: list[tuple[Member, str]], options: ReadOptions) -> int | None:
    """How many rows the files say that they have; None where one would have to be read."""
    total = 0
    for member, name in files:
        rows = known_format(member.path, name, options).rows(member.path, name)
        if rows is None:
            return None
        total += rows
    return total


def all_rows(source: str, options: ReadOptions, schema: Schema, rows: int) -> Iterator[Table]:
    """All rows of a source, some at a time, with the columns of `schema` that are there.

    Raises `BadInput` at the end where they are no longer as many as `rows`.
    """
    if is_address(source):
        yield from _typed(_as_many(Query.of(source, options).parts(), rows, source), schema)
        return
    with opened(source, options) as files:
        parts = (raw for _, raw in blocks_of(files, options))
        yield from _typed(_as_many(parts, rows, source), schema)


def _as_many(parts: Iterator[Raw], rows: int, source: str) -> Iterator[Raw]:
    """The parts, which have to hold `rows` rows."""
    found = 0
    for raw in parts:
        found += raw.table.num_rows
        yield raw
    if found != rows:
        raise BadInput(
            f"it had {rows:,} rows, and {found:,} when it was read again.",
            where=source,
            hint="Give the command again when nobody writes to it, or name a copy.",
        )


def _typed(parts: Iterator[Raw], schema: Schema) -> Iterator[Table]:
    wanted = {*schema.names, marker.MARKER}
    for raw in parts:
        names = [name for name in raw.table.column_names if name in wanted]
        if raw.table.num_rows:
            part = replace(raw, table=raw.table.select(names))
            table = gathering.gather_like([part], schema)
            unasked = marker.MARKER in names and marker.MARKER not in schema.names
            yield marker.made_rows(table)[0] if unasked else table

"""From what the user names (file, folder, glob, `-`) to a typed table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from augment.core.errors import BadInput, listed
from augment.core.files import atomic_alone
from augment.core.source import External, Rows, Source
from augment.core.types import Json
from augment.kinds.tables.data.dataset import Table, Whole
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.io import assembly as gathering
from augment.kinds.tables.io import memory, newer_columns
from augment.kinds.tables.io.alignment import require_alike
from augment.kinds.tables.io.database import Query
from augment.kinds.tables.io.formats import (
    Raw,
    ReadOptions,
    WriteOptions,
)
from augment.kinds.tables.io.large_sources import Sampled, rows_to_fit, sampled
from augment.kinds.tables.io.opened_files import all_rows, blocks_of, opened, read_member, rows_of
from augment.kinds.tables.io.reservoir import keyed
from augment.kinds.tables.io.source_files import (
    files_of,
    format_of,
    suffix_like,
)
from augment.kinds.tables.io.writing import write
from augment.sources import standard_input
from augment.sources.databases.address import is_address
from augment.sources.files import (
    entry_called,
    entry_in_memory,
    entry_of,
)
from augment.sources.partitions import Member
from augment.sources.remote.fetching import keep
from augment.work.threads import ahead, in_order

__all__ = [
    "ReadOptions",
    "ReadTable",
    "WriteOptions",
    "files_of",
    "format_of",
    "read",
    "suffix_like",
    "write",
]

Gather = Callable[[list[Raw]], tuple[Table, tuple[str, ...]]]


@dataclass(frozen=True)
class ReadTable:
    """A table with where it came from and what the user should know about the reading."""

    table: Table
    files: tuple[Json, ...]  # as `core.kind.Loaded` holds them
    notes: tuple[str, ...]
    rejected: int
    sampled: str = ""  # as in `core.kind.Loaded`
    rows: int | None = None  # of the whole source, where only some were drawn


def read(source: Source, options: ReadOptions) -> ReadTable:
    """The table at `source`: a file, a folder, a glob, or `-` for standard input; or in memory.

    Several files are read as one table, in the order of their names; they must have the same
    columns. Raises `BadInput` with file and line for anything that cannot be read exactly.
    """
    if not isinstance(source, str):
        return _read_memory(source, options)
    if source == standard_input.NAME:  # cannot be read again
        options = replace(options, scored=False)
    found = _read_paths(source, options, lambda parts: gathering.gather(parts, options))
    return _with_whole(found, source, options, found.table.schema)


def read_newer(source: Source, schema: Schema, options: ReadOptions) -> ReadTable:
    """Rows with all columns of `schema`, each read and spelt as it says as far as it fits them;
    of columns beside them is found what they are.

    Raises `BadInput` for a column that is not there, and for a value that does not fit.
    """
    options = replace(options, like=schema)
    if isinstance(source, str):
        return _read_paths(
            source, options, lambda parts: newer_columns.gather(parts, schema, options)
        )
    table, notes = newer_columns.gather([memory.raw(source, options)], schema, options)
    if isinstance(source, Rows) and source.files:
        return ReadTable(table, source.files, notes, source.rejected)
    return ReadTable(table, (_entry(source, table),), notes, 0)


def read_like(source: Source, schema: Schema, options: ReadOptions | None = None) -> ReadTable:
    """Rows that may come from any tool, read by `schema` as far as they fit it, and notes.

    Of `options` count those on bad rows: such rows are spelt in their own way.
    Raises `BadInput` where the two hardly have columns in common.
    """
    given = options or ReadOptions()
    asked = ReadOptions(like=schema, bad_rows=given.bad_rows, max_bad=given.max_bad)
    if isinstance(source, str) and is_address(source):
        asked = ReadOptions(like=schema)
    if given.scored and isinstance(source, str) and source != standard_input.NAME:
        asked = replace(asked, fit_rows=given.fit_rows, scored=True)
        found = _read_paths(source, asked, lambda p: (gathering.gather_like(p, schema), ()))
        found = _with_whole(found, source, asked, schema)
        table, rejected, notes, said = found.table, found.rejected, [*found.notes], found.sampled
    else:
        parts = _raw(source, asked)
        table = gathering.gather_like(parts, schema)
        rejected, notes, said = sum(part.rejected for part in parts), [], ""
    notes += [f"{rejected:,} bad rows are left out."] if rejected else []
    notes += require_alike(table.schema.names, schema.names, str(source))
    return ReadTable(table, (), tuple(notes), rejected, said)


def _with_whole(
    found: ReadTable, source: Source, options: ReadOptions, schema: Schema
) -> ReadTable:
    """With the way to all rows, where only some were drawn and they are to be scored."""
    if found.rows is None or not options.scored:
        return found
    assert isinstance(source, str), "rows in memory are not drawn from"
    rows, options = found.rows, replace(options, like=schema)
    whole = Whole(rows, lambda: all_rows(source, options, schema, rows))
    return replace(found, table=replace(found.table, whole=whole))


def read_partial(source: Source, schema: Schema) -> tuple[Table, Callable[[int], str]]:
    """Rows to be filled: all columns of `schema`, null where the source has no value; and the
    place of each row, for messages."""
    return gathering.gather_partial(_raw(source, ReadOptions(like=schema)), schema)


def read_whole(source: Source, schema: Schema) -> tuple[Table, tuple[str, ...]]:
    """Rows with all columns of `schema`, each value read and spelt as it says; others are left
    out, which a note says.

    Raises `BadInput` for a column that is not there, and for a value that does not fit.
    """
    wanted, known = schema.names, memory.joined(source)
    parts = _raw(source, ReadOptions(like=schema)) if known is None else []
    found = known.schema.names if known is not None else parts[0].table.column_names
    missing = [repr(name) for name in wanted if name not in found]
    if missing:
        raise BadInput(
            f"there is no column {listed(missing)}, which the model has.",
            where=str(source),
            hint="Name the table that the model was fitted on, or one with the same columns.",
        )
    extra = [repr(name) for name in found if name not in wanted]
    notes = (f"Left out, since the model lacks them: {listed(extra)}.",) if extra else ()
    if known is not None:
        return Table(known.data.select(wanted), schema), notes
    names = set(wanted)
    bare = [
        replace(part, table=part.table.select([n for n in part.table.column_names if n in names]))
        for part in parts
    ]
    return gathering.gather_partial(bare, schema)[0], notes


def _read_memory(source: Rows[Any] | External, options: ReadOptions) -> ReadTable:
    """Rows that were read before are what they are; of another object the columns are judged."""
    known = memory.joined(source)
    if isinstance(source, Rows) and known is not None:
        files = source.files or (_entry(source, known),)
        return ReadTable(known, files, source.notes, source.rejected, source.sampled)
    table, notes = gathering.gather([memory.raw(source, options)], options)
    return ReadTable(table, (_entry(source, table),), notes, 0)


def _entry(source: Source, table: Table) -> Json:
    return entry_in_memory(source, table, table.data.nbytes)


def _raw(source: Source, options: ReadOptions) -> list[Raw]:
    if not isinstance(source, str):
        return [memory.raw(source, ReadOptions(like=options.like))]
    if is_address(source):
        return [Query.of(source, ReadOptions(like=options.like)).whole()]
    if source == standard_input.NAME:
        with standard_input.spooled() as path:
            return [read_member(Member(path), standard_input.SHOWN, options)]
    with opened(source, options) as files:
        return [read_member(member, name, options) for member, name in files]


def _read_paths(source: str, options: ReadOptions, gather: Gather) -> ReadTable:
    if source == standard_input.NAME:
        with standard_input.spooled() as path:
            return _read_files([(Member(path), standard_input.SHOWN)], options, gather)
    if is_address(source) or options.sql is not None:
        return _read_database(Query.of(source, options), gather)
    with opened(source, options) as files:
        found = _read_files(files, options, gather)
        if found.rows is not None and options.scored:
            keep(source)  # since all its rows are read once more
        return found


def _read_files(files: list[tuple[Member, str]], options: ReadOptions, gather: Gather) -> ReadTable:
    drawn = _sampled(files, options)
    if drawn is None:
        parts = [read_member(member, name, options) for member, name in files]
    else:
        parts = drawn.parts
    entries = tuple(in_order(lambda file: entry_of(file[0].path, file[1]), files))
    rejects = [reject for part in parts for reject in part.rejects]
    if rejects and options.rejects is not None:
        with atomic_alone(options.rejects, "w") as stream:
            stream.writelines(rejects)
    table, notes = gather(parts)
    if drawn is not None:
        table, notes = drawn.counted(table), (drawn.note, *notes)
    rejected = sum(part.rejected for part in parts)
    if drawn is None:
        return ReadTable(table, entries, notes, rejected)
    return ReadTable(table, entries, notes, rejected, drawn.note, drawn.rows)


def _read_database(query: Query, gather: Gather) -> ReadTable:
    found = query.read()
    table, notes = gather([found] if isinstance(found, Raw) else found.parts)
    entry = entry_called(query.name, table, table.data.nbytes)
    if isinstance(found, Raw):
        return ReadTable(table, (entry,), notes, 0)
    return ReadTable(
        found.counted(table), (entry,), (found.note, *notes), 0, found.note, found.rows
    )


def _sampled(files: list[tuple[Member, str]], options: ReadOptions) -> Sampled | None:
    """A sample of the rows, where one is asked for or memory needs it."""
    rows = rows_to_fit([member.path for member, _ in files], options)
    if rows is None:
        return None
    expected = rows_of(files, options)
    if expected is not None and expected <= rows:
        return None
    return sampled(lambda: ahead(keyed(ahead(blocks_of(files, options)))), rows, options, expected)

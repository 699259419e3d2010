"""Tables that memory need not hold: a sample of their rows to fit on, and a census of all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import BadInput, UsageError, did_you_mean
from augment.core.types import Scalar
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.spelling import text
from augment.kinds.tables.data.values import plain
from augment.kinds.tables.io.assembly import require_same
from augment.kinds.tables.io.census import MOST_VALUES, ColumnCensus, Place
from augment.kinds.tables.io.formats import Raw, ReadOptions
from augment.kinds.tables.io.reservoir import Kept, Part, Reservoir
from augment.work.memory import available_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEFAULT_ROWS = 1_000_000  # drawn of a table that memory could not hold
SCORED_ROWS = 200_000  # drawn of a table that is only to be scored
SCORED_BYTES = 32 * 2**20  # in memory, beyond which it is: the same on any machine
MOST_SHARE = 0.5  # of the memory that is left may be taken by a table that is read whole
GROWTH = {".parquet": 6, ".pq": 6}  # of a file's bytes in memory, while it is typed
TEXT_GROWTH = 4
LEAST_OF_A_VALUE = 100  # rows of each value of the target, where it has so many
Parts = Callable[[], Iterator[Part]]  # all of a source, from the first on


@dataclass(frozen=True)
class Sampled:
    """Rows of each file, of how many, and what is known of all: how often values stand there."""

    parts: list[Raw]
    rows: int
    census: Mapping[str, ColumnCensus]
    note: str

    def counted(self, table: Table) -> Table:
        """The table of the parts, with the counts of all rows."""
        return replace(table, counts=_counts(table, self.census))


def drawn_of_more(options: ReadOptions) -> tuple[int, float]:
    """How many rows are drawn of a source that takes more than so many bytes of memory: as asked,
    or where reading all of them took too much."""
    if options.fit_rows is not None:
        return options.fit_rows, -1
    if options.stratify:
        raise UsageError("--stratify goes with --fit-rows N.")
    if options.scored:
        return SCORED_ROWS, SCORED_BYTES
    available = available_bytes()
    return DEFAULT_ROWS, np.inf if available is None else MOST_SHARE * available


def rows_to_fit(paths: list[Path], options: ReadOptions) -> int | None:
    """How many rows of these files are to be drawn; None: all are read."""
    rows, most_bytes = drawn_of_more(options)
    return rows if _bytes_in_memory(paths) > most_bytes else None


def _bytes_in_memory(paths: list[Path]) -> int:
    return sum(GROWTH.get(path.suffix, TEXT_GROWTH) * path.stat().st_size for path in paths)


def sampled(
    parts: Parts, rows: int, options: ReadOptions, expected: int | None = None
) -> Sampled | None:
    """`rows` rows out of the parts of a source, and some that show what else it holds.

    None: there are no more than `rows`, so that all are read. `expected` are the rows of all parts
    where something tells them beforehand; it spares work, and may be wrong. Raises `UsageError`
    for a target that cannot be stratified by.
    """
    reservoir = Reservoir(np.array([rows]), None if expected is None else np.array([expected]))
    census: dict[str, ColumnCensus] = defaultdict(ColumnCensus)
    shown: dict[Place, Raw] = {}
    seen: dict[int, Raw] = {}  # each file, without rows
    total = 0
    for part in parts():
        known = seen.get(part.file)
        if known is None and seen:
            require_same(next(iter(seen.values())), part.raw, options)
        seen[part.file] = _joined_facts(known, part.raw)
        if not options.stratify:
            reservoir.add(part)
        _count(census, part.file, part.raw, shown)
        total += part.raw.table.num_rows
    if total <= rows:
        return None
    how = "drawn evenly"
    if options.stratify:
        kept = _stratified(parts, rows, total, options, census)
        how = f"of each value of the target its share, and at least {LEAST_OF_A_VALUE} rows"
    elif reservoir.counts().sum() < rows:
        return sampled(parts, rows, options)
    else:
        kept = reservoir.kept()
    found = _parts(seen, kept, census, shown)
    count = sum(part.table.num_rows for part in found)
    return Sampled(found, total, census, _note(f"{count:,} of {total:,} rows", how, options))


def _note(rows: str, how: str, options: ReadOptions) -> str:
    if options.scored:
        return (
            f"{rows} are scored, {how}. Column shapes, missing values, ranges, unknown categories, "
            "exact copies and repeated ids are of all rows."
        )
    why = "" if options.fit_rows is not None else " (all would take too much memory)"
    return (
        f"{rows} are fitted on, {how}{why}. Values, how rare they are, ends "
        "and gaps are those of all rows; -n 1x is as many as are fitted on."
    )


def _joined_facts(known: Raw | None, raw: Raw) -> Raw:
    """What is said of a file, from its parts so far, without their rows."""
    if known is None:
        return raw.emptied()
    return replace(
        known,
        notes=tuple(dict.fromkeys((*known.notes, *raw.notes))),
        rejected=known.rejected + raw.rejected if raw.rejects else known.rejected,
        rejects=(*known.rejects, *raw.rejects),
    )


def _count(census: dict[str, ColumnCensus], file: int, raw: Raw, shown: dict[Place, Raw]) -> None:
    numbers = _numbers(raw)
    rows: set[int] = set()
    for name in raw.table.column_names:
        column = raw.table.column(name)
        for chunk, first in _chunks(column):
            rows.update(row + first for row in census[name].add(chunk, file, numbers[first:]))
    if rows:
        ordered = np.array(sorted(rows), np.int64)
        few = raw.taken(ordered)
        for place, row in enumerate(ordered.tolist()):
            shown[file, int(numbers[row])] = few.sliced(place, 1)


def _chunks(column: pa.ChunkedArray) -> Iterator[tuple[pa.Array, int]]:
    first = 0
    for chunk in column.chunks:
        yield chunk, first
        first += len(chunk)


def _stratified(
    parts: Parts,
    rows: int,
    total: int,
    options: ReadOptions,
    census: Mapping[str, ColumnCensus],
) -> list[Kept]:
    """Rows of each value of the target, and without one, by their share; in a second pass."""
    target = options.target or (options.schema.target if options.schema else None)
    if target is None:
        raise UsageError("--stratify needs --target COLUMN.")
    if target not in census:
        raise UsageError(f"--target {target}: there is no such column. "
                         f"{did_you_mean(target, list(census))}")  # fmt: skip
    levels, counts = census[target].levels, census[target].level_counts
    if levels is None or counts is None:
        raise UsageError(
            f"--stratify: column {target!r} has over {MOST_VALUES:,} values. Leave it out, or "
            "choose a target with fewer."
        )
    counts = np.append(counts, total - counts.sum())  # of each level, and of none
    wanted = np.round(rows * counts / total).astype(np.int64)
    wanted = np.maximum(wanted, np.minimum(counts, LEAST_OF_A_VALUE))
    kept = _of_each(parts, target, levels, Reservoir(wanted, counts))
    if sum(len(part.keys) for part in kept) < wanted.sum():
        kept = _of_each(parts, target, levels, Reservoir(wanted))
    return kept


def _of_each(parts: Parts, target: str, levels: pa.Array, reservoir: Reservoir) -> list[Kept]:
    """The rows that a reservoir keeps whose strata are the levels of a column, the last none."""
    for part in parts():
        column = text.decoded(part.raw.table.column(target).combine_chunks())
        places = pc.fill_null(pc.index_in(column, levels), len(levels))
        reservoir.add(part, np.asarray(places, np.int64))
    return reservoir.kept()


def _parts(
    seen: Mapping[int, Raw],
    kept: list[Kept],
    census: Mapping[str, ColumnCensus],
    shown: Mapping[Place, Raw],
) -> list[Raw]:
    """The rows of each file in its order: those that are kept, and those that the census needs."""
    by_file: dict[int, list[Raw]] = {file: [raw] for file, raw in seen.items()}
    for part in kept:
        by_file[part.file].append(part.raw)
    needed: set[Place] = set()
    for name, column in census.items():
        tables = [part.raw.table for part in kept]
        values = [table.column(name) for table in tables if name in table.column_names]
        chunks = [chunk for value in values for chunk in value.chunks]
        if chunks:
            needed |= column.lacking(pa.concat_arrays(chunks))
    for file, parts in by_file.items():
        lacking = np.array(sorted(row for at, row in needed if at == file), np.int64)
        have = np.concatenate([_numbers(part) for part in parts])
        needless = np.isin(lacking, have, assume_unique=True)
        parts += [shown[file, row] for row in lacking[~needless].tolist()]
    return [_in_order(parts) for parts in by_file.values()]


def _numbers(raw: Raw) -> NDArray[np.int64]:
    assert raw.rows is not None, "parts know their rows"
    return raw.rows


def _in_order(parts: list[Raw]) -> Raw:
    """Parts of one file as one, its rows in their order."""
    facts = parts[0]
    rows = np.concatenate([_numbers(part) for part in parts])
    order = np.argsort(rows, kind="stable")
    lines = [part.lines for part in parts if part.lines is not None]
    table = pa.concat_tables([part.table for part in parts]).take(pa.array(order, pa.int64()))
    return replace(
        facts,
        table=table,
        lines=np.concatenate(lines)[order] if lines else None,
        rows=rows[order],
    )


def _counts(table: Table, census: Mapping[str, ColumnCensus]) -> dict[str, dict[Scalar, int]]:
    """Of each category, how many of all rows hold each of its values."""
    found: dict[str, dict[Scalar, int]] = {}
    for column in table.schema:
        counted = census[column.name].counts if column.name in census else None
        if not counted or column.role not in ("categorical", "boolean"):
            continue
        levels = list(counted)
        try:
            values = text.convert(column, pa.array(levels), lambda row: "")
        except (BadInput, pa.ArrowException):
            continue  # spelt so that only the rows in hand can tell
        sums: dict[Scalar, int] = defaultdict(int)
        for value, level in zip(values.to_pylist(), levels, strict=True):
            if value is not None:
                sums[plain(value)] += counted[level]
        found[column.name] = dict(sums)
    return found

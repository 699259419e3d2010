"""Synthetic rows from any tool, brought into the real table's columns and types."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import BadInput, listed
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.spelling import dates, integer_dates
from augment.kinds.tables.data.values import arrow_type

LIKE = 0.7  # of their letters, which two spellings of one name share
MOST_MATCHED = 200  # names on either side, beyond which no pairs are looked for


@dataclass(frozen=True)
class Aligned:
    """A table with exactly the real schema, and the columns that had to be made to fit.

    `missing` columns are filled with null, `extra` ones are left out, and `unfit` says how many
    values of a column were of another type and became null.
    """

    table: Table
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    unfit: dict[str, int]


def require_alike(found: list[str], wanted: list[str], where: str) -> tuple[str, ...]:
    """Notes on columns that seem to have been renamed.

    Raises `BadInput` where columns are missing and under half of the columns of either table are
    in both: such tables say nothing about one another.
    """
    missing = sorted(set(wanted) - set(found), key=wanted.index)
    extra = sorted(set(found) - set(wanted), key=found.index)
    near = _renamed(missing, extra)
    shared = len(wanted) - len(missing)
    if missing and 2 * shared < max(len(wanted), len(found)):
        pairs = [f"{old!r} (here {near[old]!r}?)" if old in near else repr(old) for old in missing]
        raise BadInput(
            f"only {shared} of the real table's {len(wanted)} columns are among its "
            f"{len(found)}, too few to compare the two. Missing: {listed(pairs)}. "
            f"Found instead: {listed([repr(name) for name in extra]) or 'nothing'}.",
            where=where,
            hint="Rename the columns as the real table has them, or name the right file.",
        )
    return tuple(
        f"There is no column {old!r}, but {new!r}, which the real table lacks; rename it if it is "
        "the same."
        for old, new in near.items()
    )


def _renamed(missing: list[str], extra: list[str]) -> dict[str, str]:
    """For missing columns, the extra one that is spelt like each; the likest pairs come first."""
    likeness = {
        (old, new): difflib.SequenceMatcher(None, _plain(old), _plain(new)).ratio()
        for old in missing[:MOST_MATCHED]
        for new in extra[:MOST_MATCHED]
    }
    found: dict[str, str] = {}
    for old, new in sorted(likeness, key=lambda pair: -likeness[pair]):
        if likeness[old, new] >= LIKE and old not in found and new not in found.values():
            found[old] = new
    return {old: found[old] for old in missing if old in found}


def _plain(name: str) -> str:
    """A name without case and separators: "Last Name" is "lastname"."""
    return "".join(c for c in name.casefold() if c.isalnum()) or name


def aligned(fake: Table, schema: Schema) -> Aligned:
    """Bring `fake` into `schema`; nothing is refused, everything that did not fit is told."""
    arrays, missing, unfit = [], [], {}
    there = set(fake.schema.names)
    for column in schema:
        kind = arrow_type(column)
        if column.name not in there:
            missing.append(column.name)
            arrays.append(pa.nulls(len(fake), kind))
            continue
        array = fake.column(column.name)
        if not _same_family(array.type, kind):
            before = array.null_count
            array = _converted(array, column)
            if array.null_count > before:
                unfit[column.name] = array.null_count - before
        arrays.append(array)
    wanted = set(schema.names)
    extra = tuple(name for name in fake.schema.names if name not in wanted)
    table = Table(pa.table(arrays, names=schema.names), schema)
    return Aligned(table, tuple(missing), extra, unfit)


def _same_family(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether values compare as they are: numbers with numbers, texts with texts."""

    def family(kind: pa.DataType) -> str:
        types = pa.types
        if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
            return "number"
        if types.is_string(kind) or types.is_large_string(kind):
            return "text"
        return "time" if types.is_timestamp(kind) else str(kind)

    if pa.types.is_integer(wanted) or pa.types.is_decimal(wanted):
        return bool(found == wanted)
    return family(found) == family(wanted)


def _converted(array: pa.Array, column: Column) -> pa.Array:
    """The values in the column's type, null where one cannot be read as such."""
    import pandas as pd

    kind = arrow_type(column)
    number = pa.types.is_integer(array.type) or pa.types.is_floating(array.type)
    if number and column.storage == "datetime":  # 20240131, or no date at all
        digits = integer_dates.digits(array)
        texts = array.cast(pa.string()) if digits is None else digits
        return dates.parse(column.format or "%Y%m%d", texts)
    try:
        return pc.cast(array, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        texts = pc.cast(array, pa.string()).to_pandas()
    if column.storage == "datetime":
        read = pd.to_datetime(texts, errors="coerce", format=column.format or None, utc=True)
        return pa.array(read.dt.tz_localize(None), pa.timestamp("us"), from_pandas=True)
    if column.storage == "boolean":
        truth_of = {column.true: True, column.false: False, "true": True, "false": False}
        return pa.array([truth_of.get(text) for text in texts], pa.bool_())
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=float, na_value=float("nan"))
    if column.storage in ("integer", "decimal"):
        # A fraction in a whole-number column is kept as a number: metrics read floats anyway,
        # and a wrong last digit is theirs to notice.
        return pa.array(numbers, pa.float64(), from_pandas=True)
    return pa.array(numbers, kind, from_pandas=True)

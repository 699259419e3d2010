"""Newer rows that a fit goes on with: what of them is not as the older model knows it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from augment.core.schema_drift import SchemaDrift
from augment.core.types import Json, Scalar
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import codes, numbers
from augment.kinds.tables.generator.unmodelled import Unmodelled

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_MOVE = 0.01  # of a share of gaps, that is worth a word
SIGMAS = 3.0  # of sampling noise, that it exceeds


def drift(
    table: Table,
    schema: Schema,
    domain: Mapping[str, Json],
    unmodelled: Sequence[Unmodelled],
    older_rows: int,
) -> Iterator[SchemaDrift]:
    """Column by column; `domain` and `unmodelled` are of a model of `schema`, which was fitted on
    `older_rows`."""
    others = {each.column.name: each for each in unmodelled}
    for column in table.schema:
        name = column.name
        if name not in schema.names:
            yield SchemaDrift(
                name,
                "new",
                f"Column {name!r} is new, as {column.role}: what the model makes of it comes of "
                f"these rows alone. --column '{name}=drop' leaves it out.",
            )
            continue
        known = schema[name]
        if known.role != column.role:  # of a constant alone: see `newer_columns`
            sentence = f"Column {name!r} was constant and is {column.role} now: what the model "
            yield SchemaDrift(name, "new", f"{sentence}makes of it comes of these rows alone.")
            continue
        if known.storage != column.storage:
            sentence = f"Column {name!r} is stored as {column.storage}, and was as {known.storage}."
            yield SchemaDrift(name, "storage", sentence)
        if name in others:
            yield from _constants(table, others[name])
            yield from _gaps(table, column, others[name].null_share, older_rows)
            continue
        yield from _values(table, column, domain[name])
        share = domain[name].get("null_share")
        if share is not None:
            yield from _gaps(table, column, share, older_rows)
        elif not domain[name]["null"]:
            yield from _gaps(table, column, 0.0, older_rows)


def _constants(table: Table, known: Unmodelled) -> Iterator[SchemaDrift]:
    name = known.column.name
    if known.column.role == "constant" and known.constant is not None:
        levels = codes(table, name)[1]
        if levels and str(levels[0]) != str(known.constant):
            sentence = f"Column {name!r} holds another constant than the model knows."
            yield SchemaDrift(name, "unseen values", sentence, tuple(levels))


def _values(table: Table, column: Column, known: Json) -> Iterator[SchemaDrift]:
    """Levels that the model lacks, or numbers beyond its range."""
    name = column.name
    if "levels" in known:
        found, levels = codes(table, name)
        there = {str(level) for level in known["levels"]}
        unseen = np.array([str(level) not in there for level in levels] + [False])
        rows = int(unseen[found].sum())
        if rows:
            values: tuple[Scalar, ...] = tuple(np.array(levels, object)[unseen[:-1]].tolist())
            sentence = f"Column {name!r}: {len(values):,} of {len(levels):,} values are none that "
            yield SchemaDrift(
                name, "unseen values", f"{sentence}the model knows ({_rows(rows)}).", values
            )
        return
    values_of = numbers(table, name)
    outside = _outside(values_of, known)
    if outside:
        sentence = f"Column {name!r}: the values of {outside:,} of {len(table):,} rows lie outside "
        yield SchemaDrift(name, "range", f"{sentence}the range that the model knows.")


def _outside(values: NDArray[np.float64], known: Json) -> int:
    if known["low"] is None:
        return int((~np.isnan(values)).sum())
    return int(((values < known["low"]) | (values > known["high"])).sum())


def _gaps(table: Table, column: Column, before: float, older_rows: int) -> Iterator[SchemaDrift]:
    """A share of rows without a value that moved by more than noise."""
    rows = len(table)
    share = table.column(column.name).null_count / rows
    mean = (share * rows + before * older_rows) / (rows + older_rows)
    noise = math.sqrt(mean * (1 - mean) * (1 / rows + 1 / older_rows))
    if abs(share - before) > max(LEAST_MOVE, SIGMAS * noise):
        sentence = f"Column {column.name!r}: {share:.1%} of the rows have no value; it was "
        yield SchemaDrift(column.name, "nulls", f"{sentence}{before:.1%}.")


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"

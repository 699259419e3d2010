"""A `TableModel` from a table: what is kept from the engine, and what it is shown."""

from __future__ import annotations

import dataclasses

import numpy as np

from augment.core.types import Engine, Job
from augment.kinds.tables import relations
from augment.kinds.tables.data import measurements
from augment.kinds.tables.data.dataset import Table, require_rows
from augment.kinds.tables.data.values import numbers, table_of
from augment.kinds.tables.generator import domain
from augment.kinds.tables.generator.form_ranges import FormRanges
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.generator.protection import holders_of, least_rows, protect
from augment.kinds.tables.generator.unmodelled import kept, modelled, unmodelled_columns
from augment.kinds.tables.identity.row_identity import RowIdentity

CROWDED = 0.2  # of all keys, from which on many rows get another than they were drawn with
UNPROTECTED = "nothing (--no-protect): rare categories and exact extremes may be given away"


def fit_model(
    recipe: Engine[Table],
    data: Table,
    job: Job,
    protected: bool,
    source_rows: int,
    source_table: Table | None = None,
) -> TableModel:
    """Fit `recipe` on the protected modelled columns of `data`.

    `data` may be a part of `source_table`; no surrogate is a text of either.
    """
    require_rows(data, 1, "the table")
    schema = kept(data.schema)
    data = measurements.parted(data)
    data = measurements.filled(data, schema, job.seed.child("measurements").rng())
    core = modelled(data)
    notes: tuple[str, ...] = (UNPROTECTED,)
    least = least_rows(job.rows_seen(len(data))) if protected else 1
    ranges = FormRanges.of(data, schema, least)
    identity = RowIdentity.fit(data, least)
    held = identity.constant | set(schema.key)
    holders = holders_of(data, least)
    found = relations.mined(core, _constants(data), holders).without(held)
    seen = found.taken_out(core)
    if protected:
        counts = data.counts if source_table is None else source_table.counts
        seen = ranges.clipped(seen, schema)
        safe = protect(seen, job.seed.child("protect"), least, counts, holders)
        seen, notes = safe.table, safe.notes
    found = found.as_learnt(seen, list(core.schema))
    whole = found.put_back(seen, list(core.schema), core.schema.target)
    identity = identity.with_key(_beside(whole, data), schema.key, source_rows, least)
    crowded = identity.key is not None and source_rows >= CROWDED * identity.key.size
    if crowded:
        seen = _keyed(seen, found.drawn_for(schema.key))
    job, shortened = job.noted()
    inner = recipe.fit(
        seen, dataclasses.replace(job, seed=job.seed.child("engine"), protect=protected)
    )
    facts = {
        "parameters": dataclasses.asdict(recipe),
        **job.history(len(data)),
        "protected": protected,
        "notes": list(notes),
        "relations": found.sentences,
        "kept": [*measurements.told(schema), *identity.sentences],
        **({"closely": found.close_sentences} if found.close_sentences else {}),
        "nearly": [near.to_json() for near in found.near],
        **inner.state().config.get("facts", {}),
        **({"shortened": shortened} if shortened else {}),
    }
    texts = data if source_table is None else source_table
    unmodelled = unmodelled_columns(data, texts, least, job.seed.child("surrogates"))
    known = domain.of(whole, least)
    return TableModel(
        recipe.about.name,
        source_rows,
        schema,
        inner,
        unmodelled,
        known,
        found,
        identity,
        facts,
        ranges,
    )


def _keyed(seen: Table, key: tuple[str, ...]) -> Table:
    """The table, which says what its key is where an engine draws all of it."""
    names = key if set(key) <= {*seen.schema.names} else ()
    return Table(seen.data, dataclasses.replace(seen.schema, key=names))


def _beside(learnt: Table, data: Table) -> Table:
    """The learnt columns and the constant ones, which may be part of a time stamp."""
    constant = [column for column in data.schema if column.role == "constant"]
    columns = [*learnt.schema, *constant]
    arrays = [learnt.column(column.name) for column in learnt.schema]
    return table_of(columns, [*arrays, *(data.column(c.name) for c in constant)], None)


def _constants(data: Table) -> dict[str, float]:
    """The columns of numbers that never change, which no engine sees."""
    found: dict[str, float] = {}
    for column in data.schema:
        if column.role == "constant" and column.storage in ("integer", "float", "decimal"):
            known = numbers(data, column.name)
            known = known[~np.isnan(known)]
            found |= {column.name: float(known[0])} if len(known) else {}
    return found

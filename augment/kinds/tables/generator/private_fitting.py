"""A `TableModel` of an engine that is differentially private: nothing is learnt of the rows but
what the engine pays for.

Relations, keys, ids that repeat, shares of missing values, and values too rare to be told are
found by looking at rows, so here they are not looked for.
"""

from __future__ import annotations

import dataclasses
from dataclasses import replace

from augment.core.errors import BadInput, UsageError, listed
from augment.core.loaded import Loaded
from augment.core.types import Engine, Job, Json
from augment.kinds.tables.data.dataset import Table, require_rows
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.engines.conditional import PrivateModel
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.generator.unmodelled import Unmodelled
from augment.kinds.tables.identity.row_identity import RowIdentity
from augment.kinds.tables.io.options import read_options
from augment.kinds.tables.relations import Relations

FIRST = "augment inspect SRC --schema-out schema.json"
FOUND_FROM_ROWS = {
    "text": "the form of its surrogates is taken from its texts",
    "reference": "how many rows share an id is counted in the rows",
    "measurement": "its forms and their ranges are taken from the rows",
    "constant": "its value is read from the rows",
}


def publicly_read(loaded: Loaded[Table], read: Json, engine: str) -> Loaded[Table]:
    """The rows under the schema file as it stands, of which nothing comes from the rows.

    Raises `UsageError` without a schema file, and for what can only be found by looking at rows.
    """
    if "schema" not in read:
        raise UsageError(
            f"Engine {engine!r} needs --schema FILE: roles and spelling that are found by looking "
            f"at the rows are not private. Write one with: {FIRST}, then check each line of it: "
            "all that it says counts as public."
        )
    for name, said in read.get("columns", {}).items():
        if said.partition(":")[0].strip().lower() not in ("drop", "ignore", "skip"):
            raise UsageError(
                f"--column {name}={said}: with engine {engine!r} the schema file says what a "
                "column is. Write it there; --column can only drop one."
            )
    given = read_options(read).schema
    assert given is not None, "the options hold a schema"
    kept = [name for name in given.names if name in loaded.data.schema.names]
    columns = tuple(_public(given[name], engine) for name in kept)
    target = read.get("target") or given.target
    schema = Schema(
        columns, target if target in kept else None, locale=given.locale, dialect=given.dialect
    )
    notes = loaded.notes
    if given.key or given.stamp:
        notes += (f"Engine {engine!r} draws rows one by one: the schema's key and stamp are lost.",)
    return replace(loaded, data=Table(loaded.data.data.select(kept), schema), notes=notes)


def _public(column: Column, engine: str) -> Column:
    why = FOUND_FROM_ROWS.get(column.role)
    if why is not None:
        raise UsageError(
            f"Column {column.name!r} has the role {column.role!r}: {why}, which engine "
            f"{engine!r}, being private, must not do. Pass --column '{column.name}=drop', or "
            "give it another role in the schema."
        )
    return replace(column, note="")


def fit_privately(recipe: Engine[Table], data: Table, job: Job) -> TableModel:
    """Fit `recipe` on the modelled columns of `data`; ids are made by their pattern alone."""
    require_rows(data, 1, "the table")
    core = data.select([column.name for column in data.schema if column.modelled])
    if not core.schema.columns:
        raise BadInput(
            "there is nothing to model: every column is an id.",
            hint="Give one the role numeric or categorical in the schema.",
        )
    inner = recipe.fit(core, replace(job, seed=job.seed.child("engine")))
    assert isinstance(inner, PrivateModel), "an engine that says so is private"
    facts = {
        "parameters": dataclasses.asdict(recipe),
        "protected": True,
        "notes": [],
        "relations": [],
        "kept": [],
        "nearly": [],
        **inner.state().config.get("facts", {}),
        "public": _told(data.schema),
    }
    return TableModel(
        recipe.about.name,
        inner.rows,
        data.schema,
        inner,
        tuple(Unmodelled(c, 0.0) for c in data.schema if not c.modelled),
        inner.domain,
        Relations(),
        RowIdentity(),
        facts,
    )


def _told(schema: Schema) -> str:
    """What the schema gives away of the values, in a sentence."""
    levels = [column.name for column in schema if column.levels is not None]
    ends = [column.name for column in schema if column.low is not None or column.high is not None]
    parts = ["names, roles and spelling of all columns"]
    parts += [f"levels of {listed(levels)}"] if levels else []
    parts += [f"ends of {listed(ends)}"] if ends else []
    return "Taken as public, from the schema: " + "; ".join(parts) + "."

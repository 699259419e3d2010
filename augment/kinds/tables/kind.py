"""Tables as the lifecycle sees them: four ports."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pyarrow.compute as pc

from augment.core import registry
from augment.core.errors import UsageError
from augment.core.fitted import Ask, Fitted
from augment.core.kind import (
    Forecast,
    Generator,
    Kind,
    Loaded,
    Origin,
    Part,
    Reader,
    Reserved,
    Wanted,
    Writer,
    Written,
)
from augment.core.kind import column as described_column
from augment.core.source import Source
from augment.core.types import Engine, Job, Json
from augment.evaluation.comparison import Comparison
from augment.evaluation.evaluator import Extras, MetricEvaluator, Words
from augment.evaluation.scoring import Sides
from augment.evaluation.verdict import Unscored
from augment.kinds.tables.data import marker, measurements
from augment.kinds.tables.data.conditions import (
    balance_of,
    parse,
    parse_balance,
    require_no_prompts,
)
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import codes
from augment.kinds.tables.generator import domain, rare_categories
from augment.kinds.tables.generator.caveats import advice, caveats
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.generator.private_fitting import fit_privately, publicly_read
from augment.kinds.tables.generator.protection import least_rows
from augment.kinds.tables.generator.unmodelled import kept, modelled
from augment.kinds.tables.io import form_inference, memory, reading
from augment.kinds.tables.io.formats import Format
from augment.kinds.tables.io.options import read_options
from augment.kinds.tables.metrics import targets
from augment.kinds.tables.metrics.costs import scoring_seconds
from augment.kinds.tables.personal import surrogates
from augment.sources import standard_input
from augment.sources.databases.address import is_address
from augment.sources.remote.uri import is_uri

if TYPE_CHECKING:
    import pyarrow as pa

NOUN = "rows"
MOST_VALUES_SHOWN = 20
CELL_SECONDS, CELL_BYTES = 4e-7, 120  # of a row's cell, to decode and write; in memory
COLUMN_SECONDS = 1e-3  # of a column, to decode and write


class TableReader(Reader[Table]):
    """Files with rows and columns."""

    options = frozenset(f.name for f in dataclasses.fields(reading.ReadOptions)) - {"like"}
    scored: ClassVar[Json] = {"scored": True}  # of large files some are drawn

    def recognises(self, source: Source) -> bool:
        if not isinstance(source, str):
            return memory.recognised(source)
        if source == standard_input.NAME or is_address(source) or is_uri(source):
            return True
        try:
            return bool(reading.files_of(source, reading.ReadOptions()))
        except UsageError:
            return False

    def read(self, source: Source, options: Json) -> Loaded[Table]:
        found = reading.read(source, read_options(options))
        return Loaded(found.table, found.files, found.notes, found.rejected, sampled=found.sampled)

    def read_like(self, source: Source, data: Table, options: Json) -> Loaded[Table]:
        found = reading.read_like(source, kept(data.schema), read_options(options))
        table, notes = found.table, found.notes
        if marker.MARKER in table.schema.names and marker.MARKER not in data.schema.names:
            table, more = marker.made_rows(table)
            notes += more
        return Loaded(table, (), notes, found.rejected, sampled=found.sampled)

    def describe(self, data: Table, show_values: bool) -> Json:
        return {
            "caveats": caveats(data),
            "schema": data.schema.to_json(),
            "columns": [_described(data, column, show_values) for column in data.schema],
            "guess": dict(zip(("target", "why"), targets.chosen(data, None), strict=True)),
        }


class TableWriter(Writer[Table]):
    """One file, in any registered format."""

    options = frozenset(f.name for f in dataclasses.fields(reading.WriteOptions)) | {
        "format",
        "mark",
    }

    def name(self, source: str) -> str:
        return f"synthetic{reading.suffix_like(source)}"

    def suffix(self, format: str) -> str:
        made: Format = registry.find("formats", format or "csv")()
        return made.suffixes[0]

    def write(
        self,
        parts: Iterator[Part[Table]],
        path: Path | None,
        format: str,
        force: bool,
        options: Json,
        origin: Origin,
    ) -> Written:
        spelt = {name: value for name, value in options.items() if name != "mark"}
        mark = bool(options.get("mark", False))
        counted = _Counted(
            marker.marked(part.data, part.made) if mark else part.data for part in parts
        )
        named = format or ("csv" if path is None else reading.format_of(path))
        reading.write(
            iter(counted), path, named, force=force, options=reading.WriteOptions(**spelt)
        )
        return Written(counted.rows)

    def to_arrow(self, parts: Sequence[Table]) -> pa.Table:
        return memory.to_arrow(parts)


class TableGenerator(Generator[Table]):
    """Any registered engine for tables, with all that makes whole rows of what it draws."""

    fitted: ClassVar[type[TableModel]] = TableModel

    def prepared(self, loaded: Loaded[Table], reserved: Reserved) -> Loaded[Table]:
        """Columns mostly of rare values become text, unless the user said what they are; for a
        private fit all columns are what the schema file says."""
        if reserved.private is not None:
            return publicly_read(loaded, reserved.read, reserved.private)
        data, notes = loaded.data, surrogates.notes(loaded.data)
        notes += tuple(form_inference.notes(data))
        rows = max(1, round((1 - reserved.holdout) * len(data)))
        least = least_rows(rows)
        if reserved.protect and least > 1:
            counted = least * len(data) / rows  # so many of all rows are `least` of those fitted on
            overruled = reserved.read.get("columns", {})
            data, more = rare_categories.replaced(data, counted, overruled)
            notes += more
        told = (*loaded.notes, *notes)
        return dataclasses.replace(loaded, data=data, notes=told, advice=advice(data))

    def choose(self, data: Table) -> tuple[str, str]:
        return "anyorder", "the most accurate and quickest for tables"

    def foresee(self, data: Table, wanted: Wanted[Table]) -> Forecast | None:
        require_no_prompts(wanted.ask)
        _require_possible(data, wanted.ask)
        costs = wanted.engine.costs(modelled(data), wanted.device)
        if costs is None:
            return None
        columns, rows = len(data.schema), wanted.rows
        overhead = columns * (COLUMN_SECONDS + CELL_SECONDS * rows)
        held = CELL_BYTES * columns * (len(data) + min(rows, TableModel.block_rows))
        score = scoring_seconds(len(data), columns)
        return Forecast(
            costs.fit_seconds, costs.row_seconds * rows + overhead, score, costs.bytes + held
        )

    def fit(
        self,
        engine: Engine[Table],
        data: Table | None,
        job: Job,
        protect: bool,
        whole: Table | None,
    ) -> Fitted[Table]:
        assert data is not None and whole is not None, "every engine for tables learns from rows"
        if engine.about.private:
            return fit_privately(engine, data, job)
        return fit_model(engine, data, job, protect, len(whole), whole)


def _views(rows: Comparison[Table]) -> Sides:
    from augment.kinds.tables.metrics import scoring

    return scoring.views(rows)


def _unscored(data: Table) -> list[Unscored]:
    from augment.kinds.tables.metrics import scoring

    return scoring.unscored(data.schema)


def _extras(rows: Comparison[Table]) -> Extras:
    from augment.kinds.tables.metrics import scoring

    return scoring.extras(rows)


def _shadows(train: Table, test: Table) -> int:
    from augment.kinds.tables.metrics.membership import shadow_models

    return shadow_models(_owners(train), _owners(test))


def _owners(table: Table) -> int:
    """How many the rows belong to: as many as there are rows, where each stands alone."""
    owners = table.entities()
    return len(table) if owners is None else len(np.unique(owners))


EVALUATOR = MetricEvaluator(
    Table.kind,
    Words(rows=NOUN, columns="columns", floor="columns shuffled apart from one another"),
    views=_views,
    unscored=_unscored,
    extras=_extras,
    shadows=_shadows,
    options=frozenset({"shadow_models"}),
)
TABLES = Kind(
    Table.kind, NOUN, TableReader(), TableWriter(), TableGenerator(), EVALUATOR, fallback=True
)


def _require_possible(data: Table, ask: Ask) -> None:
    """Refuse conditions that no row of a model of `data` can meet."""
    own = data.schema
    data = measurements.parted(data)
    schema = kept(data.schema)
    asked = parse(ask.where, schema, None, lambda name: measurements.null_column(name, own))
    named = asked.columns
    if ask.balance is not None:
        named.add(parse_balance(ask.balance, schema)[0])
    if not named:
        return
    known = domain.of(data.select([name for name in schema.names if name in named]))
    asked = parse(ask.where, schema, known, lambda name: measurements.null_column(name, own))
    if ask.balance is not None:
        balance_of(ask.balance, schema, known, asked)


def _described(data: Table, column: Column, show_values: bool) -> Json:
    """One column for `inspect`: role, storage, nulls, distinct values, and why."""
    values = data.column(column.name)
    distinct = len(pc.unique(values.drop_null()))
    storage, nulls = column.storage, values.null_count
    described = described_column(column.name, column.role, storage, nulls, distinct, column.note)
    if show_values and distinct <= MOST_VALUES_SHOWN:
        described["values"] = codes(data, column.name)[1]
    return described


class _Counted:
    """Passes tables on and counts their rows."""

    def __init__(self, parts: Iterator[Table]) -> None:
        self.parts, self.rows = parts, 0

    def __iter__(self) -> Iterator[Table]:
        for part in self.parts:
            self.rows += len(part)
            yield part

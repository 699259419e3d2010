"""Tables as the lifecycle sees them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from augment.core.errors import UsageError
from augment.core.files import read_json
from augment.core.kind import (
    Ask,
    Block,
    Fitted,
    Forecast,
    Loaded,
    Origin,
    Scored,
    Wing,
    Written,
    require_known,
)
from augment.core.model_folder import Stored
from augment.core.seeds import Seed
from augment.core.types import UNLIMITED, Budget, Engine, Job, Json, Tick
from augment.kinds.tables.data.conditions import balance_of, parse, parse_balance
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import codes
from augment.kinds.tables.engines.independent import Independent
from augment.kinds.tables.generator import domain, rare_categories
from augment.kinds.tables.generator.caveats import caveats
from augment.kinds.tables.generator.model import TableModel, require_no_prompts
from augment.kinds.tables.generator.protection import least_rows
from augment.kinds.tables.generator.unmodelled import kept
from augment.kinds.tables.io import reading as source
from augment.kinds.tables.metrics.costs import scoring_seconds
from augment.kinds.tables.personal import surrogates

MOST_VALUES_SHOWN = 20
CELL_SECONDS, CELL_BYTES = 4e-7, 120  # of a row's cell, to decode and write; in memory
COLUMN_SECONDS = 1e-3  # of a column, to decode and write


class TableWing(Wing[Table]):
    """Files with rows and columns."""

    kind: ClassVar[str] = Table.kind
    writes_folders: ClassVar[bool] = False
    score_options: ClassVar[frozenset[str]] = frozenset()

    def recognises(self, source_text: str) -> bool:
        if source_text == "-":
            return True
        try:
            return bool(source.files_of(source_text, source.ReadOptions()))
        except UsageError:
            return False

    def read(self, source_text: str, options: Json) -> Loaded[Table]:
        known = [f.name for f in dataclasses.fields(source.ReadOptions) if f.name != "like"]
        require_known(options, known, "a table")
        found = source.read(source_text, _read_options(options))
        files = tuple(dataclasses.asdict(file) for file in found.files)
        return Loaded(found.table, files, found.notes, found.rejected)

    def read_like(self, source_text: str, data: Table, options: Json) -> Loaded[Table]:
        table, notes = source.read_like(source_text, kept(data.schema))
        return Loaded(table, (), notes)

    def for_fitting(
        self, loaded: Loaded[Table], rows: int, protect: bool, read: Json
    ) -> Loaded[Table]:
        data, notes = loaded.data, surrogates.notes(loaded.data)
        least = least_rows(rows)
        if protect and least > 1:
            counted = least * len(data) / rows  # so many of all rows are `least` of those fitted on
            said = read.get("columns", {})
            data, more = rare_categories.replaced(data, counted, said)
            notes += more
        return dataclasses.replace(loaded, data=data, notes=(*loaded.notes, *notes))

    def foresee(
        self, data: Table, ask: Ask, engine: Engine[Table], protect: bool, write: Json
    ) -> None:
        require_no_prompts(ask)
        schema = kept(data.schema)
        asked = parse(ask.where, schema)
        named = asked.columns
        if ask.balance is not None:
            named.add(parse_balance(ask.balance, schema)[0])
        if not named:
            return
        known = domain.of(data.select([name for name in schema.names if name in named]))
        asked = parse(ask.where, schema, known)
        if ask.balance is not None:
            balance_of(ask.balance, schema, known, asked)

    def choose(self, data: Table) -> tuple[str, str]:
        return "anyorder", "the truest and quickest for tables"

    def fit(
        self, engine: Engine[Table], data: Table, job: Job, protect: bool, whole: Table
    ) -> Fitted[Table]:
        return TableModel.fit(engine, data, job, protect, len(whole), whole)

    def forecast(
        self, engine: Engine[Table], data: Table, rows: int, device: str
    ) -> Forecast | None:
        modelled = data.select([column.name for column in data.schema if column.modelled])
        costs = engine.costs(modelled, device)
        if costs is None:
            return None
        columns = len(data.schema)
        overhead = columns * (COLUMN_SECONDS + CELL_SECONDS * rows)
        held = CELL_BYTES * columns * (len(data) + min(rows, TableModel.block_rows))
        score = scoring_seconds(len(data), columns)
        return Forecast(
            costs.fit_seconds, costs.row_seconds * rows + overhead, score, costs.bytes + held
        )

    def adopt(self, engine: Engine[Table], device: str) -> Fitted[Table]:
        raise UsageError(f"Engine {engine.about.name!r} draws no tables without data.")

    def restore(self, stored: Stored) -> Fitted[Table]:
        return TableModel.restore(stored)

    def write(
        self,
        blocks: Iterator[Block[Table]],
        path: Path | None,
        format: str,
        force: bool,
        options: Json,
        origin: Origin,
    ) -> Written:
        counted = _Counted(block.make() for block in blocks)
        named = format or ("csv" if path is None else source.format_of(path))
        source.write(
            iter(counted), path, named, force=force, options=source.WriteOptions(**options)
        )
        return Written(counted.rows, counted.rows)

    def is_whole(self, path: Path) -> bool:
        return path.exists()

    def begun(self, path: Path, origin: Origin) -> int | None:
        """None: a file of rows is whole or absent."""
        return None

    def output_name(self, source_text: str, options: Json) -> str:
        return f"synthetic{source.suffix_like(source_text)}"

    def illustrate(self, fake: Table, folder: Path) -> None:
        """Nothing: a table's rows are read, not looked at."""

    def score(
        self,
        train: Table,
        test: Table | None,
        fake: Table,
        seed: Seed,
        tick: Callable[[Tick], None],
        options: Json,
        budget: Budget = UNLIMITED,
    ) -> Scored:
        from augment.kinds.tables.metrics import scoring

        assert not options, "tables are scored in one way"

        def floor() -> Table:
            return _independent(train, len(fake), seed.child("independent"))

        return scoring.scored(train, test, fake, seed, tick, floor, budget)

    def describe(self, data: Table, show_values: bool) -> Json:
        return {
            "rows": len(data),
            "caveats": caveats(data),
            "schema": data.schema.to_json(),
            "columns": [_described(data, column, show_values) for column in data.schema],
        }


def _independent(train: Table, n: int, seed: Seed) -> Table:
    """`n` rows of the `independent` engine: the floor under every score."""
    modelled = [column.name for column in train.schema if column.modelled]
    job = Job(seed.child("fit"), Path())  # this engine keeps nothing in its scratch folder
    return Independent().fit(train.select(modelled), job).sample(n, seed.child("sample"))


def _read_options(options: Json) -> source.ReadOptions:
    """The plain options of a request, with paths and the schema file read."""
    given = dict(options)
    if "schema" in given:
        path = Path(given["schema"])
        given["schema"] = Schema.from_json(read_json(path))
        if given["schema"].locale is not None:
            given.setdefault("locale", given["schema"].locale)
    if "rejects" in given:
        given["rejects"] = Path(given["rejects"])
    if "locale" in given:
        given["locale"] = surrogates.locale_called(given["locale"])
    return source.ReadOptions(**given)


def _described(data: Table, column: Column, show_values: bool) -> Json:
    """One column for `inspect`: role, storage, nulls, distinct values, and why."""
    import pyarrow.compute as pc

    values = data.column(column.name)
    distinct = len(pc.unique(values.drop_null()))
    described: Json = {
        "name": column.name,
        "role": column.role,
        "storage": column.storage,
        "nulls": values.null_count,
        "distinct": distinct,
        "note": column.note,
    }
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

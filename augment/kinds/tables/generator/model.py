"""`TableModel`: an engine's fitted model and all that it takes to write whole rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core import registry
from augment.core.errors import BadInput, UsageError, listed
from augment.core.fitted import Ask, Fitted
from augment.core.loaded import Loaded
from augment.core.model_folder import Stored, restoring
from augment.core.normal_form import Branch
from augment.core.quotas import quotas
from augment.core.schema_drift import SchemaDrift
from augment.core.seeds import Seed
from augment.core.source import Source
from augment.core.types import Clause, Condition, Json, Model, Scalar, State, Tick, Whole, silent
from augment.kinds.tables.data import measurements
from augment.kinds.tables.data.conditions import balance_of, parse, require_no_prompts
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.data.values import arrow_type, codes, table_of, with_columns
from augment.kinds.tables.engines.rejection import Branches
from augment.kinds.tables.generator import domain, given_rows, newer_rows, rare_categories
from augment.kinds.tables.generator.drawing import Drawing
from augment.kinds.tables.generator.form_ranges import FormRanges
from augment.kinds.tables.generator.protection import least_rows
from augment.kinds.tables.generator.unmodelled import Unmodelled
from augment.kinds.tables.identity.row_identity import RowIdentity, RowRange
from augment.kinds.tables.io import reading
from augment.kinds.tables.io.options import read_options
from augment.kinds.tables.relations import Relations, engine_conditions

NO_IDENTITY = RowIdentity().to_json()  # of a model that was made before ids could repeat
MOST_ROWS = 10**15  # that a model may say its source had
TRIAL_ROWS = 20  # drawn of a restored model, to see that its parts fit together


@dataclass(frozen=True)
class TableModel(Fitted[Table]):
    """The modelled columns come from `inner`; ids, text and constants are invented beside them.

    `relations` are what holds between modelled columns on every row; the engine sees the table
    without them. `identity` are ids that rows share and keys that they do not. `domain` holds
    each modelled column's levels or ends after protection, so that impossible conditions are
    refused before anything is drawn.
    """

    block_rows: ClassVar[int] = 20_000
    engine: str
    rows: int
    schema: Schema
    inner: Model[Table]
    unmodelled: tuple[Unmodelled, ...]
    domain: Mapping[str, Json]
    relations: Relations
    identity: RowIdentity
    facts: Json
    ranges: FormRanges = field(default_factory=FormRanges)

    def on(self, device: str) -> Self:
        return dataclasses.replace(self, inner=self.inner.on(device))

    def condition(self, ask: Ask) -> Condition:
        require_no_prompts(ask)
        about = registry.find("engines", self.engine).about
        said = parse(ask.where, self.parts, self.domain, self._null_column)
        asked = self._drawing.possible(measurements.asked(said, self.schema))
        mix = None
        if ask.balance is not None:
            mix = balance_of(ask.balance, self.parts, self.domain, asked)
            asked = measurements.asked(dataclasses.replace(asked, mix=mix), self.schema)
        if (asked.columns or mix) and "where" not in about.conditions:
            raise UsageError(f"Engine {self.engine!r} takes no --where and no --balance.")
        partial = None
        if ask.given is not None:
            if "given" not in about.conditions:
                raise UsageError(
                    f"Engine {self.engine!r} cannot fill given rows. Fit one that can: "
                    "`augment engines` shows which."
                )
            if mix is not None:
                raise UsageError(
                    "--balance and --given exclude each other: the given rows say what stands in "
                    "them. Choose one."
                )
            constants = {
                each.column.name: each.constant
                for each in self.unmodelled
                if each.column.role == "constant"
            }
            partial = given_rows.read(ask.given, self.schema, self.domain, constants, asked)
        return dataclasses.replace(asked, mix=mix, partial=partial)

    def sample(
        self, start: int, n: int, seed: Seed, given: Condition, tick: Callable[[Tick], None]
    ) -> Table:
        core = self._core(start, n, seed.child("engine"), given, tick)
        kept = given.partial.slice(start, n) if isinstance(given.partial, Table) else None
        whole = given.whole or Whole(start + n, seed)
        made = {
            each.column.name: each.make(
                start, n, seed.child("invent", each.column.name), whole.seed
            )
            for each in self.unmodelled
        }
        if kept is None:
            core, ids = self._settled(core, RowRange(start, start + n, whole), given, seed, tick)
            made |= ids
        arrays = [
            core.column(column.name)
            if column.modelled
            else _filled(made[column.name], kept, column.name)
            for column in self.parts
        ]
        whole_rows = Table(pa.table(arrays, names=self.parts.names), self.parts)
        return measurements.joined(whole_rows, self.schema)

    def _settled(
        self,
        core: Table,
        part: RowRange,
        given: Condition,
        seed: Seed,
        tick: Callable[[Tick], None],
    ) -> tuple[Table, dict[str, pa.Array]]:
        """The rows with keys that do not repeat, and ids that do."""

        def refill(rows: Table, stream: Seed) -> Table:
            return self._drawing.filled(rows, stream, (), tick)

        fills = "given" in registry.find("engines", self.engine).about.conditions
        return self.identity.settled(
            core, part, given, seed, self._exchanged, refill if fills else None
        )

    def _exchanged(self, core: Table, arrays: dict[str, pa.Array]) -> Table:
        """The modelled columns with some of them set anew and every relation true.

        What an engine draws as it is is set among what it draws, so that distances from it stay.
        """
        drawn = self.relations.taken_out(core)
        as_is = {c.name for c in drawn.schema if c in core.schema.columns} & arrays.keys()
        whole = with_columns(core, {name: arrays[name] for name in arrays.keys() - as_is})
        whole = self.relations.reconciled(whole, {*arrays})
        taken = with_columns(
            self.relations.taken_out(whole), {name: arrays[name] for name in as_is}
        )
        return self._drawing.whole(taken)

    def source_rows(self, source: Source) -> tuple[Table, tuple[str, ...]]:
        return reading.read_whole(source, self.schema)

    def newer_rows(
        self, source: Source, options: Json
    ) -> tuple[Loaded[Table], tuple[SchemaDrift, ...]]:
        found = reading.read_newer(source, self.schema, read_options(options))
        table, notes = found.table, found.notes
        older_rows = int(self.facts.get("fitted_rows", self.rows))
        if self.facts.get("protected", True):
            seen = int(self.facts.get("seen_rows", older_rows))
            least = least_rows(seen + len(table))
            table, more = rare_categories.replaced(table, least, self.schema.names)
            notes += more
        drift = newer_rows.drift(
            measurements.parted(table), self.parts, self.domain, self.unmodelled, older_rows
        )
        return Loaded(table, found.files, notes, found.rejected), tuple(drift)

    def value_counts(self, rows: Table, column: str) -> Mapping[Scalar, int]:
        found, levels = codes(measurements.parted(rows), column)
        counts = np.bincount(found[found >= 0], minlength=len(levels))
        return dict(zip(levels, counts.tolist(), strict=True))

    def notes(self, rows: int, given: Condition) -> tuple[str, ...]:
        notes = self.identity.notes(rows, given, self.parts)
        partial = given.partial
        told = self._drawing.told(partial) if isinstance(partial, Table) else []
        if told:
            notes += (
                f"Given rows hold what is otherwise computed ({listed(told)}): what is drawn "
                "beside them agrees as far as a few tries find it.",
            )
        return notes

    def _core(
        self, start: int, n: int, seed: Seed, given: Condition, tick: Callable[[Tick], None]
    ) -> Table:
        """The modelled columns; a mix is drawn level by level and then shuffled."""
        if isinstance(given.partial, Table):
            rows = given.partial.slice(start, n).select(list(self.domain))
            return self._completed(rows, seed, given, tick)
        if given.mix is None:
            return self._rows(n, seed, given.clauses, given.branches, tick)
        name, shares = given.mix
        parts = []
        for level, _, count in quotas(shares, start, n):
            narrowed = (*given.clauses, Clause(name, "in", (level,)))
            stream = seed.child("mix", str(level))
            parts.append(self._rows(count, stream, narrowed, given.branches, tick))
        joined = Table.join(parts)
        return joined.take(seed.child("order").rng().permutation(len(joined)))

    def _rows(
        self, n: int, seed: Seed, clauses: Branch, branches: Branches, tick: Callable[[Tick], None]
    ) -> Table:
        def draw(rows: int, stream: Seed) -> Table:
            return self._drawing.rows(rows, stream, clauses, branches, tick)

        return self.ranges.rows(draw, n, seed, self.schema, free=not (clauses or branches))

    def _completed(
        self, partial: Table, seed: Seed, given: Condition, tick: Callable[[Tick], None]
    ) -> Table:
        """The given rows with their gaps filled; again, where no branch holds, or a column that is
        set after the draw breaks its clause, within bounds."""

        def fill(rows: Table, stream: Seed) -> Table:
            def draw(some: Table, inner: Seed) -> Table:
                return self._drawing.filled(some, inner, given.clauses, tick)

            free = not (given.clauses or given.branches)
            return self.ranges.filled(draw, rows, stream, self.schema, free)

        loose = engine_conditions.loose(self.relations, given.clauses)
        if not given.branches and not loose:
            return fill(partial, seed)
        branches = tuple((*branch, *loose) for branch in given.branches or ((),))
        return given_rows.filled_to_fit(partial, fill, branches, seed)

    @property
    def _drawing(self) -> Drawing:
        return Drawing(self.inner, self.relations, self.parts)

    @cached_property
    def parts(self) -> Schema:
        """The schema with the parts of measurements in their places."""
        return measurements.parted_schema(self.schema)

    def _null_column(self, name: str) -> str:
        return measurements.null_column(name, self.schema)

    def stored(self) -> Stored:
        state = self.inner.state()
        config = {
            "schema": self.schema.to_json(),
            "rows": self.rows,
            "invented": [each.to_json() for each in self.unmodelled],
            "domain": dict(self.domain),
            "relations": self.relations.to_json(),
            "identity": self.identity.to_json(),
            **({"ranges": self.ranges.to_json()} if self.ranges != FormRanges() else {}),
            "engine": state.config,
        }
        return Stored(Table.kind, self.engine, State(config, state.tensors), self.facts)

    @classmethod
    def restore(cls, stored: Stored) -> Self:
        """Undo `stored`. Raises `BadInput` on a document that does not fit."""
        config = stored.state.config
        recipe = registry.find("engines", stored.engine)
        with restoring(stored.engine):
            schema = Schema.from_json(config["schema"])
            parts = measurements.parted_schema(schema)
            columns = [c for c in parts if not c.modelled]
            pairs = zip(columns, config["invented"], strict=True)
            unmodelled = tuple(Unmodelled.from_json(column, document) for column, document in pairs)
            rows = int(config["rows"])
            if not 0 < rows <= MOST_ROWS:
                raise ValueError("rows are out of range")
            known = {
                column.name: domain.checked(column, config["domain"][column.name])
                for column in parts
                if column.modelled
            }
            names = list(known)
            found = Relations.from_json(config["relations"], names)
            identity = RowIdentity.from_json(config.get("identity", NO_IDENTITY), parts)
            inner_config = config["engine"]
            if not isinstance(inner_config, dict):
                raise TypeError("the engine's part is no object")
            inner = recipe.model.from_state(State(inner_config, stored.state.tensors))
            model = cls(
                stored.engine,
                rows,
                schema,
                inner,
                unmodelled,
                known,
                found,
                identity,
                stored.facts,
                FormRanges.from_json(config.get("ranges", FormRanges().to_json()), schema),
            )
            _require_columns(model)
            model.sample(0, TRIAL_ROWS, Seed(0), Condition(), silent)
        return model


def _filled(made: pa.Array, kept: Table | None, name: str) -> pa.Array:
    """The invented values, in the gaps of the given ones where there are any."""
    return made if kept is None else pc.coalesce(kept.column(name), made)


def _require_columns(model: TableModel) -> None:
    """Refuse an engine's part that makes other columns, or other types, than the schema says."""
    modelled = [column for column in model.parts if column.modelled]
    nothing = table_of(modelled, [pa.nulls(0, arrow_type(c)) for c in modelled], None)
    wanted = model.relations.taken_out(nothing).schema
    made = model.inner.sample(1, Seed(0)).schema
    fits = [(c.name, c.storage) for c in made] == [(c.name, c.storage) for c in wanted]
    if not fits or model.relations.shared_columns - {*wanted.names}:
        raise BadInput("the model is damaged (its engine makes other columns than its schema).")

"""Columns that others nearly, or on some rows, settle: learnt beside them, put right after a draw.

Each is set from columns that stand before it in the table, so that none depends on itself, in their
order. Where given rows know such a column but not what it comes from, the latter follows from it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.types import Json
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.holders import Holders
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import from_numbers, numbers, table_of, with_columns
from augment.kinds.tables.relations import copies, functions, residuals
from augment.kinds.tables.relations.bounds import Bounds
from augment.kinds.tables.relations.copies import Copies, Copy
from augment.kinds.tables.relations.functions import Functions
from augment.kinds.tables.relations.quantities import quantities
from augment.kinds.tables.relations.residuals import Residual, Residuals

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Dependents:
    """Columns near an earlier one, columns that repeat earlier ones on some rows, and functions."""

    residuals: Residuals = ()
    copies: Copies = ()
    functions: Functions = ()

    @property
    def exact(self) -> list[str]:
        """What holds on every row, in words."""
        return [function.sentence for function in self.functions]

    @property
    def sentences(self) -> list[str]:
        return [*(c.sentence for c in self.copies), *(r.sentence for r in self.residuals)]

    @property
    def results(self) -> set[str]:
        return {each.column for each in self._all} | self.computed

    @property
    def computed(self) -> set[str]:
        """The columns that an engine does not see."""
        return {function.result for function in self.functions}

    @property
    def own(self) -> set[str]:
        """The columns that stand beside them in an engine's table."""
        return {each.name for each in self._all}

    def without(self, held: Collection[str]) -> Dependents:
        """Those that set none of the columns `held`."""
        return Dependents(
            tuple(each for each in self.residuals if each.column not in held),
            tuple(each for each in self.copies if each.column not in held),
            tuple(each for each in self.functions if each.result not in held),
        )

    def taken_out(self, table: Table) -> Table:
        """The table without functions, and with what is learnt of each other dependent column
        before that column."""
        return self._beside(table, {each.name: each.of(table) for each in self._all})

    def opened(self, table: Table) -> Table:
        """The same of given rows that are to be filled: what they do not settle is unknown, and an
        argument is known where a result of it is."""
        for function in self.functions:
            own = numbers(table, function.argument)
            implied = function.argument_of(numbers(table, function.result))
            column = table.schema[function.argument]
            array = from_numbers(column, np.where(np.isnan(own), implied, own))
            table = with_columns(table, {column.name: array})
        beside = {each.name: each.of(table) for each in self.residuals}
        return self._beside(table, beside | {each.name: each.opened(table) for each in self.copies})

    @property
    def _all(self) -> tuple[Residual | Copy, ...]:
        return (*self.residuals, *self.copies)

    def _beside(self, table: Table, values: dict[str, NDArray[np.float64]]) -> Table:
        if not (self._all or self.functions):
            return table
        before = {each.column: each for each in self._all}
        columns: list[Column] = []
        arrays: list[pa.Array] = []
        computed = self.computed
        for column in table.schema:
            if column.name in computed:
                continue
            each = before.get(column.name)
            if each is not None:
                columns.append(each.made_column())
                arrays.append(from_numbers(columns[-1], values[each.name]))
            columns.append(column)
            arrays.append(table.column(column.name))
        return table_of(columns, arrays, table.schema.target)

    def put_back(
        self, table: Table, whole: list[Column], kept: Table | None, bounds: Collection[Bounds] = ()
    ) -> Table:
        """Undo `taken_out`: the dependent columns, which are some of `whole`, set from what they
        depend on, each within its bounds, if there are `bounds` of it; functions come last.

        Cells known in `kept` stay; what a known dependent cell depends on follows from it, where it
        is not known itself.
        """
        plain = self._set_anew(table, kept, {each.result: each for each in bounds})
        if not self.functions:
            return plain
        schema = {column.name: column for column in whole}
        columns, arrays = list(plain.schema), [plain.column(name) for name in plain.schema.names]
        for function in self.functions:
            columns.append(schema[function.result])
            made = function.of(numbers(plain, function.argument))
            arrays.append(from_numbers(columns[-1], made))
        return table_of(columns, arrays, plain.schema.target)

    def _set_anew(self, table: Table, kept: Table | None, bounds: Mapping[str, Bounds]) -> Table:
        if not (self._all or bounds):
            return table
        order = {each.column: each for each in self._all}
        plain = [column for column in table.schema if column.name not in self.own]
        values = {
            name: numbers(table, name)
            for each in self._all
            for name in (each.column, *self._sources(each))
        }
        values |= {
            name: numbers(table, name)
            for each in bounds.values()
            for name in (each.result, *each.sources)
        }
        known = {name: np.zeros(len(table), dtype=bool) for name in values}
        for name in values.keys() & set(kept.schema.names if kept is not None else ()):
            assert kept is not None
            given = numbers(kept, name)
            known[name] = ~np.isnan(given)
            values[name] = np.where(known[name], given, values[name])
        changed: set[str] = set()
        if kept is not None:
            for column in reversed(plain):
                if column.name in order:
                    changed |= self._followed(order[column.name], table, values, known)
        for column in plain:
            name, repeats = column.name, np.zeros(len(table), dtype=np.bool_)
            if name in order:
                made = self._set(order[name], table, values)
                values[name] = np.where(known[name], values[name], made)
                if isinstance(order[name], Copy):
                    repeats = numbers(table, order[name].name) > 0
            if name in bounds:
                values[name] = bounds[name].kept(values, known[name], column, repeats)
            if name in order or name in bounds:
                changed.add(name)
        arrays = [
            from_numbers(column, values[column.name])
            if column.name in changed
            else table.column(column.name)
            for column in plain
        ]
        return table_of(plain, arrays, table.schema.target)

    def _followed(
        self,
        each: Residual | Copy,
        table: Table,
        values: dict[str, NDArray[np.float64]],
        known: dict[str, NDArray[np.bool_]],
    ) -> set[str]:
        """Set, and count as known, what a known dependent cell tells of its sources."""
        beside = numbers(table, each.name)
        changed = set()
        for place, name in enumerate(self._sources(each), start=1):
            if isinstance(each, Copy):
                implied = np.where(beside == place, values[each.column], np.nan)
            else:
                implied = each.base_of(values[each.column], beside)
            drawn = values[name]
            inside = np.clip(implied, np.nanmin(drawn), np.nanmax(drawn)) if len(drawn) else implied
            able = known[each.column] & ~known[name] & ~np.isnan(inside) & ~np.isnan(drawn)
            if table.schema[name].role != "datetime" and able.any():
                values[name] = np.where(able, implied, drawn)
                known[name] = known[name] | able
                changed.add(name)
        return changed

    def _set(
        self, each: Residual | Copy, table: Table, values: dict[str, NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        drawn, beside = values[each.column], numbers(table, each.name)
        if isinstance(each, Residual):
            column = [table.schema[each.base]]
            written = from_numbers(column[0], values[each.base])
            base = numbers(table_of(column, [written], None), each.base)
            return each.rebuilt(drawn, base, beside)
        for place, name in enumerate(each.sources, start=1):
            source = values[name]
            drawn = np.where((beside == place) & ~np.isnan(source + drawn), source, drawn)
        return drawn

    @staticmethod
    def _sources(each: Residual | Copy) -> tuple[str, ...]:
        return each.sources if isinstance(each, Copy) else (each.base,)

    def as_learnt(self, seen: Table) -> Dependents:
        return replace(self, residuals=residuals.as_learnt(self.residuals, seen))

    def to_json(self) -> Json:
        return {
            "residuals": residuals.to_json(self.residuals),
            "copies": copies.to_json(self.copies),
            "functions": functions.to_json(self.functions),
        }

    @staticmethod
    def from_json(document: Any, names: list[str]) -> Dependents:
        """Undo `to_json`; `names` are columns in their order. Raises `KeyError`, `TypeError` or
        `ValueError` on what no search can have found."""
        made = Dependents(
            residuals.from_json(document["residuals"]),
            copies.from_json(document["copies"]),
            functions.from_json(document["functions"], names),
        )
        place = {name: number for number, name in enumerate(names)}
        taken = set(names)
        columns = set(made.computed)
        for each in made._all:
            if not isinstance(each.name, str) or each.name in taken or each.column in columns:
                raise ValueError("a dependent column stands twice")
            if columns & {*made._sources(each)} & made.computed:
                raise ValueError("a dependent column depends on a function")
            if not all(place[name] < place[each.column] for name in made._sources(each)):
                raise ValueError("a dependent column stands before what it depends on")
            taken.add(each.name)
            columns.add(each.column)
        return made


def found(table: Table, left_out: Collection[str], holders: Holders | None = None) -> Dependents:
    """The dependent columns of a table without its exact relations; none is in `left_out`."""
    numeric = quantities(table, left_out)
    exact = functions.found(numeric, table.schema.target, holders)
    results = {function.result for function in exact}
    numeric = [quantity for quantity in numeric if quantity.name not in results]
    near = residuals.found(table, numeric, table.schema.target)
    taken = {each.column for each in near}
    repeated = copies.found(table, numeric, taken, table.schema.target)
    return Dependents(near, repeated, exact)

"""Where the numbers of each form of a measurement lie: weights in kg here, in lb there.

An engine draws numbers and forms of few rows as nearly as it can, and "230.1 kg" comes of a number
that is usual in lb. Rows with such numbers are drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.seeds import Seed
from augment.core.types import Json
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.measurements import Measurement, measurements
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.data.values import from_numbers, numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

REDRAWS = 10
ODD = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio: products of it wrap and hardly meet
Ends = tuple[tuple[float, float], ...]  # of the numbers of a form


@dataclass(frozen=True)
class FormRanges:
    """`ends` by column and form, where enough rows show them; `below` and `above` are columns whose
    second number is never above, or never below, the first."""

    ends: Mapping[str, Mapping[str, Ends]] = field(default_factory=dict)
    below: tuple[str, ...] = ()
    above: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: Table, schema: Schema, least: int) -> Self:
        """Those of parted rows. An end is the median of the few outermost values, of which there
        are `least` or one more, so that it is no one row's; of 1, it is the outermost."""
        ends: dict[str, dict[str, Ends]] = {}
        below, above = [], []
        few = 1 if least == 1 else least + least % 2
        for name, own in measurements(schema).items():
            place, values = own.places(table), _values(own, table)
            found = {}
            for number, form in enumerate(own.forms):
                rows = np.flatnonzero(place == number)
                if form.slots and len(rows) >= 2 * few and len(own.with_number(0)) > 1:
                    ordered = [np.sort(column[rows]) for column in values[: len(form.slots)]]
                    found[form.template] = tuple(
                        (float(np.median(c[:few])), float(np.median(c[-few:]))) for c in ordered
                    )
            ends |= {name: found} if found else {}
            if len(values) > 1:
                both = np.isin(place, [i for i, f in enumerate(own.forms) if len(f.slots) > 1])
                first, second = values[0][both], values[1][both]
                below += [name] if (second <= first).all() else []
                above += [name] if (second >= first).all() and name not in below else []
        return cls(ends, tuple(below), tuple(above))

    def broken(self, table: Table, schema: Schema, given: Table | None = None) -> NDArray[np.bool_]:
        """(rows,) whether a number of parted rows, and not of the `given` ones, is none of its
        form."""
        every = np.zeros(len(table), dtype=bool)
        if not (self.ends or self.below or self.above):
            return every
        for name, own in measurements(schema).items():
            found = np.zeros(len(table), dtype=bool)
            place, values = own.places(table), _values(own, table)
            for number, form in enumerate(own.forms):
                rows = place == number
                for column, (low, high) in self._slots(name, form.template, values):
                    found |= rows & ((column < low) | (column > high))
                if len(form.slots) > 1:
                    found |= rows & (name in self.below) & (values[1] > values[0])
                    found |= rows & (name in self.above) & (values[1] < values[0])
            if given is not None:
                found &= np.isnan(numbers(given, own.numbers[0].name))
            every |= found
        return every

    def clipped(self, table: Table, schema: Schema, given: Table | None = None) -> Table:
        """The rows with every number, but for `given` ones, pulled into the range of its form, as
        far as the table has the columns of both."""
        arrays: dict[str, pa.Array] = {}
        for name, own in measurements(schema).items():
            if not {column.name for column in own.columns} <= {*table.schema.names}:
                continue
            place, values = own.places(table), _values(own, table)
            for number, form in enumerate(own.forms):
                rows = place == number
                for column, (low, high) in self._slots(name, form.template, values):
                    column[rows] = np.clip(column[rows], low, high)
            arrays |= {c.name: from_numbers(c, v) for c, v in zip(own.numbers, values, strict=True)}
        data = table.data
        for name, array in arrays.items():
            array = array if given is None else pc.coalesce(given.column(name), array)
            data = data.set_column(data.column_names.index(name), name, array)
        return replace(table, data=data)

    def rows(
        self, draw: Callable[[int, Seed], Table], n: int, seed: Seed, schema: Schema, free: bool
    ) -> Table:
        """`n` rows of `draw`; broken ones give way to others of the same forms, so that there are
        as many of each, and at last of any. What still is broken, where rows are `free` of
        conditions, gets the end of its range."""
        made = draw(n, seed)
        for number in range(REDRAWS):
            broken = np.flatnonzero(self.broken(made, schema))
            if not len(broken):
                return made
            more = draw(len(broken), seed.child("forms", number))
            fits = ~self.broken(more, schema)
            old, new = _kinds(made.take(broken), more, schema)
            for kind in np.unique(old) if number < REDRAWS // 2 else (None,):
                waiting = broken if kind is None else broken[old == kind]
                fitting = np.flatnonzero(fits if kind is None else fits & (new == kind))
                made = made.replaced(waiting[: len(fitting)], more.take(fitting[: len(waiting)]))
        return self.clipped(made, schema) if free else made

    def filled(
        self,
        draw: Callable[[Table, Seed], Table],
        given: Table,
        seed: Seed,
        schema: Schema,
        free: bool,
    ) -> Table:
        """The same of `given` rows, which `draw` fills: what they hold is as it is."""
        made = draw(given, seed)
        for number in range(REDRAWS):
            broken = np.flatnonzero(self.broken(made, schema, given))
            if not len(broken):
                return made
            waiting = given.take(broken)
            more = draw(waiting, seed.child("forms", number))
            fits = ~self.broken(more, schema, waiting)
            old, new = _kinds(made.take(broken), more, schema)
            fitting = np.flatnonzero(fits & ((old == new) | (number >= REDRAWS // 2)))
            made = made.replaced(broken[fitting], more.take(fitting))
        return self.clipped(made, schema, given) if free else made

    def _slots(
        self, name: str, form: str, values: list[NDArray[np.float64]]
    ) -> list[tuple[NDArray[np.float64], tuple[float, float]]]:
        return list(zip(values, self.ends.get(name, {}).get(form, ()), strict=False))

    def to_json(self) -> Json:
        ends = {
            name: {form: [list(pair) for pair in pairs] for form, pairs in forms.items()}
            for name, forms in self.ends.items()
        }
        return {"ends": ends, "below": list(self.below), "above": list(self.above)}

    @classmethod
    def from_json(cls, document: Any, schema: Schema) -> Self:
        """Undo `to_json`. Raises `KeyError`, `TypeError` or `ValueError` on anything else."""
        known = measurements(schema)
        ends: dict[str, dict[str, Ends]] = {}
        for name, forms in document["ends"].items():
            slots = {form.template: len(form.slots) for form in known[name].forms}
            ends[name] = {}
            for form, pairs in forms.items():
                ends[name][form] = tuple((float(low), float(high)) for low, high in pairs)
                flat = [end for pair in ends[name][form] for end in pair]
                if len(pairs) != slots[form] or not all(map(isfinite, flat)):
                    raise ValueError("the range of a form is damaged")
        names = tuple(document["below"]), tuple(document["above"])
        if not {*names[0], *names[1]} <= known.keys():
            raise ValueError("an ordered column is no measurement")
        return cls(ends, *names)


def _kinds(
    made: Table, more: Table, schema: Schema
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """(rows,) of each table one number for each combination of forms; almost surely another."""
    found = [np.zeros(len(table), np.uint64) for table in (made, more)]
    for own in measurements(schema).values():
        for side, table in enumerate((made, more)):
            place = (own.places(table) + 1).astype(np.uint64)
            found[side] = found[side] * np.uint64(ODD) + place
    return found[0], found[1]


def _values(own: Measurement, table: Table) -> list[NDArray[np.float64]]:
    return [numbers(table, column.name).copy() for column in own.numbers]

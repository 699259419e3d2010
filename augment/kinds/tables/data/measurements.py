"""Columns of measurements, texts of few forms with numbers in them, as numbers and forms.

    weight       →   weight   weight: form        bp       →   bp    bp: second
    71.8 kg          71.8     0.0 kg              120/80       120   80
    164.6 lb         164.6    0.0 lb              135/90       135   90

Engines, conditions and metrics see the parts; rows are read and written as texts. A text of no
form has the form `OTHER` and no number.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.types import Clause, Condition
from augment.kinds.tables.data.dataset import Table, Whole
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.spelling.forms import Form, described
from augment.kinds.tables.data.values import from_numbers, numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROLE = "measurement"
OTHER = "another form"
BEHIND = ("", ": second")  # the column's name


@dataclass(frozen=True)
class Measurement:
    """A column, the columns of its first and second numbers, and that of its form, which is None
    where every row has the same."""

    column: Column
    numbers: tuple[Column, ...]
    form: Column | None
    forms: tuple[Form, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.numbers if self.form is None else (*self.numbers, self.form)

    def with_number(self, slot: int) -> tuple[str, ...]:
        """The forms that have a number there."""
        return tuple(form.template for form in self.forms if len(form.slots) > slot)

    def parts(self, texts: pa.Array) -> list[pa.Array]:
        """(rows,) texts as the `columns`."""
        encoded = texts.dictionary_encode()
        distinct = encoded.dictionary
        codes = np.full(len(distinct) + 1, len(self.forms), np.int64)
        found = np.full((len(self.numbers), len(distinct) + 1), np.nan)
        codes[-1] = -1
        for place in range(len(self.forms) - 1, -1, -1):  # of two that fit, the first
            fits, values = self.forms[place].numbers(distinct)
            codes[:-1][fits] = place
            found[:, :-1][:, fits] = np.nan
            for slot, column in enumerate(values):
                found[slot, :-1][fits] = column[fits]
        indices = np.asarray(encoded.indices.fill_null(len(distinct)), np.int64)
        made = [from_numbers(c, v[indices]) for c, v in zip(self.numbers, found, strict=True)]
        if self.form is not None:
            names = pa.array([*(form.template for form in self.forms), OTHER], pa.string())
            rows = codes[indices]
            made.append(names.take(pa.array(np.maximum(rows, 0), mask=rows < 0)))
        return made

    def texts(self, table: Table) -> pa.Array:
        """Undo `parts`; null where a number lacks that the form has."""
        values = [numbers(table, column.name) for column in self.numbers]
        place = self.places(table)
        made = pa.nulls(len(table), pa.string())
        for number, form in enumerate(self.forms):
            own = [column for column, _ in zip(values, form.slots, strict=False)]
            known = (place == number) & ~np.isnan([np.zeros(len(table)), *own]).any(axis=0)
            texts = form.texts([column[known] for column in own]) if form.slots else form.template
            made = pc.replace_with_mask(made, pa.array(known), texts)
        return made

    def places(self, table: Table) -> NDArray[np.int64]:
        """(rows,) which form a row of parts has; -1 for a text that is missing or of no form."""
        if self.form is None:
            return np.where(np.isnan(numbers(table, self.numbers[0].name)), -1, 0)
        encoded = table.column(self.form.name).dictionary_encode()
        known = {form.template: place for place, form in enumerate(self.forms)}
        lookup = np.array([*(known.get(t, -1) for t in encoded.dictionary.to_pylist()), -1])
        return lookup[np.asarray(encoded.indices.fill_null(len(lookup) - 1), np.int64)]


def measurements(schema: Schema) -> dict[str, Measurement]:
    """Those of a schema, by the name of their columns."""
    taken = set(schema.names)
    found = {}
    for column in schema:
        if column.role != ROLE:
            continue
        forms = tuple(map(Form.of, column.forms))
        slots = [[f.slots[k] for f in forms if len(f.slots) > k] for k in range(len(BEHIND))]
        parts = []
        for behind, own in zip(BEHIND, slots, strict=True):
            most = max((slot.most for slot in own), default=0)
            name = _free(column.name + behind, taken) if behind else column.name
            storage = Column(name, "numeric", "float", max_decimals=most)
            parts += [storage if most else Column(name, "numeric", "integer")] if own else []
        form = None
        if len(forms) > 1 or column.null is not None:
            form = Column(_free(f"{column.name}: form", taken), "categorical", "string")
        found[column.name] = Measurement(column, tuple(parts), form, forms)
    return found


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += " …"
    taken.add(name)
    return name


def parted_schema(schema: Schema) -> Schema:
    """The schema with the parts of each column of measurements in its place."""
    found = measurements(schema)
    if not found:
        return schema
    columns = [c for each in schema for c in _parts(found, each)]
    return replace(schema, columns=tuple(columns))


def _parts(found: dict[str, Measurement], column: Column) -> Sequence[Column]:
    return found[column.name].columns if column.name in found else (column,)


def parted(table: Table, schema: Schema | None = None) -> Table:
    """The table with the parts of each column of measurements in its place.

    `schema` is that of other rows, which says what forms there are: of columns that are texts
    there, and here.
    """
    found = measurements(schema or table.schema)
    found = {n: m for n, m in found.items() if n in table.schema.names and _is_text(table, n)}
    if not found:
        return table
    columns: list[Column] = []
    arrays: list[pa.Array] = []
    for column in table.schema:
        array = table.column(column.name)
        own = found.get(column.name)
        columns += [column] if own is None else own.columns
        arrays += [array] if own is None else own.parts(array)
    known = replace(table.schema, columns=tuple(columns))
    whole = table.whole
    if whole is not None:
        parts = whole.parts
        whole = Whole(whole.rows, lambda: (parted(part, schema) for part in parts()))
    data = pa.table(arrays, names=known.names)
    return replace(table, data=data, schema=known, whole=whole)


def _is_text(table: Table, name: str) -> bool:
    return bool(pa.types.is_string(table.column(name).type))


def joined(table: Table, schema: Schema) -> Table:
    """Undo `parted`: the columns of `schema`."""
    found = measurements(schema)
    if not found:
        return table
    arrays = [
        found[name].texts(table) if name in found else table.column(name) for name in schema.names
    ]
    return Table(pa.table(arrays, names=schema.names), schema)


def filled(table: Table, schema: Schema, rng: np.random.Generator) -> Table:
    """Parted rows to learn from: each text of no form gives way to another row's, and numbers that
    a form has not are lent by other rows, since it is the form that says where there are any."""
    data = table.data
    for own in measurements(schema).values():
        place = own.places(table)
        values = [numbers(table, column.name) for column in own.numbers]
        odd = place < 0
        if own.form is not None:
            odd &= table.column(own.form.name).is_valid().to_numpy(zero_copy_only=False)
        lender = np.arange(len(table))
        if odd.any() and (place >= 0).any():
            lender[odd] = rng.choice(np.flatnonzero(place >= 0), int(odd.sum()))
        values = _lent([column[lender] for column in values], rng)
        arrays = [from_numbers(c, v) for c, v in zip(own.numbers, values, strict=True)]
        if own.form is not None:
            arrays.append(table.column(own.form.name).take(pa.array(lender)))
        for column, array in zip(own.columns, arrays, strict=True):
            data = data.set_column(data.column_names.index(column.name), column.name, array)
    return dataclasses.replace(table, data=data)


def _lent(values: list[NDArray[np.float64]], rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """(rows,) numbers without gaps; second ones stay above, or below, first ones that are so."""
    made: list[NDArray[np.float64]] = []
    for column in values:
        lacking = np.isnan(column)
        if lacking.any() and not lacking.all():
            lender = rng.choice(np.flatnonzero(~lacking), int(lacking.sum()))
            apart = column - made[0] if made else column
            ordered = bool(made) and ((apart[~lacking] >= 0).all() or (apart[~lacking] <= 0).all())
            column = column.copy()
            column[lacking] = made[0][lacking] + apart[lender] if ordered else column[lender]
        made.append(column)
    return made


def asked(condition: Condition, schema: Schema) -> Condition:
    """What a condition on parts asks: a number asked for stands in a form that has it."""
    own = {
        column.name: Clause(each.form.name, "in", each.with_number(slot))
        for each in measurements(schema).values()
        for slot, column in enumerate(each.numbers)
        if each.form is not None
    }

    def completed(clauses: tuple[Clause, ...], names: set[str]) -> tuple[Clause, ...]:
        names |= {each.column for each in clauses if not (each.op == "in" and each.negate)}
        return (*clauses, *(clause for name, clause in own.items() if name in names))

    if not own:
        return condition
    balanced = set() if condition.mix is None else {condition.mix[0]}
    branches = tuple(completed(branch, set()) for branch in condition.branches)
    return replace(condition, clauses=completed(condition.clauses, balanced), branches=branches)


def null_column(name: str, schema: Schema) -> str:
    """The part that is null where the text is, for the name of a part that a user may ask for."""
    for each in measurements(schema).values():
        if each.form is not None and name in (column.name for column in each.numbers):
            return each.form.name
    return name


def odd_rows(table: Table) -> Iterator[tuple[str, int]]:
    """The columns of measurements with texts of other forms, and how many rows have some."""
    for name, own in measurements(table.schema).items():
        place = own.places(parted(table.select([name])))
        present = table.column(name).is_valid().to_numpy(zero_copy_only=False)
        count = int((present & (place < 0)).sum())
        if count:
            yield name, count


def told(schema: Schema) -> Iterator[str]:
    """What is learnt of each column of measurements, in words."""
    for each in measurements(schema).values():
        forms = described([form.template for form in each.forms])
        yield f"{each.column.name} is numbers in {forms}"

"""Relations between columns that hold on every row, taken out of the table before a fit.

A sum (`total = part + part`, `discharged = admitted + days`) is left out and computed again; of two
ordered columns (`admitted <= discharged`) the later is replaced by its distance from the earlier.
An engine then learns distances, which are simpler than two dates, and whatever it draws, the
relation holds. Conditions on such a column are met by bounded rejection.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from augment.base.errors import BadInput
from augment.base.types import Json
from augment.tables.dataset import Table
from augment.tables.schema import Column
from augment.tables.values import from_numbers, numbers, table_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_ROWS = 100  # fewer rows prove nothing
MOST_COLUMNS = 60  # numeric ones; pairs and triples of more would cost too much
PROBED_ROWS = 256  # rows that rule out most candidates
LEAST_MOVING = 20  # rows in which a part of a sum is not zero
LEAST_CHANCE = 30.0  # violations expected of independent columns before none means something
MOST_SPREAD = 0.5  # of the distance, as a share of the later column's own spread
UNITS_US = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000, 604_800_000_000)


@dataclass(frozen=True)
class Relation:
    """`result = base + unit * step`; where `step` is "" the distance stays in `result`'s place.

    All names are columns of the table; `unit` turns a number of days, hours, … into the
    microseconds of a date, and is 1 between numbers. With `gaps`, a sum is missing on rows where
    its parts are not, and a column that says so stays in its place.
    """

    result: str
    base: str
    step: str
    unit: float
    gaps: bool = False

    @property
    def words(self) -> str:
        if self.step:
            return f"{self.result} = {self.base} + {self.step}"
        return f"{self.base} <= {self.result}"


def mined(table: Table) -> tuple[Relation, ...]:
    """The relations that hold on all rows of `table`, in an order in which they can be undone.

    A column is the result of one relation at most, none depends on itself through others, and
    the target stays as it is.
    """
    names = [c.name for c in table.schema if c.role in ("numeric", "datetime")]
    if len(table) < LEAST_ROWS or not 2 <= len(names) <= MOST_COLUMNS:
        return ()
    values = {name: numbers(table, name) for name in names}
    dates = {c.name for c in table.schema if c.role == "datetime"}
    found: list[Relation] = []
    for candidate in [*_sums(table, values, dates), *_orders(values, dates)]:
        taken = {relation.result for relation in found} | {table.schema.target}
        if candidate.result not in taken and not _depends(candidate, found):
            found.append(candidate)
    return tuple(_undoable(found))


def _sums(
    table: Table, values: dict[str, NDArray[np.float64]], dates: set[str]
) -> Iterator[Relation]:
    """Triples with result = base + step on every row; a few rows rule out most of them."""
    import numpy as np

    probes = {name: column[:PROBED_ROWS] for name, column in values.items()}
    for result, base, step in itertools.permutations(values, 3):
        dated = result in dates
        if (base in dates) != dated or step in dates or (not dated and step < base):
            continue
        rest, slack = probes[result] - probes[base], _slack(table, result)
        for unit in UNITS_US if dated else (1.0,):
            if not _equal(rest, probes[step] * unit, slack):
                continue
            total, first, second = (values[name] for name in (result, base, step))
            if _equal(total - first, second * unit, slack) and _moves(first, second):
                gaps = bool((np.isnan(total) & ~np.isnan(first + second)).any())
                yield Relation(result, base, step, float(unit), gaps)


def _slack(table: Table, name: str) -> float:
    """Half a unit in a column's last digit: what rounding may take from a sum."""
    column = table.schema[name]
    digits = column.max_decimals if column.storage in ("float", "decimal") else 0
    return 0.0 if column.role == "datetime" else 0.51 * 10.0 ** -(digits or 0)


def _equal(a: NDArray[np.float64], b: NDArray[np.float64], slack: float) -> bool:
    """Whether `b` is `a` wherever `a` is known."""
    import numpy as np

    off = np.abs(a - b)
    return bool((off[~np.isnan(a)] <= slack).all())


def _moves(*columns: NDArray[np.float64]) -> bool:
    """Whether each column is something other than zero or a constant often enough."""
    import numpy as np

    for column in columns:
        known = column[~np.isnan(column)]
        if not len(known) or np.unique(known).size < 2:
            return False
        if (known != np.median(known)).sum() < LEAST_MOVING or (known != 0).sum() < LEAST_MOVING:
            return False
    return True


def _orders(values: dict[str, NDArray[np.float64]], dates: set[str]) -> list[Relation]:
    """Pairs with base <= result on every row, the closest base of each result first."""
    import numpy as np

    rng = np.random.Generator(np.random.Philox(0))  # which rows are compared is no randomness
    scored = []
    for result, base in itertools.permutations(values, 2):
        late, early = values[result], values[base]
        if (base in dates) != (result in dates):
            continue
        if (late[:PROBED_ROWS] < early[:PROBED_ROWS]).any():
            continue
        if (np.isnan(early) & ~np.isnan(late)).any() or (late < early).any():
            continue
        known = ~np.isnan(late)
        late, distance = late[known], (late - early)[known]
        if len(late) < LEAST_ROWS or not distance.any():
            continue
        chance = float((late < rng.permutation(early[known])).sum())
        spread = float(np.std(distance)) / max(float(np.std(late)), 1e-300)
        if chance >= LEAST_CHANCE and spread <= MOST_SPREAD:
            unit = _unit(distance) if result in dates else 1.0
            scored.append((spread, Relation(result, base, "", unit)))
    return [relation for _, relation in sorted(scored, key=lambda pair: pair[0])]


def _unit(distance: NDArray[np.float64]) -> float:
    """The largest whole number of microseconds that every distance is a multiple of."""
    import numpy as np

    return float(max(1, int(np.gcd.reduce(distance.astype(np.int64)))))


def _depends(candidate: Relation, found: list[Relation]) -> bool:
    """Whether the candidate's result already feeds, through others, its own base or step."""
    sources = {relation.result: {relation.base, relation.step} for relation in found}
    open_names, seen = [candidate.base, candidate.step], set()
    while open_names:
        name = open_names.pop()
        if name == candidate.result:
            return True
        if name not in seen:
            seen.add(name)
            open_names += sources.get(name, ())
    return False


def _undoable(found: list[Relation]) -> list[Relation]:
    """Each relation after those that its base and step come from."""
    ordered: list[Relation] = []
    while len(ordered) < len(found):
        done = {relation.result for relation in ordered}
        waiting = {relation.result for relation in found} - done
        ordered += [
            r
            for r in found
            if r.result in waiting and not {r.base, r.step} & (waiting - {r.result})
        ]
    return ordered


def taken_out(table: Table, relations: tuple[Relation, ...]) -> Table:
    """The table with sums left out and ordered columns as distances from their base."""
    columns, arrays = [], []
    changed = {relation.result: relation for relation in relations}
    for column in table.schema:
        relation = changed.get(column.name)
        if relation is None:
            columns.append(column)
            arrays.append(table.column(column.name))
        elif not relation.step:
            distance = numbers(table, relation.result) - numbers(table, relation.base)
            columns.append(_distance_column(column, table.schema[relation.base]))
            arrays.append(from_numbers(columns[-1], distance / relation.unit))
        elif relation.gaps:
            columns.append(Column(column.name, "boolean", "boolean"))
            arrays.append(table.column(column.name).is_null())
    names = [column.name for column in columns]
    target = table.schema.target if table.schema.target in names else None
    return table_of(columns, arrays, target)


def to_fill(partial: Table, relations: tuple[Relation, ...]) -> Table:
    """`taken_out` for rows whose gaps are to be filled: a gap there says nothing about a sum."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = taken_out(partial, relations)
    data = table.data
    for relation in relations:
        if relation.gaps:
            known = pc.if_else(data[relation.result], pa.scalar(None, pa.bool_()), pa.scalar(False))
            data = data.set_column(data.column_names.index(relation.result), relation.result, known)
    return Table(data, table.schema)


def _distance_column(result: Column, base: Column) -> Column:
    """How the distance of two columns is held: whole units, or the finer column's digits."""
    if result.role == "datetime" or result.storage == base.storage == "integer":
        return Column(result.name, "numeric", "integer")
    if None in (result.max_decimals, base.max_decimals):
        return Column(result.name, "numeric", "float")
    digits = max(result.max_decimals or 0, base.max_decimals or 0)
    return Column(result.name, "numeric", "float", max_decimals=digits)


def put_back(
    table: Table, relations: tuple[Relation, ...], whole: list[Column], target: str | None
) -> Table:
    """Undo `taken_out`: the columns `whole` in their order, every relation true."""
    import numpy as np

    values: dict[str, NDArray[np.float64]] = {}

    def known(name: str) -> NDArray[np.float64]:
        return values[name] if name in values else numbers(table, name)

    for relation in relations:
        step = numbers(table, relation.result) if not relation.step else known(relation.step)
        made = known(relation.base) + relation.unit * step
        if relation.gaps:
            missing = np.nan_to_num(numbers(table, relation.result)) > 0.5
            made = np.where(missing, np.nan, made)
        values[relation.result] = made
    arrays = [
        from_numbers(column, values[column.name])
        if column.name in values
        else table.column(column.name)
        for column in whole
    ]
    return table_of(whole, arrays, target)


def to_json(relations: tuple[Relation, ...]) -> list[Json]:
    return [asdict(relation) for relation in relations]


def from_json(documents: Any, known: list[str]) -> tuple[Relation, ...]:
    """Undo `to_json`. Raises `BadInput` on anything that `mined` cannot have made."""
    try:
        found: list[Relation] = []
        for document in documents:
            relation = Relation(**document)
            if not {relation.result, relation.base, relation.step or relation.base} <= set(known):
                raise ValueError("a column is not there")
            if not 0 < float(relation.unit) < 1e18:
                raise ValueError("a unit is out of range")
            if relation.result in (r.result for r in found) or _depends(relation, found):
                raise ValueError("they go round in a circle")
            found.append(relation)
        if found != _undoable(found):
            raise ValueError("they are out of order")
    except (TypeError, ValueError) as error:
        raise BadInput(f"the model's relations are damaged ({error}).") from None
    return tuple(found)

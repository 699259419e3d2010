"""Links between numbers or dates: a column computed from others, or never before another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.kinds.tables.codecs.endings import MOST_DIGITS, Precision
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import from_numbers, numbers, table_of, with_columns
from augment.kinds.tables.relations.bounds import Bounds
from augment.kinds.tables.relations.days import DayOf
from augment.kinds.tables.relations.elapsed import Elapsed
from augment.kinds.tables.relations.extremes import Extreme
from augment.kinds.tables.relations.formulas import Formula
from augment.kinds.tables.relations.months_later import MonthsLater
from augment.kinds.tables.relations.piecewise import Piecewise
from augment.kinds.tables.relations.products import Product
from augment.kinds.tables.relations.transformed import Transformed
from augment.kinds.tables.relations.weighted_sums import WeightedSum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augment.kinds.tables.relations.gaps import Masks

# Each of these sets its result on all rows.
OfNumbers: TypeAlias = "Product | WeightedSum | Formula | Transformed | Piecewise"
OfDates: TypeAlias = "Elapsed | DayOf | MonthsLater"
ComputedLink: TypeAlias = "OfNumbers | OfDates | Extreme"
ReplacingLink: TypeAlias = "Link | ComputedLink"
AnyLink: TypeAlias = "ReplacingLink | Bounds"
Links = tuple[AnyLink, ...]


@dataclass(frozen=True)
class Link:
    """`result = base + unit * step + more`; without `step` the distance stays in `result`'s place,
    from the greatest of `base` and the columns `beside` it, none of which is ever missing.

    Such a result is written with the `digits` or `decimals` that it was found with.
    All names are columns of the table; `unit` turns a number of days, hours, … into the
    microseconds of a date, and is 1 between numbers. With `gaps`, a sum is missing on rows where
    its parts are not, and a column that says so stays in its place.
    """

    result: str
    base: str
    step: str
    unit: float
    gaps: bool = False
    more: tuple[str, ...] = ()
    digits: int = MOST_DIGITS
    decimals: int = MOST_DIGITS
    beside: tuple[str, ...] = ()

    @property
    def sources(self) -> set[str]:
        return {self.base, self.step, *self.more, *self.beside} - {""}

    @property
    def computed(self) -> bool:
        """Whether the result is left out and computed again."""
        return bool(self.step)

    @property
    def sentence(self) -> str:
        if self.step:
            return f"{self.result} = {' + '.join((self.base, self.step, *self.more))}"
        return f"{', '.join((self.base, *self.beside))} <= {self.result}"

    def start(self, values: Callable[[str], NDArray[np.float64]]) -> NDArray[np.float64]:
        """(rows,) what the distance, or the step, is added to; NaN where a column is missing."""
        starts = [values(name) for name in (self.base, *self.beside)]
        return np.asarray(np.maximum.reduce(starts), np.float64)


class Settling(Protocol):
    """Any relation that settles one column by others."""

    @property
    def result(self) -> str: ...
    @property
    def sources(self) -> set[str]: ...


AnySettling = TypeVar("AnySettling", bound=Settling)


def without(found: tuple[AnySettling, ...], held: Collection[str]) -> tuple[AnySettling, ...]:
    """Those that compute none of the columns `held` from any other."""
    return tuple(each for each in found if each.result not in held or each.sources <= {*held})


def depends(candidate: AnyLink, found: list[AnyLink]) -> bool:
    """Whether the candidate's result already feeds, through others, its own base or step."""
    sources = {link.result: link.sources for link in found}
    open_names, seen = list(candidate.sources), set()
    while open_names:
        name = open_names.pop()
        if name == candidate.result:
            return True
        if name not in seen:
            seen.add(name)
            open_names += sources.get(name, ())
    return False


def undoable(found: list[AnyLink]) -> list[AnyLink]:
    """Each link after those that its base and step come from."""
    ordered: list[AnyLink] = []
    while len(ordered) < len(found):
        done = {link.result for link in ordered}
        waiting = {link.result for link in found} - done
        ordered += [
            link
            for link in found
            if link.result in waiting and not link.sources & (waiting - {link.result})
        ]
    return ordered


def taken_out(table: Table, links: Links) -> Table:
    """The table with computed columns left out and ordered columns as distances from their base."""
    columns, arrays = [], []
    changed = {link.result: link for link in links}
    for column in table.schema:
        link = changed.get(column.name)
        if link is None or isinstance(link, Bounds):
            columns.append(column)
            arrays.append(table.column(column.name))
        elif isinstance(link, Link) and not link.step:
            distance = numbers(table, link.result) - link.start(lambda name: numbers(table, name))
            starts = [table.schema[name] for name in (link.base, *link.beside)]
            columns.append(_distance_column(column, starts))
            arrays.append(from_numbers(columns[-1], distance / link.unit))
        elif link.gaps:
            columns.append(Column(column.name, "boolean", "boolean"))
            arrays.append(table.column(column.name).is_null())
    names = [column.name for column in columns]
    target = table.schema.target if table.schema.target in names else None
    return table_of(columns, arrays, target)


def with_open_gaps(table: Table, links: Links, partial: Table) -> Table:
    """`taken_out` of `partial` for filling: a gap there does not say that the sum has one."""
    data = table.data
    for link in links:
        if link.gaps:
            missing = partial.column(link.result).is_null()
            known = pc.if_else(missing, pa.scalar(None, pa.bool_()), pa.scalar(False))
            data = data.set_column(data.column_names.index(link.result), link.result, known)
    return Table(data, table.schema)


def _distance_column(result: Column, starts: Sequence[Column]) -> Column:
    """How the distance of columns is held: whole units, or the finest column's digits."""
    every = (result, *starts)
    if result.role == "datetime" or all(column.storage == "integer" for column in every):
        return Column(result.name, "numeric", "integer")
    if any(column.max_decimals is None for column in every):
        return Column(result.name, "numeric", "float")
    digits = max(column.max_decimals or 0 for column in every)
    return Column(result.name, "numeric", "float", max_decimals=digits)


def put_back(
    table: Table,
    links: Links,
    whole: list[Column],
    target: str | None,
    kept: Table | None = None,
    masks: Masks | None = None,
) -> Table:
    """Undo `taken_out`: the columns `whole` in their order, every link true, but for results that
    `kept` has: these stay, and what is computed from them is. The cells in `masks` are to be
    emptied: an extreme that ignores what is missing ignores them."""
    values: dict[str, NDArray[np.float64]] = {}

    def known(name: str) -> NDArray[np.float64]:
        return values[name] if name in values else numbers(table, name)

    columns = {column.name: column for column in whole}
    for link in links:
        if isinstance(link, Bounds):
            near = {name: known(name) for name in link.sources}
            near[link.result] = _standing(numbers(table, link.result), link.result, kept)
            fixed = _known(link.result, len(table), kept)
            values[link.result] = link.kept(near, fixed, columns[link.result])
            continue
        if not isinstance(link, Link):
            hidden = masks or {} if isinstance(link, Extreme) and link.ignoring else {}
            near = {name: known(name) for name in link.sources}
            near |= {n: np.where(hidden[n], np.nan, near[n]) for n in hidden.keys() & near.keys()}
            made = link.of(near)
            values[link.result] = _standing(_with_gaps(made, link, table), link.result, kept)
            continue
        step = numbers(table, link.result) if not link.step else known(link.step)
        start = link.start(known)
        made = start + link.unit * step
        for name in link.more:
            made = made + known(name)
        made = _with_gaps(made, link, table)
        if not link.step:
            made = _rounded(made, start, Precision(link.digits, link.decimals))
        values[link.result] = _standing(made, link.result, kept)
    arrays = [
        from_numbers(column, values[column.name])
        if column.name in values
        else table.column(column.name)
        for column in whole
    ]
    return table_of(whole, arrays, target)


def _standing(made: NDArray[np.float64], name: str, kept: Table | None) -> NDArray[np.float64]:
    """A computed column with the cells that stand already."""
    if kept is None or name not in kept.schema.names:
        return made
    own = numbers(kept, name)
    return np.where(np.isnan(own), made, own)


def _known(name: str, rows: int, kept: Table | None) -> NDArray[np.bool_]:
    """(rows,) the cells that stand already."""
    if kept is None or name not in kept.schema.names:
        return np.zeros(rows, dtype=np.bool_)
    return ~np.isnan(numbers(kept, name))


def within_bounds(table: Table, links: Links, names: Collection[str]) -> Table:
    """The table with those of the columns `names` that have bounds within them."""
    for link in links:
        if isinstance(link, Bounds) and link.result in names:
            values = {name: numbers(table, name) for name in (link.result, *link.sources)}
            column = table.schema[link.result]
            made = link.kept(values, _known(link.result, len(table), None), column)
            table = with_columns(table, {link.result: from_numbers(column, made)})
    return table


def out_of_bounds(table: Table, links: Links) -> NDArray[np.int64]:
    """(rows,) how many columns of a row are out of their bounds."""
    broken = np.zeros(len(table), np.int64)
    for link in links:
        if isinstance(link, Bounds):
            broken += link.broken({n: numbers(table, n) for n in (link.result, *link.sources)})
    return broken


def _with_gaps(made: NDArray[np.float64], link: AnyLink, table: Table) -> NDArray[np.float64]:
    """A computed column without the cells that the column in its place says are missing."""
    if not link.gaps:
        return made
    missing = np.nan_to_num(numbers(table, link.result)) > 0.5
    return np.where(missing, np.nan, made)


def _rounded(
    made: NDArray[np.float64], base: NDArray[np.float64], precision: Precision
) -> NDArray[np.float64]:
    """As the column is written, but equal to the base where it was, and never below it."""
    near = precision.rounded(made)
    near = np.where(near < base, precision.rounded(made, up=True), near)
    return np.where((made == base) | (near < base), made, near)

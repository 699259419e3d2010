"""Birth numbers as a date and whether its month is raised: see `birth_numbers.py`."""

from __future__ import annotations

import operator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.types import Json
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling import birth_numbers
from augment.kinds.tables.data.spelling.dates import DAY_US
from augment.kinds.tables.data.values import from_numbers, numbers, table_of

if TYPE_CHECKING:
    import pyarrow as pa

YEARS = (1800, 2000)  # in which the hundred years may begin


@dataclass(frozen=True)
class BirthDate:
    """The numbers of `column` are dates from the year `start` on; `raised` says of which month."""

    column: str
    raised: str
    start: int

    @property
    def sentence(self) -> str:
        return f"{self.column} is a date of birth (YYMMDD, 50 added to the month of some)"

    def columns(self) -> tuple[Column, Column]:
        date = Column(self.column, "datetime", "datetime", format="%Y-%m-%d", step_us=DAY_US)
        return date, Column(self.raised, "boolean", "boolean")


def found(table: Table) -> tuple[BirthDate, ...]:
    """Columns of whole numbers that all are birth numbers."""
    births = []
    for column in table.schema:
        if column.role == "numeric" and column.storage == "integer":
            start = birth_numbers.first_year(numbers(table, column.name))
            if start is not None and column.name != table.schema.target:
                births.append(BirthDate(column.name, _free_name(column.name, table), start))
    return tuple(births)


def _free_name(column: str, table: Table) -> str:
    name = f"{column}: month + {birth_numbers.RAISED}"
    while name in table.schema.names:
        name += " …"
    return name


def taken_out(table: Table, births: tuple[BirthDate, ...]) -> Table:
    """The table with a date in place of each birth number, and a yes or no behind it."""
    own = {birth.column: birth for birth in births}
    columns: list[Column] = []
    arrays: list[pa.Array] = []
    for column in table.schema:
        birth = own.get(column.name)
        if birth is None:
            columns.append(column)
            arrays.append(table.column(column.name))
            continue
        values = numbers(table, column.name)
        missing = np.isnan(values)
        stamps, raised, real = birth_numbers.decoded(np.where(missing, 101, values), birth.start)
        missing |= ~real  # of given rows
        columns += birth.columns()
        for made, part in zip(birth.columns(), (stamps, raised), strict=True):
            arrays.append(from_numbers(made, np.where(missing, np.nan, part)))
    return table_of(columns, arrays, table.schema.target)


def columns_of(whole: list[Column], births: tuple[BirthDate, ...]) -> list[Column]:
    """The columns `whole` as `taken_out` leaves them."""
    own = {birth.column: birth.columns() for birth in births}
    return [made for column in whole for made in own.get(column.name, (column,))]


def put_back(table: Table, births: tuple[BirthDate, ...], whole: list[Column]) -> Table:
    """Undo `taken_out`: the columns `whole` in their order."""
    own = {birth.column: birth for birth in births}
    arrays = []
    for column in whole:
        birth = own.get(column.name)
        if birth is None:
            arrays.append(table.column(column.name))
            continue
        stamps = numbers(table, birth.column)
        missing = np.isnan(stamps)
        raised = np.nan_to_num(numbers(table, birth.raised)) > 0.5
        made = birth_numbers.encoded(np.where(missing, 0, stamps).astype(np.int64), raised)
        arrays.append(from_numbers(column, np.where(missing, np.nan, made)))
    return table_of(whole, arrays, None)


def to_json(births: tuple[BirthDate, ...]) -> list[Json]:
    return [asdict(birth) for birth in births]


def from_json(documents: Any, known: list[str]) -> tuple[BirthDate, ...]:
    """Undo `to_json`. Raises `TypeError` or `ValueError` on what no search can have found."""
    births: list[BirthDate] = []
    for document in documents:
        birth = BirthDate(**document)
        taken = {name for other in births for name in (other.column, other.raised)}
        if birth.column not in known or birth.column in taken:
            raise ValueError("a birth number's column is not there, or twice")
        if not isinstance(birth.raised, str) or birth.raised in {*known, *taken}:
            raise ValueError("a birth number has no name of its own")
        if not YEARS[0] <= operator.index(birth.start) <= YEARS[1]:
            raise ValueError("a birth number's years are out of range")
        births.append(birth)
    return tuple(births)

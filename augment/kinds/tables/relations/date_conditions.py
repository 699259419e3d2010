"""Conditions on the parts of a date, and parts that are given, as conditions on the date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.errors import UsageError
from augment.core.types import Clause
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling.dates import DAY_US
from augment.kinds.tables.data.values import table_of
from augment.kinds.tables.relations.date_parts import DatePart, DateParts

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_LISTED = 5_000  # moments that a condition may name one by one
MOST_SETS = 200  # of known parts, for which given rows are filled apart


@dataclass(frozen=True)
class AskedDates:
    """A clause that every row asked for satisfies; `exact` where no other row does."""

    clause: Clause | None
    exact: bool


def _holds(
    part: DatePart, columns: Mapping[str, Column], clauses: tuple[Clause, ...], values: Any
) -> NDArray[np.bool_]:
    column = columns[part.column]
    return mask(table_of([column], [part.array(column, values)], None), clauses)


def _moment(microseconds: float) -> str:
    """As `codes` lists a date."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return (epoch + timedelta(microseconds=microseconds)).replace(tzinfo=None).isoformat()


def asked(
    dated: DateParts, clauses: tuple[Clause, ...], columns: Mapping[str, Column]
) -> AskedDates:
    """Clauses on parts as one on the date. Raises `UsageError` where no date satisfies them."""
    if dated.low is None or dated.high is None:
        return AskedDates(None, False)
    own = {p: tuple(c for c in clauses if c.column == p.column) for p in dated.parts}
    own = {part: each for part, each in own.items() if each}
    if all(_holds(part, columns, each, np.array([np.nan]))[0] for part, each in own.items()):
        return AskedDates(None, False)
    days = np.arange(dated.low // DAY_US, dated.high // DAY_US + 1) * DAY_US
    hours = np.arange(0.0, DAY_US, dated.step_us)
    for part, each in own.items():
        if part.letter in "Yymd":
            days = days[_holds(part, columns, each, dated.read_off(days)[part.letter])]
        else:
            hours = hours[_holds(part, columns, each, dated.read_off(hours)[part.letter])]
    if not len(days) or not len(hours):
        names = " and ".join(repr(part.column) for part in own)
        raise UsageError(
            f"No row of this model can satisfy the conditions on {names}: {dated.sentence}, and "
            "none of the model's dates fits them."
        )
    return _clause(dated, days, hours)


def _clause(dated: DateParts, days: NDArray[np.float64], hours: NDArray[np.float64]) -> AskedDates:
    """The moments that lie at these hours of these days."""
    low, high = float(days[0] + hours[0]), float(days[-1] + hours[-1])
    within = Clause(dated.name, "range", low=low, high=high)
    together = (np.diff(days) == DAY_US).all() and len(hours) * dated.step_us == DAY_US
    if together or (len(days) == 1 and (np.diff(hours) == dated.step_us).all()):
        return AskedDates(within, True)
    if len(days) * len(hours) > MOST_LISTED:
        return AskedDates(within, False)
    moments = (days[:, None] + hours[None, :]).ravel().tolist()
    return AskedDates(Clause(dated.name, "in", tuple(map(_moment, moments))), True)


def unsettled(dated: DateParts, partial: Table) -> Iterator[tuple[NDArray[np.int64], AskedDates]]:
    """Given rows in parts by what they know of their date: places, and the clause for it.

    Where there are very many such parts, the finer of what is known is left aside.
    """
    if not len(partial):
        yield np.arange(0), AskedDates(None, True)
        return
    values = np.stack([*dated.values(partial).values()])  # (parts, rows)
    known = ~np.isnan(values)
    some = known.any(axis=0) & ~known.all(axis=0)
    filled = np.where(known & some, values, -1.0)
    sets, place = np.unique(filled, axis=1, return_inverse=True)
    finest = len(dated.parts) - 1
    while sets.shape[1] > MOST_SETS:
        filled[finest] = -1.0
        sets, place = np.unique(filled, axis=1, return_inverse=True)
        finest -= 1
    for number in range(sets.shape[1]):
        rows = np.flatnonzero(place.ravel() == number)
        yield rows, _around(dated, sets[:, number])


def _around(dated: DateParts, known: NDArray[np.float64]) -> AskedDates:
    """The dates of the model with the known parts (-1: any); none where there is none."""
    columns = {p.column: Column(p.column, "numeric", "float") for p in dated.parts}
    plain = replace(dated, parts=tuple(DatePart(p.letter, p.column) for p in dated.parts))
    clauses = tuple(
        Clause(part.column, "range", low=float(value), high=float(value))
        for part, value in zip(dated.parts, known, strict=True)
        if value >= 0
    )
    try:
        return asked(plain, clauses, columns) if clauses else AskedDates(None, True)
    except UsageError:
        return AskedDates(None, False)

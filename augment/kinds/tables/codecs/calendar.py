"""Dates as weeks, days of the week and times of day, and back.

Bins of equal mass on a time line are days or weeks wide, so a time drawn inside one falls on any
weekday and any hour. A column of many different times is therefore modelled as three: the week
(Mondays, counted from 1970), the weekday, and, where its steps are finer than days, the time of
day. Few-valued dates stay as they are, being exact already.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.errors import UsageError
from augment.core.types import Clause, Condition, Json, State
from augment.kinds.tables.codecs.spans import Spans, grid
from augment.kinds.tables.codecs.vocabulary import numbered
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling.dates import DAY_US
from augment.kinds.tables.data.values import from_numbers, numbers, table_of

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

FIRST_MONDAY = 4  # days after 1970-01-01, a Thursday
MOST_WEEKS = 100_000  # that a condition may name one by one
WEEK, WEEKDAY, TIME = "\x1fweek", "\x1fweekday", "\x1ftime"


def is_week(column: Column) -> bool:
    """Whether a column of the table that is split is the weeks of another."""
    return column.name.endswith(WEEK)


def times_of_day(names: list[str]) -> list[tuple[int, int, int]]:
    """The places of the week, the weekday and the time of each date that is split so far."""
    place = {name: j for j, name in enumerate(names)}
    stems = [name.removesuffix(WEEK) for name in names if name.endswith(WEEK)]
    parts = [tuple(place.get(stem + part) for part in (WEEK, WEEKDAY, TIME)) for stem in stems]
    return [(w, d, t) for w, d, t in parts if w is not None and d is not None and t is not None]


@dataclass(frozen=True)
class Calendar:
    """Which columns are split. `whole` draws a split column's value in one piece, where its parts
    came out just beside what a condition allows (its first or last week, or a single moment)."""

    columns: tuple[Column, ...]
    target: str | None
    whole: dict[str, Spans]

    @staticmethod
    def of(data: Table, most_tokens: int, protect: bool) -> Calendar:
        whole = {}
        for column in data.schema:
            if column.role == "datetime":
                values = numbers(data, column.name)
                distinct = np.unique(values[~np.isnan(values)])
                days = np.unique(distinct[[0, -1]] // DAY_US) if len(distinct) else distinct
                enough = len(distinct) > most_tokens and len(days) > 1
                if enough and DAY_US % int(grid(column)) == 0:
                    whole[column.name] = Spans.fit(values, most_tokens, protect)
        return Calendar(tuple(data.schema), data.schema.target, whole)

    def split(self, data: Table) -> Table:
        """The table with each split column's parts in its place."""
        columns: list[Column] = []
        arrays: list[pa.Array] = []
        for column in data.schema:
            if column.name not in self.whole:
                columns.append(column)
                arrays.append(data.column(column.name))
                continue
            for part, values in zip(
                self._parts(column), _cut(numbers(data, column.name)), strict=False
            ):
                columns.append(part)
                arrays.append(from_numbers(part, values))
        target = data.schema.target
        return table_of(columns, arrays, None if target in self.whole else target)

    def _parts(self, column: Column) -> list[Column]:
        parts = [
            Column(column.name + WEEK, "numeric", "integer"),
            Column(column.name + WEEKDAY, "categorical", "integer"),
        ]
        if grid(column) < DAY_US:
            parts.append(Column(column.name + TIME, "numeric", "integer"))
        return parts

    def drawn_for(self, names: tuple[str, ...]) -> set[str]:
        """The columns that stand for these in the table that is split."""
        split = [name for name in names if name in self.whole]
        parts = {part.name for name in split for part in self._parts(self._column(name))}
        return parts | ({*names} - {*split})

    def inside(self, condition: Condition) -> Condition:
        """The condition on the parts: a split column's clauses become the weeks they touch."""
        clauses: list[Clause] = []
        for clause in condition.clauses:
            if clause.column not in self.whole:
                clauses.append(clause)
        for name in self.whole:
            asked = tuple(c for c in condition.clauses if c.column == name)
            if asked:
                clauses += self._weeks(name, asked)
        partial = condition.partial
        if isinstance(partial, Table):
            partial = self.split(partial)
        return replace(condition, clauses=tuple(clauses), partial=partial)

    def _weeks(self, name: str, asked: tuple[Clause, ...]) -> list[Clause]:
        whole = self.whole[name]
        choice = whole.choose(self._column(name), asked)
        if not len(choice.token):
            raise UsageError(
                f"No value of column {name!r} that the model can emit satisfies the condition: "
                "it lies beyond the dates of the training rows. Ask for dates among them."
            )
        low, high = choice.payload[:, 2], choice.payload[:, 3]
        dated = ~np.isnan(low)
        if not dated.any():
            return [Clause(name + WEEK, "null")]
        ends = _ends(whole)
        first, last = np.maximum(low[dated], ends[0]), np.minimum(high[dated], ends[1])
        spans = {(int(_week(a)), int(_week(b))) for a, b in zip(first, last, strict=True)}
        weeks = sorted({week for a, b in spans for week in range(a, min(b, a + MOST_WEEKS) + 1)})
        if dated.all():
            return [Clause(name + WEEK, "in", tuple(weeks))]
        everything = range(int(_week(ends[0])), int(_week(ends[1])) + 1)
        others = tuple(sorted(set(everything) - set(weeks)))
        return [Clause(name + WEEK, "in", others, negate=True)]  # which holds for null

    def _column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def join(self, drawn: Table, clauses: tuple[Clause, ...], rng: np.random.Generator) -> Table:
        """Undo `split`. A value that its clauses forbid is drawn again in one piece."""
        arrays = []
        for column in self.columns:
            if column.name not in self.whole:
                arrays.append(drawn.column(column.name))
                continue
            asked = tuple(c for c in clauses if c.column == column.name)
            arrays.append(self._joined(column, drawn, asked, rng))
        return table_of(list(self.columns), arrays, self.target)

    def _joined(
        self, column: Column, drawn: Table, asked: tuple[Clause, ...], rng: np.random.Generator
    ) -> pa.Array:
        parts = [numbers(drawn, part.name) for part in self._parts(column)]
        week = parts[0]
        rest = [_without_gaps(part, rng) for part in parts[1:]]
        values = (week * 7 + FIRST_MONDAY + rest[0]) * DAY_US
        if len(rest) > 1:
            step = grid(column)
            values += np.clip(np.rint(rest[1] / step) * step, 0, DAY_US - step)
        values = _inside(self.whole[column.name], values, grid(column))
        made = from_numbers(column, values)
        wrong = ~mask(table_of([column], [made], None), asked)
        if not wrong.any():
            return made
        whole = self.whole[column.name]
        choice = whole.choose(column, asked)
        weight = choice.weight() / choice.weight().sum()
        tokens = rng.choice(whole.size, int(wrong.sum()), p=weight)
        values[wrong] = numbers(
            table_of(
                [column], [whole.decode(column, tokens, rng.random(len(tokens)), choice)], None
            ),
            column.name,
        )
        return from_numbers(column, values)

    def state(self) -> State:
        tensors = {
            f"calendar.{i}.{name}": array
            for i, spans in enumerate(self.whole.values())
            for name, array in spans.state().tensors.items()
        }
        config = [[name, spans.state().config] for name, spans in self.whole.items()]
        return State({"split": config}, tensors)

    @staticmethod
    def from_state(
        columns: tuple[Column, ...],
        target: str | None,
        config: Json,
        tensors: dict[str, NDArray[np.float64]],
    ) -> Calendar:
        """Undo `state`."""
        arrays = numbered(tensors, "calendar")
        whole = {}
        for i, (name, spans) in enumerate(config["split"]):
            whole[str(name)] = Spans.from_state(spans, arrays[i])
        return Calendar(columns, target, whole)


def _ends(whole: Spans) -> tuple[float, float]:
    """The first and the last moment that a column has, be it a frequent one or not."""
    moments = np.concatenate([whole.knots, whole.atoms])
    return float(moments.min()), float(moments.max())


def _inside(whole: Spans, values: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Moments beyond the curve become the frequent moment of their own week, or the curve's end.

    A frequent moment may stand far out, as 9999-12-31 does where it means "still open".
    """
    if not len(whole.knots):
        return values
    inside = np.clip(values, *_on_grid(whole.knots[[0, -1]], step))
    if not len(whole.atoms):
        return inside
    near = np.abs(values[:, None] - whole.atoms[None, :]).argmin(axis=1)  # (rows,)
    atom = whole.atoms[near]
    own = (inside != values) & (_week(atom) == _week(values))
    return np.where(own, atom, inside)


def _week(moment: Any) -> Any:
    """The number of the week of a moment, or of an array of them."""
    return (moment // DAY_US - FIRST_MONDAY) // 7


def _cut(values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Microseconds since 1970 → week, weekday (0 is Monday), microseconds of the day."""
    day = values // DAY_US
    week = (day - FIRST_MONDAY) // 7
    return [week, day - FIRST_MONDAY - week * 7, values - day * DAY_US]


def _without_gaps(part: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """A part drawn as missing beside a week that is not takes another row's value."""
    gaps = np.isnan(part)
    if not gaps.any():
        return part
    known = part[~gaps]
    filled = part.copy()
    filled[gaps] = rng.choice(known, int(gaps.sum())) if len(known) else 0.0
    return filled


def _on_grid(ends: NDArray[np.float64], step: float) -> tuple[float, float]:
    """The outermost moments of the grid between two ends."""
    return float(np.ceil(ends[0] / step) * step), float(np.floor(ends[1] / step) * step)

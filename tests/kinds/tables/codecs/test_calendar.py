"""Laws of the calendar: joining undoes splitting, and conditions hold after joining."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from augment.core.types import Clause, Condition
from augment.kinds.tables.codecs.calendar import DAY_US, TIME, WEEK, WEEKDAY, Calendar
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema

HOUR_US = DAY_US // 24
CLAUSES = {
    "a range": (Clause("t", "range", low=19_000.3 * DAY_US, high=19_040.8 * DAY_US),),
    "two ranges": (Clause("t", "range", low=18_900 * DAY_US, high=19_300 * DAY_US, negate=True),),
    "missing": (Clause("t", "null"),),
    "there": (Clause("t", "null", negate=True),),
    "one moment": (Clause("t", "in", ("2022-01-10T13:00:00",)),),
}


def shifts(step: int, first_day: int = 18_500) -> Table:
    rng = np.random.default_rng(0)
    day = first_day + rng.integers(0, 1000, 4000)
    day = day[(day + 3) % 7 < 5]  # Monday to Friday
    stamps = day * DAY_US + rng.integers(9, 18, len(day)) * HOUR_US // step * step
    null = rng.random(len(day)) < 0.1
    array = pa.array(stamps, pa.int64(), mask=null).cast(pa.timestamp("us"))
    column = Column("t", "datetime", "datetime", step_us=step)
    return Table(pa.table([array], names=["t"]), Schema((column,), "t"))


@pytest.mark.parametrize("first_day", [18_500, -3_000])
@pytest.mark.parametrize("step", [DAY_US, HOUR_US])
def test_joining_undoes_splitting(step: int, first_day: int) -> None:
    data = shifts(step, first_day)
    calendar = Calendar.of(data, 64, protect=False)
    parts = calendar.split(data)
    assert parts.schema.names == ["t" + WEEK, "t" + WEEKDAY] + ["t" + TIME] * (step < DAY_US)
    assert set(parts.column("t" + WEEKDAY).to_pylist()) == {0, 1, 2, 3, 4, None}
    assert calendar.join(parts, (), np.random.default_rng(1)).digest() == data.digest()


@pytest.mark.parametrize("clauses", CLAUSES.values(), ids=CLAUSES.keys())
def test_conditions_on_parts_touch_what_is_asked_and_hold_once_joined(
    clauses: tuple[Clause, ...],
) -> None:
    data = shifts(HOUR_US)
    calendar = Calendar.of(data, 64, protect=False)
    parts = calendar.split(data)
    inside = calendar.inside(Condition(clauses)).clauses
    rows = np.flatnonzero(mask(parts, inside))
    assert len(rows)
    assert mask(parts, inside)[mask(data, clauses)].all()
    joined = calendar.join(parts.take(rows), clauses, np.random.default_rng(1))
    assert mask(joined, clauses).all()


def test_extremes_are_pulled_in_under_protection() -> None:
    data = shifts(HOUR_US)
    calendar = Calendar.of(data, 64, protect=True)
    joined = calendar.join(calendar.split(data), (), np.random.default_rng(1))
    real, made = (t.column("t").drop_null().to_pylist() for t in (data, joined))
    assert min(real) < min(made)
    assert max(made) < max(real)


def test_few_dates_stay_whole() -> None:
    assert not Calendar.of(shifts(DAY_US).slice(0, 50), 64, protect=True).whole


def test_a_frequent_moment_far_out_is_kept_and_can_be_asked_for() -> None:
    """As 9999-12-31 is where it stands for "still open"."""
    data = shifts(DAY_US)
    far = 253_402_214_400_000_000  # 9999-12-31
    stamps = np.asarray(data.column("t").cast(pa.int64()).fill_null(0)).copy()
    stamps[::4] = far
    array = pa.array(stamps, pa.int64()).cast(pa.timestamp("us"))
    data = Table(pa.table([array], names=["t"]), data.schema)
    calendar = Calendar.of(data, 64, protect=True)
    joined = calendar.join(calendar.split(data), (), np.random.default_rng(1))
    assert (np.asarray(joined.column("t").cast(pa.int64())) == far).sum() == len(stamps[::4])
    clause = Clause("t", "in", ("9999-12-31T00:00:00",))
    (asked,) = calendar.inside(Condition((clause,))).clauses
    assert mask(calendar.split(data), (asked,)).sum() == len(stamps[::4])


def test_a_stored_calendar_joins_alike() -> None:
    data = shifts(HOUR_US)
    calendar = Calendar.of(data, 64, protect=True)
    state = calendar.state()
    again = Calendar.from_state(
        calendar.columns, calendar.target, state.config, dict(state.tensors)
    )
    parts = calendar.split(data)
    made = [each.join(parts, (), np.random.default_rng(1)).digest() for each in (calendar, again)]
    assert made[0] == made[1]

"""What `anyorder` learns of days: weeks apart, days as cells of their own that begin at several
times, keys before all else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from augment.core.seeds import Seed
from augment.core.types import Condition, Job, State, silent
from augment.kinds.tables.codecs.calendar import TIME, WEEK, WEEKDAY
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import from_numbers, numbers
from augment.kinds.tables.engines.anyorder import structure
from augment.kinds.tables.engines.anyorder.encoding import fitted_vocabularies
from augment.kinds.tables.engines.anyorder.engine import Anyorder
from augment.kinds.tables.engines.anyorder.layout import OffsetDays, TokenLayout
from augment.kinds.tables.engines.anyorder.tokenmodel import AnyorderModel
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel

PARTS = ("year", "month", "day", "hour")


def hourly(weeks: int, hours: int = 1) -> Table:
    """A level that each day sets anew, told of at times so many hours apart, from a Monday on."""
    rng = np.random.default_rng(0)
    moments = np.arange("2018-01-01T00", weeks * 168, hours, dtype="datetime64[h]")
    days = moments.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    level = rng.normal(0, 10, weeks * 7)[(days - days[0]).astype(int)]
    columns = {
        "year": months.astype("datetime64[Y]").astype(int) + 1970,
        "month": months.astype(int) % 12 + 1,
        "day": (days - months.astype("datetime64[D]")).astype(int) + 1,
        "hour": (moments - days.astype("datetime64[h]")).astype(int),
        "level": (level + rng.normal(0, 3, len(moments))).round(1),
    }
    schema = [Column(name, "numeric", "integer") for name in PARTS]
    schema.append(Column("level", "numeric", "float", max_decimals=1))
    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    return Table(table, Schema(tuple(schema), key=PARTS, stamp=PARTS))


def fitted(table: Table, scratch: Path, **parameters: int) -> tuple[TableModel, AnyorderModel]:
    job = Job(Seed(1), scratch)
    model = fit_model(Anyorder(**parameters), table, job, True, len(table))
    assert isinstance(model.inner, AnyorderModel)
    return model, model.inner


@pytest.mark.parametrize(("rows_a_week", "apart"), [(28, True), (14, False)])
def test_weeks_with_enough_rows_have_a_token_each(rows_a_week: int, apart: bool) -> None:
    weeks = pa.array(np.repeat(np.arange(200), rows_a_week))
    column = Column("on" + WEEK, "numeric", "integer")
    table = Table(pa.table({column.name: weeks}), Schema((column,)))
    found = fitted_vocabularies(table, 128, True)[0]
    assert found.exact() == apart and (found.size == 200) == apart


def test_a_key_of_which_few_are_free_is_drawn_before_all_else(tmp_path: Path) -> None:
    _, inner = fitted(hourly(30), tmp_path, epochs=1)
    names = [list(inner.vocabularies)[j] for j in inner.network.layout.order]
    date = names[0].partition("\x1f")[0]
    assert {*names[:3]} == {date + part for part in (WEEK, WEEKDAY, TIME)}
    assert names[3] != "level"  # the month, which tells of seasons


def test_a_key_of_which_most_are_free_is_drawn_in_its_turn(tmp_path: Path) -> None:
    table = hourly(30)
    few = table.take(np.random.default_rng(1).permutation(len(table))[:300])
    _, inner = fitted(few, tmp_path, epochs=1)
    names = [list(inner.vocabularies)[j] for j in inner.network.layout.order]
    assert not all(name.endswith((WEEK, WEEKDAY, TIME)) for name in names[:3])


@pytest.mark.parametrize("nullable", [False, True])
def test_a_day_that_begins_later_goes_on_into_the_next_morning(nullable: bool) -> None:
    null = int(nullable)
    days = OffsetDays((1, 0, 2), days=7, first=null, begins=18 + null)
    layout = TokenLayout((7 + null, 3 + null, 24 + null), (0, 1, 2), ((1, 0),), (days,))
    hours = np.arange(3 * 7 * 24)
    week, weekday, time = hours // 168 + null, hours // 24 % 7 + null, hours % 24 + null
    found = layout.cell_number(1, [week, weekday, time])
    assert (found - found[0]).tolist() == ((hours + 6) // 24).tolist()
    tokens = np.stack([weekday, week, time], axis=1)
    rows = layout.cell(torch.from_numpy(tokens), 1).numpy()
    assert rows.tolist() == (found + layout.cells[1]).tolist()
    assert layout.cells[1] <= rows.min() and rows.max() == layout.cells[2] - 1
    if nullable:
        assert layout.cell_number(1, [np.zeros(1, int)] * 3)[0] < found.min()
    unknown = layout.cell(torch.tensor([[3, 1, -1], [-1, 1, 4]]), 1)
    assert unknown.tolist() == [layout.cells[-1]] * 2


def test_days_begin_at_noon_too_where_days_differ(tmp_path: Path) -> None:
    table = hourly(60)
    _, inner = fitted(table, tmp_path, epochs=1)
    names, layout = list(inner.vocabularies), inner.network.layout
    assert [each.begins for each in layout.offset_days] == [12]
    assert {names[j].partition("\x1f")[2] for j in layout.joint[-1]} == {"week", "weekday", "time"}
    rng = np.random.default_rng(2)
    columns = {name: numbers(table, name) for name in PARTS}
    columns["level"] = rng.permutation(numbers(table, "level"))
    arrays = [from_numbers(column, columns[column.name]) for column in table.schema]
    shuffled = Table(pa.table(arrays, names=list(columns)), table.schema)
    _, inner = fitted(shuffled, tmp_path / "shuffled", epochs=1)
    assert inner.network.layout.offset_days == ()


def test_a_model_with_offset_days_draws_the_same_once_restored(tmp_path: Path) -> None:
    _, inner = fitted(hourly(60), tmp_path, epochs=1)
    state = inner.state()
    again = AnyorderModel.from_state(State(json.loads(json.dumps(state.config)), state.tensors))
    assert again.network.layout == inner.network.layout
    assert again.sample(500, Seed(4)).data.equals(inner.sample(500, Seed(4)).data)


@pytest.mark.slow
def test_each_day_of_years_keeps_its_level(tmp_path: Path) -> None:
    table = hourly(160)
    model, inner = fitted(table, tmp_path)
    assert len(inner.network.layout.interactions[0]) == 2
    made = model.sample(0, 20_000, Seed(2), Condition(), silent)
    real, drawn = _means(table), _means(made)
    both = sorted(real.keys() & drawn.keys())
    assert len(both) > 1_000
    pairs = np.corrcoef([real[day] for day in both], [drawn[day] for day in both])
    assert pairs[0, 1] > 0.96


@pytest.mark.slow
def test_halves_of_days_keep_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A level that goes on through the hours changes at noon as it does in the real rows, less so
    where days begin at midnight alone."""
    table = hourly(60)
    steps = np.random.default_rng(3).normal(0, 1, len(table))
    level = pa.array(np.cumsum(steps).round(1))
    walk = Table(table.data.set_column(4, "level", level), table.schema)
    kept = _changes_kept(walk, tmp_path / "both")
    monkeypatch.setattr(structure, "OFFSETS", 1)
    alone = _changes_kept(walk, tmp_path / "midnight")
    assert 1 - kept**2 < 0.67 * (1 - alone**2)  # of the variance, what is not kept


def _changes_kept(walk: Table, scratch: Path) -> float:
    """The correlation, over days, of how the level changes at noon in real and in made rows."""
    model, _ = fitted(walk, scratch)
    made = model.sample(0, 20_000, Seed(2), Condition(), silent)
    halves = []
    for table in (walk, made):
        late = numbers(table, "hour") >= 12
        halves += [_means(table.take(np.flatnonzero(half))) for half in (late, ~late)]
    days = sorted(set.intersection(*(set(half) for half in halves)))
    assert len(days) > 400
    late, early, made_late, made_early = (np.array([half[d] for d in days]) for half in halves)
    return float(np.corrcoef(late - early, made_late - made_early)[0, 1])


def _means(table: Table) -> dict[int, float]:
    days = numbers(table, "year") * 10_000 + numbers(table, "month") * 100 + numbers(table, "day")
    values, place = np.unique(days, return_inverse=True)
    means = np.bincount(place, numbers(table, "level")) / np.bincount(place)
    return dict(zip(values.astype(int).tolist(), means.tolist(), strict=True))

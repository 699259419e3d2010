"""Columns that follow from which of two others is greater do so on every made row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from augment.core import model_folder as store
from augment.core import registry
from augment.core.errors import BadInput
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, silent
from augment.kinds.tables import relations
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.holders import Holders
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.spelling.dates import DAY_US
from augment.kinds.tables.data.values import numbers, with_columns
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.relations import Relations

ROWS = 900
RESULT = "result follows from which of home_goals and away_goals is greater"
LATE = "is_late follows from which of promised and delivered is greater"


def matches(rows: int = ROWS, seed: int = 0) -> Table:
    """Goals of two teams, who won, and the points of the first."""
    rng = np.random.default_rng(seed)
    home, away = rng.poisson(1.5, rows), rng.poisson(1.1, rows)
    sign = np.sign(home - away)
    columns = (
        Column("home_goals", "numeric", "integer"),
        Column("away_goals", "numeric", "integer"),
        Column("result", "categorical", "string"),
        Column("home_points", "numeric", "integer"),
    )
    arrays = [
        pa.array(home),
        pa.array(away),
        pa.array(np.array(["A", "D", "H"])[sign + 1]),
        pa.array(np.array([0, 1, 3])[sign + 1]),
    ]
    return Table(pa.table(arrays, names=[c.name for c in columns]), Schema(columns))


def parcels(rows: int = ROWS, unsettled: bool = False) -> Table:
    """Days of parcels, some of which were not delivered (and so not late, or, `unsettled`, now
    and then so), and what was earned by them."""
    rng = np.random.default_rng(0)
    ordered = rng.integers(0, 700, rows)
    promised, delivered = ordered + rng.integers(2, 9, rows), ordered + rng.poisson(4, rows)
    lost = rng.random(rows) < 0.1
    late = (delivered > promised) & (unsettled | ~lost)
    revenue = np.round(rng.gamma(3, 50, rows), 2)
    cost = np.round(revenue * rng.lognormal(-0.2, 0.3, rows), 2)
    columns = (
        Column("promised", "datetime", "datetime", format="%Y-%m-%d", step_us=DAY_US),
        Column("delivered", "datetime", "datetime", format="%Y-%m-%d", step_us=DAY_US),
        Column("is_late", "boolean", "boolean"),
        Column("revenue", "numeric", "float", max_decimals=2),
        Column("cost", "numeric", "float", max_decimals=2),
        Column("profitable", "categorical", "string"),
    )
    arrays = [
        pa.array(promised * DAY_US, pa.int64()).cast(pa.timestamp("us")),
        pa.array(delivered * DAY_US, pa.int64(), mask=lost).cast(pa.timestamp("us")),
        pa.array(late),
        pa.array(revenue),
        pa.array(cost),
        pa.array(np.where(revenue > cost, "yes", "no")),
    ]
    return Table(pa.table(arrays, names=[c.name for c in columns]), Schema(columns))


def fitted(table: Table, folder: Path) -> TableModel:
    made = fit_model(registry.engine("independent"), table, Job(Seed(1), folder), True, len(table))
    return TableModel.restore(made.stored())


def of_goals(made: Table) -> list[str]:
    sign = np.sign(numbers(made, "home_goals") - numbers(made, "away_goals"))
    return ["ADH"[int(own)] for own in sign + 1]


def test_who_won_follows_from_goals_and_points_from_who_won(tmp_path: Path) -> None:
    assert relations.mined(matches()).sentences == [RESULT, "home_points follows from result"]
    made = fitted(matches(), tmp_path).sample(0, 2_000, Seed(2), Condition(), silent)
    assert made.column("result").to_pylist() == of_goals(made)
    points = {"A": 0, "D": 1, "H": 3}
    assert made.column("home_points").to_pylist() == [points[own] for own in of_goals(made)]
    assert len(set(of_goals(made))) == 3


def test_what_is_late_and_what_pays(tmp_path: Path) -> None:
    sentences = relations.mined(parcels()).sentences
    assert LATE in sentences
    assert "profitable follows from which of revenue and cost is greater" in sentences
    made = fitted(parcels(), tmp_path).sample(0, 2_000, Seed(2), Condition(), silent)
    promised, delivered = numbers(made, "promised"), numbers(made, "delivered")
    assert (numbers(made, "is_late") == (delivered > promised)).all()  # nor where it is missing
    assert 0.05 < np.isnan(delivered).mean() < 0.15
    pays = np.array(made.column("profitable").to_pylist()) == "yes"
    revenue, cost = numbers(made, "revenue"), numbers(made, "cost")
    assert (pays == (revenue > cost))[revenue != cost].all()


def test_a_winner_may_be_missing_where_nobody_won(tmp_path: Path) -> None:
    table = matches()
    won = [None if own == "D" else own for own in table.column("result").to_pylist()]
    table = with_columns(table, {"result": pa.array(won)})
    table = table.select(["home_goals", "away_goals", "result"])
    assert relations.mined(table).sentences == [RESULT]
    made = fitted(table, tmp_path).sample(0, 500, Seed(2), Condition(), silent)
    said = [None if own == "D" else own for own in of_goals(made)]
    assert made.column("result").to_pylist() == said


def test_one_row_that_breaks_it_is_enough() -> None:
    table = matches()
    won = table.column("result").to_pylist()
    won[17] = "A" if won[17] != "A" else "H"
    other = with_columns(table, {"result": pa.array(won)})
    assert RESULT not in relations.mined(other).sentences
    assert LATE not in relations.mined(parcels(unsettled=True)).sentences


def test_the_target_is_never_set() -> None:
    found = relations.mined(matches().with_target("result"))
    assert not found.comparisons
    assert found.sentences == ["home_points follows from result"]


def test_what_a_range_settles_is_read_off_the_range() -> None:
    table = parcels()
    ahead = numbers(table, "revenue") - numbers(table, "cost")
    data = table.data.append_column("gain", pa.array(np.round(ahead, 2)))
    gain = Column("gain", "numeric", "float", max_decimals=2)
    found = relations.mined(Table(data, Schema((*table.schema, gain))))
    assert "profitable follows from the range of gain" in found.sentences
    assert "profitable" not in {each.result for each in found.comparisons}


@pytest.mark.parametrize("rows", [90, ROWS])
def test_few_rows_and_few_owners_prove_nothing(rows: int) -> None:
    assert (RESULT in relations.mined(matches(rows)).sentences) == (rows == ROWS)
    owned = Holders(np.arange(rows) % 25, 5)  # of which none can break it 30 times
    assert RESULT not in relations.mined(matches(rows), holders=owned).sentences
    each = Holders(np.arange(rows), 5)
    assert (RESULT in relations.mined(matches(rows), holders=each).sentences) == (rows == ROWS)


def test_values_of_few_rows_are_in_no_model() -> None:
    """Four matches end in a draw, a word that five rows would have to share."""
    table = matches()
    draws = np.flatnonzero(np.array(of_goals(table)) == "D")
    for kept, known in ((4, False), (5, True)):
        rows = np.setdiff1d(np.arange(ROWS), draws[kept:])
        assert (RESULT in relations.mined(table.take(rows)).sentences) == known


def test_columns_that_only_look_so_are_left_alone() -> None:
    """Rare yes and no, codes and counts of all kinds, and none of another."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        rows = int(rng.integers(100, 1_500))
        own = {f"rare_{n}": rng.random(rows) < rng.uniform(0.002, 0.05) for n in range(10)}
        own |= {f"even_{n}": rng.random(rows) < rng.uniform(0.2, 0.8) for n in range(5)}
        own |= {f"count_{n}": rng.poisson(rng.uniform(0.01, 3), rows) for n in range(10)}
        own |= {f"code_{n}": rng.integers(0, 3, rows) for n in range(5)}
        own["event"] = rng.poisson(0.03, rows)
        own["had_event"] = own["event"] > 0  # a range of one, whatever stands beside it
        columns = tuple(Column(name, "numeric", "integer") for name in own)
        arrays = [pa.array(np.asarray(values, np.int64)) for values in own.values()]
        table = Table(pa.table(arrays, names=list(own)), Schema(columns))
        assert relations.mined(table).comparisons == ()


def test_conditions_and_given_rows_stay_true(tmp_path: Path) -> None:
    model = fitted(matches(), tmp_path)
    asked = model.condition(Ask(where=("result = A",)))
    made = model.sample(0, 100, Seed(2), asked, silent)
    assert set(of_goals(made)) == {"A"} == set(made.column("result").to_pylist())
    data = matches(100, seed=4).data
    for known in (("home_goals", "away_goals"), ("result", "home_goals"), ("result",)):
        arrays = [data[n] if n in known else pa.nulls(100, data[n].type) for n in data.column_names]
        given = Table(pa.table(arrays, names=data.column_names), model.schema)
        made = model.sample(0, 100, Seed(3), Condition(partial=given), silent)
        assert all(made.column(name).equals(given.column(name)) for name in known)
        agree = np.array(of_goals(made)) == np.array(made.column("result").to_pylist())
        assert agree.all() if "away_goals" in known else agree.mean() > 0.9


def test_it_is_given_up_where_a_column_is_held() -> None:
    found = relations.mined(matches())
    assert not found.without({"result"}).comparisons
    assert found.without({"result", "home_goals", "away_goals"}).comparisons == found.comparisons


def test_models_of_before_know_of_none() -> None:
    found = relations.mined(matches())
    names = list(matches().schema.names)
    older = {name: part for name, part in found.to_json().items() if name != "comparisons"}
    old = {"format": 7, "config": {"relations": older, "engine": {}}}
    upgraded = store.upgraded(old, Path("model"))["config"]["relations"]
    assert Relations.from_json(upgraded, names) == replace(found, comparisons=())


def test_damaged_comparisons_are_refused() -> None:
    found = relations.mined(matches())
    names, document = list(matches().schema.names), found.to_json()
    assert Relations.from_json(document, names) == found
    (own,) = document["comparisons"]
    for damaged in (
        [{**own, "left": "nowhere"}],
        [{**own, "right": "home_goals"}],
        [{**own, "values": own["values"][:3]}],
        [{**own, "values": [[], "A", "D", "H"]}],
        [{**own, "left": "result"}],
        [{**own, "more": 1}],
        [own, own],
    ):
        with pytest.raises(BadInput, match="damaged"):
            Relations.from_json({**document, "comparisons": damaged}, names)


def test_what_follows_from_one_of_the_two_is_no_comparison() -> None:
    """Where the event is, its twin is above a count that is zero there: the twin says it all."""
    rng = np.random.default_rng(0)
    event = (np.arange(500) < 100).astype(np.int64)
    own = {"event": event, "count": rng.poisson(1.0, 500) * (1 - event), "again": event}
    columns = tuple(Column(name, "numeric", "integer") for name in own)
    table = Table(pa.table([pa.array(v) for v in own.values()], names=list(own)), Schema(columns))
    assert relations.mined(table).comparisons == ()

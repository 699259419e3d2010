"""Rows under conditions of several columns and with `or`: the model's own rows, less the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from augment.core import registry
from augment.core.errors import BadInput, OutOfResources, UsageError
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, Model, State, silent
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.engines.rejection import reject
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel

ENGINES = {
    "anyorder": {"epochs": "5", "width": "48", "blocks": "1", "bins": "24"},
    "independent": {},
    "bootstrap": {},
}
COMMON, RARE = "job = job1 or city = city3", "job = job4 or city = city5 and grade = 3"


def staff(rows: int = 2_000) -> Table:
    """Simulated: most people live where their job is; net + tax is gross; grades are few."""
    rng = np.random.default_rng(1)
    job = rng.choice(6, rows, p=[0.5, 0.2, 0.15, 0.12, 0.01, 0.02])
    city = np.where(rng.random(rows) < 0.7, job, rng.integers(0, 6, rows))
    net, tax = 100 + 10 * job + rng.integers(0, 30, rows), rng.integers(1, 40, rows)
    grade = np.where(rng.random(rows) < 0.6, job // 2, rng.integers(0, 4, rows))
    data = {
        "job": [f"job{value}" for value in job],
        "city": [f"city{value}" for value in city],
        "net": net,
        "tax": tax,
        "gross": net + tax,
        "grade": grade,
        "member": pa.array((rng.random(rows) < 0.2).tolist()),
        "team": ["red"] * rows,
    }
    kinds = {"job": "categorical", "city": "categorical", "member": "boolean", "team": "constant"}
    storage = {"member": "boolean", "job": "string", "city": "string", "team": "string"}
    columns: Any = [
        Column(name, kinds.get(name, "numeric"), storage.get(name, "integer"))  # type: ignore[arg-type]
        for name in data
    ]
    return Table(pa.table(data), Schema(tuple(columns)))


@pytest.fixture(scope="module", params=ENGINES)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TableModel:
    recipe = registry.engine(request.param, ENGINES[request.param])
    data = staff()
    job = Job(Seed(1), tmp_path_factory.mktemp("scratch"))
    return fit_model(recipe, data, job, True, len(data))


def drawn(model: TableModel, n: int, **ask: Any) -> Table:
    """A sample, and proof that every row of it is as asked for."""
    given = model.condition(Ask(**ask))
    made = model.sample(0, n, Seed(3), given, silent)
    assert len(made) == n
    assert mask(made, given.clauses, given.branches).all()
    return made


def plain(model: TableModel) -> Table:
    return model.sample(0, 40_000, Seed(9), Condition(), silent)


def share(rows: Table, column: str, value: str) -> float:
    return float(np.mean([each == value for each in rows.column(column).to_pylist()]))


@pytest.mark.parametrize("text", [COMMON, RARE])
def test_alternatives_have_the_shares_of_the_models_own_rows(model: TableModel, text: str) -> None:
    made, everything = drawn(model, 3_000, where=(text,)), plain(model)
    given = model.condition(Ask(where=(text,)))
    kept = everything.take(np.flatnonzero(mask(everything, given.clauses, given.branches)))
    assert len(given.branches) == 2 and len(kept) > 100
    for branch in given.branches:
        real, found = (float(mask(rows, branch).mean()) for rows in (kept, made))
        noise = np.sqrt(real * (1 - real) * (1 / len(kept) + 1 / 100))
        assert abs(real - found) < 4 * noise, (real, found)
        assert 0.02 < real < 0.98, "both sides are there to be told apart"


@pytest.mark.parametrize(
    "text", [COMMON, "job != job0 and grade = 1", "(job = job1 or gross > 150) and net < 130"]
)
def test_what_is_common_is_distributed_as_the_models_own_rows(model: TableModel, text: str) -> None:
    made, everything = drawn(model, 3_000, where=(text,)), plain(model)
    given = model.condition(Ask(where=(text,)))
    kept = everything.take(np.flatnonzero(mask(everything, given.clauses, given.branches)))
    for column, values in (("job", 6), ("city", 6)):
        for value in range(values):
            name = f"{column}{value}"
            assert abs(share(kept, column, name) - share(made, column, name)) < 0.06, name


def test_an_or_over_a_computed_column_and_a_group_of_texts(model: TableModel) -> None:
    made = drawn(model, 400, where=("gross > 185 or job = job4", "not (city = city0 or tax > 35)"))
    net, tax, gross = (made.column(name).to_numpy() for name in ("net", "tax", "gross"))
    assert ((gross > 185) | (np.array(made.column("job").to_pylist()) == "job4")).all()
    assert (net + tax == gross).all()
    assert (tax <= 35).all()


def test_the_same_seed_gives_the_same_alternatives(model: TableModel) -> None:
    one, two = (drawn(model, 50, where=(RARE,)).digest() for _ in range(2))
    assert one == two


@pytest.mark.parametrize("column", ["grade", "member", "job"])
def test_few_valued_columns_of_any_kind_are_balanced(model: TableModel, column: str) -> None:
    made = drawn(model, 120, balance=column).column(column).to_pylist()
    values = sorted(set(made))
    assert len(values) == {"grade": 4, "member": 2, "job": 6}[column]
    assert {made.count(value) for value in values} == {120 // len(values)}


def test_a_balance_keeps_to_an_or_and_to_what_is_left_of_its_column(model: TableModel) -> None:
    made = drawn(model, 90, where=("grade < 3", "job = job1 or city = city2"), balance="grade")
    assert sorted(made.column("grade").to_pylist()) == [0] * 30 + [1] * 30 + [2] * 30


def test_a_model_from_disk_knows_its_few_values(model: TableModel) -> None:
    again = TableModel.restore(model.stored())
    assert again.domain["grade"]["values"] == [0, 1, 2, 3]
    assert "values" not in again.domain["net"]


def test_a_column_with_many_values_is_not_balanced(model: TableModel) -> None:
    with pytest.raises(UsageError, match="few values"):
        model.condition(Ask(balance="net"))


@pytest.mark.parametrize(
    ("cells", "line", "says"),
    [
        ("job\njob1\njob9x", 3, "Did you mean 'job"),
        ("job,net\njob1,120\n,9999", 3, "outside the range"),
        ("grade\n1\n1\n77", 4, "outside the range"),
        ("team,job\nred,\nblue,job1", 3, "one value in this model"),
    ],
)
def test_given_cells_outside_the_domain_are_refused_by_place(
    model: TableModel, tmp_path: Path, cells: str, line: int, says: str
) -> None:
    if "given" not in registry.find("engines", model.engine).about.conditions:
        pytest.skip("fills no rows")
    path = tmp_path / "given.csv"
    path.write_text(cells + "\n")
    with pytest.raises(BadInput, match=says) as refusal:
        model.condition(Ask(given=str(path)))
    assert str(refusal.value).startswith(f"{path}:{line}: ")
    assert "leave the cell empty" in str(refusal.value)
    for value in ("job9x", "9999", "77", "blue"):
        assert value not in refusal.value.what + refusal.value.hint


def test_given_rows_are_filled_so_that_an_or_holds(model: TableModel, tmp_path: Path) -> None:
    if "given" not in registry.find("engines", model.engine).about.conditions:
        pytest.skip("fills no rows")
    path = tmp_path / "given.csv"
    path.write_text("job,city\n" + "job1,\n,city2\njob0,\n" * 10)
    where = "job = job1 or city = city2 or city = city3"
    made = drawn(model, 30, where=(where,), given=str(path))
    assert made.column("job").to_pylist()[::3] == ["job1"] * 10
    path.write_text("job,city\njob1,\njob0,city0\n")
    with pytest.raises(BadInput, match=rf"{path}:3: .*contradicts --where"):
        model.condition(Ask(where=(where,), given=str(path)))
    with pytest.raises(UsageError, match="exclude each other"):
        model.condition(Ask(balance="job", given=str(path)))


class Searching(Model[Table]):
    """An engine's model that cannot place: it waits for rows that fit."""

    def __init__(self, placing: Model[Table]) -> None:
        self.placing = placing

    def sample(self, n: int, seed: Seed, given: Any = None, tick: Any = silent) -> Table:
        clauses = given.clauses if given else ()
        return (
            reject(self.placing.sample, clauses, n, seed)
            if clauses
            else self.placing.sample(n, seed)
        )

    def state(self) -> State:
        raise NotImplementedError

    @classmethod
    def from_state(cls, state: State) -> Searching:
        raise NotImplementedError


def test_an_engine_that_cannot_place_searches_for_alternatives_within_bounds(
    model: TableModel,
) -> None:
    if model.engine != "independent":
        pytest.skip("one engine shows it")
    searching = replace(model, inner=Searching(model.inner))
    assert isinstance(searching, TableModel)
    made = drawn(searching, 500, where=("job = job1 or city = city3 and net > 120", "tax < 35"))
    assert 0 < share(made, "job", "job1") < 1
    rare = "(net > 169 and tax = 39 or net < 101 and tax = 1) and job = job4 and city = city5"
    with pytest.raises(OutOfResources, match=r"of 60 rows .* rows drawn"):
        drawn(searching, 60, where=(rare,))

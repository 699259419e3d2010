"""Where rows belong to persons, a value that one of them has in many rows is a rare one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from augment.core import registry
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, silent
from augment.kinds.tables import relations
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.holders import Holders
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import numbers
from augment.kinds.tables.generator import rare_categories
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.protection import holders_of, protect

PATIENTS, VISITS = 120, 8
DAY = 86_400_000_000
COLUMNS = (
    Column("patient_id", "reference", "string", pattern="P{number:05d}"),
    Column("born", "datetime", "datetime", format="%Y-%m-%d", step_us=DAY),
    Column("town", "categorical", "string"),
    Column("income", "numeric", "float", max_decimals=2),
    Column("ward", "categorical", "string"),
    Column("pressure", "numeric", "integer"),
)


def visits(patients: int = PATIENTS, seed: int = 0) -> Table:
    """Each patient has a birthday, a town and an income of their own in all eight visits."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(patients), VISITS)
    born = rng.choice(20_000, patients, replace=False)[who] * DAY
    arrays = [
        pa.array([f"P{n:05d}" for n in who]),
        pa.array(born, pa.int64()).cast(pa.timestamp("us")),
        pa.array([f"own town {n}" if n % 2 else "city" for n in who]),
        pa.array(np.round(rng.lognormal(10, 0.5, patients), 2)[who]),
        pa.array(rng.choice(["a", "b", "c"], len(who))),
        pa.array(rng.integers(90, 170, len(who))),
    ]
    return Table(pa.table(arrays, names=[c.name for c in COLUMNS]), Schema(COLUMNS))


def of_few(table: Table, name: str) -> set[object]:
    """The values of a column that fewer than five patients have."""
    pairs = set(zip(table.column(name).to_pylist(), table.entities().tolist(), strict=True))
    values = [value for value, _ in pairs]
    return {value for value in values if values.count(value) < 5}


@pytest.mark.parametrize("engine", ["independent", "bootstrap"])
def test_made_rows_have_no_value_that_is_one_patients(engine: str, tmp_path: Path) -> None:
    table = visits()
    model = fit_model(registry.engine(engine), table, Job(Seed(1), tmp_path), True, len(table))
    made = model.sample(0, len(table), Seed(2), Condition(), silent)
    assert set(made.column("town").to_pylist()) == {"city"}
    for name in ("born", "income"):
        values = made.column(name).to_pylist()
        often = {value for value in set(values) if values.count(value) >= 2 * VISITS}
        assert not often & of_few(table, name)
    assert set(made.column("ward").to_pylist()) == {"a", "b", "c"}


def test_repetitions_of_one_owner_are_told_apart_and_nothing_else_moves() -> None:
    table = visits()
    core = table.select([c.name for c in COLUMNS if c.role != "reference"])
    holders = holders_of(table, 5)
    assert holders is not None and holders.least == 5
    safe = protect(core, Seed(1), 5, holders=holders)
    for name in ("born", "income"):
        counts = np.unique(numbers(safe.table, name), return_counts=True)[1]
        assert np.median(counts) == 1  # one row of each patient has the value still
    before, after = numbers(core, "pressure"), numbers(safe.table, "pressure")
    assert (before == after).mean() > 0.98  # but for the extremes
    assert safe.table.column("ward").equals(core.column("ward"))
    assert any("are those of fewer than 5 ids" in note for note in safe.notes)


def test_the_rows_of_the_richest_are_all_pulled_in() -> None:
    """By rows, the eight of one patient are enough for the end of a range."""
    table = visits()
    rich = np.where(table.entities() == 3, 9_999_999.5, numbers(table, "income"))
    place = table.schema.names.index("income")
    data = table.data.set_column(place, "income", pa.array(rich))
    core = Table(data, table.schema).select(["income"])
    holders = holders_of(table, 5)
    most = numbers(protect(core, Seed(1), 5, holders=holders).table, "income").max()
    assert most < np.sort(np.unique(rich))[-2]
    assert numbers(protect(core, Seed(1), 5).table, "income").max() == 9_999_999.5


def test_no_relation_stores_what_is_one_patients() -> None:
    table = visits()
    core = table.select([c.name for c in COLUMNS if c.role != "reference"])
    assert relations.mined(core).settled  # by rows, the town follows from the birthday
    found = relations.mined(core, holders=holders_of(table, 5))
    assert not found.settled and not found.lookups and not found.dependents.functions


def test_few_owners_are_counted_by_rows() -> None:
    assert holders_of(visits(30), 5) is None
    few = holders_of(visits(60), 5)
    assert few is not None and few.least == 3


def test_a_row_without_the_coarsest_id_has_that_of_the_next() -> None:
    schema = Schema(
        (
            Column("customer", "reference", "string", pattern="{number}"),
            Column("invoice", "reference", "integer", pattern="{number}"),
        )
    )
    customer = ["x", "x", None, None, None, "y"]
    invoice = [1, 2, 3, 3, None, 4]
    table = Table(pa.table([customer, invoice], names=schema.names), schema)
    found = table.entities()
    assert found is not None
    assert found[0] == found[1] and found[2] == found[3]
    assert len(set(found.tolist())) == 4


def test_ends_are_the_owners_own() -> None:
    holders = Holders(np.array([0, 0, 1, 1, 2]), 2)
    lowest, highest = holders.ends(np.array([5.0, 1.0, np.nan, 7.0, np.nan]))
    assert lowest.tolist() == [1.0, 7.0] and highest.tolist() == [5.0, 7.0]


def test_categories_that_are_mostly_one_patients_become_surrogates() -> None:
    table = visits()
    arrays = [
        pa.array([f"own town {n // VISITS}" for n in range(len(table))]) if n == "town" else c
        for n, c in zip(table.schema.names, table.data.columns, strict=True)
    ]
    own = Table(pa.table(arrays, names=table.schema.names), table.schema)
    replaced, notes = rare_categories.replaced(own, 5, ())
    assert replaced.schema["town"].role == "text" and len(notes) == 1
    alone = own.select([name for name in own.schema.names if name != "patient_id"])
    assert rare_categories.replaced(alone, 5, ())[0].schema["town"].role == "categorical"


def test_a_few_teachers_do_not_hide_many_pupils() -> None:
    """By the coarsest ids alone, 27 teachers, nothing was counted but rows."""
    table = visits()
    teachers = pa.array([f"T{n % 27:02d}" for n in range(len(table))])
    columns = (*COLUMNS, Column("teacher_id", "reference", "string", pattern="T{digits:2}"))
    both = Table(table.data.append_column("teacher_id", teachers), Schema(columns))
    assert len(np.unique(both.entities())) == 27
    found = holders_of(both, 5)
    assert found is not None and found.least == 5
    assert len(np.unique(found.owners)) == PATIENTS
    safe = protect(both.select(["town", "ward"]), Seed(1), 5, holders=found).table
    assert set(safe.column("town").to_pylist()) == {"city"}


@pytest.mark.parametrize("kind", ["email", "name"])
def test_rows_with_the_same_text_are_one_persons(kind: str, tmp_path: Path) -> None:
    """Orders without a customer's id, but with the same e-mail address."""
    ids = visits()
    columns = (Column("patient_id", "text", "string", pii=kind, shared=True), *COLUMNS[1:])
    table = Table(ids.data, Schema(columns))
    assert table.entities().tolist() == ids.entities().tolist()
    engine = registry.engine("independent")
    model = fit_model(engine, table, Job(Seed(1), tmp_path), True, len(table))
    made = model.sample(0, len(table), Seed(2), Condition(), silent)
    assert set(made.column("town").to_pylist()) == {"city"}
    assert set(made.column("patient_id").to_pylist()).isdisjoint(
        ids.column("patient_id").to_pylist()
    )


def test_what_is_rare_is_counted_by_what_has_just_become_text() -> None:
    """Number plates that are too rare for a category say whose the rows are: so do their cars."""
    rng = np.random.default_rng(0)
    car = rng.integers(0, 400, 1_000)
    data = {
        "plate": pa.array([f"ZH {n:05d}" for n in car]),
        "make": pa.array([f"make {n}" if n < 240 else "common" for n in car]),
    }
    columns = tuple(Column(name, "categorical", "string") for name in data)
    replaced, notes = rare_categories.replaced(Table(pa.table(data), Schema(columns)), 5, ())
    assert replaced.schema["plate"].shared
    assert replaced.schema["make"].role == "text" and len(notes) == 2

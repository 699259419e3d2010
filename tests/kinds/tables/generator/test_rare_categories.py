"""Nothing that the source does not hold is emitted for a rare value, whatever is asked for."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from augment.core import registry
from augment.core.errors import UsageError
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.core.types import Job, silent
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.generator import rare_categories
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.io import reading as source

ROWS = 400
DRAW = random.Random(2)
WORDS = ["came", "late", "and", "left", "early", "with", "the", "old", "blue", "car", "of", "her"]
TOWNS = [f"Town {n}" for n in range(60)]


def towns() -> Table:
    """A third of the rows have a town that few share; the land settles the town."""
    common = {"north": ("Aberdeen", "Inverness"), "south": ("Bristol", "Exeter")}
    lands = [DRAW.choice(("north", "south")) for _ in range(ROWS)]
    names = [DRAW.choice(TOWNS if DRAW.random() < 0.33 else common[land]) for land in lands]
    columns = [Column(name, "categorical", "string") for name in ("land", "town")]
    columns.append(Column("size", "numeric", "float", max_decimals=1))
    sizes = pa.array([round(DRAW.gauss(5, 1), 1) for _ in range(ROWS)])
    data = pa.table([pa.array(lands), pa.array(names), sizes], names=["land", "town", "size"])
    return Table(data, Schema(tuple(columns)))


@pytest.mark.parametrize("engine", ["independent", "bootstrap", "anyorder"])
def test_every_engine_emits_values_of_the_source_alone(engine: str, tmp_path: Path) -> None:
    real = towns()
    options = {"epochs": "2"} if engine == "anyorder" else {}
    recipe: Any = registry.engine(engine, options)
    model = fit_model(recipe, real, Job(Seed(1), tmp_path), True, ROWS)
    known = set(real.column("town").to_pylist())
    given = tmp_path / "given.csv"
    given.write_text("land,town,size\n" + "north,,\n" * 50 + "south,,4.5\n" * 50)
    asks = [Ask(), Ask(balance="town"), Ask(where=("land = north",))]
    if "given" in recipe.about.conditions:
        asks.append(Ask(given=str(given)))
    for ask in asks:
        made = model.sample(0, 100, Seed(2), model.condition(ask), silent)
        assert set(made.column("town").to_pylist()) <= known
    for condition in ("town = (rare)", "town = '(rare)'"):
        with pytest.raises(UsageError):
            model.condition(Ask(where=(condition,)))
    assert "(rare)" not in str(model.stored().state.config)


def column_of(values: list[Any], column: Column, target: str | None = None) -> Table:
    return Table(pa.table({column.name: values}), Schema((column,), target))


CODES = [f"{DRAW.choice('ABC')}{n:02d}" for n in range(90)]
MOSTLY_RARE: dict[str, tuple[list[Any], Column, str, str]] = {
    "codes": (["A00"] * 60 + CODES, Column("icd", "categorical", "string"), "text", ""),
    "towns": (["Rome"] * 60 + TOWNS + TOWNS, Column("city", "categorical", "string"), "text",
              "city"),
    "numbers": ([7] * 60 + list(range(3000, 3090)), Column("shop", "categorical", "integer"),
                "id", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", MOSTLY_RARE)
def test_a_category_mostly_of_rare_values_becomes_surrogates_and_says_so(case: str) -> None:
    values, column, role, kind = MOSTLY_RARE[case]
    table, notes = rare_categories.replaced(column_of(values, column), 5, ())
    found = table.schema[column.name]
    assert (found.role, found.pii) == (role, kind)
    assert len(notes) == 1 and f"--column '{column.name}=category'" in notes[0]
    assert not any(str(value) in notes[0] for value in values[60:])


def test_what_is_common_enough_or_asked_for_stays_a_category() -> None:
    column = Column("icd", "categorical", "string")
    common = ["A00"] * 100 + CODES
    rare = ["A00"] * 60 + CODES
    for table, kept in (
        (column_of(common, column), ()),
        (column_of(rare, column), ("icd",)),
        (column_of(rare, column, target="icd"), ()),
    ):
        found, notes = rare_categories.replaced(table, 5, kept)
        assert (found.schema, notes) == (table.schema, ())


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("visits") / "visits.csv"
    codes = [f"{DRAW.choice('ABCDEF')}{DRAW.randrange(10, 99)}" for _ in range(200)]
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["icd", "nameLast", "remark", "age"])
        for _ in range(ROWS):
            name = DRAW.choice(("Fischer", "Schneider", "Möller", "Krause", "Lorenz", "Winkler"))
            writer.writerow([
                DRAW.choice(codes),
                name if DRAW.random() < 0.5 else f"{name}-{DRAW.choice(('Berg', 'Huber', 'Falk'))}"
                f"{DRAW.choice('aeiou')}{DRAW.choice('nrst')}",
                " ".join(DRAW.choices(WORDS, k=4)),
                DRAW.randrange(18, 90),
            ])  # fmt: skip
    return path


def run_of(path: Path, out: Path, **changes: Any) -> Any:
    from augment.lifecycle import run
    from augment.lifecycle.plan import RunRequest

    quick = {"holdout": 0.0, "gate": "none", **changes}
    request = RunRequest(str(path), engine="independent", seed=5, **quick)
    return run.run(request, out, force=False, dry_run=False, tell=silent)


@pytest.mark.usefixtures("few_trees")
def test_a_run_and_its_report_say_what_became_of_text_and_rare_values(
    visits: Path, tmp_path: Path
) -> None:
    document = run_of(visits, tmp_path / "out", holdout=0.2)
    notes = " ".join(document["notes"])
    assert "'nameLast' (last names)" in notes
    assert "The kind of text in 'remark' is unknown: made-up words stand in." in notes
    assert "Column 'icd'" in notes and "too rare for a category" in notes
    page = (tmp_path / "out" / "report.html").read_text()
    assert "too rare for a category" in page and "made-up words stand in" in page
    columns = source.read(str(tmp_path / "out" / "synthetic.csv"), source.ReadOptions()).table
    real = source.read(str(visits), source.ReadOptions()).table
    for name in ("icd", "nameLast", "remark"):
        assert not set(columns.column(name).to_pylist()) & set(real.column(name).to_pylist())


def test_without_protection_or_when_told_so_the_category_is_learnt(
    visits: Path, tmp_path: Path
) -> None:
    asked = {"read": {"columns": {"icd": "category"}}}
    for number, changes in enumerate(({"protect": False}, asked)):
        document = run_of(visits, tmp_path / str(number), **changes)
        roles = {column["name"]: column["role"] for column in document["data"]["columns"]}
        assert roles["icd"] == "categorical"


def test_a_locale_is_kept_in_the_model_and_sampling_follows_it(
    visits: Path, tmp_path: Path
) -> None:
    from augment.lifecycle import fitting, generation, opened_model
    from augment.lifecycle.plan import RunRequest

    made = {}
    for locale in ("de_DE", "pl_PL"):
        read = {"locale": locale.lower().replace("_", "-")}
        request = RunRequest(str(visits), engine="independent", seed=5, read=read)
        model = tmp_path / locale
        fitting.fit(request, model, force=False, dry_run=False, tell=silent)
        opened = opened_model.open_model(model)
        assert isinstance(opened.model, TableModel) and opened.model.schema.locale == locale
        out = tmp_path / f"{locale}.csv"
        generation.sample(opened, generation.Order("300", 1), out, force=False, tell=silent)
        table = source.read(str(out), source.ReadOptions()).table
        made[locale] = set(table.column("nameLast").to_pylist())
    assert any("ü" in name or name.endswith("er") for name in made["de_DE"])
    assert not made["de_DE"] & made["pl_PL"]
    unknown = RunRequest(str(visits), engine="independent", read={"locale": "de_DEE"})
    with pytest.raises(UsageError, match="Did you mean 'de_DE'"):
        fitting.fit(unknown, tmp_path / "no", force=False, dry_run=False, tell=silent)

"""What is drawn of tables: laws of each drawing, and nothing in them that is real and rare."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from augment.core.seeds import Seed
from augment.core.types import Json, silent
from augment.evaluation import scoring
from augment.evaluation.comparison import Comparison
from augment.evaluation.drawing import drawn
from augment.evaluation.projection import projection
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import table_of
from augment.kinds.tables.metrics.associations import association
from augment.kinds.tables.metrics.axes import axis_of
from augment.kinds.tables.metrics.overlays import overlays
from augment.kinds.tables.metrics.sample_rows import HIDDEN, sample_rows
from augment.kinds.tables.metrics.scoring import extras, sides
from augment.kinds.tables.metrics.views import View
from augment.report import html, outlines
from tests.kinds.tables.metrics.simulated import people, spoilt

SECRET, EXTREME = "Zzyzx-secret", 98_765_432.0


@pytest.fixture(scope="module")
def charts() -> list[Json]:
    """All charts of a table with a rare city and an extreme income, whose incomes were shuffled."""
    train, test = _with_rare_values(people(400, 1)), people(200, 2)
    made = spoilt(people(400, 3), 1.0, 4)
    rows = Comparison.of(train, test, made, Seed(1))
    chosen = scoring.metrics("table")
    found = [*extras(rows).charts, *drawn(chosen, lambda: sides(rows), Seed(1), silent)]
    return [chart.to_json() for chart in found]


def test_every_section_is_drawn_and_goes_through_json(charts: list[Json]) -> None:
    assert {chart["section"] for chart in charts} == {
        "rows", "associations", "projection", "detection", "utility", "privacy",
    }  # fmt: skip
    assert [each for drawings in html.drawings(json.loads(json.dumps(charts))).values()
            for each in drawings]  # fmt: skip


def test_nothing_rare_or_extreme_is_drawn(charts: list[Json]) -> None:
    text = json.dumps(charts)
    assert SECRET not in text and "98765" not in text and "98,765" not in text
    cloud = next(chart for chart in charts if chart["chart"] == "cloud")
    assert min(share for *_, share in cloud["cells"]) >= 5 / 400


def test_what_gives_rows_away_is_named(charts: list[Json]) -> None:
    bars = next(chart for chart in charts if chart["section"] == "detection")
    assert set(bars["labels"][:3]) & {"income", "spend", "joined", "age"}
    values = bars["series"][0]["values"]
    assert values[0] > 0.05 and list(values) == sorted(values, reverse=True)


def test_differences_of_associations_are_made_less_real(charts: list[Json]) -> None:
    real, made, apart = (
        np.array(panel["values"])
        for panel in next(chart for chart in charts if chart["chart"] == "matrices")["panels"]
    )
    assert np.allclose(apart, made - real, atol=2e-3) and np.allclose(real, real.T)
    off = ~np.eye(len(real), dtype=bool)
    assert np.abs(real[off]).max() > 0.5 > np.abs(made[off]).max(), "shuffled columns are alone"


def test_association_is_one_with_itself_and_nothing_with_noise() -> None:
    rng = np.random.default_rng(0)
    x, group = rng.normal(size=2_000), rng.integers(0, 4, 2_000)
    named = [str(code) for code in group]
    columns = {
        "x": (x, "numeric"), "cube": (x**3, "numeric"), "minus": (-x, "numeric"),
        "noise": (rng.normal(size=2_000), "numeric"), "group": (named, "categorical"),
        "same": ([f"{name}!" for name in named], "categorical"),
        "mean": (group + 0.01 * x, "numeric"),
    }  # fmt: skip
    table = _table(columns)
    axes = tuple(axis_of(column, table, table) for column in table.schema)
    found = association(View.of(table, axes))
    at = {name: place for place, name in enumerate(columns)}
    assert found[at["x"], at["cube"]] == pytest.approx(1) and np.allclose(np.diag(found), 1)
    assert found[at["x"], at["minus"]] == pytest.approx(-1)
    assert found[at["group"], at["same"]] > 0.99 and found[at["group"], at["mean"]] > 0.95
    assert np.abs(found[at["noise"]][np.arange(len(found)) != at["noise"]]).max() < 0.1


def test_made_rows_are_shown_without_what_is_real_and_rare() -> None:
    real = _table(
        {
            "city": (["Berlin"] * 96 + ["Zzyzx"] * 4, "categorical"),
            "income": ([float(k) for k in range(99)] + [EXTREME], "numeric"),
            "note": ([f"real note {k}" for k in range(100)], "text"),
        }
    )
    made = _table(
        {
            "city": (["Berlin", "Zzyzx", "Berlin", "Berlin"], "categorical"),
            "income": ([50.0, 50.0, EXTREME, 40.5], "numeric"),
            "note": (["new", "new", "real note 7", "real note 8"], "text"),
        }
    )
    (records,) = sample_rows(real, made, Seed(1))
    cells = dict(zip(records.columns, records.cells, strict=True))
    assert cells["city"].count(HIDDEN) == 1 and "Zzyzx" not in str(records)
    assert HIDDEN in cells["income"] and "98765432" not in str(records).replace(",", "")
    assert "new" in cells["note"] and "real note" not in str(records)
    assert sample_rows(real, real, Seed(1)) == [], "copies are not shown"


def test_a_projection_of_equal_samples_lies_on_itself() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(9_000, 6)).astype(np.float32)
    (near,) = projection(points, points[:400], "six numbers", Seed(1))
    (far,) = projection(points, points[:400] + 30, "six numbers", Seed(1))
    full = {(x, y) for x, y, _ in near.cells}

    def on_cells(chart: object) -> float:
        places = [(int(x * near.size), int(y * near.size)) for x, y in chart.points]  # type: ignore[attr-defined]
        return float(np.mean([place in full for place in places]))

    assert on_cells(near) > 0.8 and on_cells(far) < 0.1


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        (lambda rng: rng.uniform(1, 2, 2_000), "linear"),
        (lambda rng: np.exp(rng.normal(0, 3, 2_000)), "logarithmic"),
        (lambda rng: rng.normal(0, 1, 2_000) ** 7, "signed logarithmic"),
        (lambda rng: np.where(rng.random(2_000) < 0.4, 0, rng.uniform(1, 2, 2_000)),
         "zero apart, linear"),
        (lambda rng: np.where(rng.random(2_000) < 0.4, 0, np.exp(rng.normal(0, 3, 2_000))),
         "zero apart, logarithmic"),
    ],
)  # fmt: skip
def test_a_column_is_drawn_on_the_scale_that_shows_it(values: object, scale: str) -> None:
    rng = np.random.default_rng(3)
    table = _table({"x": (values(rng), "numeric")})  # type: ignore[operator]
    (column,) = overlays(table, table)
    assert column["scale"] == scale
    bars = [share for place, share in enumerate(column["real"]) if place not in column["apart"]]
    assert len(bars) == 20 and max(share or 0 for share in bars) < 0.45
    assert sum(share or 0 for share in column["real"]) == pytest.approx(1, abs=0.02)
    drawing = outlines.outline(column, 1.0, 1.0)
    assert drawing.strip == () and drawing.words == "no cell differs by 0.1 points"
    edges = [column["labels"][place] for place in range(len(column["labels"]))
             if place not in column["apart"]]  # fmt: skip
    assert (drawing.first, drawing.last) == (edges[0].split(" – ")[0], edges[-1].split(" – ")[1])


def test_booleans_are_labelled_as_the_source_spells_them() -> None:
    left = Column("left", "boolean", "boolean", true="yes", false="no")
    data = pa.table({"left": pa.array([True, False, False, True] * 25)})
    table = Table(data, Schema((left,)))
    (column,) = overlays(table, table)
    assert set(column["labels"]) == {"yes", "no", "other", "missing"}


def test_a_bar_of_missing_values_is_named_below_it() -> None:
    rng = np.random.default_rng(3)
    column = {"x": (np.where(rng.random(2_000) < 0.1, np.nan, rng.uniform(1, 2, 2_000)), "numeric")}
    (drawn,) = overlays(_table(column), _table(column))
    drawing = outlines.outline(drawn, 1.0, 1.0)
    assert drawing.first == drawn["labels"][1].split(" – ")[0]
    assert drawing.last == f"{drawn['labels'][-3].split(' – ')[1]}, missing"


@pytest.mark.parametrize(
    ("ends", "below"),
    [
        (("2022-01-08 12:00", "2023-12-28 08:00"), ("2022-01-08", "2023-12-28")),
        (("2022-01-08 07:00", "2022-01-08 19:00"), ("2022-01-08 07:00", "2022-01-08 19:00")),
        (("-3 ", "12"), ("-3 ", "12")),
    ],
)
def test_moments_below_a_chart_are_days_where_they_differ_by_days(
    ends: tuple[str, str], below: tuple[str, str]
) -> None:
    labels = [f"{ends[0]} – x", f"x – {ends[1]}"]
    column = {"name": "c", "labels": labels, "real": [0.5, 0.5], "synthetic": [0.5, 0.5],
              "ordered": True}  # fmt: skip
    drawing = outlines.outline(column, 1.0, 1.0)
    assert (drawing.first, drawing.last) == below


def _with_rare_values(table: Table) -> Table:
    """The first row's city is met nowhere else, and its income is far beyond all others."""
    data = table.data
    city, income = data["city"].to_pylist(), data["income"].to_pylist()
    city[0], income[0] = SECRET, EXTREME
    for name, column in (("city", pa.array(city)), ("income", pa.array(income))):
        data = data.set_column(table.schema.names.index(name), name, column)
    return Table(data, table.schema)


def _table(columns: dict[str, tuple[object, str]]) -> Table:
    storages = {"numeric": "float", "categorical": "string", "text": "string"}
    schema = [Column(name, role, storages[role]) for name, (_, role) in columns.items()]  # type: ignore[arg-type]
    return table_of(schema, [pa.array(values) for values, _ in columns.values()], None)


def numbers_of(values: np.ndarray, role: str = "numeric", owners: np.ndarray | None = None) -> Json:
    """What the report draws of a column of these real values."""
    columns = [Column("x", role, "float")]
    arrays = [pa.array(values)]
    if owners is not None:
        columns.append(Column("who", "reference", "integer", pattern="{number}"))
        arrays.append(pa.array(owners))
    table = Table(pa.table(arrays, names=[c.name for c in columns]), Schema(tuple(columns)))
    rows = sample_rows(table, table.slice(0, 5), Seed(0))
    return {**overlays(table, table)[0], "beside": [chart.to_json() for chart in rows]}


def test_no_end_of_a_range_is_one_rows_number() -> None:
    """The third richest of 250 stood at the end of the last bar."""
    rng = np.random.default_rng(0)
    for rows in (60, 250, 2_000):
        values = np.round(rng.lognormal(11, 1, rows)) + 0.25
        own = {f"{value:,.0f}" for value in values if value >= 1e4}
        bars = numbers_of(values)["labels"][1:-2]
        ends = {bars[0].split(" – ")[0], bars[-1].split(" – ")[1]}
        assert len(bars) == 20 and len(ends) == 2 and not ends & own


def test_a_value_of_a_few_rows_has_no_bar_of_its_own() -> None:
    values = np.repeat([10.5, 20.5, 31.37, 40.5], [60, 60, 2, 60])
    labels = numbers_of(values)["labels"]
    assert "31.37" not in labels and "–" in labels[1]
    often = np.repeat([10.5, 20.5, 31.37, 40.5], [60, 60, 5, 60])
    assert numbers_of(often)["labels"][1:-2] == ["10.5", "20.5", "31.37", "40.5"]


def test_whole_numbers_of_a_short_range_have_a_bar_each_whoever_has_them() -> None:
    values = np.repeat([0.0, 1.0, 2.0, 5.0, 6.0], [50, 40, 20, 1, 9])
    assert numbers_of(values)["labels"][1:-2] == ["0", "1", "2", "3", "4", "5", "6"]


def test_rows_of_one_person_are_no_crowd_in_the_report() -> None:
    """Ten visits of one patient would have had a bar, and the town of all of them a label."""
    who = np.repeat(np.arange(40), 10)
    values = np.repeat(np.where(np.arange(40) == 7, 31.37, np.arange(40) % 2 + 0.5), 10)
    found = numbers_of(values, owners=who)
    assert "31.37" not in json.dumps(found)
    towns = pa.array(["own" if n == 7 else "shared" for n in who])
    columns = (Column("town", "categorical", "string"), Column("who", "reference", "integer"))
    table = Table(pa.table([towns, pa.array(who)], names=["town", "who"]), Schema(columns))
    assert "own" not in overlays(table, table)[0]["labels"]
    assert "own" not in json.dumps([c.to_json() for c in sample_rows(table, table, Seed(0))])

"""Products, rates and weighted sums of numbers are found, and hold on made rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from augment.core import registry
from augment.core.errors import BadInput
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, silent
from augment.kinds.tables import relations
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import from_numbers, numbers, table_of
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.relations import Relations


def of(columns: dict[str, np.ndarray], digits: dict[str, int], target: str = "") -> Table:
    made = [
        Column(name, "numeric", "float", max_decimals=digits[name])
        if digits.get(name)
        else Column(name, "numeric", "integer")
        for name in columns
    ]
    arrays = [from_numbers(column, columns[column.name]) for column in made]
    return table_of(made, arrays, target or None)


def orders(rows: int = 800, gaps: bool = False) -> Table:
    """A web shop: price, quantity, discount and tax in percent, and what they come to."""
    rng = np.random.default_rng(0)
    price = np.round(rng.lognormal(3, 0.8, rows), 2)
    quantity = rng.choice([1.0, 2, 3, 5], rows)
    discount = rng.choice([0.0, 5, 10, 20], rows, p=[0.7, 0.1, 0.1, 0.1])
    subtotal = np.round(price * quantity, 2)
    net = np.round(subtotal * (1 - discount / 100), 2)
    rate = rng.choice([7.0, 19], rows)
    tax = np.round(net * rate / 100, 2)
    if gaps:
        quantity[::10] = np.nan
        subtotal[3::20] = np.nan
    columns = {"price": price, "quantity": quantity, "subtotal": subtotal, "discount": discount}
    columns |= {"net": net, "rate": rate, "tax": tax, "total": net + tax}
    return of(columns, dict.fromkeys(["price", "subtotal", "net", "tax", "total"], 2))


def sampled(table: Table, folder: Path, rows: int = 1_000) -> Table:
    fitted = fit_model(
        registry.engine("independent"), table, Job(Seed(1), folder), True, len(table)
    )
    return TableModel.restore(fitted.stored()).sample(0, rows, Seed(2), Condition(), silent)


def test_a_bill_adds_up_on_made_rows(tmp_path: Path) -> None:
    found = relations.mined(orders())
    assert found.sentences == [
        "subtotal = price × quantity",
        "net = subtotal × (1 - discount / 100)",
        "tax = 0.01 × net × rate",
        "total = net + tax",
    ]
    made = sampled(orders(), tmp_path)
    value = {name: numbers(made, name) for name in made.schema.names}
    assert np.allclose(value["subtotal"], value["price"] * value["quantity"], atol=0.0051)
    net = value["subtotal"] * (1 - value["discount"] / 100)
    assert np.allclose(value["net"], net, atol=0.0051)
    assert np.allclose(value["tax"], value["net"] * value["rate"] / 100, atol=0.0051)
    assert np.allclose(value["total"], value["net"] + value["tax"], atol=1e-6)


def test_rows_that_lack_a_factor_or_a_result_do_so_as_often(tmp_path: Path) -> None:
    table = orders(gaps=True)
    assert "subtotal = price × quantity" in relations.mined(table).sentences
    made = sampled(table, tmp_path, 2_000)
    value = {name: numbers(made, name) for name in made.schema.names}
    for name in ("quantity", "subtotal"):
        real = np.isnan(numbers(table, name)).mean()
        assert np.isnan(value[name]).mean() == pytest.approx(real, abs=0.03)
    known = ~np.isnan(value["subtotal"] + value["quantity"])
    off = np.abs(value["subtotal"] - value["price"] * value["quantity"])[known]
    assert (off < 0.0051).all()


@pytest.mark.parametrize("cut", [False, True])
def test_a_ratio_is_divided_and_rounded_or_cut_as_in_the_source(cut: bool, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    weight, height = np.round(rng.normal(75, 12, 600), 1), np.round(rng.normal(1.72, 0.1, 600), 2)
    bmi = weight / height**2
    bmi = np.floor(bmi * 10) / 10 if cut else np.round(bmi, 1)
    table = of(
        {"weight": weight, "height": height, "bmi": bmi}, {"weight": 1, "height": 2, "bmi": 1}
    )
    assert relations.mined(table).sentences == ["bmi = weight / height²"]
    made = sampled(table, tmp_path)
    exact = numbers(made, "weight") / numbers(made, "height") ** 2
    off = exact - numbers(made, "bmi")
    low, high = (0.0, 0.1) if cut else (-0.05, 0.05)
    assert (off > low - 1e-6).all() and (off < high + 1e-6).all()


@pytest.mark.parametrize("digits", [7, 32, 64])
def test_the_ratio_of_rounder_columns_is_what_is_computed(digits: int, tmp_path: Path) -> None:
    """Sales per square metre with seven digits, as R writes them, or as floats of so many bits."""
    rng = np.random.default_rng(0)
    metres = 10.0 * rng.integers(3, 90, 600)
    sales = np.round(np.exp(rng.normal(13, 0.6, 600)), -2)
    ratio = sales / metres
    if digits == 7:
        ratio = np.array([float(f"{each:.7g}") for each in ratio])
    elif digits == 32:
        ratio = ratio.astype(np.float32).astype(float)
    columns = {"metres": metres, "sales": sales, "ratio": ratio}
    rows = of(columns, {"ratio": 6 if digits == 7 else 17})
    assert "ratio = sales / metres" in relations.mined(rows).sentences
    made = sampled(rows, tmp_path)
    assert (numbers(made, "metres") % 10 == 0).mean() > 0.9
    off = numbers(made, "ratio") * numbers(made, "metres") / numbers(made, "sales") - 1
    assert np.abs(off).max() < 1e-5


def test_one_row_that_breaks_a_product_or_a_mean_is_enough() -> None:
    table = orders()
    values = {name: numbers(table, name).copy() for name in table.schema.names}
    values["subtotal"][17] += 0.05
    broken = of(values, dict.fromkeys(["price", "subtotal", "net", "tax", "total"], 2))
    assert "subtotal = price × quantity" not in relations.mined(broken).sentences


def test_the_target_is_never_computed() -> None:
    table = orders().with_target("subtotal")
    assert not relations.mined(table).computed("subtotal")


def test_noise_and_coarse_numbers_are_no_products() -> None:
    rng = np.random.default_rng(2)
    columns = {f"score_{n}": rng.integers(1, 6, 400) * 1.0 for n in range(6)}
    columns |= {
        "length": np.round(rng.gamma(3, 10, 400), 1),
        "age": rng.integers(18, 80, 400) * 1.0,
    }
    columns["flag"] = rng.integers(0, 2, 400) * 1.0
    assert not relations.mined(of(columns, {"length": 1})).sentences


def test_means_and_other_units_are_kept(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    marks = {f"mark_{n}": rng.integers(0, 101, 500) * 1.0 for n in range(3)}
    celsius = np.round(rng.normal(15, 8, 500), 2)
    columns = {**marks, "mean": np.round(sum(marks.values()) / 3, 2), "celsius": celsius}
    columns["fahrenheit"] = np.round(celsius * 1.8 + 32, 1)
    table = of(columns, {"mean": 2, "celsius": 2, "fahrenheit": 1})
    assert sorted(relations.mined(table).sentences) == [
        "fahrenheit = 1.8 × celsius + 32",
        "mean = 0.333333 × mark_0 + 0.333333 × mark_1 + 0.333333 × mark_2",
    ]
    made = sampled(table, tmp_path)
    value = {name: numbers(made, name) for name in made.schema.names}
    mean = (value["mark_0"] + value["mark_1"] + value["mark_2"]) / 3
    assert np.allclose(value["mean"], mean, atol=0.0051)
    assert np.allclose(value["fahrenheit"], value["celsius"] * 1.8 + 32, atol=0.0501)


def test_what_was_damaged_is_refused() -> None:
    table = orders()
    document = relations.mined(table).to_json()
    assert Relations.from_json(document, table.schema.names) == replace(relations.mined(table))
    first = document["links"][0]
    for change in (
        {"factors": [{**first["factors"][0], "form": "x^9"}, first["factors"][1]]},
        {"factors": first["factors"][:1]},
        {"rounding": "up"},
        {"scale": float("nan")},
    ):
        broken = {**document, "links": [{**first, **change}, *document["links"][1:]]}
        with pytest.raises(BadInput, match="damaged"):
            Relations.from_json(broken, table.schema.names)


def test_a_total_of_counts_that_are_nearly_always_zero_is_kept(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    often = rng.poisson(0.4, (700, 4)) * 1.0
    rare = np.zeros((700, 3))
    rare[rng.integers(0, 700, 12), rng.integers(0, 3, 12)] = 2  # a few rows of each
    counts = np.concatenate([often, rare], axis=1)
    columns = {f"visits_{n}": counts[:, n] for n in range(7)}
    table = of({"total": counts.sum(axis=1), **columns}, {})
    assert relations.mined(table).sentences == [f"total = {' + '.join(columns)}"]
    made = sampled(table, tmp_path)
    parts = np.sum([numbers(made, name) for name in columns], axis=0)
    assert (numbers(made, "total") == parts).all()


def test_of_a_round_total_the_part_that_is_not_round_is_computed(tmp_path: Path) -> None:
    """Half of the incomes are whole thousands; drawn apart, net and tax do not add up to any."""
    rng = np.random.default_rng(0)
    income = np.where(rng.random(900) < 0.5, 1000 * rng.integers(20, 90, 900), 0.0)
    income = np.where(income > 0, income, rng.integers(20_000, 90_000, 900))
    tax = np.round(income * rng.uniform(0.1, 0.3, 900))
    table = of({"net": income - tax, "tax": tax, "income": income}, {})
    assert set(relations.mined(table).sentences) == {"net = income - tax", "tax <= income"}
    made = sampled(table, tmp_path)
    value = {name: numbers(made, name) for name in made.schema.names}
    assert (value["income"] == value["net"] + value["tax"]).all()
    assert (value["income"] % 1000 == 0).mean() > 0.35
    assert (value["net"] >= 0).all()


def test_a_total_of_round_parts_stays_one() -> None:
    rng = np.random.default_rng(0)
    parts = {name: 500.0 * rng.integers(1, 90, 900) for name in ("rent", "food")}
    table = of({**parts, "total": parts["rent"] + parts["food"]}, {})
    assert relations.mined(table).sentences == ["total = food + rent"]


def test_a_small_rest_of_a_total_is_not_what_is_computed(tmp_path: Path) -> None:
    """People of four kinds, of which two in a hundred are the last."""
    rng = np.random.default_rng(0)
    people = np.round(rng.lognormal(10, 1, 700))
    shares = rng.dirichlet([50, 20, 10, 1.6], 700)
    kinds = np.round(shares[:, :3] * people[:, None])
    rest = people - kinds.sum(axis=1)
    rest, people = np.maximum(rest, 0), kinds.sum(axis=1) + np.maximum(rest, 0)
    columns = dict(zip("abc", kinds.T, strict=True)) | {"other": rest, "all": people}
    made = sampled(of(columns, {}), tmp_path)
    found = {name: numbers(made, name) for name in columns}
    assert (found["all"] == sum(found[name] for name in ("a", "b", "c", "other"))).all()
    assert found["other"].min() >= 0

"""Columns that others bound stay within them on every made row, and as many are equal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from augment.core import registry
from augment.core.errors import BadInput
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, silent
from augment.kinds.tables import relations
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import from_numbers, numbers, table_of
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.relations import Relations
from augment.kinds.tables.relations.bounds import Bounds

ROWS = 1_500


def of(columns: dict[str, np.ndarray], target: str = "") -> Table:
    made = [Column(name, "numeric", "integer") for name in columns]
    arrays = [from_numbers(column, columns[column.name]) for column in made]
    return table_of(made, arrays, target or None)


def bills(seed: int = 0, gaps: bool = False) -> Table:
    """What is paid is never more than the bill, and on half of the rows all of it."""
    rng = np.random.default_rng(seed)
    bill = np.round(rng.lognormal(8, 1, ROWS))
    paid = np.where(rng.random(ROWS) < 0.5, bill, np.floor(bill * rng.beta(1, 3, ROWS)))
    if gaps:
        paid[::7] = np.nan
        bill[3::11] = np.nan
    return of({"bill": bill, "age": rng.integers(20, 80, ROWS).astype(float), "paid": paid})


def spans(seed: int = 0) -> Table:
    """The least, the most and the mean of a few draws, in an order that bounds the last twice."""
    rng = np.random.default_rng(seed)
    draws = np.round(rng.gamma(2, 200, ROWS)[:, None] * rng.gamma(1, 1, (ROWS, 3)))
    mean = np.round(draws.mean(axis=1))
    return of({"least": draws.min(axis=1), "most": draws.max(axis=1), "mean": mean})


def fitted(table: Table, folder: Path) -> TableModel:
    made = fit_model(registry.engine("independent"), table, Job(Seed(1), folder), True, len(table))
    return TableModel.restore(made.stored())


def sampled(model: TableModel, rows: int = 2_000, given: Condition | None = None) -> Table:
    return model.sample(0, rows, Seed(2), given or Condition(), silent)


@pytest.mark.parametrize("gaps", [False, True])
def test_nobody_pays_more_than_the_bill(tmp_path: Path, gaps: bool) -> None:
    source = bills(gaps=gaps)
    assert "paid <= bill" in relations.mined(source).sentences
    made = sampled(fitted(source, tmp_path))
    paid, bill = numbers(made, "paid"), numbers(made, "bill")
    assert not (paid > bill).any()
    assert (np.isnan(paid).mean() > 0.1) == gaps
    if not gaps:
        own = numbers(source, "paid") == numbers(source, "bill")
        assert abs((paid == bill).mean() - own.mean()) < 0.04


def test_a_column_holds_what_was_drawn_of_it(tmp_path: Path) -> None:
    """Values are exchanged between rows, so that a column's values stay the same as a whole."""
    model = fitted(bills(), tmp_path)
    drawn = model.inner.sample(2_000, Seed(2).child("engine"))
    plain = model.relations.dependents.put_back(drawn, list(model.schema), None)
    assert (numbers(plain, "paid") > numbers(plain, "bill")).sum() > 100
    made = model._drawing.whole(drawn)
    assert np.isin(numbers(made, "paid"), numbers(plain, "paid")).mean() > 0.99


def test_a_mean_lies_between_its_ends(tmp_path: Path) -> None:
    assert relations.mined(spans()).links == (
        Bounds("most", ("least",), ()),
        Bounds("mean", ("least",), ("most",)),
    )
    made = sampled(fitted(spans(), tmp_path))
    least, mean, most = (numbers(made, name) for name in ("least", "mean", "most"))
    assert (least <= mean).all()
    assert (mean <= most).all()


def prices(seed: int = 0) -> Table:
    """The first, greatest, least and last price of a day."""
    rng = np.random.default_rng(seed)
    ways = np.cumsum(np.round(rng.normal(0, 30, (ROWS, 8))), axis=1)
    ways += np.round(rng.lognormal(9, 0.8, ROWS))[:, None]
    ends = {"open": ways[:, 0], "high": ways.max(axis=1), "low": ways.min(axis=1)}
    return of({**ends, "close": ways[:, -1]})


@pytest.mark.parametrize("target", ["", "high", "close"])
def test_a_column_is_above_each_of_several(tmp_path: Path, target: str) -> None:
    source = prices()
    source = table_of(list(source.schema), list(source.data.columns), target or None)
    made = sampled(fitted(source, tmp_path))
    first, most, least, last = (numbers(made, name) for name in made.schema.names)
    assert (np.maximum(first, last) <= most).all() or target
    assert (least <= np.minimum(first, last)).all() or target == "close"


def test_a_column_above_several_is_stored_and_damage_refused() -> None:
    source = prices()
    found = relations.mined(source)
    assert "close, open <= high" in found.sentences or "open, close <= high" in found.sentences
    names, document = source.schema.names, found.to_json()
    assert Relations.from_json(document, names).links == found.links
    for link in document["links"]:
        if link["beside"]:
            link["beside"] = [link["base"]]
    with pytest.raises(BadInput):
        Relations.from_json(document, names)


def test_equal_values_stay_equal_along_a_chain(tmp_path: Path) -> None:
    """The most of an hour, of six, and of a day: 40% of the rows have the same twice."""
    rng = np.random.default_rng(0)
    hour = np.round(rng.gamma(2, 200, ROWS))
    more = [np.where(rng.random(ROWS) < 0.4, 0, np.round(rng.gamma(1, 250, ROWS))) for _ in "ab"]
    source = of({"hour": hour, "six": hour + more[0], "day": hour + more[0] + more[1]})
    made = sampled(fitted(source, tmp_path))
    for early, late in (("hour", "six"), ("six", "day")):
        own = (numbers(source, early) == numbers(source, late)).mean()
        assert abs((numbers(made, early) == numbers(made, late)).mean() - own) < 0.04
        assert (numbers(made, early) <= numbers(made, late)).all()


def test_a_computed_total_bounds_what_is_paid(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    net, tax = rng.integers(1, 9_000, ROWS), rng.integers(0, 900, ROWS)
    total = (net + tax).astype(float)
    columns = {"paid": np.floor(total * rng.beta(1, 1, ROWS)), "net": net, "tax": tax}
    source = of({**columns, "total": total})
    assert set(relations.mined(source).sentences) == {"total = net + tax", "paid <= total"}
    made = sampled(fitted(source, tmp_path))
    assert (numbers(made, "total") == numbers(made, "net") + numbers(made, "tax")).all()
    assert (numbers(made, "paid") <= numbers(made, "total")).all()


def test_a_function_may_bound_a_column_and_is_not_moved_itself(tmp_path: Path) -> None:
    """Each of 100 days has its price; what is paid is never more than that."""
    rng = np.random.default_rng(2)
    day = rng.integers(0, 100, ROWS)
    price = (7 * day * day) % 997 + 5.0
    paid = np.where(rng.random(ROWS) < 0.3, price, np.floor(price * rng.beta(1, 2, ROWS)))
    source = of({"paid": paid, "day": day.astype(float), "price": price})
    found = relations.mined(source)
    assert set(found.sentences) == {"price follows from day", "paid <= price"}
    made = sampled(fitted(source, tmp_path))
    of_day = dict(zip(day, price, strict=True))
    assert [of_day[each] for each in numbers(made, "day")] == numbers(made, "price").tolist()
    assert (numbers(made, "paid") <= numbers(made, "price")).all()


def test_the_target_is_not_moved() -> None:
    found = relations.mined(bills().with_target("paid"))
    assert found.links == (Bounds("bill", ("paid",), ()),)


def test_what_only_gets_rare_towards_another_column_is_no_bound() -> None:
    """Nobody's weight in kilograms is above their height in centimetres, but that is no law."""
    rng = np.random.default_rng(0)
    height = np.round(rng.normal(170, 12, ROWS))
    weight = np.round(70 + 0.9 * (height - 170) + rng.normal(0, 9, ROWS))
    columns = {"height": height, "weight": weight, "age": rng.integers(20, 80, ROWS)}
    assert (height > weight).all()
    assert not relations.mined(of(columns)).sentences


def test_conditions_on_a_bounded_column_are_met(tmp_path: Path) -> None:
    model = fitted(bills(), tmp_path)
    asked = model.condition(Ask(where=("paid > 3000", "bill < 9000")))
    made = sampled(model, 200, asked)
    paid, bill = numbers(made, "paid"), numbers(made, "bill")
    assert (paid > 3_000).all()
    assert (bill < 9_000).all()
    assert (paid <= bill).all()


def test_given_rows_stay_and_the_rest_is_drawn_within_their_bounds(tmp_path: Path) -> None:
    model = fitted(bills(), tmp_path)
    data = bills(seed=4).data.slice(0, 300)
    for known in ("paid", "bill"):
        arrays = [data[n] if n == known else pa.nulls(300, data[n].type) for n in data.column_names]
        given = Table(pa.table(arrays, names=data.column_names), model.schema)
        given = given.take(np.flatnonzero(numbers(given, known) < 9_000))
        made = sampled(model, len(given), Condition(partial=given))
        assert made.column(known).equals(given.column(known))
        assert (numbers(made, "paid") > numbers(made, "bill")).mean() < 0.01


def test_damaged_bounds_are_refused() -> None:
    document = relations.mined(bills()).to_json()
    names = list(bills().schema.names)
    assert Relations.from_json(document, names).links == relations.mined(bills()).links
    for damage in (
        {"highs": []},
        {"highs": ["bill", "bill"]},
        {"highs": ["paid"]},
        {"lows": ["x"]},
    ):
        links = [{**document["links"][0], **damage}]
        with pytest.raises(BadInput):
            Relations.from_json({**document, "links": links}, names)

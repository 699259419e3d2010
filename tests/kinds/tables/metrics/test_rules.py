"""Rules that hold on every real row are found, and made rows that break them are counted."""

from __future__ import annotations

import pickle

import numpy as np
import pyarrow as pa

from augment.core.seeds import Seed
from augment.core.types import Score
from augment.evaluation.comparison import Comparison
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import from_numbers, table_of
from augment.kinds.tables.metrics.scoring import score, shuffled, sides
from augment.kinds.tables.metrics.validity import Validity

DAY = 86_400_000_000
RULES = {
    "region follows from city",
    "weekend follows from the weekday of date",
    "whether answer is missing follows from asked",
    "band follows from the range of income",
    "winner follows from which of home and away is greater",
    "best = the largest of home and away",
    "root = √income",
    "levy = 2 lines along income",
    "net = income - tax",
    "paid <= bill",
    "work + rest + sleep = 24",
}


def table(rows: int = 900, seed: int = 0, related: bool = True) -> Table:
    """Rows of which each rule holds, or (not `related`) the same columns without any."""
    rng = np.random.default_rng(seed)
    city = rng.integers(0, 12, rows)
    date = (19_000 + rng.integers(0, 700, rows)) * DAY * 1.0
    asked = rng.integers(0, 2, rows)
    income = np.round(rng.lognormal(10, 0.6, rows))
    tax = np.round(income * rng.uniform(0.1, 0.3, rows))
    bill = np.round(rng.gamma(3, 50, rows))
    paid = np.round(bill * rng.random(rows))
    hours = np.round(24 * rng.dirichlet([3, 3, 3], rows), 1)
    hours[:, 2] = np.round(24 - hours[:, 0] - hours[:, 1], 1)
    if not related:
        hours = rng.permuted(hours, axis=0)
        city, tax, paid = city[::-1].copy(), tax[::-1], rng.permutation(paid)
    region = (city if related else rng.permutation(city)) // 4
    weekend = (date if related else rng.permutation(date)) // DAY % 7 >= 5
    empty = (asked if related else rng.permutation(asked)) == 0
    band = np.digitize(income if related else rng.permutation(income), [15_000, 40_000])
    home, away = rng.poisson(9, (2, rows)) * 1.0
    winner = np.sign(home - away) if related else rng.integers(-1, 2, rows)
    best = np.maximum(home, away) if related else rng.permutation(home)
    root = np.round(np.sqrt(income if related else rng.permutation(income)), 3)
    levy = np.round(np.minimum(income if related else rng.permutation(income), 20_000) * 0.05, 2)
    columns = [
        Column("city", "categorical", "string"),
        Column("region", "categorical", "string"),
        Column("date", "datetime", "datetime", format="%Y-%m-%d", step_us=DAY),
        Column("weekend", "boolean", "boolean"),
        Column("asked", "categorical", "string"),
        Column("answer", "numeric", "float", max_decimals=3),
        *(Column(n, "numeric", "integer") for n in ("income", "tax", "net", "bill", "paid")),
        *(Column(n, "numeric", "float", max_decimals=1) for n in ("work", "rest", "sleep")),
        Column("band", "categorical", "string"),
        Column("winner", "categorical", "string"),
        *(Column(n, "numeric", "integer") for n in ("home", "away", "best")),
        Column("root", "numeric", "float", max_decimals=3),
        Column("levy", "numeric", "float", max_decimals=2),
    ]
    texts = {"city": city, "region": region, "asked": asked, "band": band, "winner": winner}
    net = income - tax if related else rng.permutation(income - tax)
    answer = np.where(empty, np.nan, rng.normal(size=rows))
    own = {"date": date, "weekend": weekend * 1.0, "answer": answer, "income": income, "tax": tax}
    own |= {"net": net, "bill": bill, "paid": paid}
    own |= {"work": hours[:, 0], "rest": hours[:, 1], "sleep": hours[:, 2]}
    own |= {"home": home, "away": away, "best": best, "root": root, "levy": levy}
    arrays = [
        pa.array([f"{column.name} {value}" for value in texts[column.name]])
        if column.name in texts
        else from_numbers(column, own[column.name])
        for column in columns
    ]
    return table_of(columns, arrays, None)


def broken(fake: Table) -> dict[str, Score]:
    scores = score(table(), table(300, 1), fake, Seed(1), metrics=["validity"])
    return {each.where: each for each in scores if each.metric == "validity.rules"}


def test_rows_of_the_same_kind_break_nothing() -> None:
    found = broken(table(800, 2))
    assert found.keys() >= RULES - {"net = income - tax"}
    assert any(name in found for name in ("net = income - tax", "income = net + tax"))
    assert found[""].value == 0.0
    assert Validity().remarks([*found.values()]) == []


def test_rows_without_structure_break_all_of_it() -> None:
    found = broken(shuffled(table(), 800, Seed(3)))
    assert found[""].value is not None and found[""].value > 0.99
    for where, each in found.items():
        assert each.value is not None and each.value > 0.05, where
    (said,) = Validity().remarks([*found.values()])
    assert said.startswith("Holds on every real row, but not here: ")


def test_each_broken_row_counts_once_and_is_told() -> None:
    fake = table(500, 2)
    paid = np.array(fake.column("paid").to_pylist())
    paid[:25] = 100_000
    place = fake.schema.names.index("paid")
    fake = Table(fake.data.set_column(place, "paid", pa.array(paid)), fake.schema)
    found = broken(fake)
    assert found[""].value == found["paid <= bill"].value == 0.05
    assert Validity().remarks([*found.values()]) == [
        "Holds on every real row, but not here: paid <= bill (broken by 5.0%)."
    ]


def test_a_table_without_rules_has_no_such_score() -> None:
    real, unseen = table(related=False), table(300, 1, related=False)
    scores = score(real, unseen, table(400, 2, related=False), Seed(1), metrics=["validity"])
    assert not [each for each in scores if each.metric == "validity.rules"]


def test_views_go_to_other_processes_with_their_rules() -> None:
    both = sides(Comparison.of(table(), table(300, 1), shuffled(table(), 400, Seed(3)), Seed(1)))
    again = pickle.loads(pickle.dumps(both))
    assert {rule.sentence for rule in again.real.rules} >= RULES - {"net = income - tax"}
    for rule, other in zip(both.real.rules, again.real.rules, strict=True):
        for one, same in zip(rule.check(both.made.rows), other.check(again.made.rows), strict=True):
            np.testing.assert_array_equal(one, same)

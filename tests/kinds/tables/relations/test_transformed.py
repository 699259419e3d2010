"""Numbers that are a function of one other, of how two differ, or lines along another, are computed
on every synthetic row."""

from __future__ import annotations

from collections.abc import Callable
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

ROWS = 1_200

Own = dict[str, np.ndarray]
CASES: dict[str, tuple[Callable[[Own], np.ndarray], int | None]] = {
    "result = ln(pay)": (lambda own: np.log(own["pay"]), 4),
    "result = log10(pay)": (lambda own: np.log10(own["pay"]), None),
    "result = ln(1 + count)": (lambda own: np.log1p(own["count"]), None),
    "result = √pay": (lambda own: np.sqrt(own["pay"]), 3),
    "result = speed²": (lambda own: own["speed"] ** 2, 2),
    "result = 235.21 / use": (lambda own: 235.21 / own["use"], 2),
    "result = |speed - limit|": (lambda own: np.abs(own["speed"] - own["limit"]), 1),
    "result = max(0, speed - limit)": (lambda own: np.maximum(0, own["speed"] - own["limit"]), 1),
    "result = 10.7639 × pay": (lambda own: 10.7639 * own["pay"], 0),
    "result = 2 lines along pay": (lambda own: 0.05 * np.minimum(own["pay"], 3000), 2),
    "result = 2 lines along speed": (lambda own: np.maximum(0, own["speed"] - 60), 1),
    "result = 3 lines along pay": (
        lambda own: np.interp(own["pay"], [0, 2000, 4000, 10_000], [0, 200, 700, 3100]),
        2,
    ),
    "result follows from the range of pay": (lambda own: np.where(own["pay"] > 3000, 0, 4.99), 2),
}


def table(case: str) -> Table:
    """Pay, counts, speeds, limits and uses, and what follows from some of them."""
    rng = np.random.default_rng(0)
    own = {
        "pay": np.clip(np.round(rng.lognormal(8, 0.4, ROWS), 2), 500, 9_000),
        "count": rng.poisson(rng.gamma(1, 20, ROWS)).astype(float),
        "speed": np.round(rng.normal(60, 12, ROWS), 1),
        "use": np.round(rng.normal(6.5, 1, ROWS), 1),
    }
    own["limit"] = np.round(own["speed"] + rng.normal(0, 6, ROWS), 1)
    of, decimals = CASES[case]
    own["result"] = of(own) if decimals is None else np.round(of(own), decimals)
    digits = {"pay": 2, "count": 0, "speed": 1, "limit": 1, "use": 1, "result": decimals}
    columns = [Column(n, "numeric", "float", max_decimals=digits[n]) for n in own]
    return table_of(columns, [from_numbers(c, own[c.name]) for c in columns], None)


@pytest.mark.parametrize("case", CASES)
def test_they_are_found_and_hold_on_synthetic_rows(case: str, tmp_path: Path) -> None:
    real = table(case)
    found = relations.mined(real)
    assert found.sentences == [case]
    assert Relations.from_json(found.to_json(), real.schema.names) == found
    fitted = fit_model(
        registry.engine("independent"), real, Job(Seed(1), tmp_path), True, len(real)
    )
    made = TableModel.restore(fitted.stored()).sample(0, 800, Seed(2), Condition(), silent)
    own = {name: numbers(made, name) for name in made.schema.names}
    of, decimals = CASES[case]
    slack = 1e-9 if decimals is None else 0.501 * 10.0**-decimals
    assert (np.abs(of(own) - own["result"]) <= slack).all()


@pytest.mark.parametrize("case", CASES)
def test_one_row_that_differs_is_enough(case: str) -> None:
    real = table(case)
    changed = numbers(real, "result").copy()
    changed[7] += 3
    column = real.schema["result"]
    data = real.data.set_column(
        real.schema.names.index("result"), "result", from_numbers(column, changed)
    )
    assert case not in relations.mined(Table(data, real.schema)).sentences


def test_damaged_ones_are_refused() -> None:
    for case, changes in (
        ("result = ln(pay)", ({"form": "sin({a})"}, {"inputs": ["pay", "use"]}, {"scale": 0.0})),
        (
            "result = 2 lines along pay",
            ({"cuts": []}, {"starts": [0.0]}, {"slopes": [float("nan"), 0.0]}),
        ),
    ):
        real = table(case)
        document = relations.mined(real).to_json()
        (link,) = document["links"]
        for change in (*changes, {"result": "nowhere"}, {"rounding": "up"}):
            broken = {**document, "links": [{**link, **change}]}
            with pytest.raises(BadInput):
                Relations.from_json(broken, real.schema.names)


def test_large_numbers_have_no_exponential() -> None:
    rng = np.random.default_rng(0)
    large = np.sort(rng.uniform(-1000, 230, 300))
    arrays = {"large": large, "other": np.repeat([1.0, 2, 3], 100) + rng.random(300)}
    columns = [Column(name, "numeric", "float", max_decimals=17) for name in arrays]
    rows = table_of(columns, [from_numbers(c, arrays[c.name]) for c in columns], None)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert relations.mined(rows).sentences == []

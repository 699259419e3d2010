"""Numbers that are computed of others in two steps are computed on every made row."""

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
CASES: dict[str, Callable[[Own], np.ndarray]] = {
    "price × n + off": lambda own: own["price"] * own["n"] + own["off"],
    "price × n - off": lambda own: own["price"] * own["n"] - own["off"],
    "(price - off) × rate": lambda own: (own["price"] - own["off"]) * own["rate"],
    "(price + off) × n": lambda own: (own["price"] + own["off"]) * own["n"],
    "100 × (price - off) / price": lambda own: 100 * (own["price"] - own["off"]) / own["price"],
    "200 × n / (price + off)": lambda own: 200 * own["n"] / (own["price"] + own["off"]),
    "0.5 × (price + off) × n": lambda own: (own["price"] + own["off"]) * own["n"] / 2,
    "(price + off) / n": lambda own: (own["price"] + own["off"]) / own["n"],
    "n / (price + n)": lambda own: own["n"] / (own["price"] + own["n"]),
}


def table(formula: str, decimals: int = 2) -> Table:
    """Prices, numbers and rates, and what is computed of some of them."""
    rng = np.random.default_rng(0)
    own = {
        "price": np.round(rng.lognormal(3, 0.6, ROWS), 2),
        "n": rng.integers(1, 40, ROWS).astype(float),
        "off": np.round(rng.lognormal(1, 0.5, ROWS), 2),
        "rate": np.round(rng.uniform(0.02, 0.25, ROWS), 3),
    }
    own["result"] = np.round(CASES[formula](own), decimals)
    digits = {"rate": 3, "result": decimals}
    columns = [Column(n, "numeric", "float", max_decimals=digits.get(n, 2)) for n in own]
    arrays = [from_numbers(column, own[column.name]) for column in columns]
    return table_of(columns, arrays, None)


@pytest.mark.parametrize("formula", CASES)
def test_they_are_found_and_hold_on_made_rows(formula: str, tmp_path: Path) -> None:
    decimals = 4 if formula.startswith("n /") else 2
    real = table(formula, decimals)
    assert f"result = {formula}" in relations.mined(real).sentences
    fitted = fit_model(
        registry.engine("independent"), real, Job(Seed(1), tmp_path), True, len(real)
    )
    made = TableModel.restore(fitted.stored()).sample(0, 500, Seed(2), Condition(), silent)
    exact = CASES[formula]({name: numbers(made, name) for name in made.schema.names})
    assert np.abs(exact - numbers(made, "result")).max() < 0.51 * 10.0**-decimals


def test_one_row_that_breaks_it_is_enough_and_the_target_is_never_computed() -> None:
    real = table("price × n + off")
    values = numbers(real, "result").copy()
    values[7] += 0.05
    place = real.schema.names.index("result")
    array = from_numbers(real.schema["result"], values)
    broken = Table(real.data.set_column(place, "result", array), real.schema)
    assert not any("×" in sentence for sentence in relations.mined(broken).sentences)
    links = relations.mined(real.with_target("result")).links
    assert "result" not in {link.result for link in links}


def test_numbers_drawn_apart_follow_from_no_formula() -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        columns = [Column(f"c{i}", "numeric", "integer") for i in range(12)]
        drawn = [from_numbers(c, rng.integers(0, 60, ROWS).astype(float)) for c in columns]
        sentences = relations.mined(table_of(columns, drawn, None)).sentences
        assert not any("×" in sentence or "/" in sentence for sentence in sentences)


@pytest.mark.parametrize(
    "damage", [{"form": "{a}"}, {"scale": 3.125}, {"of_columns": ["price"]}, {"decimals": -1}]
)
def test_damaged_formulas_are_refused(damage: dict[str, object]) -> None:
    document = relations.mined(table("price × n + off")).to_json()
    place = next(i for i, link in enumerate(document["links"]) if "of_columns" in link)
    document["links"][place] |= damage
    with pytest.raises(BadInput):
        Relations.from_json(document, ["price", "n", "off", "rate", "result"])

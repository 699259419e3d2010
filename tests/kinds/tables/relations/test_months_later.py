"""Dates that are calendar months after another one are so on every synthetic row."""

from __future__ import annotations

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
from augment.kinds.tables.data.spelling.dates import DAY_US
from augment.kinds.tables.data.values import from_numbers, numbers, table_of
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.relations import Relations

ROWS = 1_200
CASES = {
    "due = signed + 12 months": (12, 0),
    "due = signed + term months": (None, 0),
    "due = signed + term months - 1 day": (None, 1),
}


def later(days: np.ndarray, months: np.ndarray, less: int) -> np.ndarray:
    """The days so many months later, on the last of a month that is too short."""
    start = days.astype("datetime64[D]")
    first = start.astype("datetime64[M]") + months
    last = (first + 1).astype("datetime64[D]") - 1
    same = first.astype("datetime64[D]") + (start - start.astype("datetime64[M]"))
    return np.asarray(np.minimum(same, last).astype(int) - less)


def loans(months: int | None, less: int, strays: int = 0) -> Table:
    rng = np.random.default_rng(0)
    signed = 17_000 + rng.integers(0, 2_000, ROWS)
    term = rng.choice([6, 12, 24, 36, 60], ROWS)
    due = later(signed, term if months is None else np.full(ROWS, months), less)
    due[:strays] += 1
    dates = {"signed": signed, "due": due}
    columns = [Column(n, "datetime", "datetime", format="%Y-%m-%d", step_us=DAY_US) for n in dates]
    arrays = [from_numbers(c, dates[c.name] * float(DAY_US)) for c in columns]
    columns.append(Column("term", "numeric", "integer"))
    arrays.append(from_numbers(columns[-1], term * 1.0))
    return table_of(columns, arrays, None)


@pytest.mark.parametrize("case", CASES)
def test_they_are_found_and_hold_on_synthetic_rows(case: str, tmp_path: Path) -> None:
    months, less = CASES[case]
    real = loans(months, less)
    found = relations.mined(real)
    assert case in found.sentences
    assert Relations.from_json(found.to_json(), real.schema.names) == found
    fitted = fit_model(registry.engine("independent"), real, Job(Seed(1), tmp_path), True, ROWS)
    made = TableModel.restore(fitted.stored()).sample(0, 800, Seed(2), Condition(), silent)
    signed, due = ((numbers(made, n) // DAY_US).astype(int) for n in ("signed", "due"))
    term = numbers(made, "term").astype(int) if months is None else np.full(800, months)
    assert (later(signed, term, less) == due).all()


@pytest.mark.parametrize("case", CASES)
def test_one_row_that_differs_is_enough(case: str) -> None:
    assert case not in relations.mined(loans(*CASES[case], strays=1)).sentences


@pytest.mark.parametrize(
    "damage", [{"months": 0}, {"months": 5}, {"start": ""}, {"days_less": 2}, {"step": "signed"}]
)
def test_damaged_ones_are_refused(damage: dict[str, object]) -> None:
    document = relations.mined(loans(None, 0)).to_json()
    place = next(i for i, link in enumerate(document["links"]) if "days_less" in link)
    document["links"][place] |= damage
    with pytest.raises(BadInput):
        Relations.from_json(document, ["signed", "due", "term"])

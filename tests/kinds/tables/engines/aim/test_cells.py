"""Laws of cells: every value has one, what is drawn of a cell lies in it, conditions are kept."""

from __future__ import annotations

import numpy as np
import pytest

from augment.core.types import Clause
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import table_of
from augment.kinds.tables.engines.aim.cells import Cells
from augment.testing import mixed_table

DATA = mixed_table()
HOUR = 3_600_000_000.0
START = 1_577_836_800_000_000.0
CELLS = [
    Cells(DATA.schema["age"], (), (10.0, 30.0, 50.0, 101.0)),
    Cells(DATA.schema["income"], (25_000.0,), (0.0, 20_000.0, 1e6), gaps=True),
    Cells(DATA.schema["loss"], (0.0,), (0.0, 0.1, 500.0, 4_000.1)),
    Cells(DATA.schema["job"], ("clerk", "cook"), unlisted=True, gaps=True),
    Cells(DATA.schema["grade"], (1, 2, 3)),
    Cells(DATA.schema["member"], (False, True)),
    Cells(DATA.schema["seen"], (), tuple(START + HOUR * np.array([0.0, 99, 9_000])), gaps=True),
]
CLAUSES = [
    Clause("age", "range", low=33.0, high=36.0),
    Clause("age", "in", (47,), negate=True),
    Clause("income", "range", low=19_999.5, high=20_000.5),
    Clause("income", "null"),
    Clause("income", "in", (777.77,)),
    Clause("loss", "range", high=0.1),
    Clause("job", "in", ("cook",)),
    Clause("job", "null", negate=True),
    Clause("seen", "range", low=START + 5_000 * HOUR, low_open=True),
]
IDS = [each.column.name for each in CELLS]


@pytest.mark.parametrize("cells", CELLS, ids=IDS)
def test_what_is_drawn_of_a_cell_lies_in_it(cells: Cells) -> None:
    known = [cell for cell in range(cells.size) if not (cells.unlisted and cell == 2)]
    wanted = np.repeat(known, 200)
    values = cells.decode(wanted, np.random.default_rng(0))
    found = cells.encode(table_of([cells.column], [values], None))
    own = wanted < len(cells.values)  # an interval may draw a number that has its own cell
    assert (found == wanted)[own].all()
    assert ((found == wanted) | (found < len(cells.values))).all()


@pytest.mark.parametrize("cells", CELLS, ids=IDS)
def test_every_value_has_a_cell(cells: Cells) -> None:
    found = cells.encode(DATA.select([cells.column.name]))
    assert found.min() >= 0 and found.max() < cells.size


def test_categories_that_nobody_listed_are_drawn_as_listed_ones() -> None:
    cells = CELLS[IDS.index("job")]
    made = cells.decode(np.full(500, 2), np.random.default_rng(0)).to_pylist()
    assert set(made) == {"clerk", "cook"}


@pytest.mark.parametrize("clause", CLAUSES, ids=[f"{c.column} {c.op}" for c in CLAUSES])
def test_conditions_hold_on_all_that_is_drawn(clause: Clause) -> None:
    cells = CELLS[IDS.index(clause.column)]
    support = cells.support((clause,))
    left = np.flatnonzero(support.weights(cells.size) > 0)
    assert len(left)
    values = support.draw(np.repeat(left, 50), np.random.default_rng(1).random(50 * len(left)))
    table = table_of([cells.column], [values], None)
    assert mask(table, (clause,)).all()


def test_the_share_of_an_interval_that_is_left_is_that_of_its_width() -> None:
    age = CELLS[IDS.index("age")]
    weights = age.support((Clause("age", "range", low=20.0),)).weights(age.size)
    assert weights == pytest.approx([0.5, 1, 1])


@pytest.mark.parametrize("cells", CELLS, ids=IDS)
def test_restoring_undoes_the_document(cells: Cells) -> None:
    assert Cells.from_json(cells.column, cells.to_json()) == cells


@pytest.mark.parametrize(
    "change",
    [{"edges": [1.0]}, {"edges": [2.0, 1.0]}, {"edges": [0.0, float("inf")]}, {"values": [3, 1]}],
)
def test_cells_of_a_damaged_model_are_refused(change: dict[str, object]) -> None:
    document = {"values": [], "edges": [0.0, 1.0], "unlisted": False, "gaps": False}
    with pytest.raises((ValueError, TypeError)):
        Cells.from_json(Column("x", "numeric", "integer"), document | change)

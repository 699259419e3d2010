"""`--where`: from clauses to the rows that satisfy them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augment.base.types import Clause
from augment.tables.dataset import Table
from augment.tables.values import codes, numbers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def mask(table: Table, clauses: tuple[Clause, ...]) -> NDArray[np.bool_]:
    """(rows,) True where every clause holds.

    Values of "in" are compared with the values of `codes`; the ends of a range are numbers as
    `numbers` gives them (a datetime's microseconds since 1970).
    """
    import numpy as np

    holds = np.ones(len(table), dtype=bool)
    for clause in clauses:
        holds &= _holds(table, clause) ^ clause.negate
    return holds


def _holds(table: Table, clause: Clause) -> NDArray[np.bool_]:
    import numpy as np

    if clause.op == "range":
        values = numbers(table, clause.column)
        low = -np.inf if clause.low is None else float(clause.low)
        high = np.inf if clause.high is None else float(clause.high)
        above = values > low if clause.low_open else values >= low
        below = values < high if clause.high_open else values <= high
        return np.asarray(above & below)
    found, levels = codes(table, clause.column)
    if clause.op == "null":
        return np.asarray(found == -1)
    wanted = np.array([level in clause.values for level in levels] + [False])
    return np.asarray(wanted[found])

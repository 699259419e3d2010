"""Shares of a constant, such as percentages that add up to 100: scaled to it after a draw."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.types import Json
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import from_numbers, numbers, table_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_DIGITS = 9  # beyond which shares are not rounded to a sum


@dataclass(frozen=True)
class Share:
    """`members`, none below zero, add up to `total` on every row."""

    members: tuple[str, ...]
    total: float

    @property
    def sentence(self) -> str:
        return f"{' + '.join(self.members)} = {self.total:.12g}"


Shares = tuple[Share, ...]


def filled(table: Table, shares: Shares) -> Table:
    """The table with the shares that some rows lack: what the others leave, parted as in a row
    that has them all."""
    data = table.data
    for share in shares:
        values = np.stack([numbers(table, name) for name in share.members], axis=1)
        missing = np.isnan(values)
        rows = np.flatnonzero(missing.any(axis=1))
        whole = np.flatnonzero(~missing.any(axis=1))
        if not len(rows):
            continue
        rng = np.random.Generator(np.random.Philox(0))  # which rows lend is no randomness
        other = values[rng.choice(whole, len(rows))] if len(whole) else np.ones_like(values[rows])
        lent = np.where(missing[rows], other, values[rows])
        own = [table.schema[name] for name in share.members]
        values[rows] = _scaled(lent, ~missing[rows], share.total, _digits(own))
        for place, column in enumerate(own):
            array = from_numbers(column, values[:, place])
            data = data.set_column(data.column_names.index(column.name), column.name, array)
    return Table(data, table.schema)


def put_back(table: Table, shares: Shares, whole: list[Column], kept: Table | None) -> Table:
    """The table with each row's shares scaled to their total; cells known in `kept` stay."""
    columns = {column.name: column for column in whole}
    data = {name: table.column(name) for name in table.schema.names}
    for share in shares:
        made = np.stack([numbers(table, name) for name in share.members], axis=1)
        known = np.zeros(made.shape, dtype=bool)
        if kept is not None:
            given = np.stack([numbers(kept, name) for name in share.members], axis=1)
            known = ~np.isnan(given)
            made = np.where(known, given, made)
        own = [columns[name] for name in share.members]
        values = _scaled(made, known, share.total, _digits(own))
        for place, column in enumerate(own):
            data[column.name] = from_numbers(column, values[:, place])
    return table_of(list(table.schema), list(data.values()), table.schema.target)


def _digits(columns: list[Column]) -> int | None:
    """The digits after the point that all shares have; None where they have no end."""
    found = [0 if c.storage == "integer" else c.max_decimals for c in columns]
    digits = [MOST_DIGITS + 1 if d is None else d for d in found]
    return min(digits) if min(digits) <= MOST_DIGITS else None


def _scaled(
    values: NDArray[np.float64], known: NDArray[np.bool_], total: float, digits: int | None
) -> NDArray[np.float64]:
    """(rows, members) the free values scaled so that each row adds up to the total.

    They are rounded down to their digits, and the units that are left go to the largest
    remainders. A row whose known values leave nothing to share stays as it is.
    """
    unit = 1.0 if digits is None else 10.0**-digits
    rest = (total - np.where(known, values, 0.0).sum(axis=1)) / unit  # (rows,) in units
    free = np.where(known, 0.0, np.maximum(values, 0.0))
    free = np.where((free.sum(axis=1) > 0)[:, None], free, ~known)
    able = (rest >= -0.5) & ~known.all(axis=1)
    exact = free / np.maximum(free.sum(axis=1), 1e-300)[:, None] * np.maximum(rest, 0)[:, None]
    if digits is not None:
        floor = np.floor(exact + 1e-9)
        missing = np.rint(rest - floor.sum(axis=1))  # (rows,) fewer than members
        rank = np.argsort(np.argsort(floor - exact, axis=1, kind="stable"), axis=1, kind="stable")
        exact = floor + (rank < missing[:, None])
    return np.where(able[:, None] & ~known, exact * unit, values)


def to_json(shares: Shares) -> list[Json]:
    return [asdict(share) for share in shares]


def from_json(documents: Any, known: list[str]) -> Shares:
    """Undo `to_json`. Raises `TypeError` or `ValueError` on what no search can have found."""
    found: list[Share] = []
    taken: set[str] = set()
    for document in documents:
        members, total = tuple(document["members"]), float(document["total"])
        if len(members) < 2 or len(set(members)) != len(members) or not 0 < total < 1e300:
            raise ValueError("shares are out of range")
        if not set(members) <= set(known) - taken:
            raise ValueError("a share is not there, or twice")
        taken |= set(members)
        found.append(Share(members, total))
    return tuple(found)

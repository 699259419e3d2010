"""Numbers that an earlier column nearly settles: `bill_2` is `bill_1`, a few percent up or down.

An engine that cuts numbers into bins cannot know such a column closer than its bins are wide.
Beside the column it therefore learns the residual, how far the value lies from what the earlier
column says; after a draw the value is built again from both. The column itself stays in the
engine's table, so that all else that depends on it, and every condition on it, is learnt and
placed as ever.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.types import Json
from augment.kinds.tables.codecs.endings import MOST_DIGITS, Precision
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import numbers
from augment.kinds.tables.relations.quantities import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_ROWS = 200  # with both values, neither a frequent one
LEAST_SHARE = 0.5  # of the rows with a value that is no frequent one, that have both
LEAST_GAIN = 1.0  # how much closer the base is than a window of the column's values
WINDOWS = 16  # of equal mass: what an engine's bins, blurred, tell apart at the least
ATOM_SHARE = 0.01  # of the rows, from which on a value is a frequent one and has its own token
MOST_ATOMS = 64
MOST_ROUND = 0.2  # of the values, that end in a zero: a tenth do by chance
PROBES = 1_000  # rows that rule out most pairs
LEAST_CORRELATION = 0.7  # of their ranks, either way
REACH = 4.0  # times how far values usually lie from the middle of their window
SLACK = 2.0  # times the reach, that a drawn value may lie from the rebuilt one
MOST_PAIRS = 3  # for each column, compared on `MOST_ROWS` rows
MOST_ROWS = 5_000


@dataclass(frozen=True)
class Residual:
    """`column` is nearly `slope * base + shift`; the column `name` holds how far it is from that.

    Distances are differences, or with a `scale` those of asinh(value / scale): of values far beyond
    the scale they are differences of logarithms. Values further than `reach` from what the base
    says, and the frequent values `atoms`, stay as an engine draws them; `low` and `high` are the
    ends that rebuilt values are held to.
    """

    column: str
    base: str
    name: str
    slope: float = 1.0
    shift: float = 0.0
    scale: float = 0.0
    reach: float = 1e300
    atoms: tuple[float, ...] = ()
    low: float = -1e300
    high: float = 1e300
    digits: int = MOST_DIGITS
    decimals: int = MOST_DIGITS

    @property
    def sentence(self) -> str:
        if (self.slope, self.shift) == (1.0, 0.0):
            return f"{self.column} is near {self.base}"
        return f"{self.column} is near a multiple of {self.base}"

    def made_column(self) -> Column:
        return Column(self.name, "numeric", "float")

    def bent(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.arcsinh(values / self.scale) if self.scale else values

    def straight(self, bent: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.scale * np.sinh(np.clip(bent, -600, 600)) if self.scale else bent

    def of(self, table: Table) -> NDArray[np.float64]:
        """(rows,) the residuals; NaN where a value is missing, a frequent one, or out of reach."""
        values, base = numbers(table, self.column), numbers(table, self.base)
        left = self.bent(values) - self.bent(self.slope * base + self.shift)
        return np.where(np.isin(values, self.atoms) | (np.abs(left) > self.reach), np.nan, left)

    def rebuilt(
        self,
        values: NDArray[np.float64],
        base: NDArray[np.float64],
        residual: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """(rows,) the column from its base; `values`, as drawn, where they are frequent ones, far
        from what the base and the residual make, or anything is missing."""
        made = self.straight(self.bent(self.slope * base + self.shift) + residual)
        near = Precision(self.digits, self.decimals).rounded(np.clip(made, self.low, self.high))
        stays = np.isnan(made) | np.isnan(values) | np.isin(values, self.atoms)
        stays |= np.abs(self.bent(values) - self.bent(near)) > SLACK * self.reach
        return np.where(stays, values, near)

    def base_of(
        self, values: NDArray[np.float64], residual: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """(rows,) the base that makes the values with the residuals; NaN where nothing is said."""
        said = ~np.isin(values, self.atoms)
        return np.where(
            said, (self.straight(self.bent(values) - residual) - self.shift) / self.slope, np.nan
        )


Residuals = tuple[Residual, ...]


def found(table: Table, numeric: list[Quantity], target: str | None) -> Residuals:
    """For each column the earlier one that is closest to it, where one is close enough.

    Columns whose values are mostly frequent ones, or rounded on purpose, are left alone, since
    their tokens say exactly what they are.
    """
    residuals: list[Residual] = []
    taken = set(table.schema.names)
    alike = _correlations(numeric)
    for place, late in enumerate(numeric):
        likely = np.argsort(-alike[place, :place], kind="stable")[:MOST_PAIRS]
        bases = [numeric[i] for i in likely if alike[place, i] >= LEAST_CORRELATION]
        if late.dated or late.name == target or not bases:
            continue
        atoms = frequent(late.values)
        plain = ~np.isnan(late.values) & ~np.isin(late.values, atoms)
        if len(atoms) > MOST_ATOMS or plain.sum() < LEAST_ROWS:
            continue
        if plain.mean() < LEAST_SHARE * (~np.isnan(late.values)).mean():
            continue
        precision = Precision.of(late.values[plain])
        if (~precision.full(late.values[plain])).mean() > MOST_ROUND and precision.limited:
            continue
        name = f"{late.name}: residual"
        while name in taken:
            name += " …"
        whole = Residual(
            late.name,
            "",
            name,
            atoms=tuple(map(float, atoms)),
            digits=precision.digits,
            decimals=precision.decimals,
        )
        closest = _closest(whole, late.values, bases, _some(np.flatnonzero(plain)))
        if closest is not None:
            residuals.append(closest)
            taken.add(name)
    return tuple(residuals)


def _some(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    return rows[:: max(1, len(rows) // MOST_ROWS)]


def frequent(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values that stand in one row of a hundred or more."""
    known = values[~np.isnan(values)]
    distinct, counts = np.unique(known, return_counts=True)
    return np.asarray(distinct[counts >= max(2.0, ATOM_SHARE * len(values))])


def _correlations(numeric: list[Quantity]) -> NDArray[np.float64]:
    """(columns, columns) how much their ranks go together, either way, on some of the rows."""
    if not numeric:
        return np.empty((0, 0))
    rows = np.linspace(0, len(numeric[0].values) - 1, min(PROBES, len(numeric[0].values)))
    values = np.stack([each.values[rows.astype(np.int64)] for each in numeric])
    ranks = np.argsort(np.argsort(values, axis=1, kind="stable"), axis=1).astype(np.float64)
    known = ~np.isnan(values)
    mean = np.where(known, ranks, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    centred = np.where(known, ranks - mean[:, None], 0.0)
    size = np.sqrt((centred**2).sum(axis=1))
    return np.asarray(np.abs(centred @ centred.T) / np.maximum(np.outer(size, size), 1e-300))


def _closest(
    whole: Residual,
    values: NDArray[np.float64],
    bases: list[Quantity],
    rows: NDArray[np.int64],
) -> Residual | None:
    """The best residual of the column, on the rows where its value is no frequent one."""
    best, residual = LEAST_GAIN, None
    for base in bases:
        gain, candidate = _best(whole, values, base, rows)
        if gain > best and candidate is not None:
            best, residual = gain, candidate
    return residual


def _best(
    whole: Residual,
    values: NDArray[np.float64],
    base: Quantity,
    rows: NDArray[np.int64],
) -> tuple[float, Residual | None]:
    """The form of the residual that is closest: a difference, a ratio, or about a line."""
    least = max(LEAST_ROWS, LEAST_SHARE * len(rows))
    rows = rows[~np.isnan(base.values[rows])]
    known = values[rows]
    if len(rows) < least:
        return 0.0, None
    head = base.values[rows]
    forms = [] if base.dated else [replace(whole, base=base.name)]
    sizes = np.abs(known[known != 0])
    if not base.dated and len(sizes):
        scale = float(np.quantile(sizes, 0.1))
        forms += [replace(forms[0], scale=scale)] if scale > 0 else []
    line = _line(head, known)
    if line is not None:
        forms.append(replace(whole, base=base.name, slope=line[0], shift=line[1]))
    best: tuple[float, Residual | None] = 0.0, None
    for form in forms:
        apart, left = _spreads(form, known, head)
        gain = apart / left * (1.0 if form.slope == 1.0 else 0.8)
        if gain > best[0]:
            best = gain, replace(form, reach=REACH * apart)
    return best


def _line(head: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, float] | None:
    """Slope and shift through the medians of the outer thirds (Tukey's resistant line)."""
    order = np.argsort(head, kind="stable")
    third = len(order) // 3
    if third < 10:
        return None
    low, high = order[:third], order[-third:]
    run = float(np.median(head[high]) - np.median(head[low]))
    rise = float(np.median(values[high]) - np.median(values[low]))
    if run == 0 or rise == 0:
        return None
    slope = rise / run
    return slope, float(np.median(values - slope * head))


def _spreads(
    form: Residual, values: NDArray[np.float64], head: NDArray[np.float64]
) -> tuple[float, float]:
    """How far values usually lie from the middle of their window, and how far residuals from
    none."""
    bent = form.bent(values)
    left = np.abs(bent - form.bent(form.slope * head + form.shift))
    windows = np.array_split(np.sort(bent), WINDOWS)
    apart = np.concatenate([np.abs(part - np.median(part)) for part in windows if len(part)])
    tiny = 1e-12 * max(float(np.abs(bent).max()), 1e-288)
    return float(np.median(apart)), max(float(np.median(left)), tiny)


def as_learnt(residuals: Residuals, seen: Table) -> Residuals:
    """The residuals held to the ends of the table to learn from."""
    learnt = []
    for residual in residuals:
        known = numbers(seen, residual.column)
        known = known[~np.isnan(known)]
        if len(known):
            residual = replace(residual, low=float(known.min()), high=float(known.max()))
        learnt.append(residual)
    return tuple(learnt)


def to_json(residuals: Residuals) -> list[Json]:
    return [asdict(residual) for residual in residuals]


def from_json(documents: Any) -> Residuals:
    """Undo `to_json`. Raises `TypeError` or `ValueError` on what no search can have found."""
    found: list[Residual] = []
    for document in documents:
        residual = Residual(**{**document, "atoms": tuple(map(float, document["atoms"]))})
        sizes = [residual.slope, residual.shift, residual.scale, residual.reach]
        sizes += [residual.low, residual.high, *residual.atoms]
        if not all(np.isfinite(float(size)) for size in sizes):
            raise ValueError("a residual is out of range")
        if (
            residual.slope == 0
            or min(residual.scale, residual.reach) < 0
            or len(residual.atoms) > MOST_ATOMS
        ):
            raise ValueError("a residual is out of range")
        if not all(0 <= int(n) <= MOST_DIGITS for n in (residual.digits, residual.decimals)):
            raise ValueError("digits are out of range")
        found.append(residual)
    return tuple(found)

"""What the training rows say about the columns together: order, dependencies, interactions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from augment.core.budget import UNLIMITED, Budget
from augment.kinds.tables.codecs.calendar import is_week, times_of_day
from augment.kinds.tables.engines.anyorder.layout import OffsetDays, TokenLayout

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augment.kinds.tables.codecs.vocabulary import Vocabulary
    from augment.kinds.tables.data.schema import Column

ROWS_PER_LEVEL = 10  # of a parent, on average, before "always so" is taken for a law
MAX_MEMBERS = 3  # of an interaction
MAX_INTERACTIONS = 4
MAX_CANDIDATES = 12  # columns that may take part in interactions, the strongest first
ROWS_PER_CELL = 8  # the fewest rows that a cell of an interaction may have on average
LEAST_GAIN = 0.05  # share of a column's variance that the cells must explain beyond their parts
UNTOLD = 0.1  # share of weeks' tokens, at most, that may stand for several
MAX_LEVELS = 64  # of a member, unless it is said to have more that matter
MAX_MINED = 60  # columns that are looked at for interactions
PROBED_ROWS = 300  # that rule out most dependencies
SETTLED = 0.9  # share of rows with one value, from which a column takes its turn as if it had
FEW = 32  # tokens at most
MAX_ROWS = 40_000  # that interactions are mined on
OFFSETS = 2  # times at which days begin, midnight among them; of more, rows are known again


@dataclass(frozen=True)
class Dependency:
    """Column `child` follows from column `parent`: `child_of[parent's token]` is its token."""

    parent: int
    child: int
    child_of: NDArray[np.int64]


def layout_of(
    columns: list[Column],
    tokens: NDArray[np.int32],
    vocabularies: list[Vocabulary],
    key: set[str],
    budget: Budget,
) -> tuple[TokenLayout, list[Dependency]]:
    """The layout of a table's tokens (rows, columns), and the dependencies that hold in it; `key`
    are the names of columns that no two rows share, where rows will be filled given them."""
    sizes = [each.size for each in vocabularies]
    laws = dependencies(tokens, sizes, [each.exact() for each in vocabularies], budget)
    weeks = frozenset(j for j, column in enumerate(columns) if is_week(column))
    found = interactions(tokens, sizes, budget, weeks)
    first = frozenset(j for j, column in enumerate(columns) if column.name in key)
    dates = times_of_day([column.name for column in columns])
    days = [each for date in dates for each in offset_days(date, tokens, vocabularies, found)]
    together = {j for members in found[:1] for j in members}
    together |= {j for each in days for j in each.members if together < {*each.members}}
    order = preferred_order(tokens, sizes, laws, [tuple(sorted(together))], first)
    return TokenLayout(tuple(sizes), tuple(order), tuple(found), tuple(days)), laws


def offset_days(
    date: tuple[int, int, int],
    tokens: NDArray[np.int32],
    vocabularies: list[Vocabulary],
    found: list[tuple[int, ...]],
) -> list[OffsetDays]:
    """Days that begin at other times than midnight, where the interactions that were `found` say
    that days differ: at those that part a day's rows into as many shares of one size. `date` are
    the places of its week, weekday and time.

    Weeks without a token of their own have no days.
    """
    week, weekday, time = date
    if not {(week, weekday), (weekday, week)} & {*found}:
        return []
    if vocabularies[week].binned().mean() > UNTOLD:
        return []
    first = int(vocabularies[weekday].null() is not None)
    days = vocabularies[weekday].size - first
    times = tokens[:, time][tokens[:, time] >= int(vocabularies[time].null() is not None)]
    counts = np.bincount(times, minlength=vocabularies[time].size)
    before = np.cumsum(counts) - counts
    begins = np.searchsorted(before, len(times) * np.arange(1, OFFSETS) / OFFSETS)
    apart = sorted({int(each) for each in begins} - {0, int(times.min(initial=0))})
    return [OffsetDays(date, days, first, each) for each in apart if each < len(counts)]


def dependencies(
    tokens: NDArray[np.int32], sizes: list[int], exact: list[bool], budget: Budget = UNLIMITED
) -> list[Dependency]:
    """Functional dependencies that hold on every training row, one parent per child at most.

    Both columns must have exact tokens. A parent has ten rows a level or more, so that a law is
    not read out of near-unique values; parents are themselves nobody's child. Those found are
    returned when the budget is used up.
    """
    n = len(tokens)
    found: list[Dependency] = []
    usable = [j for j in range(len(sizes)) if exact[j] and sizes[j] > 1]
    for child in sorted(usable, key=lambda j: (sizes[j], j)):
        if budget.left() <= 0:
            return found
        for parent in sorted(usable, key=lambda j: (sizes[j], j)):
            if parent == child or sizes[parent] < sizes[child]:
                continue
            if sizes[parent] * ROWS_PER_LEVEL > n or any(d.child == parent for d in found):
                continue
            if any(d.parent == child for d in found):
                continue
            pair = tokens[:, parent], tokens[:, child], sizes[parent], sizes[child]
            if _mapping(*pair, PROBED_ROWS) is None:
                continue
            child_of = _mapping(*pair, n)
            if child_of is not None and len(np.unique(child_of)) > 1:
                found.append(Dependency(parent, child, child_of))
                break
    return found


def _mapping(
    parent: NDArray[np.int32],
    child: NDArray[np.int32],
    parents: int,
    children: int,
    rows: int,
) -> NDArray[np.int64] | None:
    """(parents,) the one child token of each parent token; None where some parent has two.

    A parent token that the first `rows` rows lack is no obstacle.
    """
    parent, child = parent[:rows], child[:rows]
    if (child < 0).any() or (parent < 0).any():
        return None
    low = np.full(parents, children, dtype=np.int64)
    high = np.full(parents, -1, dtype=np.int64)
    np.minimum.at(low, parent, child)
    np.maximum.at(high, parent, child)
    return high if bool(np.all((low == high) | (high < 0))) else None


def preferred_order(
    tokens: NDArray[np.int32],
    sizes: list[int],
    laws: list[Dependency],
    together: list[tuple[int, ...]],
    key: frozenset[int] = frozenset(),
) -> list[int]:
    """The `key` first, since rows are filled given a key that no other has; then members of the
    strongest interaction, then columns from few tokens to many; a child right after its parent.

    Early columns then have few distinct contexts, each of which is computed once for all rows;
    and a cell of the interaction is learnt from every column that it bears on. A column that has
    one value on nearly all rows adds few contexts, and counts as one of few tokens. Numbers of
    many values stay late: what is learnt from a number is blurred (see `MaskedLoss.blurred`).
    """
    children = {law.child for law in laws}
    members = set(together[0]) if together else set()

    def place(j: int) -> tuple[bool, bool, int, int]:
        commonest = np.bincount(tokens[:, j] + 1, minlength=1).max()  # unknown is a value, too
        settled = commonest >= SETTLED * len(tokens)
        size = min(sizes[j], FEW) if settled else sizes[j]
        return j not in key, j not in members, size, j

    order: list[int] = []
    for j in sorted(range(len(sizes)), key=place):
        if j not in children:
            order += [j, *(law.child for law in laws if law.parent == j)]
    return order


def interactions(
    tokens: NDArray[np.int32],
    sizes: list[int],
    budget: Budget = UNLIMITED,
    many: frozenset[int] = frozenset(),
) -> list[tuple[int, ...]]:
    """Sets of two or three columns whose cells say what their parts do not, the strongest first.

    Members have `MAX_LEVELS` tokens at most, save those of `many`.

    The gain of a set is the largest share of another column's (rank) variance that its cell means
    explain out of sample (each row against the mean of the *other* rows of its cell), beyond the
    best of its subsets plus what the left-out column says alone. A calendar date in three
    columns is the standard case: each part says little, the day says much. None is looked for
    where the budget is used up.
    """
    if budget.left() <= 0:
        return []

    tokens = tokens[:: max(1, len(tokens) // MAX_ROWS)]
    n, columns = tokens.shape
    able = [j for j in range(columns) if sizes[j] > 1 and (sizes[j] <= MAX_LEVELS or j in many)]
    able = able[:MAX_MINED]
    targets = mid_ranks(tokens)
    alone = {j: _explained(tokens[:, j].astype(np.int64), targets) for j in able}
    strength = {j: float(np.delete(alone[j], j).sum()) if columns > 1 else 0.0 for j in able}
    able = sorted(able, key=lambda j: (-strength[j], j))[:MAX_CANDIDATES]
    scored: dict[tuple[int, ...], tuple[float, NDArray[np.float64]]] = {}
    for count in range(2, MAX_MEMBERS + 1):
        for members in combinations(sorted(able), count):
            if budget.left() <= 0:
                break
            _score(tuple(members), tokens, sizes, targets, alone, scored, n)
    ranked = sorted(scored, key=lambda m: (-scored[m][0], m))
    chosen: list[tuple[int, ...]] = []
    for members in ranked:
        inside = any(set(members) < set(other) or set(other) < set(members) for other in chosen)
        if scored[members][0] >= LEAST_GAIN and not inside:
            chosen.append(members)
    return chosen[:MAX_INTERACTIONS]


def _score(
    members: tuple[int, ...],
    tokens: NDArray[np.int32],
    sizes: list[int],
    targets: NDArray[np.float64],
    alone: dict[int, NDArray[np.float64]],
    scored: dict[tuple[int, ...], tuple[float, NDArray[np.float64]]],
    n: int,
) -> None:
    cells = int(np.prod([sizes[j] for j in members]))
    if cells * ROWS_PER_CELL > n:
        return
    explained = _explained(cell_of(tokens, members, sizes), targets)
    expected = sum(alone[j] for j in members)
    for left in members:
        part = tuple(j for j in members if j != left)
        if part in scored:
            expected = np.maximum(expected, _clip(scored[part][1]) + _clip(alone[left]))
    gain = explained - _clip(np.asarray(expected))
    gain[list(members)] = -1.0
    scored[members] = float(gain.max()), explained


def _clip(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return share.clip(0.0, 1.0)


def cell_of(
    tokens: NDArray[np.int32], members: tuple[int, ...], sizes: list[int]
) -> NDArray[np.int64]:
    """(rows,) the cell of each row, counted with the last member running fastest; -1 if unknown."""
    cell = np.zeros(len(tokens), dtype=np.int64)
    for j in members:
        cell = cell * sizes[j] + tokens[:, j]
    return np.where((tokens[:, list(members)] < 0).any(axis=1), -1, cell)


def mid_ranks(tokens: NDArray[np.int32]) -> NDArray[np.float64]:
    """(rows, columns) tokens as mid-ranks with mean 0 and variance 1 (0 for a constant)."""
    ranks = np.empty(tokens.shape)
    for j in range(tokens.shape[1]):
        counts = np.bincount(tokens[:, j] + 1)
        middle = np.cumsum(counts) - counts / 2
        value = middle[tokens[:, j] + 1]
        ranks[:, j] = (value - value.mean()) / max(float(value.std()), 1e-12)
    return ranks


def _explained(cell: NDArray[np.int64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """(columns,) 1 − squared error of leave-one-out cell means; 0 is no better than the mean."""
    _, cell = np.unique(cell, return_inverse=True)
    counts = np.bincount(cell)
    others = np.maximum(counts[cell] - 1, 0)
    shares = np.empty(targets.shape[1])
    for j in range(targets.shape[1]):
        y = targets[:, j]
        guess = (np.bincount(cell, weights=y)[cell] - y) / (others + 1.0)  # shrunk by one row
        shares[j] = 1.0 - float(np.mean((y - guess) ** 2))
    return shares


def described(columns: list[Column], layout: TokenLayout, laws: list[Dependency]) -> str:
    """One line for the log: what was found in the rows before training."""
    names = [column.name.replace("\x1f", " ") for column in columns]
    parts = [f"{names[law.parent]} settles {names[law.child]}" for law in laws]
    parts += [" × ".join(names[j] for j in m) for m in layout.interactions]
    offset = sorted({each.members for each in layout.offset_days})
    parts += [f"days of {names[w]} begin at several times" for w, _, _ in offset]
    return f"{layout.columns} columns, {layout.tokens} tokens" + "".join(f"; {p}" for p in parts)

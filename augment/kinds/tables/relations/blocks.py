"""Facts that several rows share: columns that describe a row's area, household or batch.

Such a block of columns has the same values, all of them, on rows that have nothing else to do with
each other, while its joint values are many, and each is rare. An engine that draws every row by
itself makes a block of its own for each. So made rows are put into groups as large as those of the
training rows, of rows whose blocks are alike, and the block of one of them becomes that of all. No
joint value of training rows is kept: what is learnt is which columns are shared, and by how many.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.types import Json
from augment.kinds.tables.codecs.vocabulary import LEAST_ROWS
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.values import ranks, with_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST_ROWS = 200  # of a table in which blocks are looked for
FEWEST_COLUMNS = 3
LEAST_SHARED = 0.2  # of the rows, that share their block with another
MOST_PER_BLOCK = 50  # rows on average: fewer and fuller blocks are levels of a category
LEAST_AGREEING = 0.9  # of the pairs of rows that agree in one half of the columns, in the other too
LEAST_SETTLED = 0.6  # of the columns, that the others settle
LEAST_PAIRS = 30
LEAST_SETTLED_PAIRS = 0.99  # of the pairs of rows alike in some columns, in one that they settle
MOST_SHARE = 0.02  # of the rows, with one joint value
PROBES, PROBED_CELLS = 1_500, 120_000_000  # rows, and comparisons of cells, that a search begins on
SLICES = 3  # of neighbouring rows: those of a block may stand together, or anywhere
COMPONENTS = 8  # of a block, by which rows are told to be alike
MOST_SIZE = 10_000  # rows that share a block, at most


@dataclass(frozen=True)
class Block:
    """`columns` are the same on the rows of a group; `counts[i]` groups have `sizes[i]` rows."""

    columns: tuple[str, ...]
    sizes: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def sentence(self) -> str:
        rows = sum(size * count for size, count in zip(self.sizes, self.counts, strict=True))
        mean = rows / sum(self.counts)
        named = f"{self.columns[0]} … {self.columns[-1]}"
        return f"{len(self.columns)} columns ({named}) are shared by {mean:.1f} rows on average"

    def shared(self, made: Table, rng: np.random.Generator) -> Table:
        """The rows with blocks in common: groups of rows whose blocks are alike take over the block
        of one of their own, drawn by chance."""
        n = len(made)
        if n < 2:
            return made
        alike = _neighbours(np.stack([ranks(made, name) for name in self.columns], axis=1))
        sizes = self._drawn(n, rng)
        group = np.repeat(np.arange(len(sizes)), sizes)[:n]
        first = np.searchsorted(group, np.arange(group[-1] + 1))
        size = np.diff(np.append(first, n))
        chosen = first + np.minimum((rng.random(len(size)) * size).astype(np.int64), size - 1)
        source = np.empty(n, dtype=np.int64)
        source[alike] = alike[chosen[group]]
        taken = made.select(list(self.columns)).take(source)
        return with_columns(made, {name: taken.column(name) for name in self.columns})

    def _drawn(self, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """(groups,) sizes in random order, as often as among the training rows, of n rows or more:
        whole rounds of them, so that their shares are close."""
        sizes, counts = np.array(self.sizes), np.array(self.counts, dtype=np.float64)
        total = float((sizes * counts).sum())
        expected = counts * (n / total)
        number = np.floor(expected + rng.random(len(sizes))).astype(np.int64)
        drawn = rng.permutation(np.repeat(sizes, number))
        lacking = n - int(drawn.sum())
        more = rng.choice(sizes, max(lacking, 0), p=counts / counts.sum())
        return np.concatenate([drawn, more])

    def without(self, held: Collection[str]) -> Block | None:
        """The block less the columns `held`, where enough are left."""
        left = tuple(name for name in self.columns if name not in held)
        return replace(self, columns=left) if len(left) >= FEWEST_COLUMNS else None


def _neighbours(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """(rows,) an order in which rows with alike `values` (rows, columns) are near each other.

    Rows are halved at the median of the principal component that varies most among them, over and
    over (a k-d tree: Bentley 1975, doi 10.1145/361002.361007). Sums are taken in one thread and
    what comes of them is rounded, so that the order does not depend on the threads of a library.
    """
    spread = values - values.mean(axis=0)
    spread /= np.maximum(spread.std(axis=0), 1e-12)
    sizes, axes = np.linalg.eigh(np.einsum("ij,ik->jk", spread, spread) / len(spread))
    axes = axes[:, np.argsort(-sizes)[:COMPONENTS]]
    axes = np.round(axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]), 6)
    spread = np.round(np.einsum("ij,jk->ik", spread, axes), 6)
    parts, done = [np.arange(len(values))], []
    while parts:
        part = parts.pop()
        inside = spread[part]
        variance = inside.var(axis=0)
        widest = int(variance.argmax())
        if len(part) <= 2 or variance[widest] <= 0:
            done.append(part)
            continue
        order = part[np.argsort(inside[:, widest], kind="stable")]
        half = len(order) // 2
        parts += [order[half:], order[:half]]
    return np.concatenate(done)


def found(table: Table, left_out: Collection[str]) -> Block | None:
    """The largest block of columns that several rows share, if that is neither chance nor what
    columns of few values do."""
    n = len(table)
    names = [name for name in table.schema.names if name not in left_out]
    if n < FEWEST_ROWS or len(names) <= FEWEST_COLUMNS:
        return None
    codes = np.stack([ranks(table, name) for name in names], axis=1)
    probes = codes[_slices(n, len(names))]
    a, b = _nearest(probes)
    columns = _shared_columns(probes[a] != probes[b], _information(probes)[a])
    if not FEWEST_COLUMNS <= len(columns) < len(names):
        return None
    marks = _marks(codes)
    own = marks[:, columns].sum(axis=1)
    pairs = LEAST_SETTLED_PAIRS * _pairs(own)
    others = (j for j in range(len(names)) if j not in columns)
    columns = sorted([*columns, *(j for j in others if _pairs(own + marks[:, j]) >= pairs)])
    if len(columns) == len(names) or not _proven(codes[:, columns], marks[:, columns]):
        return None
    sizes, counts = _sizes(np.unique(marks[:, columns].sum(axis=1), return_counts=True)[1])
    return Block(tuple(names[j] for j in columns), sizes, counts)


def _slices(n: int, columns: int) -> NDArray[np.int64]:
    """(rows,) a few stretches of neighbouring rows, at even distances."""
    rows = min(n, PROBES, int((PROBED_CELLS / columns) ** 0.5))
    length = rows // SLICES
    starts = np.linspace(0, n - length, SLICES).astype(np.int64)
    return np.unique(starts[:, None] + np.arange(length))


def _information(codes: NDArray[np.int64]) -> NDArray[np.float32]:
    """(rows, columns) how unlikely each cell's value is: minus the logarithm of its share."""
    said = np.empty(codes.shape, dtype=np.float32)
    for j in range(codes.shape[1]):
        share = np.bincount(codes[:, j] + 1) / len(codes)
        said[:, j] = -np.log(share[codes[:, j] + 1])
    return said


def _nearest(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of rows: each row and the one that shares most with it, by what values are unlikely."""
    said = _information(codes)
    shared = np.zeros((len(codes), len(codes)), dtype=np.float32)
    for j in range(codes.shape[1]):
        mine = codes[:, j].astype(np.int32)
        shared += (mine[:, None] == mine) * said[:, j]
    np.fill_diagonal(shared, -1.0)
    best = shared.argmax(axis=1)
    pairs = np.unique(np.sort(np.stack([np.arange(len(codes)), best], axis=1), axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _shared_columns(differ: NDArray[np.bool_], said: NDArray[np.float32]) -> list[int]:
    """The columns that most pairs of rows have wholly in common, by how much these say together.

    Columns are left out one by one, first what keeps most pairs apart that differ in little else;
    of the sets on the way that one is best whose agreement says most, over all pairs.
    """
    left = list(range(differ.shape[1]))
    best, columns = 0.0, []
    apart = differ.sum(axis=1)
    while len(left) >= FEWEST_COLUMNS:
        same = apart == 0
        said_together = float(said[same][:, left].sum())
        if same.sum() >= LEAST_PAIRS and said_together > best:
            best, columns = said_together, list(left)
        weight = np.where(same, 0.0, 1.0 / np.maximum(apart, 1) ** 2)
        out = left[int((weight @ differ[:, left]).argmax())]
        left.remove(out)
        apart = apart - differ[:, out]
    return columns


def _marks(codes: NDArray[np.int64]) -> NDArray[np.uint64]:
    """(rows, columns) a number of 64 bits for each value of each column, of which sums over columns
    tell joint values apart (SplitMix64: Steele, Lea and Flood 2014, doi 10.1145/2660193.2660195).
    """
    marks = (codes + 2).astype(np.uint64) + (np.arange(codes.shape[1]) << 40).astype(np.uint64)
    marks *= np.uint64(0x9E3779B97F4A7C15)
    marks = (marks ^ (marks >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    marks = (marks ^ (marks >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(marks ^ (marks >> np.uint64(31)))


def _pairs(mark: NDArray[np.uint64]) -> float:
    """How many pairs of rows have the same number."""
    size = np.unique(mark, return_counts=True)[1].astype(np.float64)
    return float((size * (size - 1)).sum() / 2)


def _proven(codes: NDArray[np.int64], marks: NDArray[np.uint64]) -> bool:
    """Whether many rows share the block, and its columns tell each other: either half of them all,
    and most columns by all others.

    Joint values of very many rows prove nothing, nor do columns that another column of the block
    settles. Where one settles all, its values have to be rare: engines know frequent ones.
    """
    n = len(codes)
    _, place, size = np.unique(marks.sum(axis=1), return_inverse=True, return_counts=True)
    rare = size[place] <= max(MOST_PER_BLOCK, MOST_SHARE * n)
    shared = rare & (size[place] > 1)
    if shared.sum() < LEAST_SHARED * n or rare.sum() > MOST_PER_BLOCK * len(np.unique(place[rare])):
        return False
    marks = marks[rare]
    pairs = _pairs(marks.sum(axis=1))
    single = _unsettled(marks)
    if len(single) == 1:
        others = np.delete(codes[rare], single, axis=1)
        alike = [((np.bincount(c + 1) / len(c)) ** 2).sum() for c in others.T]
        few = (rare & (size[place] >= LEAST_ROWS)).sum() <= rare.sum() / 2
        return bool(few and pairs >= LEAST_PAIRS and np.prod(alike) < 1 - LEAST_AGREEING)
    if len(single) < FEWEST_COLUMNS or pairs < LEAST_PAIRS:
        return False
    marks = marks[:, single]
    total = marks.sum(axis=1)
    for half in (marks[:, ::2], marks[:, 1::2]):
        if pairs < LEAST_AGREEING * _pairs(half.sum(axis=1)):
            return False
    settled = [pairs >= LEAST_AGREEING * _pairs(total - marks[:, j]) for j in range(marks.shape[1])]
    return sum(settled) >= LEAST_SETTLED * len(settled)


def _unsettled(marks: NDArray[np.uint64]) -> list[int]:
    """Columns, those of most values first, less those that follow from one before them."""
    pairs = [_pairs(marks[:, j]) for j in range(marks.shape[1])]
    single: list[int] = []
    for j in sorted(range(len(pairs)), key=lambda j: (pairs[j], j)):
        if all(_pairs(marks[:, i] + marks[:, j]) < LEAST_SETTLED_PAIRS * pairs[i] for i in single):
            single.append(j)
    return single


def _sizes(size: NDArray[np.int64]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The sizes of groups and how many groups have each; the largest few are as large as the
    smallest of them, so that none is known by its size."""
    few = np.sort(size)[-LEAST_ROWS:]
    sizes, counts = np.unique(np.minimum(size, min(few[0], MOST_SIZE)), return_counts=True)
    return tuple(sizes.tolist()), tuple(counts.tolist())


def to_json(block: Block | None) -> Json:
    return {} if block is None else asdict(block)


def from_json(document: Any) -> Block | None:
    """Undo `to_json`. Raises `KeyError`, `TypeError` or `ValueError` on what no search can have
    found."""
    if not document:
        return None
    columns, sizes, counts = (tuple(document[key]) for key in ("columns", "sizes", "counts"))
    if not all(isinstance(name, str) for name in columns) or len({*columns}) < len(columns):
        raise ValueError("a block has a column twice")
    whole = [number for number in (*sizes, *counts) if type(number) is int and number > 0]
    if not 0 < len(sizes) == len(counts) or len(whole) < 2 * len(sizes):
        raise ValueError("a block has no sizes")
    if max(sizes) > MOST_SIZE or len(columns) < FEWEST_COLUMNS:
        raise ValueError("a block is out of range")
    return Block(columns, sizes, counts)

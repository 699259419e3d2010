"""A key of several columns, or of a time stamp, that no two rows of a table share.

Every key that may be made has a number: the place of its stamp on the timeline, for each
combination of its categories. The numbers, in an order that the seed shuffles, are shared out
among the rows of a sample by their own numbers, so that blocks, and thereby shards, never meet.
Within a block a drawn row keeps its key where the block owns it and no earlier row has it; other
rows are moved to a near free key. Where more rows are asked for than there are keys, some
repeat, and the sample's notes say so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Json, Scalar
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import codes, from_codes, table_of
from augment.kinds.tables.identity.key_search import LARGEST_DOMAIN
from augment.kinds.tables.identity.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

MULTIPLIER_BITS = 26  # times the largest domain, that stays below 2^63
MOST_LISTED = 20_000_000  # keys that are tried one by one
STEPS = 50  # distances at which a free key is looked for, for each block that shares the keys


@dataclass(frozen=True)
class UniqueKey:
    """The columns of a key without an id that repeats: categories, and a timeline or none."""

    names: tuple[str, ...]
    levels: tuple[tuple[str, tuple[Scalar, ...]], ...]
    timeline: Timeline | None

    @classmethod
    def fit(
        cls, learnt: Table, key: tuple[str, ...], stamp: tuple[str, ...], rows: int, least: int
    ) -> Self | None:
        """The keys that can be made of what was learnt, of a source with so many rows.

        The timeline has room for all of these: protection may have pulled its ends in. None
        where the learnt rows leave no keys to speak of.
        """
        timed = bool(stamp) and set(stamp) <= set(key)
        timeline = Timeline.of(learnt, stamp, least) if timed else None
        if timed and timeline is None:
            return None
        names = [name for name in key if not timed or name not in stamp]
        levels = tuple((name, tuple(codes(learnt, name)[1])) for name in names)
        found = cls(key, levels, timeline)
        if timeline is not None:
            found = replace(found, timeline=timeline.widened(-(-rows // found._combinations)))
        return found if found.size > 1 and found._numbered() < LARGEST_DOMAIN else None

    @property
    def _combinations(self) -> int:
        return math.prod(len(levels) for _, levels in self.levels)

    @property
    def size(self) -> int:
        """How many keys there are."""
        return self._combinations * (self.timeline.open_count if self.timeline else 1)

    @property
    def sentence(self) -> str:
        return f"{' + '.join(self.names)} never repeats"

    def _numbers(self, table: Table) -> NDArray[np.int64]:
        """(rows,) the number of each row's key, -1 for one that is none of ours."""
        number = np.zeros(len(table), dtype=np.int64)
        known = np.ones(len(table), dtype=bool)
        for name, levels in self.levels:
            found, there = codes(table, name)
            place = {level: at for at, level in enumerate(levels)}
            at = np.array([*(place.get(level, -1) for level in there), -1])[found]
            known &= at >= 0
            number = number * len(levels) + at
        if self.timeline is not None:
            positions = np.nan_to_num(self.timeline.positions(table), nan=-1.0)
            whole = np.clip(positions, -1, self.timeline.count).astype(np.int64)
            known &= (whole == positions) & (whole >= 0) & (whole < self.timeline.count)
            known &= self.timeline.is_open(whole)
            number = number * self.timeline.count + whole
        return np.where(known, number, -1)

    def _columns(self, numbers: NDArray[np.int64], schema: Schema) -> dict[str, pa.Array]:
        """Undo `_numbers`."""
        arrays: dict[str, pa.Array] = {}
        if self.timeline is not None:
            there = [name for name in self.timeline.names if name in schema.names]
            columns = [schema[name] for name in there]
            arrays |= self.timeline.columns_at(numbers % self.timeline.count, columns)
            numbers = numbers // self.timeline.count
        for name, levels in reversed(self.levels):
            arrays[name] = from_codes(schema[name], numbers % len(levels), list(levels))
            numbers = numbers // len(levels)
        return arrays

    def _numbered(self) -> int:
        """One more than the largest number: places in the week that do not occur count here."""
        return self._combinations * (self.timeline.count if self.timeline else 1)

    def _open(self) -> NDArray[np.int64] | None:
        """The numbers of keys whose place in the week occurs, ascending; None for all."""
        if self.timeline is None or not self.timeline.slots or self._numbered() > MOST_LISTED:
            return None
        every = np.arange(self._numbered())
        return every[self.timeline.is_open(every % self.timeline.count)]

    def allowed(
        self, schema: Schema, holds: Callable[[Table], NDArray[np.bool_]]
    ) -> NDArray[np.int64] | None:
        """The numbers of the keys on which a condition holds, ascending; None for too many."""
        if self._numbered() > MOST_LISTED:
            return None
        some = self._open()
        every = np.arange(self._numbered()) if some is None else some
        arrays = self._columns(every, schema)
        columns = [schema[name] for name in arrays]
        return every[holds(table_of(columns, list(arrays.values()), None))]

    def moved(
        self,
        table: Table,
        part: tuple[int, int],
        rows: int,
        seed: Seed,
        allowed: NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.int64], dict[str, pa.Array]]:
        """The rows that get another key, and the columns of those keys.

        `table` are the rows `part[0]` to `part[1]` of a sample of `rows`.
        """
        share = _Share(self, part, rows, seed, self._open() if allowed is None else allowed)
        drawn = self._numbers(table)
        keys = np.where(share.owns(drawn), drawn, -1)
        first = np.unique(keys, return_index=True)[1]
        keeps = np.zeros(len(keys), dtype=bool)
        keeps[first] = True
        keeps &= keys >= 0
        open_rows = np.flatnonzero(~keeps)
        found = share.nearest(drawn[open_rows], keys[keeps])
        settled = found >= 0
        at = open_rows[settled]
        return at, self._columns(found[settled], table.schema)

    def to_json(self) -> Json:
        return {
            "names": list(self.names),
            "levels": [[name, list(levels)] for name, levels in self.levels],
            "timeline": None if self.timeline is None else self.timeline.to_json(),
        }

    @classmethod
    def from_json(cls, document: Any, known: dict[str, Column]) -> Self:
        """Undo `to_json`. Raises `KeyError`, `TypeError` or `ValueError` on anything else."""
        levels = tuple((str(name), tuple(found)) for name, found in document["levels"])
        stamp = document["timeline"]
        timeline = None if stamp is None else Timeline.from_json(stamp)
        key = cls(tuple(document["names"]), levels, timeline)
        named = [name for name, _ in levels] + list(timeline.names if timeline else ())
        fixed = {name for name, _ in timeline.fixed} if timeline else set()
        if sorted(named) != sorted(key.names):
            raise ValueError("a key has other columns")
        named = [name for name in named if name not in fixed]
        if not all(known[name].modelled for name in named):
            raise ValueError("a key has other columns")
        if not 1 < key._numbered() < LARGEST_DOMAIN or not key.size > 1:
            raise ValueError("a key is out of range")
        key._columns(_one(), Schema(tuple(known[name] for name in named)))
        return key


def _one() -> NDArray[np.int64]:
    return np.zeros(1, dtype=np.int64)


@dataclass(frozen=True)
class _Share:
    """The keys that a part of a sample owns: a run of the shuffled numbers.

    The number k goes to the place (a k + b) mod m, with a prime to m; of `allowed` numbers, their
    ranks do.
    """

    key: UniqueKey
    part: tuple[int, int]
    rows: int
    seed: Seed
    allowed: NDArray[np.int64] | None

    @property
    def _size(self) -> int:
        return self.key._numbered() if self.allowed is None else len(self.allowed)

    def _places(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """(keys,) place of each key in the shuffled order; -1 for one that is not to be made."""
        size, known = self._size, (numbers >= 0) & (numbers < self.key._numbered())
        if size < 1:
            return np.full(len(numbers), -1)
        ranks = np.where(known, numbers, 0)
        if self.allowed is not None:
            ranks = np.minimum(np.searchsorted(self.allowed, numbers), size - 1)
            known &= self.allowed[ranks] == numbers
        a = self.seed.child("a").integer(MULTIPLIER_BITS) % size or 1
        while math.gcd(a, size) != 1:
            a += 1
        b = self.seed.child("b").integer(MULTIPLIER_BITS) % size
        return np.where(known, (ranks * a + b) % size, -1)

    @property
    def _run(self) -> tuple[int, int]:
        low, high = (self._size * end // max(self.rows, 1) for end in self.part)
        return low, high

    def owns(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        low, high = self._run
        places = self._places(numbers)
        return np.asarray((places >= low) & (places < high))

    def nearest(self, wanted: NDArray[np.int64], taken: NDArray[np.int64]) -> NDArray[np.int64]:
        """(rows,) a free key that is owned, near each that is wanted (-1: any will do).

        First at whole periods of the timeline (the same hour of another day), then at single
        steps, then in the order of all keys. Where no key is left, one that is wanted stays, and
        any will do is any that is owned.
        """
        found = np.full(len(wanted), -1, dtype=np.int64)
        used = set(taken.tolist())
        low, high = self._run
        run = self.key.timeline.count if self.key.timeline else 1
        for shift in self._shifts():
            left = np.flatnonzero((found < 0) & (wanted >= 0))
            if not len(left) or len(used) == high - low:
                break
            near = wanted[left] + shift
            fits = (near >= 0) & (near // run == wanted[left] // run) & self.owns(near)
            for row, number in zip(left[fits].tolist(), near[fits].tolist(), strict=True):
                if number not in used:
                    used.add(number)
                    found[row] = number
        left = np.flatnonzero(found < 0)
        if not len(left):
            return found
        owned = self._owned()
        free = owned[~np.isin(owned, np.fromiter(used, dtype=np.int64, count=len(used)))]
        free, left = free[self._by_phase(free)], left[self._by_phase(wanted[left])]
        settled = left[: len(free)]
        found[settled] = free[np.arange(len(settled)) * len(free) // max(1, len(settled))]
        rest = left[len(free) :]
        rest = rest[wanted[rest] < 0]
        if len(rest) and len(owned):
            found[rest] = owned[np.arange(len(rest)) * len(owned) // len(rest) % len(owned)]
        return found

    def _shifts(self) -> Iterator[int]:
        """Distances along the timeline at which a free key is looked for."""
        timeline = self.key.timeline
        if timeline is None:
            return
        blocks = -(-self.rows // max(1, self.part[1] - self.part[0]))
        for unit in dict.fromkeys((timeline.period, 1)):
            for step in range(1, STEPS * blocks + 1):
                if step * unit >= timeline.count:
                    break
                yield from (step * unit, -step * unit)

    def _by_phase(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """The order of keys by categories, then by place in the period, then by time."""
        timeline = self.key.timeline
        run, period = (timeline.count, timeline.period) if timeline else (1, 1)
        return np.lexsort((numbers, numbers % run % period, numbers // run))

    def _owned(self) -> NDArray[np.int64]:
        """The keys that are owned; none where they are too many to list."""
        if self._size > MOST_LISTED:
            return np.empty(0, dtype=np.int64)
        every = np.arange(self._size) if self.allowed is None else self.allowed
        return every[self.owns(every)]

"""Conditions by rejection: draw, keep what fits, within bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from augment.core.errors import OutOfResources, UsageError
from augment.core.seeds import Seed
from augment.core.types import Clause, Tick, silent
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table

TRIES = 200  # candidates drawn for each row asked for, at most
LEAST = 100_000  # candidates drawn at most however few rows are asked for
FEW_TRIES = 20  # the same two, at most, where rows may be placed instead
FEW_LEAST = 50_000
TELLING = 100  # found rows that tell the proportions of alternatives
FIRST = 1_000  # candidates in the first batch, at least
MOST = 100_000  # candidates in one batch, at most: what is held in memory at a time

Branches = tuple[tuple[Clause, ...], ...]
Draw = Callable[[int, Seed], Table]


@dataclass(frozen=True)
class Search:
    """The rows found, in the order they were drawn, and how many candidates that took."""

    rows: Table
    drawn: int


def reject(
    sample: Draw,
    clauses: tuple[Clause, ...],
    n: int,
    seed: Seed,
    tries: int | None = None,
    tick: Callable[[Tick], None] = silent,
    branches: Branches = (),
) -> Table:
    """Exactly `n` rows of `sample` on which every clause holds and, if any, one of the branches.

    They come in the order they were drawn. At most `tries` candidates are drawn, by default
    `TRIES * n` and no fewer than `LEAST`.

    Raises `OutOfResources` with the rows found and the candidates drawn when they do not
    suffice, and `UsageError` for a clause on a column that is not there.
    """
    limit = max(TRIES * n, LEAST) if tries is None else tries
    search = _searched(sample, clauses, branches, n, seed, limit, None, tick)
    if len(search.rows) < n:
        raise OutOfResources(
            f"Only {len(search.rows):,} of {n:,} rows that satisfy --where were found among "
            f"{search.drawn:,} rows drawn. Loosen the condition, ask for fewer rows, or fit an "
            "engine that places conditions (`augment engines` shows which)."
        )
    return search.rows


def reject_if_common(
    sample: Draw,
    clauses: tuple[Clause, ...],
    branches: Branches,
    n: int,
    seed: Seed,
    tick: Callable[[Tick], None],
    cost: float,
) -> Search:
    """As `reject`, but with fewer than `n` rows where as many candidates for each will not do as
    another way costs, or `FEW_TRIES`.

    It gives up as soon as that is plain; where there are branches, not before `TELLING` rows were
    found or `FEW_LEAST` candidates drawn.
    """
    share = 1.0 if branches else min(cost / FEW_TRIES, 1.0)
    limit = int(share * max(FEW_TRIES * n, FEW_LEAST))
    patience = FEW_LEAST if branches else 0
    return _searched(sample, clauses, branches, n, seed, limit, patience, tick)


def _searched(
    sample: Draw,
    clauses: tuple[Clause, ...],
    branches: Branches,
    n: int,
    seed: Seed,
    limit: int,
    patience: int | None,
    tick: Callable[[Tick], None],
) -> Search:
    """The next batch is sized by the share kept so far, (kept + 1) / (drawn + 2): the mean of its
    posterior under a flat prior, so that a batch without a hit widens the search. Where that
    share times `limit` is less than `n` and there is a `patience`, so many candidates are drawn
    and no more."""
    parts = [sample(0, seed.child("empty"))]
    for clause in (*clauses, *(clause for branch in branches for clause in branch)):
        if clause.column not in parts[0].schema.names:
            raise UsageError(f"--where: there is no column {clause.column!r} in this model.")
    found = drawn = batch = 0
    while found < n and drawn < limit:
        share, wanted = (found + 1) / (drawn + 2), max(n, FIRST)
        if drawn:
            wanted = int((n - found) / share * 1.1)
            if patience is not None and share * limit < n:
                if drawn >= patience or found >= TELLING:
                    break
                wanted = min(int(TELLING / share), patience - drawn)
        size = min(max(wanted, FIRST), MOST, limit - drawn)
        rows = sample(size, seed.child("batch", batch))
        kept = np.flatnonzero(mask(rows, clauses, branches))[: n - found]
        if len(kept):
            parts.append(rows.take(kept.astype(np.int64)))
        found, drawn, batch = found + len(kept), drawn + size, batch + 1
        tick(Tick("sample", step=found, steps=n, note=f"{drawn:,} rows drawn"))
    return Search(Table.join(parts), drawn)

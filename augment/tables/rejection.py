"""`--where` for engines that cannot place a condition: draw, keep what fits, within bounds."""

from __future__ import annotations

from collections.abc import Callable

from augment.base.errors import OutOfResources, UsageError
from augment.base.seeds import Seed
from augment.base.types import Clause, Tick, silent
from augment.tables.conditions import mask
from augment.tables.dataset import Table

TRIES = 200  # candidates drawn for each row asked for, at most
LEAST = 100_000  # candidates drawn at most however few rows are asked for
FIRST = 1_000  # candidates in the first batch, at least
MOST = 100_000  # candidates in one batch, at most: what is held in memory at a time


def reject(
    sample: Callable[[int, Seed], Table],
    clauses: tuple[Clause, ...],
    n: int,
    seed: Seed,
    tries: int | None = None,
    tick: Callable[[Tick], None] = silent,
) -> Table:
    """Exactly `n` rows of `sample` on which every clause holds, in the order they were drawn.

    At most `tries` candidates are drawn, by default `TRIES * n` and no fewer than `LEAST`. The
    next batch is sized by the share kept so far, (kept + 1) / (drawn + 2): the mean of its
    posterior under a flat prior, so that a batch without a hit widens the search.

    Raises `OutOfResources` with the rows found and the candidates drawn when they do not
    suffice, and `UsageError` for a clause on a column that is not there.
    """
    import numpy as np

    limit = max(TRIES * n, LEAST) if tries is None else tries
    parts = [sample(0, seed.child("empty"))]
    for clause in clauses:
        if clause.column not in parts[0].schema.names:
            raise UsageError(f"--where: there is no column {clause.column!r} in this model.")
    found = drawn = batch = 0
    while found < n and drawn < limit:
        share = (found + 1) / (drawn + 2)
        wanted = int((n - found) / share * 1.1) if drawn else max(n, FIRST)
        size = min(max(wanted, FIRST), MOST, limit - drawn)
        rows = sample(size, seed.child("batch", batch))
        kept = np.flatnonzero(mask(rows, clauses))[: n - found]
        if len(kept):
            parts.append(rows.take(kept.astype(np.int64)))
        found, drawn, batch = found + len(kept), drawn + size, batch + 1
        tick(Tick("sample", step=found, steps=n, note=f"{drawn:,} rows drawn"))
    if found < n:
        raise OutOfResources(
            f"Only {found:,} of {n:,} rows that satisfy --where were found among {drawn:,} rows "
            "drawn. Loosen the condition, ask for fewer rows, or fit an engine that places "
            "conditions (`augment engines` shows which)."
        )
    return Table.join(parts)

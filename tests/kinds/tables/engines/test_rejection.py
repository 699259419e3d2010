"""Laws of rejection: n asked is n given, every clause holds, the search is bounded."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from augment.core.errors import OutOfResources, UsageError
from augment.core.seeds import Seed
from augment.core.types import Clause, Tick
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import table_of
from augment.kinds.tables.engines.rejection import LEAST, TRIES, reject


def uniform(n: int, seed: Seed) -> Table:
    """One column of whole numbers below 1,000."""
    column = Column("x", "numeric", "integer")
    return table_of([column], [pa.array(seed.rng().integers(0, 1000, n), pa.int64())], None)


def below(high: int) -> tuple[Clause, ...]:
    return (Clause("x", "range", high=high, high_open=True),)


@pytest.mark.parametrize("high", [1000, 500, 20, 1])
@pytest.mark.parametrize("n", [0, 1, 50])
def test_gives_n_rows_that_satisfy_the_clauses(n: int, high: int) -> None:
    table = reject(uniform, below(high), n, Seed(1))
    assert len(table) == n
    assert mask(table, below(high)).all()


def test_same_seed_same_rows_and_another_seed_others() -> None:
    one, same = (reject(uniform, below(50), 40, Seed(1)) for _ in range(2))
    other = reject(uniform, below(50), 40, Seed(2))
    assert one.digest() == same.digest() != other.digest()


def test_kept_rows_follow_the_law_of_the_sampler() -> None:
    values = reject(uniform, below(100), 4000, Seed(3)).column("x").to_numpy()
    share = np.bincount(values // 10, minlength=10) / 4000
    assert np.abs(share - 0.1).max() < 0.03


@pytest.mark.parametrize("n", [1, 3000])
def test_an_impossible_condition_ends_within_its_bound_and_says_how_far_it_came(n: int) -> None:
    drawn = []

    def counting(rows: int, seed: Seed) -> Table:
        drawn.append(rows)
        return uniform(rows, seed)

    with pytest.raises(OutOfResources, match=rf"Only 0 of {n:,} rows that satisfy"):
        reject(counting, below(0), n, Seed(1))
    assert sum(drawn) == max(LEAST, TRIES * n)


def test_a_shortfall_tells_what_was_found() -> None:
    with pytest.raises(OutOfResources, match=r"of 500 rows .* among 2,000 rows drawn"):
        reject(uniform, below(10), 500, Seed(1), tries=2000)


def test_progress_is_shown_and_never_falls() -> None:
    ticks: list[Tick] = []
    reject(uniform, below(20), 200, Seed(1), tick=ticks.append)
    steps = [tick.step for tick in ticks]
    assert len(ticks) > 1 and steps == sorted(steps) and steps[-1] == 200


def test_a_clause_on_an_unknown_column_is_refused() -> None:
    with pytest.raises(UsageError, match="'y'"):
        reject(uniform, (Clause("y", "null"),), 1, Seed(1))

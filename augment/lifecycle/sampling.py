"""Sampling in fixed blocks, so that the rows do not depend on shards, workers or restarts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from augment.base.errors import UsageError
from augment.base.seeds import Seed
from augment.base.types import Condition, Dataset, Tick
from augment.base.wing import Fitted

D = TypeVar("D", bound=Dataset)


def blocks(
    model: Fitted[D],
    rows: int,
    seed: Seed,
    given: Condition,
    block_rows: int,
    tick: Callable[[Tick], None],
    shard: tuple[int, int] = (1, 1),
) -> Iterator[D]:
    """The sample of `rows` rows, block by block; a shard (i, of n) yields its run of blocks.

    Block b covers the rows from b · block_rows and draws from its own stream; the shards 1 to n,
    one after another, are the whole.
    """
    count = -(-rows // block_rows)
    index, of = shard
    first, last = (index - 1) * count // of, index * count // of
    if first == last:  # more shards than blocks: this one has columns but no rows
        import numpy as np

        yield model.sample(0, 1, seed, given, tick).take(np.empty(0, dtype=np.int64))
    done, total = 0, min(last * block_rows, rows) - min(first * block_rows, rows)
    for block in range(first, last):
        start = block * block_rows
        size = min(block_rows, rows - start)
        part = model.sample(start, size, seed.child("block", block), given, tick)
        assert len(part) == size, f"asked for {size} rows, got {len(part)}"
        done += size
        tick(Tick("sample", done, total))
        yield part


def parse_shard(text: str | None) -> tuple[int, int]:
    """`i/N` with 1 ≤ i ≤ N; None is the whole."""
    if text is None:
        return 1, 1
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, re.ASCII)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(f"--shard {text}: write it as i/N with i from 1 to N, such as 1/4.")
    return int(match[1]), int(match[2])

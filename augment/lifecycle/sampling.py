"""Sampling in fixed blocks, so that the rows do not depend on shards, workers or restarts."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from augment.base.errors import UsageError
from augment.base.seeds import Seed
from augment.base.types import Condition, Dataset, Tick, Whole
from augment.base.wing import Block, Fitted

D = TypeVar("D", bound=Dataset)


def blocks(
    model: Fitted[D],
    rows: int,
    seed: Seed,
    given: Condition,
    tick: Callable[[Tick], None],
    shard: tuple[int, int] = (1, 1),
) -> Iterator[Block[D]]:
    """The sample of `rows` rows, block by block; a shard (i, of n) yields its run of blocks.

    Block b covers the rows from b · block_rows and draws from its own stream; the shards 1 to n,
    one after another, are the whole.
    """
    block_rows = model.block_rows
    given = dataclasses.replace(given, whole=Whole(rows, seed))
    count = -(-rows // block_rows)
    index, of = shard
    first, last = (index - 1) * count // of, index * count // of
    if first == last:  # more shards than blocks: this one has columns but no rows
        yield Block(0, 0, partial(_no_rows, model, seed, given, tick))
    before, end = min(first * block_rows, rows), min(last * block_rows, rows)

    def made(start: int, size: int) -> D:
        part = model.sample(start, size, seed.child("block", start // block_rows), given, tick)
        assert len(part) == size, f"asked for {size} rows, got {len(part)}"
        tick(Tick("sample", start + size - before, end - before))
        return part

    for start in range(before, end, block_rows):
        size = min(block_rows, rows - start)
        yield Block(start, size, partial(made, start, size))


def _no_rows(model: Fitted[D], seed: Seed, given: Condition, tick: Callable[[Tick], None]) -> D:
    import numpy as np

    return model.sample(0, 1, seed, given, tick).take(np.empty(0, dtype=np.int64))


def parse_shard(text: str | None) -> tuple[int, int]:
    """`i/N` with 1 ≤ i ≤ N; None is the whole."""
    if text is None:
        return 1, 1
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, re.ASCII)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(f"--shard {text}: write it as i/N with i from 1 to N, such as 1/4.")
    return int(match[1]), int(match[2])

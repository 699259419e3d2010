"""Sampling in fixed blocks, so that the rows do not depend on shards, workers or restarts."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from augment.core.errors import UsageError
from augment.core.kind import Block, Fitted
from augment.core.seeds import Seed
from augment.core.types import Condition, Dataset, Tick, Whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

D = TypeVar("D", bound=Dataset)


def blocks(
    model: Fitted[D],
    rows: int,
    seed: Seed,
    given: Condition,
    tick: Callable[[Tick], None],
    shard: tuple[int, int] = (1, 1),
) -> Iterator[Block[D]]:
    """The sample of `rows` rows, block by block; a shard (i, of n) yields its part of it.

    Block b covers the rows from b · block_rows and draws from its own stream. Shards have as
    many rows as each other, or one more; 1 to n, one after another, they are the whole. One that
    begins or ends inside a block makes that block and takes its part.
    """
    block_rows = model.block_rows
    given = dataclasses.replace(given, whole=Whole(rows, seed))
    index, of = shard
    first, last = (index - 1) * rows // of, index * rows // of
    if first == last:  # more shards than rows: this one has columns but no rows
        yield Block(first, 0, partial(_no_rows, model, seed, given, tick))

    def made(number: int, start: int, end: int) -> D:
        begins = number * block_rows
        size = min(block_rows, rows - begins)
        whole = model.sample(begins, size, seed.child("block", number), given, tick)
        assert len(whole) == size, f"asked for {size} rows, got {len(whole)}"
        tick(Tick("sample", end - first, last - first))
        return whole if end - start == size else whole.take(_rows(start - begins, end - begins))

    for number in range(first // block_rows, -(-last // block_rows)):
        start, end = max(first, number * block_rows), min(last, (number + 1) * block_rows)
        if start < end:
            yield Block(start, end - start, partial(made, number, start, end))


def _rows(start: int, end: int) -> NDArray[np.int64]:
    return np.arange(start, end, dtype=np.int64)


def _no_rows(model: Fitted[D], seed: Seed, given: Condition, tick: Callable[[Tick], None]) -> D:
    return model.sample(0, 1, seed, given, tick).take(_rows(0, 0))


def parse_shard(text: str | None) -> tuple[int, int]:
    """`i/N` with 1 ≤ i ≤ N; None is the whole."""
    if text is None:
        return 1, 1
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, re.ASCII)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(f"--shard {text}: write it as i/N with i from 1 to N, such as 1/4.")
    return int(match[1]), int(match[2])

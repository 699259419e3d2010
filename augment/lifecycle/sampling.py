"""Sampling in fixed blocks, so that the rows do not depend on shards, workers or restarts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import UsageError
from augment.core.fitted import Fitted
from augment.core.kind import Origin, Part, Writer
from augment.core.model_folder import using
from augment.core.seeds import Seed
from augment.core.source import Rows
from augment.core.types import About, Condition, Dataset, Json, Tick, Whole, Workers, silent
from augment.work.executors import Executor, executor
from augment.work.folder_job import committed, committed_lines, list_files
from augment.work.store import Store
from augment.work.task import Task

D = TypeVar("D", bound=Dataset)
R = TypeVar("R")


@dataclass(frozen=True)
class Sample(Generic[D]):
    """A sample of `rows` rows, or the shard (i, of n) of one.

    Block b covers the rows from b · block_rows and draws from its own stream. Shards have as
    many rows as each other, or one more; 1 to n, one after another, they are the whole. One that
    begins or ends inside a block makes that block and takes its part.
    """

    model: Fitted[D]
    rows: int
    seed: Seed
    given: Condition
    shard: tuple[int, int] = (1, 1)
    tick: Callable[[Tick], None] = silent  # told of a search that takes long; in this process

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "tick": silent}

    @property
    def span(self) -> tuple[int, int]:
        """The first row, and the one after the last."""
        index, of = self.shard
        return (index - 1) * self.rows // of, index * self.rows // of

    def spans(self) -> Iterator[tuple[int, int]]:
        """The rows of each block, or of its part. A shard without rows has one empty span, since
        it has columns all the same."""
        (first, last), size = self.span, self.model.block_rows
        if first == last:
            yield first, last
        for begins in range(first - first % size, last, size):
            yield max(first, begins), min(last, begins + size)

    def made(self, start: int, end: int) -> Part[D]:
        """The rows of one span."""
        model, size = self.model, self.model.block_rows
        number = min(start, self.rows - 1) // size
        begins = number * size
        rows = min(size, self.rows - begins)
        given = replace(self.given, whole=Whole(self.rows, self.seed))
        with using(model.engine):
            block = model.sample(begins, rows, self.seed.child("block", number), given, self.tick)
        assert len(block) == rows, f"asked for {rows} rows, got {len(block)}"
        return Part(start, block if end - start == rows else block.take(_rows(start, end, begins)))


def made(sample: Sample[D], start: int, end: int) -> Part[D]:
    """The task of making the rows of one span."""
    return sample.made(start, end)


@dataclass(frozen=True)
class FolderSample(Generic[D]):
    """A sample that becomes files of a folder."""

    sample: Sample[D]
    writer: Writer[D]
    folder: Path
    format: str
    options: Json
    origin: Origin


def written(whole: FolderSample[D], start: int, end: int) -> Json:
    """The task of making the rows of one span and writing their files; `lines` on them."""
    parts = (whole.sample.made(start, end) for _ in range(1))  # what cannot be is refused first
    done = whole.writer.write(parts, whole.folder, whole.format, False, whole.options, whole.origin)
    return {"lines": list(done.lines)}


def executor_for(
    about: About, device: str, workers: Workers, patience: float | None = None
) -> Executor:
    """What makes the blocks of a sample. Processes cannot share a device, and foreign weights are
    too large to be held more than once."""
    return executor(1 if device != "cpu" or about.foreign else workers, patience)


def parts_of(
    sample: Sample[D], executor: Executor, tick: Callable[[Tick], None]
) -> Iterator[Part[D]]:
    """The sample part by part, in order."""
    first, last = sample.span
    with closing(executor.map(_tasks(sample, made), sample)) as parts:
        for part in parts:
            tick(Tick("sample", part.start + len(part.data) - first, last - first))
            yield part


def rows_in_memory(
    sample: Sample[D], executor: Executor, tick: Callable[[Tick], None], called: str
) -> D:
    """The whole sample as rows of the source are; `called` names it in messages."""
    parts = tuple(part.data for part in parts_of(sample, executor, tick))
    return sample.model.source_rows(Rows(called, parts))[0]


def fill(
    store: Store, whole: FolderSample[D], executor: Executor, tick: Callable[[Tick], None]
) -> int:
    """Write the files of a sample below `.partial/`, save those that an earlier attempt wrote,
    and a list of them; how many rows were made just now."""
    sample, fresh = whole.sample, 0
    first, last = sample.span
    tasks = _tasks(sample, written)
    for task, result in committed(store, whole.folder, tasks, whole, executor):
        fresh += len(result["lines"])
        tick(Tick("sample", task.inputs[1] - first, last - first))
    list_files(whole.folder, committed_lines(store))
    return fresh


def _tasks(sample: Sample[D], function: Callable[..., R]) -> Iterator[Task[R]]:
    """A task for the rows of each span."""
    return (Task(f"rows {start}", function, (start, end)) for start, end in sample.spans())


def _rows(start: int, end: int, begins: int) -> NDArray[np.int64]:
    return np.arange(start - begins, end - begins, dtype=np.int64)


def parse_shard(text: str | None) -> tuple[int, int]:
    """`i/N` with 1 ≤ i ≤ N; None is the whole."""
    if text is None:
        return 1, 1
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, re.ASCII)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(f"--shard {text}: write it as i/N with i from 1 to N, such as 1/4.")
    return int(match[1]), int(match[2])

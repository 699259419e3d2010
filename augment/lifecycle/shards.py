"""A sample as several files of one folder: its shards, each written by a task of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from augment.core.errors import UsageError
from augment.core.kind import Part
from augment.core.types import Dataset, Json, Tick
from augment.lifecycle.sampling import FolderSample, Sample, parts_of
from augment.work.executors import Executor
from augment.work.executors.inline import Inline
from augment.work.folder_job import committed, committed_lines, list_files
from augment.work.store import Store
from augment.work.task import Task

D = TypeVar("D", bound=Dataset)

MOST_SHARDS = 100_000  # whose names have as many digits


@dataclass(frozen=True)
class ShardedSample(Generic[D]):
    """A sample, and the `count` files of a folder that its rows go to, evenly and in order.

    File i holds what `--shard i/count` gives, byte for byte.
    """

    whole: FolderSample[D]
    count: int

    def shard(self, index: int) -> Sample[D]:
        return replace(self.whole.sample, shard=(index, self.count))

    def name(self, index: int) -> str:
        """Names sort as their rows do."""
        return f"shard-{index:05d}-of-{self.count:05d}{self.whole.writer.suffix(self.whole.format)}"


def require_shards(count: int, rows: int) -> None:
    """Refuse a number of files that nobody can mean."""
    if not 1 <= count <= MOST_SHARDS:
        raise UsageError(f"--shards {count}: from 1 to {MOST_SHARDS:,} files can be written.")
    if count > rows:
        raise UsageError(
            f"--shards {count}: there are {rows:,} rows, and some files would have none. "
            f"Ask for at most {rows:,}, or for more rows with -n."
        )


def written(shards: ShardedSample[D], index: int) -> Json:
    """The task of writing one shard, block by block, so that memory does not grow with its rows;
    `lines` on its file."""
    sample, whole = shards.shard(index), shards.whole
    parts: Iterator[Part[D]] = parts_of(sample, Inline(), sample.tick)
    path = whole.folder / shards.name(index)
    whole.writer.write(parts, path, whole.format, True, whole.options, whole.origin)
    first, last = sample.span
    line = {"file": path.name, "number": index, "first": first, "rows": last - first}
    return {"lines": [line]}


def fill(
    store: Store, shards: ShardedSample[Any], executor: Executor, tick: Callable[[Tick], None]
) -> int:
    """Write the shards below `.partial/` that an earlier attempt did not, and a list of all; how
    many rows were made just now."""
    fresh = 0
    folder, rows = shards.whole.folder, shards.whole.sample.rows
    tasks = (Task(shards.name(index), written, (index,)) for index in range(1, shards.count + 1))
    for task, result in committed(store, folder, tasks, shards, executor):
        fresh += sum(int(line["rows"]) for line in result["lines"])
        tick(Tick("sample", shards.shard(task.inputs[0]).span[1], rows))
    list_files(folder, committed_lines(store))
    return fresh

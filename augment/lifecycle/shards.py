"""A sample as several files of one folder: its shards, each written by a task of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from augment.core.errors import UsageError
from augment.core.kind import Kind, Part, Writer
from augment.core.types import Dataset, Json, Tick
from augment.lifecycle.plan import row_count
from augment.lifecycle.sampling import FolderSample, Sample, parts_of
from augment.work.executors import Executor
from augment.work.executors.inline import Inline
from augment.work.folder_job import committed, committed_lines, list_files
from augment.work.store import Store
from augment.work.task import Task

D = TypeVar("D", bound=Dataset)

MOST_SHARDS = 100_000  # whose names have as many digits
PACKED_ROWS = 10_000  # of a file of images, where nothing is said of how many


@dataclass(frozen=True)
class Parting:
    """How a sample is parted into files: into `count`, or into files of about `per_shard` rows;
    of these all are written, or those of one job on a cluster."""

    count: int | None = None
    per_shard: str | None = None  # as `-n` is written

    @property
    def wanted(self) -> bool:
        return self.count is not None or self.per_shard is not None

    def files(self, rows: int) -> int:
        """How many files there are for so many rows. Raises `UsageError` for a number that nobody
        can mean."""
        if self.count is None:
            asked = "--per-shard"
            size = PACKED_ROWS if self.per_shard is None else _rows_per_file(self.per_shard)
            count = -(-rows // size)
        else:
            asked, count = f"--shards {self.count}", self.count
        if not 1 <= count <= MOST_SHARDS:
            raise UsageError(
                f"{asked}: from 1 to {MOST_SHARDS:,} files can be written, and these are {count:,}."
            )
        if count > rows:
            raise UsageError(
                f"--shards {count}: there are {rows:,} rows, and some files would have none. "
                f"Ask for at most {rows:,}, or for more rows with -n."
            )
        return count


def _rows_per_file(text: str) -> int:
    try:
        return row_count(text, 0)
    except UsageError as error:
        raise UsageError(
            f"--per-shard {text}: write a number of rows, such as 5000, 10k or 1e6."
        ) from error


def is_parted(writer: Writer[Any], parting: Parting, format: str | None) -> bool:
    """Whether a sample becomes files of many rows each, below a folder."""
    return parting.wanted or (writer.folders and format in writer.packed)


def shardable(
    kind: Kind[Any], parting: Parting, format: str | None, out: object
) -> tuple[str, Path]:
    """The format of the files, and their folder. Raises `UsageError` for what cannot be parted."""
    writer = kind.writer
    if not isinstance(out, Path):
        raise UsageError("--shards writes files: name a folder for them with -o FOLDER.")
    if parting.count is not None and parting.per_shard is not None:
        raise UsageError("--shards and --per-shard exclude each other. Leave one out.")
    if not writer.folders:
        writer.suffix(format or "")  # refuses what is no format
        return format or "", out
    if not writer.packed:
        raise UsageError(f"--shards is for files of many rows, and {kind.name} are a file each.")
    if format is None or format in writer.packed:
        return format or writer.packed[0], out
    raise UsageError(
        f"--shards writes {kind.name} into files of many, --format {' or '.join(writer.packed)}. "
        f"Leave out --shards for --format {format}."
    )


@dataclass(frozen=True)
class ShardedSample(Generic[D]):
    """A sample, and the `count` files of a folder that its rows go to, evenly and in order.

    File i holds the rows that `--shard i/count` alone would give. Where the sample itself is shard
    (i, of n), these are the files of job i of n.
    """

    whole: FolderSample[D]
    count: int

    @property
    def indices(self) -> range:
        """The numbers of the files that are written, from 1."""
        job, jobs = self.whole.sample.shard
        return range((job - 1) * self.count // jobs + 1, job * self.count // jobs + 1)

    @property
    def span(self) -> tuple[int, int]:
        """The first row of these files, and the one after the last."""
        first, last = self.indices[0], self.indices[-1]
        return self.shard(first).span[0], self.shard(last).span[1]

    def shard(self, index: int) -> Sample[D]:
        return replace(self.whole.sample, shard=(index, self.count))

    def name(self, index: int) -> str:
        """Names sort as their rows do."""
        return f"shard-{index:05d}-of-{self.count:05d}{self.whole.writer.suffix(self.whole.format)}"


def require_files(count: int, shard: tuple[int, int]) -> None:
    """Refuse more jobs than there are files."""
    if shard[1] > count:
        raise UsageError(
            f"--shard {shard[0]}/{shard[1]}: there are {count:,} files, and some jobs would have "
            "none. Ask for more files, or for fewer jobs."
        )


def written(shards: ShardedSample[D], index: int) -> Json:
    """The task of writing one shard, block by block, so that memory does not grow with its rows;
    `lines` on its file."""
    sample, whole = shards.shard(index), shards.whole
    parts: Iterator[Part[D]] = parts_of(sample, Inline(), sample.tick)
    path = whole.folder / shards.name(index)
    done = whole.writer.write(parts, path, whole.format, True, whole.options, whole.origin)
    first, last = sample.span
    line = {"file": path.name, "number": index, "first": first, "rows": last - first}
    return {"lines": [{**line, **known} for known in done.lines or ({},)]}


def fill(
    store: Store, shards: ShardedSample[Any], executor: Executor, tick: Callable[[Tick], None]
) -> int:
    """Write the shards below `.partial/` that an earlier attempt did not, and a list of all; how
    many rows were made just now."""
    fresh, folder = 0, shards.whole.folder
    first, last = shards.span
    tasks = (Task(shards.name(index), written, (index,)) for index in shards.indices)
    for task, result in committed(store, folder, tasks, shards, executor):
        fresh += sum(int(line["rows"]) for line in result["lines"])
        done = shards.shard(task.inputs[0]).span[1]
        tick(Tick("sample", done - first, last - first))
    list_files(folder, committed_lines(store))
    return fresh

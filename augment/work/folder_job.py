"""Work whose results are files of a folder, such as images that are transformed or edited."""

from __future__ import annotations

import json
import shutil
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment.core.errors import BadInput, UsageError
from augment.core.files import atomic, digest_of, read_json, write_json
from augment.core.seeds import Seed
from augment.core.types import Json, Tick
from augment.work.executors import Executor
from augment.work.manifest import require_unchanged
from augment.work.store import Attempt, Store
from augment.work.task import Task

LINES = "manifest.jsonl"  # a line of JSON on each file of the result
COPIES = "copies"  # in the scratch folder: of what other machines could not see


@dataclass(frozen=True)
class Tasks:
    """The tasks of a job, in their order; `total` is of the files that they make, about."""

    shared: Any
    tasks: Iterable[Task[Json]]
    total: int


@dataclass(frozen=True)
class FolderJob(ABC):
    """What is to be made of a source that was looked at, so that only the seed is open."""

    plan: Json  # all that decides the bytes of the result, apart from the seed
    document: Json  # what is said of it, done or not: its `schema`, the source, the notes

    @abstractmethod
    def tasks(self, seed: Seed, folder: Path, copies: Path | None) -> Tasks:
        """What fills `folder`. Of files that only this machine sees tasks on others need copies,
        which go to the folder `copies`, there as long as they run; None: no task runs elsewhere."""

    @abstractmethod
    def accept(self, result: Json) -> None:
        """Take note of what a task gave, now or in an earlier attempt: `lines`, one on each file
        that it made (`number`, `file`; a `list` is a file too, and the second of each of `masks`),
        and what else the job knows of. Raises what is to be said where a task failed."""

    @abstractmethod
    def finish(self, folder: Path, lines: Callable[[], Iterator[Json]], shared: Any) -> Json:
        """Write what belongs to the whole; what came of it, for the document."""


def perform(
    job: FolderJob,
    out: Path,
    *,
    seed: int | None,
    executor: Executor,
    force: bool,
    dry_run: bool,
    tell: Callable[[Tick], None],
) -> Json:
    """Do a job, or what an earlier attempt left of it, into the folder `out`; its document.

    The same seed gives the same bytes by any executor, and after a restart. Raises `UsageError`
    where `out` holds something else, unless it is this command's and `force` is set.
    """
    document = {**job.document, "output": str(out)}
    if dry_run:
        return {**document, "dry_run": True}
    name = str(document["schema"])
    folder = Store(out, schema=f"{name.partition('/')[0]}/")
    folder.require_ours()
    with folder.held():
        key = digest_of(job.plan)
        if folder.complete() and not force:
            return {**document, **_up_to_date(folder, key, seed)}
        if seed is None and not force:
            seed = folder.lent_seed(key)
        used = Seed.fresh() if seed is None else Seed(seed)
        folder.begin(Attempt(key, used.value))
        for record in folder.records():
            job.accept(record.result)
        copies = folder.scratch / COPIES
        try:
            work = job.tasks(used, folder.partial, None if executor.sees_files else copies)
            fresh = 0
            made = committed(folder, folder.partial, work.tasks, work.shared, executor, job.accept)
            for _, result in made:
                fresh += len(result["lines"])
                tell(Tick("write", fresh, work.total))
        finally:
            shutil.rmtree(copies, ignore_errors=True)
        list_files(folder.partial, committed_lines(folder))
        outcome = job.finish(folder.partial, lambda: lines_of(folder.partial), work.shared)
        settled: Json = {"schema": name, "key": key, "seed": used.value, "plan": job.plan}
        write_json(folder.partial / folder.document, settled | {"result": outcome})
        folder.publish()
    return {**document, "seed": used.value, **outcome, "fresh": fresh}


def committed(
    store: Store,
    folder: Path,
    tasks: Iterable[Task[Json]],
    shared: Any,
    executor: Executor,
    accept: Callable[[Json], None] = lambda result: None,
) -> Iterator[tuple[Task[Json], Json]]:
    """Do those of the tasks that are not done and commit them; each with its result.

    Files are named from `folder`, which is `.partial/` or lies there.
    """
    done, begun = store.done(), deque[Task[Json]]()

    def left() -> Iterator[Task[Json]]:
        for task in tasks:
            if task.key not in done:
                begun.append(task)
                yield task

    base = folder.relative_to(store.partial)
    with closing(executor.map(left(), shared)) as results:
        for result in results:
            task = begun.popleft()
            accept(result)
            names = [(base / name).as_posix() for line in result["lines"] for name in _files(line)]
            _require_here(store, names)
            store.commit(task.key, names, **result)
            yield task, result


def _require_here(store: Store, names: list[str]) -> None:
    """Refuse files that another machine wrote, and this one does not see."""
    for name in names:
        if not (store.partial / name).is_file():
            raise BadInput(
                f"{name} was written on another machine and is not seen on this one.",
                where=str(store.path),
                hint="Choose an -o on storage that all machines of the cluster share.",
            )


def _files(line: Json) -> list[str]:
    listed = [line["list"]] if "list" in line else []
    return [line["file"], *listed, *(file for _, file in line.get("masks", ()))]


def list_files(folder: Path, lines: Iterable[Json]) -> None:
    """Write `manifest.jsonl`, in the order of the files' numbers."""
    with atomic(folder / LINES, "w") as stream:
        for line in sorted(lines, key=lambda line: int(line["number"])):
            stream.write(json.dumps(line) + "\n")


def committed_lines(store: Store) -> Iterator[Json]:
    """The lines of all tasks that are done."""
    return (line for record in store.records() for line in record.result.get("lines", ()))


def lines_of(folder: Path) -> Iterator[Json]:
    """Undo `list_files`."""
    with (folder / LINES).open(encoding="utf-8") as stream:
        for text in stream:
            yield json.loads(text)


def _up_to_date(folder: Store, key: str, seed: int | None) -> Json:
    """What came of a whole result of this plan and seed; else a refusal."""
    found = read_json(folder.path / folder.document)
    if found.get("key") != key or seed not in (None, found.get("seed")):
        raise UsageError(
            f"{folder.path} holds what was made in another way or by another seed. "
            "Pass --force to replace it, or choose another -o."
        )
    require_unchanged(folder.path)
    return {"seed": found["seed"], **found.get("result", {}), "fresh": 0, "up_to_date": True}

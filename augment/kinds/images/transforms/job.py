"""Every image through a pipeline, several times over, in any number of processes."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import IO, Any

from augment.core.errors import BadInput, UsageError
from augment.core.files import require_outside
from augment.core.seeds import Seed
from augment.core.types import Json, Tick
from augment.kinds.images.io.image_folder import ImageFolder
from augment.kinds.images.io.layouts import AS_FOUND, Asked, Entry, Layout
from augment.kinds.images.io.layouts.found import layout_of
from augment.kinds.images.io.manifest import Census, records, scan
from augment.kinds.images.io.rejects import Rejects, printed
from augment.kinds.images.transforms.application import MIRRORS
from augment.kinds.images.transforms.item import Item, Refused, TransformJob, made
from augment.kinds.images.transforms.pipeline import Pipeline
from augment.work.processes import pool, wanted

CHUNK = 16  # images handed to a process at a time
AHEAD = 4  # chunks per process that wait, so that memory stays flat
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
FEW = 100  # below so many images one process is faster than starting several


@dataclass(frozen=True)
class Request:
    """What the user wants. `flips` None: off for digits, letters and keypoints, else on."""

    pipeline: Pipeline
    user_made: bool  # the pipeline came from a file: nothing in it is left out, only refused
    per_image: int = 1
    balance: bool = False
    originals: bool = False
    flips: bool | None = None
    source_format: bool = False
    keep_marks: bool = False
    rejects: Rejects = field(default_factory=Rejects)
    asked: Asked = AS_FOUND
    workers: int | None = None
    dry_run: bool = False


def transform(
    source: str,
    out: Path,
    request: Request,
    seed: int | None,
    force: bool,
    tell: Callable[[Tick], None],
) -> Json:
    """Fill `out` with transformed images in the layout of `source`; what was done, as JSON.

    The same seed gives the same bytes for any number of processes, and after a restart.
    """
    if request.per_image < 1:
        raise UsageError("--per-image must be at least 1.")
    root, rejects = Path(source), request.rejects
    layout = layout_of(source, request.asked)
    require_outside(out, root)
    rejects.require_outside(root)
    try:
        return _transformed(source, layout, out, request, seed, force, tell)
    finally:
        rejects.write()


def _transformed(
    source: str,
    layout: Layout,
    out: Path,
    request: Request,
    seed: int | None,
    force: bool,
    tell: Callable[[Tick], None],
) -> Json:
    root, rejects, asked = Path(source), request.rejects, request.asked
    passed: list[str] = []
    with tempfile.TemporaryFile("w+", prefix="augment-", encoding="utf-8") as stream:
        census = scan(layout.entries(root, passed.append, asked), stream, rejects, tell)
        if not census.images:
            raise BadInput("no usable image is there.", where=source)
        points = _points_of(layout.entries(root, passed.append, asked))
        pipeline, notes = _permitted(request, census, points)
        counts = _class_counts(stream) if request.balance else Counter[str | None]()
        if request.balance and not census.classes:
            raise UsageError("--balance needs labels, and these images have none.")
        total = _total(request, census, counts)
        told = notes + rejects.notes()
        document = _document(source, out, layout, census, request, pipeline, total, told)
        if request.dry_run:
            return document | {"dry_run": True}
        image_folder = ImageFolder(out)
        plan = _plan(census, layout, request, pipeline)
        chosen, complete = image_folder.begin(plan, seed, Seed.fresh().value, force)
        document["seed"] = chosen
        if complete:
            return document | {"up_to_date": True}
        done = image_folder.done()
        transform_job = TransformJob(
            out,
            layout,
            pipeline,
            request.user_made,
            chosen,
            request.source_format,
            request.keep_marks,
        )
        items = (
            item for item in _items(root, layout, stream, request, counts) if _open(item, done)
        )
        fresh = _work(items, transform_job, request.workers, total, image_folder, rejects, tell)
    image_folder.finish()
    layout.rewrite(root, out, image_folder.lines)
    document["made"] = sum(1 for _ in image_folder.lines())
    document["fresh"] = fresh
    document["notes"] = notes + rejects.notes()
    return document


def _document(
    source: str,
    out: Path,
    layout: Layout,
    census: Census,
    request: Request,
    pipeline: Pipeline,
    total: int,
    notes: list[str],
) -> Json:
    return {
        "schema": "augment.transform/1",
        "source": source,
        "layout": layout.name,
        "images": census.images,
        "bytes": census.bytes,
        "classes": len(census.classes),
        "output": str(out),
        "pipeline": pipeline.name,
        "steps": pipeline.names(),
        "planned": total,
        "notes": notes,
    }


def _plan(census: Census, layout: Layout, request: Request, pipeline: Pipeline) -> Json:
    """All that decides the output's bytes, apart from the seed."""
    return {
        "source_sha256": census.digest,
        "layout": layout.name,
        "pipeline": {"name": pipeline.name, "steps": list(pipeline.steps)},
        "per_image": request.per_image,
        "balance": request.balance,
        "originals": request.originals,
        "format": "source" if request.source_format else "png",
        "keep_marks": request.keep_marks,
        "albumentations": version("albumentations"),
    }


class Points(Enum):
    """Whether keypoints are marked, and if so, whether all of them know what they become in a
    mirrored picture."""

    NONE = "none"
    PAIRED = "paired"
    SIDED = "sided"


def _permitted(request: Request, census: Census, points: Points) -> tuple[Pipeline, list[str]]:
    """The pipeline without flips where they would change what an image shows."""
    mirroring = request.pipeline.mirroring()
    legible = bool(census.classes) and all(_is_sign(name) for name in census.classes)
    if points is Points.PAIRED and request.flips is None and not legible:
        mirroring = [name for name in mirroring if name not in MIRRORS]
    if not mirroring or request.flips is True:
        return request.pipeline, []
    if request.flips is None and not legible and points is Points.NONE:
        return request.pipeline, []
    sided = "the keypoints have a left and a right"
    why = "the classes are digits or letters" if points is Points.NONE else sided
    named = ", ".join(dict.fromkeys(mirroring))
    if request.user_made and request.flips is None:
        raise UsageError(
            f"The pipeline mirrors or turns ({named}), and {why}. "
            "Take these steps out, or pass --flips to keep them or --no-flips to pass over them."
        )
    note = f"Left out: {named} ({'asked for' if request.flips is False else why})."
    return request.pipeline.without(set(mirroring)), [note]


def _is_sign(name: str) -> bool:
    """Whether a class is called like a digit or a letter: 7, seven, B, digit_7, letter-b."""
    last = name.replace("-", "_").rpartition("_")[2]
    return (len(last) == 1 and last.isalnum()) or last.lower() in DIGITS


def _points_of(entries: Iterator[Entry]) -> Points:
    found = Points.NONE
    for entry in entries:
        for mark in entry.annotation.marks if entry.annotation is not None else ():
            if mark.points and not mark.counterparts:
                return Points.SIDED
            found = Points.PAIRED if mark.points else found
    return found


def _class_counts(stream: IO[str]) -> Counter[str | None]:
    return Counter(record.label for record in records(stream) if not record.error)


def _copies(request: Request, counts: Counter[str | None], label: str | None, rank: int) -> int:
    """How many are made of the `rank`-th image of a class: shares differ by one at most."""
    if not request.balance:
        return request.per_image
    if label is None:
        return 0
    largest = max(count for name, count in counts.items() if name is not None)
    share, rest = divmod(largest - counts[label], counts[label])
    return share + (rank < rest)


def _total(request: Request, census: Census, counts: Counter[str | None]) -> int:
    originals = census.images if request.originals else 0
    if not request.balance:
        return census.images * request.per_image + originals
    named = [count for name, count in counts.items() if name is not None]
    return sum(max(named) - count for count in named) + originals


def _items(
    root: Path, layout: Layout, stream: IO[str], request: Request, counts: Counter[str | None]
) -> Iterator[Item]:
    """The images in order, with the numbers of what is made of each."""
    ranks: Counter[str | None] = Counter()
    number = 0
    listed = layout.entries(root, lambda name: None, request.asked)
    for entry, record in zip(listed, records(stream), strict=True):
        if record.error:
            continue
        copies = _copies(request, counts, entry.label, ranks[entry.label])
        ranks[entry.label] += 1
        size = copies + request.originals
        if size:
            yield Item(entry, number, size, request.originals)
        number += size


def _open(item: Item, done: set[int]) -> bool:
    """Whether anything of an item is still to be made; it is then made as a whole."""
    return any(number not in done for number in range(item.first, item.first + item.count))


def _work(
    items: Iterator[Item],
    transform_job: TransformJob,
    workers: int | None,
    total: int,
    image_folder: ImageFolder,
    rejects: Rejects,
    tell: Callable[[Tick], None],
) -> int:
    """Make all items, in their order; how many images were made."""
    fresh = 0
    many = len(os.sched_getaffinity(0)) if total >= FEW else 1
    for results in _results(items, transform_job, many if workers is None else workers):
        for result in results:
            if isinstance(result, Refused):
                if result.usage:
                    raise UsageError(f"{printed(result.entry.name)}: {result.error}")
                rejects(result.entry, result.error)
                continue
            image_folder.add(result)
            fresh += len(result)
        tell(Tick("write", fresh, total))
    return fresh


def _results(
    items: Iterator[Item], transform_job: TransformJob, workers: int
) -> Iterator[list[Any]]:
    """Chunks of results in the order of the items, never more than a few of them at once."""
    if workers <= 1:
        while chunk := list(islice(items, CHUNK)):
            yield [made(item, transform_job) for item in chunk]
        return
    with pool(workers, _one_thread) as processes:
        waiting: list[Future[list[Any]]] = []
        while chunk := list(islice(items, CHUNK)):
            waiting.append(processes.submit(_made_chunk, chunk, transform_job))
            if len(waiting) >= workers * AHEAD:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()


def _one_thread() -> None:
    """A process of several draws with one thread each."""
    import cv2

    cv2.setNumThreads(1)


def _made_chunk(chunk: list[Item], transform_job: TransformJob) -> list[Any]:
    return [made(item, transform_job) for item in chunk if wanted()]

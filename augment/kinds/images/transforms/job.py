"""Every image through a pipeline, several times over."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import IO

from augment.core.errors import BadInput, UsageError
from augment.core.files import make_private
from augment.core.seeds import Seed
from augment.core.types import Json, Tick
from augment.kinds.images.io import preview
from augment.kinds.images.io.decoding import Undecodable
from augment.kinds.images.io.layouts import Entry, Layout
from augment.kinds.images.io.layouts.found import layout_of
from augment.kinds.images.io.manifest import Census, records, scan
from augment.kinds.images.io.rejects import printed
from augment.kinds.images.transforms.flips import permitted, points_of
from augment.kinds.images.transforms.item import Item, Transformation, made
from augment.kinds.images.transforms.options import Options, options_of
from augment.kinds.images.transforms.partners import require_mixable, with_partners
from augment.kinds.images.transforms.pipeline import Pipeline
from augment.sources.remote.fetching import here
from augment.sources.remote.uri import is_uri
from augment.work.folder_job import FolderJob, Tasks
from augment.work.manifest import files_below
from augment.work.task import Task

CHUNK = 16  # images of a task


@contextmanager
def transform_job(source: str, given: Json, tell: Callable[[Tick], None]) -> Iterator[FolderJob]:
    """What `augment transform` makes of the images at `source`, in their layout.

    `given` are options by name, those of reading images among them. Images that cannot be used
    are listed when the block ends, however it ends.
    """
    with here(source) as root, _job(source, root, given, tell) as job:
        yield job


@contextmanager
def _job(source: str, root: Path, given: Json, tell: Callable[[Tick], None]) -> Iterator[FolderJob]:
    """The same of images that lie at `root`, for this command alone if `source` is another name."""
    options = options_of(given)
    rejects = options.rejects
    layout = layout_of(str(root), options.asked)
    rejects.require_outside(root)
    try:
        with tempfile.TemporaryFile("w+", prefix="augment-", encoding="utf-8") as stream:
            census = scan(layout.entries(root, _unnamed, options.asked), stream, rejects, tell)
            if not census.images:
                raise BadInput("no usable image is there.", where=source)
            if options.balance and not census.classes:
                raise UsageError("--balance needs labels, and these images have none.")
            points = points_of(layout.entries(root, _unnamed, options.asked))
            pipeline, notes = permitted(
                options.pipeline, options.user_made, options.flips, census.classes, points
            )
            images = Listed(root, layout, options, stream)
            if pipeline.mixing:
                notes += require_mixable(pipeline.mixing, layout, census, images.usable())
            document = _document(source, images, census, pipeline)
            document["notes"] = notes + rejects.notes()
            plan = _plan(images, census, pipeline)
            yield TransformJob(plan, document, images, pipeline, notes, is_uri(source))
    finally:
        rejects.write()


def _unnamed(name: str) -> None:
    """Files that are no images are passed over in silence."""


def _document(source: str, images: Listed, census: Census, pipeline: Pipeline) -> Json:
    return {
        "schema": "augment.transform/1",
        "source": source,
        "layout": images.layout.name,
        "images": census.images,
        "bytes": census.bytes,
        "classes": len(census.classes),
        "pipeline": pipeline.name,
        "steps": pipeline.names(),
        "planned": sum(item.count for item in images.items()),
    }


def _plan(images: Listed, census: Census, pipeline: Pipeline) -> Json:
    options = images.options
    return {
        "source_sha256": census.digest,
        "layout": images.layout.name,
        "pipeline": {
            "name": pipeline.name,
            "steps": list(pipeline.steps),
            "mixing": list(pipeline.mixing),
        },
        "per_image": options.per_image,
        "balance": options.balance,
        "originals": options.originals,
        "format": "source" if options.source_format else "png",
        "keep_marks": options.keep_marks,
        "albumentations": version("albumentations"),
    }


@dataclass(frozen=True)
class Listed:
    """The images at `source`, as `stream` lists them."""

    source: Path
    layout: Layout
    options: Options
    stream: IO[str]

    def items(self) -> Iterator[Item]:
        """The images in order, with the numbers of what is made of each."""
        counts, ranks, number = self._class_counts(), Counter[str | None](), 0
        for entry in self.usable():
            copies = self._copies(counts, entry, ranks[entry.label])
            ranks[entry.label] += 1
            size = copies + self.options.originals
            if size:
                yield Item(entry, number, size, self.options.originals)
            number += size

    def copied(self, folder: Path) -> Listed:
        """The same images below another folder, into which they are copied."""
        shutil.rmtree(folder, ignore_errors=True)  # a killed command's
        place = folder.absolute() / self.source.name
        for path in files_below(self.source) if self.source.is_dir() else [self.source]:
            copy = place / path.relative_to(self.source)
            make_private(copy.parent)
            shutil.copyfile(path, copy)
        return replace(self, source=place)

    def usable(self) -> Iterator[Entry]:
        """The images that no look at their heads has refused."""
        listed = self.layout.entries(self.source, _unnamed, self.options.asked)
        for entry, record in zip(listed, records(self.stream), strict=True):
            if not record.error:
                yield entry

    def _copies(self, counts: Counter[str | None], entry: Entry, rank: int) -> int:
        """How many are made of the `rank`-th image of a class: shares differ by one at most."""
        if not self.options.balance:
            return self.options.per_image
        if entry.label is None:
            return 0
        largest = max(count for name, count in counts.items() if name is not None)
        share, rest = divmod(largest - counts[entry.label], counts[entry.label])
        return share + (rank < rest)

    def _class_counts(self) -> Counter[str | None]:
        if not self.options.balance:
            return Counter()
        return Counter(record.label for record in records(self.stream) if not record.error)


@dataclass(frozen=True)
class TransformJob(FolderJob):
    """The images, each through the pipeline as often as the options say."""

    images: Listed
    pipeline: Pipeline
    notes: list[str]
    fetched: bool = False  # only this machine sees the images
    refused: set[str] = field(default_factory=set)

    def tasks(self, seed: Seed, folder: Path, copies: Path | None) -> Tasks:
        options, images = self.images.options, self.images
        if copies is not None and self.fetched:
            images = images.copied(copies)
        shared = Transformation(
            folder,
            self.images.layout,
            self.pipeline,
            options.user_made,
            seed.value,
            options.source_format,
            options.keep_marks,
            elsewhere=copies is not None,
        )
        return Tasks(shared, self._tasks(images, seed), self.document["planned"])

    def accept(self, result: Json) -> None:
        for each in result["refused"]:
            if each["name"] in self.refused:  # as a partner of several, or an item as well
                continue
            self.refused.add(each["name"])
            entry = Entry(
                each["name"], Path(each["path"]), None, None, each["offset"], each["size"]
            )
            self.images.options.rejects(entry, each["error"])

    def finish(
        self, folder: Path, lines: Callable[[], Iterator[Json]], shared: Transformation
    ) -> Json:
        self.images.layout.rewrite(self.images.source, folder, lines)
        made = sum(1 for _ in lines())
        if made:
            preview.write(folder, lines, made)
        notes = self.notes + self.images.options.rejects.notes()
        usable = self.document["images"] - len(self.refused)
        drawn = preview.PREVIEW if made else None
        return {"images": usable, "made": made, "notes": notes, "preview": drawn}

    def _tasks(self, images: Listed, seed: Seed) -> Iterator[Task[Json]]:
        items = images.items()
        if self.pipeline.mixing:
            items = with_partners(items, images.usable(), self.pipeline.mixing, seed)
        while chunk := tuple(islice(items, CHUNK)):
            yield Task(f"from {chunk[0].first}", made_chunk, (chunk,))


def made_chunk(shared: Transformation, chunk: tuple[Item, ...]) -> Json:
    """The task of making all that is made of a few images: `lines` on what was made, and `refused`
    ones with the reason. Raises `UsageError` where the pipeline is at fault."""
    lines, refused = list[Json](), list[Json]()
    for item in chunk:
        if shared.elsewhere:
            _require_seen(item.entry)
        try:
            found, unusable = made(item, shared)
            lines += found
            refused += [_refused(entry, error) for entry, error in unusable]
        except Undecodable as error:
            refused.append(_refused(item.entry, str(error)))
    return {"lines": lines, "refused": refused}


def _require_seen(entry: Entry) -> None:
    """Refuse, and do not leave out, an image that this machine does not see."""
    if not entry.path.exists():
        raise BadInput(
            "the image is not seen on a machine of the cluster.",
            where=printed(entry.name),
            hint="Choose a place for images and -o that all machines share; what a URI names is "
            "copied below -o.",
        )


def _refused(entry: Entry, error: str) -> Json:
    where = {"path": str(entry.path), "offset": entry.offset, "size": entry.size}
    return {"name": entry.name, **where, "error": error}

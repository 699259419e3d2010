"""From what the user names to images on one canvas: list, look at each, decode each once."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from augment.core.errors import BadInput, UsageError, did_you_mean
from augment.core.files import read_json
from augment.core.kind import Loaded
from augment.core.reading_options import flag, require_known
from augment.core.source import Rows, Source
from augment.core.types import Json, Tick, silent
from augment.kinds.images.data.dataset import UNLABELLED, Images
from augment.kinds.images.data.pixels import room
from augment.kinds.images.data.schema import ImageSchema, Mode
from augment.kinds.images.io import canvas as canvases
from augment.kinds.images.io import memory
from augment.kinds.images.io.canvas import Fit
from augment.kinds.images.io.decoding import Alpha, Undecodable, decode_8bit
from augment.kinds.images.io.layouts import Asked, Layout
from augment.kinds.images.io.layouts.found import layout_of, recognises
from augment.kinds.images.io.manifest import EVERY, Census, Record, read_bytes, records, scan
from augment.kinds.images.io.rejects import OnError, Rejects, printed
from augment.sources.files import entry, entry_in_memory
from augment.sources.remote.fetching import fetched
from augment.sources.remote.uri import is_uri

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ReadOptions", "read", "read_like", "read_options", "recognises"]

OF_FILES = ("quarantine", "rejects", "max_bad", "root", "label_column", "caption_columns")
PATHS = ("quarantine", "rejects", "root", "schema")
CHOICES: dict[str, tuple[str, ...]] = {
    "channels": ("gray", "rgb"),
    "fit": ("pad", "stretch", "crop"),
    "alpha": ("white", "black", "fail"),
}


@dataclass(frozen=True)
class ReadOptions:
    """How images are read. `None` is found by looking."""

    canvas: str | None = None  # "32", or width x height: "48x32"
    channels: Mode | None = None
    fit: Fit = "pad"
    alpha: Alpha = "white"
    on_error: OnError = "fail"
    quarantine: Path | None = None
    rejects: Path | None = None
    max_bad: int | None = None
    root: Path | None = None
    label_column: str | None = None
    caption_columns: tuple[str, ...] = ()
    schema: Path | None = None  # as `inspect --schema-out` writes it

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            value = getattr(self, name)
            if value is not None and value not in known:
                raise UsageError(f"--{name} {value}: {did_you_mean(value, list(known))}")
        if self.schema is not None and (self.canvas or self.channels):
            raise UsageError(
                "--schema holds canvas and channels: leave out --canvas and --channels."
            )

    @property
    def asked(self) -> Asked:
        return Asked(self.root, self.label_column, self.caption_columns)


def read_options(options: Json) -> ReadOptions:
    """Plain options by name. Raises `UsageError` for one that images do not know."""
    require_known(options, [field.name for field in fields(ReadOptions)], "images")
    given = dict(options)
    for name in PATHS:
        if given.get(name) is not None:
            given[name] = Path(given[name])
    given["caption_columns"] = tuple(given.get("caption_columns", ()))
    return ReadOptions(**given)


def read(
    source: Source,
    options: ReadOptions,
    tick: Callable[[Tick], None] = silent,
    like: ImageSchema | None = None,
    onto: ImageSchema | None = None,
) -> Loaded[Images]:
    """The images at `source`, on one canvas; `like` gives canvas, mode and order of classes.

    `onto`, a model's schema, gives canvas and mode alone.

    Raises `BadInput` with the file's name for an image that cannot be used, unless such images
    are to be left out, and where none is left.
    """
    if not isinstance(source, str):
        return _read_memory(source, options, like, onto)
    if is_uri(source):
        with fetched(source) as here:
            loaded = read(here.local, options, tick, like, onto)
        files = tuple({**file, "path": here.shown(file["path"])} for file in loaded.files)
        return replace(loaded, files=files)
    layout = layout_of(source, options.asked)
    rejects = Rejects(options.on_error, options.quarantine, options.rejects, options.max_bad)
    rejects.require_outside(Path(source))
    if options.schema is not None:
        like = ImageSchema.from_json(read_json(options.schema))
        canvases.require_learnable(like.width, like.height, f"--schema {options.schema}")
    try:
        return _read(source, layout, options, rejects, tick, like, onto)
    finally:
        rejects.write()


def _read_memory(
    source: Source, options: ReadOptions, like: ImageSchema | None, onto: ImageSchema | None
) -> Loaded[Images]:
    """Images that were read before are what they are, unless another canvas is wanted."""
    found = memory.images(source)
    if isinstance(source, Rows) and like is None and onto is None:
        files = source.files or (_entry(source, found),)
        return Loaded(found, files, source.notes, source.rejected)
    for name in OF_FILES:
        if getattr(options, name) not in (None, (), "fail"):
            raise UsageError(f"{flag(name)} is for files, and this is {source}.")
    if options.schema is not None:
        like = ImageSchema.from_json(read_json(options.schema))
    schema, reason = _schema(memory.census(found), options, like, onto)
    images = memory.placed(found, schema, options.fit)
    return Loaded(images, (_entry(source, found),), (f"{len(images):,} images; {reason}",))


def _entry(source: Source, images: Images) -> Json:
    return entry_in_memory(source, images, images.pixels.nbytes)


def _read(
    source: str,
    layout: Layout,
    options: ReadOptions,
    rejects: Rejects,
    tick: Callable[[Tick], None],
    like: ImageSchema | None,
    onto: ImageSchema | None,
) -> Loaded[Images]:
    passed: list[str] = []
    with tempfile.TemporaryFile("w+", prefix="augment-", encoding="utf-8") as stream:
        listed = layout.entries(Path(source), passed.append, options.asked)
        census = scan(listed, stream, rejects, tick)
        if not census.images:
            hint = " ".join(rejects.notes())
            raise BadInput("no usable image is there.", where=source, hint=hint)
        schema, reason = _schema(census, options, like, onto)
        images, notes = _decoded(stream, census, schema, options, rejects, tick)
    file = entry(source, census.digest, census.bytes)
    notes = [f"{layout.name}, {len(images):,} images; {reason}", *notes, *rejects.notes()]
    if layout.marks:
        notes.append(
            f"Generators make images alone, without {layout.marks}; `augment transform` takes "
            "them along."
        )
    if passed:
        notes.append(f"{len(passed):,} files are no images, such as {printed(passed[0])}.")
    if 0 < census.labelled < census.images:
        notes.append(f"{census.images - census.labelled:,} images have no label.")
    return Loaded(images, (file,), tuple(notes), rejects.count)


def read_like(
    source: Source, schema: ImageSchema, options: ReadOptions | None = None
) -> Loaded[Images]:
    """Images from any tool on the canvas and with the class codes of `schema`.

    Of `options` count those that say how single images are taken: fit, alpha, on_error.
    """
    given = ReadOptions() if options is None else options
    on_error: OnError = "fail" if given.on_error == "fail" else "skip"
    mine = ReadOptions(fit=given.fit, alpha=given.alpha, on_error=on_error)
    return read(source, mine, silent, schema)


def read_newer(source: Source, schema: ImageSchema, options: ReadOptions) -> Loaded[Images]:
    """Images with their own labels and words, on the canvas of a model's `schema`.

    Raises `UsageError` for options that ask for another canvas.
    """
    asked = None if options.canvas is None else canvases.parsed(options.canvas)
    if options.schema is not None or asked not in (None, (schema.width, schema.height)):
        raise UsageError(
            f"The older model makes pictures of {schema.width} × {schema.height} pixels, and what "
            "goes on from it keeps that. Leave out --canvas and --schema, or fit a model anew."
        )
    if options.channels not in (None, schema.mode):
        raise UsageError(
            f"--channels {options.channels}: the older model's pictures are {schema.mode}, and "
            "what goes on from it keeps that. Leave it out, or fit a model anew."
        )
    return read(source, options, onto=schema)


def _schema(
    census: Census,
    options: ReadOptions,
    like: ImageSchema | None,
    onto: ImageSchema | None,
) -> tuple[ImageSchema, str]:
    """The set's schema, and a sentence on its canvas."""
    if like is not None:
        unknown = sorted(census.classes - set(like.classes)) if like.classes else []
        if unknown:
            raise BadInput(
                f"{len(unknown)} classes are not among the {len(like.classes)} known ones.",
                hint=did_you_mean(printed(unknown[0]), list(like.classes)),
            )
        why = "as the images compared with" if options.schema is None else "as the schema says"
        return like, f"canvas {like.width}x{like.height} {like.mode} ({why})."
    if onto is not None:
        width, height, why = onto.width, onto.height, "the model's"
    elif options.canvas is not None:
        width, height = canvases.parsed(options.canvas)
        why = "asked for"
    else:
        width, height, why = canvases.inferred(census.sizes)
    found: Mode = "gray" if census.gray == census.images else "rgb"
    mode = onto.mode if onto is not None else options.channels or found
    classes, vocabulary = tuple(sorted(census.classes)), tuple(sorted(census.vocabulary))
    schema = ImageSchema(height, width, mode, classes, vocabulary)
    return schema, f"canvas {width}x{height} {mode} ({why})."


def _decoded(
    stream: IO[str],
    census: Census,
    schema: ImageSchema,
    options: ReadOptions,
    rejects: Rejects,
    tick: Callable[[Tick], None],
) -> tuple[Images, list[str]]:
    """Every usable image of the manifest, decoded once onto the canvas."""
    pixels = room((census.images, *schema.shape))
    codes = np.full(census.images, UNLABELLED, np.int64)
    code_of = {name: code for code, name in enumerate(schema.classes)}
    names: list[str] = []
    captions: list[str] = []
    notes: Counter[str] = Counter()
    for record in records(stream):
        if record.error:
            continue
        row = len(names)
        try:
            pixels[row] = _on_canvas(record, schema, options, notes)
        except Undecodable as reason:
            rejects(record.entry(), str(reason))
            continue
        if record.label is not None:
            codes[row] = code_of.get(record.label, UNLABELLED)
        names.append(record.name)
        if census.captioned:
            captions.append(record.caption or "")
        if row % EVERY == 0:
            tick(Tick("read", row, census.images, note="decoding"))
    n = len(names)
    if not n:
        raise BadInput("no usable image is there.", hint=" ".join(rejects.notes()))
    spoken = tuple(captions) if census.captioned else None
    images = Images(pixels[:n], codes[:n], schema, tuple(names), spoken)
    return images, [f"{count:,} images: {note}." for note, count in sorted(notes.items())]


def _on_canvas(
    record: Record, schema: ImageSchema, options: ReadOptions, notes: Counter[str]
) -> NDArray[np.uint8]:
    """One image as (height, width, channels); what was not kept exactly is counted in `notes`."""
    picture = decode_8bit(read_bytes(record.entry()), options.alpha)
    notes.update(picture.notes)
    shape = picture.pixels.shape
    if shape[:2] != (schema.height, schema.width):
        how = {"pad": "fitted with padding", "crop": "cropped", "stretch": "stretched"}
        notes[f"resized to the canvas ({how[options.fit]})"] += 1
    if schema.mode == "gray" and len(shape) == 3:
        notes["colours turned into gray"] += 1
    return canvases.placed(picture.pixels, schema.width, schema.height, schema.mode, options.fit)

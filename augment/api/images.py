"""`FilledFolder`: a folder of images that was filled; `transform` and `edit` fill one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.api.arguments import seed_of, texts
from augment.api.data import source_of
from augment.api.model import Model, load
from augment.core.errors import AugmentError, OutOfResources, UsageError
from augment.core.types import Json, Tick, silent
from augment.kinds.images.edits import job as edits
from augment.kinds.images.generator.model import ImageModel
from augment.kinds.images.io.layouts import Asked
from augment.kinds.images.io.reading import read_options
from augment.kinds.images.io.rejects import Rejects
from augment.kinds.images.transforms import job as transforms
from augment.kinds.images.transforms import pipeline as pipelines
from augment.work import environment
from augment.work.folder import filled

if TYPE_CHECKING:
    from augment.api.data import DataLike

PRESET = "medium"


@dataclass(frozen=True, eq=False, repr=False)
class FilledFolder:
    """A folder of images with its manifest. `transform` and `edit` give it."""

    path: Path
    _document: Json

    def __repr__(self) -> str:
        return f"<augment.FilledFolder: {self.path}, {self.made:,} images>"

    @property
    def made(self) -> int:
        """How many images lie there; 0 after a dry run."""
        made: int = self._document.get("made", 0 if self.seed is None else self.planned)
        return made

    @property
    def planned(self) -> int:
        planned: int = self._document["planned"]
        return planned

    @property
    def seed(self) -> int | None:
        """None after a dry run."""
        seed: int | None = self._document.get("seed")
        return seed

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._document["notes"])

    def to_json(self) -> Json:
        """What the command prints with `--json`."""
        return self._document


def transform(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    preset: str | None = None,
    pipeline: str | os.PathLike[str] | None = None,
    per_image: int | None = None,
    balance: bool = False,
    originals: bool = False,
    flips: bool | None = None,
    keep_marks: bool = False,
    image_format: str = "png",
    options: Mapping[str, Any] | None = None,
    workers: int | None = None,
    seed: int | None = None,
    force: bool = False,
    dry_run: bool = False,
    tell: Callable[[Tick], None] = silent,
) -> FilledFolder:
    """Augment the images at `source` classically, into the folder `out` and in its layout.

    Boxes, masks and keypoints move along. `preset` is light, medium (the default), strong,
    medical or digits; `pipeline` a YAML or JSON file of albumentations in its place. `options`
    say which files are read: `on_error`, `quarantine`, `rejects`, `max_bad`, `root`,
    `label_column`, `caption_columns`. The result does not depend on `workers`.

    Raises `UsageError` for arguments that exclude each other, and `BadInput` for images that
    cannot be used.
    """
    environment.settle()
    if preset is not None and pipeline is not None:
        raise UsageError("--preset and --pipeline exclude each other. Choose one.")
    if per_image is not None and balance:
        raise UsageError("--per-image and --balance exclude each other. Choose one.")
    if image_format not in ("png", "source"):
        raise UsageError(f"--image-format {image_format}: choose png or source.")
    files = read_options(dict(options or {}))
    steps = (
        pipelines.preset(PRESET if preset is None else preset)
        if pipeline is None
        else pipelines.read_pipeline(Path(pipeline))
    )
    request = transforms.Request(
        pipeline=steps,
        user_made=pipeline is not None,
        per_image=1 if per_image is None else per_image,
        balance=balance,
        originals=originals,
        flips=flips,
        source_format=image_format == "source",
        keep_marks=keep_marks,
        rejects=Rejects(files.on_error, files.quarantine, files.rejects, files.max_bad),
        asked=Asked(files.root, files.label_column, files.caption_columns),
        workers=workers,
        dry_run=dry_run,
    )
    given, folder = os.fspath(source), Path(out)
    document = filled(
        folder,
        dry_run,
        lambda: transforms.transform(given, folder, request, seed_of(seed), force, tell),
    )
    return FilledFolder(folder, document)


def edit(
    model: Model | str | os.PathLike[str],
    source: DataLike,
    out: str | os.PathLike[str],
    *,
    strength: float = 0.5,
    per_image: int = 1,
    to: str | Sequence[str] | None = None,
    prompts: str | Sequence[str] | None = None,
    interpolate: bool = False,
    filter: bool | None = None,
    judge: str | os.PathLike[str] | None = None,
    tries: int = edits.TRIES,
    options: Mapping[str, Any] | None = None,
    seed: int | None = None,
    force: bool = False,
    dry_run: bool = False,
    tell: Callable[[Tick], None] = silent,
) -> FilledFolder:
    """Change images with a fitted model, into the folder `out`; lost labels are drawn again.

    `strength` is above 0 (hardly changed) up to 1 (only the label is kept). `to` changes what is
    shown, as in `"label = boot"`. `options` are those of reading images: `fit`, `alpha`,
    `on_error` and others.

    Raises `UsageError` for a model that cannot edit, and `OutOfResources` where too few edits
    kept their label; what was made then lies in `out`.
    """
    if per_image < 1 or tries < 1:
        raise UsageError(f"per_image={per_image}, tries={tries}: give at least 1 of each.")
    folder, error = edited(
        model if isinstance(model, Model) else load(model),
        source,
        Path(out),
        edits.Request(
            strength=strength,
            per_image=per_image,
            to=texts(to),
            prompts=texts(prompts),
            interpolate=interpolate,
            filtered=filter,
            judge=None if judge is None else os.fspath(judge),
            tries=tries,
            read=read_options(dict(options or {})),
            dry_run=dry_run,
        ),
        seed=seed,
        force=force,
        tell=tell,
    )
    if error is not None:
        raise error
    return folder


def edited(
    model: Model,
    source: DataLike,
    out: Path,
    request: edits.Request,
    *,
    seed: int | None,
    force: bool,
    tell: Callable[[Tick], None],
) -> tuple[FilledFolder, AugmentError | None]:
    """What `edit` made, and what there is to complain of it."""
    environment.settle()
    opened = model._opened
    fitted = opened.model
    if not isinstance(fitted, ImageModel):
        raise UsageError(
            f"{opened.path} makes rows of a table, which cannot be edited. To fill gaps in "
            "rows, use: augment sample MODEL --given FILE"
        )
    given, digest = source_of(source), opened.digest
    document = filled(
        out,
        request.dry_run,
        lambda: edits.edit(fitted, digest, given, out, request, seed_of(seed), force, tell),
    )
    error = None
    if document.get("too_few"):
        error = OutOfResources(
            f"only {document['made']:,} of {document['planned']:,} edits kept their label within "
            f"{request.tries} draws; they are in {out}. Lower --strength, or raise --tries."
        )
    return FilledFolder(out, document | {"model": str(opened.path)}), error

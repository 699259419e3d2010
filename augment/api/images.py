"""`FilledFolder`: a folder of images that was filled; `transform` and `edit` fill one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.api.arguments import place_of, seed_of, texts
from augment.api.data import source_of
from augment.api.host import undisturbing
from augment.api.model import Model, load
from augment.core.errors import AugmentError
from augment.core.types import Json, Tick, Workers, silent
from augment.lifecycle import edit as editing
from augment.lifecycle import transform as transforming

if TYPE_CHECKING:
    from augment.api.data import DataLike


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


@undisturbing
def transform(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    preset: str | None = None,
    pipeline: str | os.PathLike[str] | None = None,
    mix: str | Sequence[str] | None = None,
    per_image: int | None = None,
    balance: bool = False,
    originals: bool = False,
    flips: bool | None = None,
    keep_marks: bool = False,
    image_format: str = "png",
    options: Mapping[str, Any] | None = None,
    workers: Workers = 1,
    seed: int | None = None,
    force: bool = False,
    dry_run: bool = False,
    tell: Callable[[Tick], None] = silent,
) -> FilledFolder:
    """Augment the images at `source` classically, into the folder `out` and in its layout.

    Boxes, masks and keypoints move along. `preset` is light, medium (the default), strong,
    medical or digits; `pipeline` a YAML or JSON file of albumentations in its place. `mix` names
    what each image is mixed by with others before that: mosaic, mixup, cutmix, copy-paste; one of
    several is drawn for each. `options`
    say which files are read: `on_error`, `quarantine`, `rejects`, `max_bad`, `root`,
    `label_column`, `caption_columns`. The result does not depend on `workers`.

    Raises `UsageError` for arguments that exclude each other, and `BadInput` for images that
    cannot be used.
    """
    own = {
        "preset": preset,
        "pipeline": None if pipeline is None else os.fspath(pipeline),
        "mix": texts(mix),
        "per_image": per_image,
        "balance": balance,
        "originals": originals,
        "flips": flips,
        "keep_marks": keep_marks,
        "image_format": image_format,
    }
    document = transforming.transform(
        os.fspath(source),
        place_of(out),
        {**(options or {}), **own},
        workers=workers,
        seed=seed_of(seed),
        force=force,
        dry_run=dry_run,
        tell=tell,
    )
    return FilledFolder(place_of(out), document)


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
    tries: int = 5,
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
    folder, error = edited(
        model if isinstance(model, Model) else load(model),
        source,
        place_of(out),
        {
            **(options or {}),
            "strength": strength,
            "per_image": per_image,
            "to": texts(to),
            "prompts": texts(prompts),
            "interpolate": interpolate,
            "filtered": filter,
            "judge": None if judge is None else os.fspath(judge),
            "tries": tries,
        },
        seed=seed,
        force=force,
        dry_run=dry_run,
        tell=tell,
    )
    if error is not None:
        raise error
    return folder


@undisturbing
def edited(
    model: Model,
    source: DataLike,
    out: Path,
    options: Json,
    *,
    seed: int | None,
    force: bool,
    dry_run: bool,
    tell: Callable[[Tick], None],
) -> tuple[FilledFolder, AugmentError | None]:
    """What `edit` made, and what there is to complain of it."""
    document = editing.edit(
        model._opened,
        source_of(source),
        out,
        options,
        seed=seed_of(seed),
        force=force,
        dry_run=dry_run,
        tell=tell,
    )
    return FilledFolder(out, document), editing.shortfall(document)

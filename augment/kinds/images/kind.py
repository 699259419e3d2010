"""Images as the lifecycle sees them."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from augment.core.errors import UsageError
from augment.core.files import atomic
from augment.core.kind import (
    Ask,
    Block,
    Fitted,
    Forecast,
    Loaded,
    Origin,
    Scored,
    Wing,
    Written,
    flag,
)
from augment.core.model_folder import Stored
from augment.core.seeds import Seed
from augment.core.types import UNLIMITED, Budget, Engine, Job, Json, Tick
from augment.kinds.images.data.captions import with_kept_words
from augment.kinds.images.data.dataset import UNLABELLED, Images
from augment.kinds.images.engines.conditioning import WHERE, Conditioning
from augment.kinds.images.engines.costs import PICTURE_SECONDS, scoring_seconds
from augment.kinds.images.engines.diffusers.engine import Diffusers
from augment.kinds.images.generator.conditions import condition_of
from augment.kinds.images.generator.model import ImageModel
from augment.kinds.images.io import contact_sheet, writing
from augment.kinds.images.io import reading as source

FORMATS = ("", "png")
GRID = "grid.png"


class ImageWing(Wing[Images]):
    """Folders, lists and archives of pictures."""

    kind: ClassVar[str] = Images.kind
    writes_folders: ClassVar[bool] = True
    score_options: ClassVar[frozenset[str]] = frozenset({"features"})

    def recognises(self, source_text: str) -> bool:
        return source.recognises(source_text)

    def read(self, source_text: str, options: Json) -> Loaded[Images]:
        return source.read(source_text, source.read_options(options))

    def read_like(self, source_text: str, data: Images, options: Json) -> Loaded[Images]:
        return source.read_like(source_text, data.schema, source.read_options(options))

    def for_fitting(
        self, loaded: Loaded[Images], rows: int, protect: bool, read: Json
    ) -> Loaded[Images]:
        return loaded

    def foresee(
        self, data: Images, ask: Ask, engine: Engine[Images], protect: bool, write: Json
    ) -> None:
        _require_no_options(write)
        known, _ = with_kept_words(data, protect)
        conditioning = Conditioning.of(known, protect)
        conditioning = conditioning.opened() if engine.about.foreign else conditioning
        conditioning.check(condition_of(ask, conditioning, WHERE))

    def choose(self, data: Images) -> tuple[str, str]:
        return "cvae", "it learns in minutes, from few pictures as from many"

    def fit(
        self, engine: Engine[Images], data: Images, job: Job, protect: bool, whole: Images
    ) -> Fitted[Images]:
        return ImageModel.fit(engine, data, job, protect, len(whole))

    def forecast(
        self, engine: Engine[Images], data: Images, rows: int, device: str
    ) -> Forecast | None:
        costs = engine.costs(data, device)
        if costs is None:
            return None
        held = costs.bytes + len(data) * data.schema.height * data.schema.width * 3
        sample = (costs.row_seconds + PICTURE_SECONDS) * rows
        return Forecast(costs.fit_seconds, sample, scoring_seconds(data.schema), held)

    def adopt(self, engine: Engine[Images], device: str) -> Fitted[Images]:
        assert isinstance(engine, Diffusers), "the only foreign engine of images"
        return ImageModel.adopt(engine, device)

    def restore(self, stored: Stored) -> Fitted[Images]:
        return ImageModel.restore(stored)

    def write(
        self,
        blocks: Iterator[Block[Images]],
        path: Path | None,
        format: str,
        force: bool,
        options: Json,
        origin: Origin,
    ) -> Written:
        if path is None:
            raise UsageError("Images go into a folder: name one with -o FOLDER.")
        if format not in FORMATS:
            raise UsageError(f"--format {format}: images are written as png.")
        _require_no_options(options)
        return writing.write(blocks, path, origin, force)

    def is_whole(self, path: Path) -> bool:
        return writing.gallery_at(path).whole()

    def begun(self, path: Path, origin: Origin) -> int | None:
        return writing.gallery_at(path).seed_of(writing.plan_of(origin))

    def output_name(self, source_text: str, options: Json) -> str:
        return "images"

    def illustrate(self, fake: Images, folder: Path) -> None:
        with atomic(folder / GRID) as stream:
            stream.write(contact_sheet.grid(fake))

    def score(
        self,
        train: Images,
        test: Images | None,
        fake: Images,
        seed: Seed,
        tick: Callable[[Tick], None],
        options: Json,
        budget: Budget = UNLIMITED,
    ) -> Scored:
        from augment.kinds.images.metrics import scoring

        features = options.get("features")
        place = None if features is None else Path(features)
        scored = scoring.scored(train, test, fake, seed, tick, place, budget)
        picture = base64.b64encode(contact_sheet.grid(fake)).decode("ascii")
        return dataclasses.replace(scored, document={**scored.document, "grid": picture})

    def describe(self, data: Images, show_values: bool) -> Json:
        """One column per thing that an image has: its pixels, its label, its caption."""
        schema = data.schema
        size = f"{schema.width} × {schema.height} {schema.mode}"
        columns: list[Json] = [_column("image", "image", size, 0, len(data))]
        if schema.classes:
            missing = int((data.label_codes == UNLABELLED).sum())
            column = _column("label", "categorical", "class", missing, len(schema.classes))
            columns.append({**column, "values": list(schema.classes)} if show_values else column)
        if data.captions is not None:
            missing = sum(not caption for caption in data.captions)
            words = f"{len(schema.vocabulary)} words"
            columns.append(_column("prompt", "text", words, missing, len(set(data.captions))))
        return {"rows": len(data), "schema": schema.to_json(), "columns": columns}


def _require_no_options(write: Json) -> None:
    for name in write:
        raise UsageError(f"{flag(name)} is for tables; these are images.")


def _column(name: str, role: str, note: str, nulls: int, distinct: int) -> Json:
    storage = "uint8" if role == "image" else "string"
    return {
        "name": name,
        "role": role,
        "storage": storage,
        "nulls": nulls,
        "distinct": distinct,
        "note": note,
    }

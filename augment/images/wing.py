"""Images as the lifecycle sees them."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from augment.base.errors import UsageError
from augment.base.files import atomic
from augment.base.seeds import Seed
from augment.base.store import Stored
from augment.base.types import Engine, Job, Json, Tick
from augment.base.wing import Fitted, Loaded, Scored, Wing
from augment.images import contact_sheet, source, writing
from augment.images.dataset import UNLABELLED, Images
from augment.images.model import ImageModel

FORMATS = ("", "png")
GRID = "grid.png"


class ImageWing(Wing[Images]):
    """Folders, lists and archives of pictures."""

    kind: ClassVar[str] = Images.kind
    score_options: ClassVar[frozenset[str]] = frozenset({"features"})
    block_rows: ClassVar[int] = 2_000

    def recognises(self, source_text: str) -> bool:
        return source.recognises(source_text)

    def read(self, source_text: str, options: Json) -> Loaded[Images]:
        return source.read(source_text, source.read_options(options))

    def read_like(self, source_text: str, data: Images) -> Images:
        return source.read_like(source_text, data.schema)

    def choose(self, data: Images) -> tuple[str, str]:
        return "cvae", "it learns in minutes, from few pictures as from many"

    def fit(
        self, engine: Engine[Images], data: Images, job: Job, protect: bool, source_rows: int
    ) -> Fitted[Images]:
        return ImageModel.fit(engine, data, job, protect, source_rows)

    def restore(self, stored: Stored) -> Fitted[Images]:
        return ImageModel.restore(stored)

    def write(
        self, parts: Iterator[Images], path: Path | None, format: str, force: bool, options: Json
    ) -> int:
        if path is None:
            raise UsageError("Images go into a folder: name one with -o FOLDER.")
        if format not in FORMATS:
            raise UsageError(f"--format {format}: images are written as png.")
        return writing.write(parts, path, force=force)

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
    ) -> Scored:
        from augment.images import scoring

        features = options.get("features")
        place = None if features is None else Path(features)
        scored = scoring.scored(train, test, fake, seed, tick, place)
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

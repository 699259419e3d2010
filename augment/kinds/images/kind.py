"""Images as the lifecycle sees them: four ports."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from augment.core.errors import UsageError
from augment.core.kind import (
    Evaluator,
    Fitted,
    Forecast,
    Generator,
    Kind,
    Loaded,
    Origin,
    Part,
    Reader,
    Reserved,
    Scored,
    Wanted,
    Writer,
    Written,
    flag,
)
from augment.core.model_folder import Stored
from augment.core.seeds import Seed
from augment.core.source import Source
from augment.core.types import UNLIMITED, Budget, Engine, Job, Json, Tick
from augment.kinds.images.data.captions import with_kept_words
from augment.kinds.images.data.dataset import UNLABELLED, Images
from augment.kinds.images.engines.conditioning import WHERE, Conditioning
from augment.kinds.images.engines.costs import PICTURE_SECONDS, scoring_seconds
from augment.kinds.images.engines.diffusers.engine import Diffusers
from augment.kinds.images.generator.conditions import condition_of
from augment.kinds.images.generator.model import ImageModel
from augment.kinds.images.io import contact_sheet, memory, reading, writing

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("", "png")
GRID = "grid.png"


class ImageReader(Reader[Images]):
    """Folders, lists and archives of pictures."""

    def recognises(self, source: Source) -> bool:
        if not isinstance(source, str):
            return memory.recognised(source)
        return reading.recognises(source)

    def read(
        self, source: Source, options: Json, reserved: Reserved | None = None
    ) -> Loaded[Images]:
        return reading.read(source, reading.read_options(options))

    def read_like(self, source: Source, data: Images, options: Json) -> Loaded[Images]:
        return reading.read_like(source, data.schema, reading.read_options(options))

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
        return {
            "rows": len(data),
            "noun": "images",
            "schema": schema.to_json(),
            "columns": columns,
        }


class ImageWriter(Writer[Images]):
    """A folder of pictures."""

    folders: ClassVar[bool] = True

    def name(self, source: str) -> str:
        return "images"

    def write(
        self,
        parts: Iterator[Part[Images]],
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
        lines = [line for part in parts for line in writing.written(part, path, origin)]
        return Written(len(lines), tuple(lines))

    def to_arrow(self, parts: Sequence[Images]) -> pa.Table:
        return memory.to_arrow(parts)


class ImageGenerator(Generator[Images]):
    """Any registered engine for images."""

    def choose(self, data: Images) -> tuple[str, str]:
        return "cvae", "it learns in minutes, from few pictures as from many"

    def foresee(self, data: Images, wanted: Wanted[Images]) -> Forecast | None:
        _require_no_options(wanted.write)
        known, _ = with_kept_words(data, wanted.protect)
        conditioning = Conditioning.of(known, wanted.protect)
        conditioning = conditioning.opened() if wanted.engine.about.foreign else conditioning
        conditioning.check(condition_of(wanted.ask, conditioning, WHERE))
        costs = wanted.engine.costs(data, wanted.device)
        if costs is None:
            return None
        held = costs.bytes + len(data) * data.schema.height * data.schema.width * 3
        sample = (costs.row_seconds + PICTURE_SECONDS) * wanted.rows
        return Forecast(costs.fit_seconds, sample, scoring_seconds(data.schema), held)

    def fit(
        self,
        engine: Engine[Images],
        data: Images | None,
        job: Job,
        protect: bool,
        whole: Images | None,
    ) -> Fitted[Images]:
        if data is None or whole is None:
            assert isinstance(engine, Diffusers), "the only foreign engine of images"
            return ImageModel.adopt(engine, job.device)
        return ImageModel.fit(engine, data, job, protect, len(whole))

    def restore(self, stored: Stored) -> Fitted[Images]:
        return ImageModel.restore(stored)


class ImageEvaluator(Evaluator[Images]):
    """Every registered metric, beside fresh real pictures and shuffled pixels; and a grid."""

    options: ClassVar[frozenset[str]] = frozenset({"features"})

    def names(self) -> tuple[str, ...]:
        from augment.kinds.images.metrics import scoring

        return tuple(measure.name for measure in scoring.measures())

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
        grid = contact_sheet.grid(fake)
        picture = base64.b64encode(grid).decode("ascii")
        return dataclasses.replace(
            scored, document={**scored.document, "grid": picture}, files={GRID: grid}
        )


IMAGES = Kind(Images.kind, ImageReader(), ImageWriter(), ImageGenerator(), ImageEvaluator())


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

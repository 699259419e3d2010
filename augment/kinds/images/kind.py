"""Images as the lifecycle sees them: four ports."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from augment.core.errors import UsageError
from augment.core.fitted import Fitted
from augment.core.kind import (
    Forecast,
    Generator,
    Kind,
    Loaded,
    Origin,
    Part,
    Reader,
    Reserved,
    Wanted,
    Writer,
    Written,
    column,
)
from augment.core.source import Source
from augment.core.types import Engine, Job, Json
from augment.evaluation.comparison import Comparison
from augment.evaluation.evaluator import Extras, MetricEvaluator, Words
from augment.evaluation.scoring import Sides
from augment.evaluation.verdict import Unscored
from augment.kinds.images.data import contact_sheet
from augment.kinds.images.data.captions import with_kept_words
from augment.kinds.images.data.dataset import UNLABELLED, Images
from augment.kinds.images.engines.conditioning import WHERE, Conditioning
from augment.kinds.images.engines.costs import PICTURE_SECONDS, scoring_seconds
from augment.kinds.images.engines.diffusers.engine import Diffusers
from augment.kinds.images.generator import photographs
from augment.kinds.images.generator.conditions import condition_of
from augment.kinds.images.generator.model import ImageModel
from augment.kinds.images.io import archives, memory, reading, writing
from augment.nets.devices import device_for

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("", "png")
GRID = "grid.png"
NOUN = "images"


class ImageReader(Reader[Images]):
    """Folders, lists and archives of pictures."""

    options = frozenset(f.name for f in dataclasses.fields(reading.ReadOptions))

    def recognises(self, source: Source) -> bool:
        if not isinstance(source, str):
            return memory.recognised(source)
        return reading.recognises(source)

    def read(self, source: Source, options: Json) -> Loaded[Images]:
        return reading.read(source, reading.read_options(options))

    def read_like(self, source: Source, data: Images, options: Json) -> Loaded[Images]:
        return reading.read_like(source, data.schema, reading.read_options(options))

    def describe(self, data: Images, show_values: bool) -> Json:
        """One column per thing that an image has: its pixels, its label, its caption."""
        schema = data.schema
        size = f"{schema.width} × {schema.height} {schema.mode}"
        columns: list[Json] = [column("image", "image", "uint8", 0, len(data), size)]
        if schema.classes:
            missing = int((data.label_codes == UNLABELLED).sum())
            few = len(schema.classes)
            label = column("label", "categorical", "string", missing, few, "class")
            columns.append({**label, "values": list(schema.classes)} if show_values else label)
        if data.captions is not None:
            missing = sum(not caption for caption in data.captions)
            words = f"{len(schema.vocabulary)} words"
            columns.append(
                column("prompt", "text", "string", missing, len(set(data.captions)), words)
            )
        return {"schema": schema.to_json(), "columns": columns}


class ImageWriter(Writer[Images]):
    """A folder of pictures, or an archive of them."""

    folders: ClassVar[bool] = True
    packed: ClassVar[tuple[str, ...]] = tuple(archives.FORMATS)

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
        if format in self.packed:
            return archives.write_archive(parts, path, format, force, origin)
        if format not in FORMATS:
            raise UsageError(
                f"--format {format}: images are written as png, or into files of many as "
                f"{' or '.join(self.packed)}."
            )
        lines = [line for part in parts for line in writing.written(part, path, origin)]
        return Written(len(lines), tuple(lines))

    def to_arrow(self, parts: Sequence[Images]) -> pa.Table:
        return memory.to_arrow(parts)


class ImageGenerator(Generator[Images]):
    """Any registered engine for images."""

    fitted: ClassVar[type[ImageModel]] = ImageModel

    def prepared(self, loaded: Loaded[Images], reserved: Reserved) -> Loaded[Images]:
        """The same images, and advice where they look like photographs."""
        device = device_for(reserved.device, Diffusers.about)
        return dataclasses.replace(loaded, advice=photographs.advice(loaded.data, device))

    def choose(self, data: Images) -> tuple[str, str]:
        return "cvae", "quick to fit, with few images as with many"

    def foresee(self, data: Images, wanted: Wanted[Images]) -> Forecast | None:
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


def _views(rows: Comparison[Images]) -> Sides:
    from augment.kinds.images.metrics import scoring

    return scoring.views(rows)


def _unscored(data: Images) -> list[Unscored]:
    from augment.kinds.images.metrics import scoring

    return scoring.unscored(data)


def _extras(rows: Comparison[Images]) -> Extras:
    """Sheets of pictures in the report, and one of made pictures in full size beside it."""
    from augment.kinds.images.metrics.sheets import sample_sheets

    show = bool(rows.options.get("show_real"))
    unseen = rows.unseen if rows.seen_known else None
    sheets = sample_sheets(unseen, rows.made, rows.real, show)
    return Extras(charts=sheets, files={GRID: contact_sheet.grid(rows.made)})


EVALUATOR = MetricEvaluator(
    Images.kind,
    Words(
        rows=NOUN,
        columns="classes",
        floor="pictures whose pixels are each drawn from another picture of the class",
    ),
    views=_views,
    unscored=_unscored,
    extras=_extras,
    options=frozenset({"features", "show_real"}),
)
IMAGES = Kind(Images.kind, NOUN, ImageReader(), ImageWriter(), ImageGenerator(), EVALUATOR)

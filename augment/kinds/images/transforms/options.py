"""What is asked of `augment transform`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from augment.core.errors import UsageError
from augment.core.reading_options import require_known
from augment.core.types import Json
from augment.kinds.images.io.layouts import AS_FOUND, Asked
from augment.kinds.images.io.reading import ReadOptions, read_options
from augment.kinds.images.io.rejects import Rejects
from augment.kinds.images.transforms.mixing import of_options
from augment.kinds.images.transforms.pipeline import Pipeline, preset
from augment.kinds.images.transforms.pipeline_file import read_pipeline

PRESET = "medium"
FORMATS = ("png", "source")
OWN = (
    "preset",
    "pipeline",
    "mix",
    "per_image",
    "balance",
    "originals",
    "flips",
    "keep_marks",
    "image_format",
)


@dataclass(frozen=True)
class Options:
    """`flips` None: off for digits, letters and keypoints, else on."""

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


def options_of(given: Json) -> Options:
    """Plain options by name, with those of reading. Raises `UsageError` for an unknown one, and
    for such as exclude each other."""
    require_known(given, [*OWN, *(each.name for each in fields(ReadOptions))], "images")
    own = {name: value for name, value in given.items() if name in OWN and value is not None}
    files = read_options({name: value for name, value in given.items() if name not in OWN})
    if "preset" in own and "pipeline" in own:
        raise UsageError("--preset and --pipeline exclude each other. Choose one.")
    if "per_image" in own and own.get("balance"):
        raise UsageError("--per-image and --balance exclude each other. Choose one.")
    if own.get("per_image", 1) < 1:
        raise UsageError("--per-image must be at least 1.")
    written = own.get("image_format", FORMATS[0])
    if written not in FORMATS:
        raise UsageError(f"--image-format {written}: choose png or source.")
    return Options(
        pipeline=_pipeline(own),
        user_made="pipeline" in own,
        per_image=own.get("per_image", 1),
        balance=own.get("balance", False),
        originals=own.get("originals", False),
        flips=own.get("flips"),
        source_format=written == "source",
        keep_marks=own.get("keep_marks", False),
        rejects=Rejects(files.on_error, files.quarantine, files.rejects, files.max_bad),
        asked=Asked(files.root, files.label_column, files.caption_columns),
    )


def _pipeline(own: Json) -> Pipeline:
    """The steps that are asked for; with `mix` alone, images are mixed and nothing else is done."""
    mixing = of_options(tuple(own.get("mix", ())))
    if "pipeline" in own:
        steps = read_pipeline(Path(own["pipeline"]))
    elif "preset" in own or not mixing:
        steps = preset(own.get("preset", PRESET))
    else:
        return Pipeline(_called(own["mix"]), (), mixing)
    if not mixing:
        return steps
    if steps.mixing:
        raise UsageError(f"{own['pipeline']} mixes images by itself: leave out --mix.")
    return Pipeline(f"{_called(own['mix'])}+{steps.name}", steps.steps, mixing)


def _called(names: Sequence[str]) -> str:
    return "+".join(dict.fromkeys(names))

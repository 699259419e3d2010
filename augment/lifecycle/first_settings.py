"""`augment init`: what a settings file for some data should say, from a look at the data."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import augment
from augment.core.source import path_of
from augment.core.types import Json, Tick
from augment.lifecycle import inspection
from augment.settings import initial

SCHEMA = "augment.init/1"


def of_source(
    source: str,
    kind: str | None,
    options: Json,
    reading: Json,
    *,
    folder: Path,
    tell: Callable[[Tick], None],
) -> tuple[str, Json]:
    """The text of an `augment.toml` that is to lie in `folder`, and what `--json` prints.

    `reading` are the reading options as such a file spells them.
    """
    found, loaded = inspection.read(source, kind, options, tell)
    described = found.describe(loaded.data, show_values=False)
    engine, reason = found.generator.choose(loaded.data)
    guess = described.get("guess", {"target": None, "why": ""})
    name = Path(source).stem or "data"
    path = path_of(source)
    seen = source if path is None or path.is_absolute() else os.path.relpath(path, folder)
    text = initial.text(
        initial.Found(
            f"Settings for {source}, made by augment {augment.__version__}.",
            described,
            engine,
            reason,
            reading,
            (guess["target"], guess["why"]),
            {"name": name, "source": seen, "out": f"out/{name}"},
            "columns" in found.reader.options,
        )
    )
    document: Json = {
        "schema": SCHEMA,
        "source": source,
        "kind": found.name,
        "engine": engine,
        "engine_reason": reason,
        "target": described["schema"].get("target"),
        "guess": guess,
        "notes": list(loaded.notes),
    }
    return text, document

"""`augment init`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from augment.cli import options as o
from augment.cli import output, progress
from augment.cli.output import line
from augment.cli.reading_options import ReadingFlags
from augment.core.folders import working_folder
from augment.core.types import Json
from augment.settings.file import FILE

if TYPE_CHECKING:
    from rich.console import Console

STDOUT = "-"


def init(
    *,
    source: o.Source,
    out: Annotated[
        str, typer.Option("-o", "--out", help="The file to write, or - for standard output.")
    ] = FILE,
    reading: ReadingFlags,
    force: o.Force = False,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Write a commented augment.toml made from SRC: columns, engine, target, gates."""
    from augment.core.files import atomic_alone, require_writable
    from augment.lifecycle import first_settings

    place = Path(out)
    if out != STDOUT:
        require_writable(place, force)
    kind = reading.kind_of(source, config)
    with progress.shown(screen) as tell:
        text, document = first_settings.of_source(
            source,
            reading.kind,
            reading.suited(kind, config),
            _as_settings(reading, place.parent),
            folder=working_folder() if out == STDOUT else place.parent,
            tell=tell,
        )
    if out != STDOUT:
        with atomic_alone(place, force=force) as stream:
            stream.write(text.encode("utf-8", "replace"))
    elif not screen.as_json:
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    output.show({**document, "output": out, "text": text}, screen, _told)


def _as_settings(reading: ReadingFlags, folder: Path) -> Json:
    """The reading options that were given, as the file is to hold them."""
    return {
        name: _relative(value, folder) if isinstance(value, Path) else value
        for name, value in vars(reading).items()
        if value is not None
    }


def _relative(path: Path, folder: Path) -> Any:
    return str(path) if path.is_absolute() else os.path.relpath(path, folder)


def _told(console: Console, document: Json, verbose: bool) -> None:
    line(console, f"Engine {document['engine']}: {document['engine_reason']}.")
    guess = document["guess"]
    if guess["target"] is not None and document["target"] is None:
        line(console, f"Target, perhaps: {guess['target']}.")
    if document["output"] != STDOUT:
        line(console, f"Settings: {document['output']}", style="bold")
        line(console, f"Look through it, then: augment run {document['source']} -o out/")

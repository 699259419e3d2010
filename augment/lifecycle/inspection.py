"""`augment inspect`: what the source holds, and the schema as a file to edit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from augment.core.files import clear_abandoned, require_writable, write_json
from augment.core.kind import Kind, Loaded
from augment.core.source import Source
from augment.core.types import Json, Tick
from augment.lifecycle.journal import Journal
from augment.lifecycle.plan import kind_of


def read(
    source: Source, kind: str | None, options: Json, tell: Callable[[Tick], None]
) -> tuple[Kind[Any], Loaded[Any]]:
    """The kind of data that `source` is, and its rows."""
    found = kind_of(source, kind)
    with Journal(None, tell).stage("read"):
        return found, found.read(source, options)


def inspect(
    source: Source,
    kind: str | None,
    options: Json,
    schema_out: Path | None,
    *,
    force: bool,
    show_values: bool,
    tell: Callable[[Tick], None],
) -> Json:
    """Read `source` and describe it. Returns what `--json` prints."""
    if schema_out is not None:
        require_writable(schema_out, force)
        clear_abandoned(schema_out.resolve().parent)
    found, loaded = read(source, kind, options, tell)
    described = found.describe(loaded.data, show_values)
    if schema_out is not None:
        write_json(schema_out, described["schema"], force=force)
    return {
        "schema": "augment.inspect/1",
        "source": str(source),
        "files": list(loaded.files),
        "notes": list(loaded.notes),
        "rejected_rows": loaded.rejected,
        "data": described,
    }

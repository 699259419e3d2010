"""`augment inspect`: what the source holds, and the schema as a file to edit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from augment.core.files import require_writable, write_json
from augment.core.types import Json, Tick
from augment.lifecycle.journal import Journal
from augment.lifecycle.plan import kind_of


def inspect(
    source: str,
    kind: str | None,
    read: Json,
    schema_out: Path | None,
    *,
    force: bool,
    show_values: bool,
    tell: Callable[[Tick], None],
) -> Json:
    """Read `source` and describe it. Returns what `--json` prints."""
    if schema_out is not None:
        require_writable(schema_out, force)
    reader = kind_of(source, kind).reader
    with Journal(None, tell).stage("read"):
        loaded = reader.read(source, read)
    described = reader.describe(loaded.data, show_values)
    if schema_out is not None:
        write_json(schema_out, described["schema"], force=force)
    return {
        "schema": "augment.inspect/1",
        "source": source,
        "files": list(loaded.files),
        "notes": list(loaded.notes),
        "rejected_rows": loaded.rejected,
        "data": described,
    }

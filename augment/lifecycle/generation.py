"""`augment sample`: rows from a stored model, to a file or to standard output."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from augment.base import registry, store
from augment.base.errors import BadInput, UsageError
from augment.base.files import require_writable
from augment.base.seeds import Seed
from augment.base.types import Condition, Json, Tick
from augment.base.wing import Ask, Fitted, Wing
from augment.lifecycle.plan import row_count
from augment.lifecycle.sampling import blocks, parse_shard


def open_model(path: Path) -> tuple[Wing[Any], Fitted[Any]]:
    """A model folder, or the `model/` of a run folder."""
    folder = path / "model" if (path / "model" / "model.json").is_file() else path
    stored = store.load(folder)
    for group, name in (("kinds", stored.kind), ("engines", stored.engine)):
        if name not in registry.names(group):
            raise BadInput(
                f"the model needs the {group.removesuffix('s')} {name!r}, which is not here.",
                where=str(folder),
                hint="Install the plugin that brings it, or an augment that knows it.",
            )
    wing: Wing[Any] = registry.find("kinds", stored.kind)()
    return wing, wing.restore(stored)


def sample(
    path: Path,
    *,
    count: str | None,
    seed: int | None,
    ask: Ask,
    shard: str | None,
    out: Path | None,
    format: str | None,
    force: bool,
    write: Json,
    tell: Callable[[Tick], None],
) -> Json:
    """Write a sample; `out=None` is standard output. Returns what `--json` prints.

    With `--given` the number of rows is that of the file.
    """
    piece = parse_shard(shard)
    if out is not None:
        require_writable(out, force)
    wing, model = open_model(path)
    given = model.condition(ask)
    rows = _rows(count, given, model)
    used = Seed.fresh() if seed is None else Seed(seed)
    parts = blocks(model, rows, used.child("sample"), given, wing.block_rows, tell, piece)
    written = wing.write(parts, out, format or "", force, write)
    return {
        "schema": "augment.sample/1",
        "model": str(path),
        "engine": model.engine,
        "rows": written,
        "seed": used.value,
        "shard": shard,
        "output": "-" if out is None else str(out),
    }


def _rows(count: str | None, given: Condition, model: Fitted[Any]) -> int:
    if given.partial is None:
        return row_count(count or "1x", model.rows)
    if count is not None:
        raise UsageError("-n and --given exclude each other: --given fills the rows of its file.")
    return len(given.partial)

"""`augment edit`: every item of a source changed by a fitted model, into a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from augment.core import registry
from augment.core.errors import OutOfResources, UsageError
from augment.core.files import require_outside
from augment.core.source import Source, path_of
from augment.core.types import Json, Tick
from augment.lifecycle.opened_model import Opened
from augment.work.executors import executor
from augment.work.folder_job import perform


def edit(
    opened: Opened,
    source: Source,
    out: Path,
    options: Json,
    *,
    seed: int | None,
    force: bool,
    dry_run: bool,
    tell: Callable[[Tick], None],
) -> Json:
    """Fill `out` with edited items of `source`; what was done, as JSON.

    `options` are those of the kind of data by name, of reading it and of editing it. The same
    seed gives the same bytes, also after a restart. Raises `UsageError` for a model that cannot
    edit.
    """
    require_outside(out, path_of(source))
    if opened.kind.name not in registry.names("edits"):
        raise UsageError(
            f"{opened.path} makes rows of a {opened.kind.name}, which cannot be edited. To fill "
            "gaps in rows, use: augment sample MODEL --given FILE"
        )
    prepare = registry.find("edits", opened.kind.name)
    job = prepare(opened.model, opened.digest, source, options, tell)
    # In this process: a network on all its cores, or on a device, needs no others.
    document = perform(
        job, out, seed=seed, executor=executor(1), force=force, dry_run=dry_run, tell=tell
    )
    return {**document, "model": str(opened.path)}


def shortfall(document: Json) -> OutOfResources | None:
    """What there is to complain of where too few edits kept their label."""
    if not document.get("too_few"):
        return None
    return OutOfResources(
        f"only {document['made']:,} of {document['planned']:,} edits kept their label within "
        f"{document['tries']} draws; they are in {document['output']}. "
        "Lower --strength, or raise --tries."
    )

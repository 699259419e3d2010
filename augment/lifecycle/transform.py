"""`augment transform`: a classical augmentation of every item of a source, into a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from augment.core import registry
from augment.core.errors import UsageError
from augment.core.files import require_outside
from augment.core.types import Json, Tick, Workers
from augment.lifecycle.plan import kind_of
from augment.work.executors import executor
from augment.work.folder_job import perform


def transform(
    source: str,
    out: Path,
    options: Json,
    *,
    workers: Workers,
    seed: int | None,
    force: bool,
    dry_run: bool,
    tell: Callable[[Tick], None],
) -> Json:
    """Fill `out` with transformed items of `source`, in its layout; what was done, as JSON.

    `options` are those of the kind of data by name, of reading it and of transforming it. The
    same seed gives the same bytes for any number of processes, and after a restart.
    """
    processes = executor(workers)
    require_outside(out, Path(source))
    kind = kind_of(source, None)
    if kind.name not in registry.names("transforms"):
        able = ", ".join(registry.names("transforms"))
        raise UsageError(f"{source} is read as {kind.name}. What can be transformed: {able}.")
    with registry.find("transforms", kind.name)(source, options, tell) as job:
        return perform(
            job, out, seed=seed, executor=processes, force=force, dry_run=dry_run, tell=tell
        )

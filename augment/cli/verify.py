"""`augment verify`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from augment.cli import options as o
from augment.cli import output, summary
from augment.core.errors import BadInput
from augment.sources.remote.fetching import here
from augment.sources.remote.uri import is_uri


def verify(
    *,
    folder: Annotated[str, typer.Argument(metavar="OUT", help="A folder that augment wrote.")],
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Check every file of a run, model, evaluation or image folder against its manifest."""
    from augment.work.manifest import verify as check

    with here(folder) as place:
        found = check(place)
    document = {
        "schema": "augment.verify/1",
        "folder": str(Path(folder)) if not is_uri(folder) else folder,
        **{name: list(value) for name, value in dataclasses.asdict(found).items()},
    }
    error = None
    if found.changed or found.missing:
        names = ", ".join([*found.changed, *found.missing][:5])
        error = BadInput(
            f"changed files: {len(found.changed)}, missing ones: {len(found.missing)} ({names}).",
            where=str(folder),
            hint="Restore them, or run again with --force.",
        )
    output.show(document, screen, summary.of_verify, failure=error)

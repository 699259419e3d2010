"""`augment verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from augment.cli import options as o


def verify(
    *,
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="A run folder.")],
    screen: o.Screen,
) -> None:
    """Check every file of a run folder against its manifest."""
    import dataclasses

    from augment.base.errors import BadInput
    from augment.cli import summary
    from augment.lifecycle.folder import verify as check

    found = check(folder)
    document = {
        "schema": "augment.verify/1",
        "folder": str(folder),
        **{name: list(value) for name, value in dataclasses.asdict(found).items()},
    }
    summary.show(document, screen, summary.of_verify)
    if found.changed or found.missing:
        names = ", ".join([*found.changed, *found.missing][:5])
        raise BadInput(
            f"{len(found.changed)} files changed and {len(found.missing)} are missing: {names}.",
            where=str(folder),
            hint="Restore them, or run again with --force.",
        )

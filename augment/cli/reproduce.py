"""`augment reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from augment.cli import options as o
from augment.cli import output, progress
from augment.cli.output import line
from augment.cli.parsing import placed
from augment.core.errors import listed
from augment.core.types import Json

if TYPE_CHECKING:
    from rich.console import Console


def reproduce(
    *,
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that `run -o` wrote.")],
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="SRC", help="Where the data are now, if they moved."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Keep the second run here. Default: it is removed."),
    ] = None,
    workers: o.Workers = None,
    executor: o.Executor = None,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Run RUN again from its own run.json: the same bytes (exit 0), or what differs (exit 3)."""
    from augment.lifecycle import reproduction

    with progress.shown(screen) as tell:
        document = reproduction.reproduce(
            run, source, out, workers=placed(workers, executor), tell=tell
        )
    output.show(document, screen, _told, failure=reproduction.failure(document))


def _told(console: Console, document: Json, verbose: bool) -> None:
    if document["same"]:
        line(
            console,
            f"The same bytes: {document['compared']} files, seed {document['seed']}.",
            "run.json and log.jsonl hold times and are not compared.",
            style="green",
        )
        changed = document["changed_since"]
        if changed:
            line(
                console,
                f"But since it was written, {listed(changed)} in {document['run']} changed: these "
                "are no longer what both runs made.",
                style="yellow",
            )
        if document["folder"] is not None:
            line(console, f"Second run: {document['folder']}", style="bold")
        return
    for name in document["differing"]:
        line(console, f"differs: {name}", style="red")
    for sentence in document["sentences"]:
        line(console, sentence)

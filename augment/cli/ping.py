"""`augment ping`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from augment.cli import options as o
from augment.cli import output
from augment.cli.output import line
from augment.core.types import Json

if TYPE_CHECKING:
    from rich.console import Console


def ping(
    *,
    uri: Annotated[str, typer.Argument(metavar="URI", help="A database, a URI, or a path.")],
    write: Annotated[
        bool, typer.Option("--write", help="Try to write there, too, and undo it.")
    ] = False,
    screen: o.Screen,
) -> None:
    """Say whether URI can be reached, read and, with --write, written; nothing of it is kept."""
    from augment.sources.reachability import tried

    document = {"schema": "augment.ping/1", **tried(uri, write)}
    output.show(document, screen, _told, loud=True)


def _told(console: Console, document: Json, verbose: bool) -> None:
    for step in document["steps"]:
        line(console, f"{step['name']}: {step['found']}")

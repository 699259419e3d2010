"""`augment engines`."""

from __future__ import annotations

from typing import Annotated

import typer

from augment.cli import options as o
from augment.cli import output, summary
from augment.core import registry


def engines(
    *,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[ENGINE]",
            help="Show this one's parameters.",
            autocompletion=o.named("engines"),
        ),
    ] = None,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """List the engines with their licences, or one engine's parameters."""

    names = registry.names("engines") if name is None else [name]
    document = {
        "schema": "augment.engines/1",
        "engines": [registry.described(each, detailed=name is not None) for each in names],
    }
    show = summary.of_engines if name is None else summary.of_engine
    output.show(document, screen, show, loud=True)

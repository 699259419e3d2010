"""`augment inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from augment.cli import options as o
from augment.cli import output, progress, summary
from augment.cli.reading_options import ReadingFlags


def inspect(
    *,
    source: o.Source,
    schema_out: Annotated[
        Path | None, typer.Option("--schema-out", help="Write the schema here, to edit and reuse.")
    ] = None,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Show the values of columns with few of them.")
    ] = False,
    reading: ReadingFlags,
    force: o.Force = False,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Read SRC and say what each column is taken for, and why."""
    from augment.lifecycle import inspection

    read = reading.suited(reading.kind_of(source, config), config)
    with progress.shown(screen) as tell:
        document = inspection.inspect(
            source, reading.kind, read, schema_out, force=force, show_values=show_values, tell=tell
        )
    output.show(document, screen, summary.of_inspect, loud=True)

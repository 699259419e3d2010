"""`augment report`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from augment.cli import options as o
from augment.cli import output, report_summary
from augment.core.types import Json
from augment.sources.remote.fetching import here


def report(
    *,
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run or evaluation folder, or a report.json.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", help="A file, by its name .html, .md or .xml (JUnit); - for the screen."
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option("--format", help="text (the default), html, markdown or junit."),
    ] = None,
    force: o.Force = False,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Show the report of RUN again, or write it as HTML, Markdown or JUnit XML."""
    from augment.core.files import atomic_alone, require_writable
    from augment.lifecycle import reports

    out = None if out == Path("-") else out
    wanted = reports.format_for(format, out)
    if out is not None:
        require_writable(out, force)
    with here(run) as place:
        found = reports.load(place)
    if out is not None:
        with atomic_alone(out, force=force) as stream:
            stream.write(reports.render(found, wanted, Path(run)).encode("utf-8", "replace"))
        document: Json = {"schema": "augment.written/1", "format": wanted, "output": str(out)}
        output.show(document, screen, lambda c, d, v: output.line(c, f"Report: {d['output']}"))
    elif wanted == "text" or screen.as_json:
        shown = found if screen.as_json else {"report": found}
        output.show(shown, screen, report_summary.of_report, loud=True)
    else:
        page = reports.render(found, wanted, Path(run))
        sys.stdout.buffer.write(page.encode("utf-8", "replace"))  # whatever the locale: XML says so
        sys.stdout.buffer.flush()

"""`augment sample`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from augment.cli import options as o


def sample(
    *,
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model folder or a run folder.")],
    out: Annotated[str, typer.Option("-o", "--out", help="A file, or - for standard output.")],
    rows: Annotated[
        str | None,
        typer.Option("-n", "--rows", help="Rows: 5000, 10k, 1e6, 2x. Default: 1x the source."),
    ] = None,
    seed: o.Seed = None,
    asking: o.Asking,
    given: o.Given = None,
    shard: Annotated[
        str | None, typer.Option(help="i/N: only the i-th of N parts of the same sample.")
    ] = None,
    format: o.Format = None,
    excel_safe: o.ExcelSafe = False,
    force: o.Force = False,
    screen: o.Screen,
) -> None:
    """Write new rows from a fitted model."""
    from augment.base.errors import UsageError
    from augment.cli import progress, summary
    from augment.lifecycle import generation

    if out == "-" and screen.as_json:
        raise UsageError("--json and -o - both claim standard output. Choose one.")
    with progress.shown(screen) as tell:
        order = generation.Order(
            rows,
            seed,
            asking.ask(given),
            shard,
            format,
            {"excel_safe": True} if excel_safe else {},
        )
        opened = generation.open_model(model)
        place = None if out == "-" else Path(out)
        document = generation.sample(opened, order, place, force=force, tell=tell)
    summary.show(document, screen, summary.of_sample)

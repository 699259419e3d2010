"""`augment lift`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from augment.cli import lift_summary, output, progress, requests
from augment.cli import options as o
from augment.cli.parsing import placed
from augment.cli.reading_options import ReadingFlags


def lift(
    *,
    source: o.Source,
    out: Annotated[Path, typer.Option("-o", "--out", help="A folder for lift.json and .html.")],
    seeds: Annotated[int, typer.Option(help="Splits and fits to compare over, at least 5.")] = 5,
    fitting: o.FittingFlags,
    seed: o.Seed = None,
    reading: ReadingFlags,
    workers: o.Workers = None,
    executor: o.Executor = None,
    force: o.Force = False,
    dry_run: o.Estimate = False,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Say whether synthetic rows or images help a classifier, beside SMOTE and the like."""
    from augment.lifecycle.lift import lift as lifecycle_lift

    kind = reading.kind_of(source, config)
    request = requests.request(source, fitting, reading, seed, config, kind)
    with progress.shown(screen) as tell:
        document = lifecycle_lift(
            request,
            out,
            seeds=seeds,
            workers=placed(workers, executor),
            force=force,
            dry_run=dry_run,
            tell=tell,
        )
    output.show(document, screen, lift_summary.of_lift)

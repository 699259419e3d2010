"""`augment fit`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from augment.cli import options as o
from augment.cli import output, progress, requests, summary
from augment.cli.parsing import placed
from augment.cli.reading_options import ReadingFlags
from augment.core.errors import UsageError
from augment.sources.remote.publishing import published


def fit(
    *,
    source: o.Source,
    out: Annotated[str, typer.Option("-o", "--out", help="The model folder to make.")],
    start: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="MODEL", help="Go on from this older model (model or run folder)."
        ),
    ] = None,
    show_values: Annotated[
        bool,
        typer.Option("--show-values", help="With --from: name the values that the model lacks."),
    ] = False,
    fitting: o.FittingFlags,
    seed: o.Seed = None,
    workers: o.Workers = None,
    executor: o.Executor = None,
    reading: ReadingFlags,
    force: o.Force = False,
    dry_run: o.Estimate = False,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Fit a generator on all rows of SRC and save it as a model folder."""
    from augment.lifecycle.fitting import fit as lifecycle_fit
    from augment.lifecycle.opened_model import open_model

    if start is not None and fitting.weights is not None:
        raise UsageError("--from and --weights exclude each other: a model keeps its own weights.")
    if show_values and start is None:
        raise UsageError("--show-values goes with --from MODEL, of whose values it tells.")
    kind = reading.kind_of(source, config)
    request = requests.request(source, fitting, reading, seed, config, kind)
    if start is not None and config.settled("engine"):
        request = dataclasses.replace(request, engine="auto")  # settled for fits at large
    with progress.shown(screen) as tell, published(out, force=force) as place:
        older = None if start is None else open_model(start, fitting.device)
        document = lifecycle_fit(
            request,
            place.path,
            force=force,
            dry_run=dry_run,
            tell=tell,
            start=older,
            show_values=show_values,
            workers=placed(workers, executor),
        )
        if not dry_run:
            place.send()
    output.show(place.shown(document), screen, summary.of_fit)

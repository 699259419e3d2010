"""`augment fit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from augment.cli import options as o
from augment.cli import output, progress, requests, summary


def fit(
    *,
    source: o.Source,
    out: Annotated[Path, typer.Option("-o", "--out", help="The model folder to make.")],
    fitting: o.FittingFlags,
    seed: o.Seed = None,
    reading: o.ReadingFlags,
    force: o.Force = False,
    dry_run: o.Estimate = False,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Fit a generator on all rows of SRC and save it as a model folder."""
    from augment.lifecycle.fitting import fit as lifecycle_fit

    kind = reading.kind_of(source, config)
    request = requests.request(source, fitting, reading, seed, config, kind)
    with progress.shown(screen) as tell:
        document = lifecycle_fit(request, out, force=force, dry_run=dry_run, tell=tell)
    output.show(document, screen, summary.of_fit)

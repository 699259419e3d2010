"""`augment compare`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from augment.cli import options as o
from augment.cli import output, progress, requests
from augment.cli.flags import Configured, flag
from augment.cli.parsing import parameters_by_engine, placed
from augment.cli.reading_options import ReadingFlags
from augment.core import registry
from augment.settings.sections import DEFAULTS


def _names(incomplete: str) -> list[str]:
    """Completes the last one of a list of engines."""
    before, comma, last = incomplete.rpartition(",")
    known = [name for name in registry.names("engines") if name.startswith(last)]
    return [f"{before}{comma}{name}" for name in known]


def _suited(engines: str | None, kind: str | None, config: Configured) -> tuple[str, ...]:
    """The names that were given, without those that are settled for other kinds of data."""
    names = tuple(name.strip() for name in (engines or "").split(",") if name.strip())
    if kind is None or names == ("all",) or not config.settled("engines"):
        return names
    return tuple(n for n in names if registry.find("engines", n).about.kind == kind)


def compare(
    *,
    source: o.Source,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to make.")],
    engines: Annotated[
        str | None, flag("compare.engines", "--engines", autocompletion=_names)
    ] = None,
    rows: Annotated[str, flag("compare.rows", "-n", "--rows")] = DEFAULTS.compare.rows,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "-p",
            "--param",
            metavar="ENGINE.NAME=VALUE",
            help="An engine's parameter. Repeatable.",
        ),
    ] = None,
    max_time: o.MaxTime = None,
    device: o.Device = DEFAULTS.tool.device,
    no_protect: o.NoProtect = DEFAULTS.fitting.no_protect,
    seed: o.Seed = None,
    holdout: o.Holdout = DEFAULTS.scoring.holdout,
    features: o.Features = None,
    reading: ReadingFlags,
    workers: o.Workers = None,
    executor: o.Executor = None,
    force: o.Force = False,
    dry_run: o.Estimate = False,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Compare engines on a sample of SRC's rows, and say which one suits them best."""
    from augment.cli import leaderboard  # Jinja comes with it
    from augment.lifecycle.compare import compare as lifecycle_compare
    from augment.lifecycle.comparison import CompareRequest

    kind = reading.kind_of(source, config)
    fitting = o.FittingFlags(max_time=max_time, device=device, no_protect=no_protect)
    request = CompareRequest(
        replace(
            requests.request(source, fitting, reading, seed, config, kind),
            holdout=holdout,
            score=requests.scoring(kind, features, config),
        ),
        _suited(engines, kind, config),
        parameters_by_engine(param),
        rows,
    )
    with progress.shown(screen) as tell:
        document = lifecycle_compare(
            request, out, workers=placed(workers, executor), force=force, dry_run=dry_run, tell=tell
        )
    output.show(document, screen, leaderboard.of_compare)

"""`augment tune`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from augment.cli import options as o
from augment.cli import output, progress, requests
from augment.cli.flags import flag
from augment.cli.parsing import placed
from augment.cli.reading_options import ReadingFlags
from augment.settings.file import FILE
from augment.settings.sections import DEFAULTS


def tune(
    *,
    source: o.Source,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder of the search to make.")],
    trials: Annotated[int, flag("tuning.trials", "--trials")] = DEFAULTS.tuning.trials,
    objective: Annotated[list[str], flag("tuning.objective", "--objective", metavar="NAME")] = [  # noqa: B006
        *DEFAULTS.tuning.objective
    ],
    storage: Annotated[str | None, flag("tuning.storage", "--storage", metavar="URL")] = None,
    apply: Annotated[
        bool,
        typer.Option("--apply", help="Write the winner to augment.toml, if it is better."),
    ] = False,
    engine: o.Engine = DEFAULTS.fitting.engine,
    param: o.Parameters = None,
    preset: o.Preset = None,
    max_time: o.MaxTime = None,
    device: o.Device = DEFAULTS.tool.device,
    no_protect: o.NoProtect = DEFAULTS.fitting.no_protect,
    locale: o.Locale = None,
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
    """Search for an engine's best parameters on SRC, scored on rows that no trial saw."""
    from augment.cli import tuning_summary  # Jinja comes with it
    from augment.lifecycle import tuning, tuning_result
    from augment.lifecycle.search import TuneRequest

    kind = reading.kind_of(source, config)
    fitting = o.FittingFlags(engine, param, preset, None, max_time, device, no_protect, locale)
    run = replace(
        requests.request(source, fitting, reading, seed, config, kind),
        holdout=holdout,
        score=requests.scoring(kind, features, config),
    )
    request = TuneRequest(run, trials, tuple(objective), storage)
    with progress.shown(screen) as tell:
        document = tuning.tune(
            request, out, workers=placed(workers, executor), force=force, dry_run=dry_run, tell=tell
        )
    if apply and not dry_run:
        document["applied"] = tuning_result.apply(document, config.path or Path(FILE))
    output.show(document, screen, tuning_summary.of_tune, failure=tuning_result.unmet(document))

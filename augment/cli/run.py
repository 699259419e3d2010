"""`augment run`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from augment.cli import options as o
from augment.cli import output, progress, requests, summary
from augment.cli.parsing import appends
from augment.core.errors import GateFailed
from augment.settings.sections import DEFAULTS


def run(
    *,
    source: o.Source,
    out: Annotated[Path, typer.Option("-o", "--out", help="The run folder to make.")],
    fitting: o.FittingFlags,
    rows: o.Count = None,
    seed: o.Seed = None,
    asking: o.Asking,
    mode: o.OutputMode = "only",
    mark: o.Mark = False,
    holdout: o.Holdout = DEFAULTS.scoring.holdout,
    gate: o.Gate = None,
    warn: o.Warn = DEFAULTS.gates.warn,
    baseline: o.Baseline = None,
    rounds: o.Rounds = DEFAULTS.refining.rounds,
    goal: o.Goal = DEFAULTS.refining.goal,
    features: o.Features = None,
    show_real: o.ShowReal = DEFAULTS.scoring.show_real,
    reading: o.ReadingFlags,
    excel_safe: o.ExcelSafe = False,
    workers: o.Workers = None,
    force: o.Force = False,
    dry_run: o.Estimate = False,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Fit a generator on SRC, sample it, score the sample on unseen rows; all of it into OUT."""
    from augment.lifecycle import diagnosis, gates
    from augment.lifecycle import run as lifecycle

    kind = reading.kind_of(source, config)
    request = replace(
        requests.request(source, fitting, reading, seed, config, kind),
        count=rows,
        append=appends(mode),
        ask=asking.ask(),
        holdout=holdout,
        gate="privacy" if gate is None else gate,
        warn=warn,
        baseline=None if baseline is None else str(baseline),
        rounds=rounds,
        goal=goal,
        write=requests.writing(kind, config, {"excel_safe": excel_safe, "mark": mark}),
        score=requests.scoring(kind, features, config, show_real),
    )
    with progress.shown(screen) as tell:
        document = lifecycle.run(
            request, out, workers=workers, force=force, dry_run=dry_run, tell=tell
        )
    warnings = gates.warnings(document)
    error = None
    if document.get("failed_gates"):
        report, kept = document["report"], document["folder"]
        document["diagnosis"] = diagnosis.explained(document)
        error = GateFailed(gates.sentence(document["failed_gates"], report, kept))
    output.show(document, screen, summary.of_run, warnings=warnings, failure=error)

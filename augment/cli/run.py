"""`augment run`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from augment.cli import continuous_integration, jobs, output, progress, requests, summary
from augment.cli import options as o
from augment.cli.failures import usage
from augment.cli.parsing import appends, joined, placed
from augment.cli.reading_options import ReadingFlags
from augment.core.errors import GateFailed
from augment.settings.sections import DEFAULTS
from augment.sources.remote.publishing import published


def run(
    *,
    source: o.JobSource = None,
    out: Annotated[str | None, typer.Option("-o", "--out", help="The run folder to make.")] = None,
    job: o.JobNames = None,
    all_jobs: o.AllJobs = False,
    fitting: o.FittingFlags,
    rows: o.Count = None,
    seed: o.Seed = None,
    asking: o.Asking,
    mode: o.OutputMode = "only",
    mark: o.Mark = False,
    holdout: o.Holdout = DEFAULTS.scoring.holdout,
    gate: o.Gates = None,
    warn: o.Warn = None,
    baseline: o.Baseline = None,
    rounds: o.Rounds = DEFAULTS.refining.rounds,
    goal: o.Goal = None,
    shadow_models: o.ShadowModels = None,
    features: o.Features = None,
    show_real: o.ShowReal = DEFAULTS.scoring.show_real,
    reading: ReadingFlags,
    excel_safe: o.ExcelSafe = False,
    workers: o.Workers = None,
    executor: o.Executor = None,
    junit: o.Junit = None,
    if_changed: o.IfChanged = False,
    force: o.Force = False,
    dry_run: o.Estimate = False,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Fit a generator on SRC, sample it, score the sample on unseen rows; all of it into OUT."""
    from augment.lifecycle import diagnosis, gates
    from augment.lifecycle import run as lifecycle
    from augment.lifecycle.plan import default_gate

    if (job or all_jobs) and not jobs.is_one(config):
        jobs.run(job, config, screen, junit)
        return
    if source is None or out is None:  # which jobs alone need not be given
        what = "argument 'SRC'" if source is None else "option '-o' / '--out'"
        raise usage(f"Missing {what}.", "augment run")
    continuous_integration.require_writable(junit)
    kind = reading.kind_of(source, config)
    request = requests.request(source, fitting, reading, seed, config, kind)
    request = replace(
        request,
        count=rows,
        append=appends(mode),
        ask=asking.ask(),
        holdout=holdout,
        gate=joined(gate, default_gate(request.engine)),
        warn=joined(warn, "none"),
        baseline=None if baseline is None else str(baseline),
        rounds=rounds,
        goal=joined(goal, "all"),
        write=requests.writing(kind, config, {"excel_safe": excel_safe, "mark": mark}),
        score=requests.scoring(kind, features, config, show_real, shadow_models),
    )
    with progress.shown(screen) as tell, published(out, force=force, replace=if_changed) as place:
        document = lifecycle.run(
            request,
            place.path,
            workers=placed(workers, executor),
            force=force,
            dry_run=dry_run,
            if_changed=if_changed,
            tell=tell,
        )
        if not dry_run:
            place.send(rejected=bool(document.get("failed_gates")))
    document = place.shown(document)
    jobs.note(config, document)
    if not dry_run and not jobs.is_one(config):
        continuous_integration.publish([(str(out), document["report"])], junit)
    warnings = gates.warnings(document)
    error = None
    if document.get("failed_gates"):
        report, kept = document["report"], document["folder"]
        document["diagnosis"] = diagnosis.explained(document)
        error = GateFailed(gates.sentence(document["failed_gates"], report, kept))
    unchanged = if_changed and document.get("up_to_date") and not dry_run
    shown = summary.of_unchanged if unchanged else summary.of_run
    output.show(document, screen, shown, warnings=warnings, failure=error)

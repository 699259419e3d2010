"""`augment evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from augment.cli import continuous_integration, output, progress, report_summary, requests
from augment.cli import options as o
from augment.cli.parsing import joined, placed
from augment.cli.reading_options import ReadingFlags
from augment.settings.sections import DEFAULTS


def evaluate(
    *,
    real: Annotated[str, typer.Argument(metavar="REAL", help="The real data.")],
    synthetic: Annotated[str, typer.Argument(metavar="SYNTHETIC", help="From any tool.")],
    unseen: Annotated[
        str | None,
        typer.Option(help="Real data that the generator never saw; then REAL is what it saw."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A folder for report.json and report.html.")
    ] = None,
    gate: o.Gates = None,
    warn: o.Warn = None,
    baseline: o.Baseline = None,
    junit: o.Junit = None,
    features: o.Features = None,
    show_real: o.ShowReal = DEFAULTS.scoring.show_real,
    seed: o.Seed = None,
    reading: ReadingFlags,
    workers: o.Workers = None,
    executor: o.Executor = None,
    force: o.Force = False,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Score SYNTHETIC against REAL: fidelity, utility, privacy and validity."""
    from augment.lifecycle import evaluation, gates

    continuous_integration.require_writable(junit)
    kind = reading.kind_of(real, config)
    with progress.shown(screen) as tell:
        document = evaluation.evaluate(
            real,
            synthetic,
            unseen,
            kind=reading.kind,
            read=reading.suited(kind, config),
            score=requests.scoring(kind, features, config, show_real),
            gate=joined(gate, "none"),
            warn=joined(warn, "none"),
            baseline=None if baseline is None else str(baseline),
            seed=seed,
            out=out,
            workers=placed(workers, executor),
            force=force,
            tell=tell,
        )
    continuous_integration.publish([(synthetic, document["report"])], junit)
    output.show(
        document,
        screen,
        report_summary.of_evaluate,
        warnings=gates.warnings(document),
        failure=gates.failure(document["failed_gates"]),
    )

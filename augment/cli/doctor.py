"""`augment doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from augment.cli import diagnosis_summary, output, summary
from augment.cli import options as o
from augment.core.errors import MissingExtra, UsageError
from augment.lifecycle import health
from augment.settings.file import FILE


def doctor(
    *,
    run: Annotated[
        Path | None,
        typer.Argument(
            metavar="[RUN]",
            help="A run (OUT or OUT.rejected), or a folder of evaluate -o. Default: this machine.",
        ),
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write the settings that would help to augment.toml.")
    ] = False,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Check this machine; or say why checks of RUN failed, and which options change that."""
    if run is not None:
        from augment.lifecycle import diagnosis

        document = diagnosis.diagnose(run)
        if apply:
            document["applied"] = diagnosis.apply(document, config.path or Path(FILE))
        output.show(document, screen, diagnosis_summary.of_diagnosis, loud=True)
        return
    if apply:
        raise UsageError("--apply goes with RUN: augment doctor RUN --apply.")
    checks = health.checks()
    document = {"schema": "augment.doctor/1", "checks": [vars(check) for check in checks]}
    broken = [check for check in checks if not check.ok]
    error = None
    if broken:
        names = ", ".join(check.name for check in broken)
        error = MissingExtra(f"{names}: not as augment needs it. What to do stands above.")
    output.show(document, screen, summary.of_doctor, loud=True, failure=error)

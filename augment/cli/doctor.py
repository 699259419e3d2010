"""`augment doctor`."""

from __future__ import annotations

from augment.cli import options as o
from augment.cli import output, summary
from augment.core.errors import MissingExtra
from augment.lifecycle import health


def doctor(
    *,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Check this machine: versions, memory, disk, devices, locale, plugins."""

    checks = health.checks()
    document = {"schema": "augment.doctor/1", "checks": [vars(check) for check in checks]}
    broken = [check for check in checks if not check.ok]
    error = None
    if broken:
        names = ", ".join(check.name for check in broken)
        error = MissingExtra(f"{names}: not as augment needs it. What to do stands above.")
    output.show(document, screen, summary.of_doctor, loud=True, failure=error)

"""`augment doctor`."""

from __future__ import annotations

from augment.cli import options as o


def doctor(
    *,
    screen: o.Screen,
) -> None:
    """Check this machine: versions, memory, disk, devices, locale, plugins."""
    from augment.base.errors import MissingExtra
    from augment.cli import summary
    from augment.lifecycle import health

    checks = health.checks()
    document = {"schema": "augment.doctor/1", "checks": [vars(check) for check in checks]}
    summary.show(document, screen, summary.of_doctor, loud=True)
    broken = [check for check in checks if not check.ok]
    if broken:
        raise MissingExtra(" ".join(f"{check.name}: {check.hint}" for check in broken))

"""Gates: what a result must pass to be published. The verdict is the report's; this only asks."""

from __future__ import annotations

from pathlib import Path

from augment.base.errors import GateFailed, UsageError, did_you_mean
from augment.base.types import Json

GROUPS = ("fidelity", "utility", "privacy", "validity")


def parse(text: str) -> tuple[str, ...]:
    """`--gate`: "none", "all", or groups of scores with commas between."""
    if text == "none":
        return ()
    if text == "all":
        return GROUPS
    return tuple(part.strip() for part in text.split(",") if part.strip())


def check_names(names: tuple[str, ...]) -> None:
    for name in names:
        if name not in GROUPS:
            known = [*GROUPS, "all", "none"]
            raise UsageError(f"--gate {name}: {did_you_mean(name, known)}")


def failed(names: tuple[str, ...], report: Json) -> list[str]:
    """The gated groups whose verdict is a plain no; too little evidence is not a no."""
    passed = report["verdict"]["passed"]
    return [name for name in names if passed.get(name) is False]


def enforce(names: tuple[str, ...], report: Json) -> None:
    """Raise `GateFailed` where a gated group failed."""
    check_names(names)
    no = failed(names, report)
    if no:
        reasons = " ".join(report["verdict"]["sentences"])
        raise GateFailed(f"The data failed the gate {' and '.join(no)}. {reasons}")


def sentence(names: list[str], report: Json, kept: Path) -> str:
    """What failed, why, and where the results lie."""
    reasons = " ".join(report["verdict"]["sentences"])
    return (
        f"The result failed the gate {' and '.join(names)}. {reasons} It is kept in {kept}. "
        "Choose another engine, or pass --gate none to publish it all the same."
    )

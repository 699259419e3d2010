"""Gates: what a result must pass to be published. The verdict is the report's; this only asks."""

from __future__ import annotations

from augment.base.errors import GateFailed, UsageError, did_you_mean
from augment.base.types import Json

GROUPS = ("fidelity", "utility", "privacy", "validity")


def parse(text: str) -> tuple[str, ...]:
    """`--gate`: "none", "all", or groups of scores with commas between."""
    if text.strip() == "none":
        return ()
    if text.strip() == "all":
        return GROUPS
    names = tuple(part.strip() for part in text.split(","))
    check_names(names)
    return names


def check_names(names: tuple[str, ...]) -> None:
    for name in names:
        if name not in GROUPS:
            known = [*GROUPS, "all", "none"]
            raise UsageError(f"--gate {name}: {did_you_mean(name, known)}")


def failed(names: tuple[str, ...], report: Json) -> list[str]:
    """The gated groups whose verdict is a plain no; too little evidence is not a no."""
    passed = report["verdict"]["passed"]
    return [name for name in names if passed.get(name) is False]


def failure(names: tuple[str, ...], report: Json) -> GateFailed | None:
    """The error of scores that have no result to keep aside; None where every gate is passed."""
    check_names(names)
    no = failed(names, report)
    return GateFailed(f"The data failed the gate {' and '.join(no)}.") if no else None


def sentence(names: list[str], kept: str) -> str:
    """What failed, where the results lie, and what to do; the scores have been shown before."""
    return (
        f"The result failed the gate {' and '.join(names)}. It is kept in {kept}. "
        "Choose another engine, or pass --gate none to publish it all the same."
    )

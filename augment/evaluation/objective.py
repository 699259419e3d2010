"""Objectives: what of a report a search for better parameters tries to raise, and its constraint.

An objective is a group (`fidelity`, `utility`), which is worth its `standing`, or one score of the
whole data set.
"""

from __future__ import annotations

from dataclasses import dataclass

from augment.core.errors import UsageError, did_you_mean
from augment.core.types import Better, Group, Json
from augment.evaluation.standing import standing

GROUPS: tuple[Group, ...] = ("fidelity", "utility")
CONSTRAINT: Group = "privacy"


@dataclass(frozen=True)
class Reached:
    """What an objective came to: its value as reports show it, and its worth, of which more is
    always better."""

    value: float
    better: Better
    worth: float


def require_known(names: tuple[str, ...], known: tuple[str, ...]) -> None:
    """Refuse an objective that is neither a group nor one of the scores that there will be."""
    for name in names:
        if name not in GROUPS and name not in known:
            near = did_you_mean(name, [*GROUPS, *known])
            raise UsageError(f"--objective: there is no score {name!r}. {near}")


def reached(name: str, report: Json) -> Reached | None:
    """What a `report.json` says of an objective; None where it was not scored."""
    if name in GROUPS:
        place = standing(report, name)
        return None if place is None else Reached(place.value, "higher", place.value)
    found = [s for s in report["scores"] if s["metric"] == name and not s["where"]]
    if not found or found[0]["value"] is None:
        return None
    value, better, ceiling = (found[0][key] for key in ("value", "better", "ceiling"))
    if better == "near":
        return None if ceiling is None else Reached(value, better, -abs(value - ceiling))
    return Reached(value, better, value if better == "higher" else -value)


def interval(name: str, report: Json) -> tuple[float, float] | None:
    """What holds an objective's value in 95 of 100 data sets; None where that is not known."""
    if name in GROUPS:
        place = standing(report, name)
        return None if place is None else (place.low, place.high)
    for score in report["scores"]:
        if score["metric"] == name and not score["where"] and score["interval"] is not None:
            return score["interval"]["low"], score["interval"]["high"]
    return None


def why_not(name: str, report: Json) -> str:
    """Why an objective has no value."""
    scores = _whole(name, report) if name in GROUPS else report["scores"]
    notes = [s["note"] for s in scores if s["note"] and (name in GROUPS or s["metric"] == name)]
    return notes[0] if notes else "this data has no such score"


def violation(report: Json) -> float:
    """How far the failing checks of privacy miss their limits, together; 0 where none fails."""
    missed = (
        abs(float(check["value"]) - check["limit"])
        for check in report["verdict"]["checks"]
        if check["group"] == CONSTRAINT and check["state"] == "fail"
    )
    return float(sum(missed))


def _whole(group: str, report: Json) -> list[Json]:
    """The scores of a group, of the whole data set."""
    return [s for s in report["scores"] if s["group"] == group and not s["where"]]

"""Objectives: what of a report a search for better parameters tries to raise, and its constraint.

An objective is a group (`fidelity`, `utility`) or one score of the whole data set. A group is
worth the mean of its checks, each 1 where it is as good as fresh real rows, one half at the limit
that just passes, and nearer to 0 the farther it lies beyond: measures of all scales weigh alike,
and one that is hopeless does not drown the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from augment.core.errors import UsageError, did_you_mean
from augment.core.types import Better, Group, Json

GROUPS: tuple[Group, ...] = ("fidelity", "utility")
CONSTRAINT: Group = "privacy"
LEAST_ALLOWED = 1e-3  # distance of a limit from fresh real rows


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
        scores = {score["metric"]: score for score in _whole(name, report)}
        places = [
            _place(check, scores[check["metric"]])
            for check in report["verdict"]["checks"]
            if check["limit"] is not None and check["metric"] in scores
        ]
        return Reached(fmean(places), "higher", fmean(places)) if places else None
    found = [s for s in report["scores"] if s["metric"] == name and not s["where"]]
    if not found or found[0]["value"] is None:
        return None
    value, better, ceiling = (found[0][key] for key in ("value", "better", "ceiling"))
    if better == "near":
        return None if ceiling is None else Reached(value, better, -abs(value - ceiling))
    return Reached(value, better, value if better == "higher" else -value)


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


def _place(check: Json, score: Json) -> float:
    """From 0 to 1, as the head of this file says, by what the limit allows beside noise."""
    value, limit, best = check["value"], check["limit"], score["ceiling"]
    if best is None:  # a fixed limit: all within it is as good
        best, allowed = limit, LEAST_ALLOWED
    else:
        allowed = max(abs(limit - best) - check["noise"], LEAST_ALLOWED)
    near, lower = score["better"] == "near", score["better"] == "lower"
    behind = abs(value - best) if near else value - best if lower else best - value
    return float(1 / (1 + max(0.0, behind) / allowed))

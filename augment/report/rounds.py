"""The rounds of a run: what each tried, where it stood, and why there were no more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from augment.core.types import Json
from augment.evaluation.charts import Estimate, Intervals


@dataclass(frozen=True)
class Row:
    """One round as text; `chosen` is the one whose result is the run's."""

    number: int
    engine: str
    reason: str
    privacy: str
    unmet: str
    chosen: bool


@dataclass(frozen=True)
class Rounds:
    """`sentences` say what was aimed at, what was reached, and what would be tried next."""

    rows: tuple[Row, ...]
    sentences: tuple[str, ...]


def rounds(document: Json) -> Rounds | None:
    """None for a run without rounds."""
    told = document["about"].get("rounds")
    return None if told is None else Rounds(tuple(_rows(told)), tuple(_sentences(told)))


def charts(document: Json) -> list[Json]:
    """Where the rounds stood in fidelity and in utility."""
    found = []
    for group in ("fidelity", "utility"):
        estimates = tuple(
            Estimate(f"round {row['round']}: {row['engine']}", **row[group])
            for row in (document["about"].get("rounds") or {}).get("history", [])
            if row[group] is not None
        )
        if estimates:
            meaning = "From rows without structure (0) to fresh real ones (1, the dashed line)."
            title = f"{group.capitalize()} by round"
            found.append(Intervals("training", title, meaning, estimates, origin=1.0).to_json())
    return found


def _rows(told: Json) -> Iterator[Row]:
    for row in told["history"]:
        chosen = row["round"] == told["chosen"]
        yield Row(row["round"], row["engine"], row["reason"], row["privacy"], unmet(row), chosen)


def unmet(row: Json) -> str:
    """What of the goal a round failed or did not show; "met" where it is neither."""
    failed: str = row["failed"] or "; ".join(row["unmet"])
    if failed:
        return failed
    return f"not shown: {'; '.join(row['unshown'])}" if row.get("unshown") else "met"


def _sentences(told: Json) -> Iterator[str]:
    goal = " and ".join(told["goal"])
    if goal:
        chosen = next(row for row in told["history"] if row["round"] == told["chosen"])
        unshown = not chosen["unmet"] and chosen.get("unshown")
        met = "met" if told["goal_met"] else "not shown to be met" if unshown else "not met"
        yield f"The goal, {goal}, is {met}."
    yield f"Round {told['chosen']} is kept. No more: {told['reason'].removesuffix('.')}."
    if told["next"] is not None:
        yield f"Next would be tried: {told['next']['engine']} ({told['next']['reason']})."

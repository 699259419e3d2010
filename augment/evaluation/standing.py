"""Where made rows stand in a group of scores, as one number that can be compared."""

from __future__ import annotations

from dataclasses import dataclass

from augment.core.types import Group, Json
from augment.evaluation.scoring import OUT_OF_TIME

LEAST_RANGE = 0.1  # from floor to ceiling; a shorter scale would blow noise up
WORST = -1.0


@dataclass(frozen=True)
class Standing:
    """1 where fresh real rows are, 0 where rows without structure are, down to -1 below them;
    `low` and `high` bound it in 95 of 100 data sets."""

    value: float
    low: float
    high: float


def standing(report: Json, group: Group) -> Standing | None:
    """The mean place of the group's judged measures between floor and ceiling; None where one was
    not scored for want of time, or none has a value.

    Where floor and ceiling lie closer together than 0.1, the scale is 0.1 long and ends at the
    ceiling. A kind of data without a floor: 1 / (1 + d) for a value d worse than fresh real rows.
    Values better than fresh real rows count as equal to them: what is nearer to the training rows
    is copied noise. The bounds are the means of the measures' own, as wide as if all erred alike.
    """
    judged = {measure["name"] for measure in report["measures"] if measure["judged"]}
    scores = [
        score
        for score in report["scores"]
        if score["group"] == group and score["metric"] in judged and not score["where"]
    ]
    if any(score["value"] is None and score["note"] == OUT_OF_TIME for score in scores):
        return None
    places = [_place(s) for s in scores if s["value"] is not None and s["ceiling"] is not None]
    if not places:
        return None
    value, low, high = (sum(each) / len(places) for each in zip(*places, strict=True))
    return Standing(round(value, 6), round(low, 6), round(high, 6))


def _place(score: Json) -> tuple[float, float, float]:
    """Value and interval of one score on the scale."""
    value, interval = score["value"], score["interval"]
    ends = (value, value) if interval is None else (interval["low"], interval["high"])
    low, high = sorted(_at(score, end) for end in ends)
    place = _at(score, value)
    return place, min(low, place), max(high, place)


def _at(score: Json, number: float) -> float:
    ceiling: float = score["ceiling"]
    floor: float | None = score["floor"]
    behind = number - ceiling if score["better"] == "lower" else ceiling - number
    behind = abs(behind) if score["better"] == "near" else max(0.0, behind)
    if floor is None:
        return 1 / (1 + behind)
    return max(WORST, 1 - behind / max(LEAST_RANGE, abs(ceiling - floor)))

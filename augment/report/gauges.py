"""Where the made rows stand in each group of scores: between rows without structure, and fresh real
rows, with the limit in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from augment.core.types import Group, Json
from augment.evaluation.figures import apart, figure
from augment.report import summary

LEAST_RANGE = 0.02  # between floor and ceiling; a shorter scale would blow noise up
PAST_LIMIT = 2.0  # how far a scale without a floor goes: so many times from ceiling to limit
MEANINGS = {
    "fidelity": "Are synthetic {rows} distributed as real ones are?",
    "utility": "Do models learn from them what real {rows} teach?",
    "privacy": "Do they give away the {rows} they were learnt from?",
    "validity": "Are they well-formed: types, ranges, keys?",
}


@dataclass(frozen=True)
class Gauge:
    """A group by its weakest check. Places are in per cent, from the left end to fresh real rows;
    `others` are those of its further checks, each on a scale of its own."""

    group: str
    state: str
    meaning: str
    reason: str
    check: str = ""
    value: str = ""
    limit: str = ""
    place: float | None = None
    low: float | None = None
    high: float | None = None
    limit_place: float | None = None
    left: str = ""  # what the left end is
    right: str = ""
    others: tuple[float, ...] = ()
    checks: int = 0
    passed: int = 0


def gauges(document: Json) -> list[Gauge]:
    """A gauge for each group that has checks, in a fixed order."""
    scores = {score["metric"]: score for score in summary.whole(document)}
    units = {measure["name"]: measure["unit"] for measure in document["measures"]}
    words = summary.words(document)
    found = []
    for group, judged in document["verdict"]["groups"].items():
        checks = [check for check in document["verdict"]["checks"] if check["group"] == group]
        meaning = MEANINGS.get(group, "").format(**words)
        told = Gauge(group, judged["state"], meaning, judged["reason"])
        found.append(_gauge(told, checks, scores, units, words))
    order = {group: place for place, group in enumerate(get_args(Group))}
    return sorted(found, key=lambda gauge: order.get(gauge.group, len(order)))


@dataclass(frozen=True)
class _Scale:
    """From `left` (0) to `right` (1), cut to that range."""

    left: float
    right: float
    floor: bool

    def place(self, number: float) -> float:
        return round(100 * min(1.0, max(0.0, (number - self.left) / (self.right - self.left))), 1)


def _scale(check: Json, score: Json, unit: str) -> _Scale | None:
    """None where the value or the limit is not known, or nothing lies between the ends."""
    value, limit = check["value"], check["limit"]
    if value is None or limit is None:
        return None
    best = score["ceiling"] if score["ceiling"] is not None else limit
    floor = score["floor"]
    told = check["group"] in ("fidelity", "utility") and floor is not None
    if told and abs(best - floor) >= LEAST_RANGE and abs(best - floor) > abs(best - limit):
        return _Scale(floor, best, True)
    left = best + PAST_LIMIT * (limit - best)
    if unit == "share":
        left = min(1.0, max(0.0, left))
    if left == best and check["state"] == "fail":  # nothing at all is allowed
        left = value
    return _Scale(left, best, False) if abs(left - best) > 1e-9 else None


def _gauge(
    told: Gauge, checks: list[Json], scores: Json, units: Json, words: dict[str, str]
) -> Gauge:
    known = [
        (check, _scale(check, scores[check["metric"]], units.get(check["metric"], "number")))
        for check in checks
    ]
    known = [(check, scale) for check, scale in known if scale is not None]
    passed = sum(check["state"] == "pass" for check in checks)
    counted = {"checks": len(checks), "passed": passed}
    if not known:
        return Gauge(told.group, told.state, told.meaning, told.reason, **counted)

    def margin(pair: tuple[Json, _Scale | None]) -> tuple[bool, float]:
        check, scale = pair
        assert scale is not None
        return (
            check["state"] != told.state,
            scale.place(check["value"]) - scale.place(check["limit"]),
        )

    check, scale = min(known, key=margin)
    assert scale is not None
    score, unit = scores[check["metric"]], units.get(check["metric"], "number")
    interval = score["interval"]
    low = high = None
    if interval is not None:
        low, high = sorted((scale.place(interval["low"]), scale.place(interval["high"])))
    value, limit = apart(check["value"], check["limit"], unit)
    sign = "≤" if score["better"] == "lower" else "≥"
    left = "independent" if scale.floor else "beyond the limit"
    best = "fresh real" if score["ceiling"] is not None else "limit"
    return Gauge(
        told.group,
        told.state,
        told.meaning,
        told.reason,
        check["title"],
        value,
        f"{sign} {limit}",
        scale.place(check["value"]),
        low,
        high,
        scale.place(check["limit"]),
        f"{left} {figure(scale.left, unit)}",
        f"{best} {figure(scale.right, unit)}",
        tuple(
            each.place(other["value"])
            for other, each in known
            if each is not None and other["metric"] != check["metric"]
        ),
        **counted,
    )

"""Where made rows stay farthest behind fresh real ones: columns, classes and pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from augment.core.types import Score
from augment.evaluation.figures import figure
from augment.evaluation.metric import Measure, Places

MOST = 5  # columns and pairs that are named


@dataclass(frozen=True)
class WorstPlace:
    """A column or a pair, and how far it stays behind fresh real rows."""

    where: str
    metric: str
    value: float
    ceiling: float


def worst_places(
    scores: Sequence[Score], declared: Mapping[str, Measure], places: Places
) -> tuple[WorstPlace, ...]:
    """The worst of the places of which each measure has scores of their own, the worst first."""
    found = []
    for score in scores:
        measure = declared.get(score.metric)
        if measure is None or measure.worst_places != places or not score.where:
            continue
        if score.value is None or score.ceiling is None:
            continue
        behind = score.ceiling - score.value
        behind = -behind if measure.better == "lower" else behind
        if behind > measure.worth_naming:
            found.append(
                (behind, WorstPlace(score.where, score.metric, score.value, score.ceiling))
            )
    found.sort(key=lambda pair: -pair[0])
    return tuple(place for _, place in found[:MOST])


def sentences_on(what: str, gaps: tuple[WorstPlace, ...]) -> list[str]:
    """A sentence that names the worst places, or none."""
    if not gaps:
        return []
    places = ", ".join(
        f"{gap.where} ({figure(gap.value, 'number')}, fresh real {figure(gap.ceiling, 'number')})"
        for gap in gaps
    )
    return [f"Worst {what}: {places}."]

"""Every registered metric of a kind of data, on made rows, on fresh real rows and on a floor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from augment.core import registry
from augment.core.errors import UsageError, did_you_mean, listed
from augment.core.seeds import Seed
from augment.core.types import UNLIMITED, Better, Budget, Group, Score, Tick
from augment.evaluation.metric import Measure, Metric
from augment.work.deadline import TimeIsUp, interrupted

URGENCY: tuple[Group, ...] = ("privacy", "validity", "fidelity", "utility")
OUT_OF_TIME = "There was no time left for it (--max-time)."


def metrics(kind: str, only: Sequence[str] | None = None) -> list[Metric[Any, Any]]:
    """The metrics that are registered for a kind of data, in the order that they declare.

    `only` names those that are wanted, None wants all. Raises `UsageError` for an unknown name.
    """
    known = registry.names_for("metrics", kind)
    if only is not None:
        for name in only:
            if name not in known:
                raise UsageError(f"There is no metric {name!r}. {did_you_mean(name, known)}")
        if not only:
            raise UsageError(f"No metric is named. Known: {listed(known)}.")
        known = [name for name in known if name in only]
    found = [registry.find("metrics", f"{kind}.{name}")() for name in known]
    return sorted(found, key=lambda metric: metric.order)


def measures(chosen: Sequence[Metric[Any, Any]]) -> tuple[Measure, ...]:
    """What the metrics declare, in their order, which is that of a report."""
    return tuple(measure for metric in chosen for measure in metric.measures)


@dataclass(frozen=True)
class Sides:
    """What metrics look at: `real` rows, the `made` ones, and those of the floor (`lowest`), each
    as the kind of data shows them; `rows` is how many were made.

    A kind without a floor has no `lowest`, and none of its metrics a floor.
    """

    real: Any
    made: Any
    lowest: Any
    rows: int


def scored(
    chosen: Sequence[Metric[Any, Any]],
    sides: Callable[[], Sides],
    seed: Seed,
    tick: Callable[[Tick], None],
    budget: Budget = UNLIMITED,
) -> list[Score]:
    """The scores of the made rows, each with its ceiling and floor beside it.

    Where time is limited, privacy comes first, no metric but the last takes more than half of
    what is left, and one that is not done by then has scores without a value that say so.
    """
    by_name: dict[str, list[Score]] = {}
    late: list[str] = []
    order = list(chosen)
    if budget.max_seconds is not None:
        order.sort(key=lambda metric: URGENCY.index(metric.group))
    try:
        with interrupted(budget.left()):
            views = sides()
    except TimeIsUp:
        order, late = [], [metric.name for metric in chosen]
    for step, metric in enumerate(order):
        tick(Tick("score", step, len(order), note=metric.name))
        last = step == len(order) - 1
        try:
            with interrupted(budget.left() if last else budget.left() / 2):
                by_name[metric.name] = _beside(metric, views, seed.child("metric", metric.name))
        except TimeIsUp:
            late.append(metric.name)
    if late:
        tick(Tick("score", shortened=f"not scored: {', '.join(late)}"))
    tick(Tick("score", len(chosen), len(chosen)))
    return [
        score
        for metric in chosen
        for score in (by_name[metric.name] if metric.name in by_name else left_out(metric))
    ]


def _beside(metric: Metric[Any, Any], sides: Sides, seed: Seed) -> list[Score]:
    values = metric.score(sides.real, sides.made, seed)
    best = metric.ceiling(sides.real, sides.rows, seed.child("ceiling"))
    floored = metric.has_floor and sides.lowest is not None
    worst = metric.score(sides.real, sides.lowest, seed.child("floor")) if floored else []
    return as_declared(metric, merged(values, best, worst))


def as_declared(metric: Metric[Any, Any], scores: Sequence[Score]) -> list[Score]:
    """The scores in the metric's group, those of a whole data set in the direction that their
    measure declares."""
    better = {measure.name: measure.better for measure in metric.measures}
    return [
        replace(
            score,
            group=metric.group,
            better=score.better if score.where else better.get(score.metric, score.better),
        )
        for score in scores
    ]


def left_out(metric: Metric[Any, Any]) -> list[Score]:
    """A score without a value for each figure of a metric that there was no time for."""
    declared: list[tuple[str, Better]] = [(each.name, each.better) for each in metric.measures]
    return [
        Score(name, None, better, metric.group, note=OUT_OF_TIME)
        for name, better in declared or [(metric.name, "near")]
    ]


def merged(values: list[Score], best: list[Score], worst: list[Score]) -> list[Score]:
    """The values with the ceiling and the floor of the same metric and place beside them."""
    ceilings = {(score.metric, score.where): score for score in best}
    floors = {(score.metric, score.where): score.value for score in worst}
    found = []
    for score in values:
        key = score.metric, score.where
        top = ceilings.get(key)
        found.append(
            replace(
                score,
                ceiling=None if top is None else top.value,
                ceiling_interval=None if top is None else top.interval,
                floor=floors.get(key),
            )
        )
    return found

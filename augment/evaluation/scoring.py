"""Every registered metric of a kind of data, on made rows, on fresh real rows and on a floor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Literal

from threadpoolctl import threadpool_limits

from augment.core import registry
from augment.core.budget import UNLIMITED, Budget
from augment.core.errors import UsageError, did_you_mean, listed
from augment.core.seeds import Seed
from augment.core.types import Better, Group, Score, Tick, Workers
from augment.evaluation.charts import Chart
from augment.evaluation.metric import Measure, Metric
from augment.work.deadline import TimeIsUp, interrupted
from augment.work.executors import executor
from augment.work.task import Task

URGENCY: tuple[Group, ...] = ("privacy", "validity", "fidelity", "utility")
OUT_OF_TIME = "There was no time left for it (--max-time)."
UNSCORED = "not scored: "  # what is shortened where time is up, before the names of metrics


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
    workers: Workers = 1,
) -> list[Score]:
    """The scores of the made rows: see `evaluated`."""
    return evaluated(chosen, sides, seed, tick, budget, workers)[0]


def evaluated(
    chosen: Sequence[Metric[Any, Any]],
    sides: Callable[[], Sides],
    seed: Seed,
    tick: Callable[[Tick], None],
    budget: Budget,
    workers: Workers,
    draw: bool = False,
) -> tuple[list[Score], list[Chart]]:
    """The scores of the made rows, each with its ceiling and floor beside it; with `draw`, which
    is for unlimited time, also what the metrics draw, in the process that has just computed it.

    Where time is limited, privacy comes first, no metric takes more than half of what is left as
    long as one that is judged comes after it, and one that is not done by then has scores without
    a value that say so. The scores do not depend on `workers`, the most processes that take part
    (None: one per core).
    """
    order = list(chosen)
    limited = budget.max_seconds is not None
    if limited:
        order.sort(key=lambda metric: URGENCY.index(metric.group))
    drawing: tuple[Part, ...] = ("charts",) if draw else ()
    apart: list[tuple[Part, ...]] = [("value", *drawing), ("ceiling",), ("floor",)]
    parts = [PARTS] if limited else apart
    asked = [(metric, part) for metric in order for part in parts]
    found: dict[str, dict[Part, list[Any]]] = {metric.name: {} for metric in order}
    late: set[str] = set()
    try:
        with interrupted(budget.left()), same_sums():
            views = sides()
    except TimeIsUp:
        asked, late = [], {metric.name for metric in chosen}
    tasks = [
        Task(metric.name, _scores, (metric, part, seed.child("metric", metric.name), budget, last))
        for (metric, part), last in zip(asked, _lasts(asked), strict=True)
    ]
    if asked:
        tick(Tick("score", 0, len(asked), note=asked[0][0].name))
        with closing(executor(workers).map(tasks, views)) as results:
            for step, ((metric, _), scores) in enumerate(zip(asked, results, strict=True), 1):
                if scores is None:
                    late.add(metric.name)
                else:
                    found[metric.name] |= scores
                note = asked[step][0].name if step < len(asked) else ""
                tick(Tick("score", step, len(asked), note=note))
    if late:
        named = ", ".join(metric.name for metric in order if metric.name in late)
        tick(Tick("score", shortened=f"{UNSCORED}{named}"))
    charts = [chart for metric in chosen for chart in found[metric.name].get("charts", [])]
    return [
        score
        for metric in chosen
        for score in (
            left_out(metric)
            if metric.name in late
            else as_declared(metric, merged(*(found[metric.name][part] for part in PARTS)))
        )
    ], charts


Part = Literal["value", "ceiling", "floor", "charts"]
PARTS: tuple[Part, ...] = ("value", "ceiling", "floor")


def _lasts(asked: Sequence[tuple[Metric[Any, Any], tuple[Part, ...]]]) -> list[bool]:
    """Of each task, whether none comes after it that is judged."""
    judged = [any(each.limit for each in metric.measures) for metric, _ in asked]
    return [not any(judged[number + 1 :]) for number in range(len(asked))]


def _scores(
    sides: Sides,
    metric: Metric[Any, Any],
    parts: tuple[Part, ...],
    seed: Seed,
    budget: Budget,
    last: bool,
) -> dict[Part, list[Any]] | None:
    """The task of scoring by one metric; None where its time is up."""
    try:
        with interrupted(budget.left() if last else budget.left() / 2), same_sums():
            return {part: _part(metric, part, sides, seed) for part in parts}
    except TimeIsUp:
        return None


def same_sums() -> threadpool_limits:
    """Linear algebra on one thread: several add up in another order, and the last digits differ."""
    return threadpool_limits(1, user_api="blas")


def _part(metric: Metric[Any, Any], part: Part, sides: Sides, seed: Seed) -> list[Any]:
    if part == "value":
        return metric.score(sides.real, sides.made, seed)
    if part == "charts":
        return list(metric.charts(sides.real, sides.made, seed))
    if part == "ceiling":
        return metric.ceiling(sides.real, sides.rows, seed.child("ceiling"))
    if not metric.has_floor or sides.lowest is None:
        return []
    return metric.score(sides.real, sides.lowest, seed.child("floor"))


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
    """The values with the ceiling and the floor of the same metric and place beside them. A ceiling
    that a value has, of what made rows do to unseen ones, counts where it is surely the milder."""
    ceilings = {(score.metric, score.where): score for score in best}
    floors = {(score.metric, score.where): score.value for score in worst}
    found = []
    for score in values:
        key = score.metric, score.where
        top = ceilings.get(key)
        if not _is_milder(score, top):
            score = replace(
                score,
                ceiling=None if top is None else top.value,
                ceiling_interval=None if top is None else top.interval,
            )
        found.append(replace(score, floor=floors.get(key)))
    return found


def _is_milder(own: Score, top: Score | None) -> bool:
    """Whether even the stricter end of a score's own ceiling is milder than the measured one."""
    if own.ceiling is None or own.ceiling_interval is None or top is None or top.value is None:
        return False
    if own.better == "lower":
        return own.ceiling_interval.low > top.value
    return own.ceiling_interval.high < top.value

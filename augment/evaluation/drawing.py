"""What every registered metric of a kind of data has to draw, where time is limited: after all
scores. Without a limit `scoring.evaluated` draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from augment.core.budget import UNLIMITED, Budget
from augment.core.seeds import Seed
from augment.core.types import Tick, Workers
from augment.evaluation.charts import Chart
from augment.evaluation.metric import Metric
from augment.evaluation.scoring import Sides, same_sums
from augment.work.deadline import TimeIsUp, interrupted
from augment.work.executors import executor
from augment.work.task import Task

CUT = "some drawings of the report"


def drawn(
    chosen: Sequence[Metric[Any, Any]],
    sides: Callable[[], Sides],
    seed: Seed,
    tick: Callable[[Tick], None],
    budget: Budget = UNLIMITED,
    workers: Workers = 1,
) -> list[Chart]:
    """The charts of the metrics, in their order; what there is no time for is left out, and
    `tick` is told so. They do not depend on `workers`."""
    tasks = [
        Task(metric.name, _charts, (metric, seed.child("metric", metric.name), budget))
        for metric in chosen
    ]
    found: list[Chart] = []
    late = budget.left() <= 0
    try:
        with interrupted(budget.left()), same_sums():
            views = sides()
    except TimeIsUp:
        late, tasks = True, []
    if not late:
        tick(Tick("score", 0, len(tasks), note="charts"))
        with closing(executor(workers).map(tasks, views)) as results:
            for each in results:
                late = late or each is None
                found += each or []
    if late:
        tick(Tick("score", shortened=f"not drawn: {CUT}"))
    return found


def _charts(
    sides: Sides, metric: Metric[Any, Any], seed: Seed, budget: Budget
) -> list[Chart] | None:
    """The task of drawing for one metric; None where its time is up."""
    try:
        with interrupted(budget.left()), same_sums():
            return list(metric.charts(sides.real, sides.made, seed))
    except TimeIsUp:
        return None

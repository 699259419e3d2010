"""Every registered metric of a kind of data, on made rows, on fresh real rows and on a floor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from augment.core import registry
from augment.core.errors import UsageError, listed
from augment.core.seeds import Seed
from augment.core.types import UNLIMITED, Budget, Group, Json, Score, Tick
from augment.evaluation.metric import Measure, Metric
from augment.work.deadline import TimeIsUp, interrupted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


URGENCY: tuple[Group, ...] = ("privacy", "validity", "fidelity", "utility")
OUT_OF_TIME = "There was no time left for it (--max-time)."


def metrics(group: str, order: Sequence[str], only: Sequence[str] | None) -> list[Metric[Any, Any]]:
    """The registered metrics of a group: those of `order` first, then others (plugins').

    `only` names those that are wanted, None wants all. Raises `UsageError` for an unknown name.
    """
    known = registry.names(group)
    names = [name for name in order if name in known]
    names += [name for name in known if name not in names]
    if only is not None:
        for name in only:
            registry.find(group, name)
        if not only:
            raise UsageError(f"No metric is named. Known: {listed(names)}.")
        names = [name for name in names if name in only]
    return [registry.find(group, name)() for name in names]


def measures(chosen: Sequence[Metric[Any, Any]]) -> tuple[Measure, ...]:
    """What the metrics declare, in their order, which is that of a report."""
    return tuple(measure for metric in chosen for measure in metric.measures)


@dataclass(frozen=True)
class Sides:
    """What metrics look at: `real` rows, the `made` ones, and those of the floor (`lowest`), each
    as the kind of data shows them; `rows` is how many were made."""

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
    worst = metric.score(sides.real, sides.lowest, seed.child("floor")) if metric.floored else []
    return merged(values, best, worst)


def left_out(metric: Metric[Any, Any]) -> list[Score]:
    """A score without a value for each figure of a metric that there was no time for."""
    names = [measure.name for measure in metric.measures] or [metric.name]
    return [Score(name, None, "near", metric.group, note=OUT_OF_TIME) for name in names]


def halves(rows: int, seed: Seed) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of two disjoint halves, the first one larger where `rows` is odd."""
    order = seed.rng().permutation(rows)
    middle = (rows + 1) // 2
    return order[:middle], order[middle:]


def compared(real: int, unseen: int | None, made: int) -> Json:
    """How many rows stood on each side, as `report.json` holds it.

    Without `unseen` rows nobody knows which of the `real` ones a generator saw, and a half of
    them (see `halves`) stands for unseen ones.
    """
    known = unseen is not None
    return {
        "synthetic": made,
        "real": real + (unseen or 0),
        "unseen": unseen if known else real // 2,
        "seen_known": known,
    }


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

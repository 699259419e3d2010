"""Every registered metric of a kind of data, on made rows, on fresh real rows and on a floor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from augment.base import registry
from augment.base.errors import UsageError, listed
from augment.base.seeds import Seed
from augment.base.types import Json, Score, Tick
from augment.evaluation.metric import Measure, Metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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


def scored(
    chosen: Sequence[Metric[Any, Any]],
    real: Any,
    made: Any,
    lowest: Any,
    rows: int,
    seed: Seed,
    tick: Callable[[Tick], None],
) -> list[Score]:
    """The scores of `made`, each with its ceiling and floor beside it.

    `lowest` are the rows of the floor, and `rows` is how many were made.
    """
    scores: list[Score] = []
    for step, metric in enumerate(chosen):
        tick(Tick("score", step, len(chosen), note=metric.name))
        stream = seed.child("metric", metric.name)
        values = metric.score(real, made, stream)
        best = metric.ceiling(real, rows, stream.child("ceiling"))
        worst = metric.score(real, lowest, stream.child("floor")) if metric.floored else []
        scores += merged(values, best, worst)
    tick(Tick("score", len(chosen), len(chosen)))
    return scores


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

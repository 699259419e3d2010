"""The evaluator of any kind of data: its registered metrics, one verdict, one document."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from augment.core.budget import UNLIMITED, Budget
from augment.core.json_numbers import finite
from augment.core.kind import Evaluator, Scored, Shadow
from augment.core.seeds import Seed
from augment.core.types import D, Json, Tick, Workers
from augment.evaluation.charts import Chart
from augment.evaluation.comparison import Comparison
from augment.evaluation.drawing import drawn
from augment.evaluation.scoring import Sides, evaluated, measures, metrics
from augment.evaluation.verdict import Unscored, verdict


class Words(TypedDict, total=False):
    """What a kind of data calls its rows, its columns, and the rows of its floor, where it has
    words of its own."""

    rows: str
    columns: str
    floor: str


@dataclass(frozen=True)
class Extras:
    """What a kind adds to its scores: entries of the report's document, charts of no metric, and
    files beside it."""

    document: Json = field(default_factory=dict)
    charts: Sequence[Chart] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)


def as_they_are(rows: Comparison[Any]) -> Sides:
    """Rows as metrics look at them, for a kind without views and floor: those seen and unseen as
    a pair, and the made ones."""
    return Sides((rows.seen, rows.unseen), rows.made, None, len(rows.made))


def nothing_unscored(data: Any) -> Sequence[Unscored]:
    """What no metric looks at: nothing that is known beforehand."""
    return ()


def no_shadows(train: Any, test: Any) -> int:
    """How many shadow models are of use: none."""
    return 0


def no_extras(rows: Comparison[Any]) -> Extras:
    """Scores alone."""
    return Extras()


@dataclass(frozen=True)
class MetricEvaluator(Evaluator[D]):
    """Scores by every metric that is registered for `kind`, and what the kind adds to them.

    `views` shows the rows of a comparison to the metrics; `unscored` names what none of them looks
    at; `shadows` says how many shadow models rows seen and unseen call for; `options` are what a
    comparison may hold beside rows.
    """

    kind: str
    words: Words
    views: Callable[[Comparison[D]], Sides] = as_they_are
    unscored: Callable[[D], Sequence[Unscored]] = nothing_unscored
    extras: Callable[[Comparison[D]], Extras] = no_extras
    shadows: Callable[[D, D], int] = no_shadows
    options: frozenset[str] = frozenset()

    def names(self) -> tuple[str, ...]:
        return tuple(measure.name for measure in measures(metrics(self.kind)))

    def shadow_models(self, train: D, test: D, options: Json) -> int:
        asked: int | None = options.get("shadow_models")
        return self.shadows(train, test) if asked is None else asked

    def score(
        self,
        train: D,
        test: D | None,
        fake: D,
        seed: Seed,
        tick: Callable[[Tick], None],
        options: Json,
        budget: Budget = UNLIMITED,
        workers: Workers = 1,
        charts: bool = False,
        shadows: Sequence[Shadow[D]] = (),
    ) -> Scored:
        rows = Comparison.of(train, test, fake, seed, tick, options, budget, shadows)
        extras = self.extras(rows)  # first: they are of use even where no time is left to score
        chosen = metrics(self.kind)
        views = functools.cache(lambda: self.views(rows))
        limited = budget.max_seconds is not None
        draw = charts and not limited
        scores, found = evaluated(chosen, views, seed, tick, budget, workers, draw)
        declared = measures(chosen)
        remarks = [remark for metric in chosen for remark in metric.remarks(scores)]
        judged = verdict(scores, declared, self.unscored(train), remarks)
        document: Json = {
            "verdict": judged.to_json(),
            "measures": [measure.to_json() for measure in declared],
            "compared": rows.counts(),
            "words": dict(self.words),
            **extras.document,
        }
        if charts:
            found = drawn(chosen, views, seed, tick, budget, workers) if limited else found
            document["charts"] = [finite(each.to_json()) for each in (*extras.charts, *found)]
        return Scored(tuple(scores), document, extras.files)

"""Scores of made pictures: every metric for them, for fresh real pictures, and for a floor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from augment.core.kind import Scored
from augment.core.seeds import Seed
from augment.core.types import UNLIMITED, Budget, Json, Score, Tick, silent
from augment.evaluation import scoring
from augment.evaluation.metric import Measure
from augment.evaluation.verdict import Unscored, verdict
from augment.kinds.images.data.dataset import Images

if TYPE_CHECKING:
    from augment.kinds.images.metrics.views import View

ORDER = ("detection", "distances", "neighbours", "classes", "utility", "lift", "copies")
LIFT = "lift.both"
WORDS = {
    "rows": "images",
    "columns": "classes",
    "floor": "pictures whose pixels are each drawn from another picture of the class",
}
JUDGING = 0.25  # of a budget, for the classifier behind one of the feature spaces
MOST_SHUFFLED = 2_000  # shuffled pictures: a floor need not be known more closely


def scored(
    train: Images,
    test: Images | None,
    fake: Images,
    seed: Seed,
    tick: Callable[[Tick], None] = silent,
    features: Path | None = None,
    budget: Budget = UNLIMITED,
) -> Scored:
    """Scores and verdict for the lifecycle.

    Without `test` nobody knows which pictures a generator saw: `train` is then halved by the
    seed, and its halves stand for seen and unseen ones.
    """
    counts = scoring.compared(len(train), None if test is None else len(test), len(fake))
    missing = unscored(train)
    if test is None:
        first, second = scoring.halves(len(train), seed.child("halves"))
        train, test = train.take(first), train.take(second)
    seen_known = bool(counts["seen_known"])
    scores = score(train, test, fake, seed, tick, seen_known, features=features, budget=budget)
    known = measures()
    document: Json = {
        "verdict": verdict(scores, known, missing, _lift(scores)).to_json(),
        "measures": [measure.to_json() for measure in known],
        "compared": counts,
        "words": WORDS,
    }
    return Scored(tuple(scores), document)


def measures(metrics: tuple[str, ...] | None = None) -> tuple[Measure, ...]:
    """What the named metrics (all by default) say of their figures, in the report's order."""
    return scoring.measures(scoring.metrics("image_metrics", ORDER, metrics))


def unscored(data: Images) -> list[Unscored]:
    """What comes with the pictures and is not looked at."""
    found = []
    if data.captions is not None:
        found.append(Unscored(("captions",), "whether pictures show their words is not judged"))
    if not data.schema.classes:
        found.append(Unscored(("classes",), "no picture is labelled"))
    return found


def score(
    train: Images,
    test: Images,
    fake: Images,
    seed: Seed,
    tick: Callable[[Tick], None] = silent,
    seen_known: bool = True,
    metrics: tuple[str, ...] | None = None,
    features: Path | None = None,
    budget: Budget = UNLIMITED,
) -> list[Score]:
    """Score `fake` on the unseen pictures of `test`; `metrics` are registered names, or all.

    `features` is a TorchScript file whose space is looked at beside the built-in ones.
    """
    from augment.kinds.images.metrics.views import FakeViews, View, real_views

    def sides() -> scoring.Sides:
        tick(Tick("score", 0, note="feature spaces"))
        real = real_views(
            train, test, seed.child("views"), seen_known, features, budget.part(JUDGING), tick
        )
        made = FakeViews(View.of(fake, real.train.spaces, seed.child("fake")))
        lowest = shuffled(real.train, min(len(made.rows), MOST_SHUFFLED), seed.child("floor"))
        return scoring.Sides(real, made, FakeViews(lowest), len(made.rows))

    chosen = scoring.metrics("image_metrics", ORDER, metrics)
    return scoring.scored(chosen, sides, seed, tick, budget)


def _lift(scores: list[Score]) -> list[str]:
    """Whether the made pictures add anything to real ones, in plain words."""
    for score in scores:
        if score.metric == LIFT and score.value is not None and score.interval is not None:
            low, high = score.interval.low, score.interval.high
            span = f"{100 * score.value:+.1f} points (95%: {100 * low:+.1f} to {100 * high:+.1f})"
            if low > 0:
                return [f"Added to classically augmented real pictures they gain {span}."]
            return [
                f"Added to classically augmented real pictures they gain nothing certain: {span}."
            ]
    return []


def shuffled(train: View, n: int, seed: Seed) -> View:
    """`n` pictures whose pixels are each drawn from another training picture of the class: every
    pixel has the right distribution, and nothing hangs together."""
    rng = seed.rng()
    codes = train.codes[rng.integers(len(train), size=n)]
    pixels = np.empty((n, *train.pixels.shape[1:]), np.uint8)
    rows, columns = np.indices(train.pixels.shape[1:3])
    for code in np.unique(codes):
        mine, wanted = np.flatnonzero(train.codes == code), np.flatnonzero(codes == code)
        for row in wanted:
            picked = mine[rng.integers(len(mine), size=rows.shape)]
            pixels[row] = train.pixels[picked, rows, columns]
    return type(train)(pixels, codes, train.spaces)

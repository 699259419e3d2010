"""Scores of made pictures: every metric for them, for fresh real pictures, and for a floor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from augment.base import registry
from augment.base.seeds import Seed
from augment.base.types import Metric, Score, Tick, silent
from augment.base.wing import Scored, merged
from augment.images.dataset import Images
from augment.images.verdict import verdict

if TYPE_CHECKING:
    from augment.images.metrics.views import FakeViews, RealViews, View

ORDER = ("distances", "neighbours", "classes", "utility", "lift", "copies")
UNFLOORED = ("lift", "copies")  # metrics for which shuffled pixels would say nothing
WORDS = {
    "rows": "images",
    "columns": "classes",
    "floor": "pictures whose pixels are each drawn from another picture of the class",
}
MOST_SHUFFLED = 2_000  # shuffled pictures: a floor need not be known more closely


def scored(
    train: Images,
    test: Images | None,
    fake: Images,
    seed: Seed,
    tick: Callable[[Tick], None] = silent,
    features: Path | None = None,
) -> Scored:
    """Scores and verdict for the lifecycle.

    Without `test` nobody knows which pictures a generator saw: `train` is then halved by the
    seed, and its halves stand for seen and unseen ones.
    """
    known = test is not None
    if test is None:
        order = seed.child("halves").rng().permutation(len(train))
        middle = (len(train) + 1) // 2
        train, test = train.take(order[:middle]), train.take(order[middle:])
    scores = score(train, test, fake, seed, tick, known, features=features)
    judged = verdict(scores)
    decided = {group: ok for group, ok in judged["passed"].items() if ok is not None}
    return Scored(tuple(scores), {"verdict": judged, "words": WORDS}, decided)


def score(
    train: Images,
    test: Images,
    fake: Images,
    seed: Seed,
    tick: Callable[[Tick], None] = silent,
    seen_known: bool = True,
    metrics: tuple[str, ...] | None = None,
    features: Path | None = None,
) -> list[Score]:
    """Score `fake` on the unseen pictures of `test`; `metrics` are registered names, or all.

    `features` is a TorchScript file whose space is looked at beside the built-in ones.
    """
    from augment.images.metrics.views import FakeViews, View, real_views

    tick(Tick("score", 0, note="feature spaces"))
    real = real_views(train, test, seed.child("views"), seen_known, features)
    made = FakeViews(View.of(fake, real.train.spaces, seed.child("fake")))
    lowest = FakeViews(
        shuffled(real.train, min(len(made.rows), MOST_SHUFFLED), seed.child("floor"))
    )
    known = registry.names("image_metrics")
    names = [n for n in ORDER if n in known] + [n for n in known if n not in ORDER]
    if metrics is not None:
        names = [name for name in names if name in metrics]
    scores: list[Score] = []
    for step, name in enumerate(names):
        tick(Tick("score", step, len(names), note=name))
        scores += _beside(name, real, made, lowest, seed.child("metric", name))
    tick(Tick("score", len(names), len(names)))
    return scores


def _beside(
    name: str, real: RealViews, made: FakeViews, lowest: FakeViews, seed: Seed
) -> list[Score]:
    """The scores of one metric, with ceiling and floor of the same metric and place beside."""
    metric: Metric[RealViews, FakeViews] = registry.find("image_metrics", name)()
    values = metric.score(real, made, seed)
    best = metric.ceiling(real, len(made.rows), seed.child("ceiling"))
    worst = [] if name in UNFLOORED else metric.score(real, lowest, seed.child("floor"))
    return merged(values, best, worst)


def shuffled(train: View, n: int, seed: Seed) -> View:
    """`n` pictures whose pixels are each drawn from another training picture of the class: every
    pixel has the right distribution, and nothing hangs together."""
    import numpy as np

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

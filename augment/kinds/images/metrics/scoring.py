"""Scores of made pictures: every metric for them, for fresh real pictures, and for a floor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Score, Tick, silent
from augment.evaluation import scoring
from augment.evaluation.comparison import Comparison
from augment.evaluation.verdict import Unscored
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.metrics.views import FakeViews, View, real_views

if TYPE_CHECKING:
    from augment.kinds.images.metrics.views import View

JUDGING = 0.25  # of a budget, for the classifier behind one of the feature spaces
MOST_SHUFFLED = 2_000  # shuffled pictures: a floor need not be known more closely


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
    metrics: tuple[str, ...] | None = None,
    features: Path | None = None,
) -> list[Score]:
    """Score `fake` on the unseen pictures of `test`; `metrics` are registered names, or all.

    `features` is a TorchScript file whose space is looked at beside the built-in ones.
    """
    options = {} if features is None else {"features": str(features)}
    rows = Comparison.of(train, test, fake, seed, options=options)
    chosen = scoring.metrics(Images.kind, metrics)
    return scoring.scored(chosen, lambda: views(rows), seed, silent)


def views(rows: Comparison[Images]) -> scoring.Sides:
    """All pictures with their places in the feature spaces; the floor are shuffled pixels."""
    rows.tick(Tick("score", 0, note="feature spaces"))
    features = rows.options.get("features")
    real = real_views(
        rows.seen,
        rows.unseen,
        rows.seed.child("views"),
        rows.seen_known,
        None if features is None else Path(features),
        rows.budget.part(JUDGING),
        rows.tick,
        bool(rows.options.get("show_real")),
    )
    made = FakeViews(View.of(rows.made, real.train.spaces, rows.seed.child("fake")))
    count = min(len(made.rows), MOST_SHUFFLED)
    lowest = shuffled(real.train, count, rows.seed.child("floor"))
    return scoring.Sides(real, made, FakeViews(lowest), len(made.rows))


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

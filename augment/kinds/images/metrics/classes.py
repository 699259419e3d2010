"""Class by class: do pictures show what their label says, and are they as varied as real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Group, Score
from augment.evaluation.charts import Chart
from augment.evaluation.limits import near_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.roc import binomial
from augment.kinds.images.metrics.class_charts import class_charts, spread
from augment.kinds.images.metrics.frechet import FEWEST, frechet
from augment.kinds.images.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    pass

SPACE = "random"
UNJUDGED = "Too few pictures are labelled to train a classifier."


class Classes(Metric[RealViews, FakeViews]):
    """`agreement`, `class.frechet`, `class.diversity`: of the right class, and as varied as real.

    `agreement`: share of pictures that a classifier, trained on real ones, puts into the class
    of their label; its ceiling is that of unseen pictures. `class.frechet`: distance to the
    unseen pictures of the class. `class.diversity`: mean distance between made pictures of a
    class over that of real ones: below 1 where a generator repeats itself.
    """

    kind: ClassVar[str] = "images"
    name: ClassVar[str] = "classes"
    order: ClassVar[int] = 40
    group: ClassVar[Group] = "fidelity"
    # One picture in twenty may show another class than real ones do.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "agreement",
            "Shows its label",
            "pictures that show their label",
            better="higher",
            limit=near_ceiling(margin=0.05),
            unit="share",
            worst=0.0,
            remedy="pictures do not show the class they were drawn for: train for longer",
            evidence="a label for each picture",
        ),
        Measure(
            "class.frechet",
            "Fréchet, per class",
            "Fréchet distance to unseen pictures of the class",
            better="lower",
            worst_places="columns",
            worth_naming=0.0,
        ),
        Measure(
            "class.diversity",
            "Diversity in a class",
            "spread over that of real pictures",
            better="near",
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        return _scores(real, fake.rows, seed)

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        scores = [score for score in _scores(real, real.train, seed) if score.metric != "agreement"]
        return [_agreement(real, real.test), *scores]

    def charts(self, real: RealViews, fake: FakeViews, seed: Seed) -> Sequence[Chart]:
        return class_charts(real, fake, seed)


def _scores(real: RealViews, made: View, seed: Seed) -> list[Score]:
    if not real.classes:
        return []
    scores = [_agreement(real, made)]
    scale = real.scale(SPACE)
    ratios = []
    for code, name in enumerate(real.classes):
        sides = [np.flatnonzero(view.codes == code) for view in (real.test, made)]
        n = min(map(len, sides))
        if n < FEWEST:
            continue
        points = [
            view.points(SPACE)[seed.child(name, side).rng().permutation(rows)[:n]] / scale
            for side, view, rows in zip(("test", "made"), (real.test, made), sides, strict=True)
        ]
        note = f"{n} pictures per side."
        value = frechet(points[0], points[1])
        scores.append(Score("class.frechet", value, "lower", "fidelity", name, note=note))
        ratio = spread(points[1]) / max(spread(points[0]), 1e-9)
        ratios.append(ratio)
        scores.append(Score("class.diversity", ratio, "near", "fidelity", name, note=note))
    if ratios:
        scores.append(Score("class.diversity", float(np.mean(ratios)), "near", "fidelity"))
    return scores


def _agreement(real: RealViews, made: View) -> Score:
    named = made.labelled()
    if real.judge is None or not len(named):
        return Score("agreement", None, "higher", "fidelity", note=UNJUDGED)
    right = int((real.judge.classes_of(named.pixels) == named.codes).sum())
    note = f"Judged by classifier {real.judge.digest[:12]}, trained on half of train."
    share, interval = right / len(named), binomial(right, len(named))
    return Score("agreement", share, "higher", "fidelity", interval=interval, note=note)

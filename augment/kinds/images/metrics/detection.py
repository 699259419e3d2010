"""Detection: how well a classifier tells made pictures from real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from augment.core.seeds import Seed
from augment.core.types import Group, Score
from augment.evaluation.charts import Chart
from augment.evaluation.limits import room_above_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.two_samples import FOLD_NOISE, classifier_auc
from augment.kinds.images.metrics.sheets import sheet_chart
from augment.kinds.images.metrics.spectrum import fine_power, log_power, radial_power, spectra
from augment.kinds.images.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augment.evaluation.two_samples import Chances, Points

MOST_ROWS = 1_000  # per side
LEAST_ROWS = 20  # per side, below which no classifier can be judged
TREES = 60
LEAVES = 15
SHOWN = 10  # pictures in a row of a sheet
TINY = 1e-12  # power of a picture of one colour


class Detection(Metric[RealViews, FakeViews]):
    """`detection.features`, `detection.spectrum`: AUC of telling synthetic from unseen pictures.

    Gradient-boosted trees, trained and judged on different folds with as many pictures of either
    kind; 0.5 is indistinguishable. They see the features of fixed random convolutions (or those
    of --features), or the power in each band of the radial spectrum (Durall et al. 2020, arXiv
    2003.01826), where blur shows that moments of features pass. Equal pictures share a fold: that
    a generator repeats itself is for others to say. The ceiling puts training pictures in the
    place of the made ones.

    `sharpness`: median power in the finer half of the spectrum over that of unseen pictures.
    """

    kind: ClassVar[str] = "images"
    name: ClassVar[str] = "detection"
    order: ClassVar[int] = 10
    group: ClassVar[Group] = "fidelity"
    has_floor: ClassVar[bool] = False
    # A third of the room above what real pictures reach against real ones, as for tables.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "detection.features",
            "Detection, features",
            "AUC of telling synthetic pictures from real ones by their features",
            better="lower",
            limit=room_above_ceiling(1 / 3),
            essential=True,
            worst=1.0,
            most_noise=0.1 * FOLD_NOISE,
            remedy="pictures lack fine detail of real ones: train longer, or another engine (-e)",
            evidence="more pictures",
        ),
        Measure(
            "detection.spectrum",
            "Detection, spectrum",
            "AUC of telling synthetic pictures from real ones by their radial spectrum",
            better="lower",
            limit=room_above_ceiling(1 / 3),
            essential=True,
            worst=1.0,
            most_noise=0.1 * FOLD_NOISE,
            remedy="pictures are softer or noisier than real ones: another engine (-e)",
            evidence="more pictures",
        ),
        Measure("sharpness", "Sharpness", "fine detail over that of real pictures", better="near"),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        return _scores(real, fake.rows, seed)

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        return _scores(real, real.train.sample(n, seed.child("rows")), seed)

    def charts(self, real: RealViews, fake: FakeViews, seed: Seed) -> Sequence[Chart]:
        rows = min(len(real.test), len(fake.rows), MOST_ROWS)
        if rows < LEAST_ROWS:
            return ()
        unseen = real.test.sample(rows, seed.child("real"))
        made = fake.rows.sample(rows, seed.child("made"))
        return [spectra(unseen, made), *_telling(real, unseen, made, seed)]


def _scores(real: RealViews, made: View, seed: Seed) -> list[Score]:
    rows = min(len(real.test), len(made), MOST_ROWS)
    if rows < LEAST_ROWS:
        note = f"There are {rows} pictures per side; at least {LEAST_ROWS} are needed."
        return [
            Score("detection.features", None, "lower", "fidelity", note=note),
            Score("detection.spectrum", None, "lower", "fidelity", note=note),
            Score("sharpness", None, "near", "fidelity", note=note),
        ]
    unseen, made = real.test.sample(rows, seed.child("real")), made.sample(rows, seed.child("made"))
    space = "given" if "given" in real.train.spaces else "random"
    sides = (unseen, made)
    keys = np.array([row.tobytes() for side in sides for row in side.pixels])
    powers = [radial_power(side.pixels) for side in sides]
    channels = made.pixels.shape[3]
    fine = [float(np.median(fine_power(power, channels))) for power in powers]

    def detection(name: str, points: list[Points], note: str) -> Score:
        real_points, made_points = points
        value, interval = classifier_auc(
            real_points, made_points, keys, _chances(seed), seed.child("folds")
        )
        return Score(name, value, "lower", "fidelity", interval=interval, note=note)

    note = f"{rows:,} pictures per side."
    seen_by = f"{real.train.spaces[space].note}; {note}"
    return [
        detection(
            "detection.features",
            [side.points(space).astype(np.float64) for side in sides],
            seen_by,
        ),
        detection("detection.spectrum", [log_power(power) for power in powers], note),
        Score("sharpness", fine[1] / max(fine[0], TINY), "near", "fidelity", note=note),
    ]


def _telling(real: RealViews, unseen: View, made: View, seed: Seed) -> list[Chart]:
    """The made pictures that a classifier is surest of, and those that it takes for real ones."""
    space = "given" if "given" in real.train.spaces else "random"
    half = len(unseen) // 2
    points = [side.points(space).astype(np.float64) for side in (unseen, made)]
    x = np.concatenate([side[:half] for side in points])
    chance = _chances(seed)(x, np.repeat([0.0, 1.0], half), points[1][half:])
    order = half + np.argsort(-chance, kind="stable")
    if len(order) < 2 * SHOWN:
        return []
    return [
        sheet_chart(
            "detection",
            "Easiest and hardest to tell from real",
            "Pictures that a classifier is surest are synthetic (above), and those that it takes "
            f"for real ones (below), by their features ({real.train.spaces[space].note}).",
            "Synthetic pictures: above the easiest to tell from real ones, below the hardest",
            [list(made.pixels[order[:SHOWN]]), list(made.pixels[order[-SHOWN:][::-1]])],
            ("easiest to tell", "hardest to tell"),
        )
    ]


def _chances(seed: Seed) -> Chances:
    def chances(x: Points, y: NDArray[np.float64], asked: Points) -> NDArray[np.float64]:
        trees = HistGradientBoostingClassifier(
            max_iter=TREES,
            max_leaf_nodes=LEAVES,
            early_stopping=False,
            random_state=seed.integer(31),
        )
        if len(np.unique(y)) < 2:
            return np.full(len(asked), y[0])
        return np.asarray(trees.fit(x, y).predict_proba(asked)[:, 1], np.float64)

    return chances

"""What made pictures are good for: a classifier trained on them, and what they add to real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from augment.base.seeds import Seed
from augment.base.types import Group, Interval, Metric, Score
from augment.images.metrics.views import FEWEST_TO_JUDGE, FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIFT_SEEDS = 3
T_95 = 4.303  # Student's t for 95% with two degrees of freedom
TOO_FEW = f"Fewer than {FEWEST_TO_JUDGE} labelled pictures, or a single class."


class Utility(Metric[RealViews, FakeViews]):
    """`utility`: accuracy, on unseen pictures, of a classifier trained on as many made pictures
    as there are; the ceiling has real ones in their place, with the same number of steps.
    """

    name: ClassVar[str] = "utility"
    group: ClassVar[Group] = "utility"

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        return [_trained_on(real, fake.rows, seed)]

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        return [_trained_on(real, real.train.sample(n, seed.child("rows")), seed)]


class Lift(Metric[RealViews, FakeViews]):
    """What made pictures add to real ones, beside what classical augmentation adds.

    Four classifiers of the same steps: on real pictures; real, moved a little; half real, half
    made; and both. `lift.synthetic` is the third less the first, `lift.both` the fourth less
    the second, which is what a user gains who augments classically anyhow. Means over three
    seeds; the interval is Student's.
    """

    name: ClassVar[str] = "lift"
    group: ClassVar[Group] = "utility"

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        train, made, test = real.train.labelled(), fake.rows.labelled(), real.test.labelled()
        if not (_enough(train) and _enough(made) and len(test)):
            return [
                Score(f"lift.{name}", None, "higher", "utility", note=TOO_FEW)
                for name in ("classical", "synthetic", "both")
            ]
        runs = np.array(
            [_arms(real, train, made, test, seed.child(k)) for k in range(LIFT_SEEDS)]
        )  # (seeds, 4): real, real + classical, real + synthetic, all three
        plain, classical, synthetic, both = runs.T
        gains = {
            "classical": (classical - plain, plain),
            "synthetic": (synthetic - plain, plain),
            "both": (both - classical, classical),
        }
        return [_lift(name, gain, base) for name, (gain, base) in gains.items()]

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        return []


def _lift(name: str, gain: NDArray[np.float64], base: NDArray[np.float64]) -> Score:
    mean = float(gain.mean())
    half = T_95 * float(gain.std(ddof=1)) / len(gain) ** 0.5
    found = "" if mean - half > 0 else " Nothing is gained."
    note = f"Added to an accuracy of {base.mean():.3f}, {len(gain)} seeds.{found}"
    interval = Interval(mean - half, mean + half)
    return Score(f"lift.{name}", mean, "higher", "utility", interval=interval, note=note)


def _arms(real: RealViews, train: View, made: View, test: View, seed: Seed) -> list[float]:
    from augment.images.metrics.judge import trained_judge

    accuracies = []
    for extra in (None, (made.pixels, made.codes)):
        for classical in (False, True):
            judge = trained_judge(
                train.pixels, train.codes, len(real.classes), seed, extra=extra, classical=classical
            )
            accuracies.append(float((judge.classes_of(test.pixels) == test.codes).mean()))
    return accuracies


def _trained_on(real: RealViews, rows: View, seed: Seed) -> Score:
    from augment.images.metrics.judge import trained_judge

    learnt, test = rows.labelled(), real.test.labelled()
    if not _enough(learnt) or not len(test):
        return Score("utility", None, "higher", "utility", note=TOO_FEW)
    judge = trained_judge(learnt.pixels, learnt.codes, len(real.classes), seed)
    accuracy = float((judge.classes_of(test.pixels) == test.codes).mean())
    note = f"Accuracy on {len(test):,} unseen pictures."
    return Score("utility", accuracy, "higher", "utility", note=note)


def _enough(view: View) -> bool:
    return len(view) >= FEWEST_TO_JUDGE and len(np.unique(view.codes)) > 1

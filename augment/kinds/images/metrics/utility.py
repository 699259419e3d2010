"""What made pictures are good for: a classifier trained on them, and what they add to real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Group, Interval, Score
from augment.evaluation.limits import near_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.kinds.images.metrics.views import FEWEST_TO_JUDGE, FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASSIFIERS = 3  # per arm: the same three starts and draws in each
T_95 = 4.303  # Student's t for 95% with two degrees of freedom
TOO_FEW = f"Fewer than {FEWEST_TO_JUDGE} labelled pictures, or a single class."


class Utility(Metric[RealViews, FakeViews]):
    """`utility`: accuracy on unseen pictures of classifiers trained on synthetic ones.

    They learn from as many made pictures as there are; the ceiling has real ones in their place,
    with the same number of steps. Mean over three classifiers; the interval is Student's and
    holds for the pictures at hand.
    """

    kind: ClassVar[str] = "images"
    name: ClassVar[str] = "utility"
    order: ClassVar[int] = 50
    group: ClassVar[Group] = "utility"
    # At most a quarter of what shuffled pixels lose may be lost, 3 points in any case.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "utility",
            "Trained on synthetic",
            "accuracy when trained on synthetic pictures",
            better="higher",
            limit=near_ceiling(margin=0.03, share=0.25),
            essential=True,
            above_floor=True,
            worst=0.0,
            evidence="more labelled pictures of each class",
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        made = fake.rows.labelled()
        if not (_enough(made) and _answerable(real)):
            return [Score("utility", None, "higher", "utility", note=TOO_FEW)]
        return [_utility(real, [real.accuracy(made, k) for k in range(CLASSIFIERS)])]

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        train = real.train.labelled()
        if not (_enough(train) and _answerable(real)):
            return [Score("utility", None, "higher", "utility", note=TOO_FEW)]
        rows = min(n, len(train))
        return [_utility(real, [real.real_accuracy(rows, k) for k in range(CLASSIFIERS)])]


class Lift(Metric[RealViews, FakeViews]):
    """`lift.synthetic`, `lift.both`: accuracy that synthetic pictures add to real ones, in points.

    Four classifiers of the same steps: on real pictures; real, moved a little; half real, half
    made; and both. `lift.synthetic` is the third less the first, `lift.both` the fourth less
    the second, which is what a user gains who augments classically anyhow. Means over three
    starts; the interval is Student's.
    """

    kind: ClassVar[str] = "images"
    name: ClassVar[str] = "lift"
    order: ClassVar[int] = 60
    group: ClassVar[Group] = "utility"
    has_floor: ClassVar[bool] = False
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "lift.classical",
            "Lift, classical",
            "accuracy that moving real pictures adds",
            better="higher",
            gain=True,
        ),
        Measure(
            "lift.synthetic",
            "Lift, synthetic",
            "accuracy that synthetic pictures add",
            better="higher",
            gain=True,
        ),
        Measure(
            "lift.both",
            "Lift, both",
            "accuracy that synthetic pictures add to that",
            better="higher",
            gain=True,
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        train, made = real.train.labelled(), fake.rows.labelled()
        if not (_enough(train) and _enough(made) and _answerable(real)):
            return [
                Score(f"lift.{name}", None, "higher", "utility", note=TOO_FEW)
                for name in ("classical", "synthetic", "both")
            ]
        runs = np.array(
            [
                (
                    real.real_accuracy(len(train), k),
                    real.accuracy(train, k, classical=True),
                    real.accuracy(train, k, extra=made),
                    real.accuracy(train, k, extra=made, classical=True),
                )
                for k in range(CLASSIFIERS)
            ]
        )  # (classifiers, 4): real, real + classical, real + synthetic, all three
        plain, classical, synthetic, both = runs.T
        gains = {
            "classical": (classical - plain, plain),
            "synthetic": (synthetic - plain, plain),
            "both": (both - classical, classical),
        }
        return [_lift(name, gain, base) for name, (gain, base) in gains.items()]

    def remarks(self, scores: Sequence[Score]) -> list[str]:
        """Whether the made pictures add anything to real ones, in plain words."""
        found = {score.metric: score for score in scores if not score.where}.get("lift.both")
        if found is None or found.value is None or found.interval is None:
            return []
        low, high = found.interval.low, found.interval.high
        span = f"{100 * found.value:+.1f} points (95%: {100 * low:+.1f} to {100 * high:+.1f})"
        gain = span if low > 0 else f"nothing certain: {span}"
        return [f"Added to classically augmented real pictures they gain {gain}."]


def _lift(name: str, gain: NDArray[np.float64], base: NDArray[np.float64]) -> Score:
    mean, interval = float(gain.mean()), _interval(gain)
    found = "" if interval.low > 0 else " Nothing is gained."
    note = f"Added to an accuracy of {base.mean():.3f}, {len(gain)} seeds.{found}"
    return Score(f"lift.{name}", mean, "higher", "utility", interval=interval, note=note)


def _utility(real: RealViews, found: list[float]) -> Score:
    note = f"Accuracy on {len(real.test.labelled()):,} unseen pictures, {len(found)} seeds."
    values = np.array(found)
    mean, interval = float(values.mean()), _interval(values)
    return Score("utility", mean, "higher", "utility", interval=interval, note=note)


def _interval(values: NDArray[np.float64]) -> Interval:
    half = T_95 * float(values.std(ddof=1)) / len(values) ** 0.5
    return Interval(float(values.mean()) - half, float(values.mean()) + half)


def _enough(view: View) -> bool:
    return len(view) >= FEWEST_TO_JUDGE and len(np.unique(view.codes)) > 1


def _answerable(real: RealViews) -> bool:
    return len(real.test.labelled()) > 0

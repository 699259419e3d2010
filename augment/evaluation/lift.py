"""What made rows add to a model trained on real ones: arms, paired differences, advice.

An arm is one way to train: on the real rows alone, with classical remedies for rare classes, or
with made rows added. Every repetition splits anew and trains every arm on the same rows, so that
differences are paired.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Generic

import numpy as np
from scipy.stats import t as student

from augment.core.seeds import Seed
from augment.core.types import D, Interval, Json

CONFIDENCE = 0.95
DECISIVE = ("auc", "average_precision")  # by these is advised; Brier is told
BETTER_LOW = ("brier", "calibrated_brier")
TITLES = {
    "auc": "AUC",
    "average_precision": "average precision",
    "brier": "Brier score",
    "calibrated_brier": "Brier score, calibrated",
}


@dataclass(frozen=True)
class Rows(Generic[D]):
    """The rows of one repetition. `made` is of the real mix and as long as the longest arm wants,
    `lacking` what brings every class to the most common one (None where none lacks)."""

    train: D
    calibration: D  # real rows by which probabilities are calibrated; no fit sees them
    test: D
    made: D
    lacking: D | None


@dataclass(frozen=True)
class Arm:
    """One way to train; `option` is what makes its rows, "" for the alternatives to made rows."""

    name: str
    option: str = ""
    ratio: float = 0.0  # of made rows to training rows


@dataclass(frozen=True)
class Trained:
    """What one arm's model reaches on the unseen rows of one repetition; None: not to be had."""

    learner: str
    arm: str
    auc: float | None
    average_precision: float | None
    brier: float | None
    calibrated_brier: float | None
    note: str = ""

    @property
    def document(self) -> Json:
        return asdict(self)


class Lift(ABC, Generic[D]):
    """How a kind of data trains its arms. Registered in the group `augment.lifts`, by kind."""

    arms: ClassVar[tuple[Arm, ...]]

    @abstractmethod
    def require_possible(self, data: D) -> str:
        """The column that is predicted. Raises `UsageError` where no class is to be predicted, and
        `MissingExtra` where a library is absent."""

    @abstractmethod
    def train(self, rows: Rows[D], seed: Seed) -> list[Trained]:
        """Every arm by every learner, once."""


def compared(
    repetitions: Sequence[Sequence[Json]], arms: Sequence[Arm], test_share: float
) -> list[Json]:
    """Per learner: each arm's means, the best of either side by each measure with the paired
    interval of the difference, and advice in one sentence.

    `repetitions` are lists of `Trained.document`; `test_share` is unseen over training rows.
    """
    learners = dict.fromkeys(found["learner"] for found in repetitions[0])
    return [_of_learner(learner, repetitions, arms, test_share) for learner in learners]


def _of_learner(
    learner: str, repetitions: Sequence[Sequence[Json]], arms: Sequence[Arm], test_share: float
) -> Json:
    lines, values = [], {}
    for arm in arms:
        found = [
            next(t for t in each if (t["learner"], t["arm"]) == (learner, arm.name))
            for each in repetitions
        ]
        line: Json = {"arm": arm.name, "option": arm.option}
        for measure in TITLES:
            each = [result[measure] for result in found]
            whole = all(value is not None for value in each)
            line[measure] = float(np.mean(each)) if whole else None
            if whole:
                values[arm.name, measure] = np.array(each, dtype=np.float64)
        line["note"] = next((result["note"] for result in found if result["note"]), "")
        lines.append(line)
    differences = {m: _best_difference(m, values, arms, test_share) for m in DECISIVE}
    document: Json = {"learner": learner, "arms": lines, "differences": differences}
    return document | _advice(learner, differences)


def _best_difference(
    measure: str, values: Any, arms: Sequence[Arm], test_share: float
) -> Json | None:
    """The best arm with made rows less the best one without, and its interval, which allows for
    the best of several having been picked."""
    ours = [arm for arm in arms if arm.option and (arm.name, measure) in values]
    others = [arm for arm in arms if not arm.option and (arm.name, measure) in values]
    if not ours or not others:
        return None

    def mean(arm: Arm) -> float:
        return float(values[arm.name, measure].mean())

    best, against = max(ours, key=mean), max(others, key=mean)
    paired = values[best.name, measure] - values[against.name, measure]
    interval = paired_interval(paired, test_share, len(ours))
    return {
        "arm": best.name,
        "option": best.option,
        "value": mean(best),
        "against": against.name,
        "against_value": mean(against),
        "difference": float(paired.mean()),
        "interval": asdict(interval),
    }


def paired_interval(paired: Any, test_share: float, tries: int) -> Interval:
    """The mean of paired differences over repeated splits, at 95% for the best of `tries` arms.

    Training sets of repeated splits overlap, so the variance of the mean is larger than by n
    independent ones: (1/n + test/train) σ². Nadeau and Bengio 2003, Inference for the
    Generalization Error, Machine Learning 52. Bonferroni's correction for the tries.
    """
    n, mean = len(paired), float(np.mean(paired))
    spread = float(np.var(paired, ddof=1))
    error = float(np.sqrt((1 / n + test_share) * spread))
    reach = float(student.ppf(1 - (1 - CONFIDENCE) / 2 / tries, n - 1)) * error
    return Interval(mean - reach, mean + reach)


def _advice(learner: str, differences: dict[str, Json | None]) -> Json:
    """Augment only where a measure is surely better and none surely worse."""
    known = {name: found for name, found in differences.items() if found is not None}
    if not known:
        return {
            "augment": False,
            "advice": f"{learner}: do not augment: nothing could be compared.",
        }
    better = {name: found for name, found in known.items() if found["interval"]["low"] > 0}
    worse = [name for name, found in known.items() if found["interval"]["high"] < 0]
    if better and not worse:
        name, found = next(iter(better.items()))
        said = f"{learner}: augment with {found['option']}: {_told(name, found)}."
        return {"augment": True, "advice": said}
    told = "; ".join(_told(name, found) for name, found in known.items())
    return {"augment": False, "advice": f"{learner}: do not augment: {told}."}


def _told(name: str, found: Json) -> str:
    low, high = found["interval"]["low"], found["interval"]["high"]
    return (
        f"{TITLES[name]} {found['value']:.3f} by {found['arm']}, against "
        f"{found['against_value']:.3f} by {found['against']} "
        f"({found['difference']:+.3f}, from {low:+.3f} to {high:+.3f})"
    )

"""What made rows add to a model trained on real ones: arms, paired differences, advice.

An arm is one way to train: on the real rows alone, with classical remedies for rare classes, or
with made rows added. Every repetition splits anew and trains every arm on the same rows, so that
differences are paired.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Generic

import numpy as np
from scipy.stats import t as student

from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.core.types import D, Interval, Json

CONFIDENCE = 0.95
MOST_NOTES = 3  # that differ, of one arm


@dataclass(frozen=True)
class Quality:
    """What a model's answers on unseen rows are judged by. By the `decisive` ones, of which more
    is better, is advised; the others are told."""

    name: str
    title: str  # in a sentence
    head: str  # of a column
    decisive: bool = False


ACCURACY = Quality("accuracy", "accuracy", "accuracy", decisive=True)
AUC = Quality("auc", "AUC", "AUC", decisive=True)
AVERAGE_PRECISION = Quality(
    "average_precision", "average precision", "avg. precision", decisive=True
)
BRIER = Quality("brier", "Brier score", "Brier")
CALIBRATED_BRIER = Quality("calibrated_brier", "Brier score, calibrated", "calibrated")
RANKED = (AUC, AVERAGE_PRECISION, BRIER, CALIBRATED_BRIER)


@dataclass(frozen=True)
class Draw:
    """Made rows that arms train on: what is asked of the generator, and how many. `rows` None: as
    many as bring every class to the most common one; none are made where none lacks."""

    ask: Ask
    rows: int | None


@dataclass(frozen=True)
class Rows(Generic[D]):
    """The rows of one repetition; `made` are those of each draw, by its name."""

    train: D
    calibration: D  # real rows by which probabilities are calibrated; no fit sees them
    test: D
    made: Mapping[str, D]


@dataclass(frozen=True)
class Arm:
    """One way to train; `option` is what makes its rows, "" for the alternatives to made rows."""

    name: str
    option: str = ""
    ratio: float = 0.0  # of made rows to training rows


@dataclass(frozen=True)
class Trained:
    """What one arm's model reaches on the unseen rows of one repetition, by the names of the
    qualities; None: not to be had."""

    learner: str
    arm: str
    reached: Mapping[str, float | None]
    note: str = ""

    @property
    def document(self) -> Json:
        return {"learner": self.learner, "arm": self.arm, **self.reached, "note": self.note}


class Lift(ABC, Generic[D]):
    """How a kind of data trains its arms. Registered in the group `augment.lifts`, by kind."""

    arms: ClassVar[tuple[Arm, ...]]
    qualities: ClassVar[tuple[Quality, ...]]

    @abstractmethod
    def require_possible(self, data: D) -> str:
        """The column that is predicted. Raises `UsageError` where no class is to be predicted, and
        `MissingExtra` where a library is absent."""

    @abstractmethod
    def seconds(self, data: D) -> float:
        """About how long training every arm once on these training rows takes, at the pace that
        engines' `costs` are of."""

    @abstractmethod
    def draws(self, train: D, seed: Seed) -> Mapping[str, Draw]:
        """What is to be made by an engine that is fitted on these training rows."""

    @abstractmethod
    def train(self, rows: Rows[D], seed: Seed) -> list[Trained]:
        """Every arm by every learner, once."""


def compared(
    repetitions: Sequence[Sequence[Json]],
    arms: Sequence[Arm],
    test_share: float,
    qualities: Sequence[Quality] = RANKED,
) -> list[Json]:
    """Per learner: each arm's means, the best of either side by each measure with the paired
    interval of the difference, and advice in one sentence.

    `repetitions` are lists of `Trained.document`; `test_share` is unseen over training rows.
    """
    learners = dict.fromkeys(found["learner"] for found in repetitions[0])
    return [_of_learner(name, repetitions, arms, test_share, qualities) for name in learners]


def _of_learner(
    learner: str,
    repetitions: Sequence[Sequence[Json]],
    arms: Sequence[Arm],
    test_share: float,
    qualities: Sequence[Quality],
) -> Json:
    lines, values = [], {}
    for arm in arms:
        found = [
            next(t for t in each if (t["learner"], t["arm"]) == (learner, arm.name))
            for each in repetitions
        ]
        line: Json = {"arm": arm.name, "option": arm.option}
        for quality in qualities:
            each = [result[quality.name] for result in found]
            whole = all(value is not None for value in each)
            line[quality.name] = float(np.mean(each)) if whole else None
            if whole:
                values[arm.name, quality.name] = np.array(each, dtype=np.float64)
        line["note"] = _joined([result["note"] for result in found])
        lines.append(line)
    decisive = {each.name: each.title for each in qualities if each.decisive}
    differences = {name: _best_difference(name, values, arms, test_share) for name in decisive}
    document: Json = {"learner": learner, "arms": lines, "differences": differences}
    return document | _advice(learner, differences, decisive)


def _joined(notes: Sequence[str]) -> str:
    """What is noted of an arm, and in how many repetitions where they differ."""
    counts = Counter(note for note in notes if note)
    if len(counts) == 1 and counts.total() == len(notes):
        return next(iter(counts))
    told = [f"{note} ({n} of {len(notes)})" for note, n in counts.most_common(MOST_NOTES)]
    others = counts.total() - sum(n for _, n in counts.most_common(MOST_NOTES))
    return "; ".join([*told, *([f"other ({others} of {len(notes)})"] if others else [])])


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


def _advice(learner: str, differences: dict[str, Json | None], titles: Mapping[str, str]) -> Json:
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
        said = f"{learner}: augment with {found['option']}: {_told(titles[name], found)}."
        return {"augment": True, "advice": said}
    told = "; ".join(_told(titles[name], found) for name, found in known.items())
    return {"augment": False, "advice": f"{learner}: do not augment: {told}."}


def _told(title: str, found: Json) -> str:
    low, high = found["interval"]["low"], found["interval"]["high"]
    return (
        f"{title} {found['value']:.3f} by {found['arm']}, against "
        f"{found['against_value']:.3f} by {found['against']} "
        f"({found['difference']:+.3f}, from {low:+.3f} to {high:+.3f})"
    )

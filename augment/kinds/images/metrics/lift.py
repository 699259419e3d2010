"""Real pictures against real and made ones, beside class weights and classical augmentation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.metrics import average_precision_score

from augment.core.errors import UsageError
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.evaluation.lift import (
    ACCURACY,
    AVERAGE_PRECISION,
    BRIER,
    CALIBRATED_BRIER,
    Arm,
    Draw,
    Lift,
    Quality,
    Rows,
    Trained,
)
from augment.kinds.images.data.dataset import UNLABELLED, Images
from augment.kinds.images.metrics.views import MOST_ROWS, drawn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augment.kinds.images.metrics.classifier import Judge

LABEL = "label"
LEARNER = "small classifier"
RATIOS = (0.25, 0.5, 1.0, 2.0)
STRENGTHS = (0.5, 1.0, 2.0)  # of classical augmentation, times the usual one
LEAST_OF_A_CLASS = 10  # pictures, so that every part of a split has some
MOST_NAMED = 6  # classes in a note
COLDEST, HOTTEST = -2.0, 4.0  # logarithms of the temperatures that probabilities are calibrated by
REAL, WEIGHTS, CLASSICAL, LATE = "real alone", "class weights", "classical", "late classes 1x"
MADE = "made"
STEP_SECONDS, PIXEL_SECONDS = 0.015, 2.5e-5  # of a step of the classifier, and of each pixel seen


class ImageLift(Lift[Images]):
    """By the small classifier that judges pictures, of the same steps, start and draws in all arms.

    Classical augmentation shifts, turns and scales pictures as they are drawn; its strength is the
    one of `STRENGTHS` with the least loss on the calibration pictures. Made pictures are added to
    real ones and augmented alike, at that strength, or at none where that has the least loss.
    """

    arms: ClassVar[tuple[Arm, ...]] = (
        Arm(REAL),
        Arm(WEIGHTS),
        Arm(CLASSICAL),
        *(Arm(f"synthetic {r:g}x", f"-n {r:g}x beside the real ones", r) for r in RATIOS),
        Arm(LATE, "as many synthetic as real ones of the classes learnt late (--where)", 1.0),
    )
    qualities: ClassVar[tuple[Quality, ...]] = (
        ACCURACY,
        AVERAGE_PRECISION,
        BRIER,
        CALIBRATED_BRIER,
    )

    def require_possible(self, data: Images) -> str:
        counts = np.bincount(data.label_codes[data.label_codes != UNLABELLED])
        counts = counts[counts > 0]
        if len(counts) < 2:
            raise UsageError(
                "These images are of no two classes, so there is none to predict. Give class "
                "folders, or a list with a column of labels."
            )
        if counts.min() < LEAST_OF_A_CLASS:
            raise UsageError(
                f"A class has {counts.min()} images, and at least {LEAST_OF_A_CLASS} of each are "
                "needed to split them. Give more images, or leave such classes out."
            )
        return LABEL

    def seconds(self, data: Images) -> float:
        from augment.kinds.images.metrics.classifier import SEEN_SIDE, STEPS
        from augment.kinds.images.metrics.learning_order import EARLY_STEPS

        height, width, _ = data.schema.shape
        seen = height * width * min(1.0, SEEN_SIDE / max(height, width)) ** 2
        steps = STEPS * (len(self.arms) + len(STRENGTHS) - 1) + sum(EARLY_STEPS)
        return steps * (STEP_SECONDS + PIXEL_SECONDS * seen)

    def draws(self, train: Images, seed: Seed) -> Mapping[str, Draw]:
        from augment.kinds.images.metrics import learning_order

        pixels, codes = _labelled(train, seed.child("rows"))
        classes = len(train.schema.classes)
        confidence = learning_order.confidences(pixels, codes, classes, seed.child("early"))
        found = {MADE: Draw(Ask(), math.ceil(max(RATIOS) * min(len(train), MOST_ROWS)))}
        chosen = learning_order.late_classes(confidence, codes, classes, seed.child("clusters"))
        if chosen:
            named = ", ".join(_quoted(train.schema.classes[code]) for code in chosen)
            rows = int(np.isin(codes, chosen).sum())
            found[LATE] = Draw(Ask(where=(f"{LABEL} in ({named})",)), rows)
        return found

    def train(self, rows: Rows[Images], seed: Seed) -> list[Trained]:
        return _Repetition.of(rows, seed).trained(self.arms)


@dataclass(frozen=True)
class _Pictures:
    pixels: NDArray[np.uint8]
    codes: NDArray[np.int64]

    def joined(self, more: _Pictures) -> _Pictures:
        return _Pictures(
            np.concatenate([self.pixels, more.pixels]), np.concatenate([self.codes, more.codes])
        )

    def first(self, n: int) -> _Pictures:
        return _Pictures(self.pixels[:n], self.codes[:n])


@dataclass(frozen=True)
class _Repetition:
    """The pictures of one repetition in memory, and how a judge of it is trained."""

    real: _Pictures
    calibration: _Pictures
    test: _Pictures
    made: Mapping[str, _Pictures]
    names: tuple[str, ...]
    seed: Seed

    @staticmethod
    def of(rows: Rows[Images], seed: Seed) -> _Repetition:
        def labelled(name: str, images: Images) -> _Pictures:
            return _Pictures(*_labelled(images, seed.child(name)))

        return _Repetition(
            labelled("train", rows.train),
            labelled("calibration", rows.calibration),
            labelled("test", rows.test),
            {name: _Pictures(*_named(each)) for name, each in rows.made.items()},
            rows.train.schema.classes,
            seed.child("classifier"),
        )

    def trained(self, arms: tuple[Arm, ...]) -> list[Trained]:
        plain = self._judge(self.real, 0.0)
        moved = {strength: self._judge(self.real, strength) for strength in STRENGTHS}
        best = min(moved, key=lambda strength: self._loss(moved[strength]))
        strength = best if self._loss(moved[best]) < self._loss(plain) else 0.0
        how = f"with classical {strength:g}x" if strength else "without classical"
        weights = self._weights()
        others: dict[str, Callable[[], tuple[Judge, str]]] = {
            REAL: lambda: (plain, ""),
            WEIGHTS: lambda: (self._judge(self.real, 0.0, weights), ""),
            CLASSICAL: lambda: (moved[best], f"strength {best:g}x"),
        }
        found = []
        for arm in arms:
            if arm.name in others:
                judge, note = others[arm.name]()
                found.append(Trained(LEARNER, arm.name, self._reached(judge), note))
                continue
            more, note = self._more(arm)
            if more is None:
                none = dict.fromkeys(quality.name for quality in ImageLift.qualities)
                found.append(Trained(LEARNER, arm.name, none, note))
                continue
            reached = self._reached(self._judge(self.real.joined(more), strength))
            found.append(Trained(LEARNER, arm.name, reached, note or how))
        return found

    def _more(self, arm: Arm) -> tuple[_Pictures | None, str]:
        """The made pictures of an arm and a note on them; None where there are none to be made."""
        if arm.name != LATE:
            return self.made[MADE].first(round(arm.ratio * len(self.real.codes))), ""
        if LATE not in self.made or not len(self.made[LATE].codes):
            return None, "no class is learnt later than the others"
        found = [self.names[code] for code in np.unique(self.made[LATE].codes).tolist()]
        more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        return self.made[LATE], f"late are {', '.join(found[:MOST_NAMED])}{more}"

    def _judge(
        self,
        learnt: _Pictures,
        strength: float,
        weights: NDArray[np.float64] | None = None,
    ) -> Judge:
        from augment.kinds.images.metrics import classifier

        return classifier.trained_judge(
            learnt.pixels,
            learnt.codes,
            len(self.names),
            self.seed,
            classifier.STEPS,
            classical=strength,
            weights=weights,
        )

    def _weights(self) -> NDArray[np.float64]:
        """(classes,) the reciprocals of the classes' shares, 1 on average over the pictures."""
        counts = np.bincount(self.real.codes, minlength=len(self.names))
        present = int((counts > 0).sum())
        return len(self.real.codes) / (present * np.maximum(counts, 1))

    def _loss(self, judge: Judge) -> float:
        return _cross_entropy(_logits(judge, self.calibration), self.calibration.codes)

    def _reached(self, judge: Judge) -> dict[str, float | None]:
        """The qualities on the unseen pictures; probabilities are calibrated by one temperature.

        Source: Guo et al. 2017, arXiv 1706.04599.
        """
        asked = _logits(judge, self.test)
        known, truth = _logits(judge, self.calibration), self.calibration.codes
        found = minimize_scalar(
            lambda t: _cross_entropy(known / math.exp(t), truth),
            bounds=(COLDEST, HOTTEST),
            method="bounded",
        )
        odds = np.exp(log_softmax(asked, axis=1))
        calibrated = np.exp(log_softmax(asked / math.exp(float(found.x)), axis=1))
        return {
            ACCURACY.name: float((asked.argmax(1) == self.test.codes).mean()),
            AVERAGE_PRECISION.name: _average_precision(odds, self.test.codes),
            BRIER.name: _brier(odds, self.test.codes),
            CALIBRATED_BRIER.name: _brier(calibrated, self.test.codes),
        }


def _labelled(images: Images, seed: Seed) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """At most as many labelled pictures as metrics look at, in memory, in their order."""
    named = images.take(np.flatnonzero(images.label_codes != UNLABELLED))
    return drawn(named, seed)


def _named(images: Images) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """All labelled pictures, in memory."""
    named = np.flatnonzero(images.label_codes != UNLABELLED)
    return np.array(images.pixels[named]), images.label_codes[named]


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def _logits(judge: Judge, pictures: _Pictures) -> NDArray[np.float64]:
    return judge.logits(pictures.pixels).astype(np.float64)


def _cross_entropy(logits: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    chosen = log_softmax(logits, axis=1)[np.arange(len(truth)), truth]
    return float(-chosen.mean())


def _average_precision(odds: NDArray[np.float64], truth: NDArray[np.int64]) -> float | None:
    """Mean over classes of one against the rest."""
    each = [
        float(average_precision_score(truth == code, odds[:, code]))
        for code in range(odds.shape[1])
        if 0 < (truth == code).sum() < len(truth)
    ]
    return float(np.mean(each)) if each else None


def _brier(odds: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Mean over pictures of the squared error of the probabilities, over classes together."""
    return float(((odds - np.eye(odds.shape[1])[truth]) ** 2).sum(axis=1).mean())

"""What metrics of pictures look at: each feature computed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from augment.core.budget import UNLIMITED, Budget
from augment.core.seeds import Seed
from augment.core.types import Tick, silent
from augment.kinds.images.data.dataset import UNLABELLED, Images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augment.kinds.images.metrics.classifier import Judge
    from augment.kinds.images.metrics.spaces import Space

MOST_ROWS = 5_000  # pictures per side that are looked at
JUDGE_STEPS = 500  # of the classifier that says what a picture shows, on moved pictures
STILL = 0.05  # of the widest dimension: less is taken for no movement
FEWEST_TO_JUDGE = 20  # labelled pictures, below which no classifier is trained


@dataclass(frozen=True, eq=False)
class View:
    """Pictures in memory, their classes, and their points in each space by its name."""

    pixels: NDArray[np.uint8]  # (n, height, width, channels)
    codes: NDArray[np.int64]  # (n,)
    spaces: dict[str, Space]
    _points: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    @staticmethod
    def of(images: Images, spaces: dict[str, Space], seed: Seed) -> View:
        pixels, codes = drawn(images, seed)
        return View(pixels, codes, spaces)

    def __len__(self) -> int:
        return len(self.pixels)

    def points(self, space: str) -> NDArray[np.float32]:
        """(n, dimensions)"""
        if space not in self._points:
            self._points[space] = self.spaces[space].embed(self.pixels)
        return self._points[space]

    def take(self, rows: NDArray[np.int64]) -> View:
        points = {name: found[rows] for name, found in self._points.items()}
        return View(self.pixels[rows], self.codes[rows], self.spaces, points)

    def sample(self, n: int, seed: Seed) -> View:
        """At most `n` pictures, without repeats."""
        if n >= len(self):
            return self
        return self.take(np.sort(seed.rng().permutation(len(self))[:n]))

    def labelled(self) -> View:
        named = np.flatnonzero(self.codes != UNLABELLED)
        return self if len(named) == len(self) else self.take(named)


@dataclass(frozen=True)
class RealViews:
    """Pictures that a generator saw and pictures that it never saw; `judge` is a classifier
    trained on a half of train, None where too little is labelled. Classifiers for usefulness get
    their streams from `seed`, so that metrics share those that are trained on the same. With
    `show_real` charts may hold real pictures."""

    train: View
    test: View
    classes: tuple[str, ...]
    judge: Judge | None
    seed: Seed
    seen_known: bool = True
    show_real: bool = False
    _accuracies: dict[tuple[int, int], float] = field(default_factory=dict)

    def scale(self, space: str) -> NDArray[np.float32]:
        """(dimensions,) deviations of the training pictures by which points are divided.

        A dimension that hardly any training picture moves is not blown up to the size of others.
        """
        spread = self.train.points(space).std(0)
        found: NDArray[np.float32] = np.maximum(spread, STILL * spread.max()) + np.float32(1e-9)
        return found

    def accuracy(
        self, learnt: View, number: int, extra: View | None = None, classical: float = 0.0
    ) -> float:
        """Accuracy on the unseen pictures of classifier `number`: the same start and the same
        draws whatever it learns from. Both views and the unseen pictures are labelled."""
        from augment.kinds.images.metrics.classifier import trained_judge

        seed, test = self.seed.child("classifier", number), self.test.labelled()
        more = None if extra is None else (extra.pixels, extra.codes)
        judge = trained_judge(
            learnt.pixels, learnt.codes, len(self.classes), seed, extra=more, classical=classical
        )
        return float((judge.classes_of(test.pixels) == test.codes).mean())

    def real_accuracy(self, n: int, number: int) -> float:
        """The same for `n` labelled training pictures; each is trained once."""
        if (n, number) not in self._accuracies:
            learnt = self.train.labelled().sample(n, self.seed.child("rows"))
            self._accuracies[n, number] = self.accuracy(learnt, number)
        return self._accuracies[n, number]


@dataclass(frozen=True)
class FakeViews:
    rows: View


def drawn(images: Images, seed: Seed) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """At most `MOST_ROWS` pictures and their codes, in memory."""
    n = len(images)
    rows = np.arange(n) if n <= MOST_ROWS else np.sort(seed.rng().permutation(n)[:MOST_ROWS])
    return np.array(images.pixels[rows]), images.label_codes[rows]


def real_views(
    train: Images,
    test: Images,
    seed: Seed,
    seen_known: bool = True,
    features: Path | None = None,
    budget: Budget = UNLIMITED,
    tick: Callable[[Tick], None] = silent,
    show_real: bool = False,
) -> RealViews:
    """The real side, with its spaces and its judge; `features` is a network of the user's."""
    from augment.kinds.images.metrics.classifier import trained_judge
    from augment.kinds.images.metrics.spaces import (
        encoder_space,
        given_space,
        pca_space,
        random_space,
    )

    pixels, codes = drawn(train, seed.child("train"))
    found = [random_space(train.schema.channels), pca_space(pixels)]
    named = np.flatnonzero(codes != UNLABELLED)
    judge = None
    if len(named) >= FEWEST_TO_JUDGE and len(np.unique(codes[named])) > 1:
        half = np.sort(seed.child("half").rng().permutation(named)[: (len(named) + 1) // 2])
        classes = len(train.schema.classes)
        stream = seed.child("judge")
        judge = trained_judge(
            pixels[half], codes[half], classes, stream, JUDGE_STEPS, None, True, budget, _cut(tick)
        )
        found.append(encoder_space(judge))
    if features is not None:
        found.append(given_space(features))
    spaces = {space.name: space for space in found}
    seen = View(pixels, codes, spaces)
    unseen = View.of(test, spaces, seed.child("test"))
    usefulness = seed.child("usefulness")
    classes_known = train.schema.classes
    return RealViews(seen, unseen, classes_known, judge, usefulness, seen_known, show_real)


def _cut(tick: Callable[[Tick], None]) -> Callable[[Tick], None]:
    """Passes on what is shortened, as a part of scoring, and not the steps of a training."""

    def heard(found: Tick) -> None:
        if found.shortened:
            tick(Tick("score", shortened=found.shortened))

    return heard

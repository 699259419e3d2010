"""Fréchet and kernel distances between made and unseen pictures, in every feature space."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Group, Score
from augment.evaluation.metric import Measure, Metric
from augment.kinds.images.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST = 10  # pictures per side


class Distances(Metric[RealViews, FakeViews]):
    """`frechet.SPACE` and `kernel.SPACE`: 0 where synthetic and unseen pictures are alike.

    Both depend on the number of pictures, so the ceiling puts as many training pictures in the
    place of the made ones. Points are scaled to unit deviation of the training pictures.
    """

    kind: ClassVar[str] = "images"
    name: ClassVar[str] = "distances"
    order: ClassVar[int] = 20
    group: ClassVar[Group] = "fidelity"
    # Shown and not judged: moments pass blur, and the way to pixel noise is long.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "frechet.random",
            "Fréchet, random",
            "Fréchet distance under random convolutions",
            better="lower",
        ),
        Measure(
            "frechet.encoder",
            "Fréchet, encoder",
            "Fréchet distance in the encoder's space",
            better="lower",
        ),
        Measure(
            "frechet.pixels",
            "Fréchet, pixels",
            "Fréchet distance of the pixels' components",
            better="lower",
        ),
        Measure(
            "frechet.given",
            "Fréchet, --features",
            "Fréchet distance in the space given",
            better="lower",
        ),
        Measure(
            "kernel.random", "Kernel, random", "MMD² under random convolutions", better="lower"
        ),
        Measure("kernel.encoder", "Kernel, encoder", "MMD² in the encoder's space", better="lower"),
        Measure(
            "kernel.pixels", "Kernel, pixels", "MMD² of the pixels' components", better="lower"
        ),
        Measure("kernel.given", "Kernel, --features", "MMD² in the space given", better="lower"),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        return _scores(real, fake.rows, min(len(fake.rows), len(real.train)), seed)

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        return _scores(real, real.train, min(n, len(real.train)), seed)


def _scores(real: RealViews, made: View, most: int, seed: Seed) -> list[Score]:
    n = min(len(real.test), most)
    test, fake = real.test.sample(n, seed.child("test")), made.sample(n, seed.child("made"))
    scores = []
    for name, space in real.train.spaces.items():
        if n < FEWEST:
            note = f"There are {n} pictures per side; {FEWEST} are needed."
            values: tuple[float | None, float | None] = (None, None)
        else:
            note = f"{space.note}; {n:,} pictures per side."
            scale = real.scale(name)
            a, b = test.points(name) / scale, fake.points(name) / scale
            values = frechet(a, b), kernel(a, b)
        for metric, value in zip(("frechet", "kernel"), values, strict=True):
            scores.append(Score(f"{metric}.{name}", value, "lower", "fidelity", note=note))
    return scores


def frechet(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """|μ₁ - μ₂|² + tr(C₁ + C₂ - 2 (C₁ C₂)^½) of normal distributions around two sets of points."""
    one, two = a.astype(np.float64), b.astype(np.float64)
    c1, c2 = np.atleast_2d(np.cov(one.T)), np.atleast_2d(np.cov(two.T))
    values, vectors = np.linalg.eigh(c1)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    shared = np.sqrt(np.clip(np.linalg.eigvalsh(root @ c2 @ root), 0, None)).sum()
    apart = ((one.mean(0) - two.mean(0)) ** 2).sum()
    return float(max(0.0, apart + np.trace(c1) + np.trace(c2) - 2 * shared))


def kernel(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Unbiased squared maximum mean discrepancy under (x·y / d + 1)³; may fall below 0.

    Bińkowski et al. 2018, arXiv 1801.01401.
    """
    one, two = a.astype(np.float64), b.astype(np.float64)
    n, m, d = len(one), len(two), one.shape[1]
    aa, bb, ab = ((x @ y.T / d + 1) ** 3 for x, y in ((one, one), (two, two), (one, two)))
    within = (aa.sum() - np.trace(aa)) / (n * (n - 1)) + (bb.sum() - np.trace(bb)) / (m * (m - 1))
    return float(within - 2 * ab.mean())

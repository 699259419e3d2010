"""Copies: made pictures that repeat a training picture, exactly or nearly."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from augment.base.distances import nearest, nearest_others
from augment.base.seeds import Seed
from augment.base.types import Group, Metric, Score
from augment.images.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPACE = "pixels"
HUGGING = 1 / 3  # of the distance to the second nearest: Carlini et al. 2023, arXiv 2301.13188
HASH_BITS = 3  # bits of 64 in which two perceptual hashes may differ
FEWEST = 10


class Copies(Metric[RealViews, FakeViews]):
    """Four looks at the same fear, each beside what unseen pictures have.

    `copies`: share equal to a training picture in every byte. `copies.near`: share whose
    perceptual hash is within three bits of a training picture's. `copies.hugging`: share that
    lies more than three times nearer to one training picture than to any other.
    `copies.distance`: median distance to training pictures over that to as many unseen ones;
    near 1 for a generator that does not remember, near 0 for one that replays.
    """

    name: ClassVar[str] = "copies"
    group: ClassVar[Group] = "privacy"

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        made = fake.rows
        shares = _shares(real.train, made)
        n = min(len(real.train), len(real.test))
        if n < FEWEST or not len(made):
            return [*shares, _distance(None)]
        train = real.train.sample(n, seed.child("train")).points(SPACE)
        test = real.test.sample(n, seed.child("test")).points(SPACE)
        near, far = (
            np.median(nearest(index, made.points(SPACE), 1)[:, 0]) for index in (train, test)
        )
        return [*shares, _distance(float(near / max(far, 1e-9)))]

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        shares = _shares(real.train, real.test)
        rows = min(len(real.train), len(real.test) - 1)
        if rows < FEWEST:
            return [*shares, _distance(None)]
        train = real.train.sample(rows, seed.child("train")).points(SPACE)
        test = real.test.points(SPACE)
        near = np.median(nearest(train, test, 1)[:, 0])
        far = np.median(nearest_others(test, 1)[:, 0])
        return [*shares, _distance(float(near / max(far, 1e-9)))]


def _distance(value: float | None) -> Score:
    note = f"{FEWEST} unseen pictures are needed." if value is None else ""
    return Score("copies.distance", value, "higher", "privacy", note=note)


def _shares(train: View, made: View) -> list[Score]:
    if len(train) < 2 or not len(made):
        note = "There are too few pictures."
        return [Score(f"copies{end}", None, "lower", "privacy", note=note) for end in ENDS]
    known = {row.tobytes() for row in train.pixels}
    exact = sum(row.tobytes() in known for row in made.pixels) / len(made)
    near = float((_hash_distance(hashes(made.pixels), hashes(train.pixels)) <= HASH_BITS).mean())
    first, second = nearest(train.points(SPACE), made.points(SPACE), 2).T
    hugging = float((first < HUGGING * second).mean())
    return [
        Score(f"copies{end}", value, "lower", "privacy")
        for end, value in zip(ENDS, (exact, near, hugging), strict=True)
    ]


ENDS = ("", ".near", ".hugging")


def hashes(pixels: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """64 bits per picture: is each cell of an 8 × 9 grid brighter than the one to its left.

    Differences below two grey levels count as none, so that flat grounds give the same bits.
    """
    from PIL import Image

    found = np.empty(len(pixels), np.uint64)
    for row, each in enumerate(pixels):
        gray = Image.fromarray(each[:, :, 0] if each.shape[2] == 1 else each).convert("L")
        grid = np.asarray(gray.resize((9, 8), Image.Resampling.BOX), np.int16)
        bits = np.packbits((grid[:, 1:] - grid[:, :-1] >= 2).ravel())
        found[row] = bits.view(np.uint64)[0]
    return found


def _hash_distance(asked: NDArray[np.uint64], index: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """(asked,) the fewest differing bits to any hash of `index`."""
    fewest = np.empty(len(asked), np.uint8)
    for row, each in enumerate(asked):
        fewest[row] = np.bitwise_count(index ^ each).min()
    return fewest

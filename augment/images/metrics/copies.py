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
FEWEST = 10  # unseen pictures
FEWEST_FOR_SHARE = 30  # with fewer, the share of fresh pictures is not known well enough


class Copies(Metric[RealViews, FakeViews]):
    """`copies` and `.near`, `.hugging`, `.nearer`, `.distance`: do made pictures repeat train.

    Five looks at the same fear, each beside what unseen pictures have.

    `copies`: share equal to a training picture in every byte. `copies.near`: share whose
    perceptual hash is within three bits of a training picture's. `copies.hugging`: share that
    lies more than three times nearer to one training picture than to any other.
    `copies.nearer`: share that lies nearer to a training picture than to any unseen one.
    `copies.distance`: median distance to the training pictures over that to the unseen ones;
    0 for a generator that replays. Both sides are taken whole: the ceiling has the same numbers
    of pictures on each, and a replayed picture, moved a little, is seen only where its original
    is among them.
    """

    name: ClassVar[str] = "copies"
    group: ClassVar[Group] = "privacy"

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        far = None
        if len(real.test) >= FEWEST and len(fake.rows):
            far = nearest(real.test.points(SPACE), fake.rows.points(SPACE), 1)[:, 0]
        return _looks(real.train, fake.rows, far, len(real.test))

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        far = None
        if len(real.test) > FEWEST:
            far = nearest_others(real.test.points(SPACE), 1)[:, 0]
        return _looks(real.train, real.test, far, len(real.test))


ENDS = ("", ".near", ".hugging")


def _looks(train: View, made: View, far: NDArray[np.float64] | None, unseen: int) -> list[Score]:
    """All five; `far` (made,) are distances to the nearest unseen picture, if there are enough."""
    if len(train) < 2 or not len(made):
        note = "There are too few pictures."
        shares = [Score(f"copies{end}", None, "lower", "privacy", note=note) for end in ENDS]
        return [*shares, *_beside_unseen(None, None, unseen)]
    known = {row.tobytes() for row in train.pixels}
    exact = sum(row.tobytes() in known for row in made.pixels) / len(made)
    near = float((_hash_distance(hashes(made.pixels), hashes(train.pixels)) <= HASH_BITS).mean())
    first, second = nearest(train.points(SPACE), made.points(SPACE), 2).T
    hugging = float((first < HUGGING * second).mean())
    shares = [
        Score(f"copies{end}", value, "lower", "privacy")
        for end, value in zip(ENDS, (exact, near, hugging), strict=True)
    ]
    return [*shares, *_beside_unseen(first, far, unseen)]


def _beside_unseen(
    near: NDArray[np.float64] | None, far: NDArray[np.float64] | None, unseen: int
) -> list[Score]:
    nearer = distance = None
    if near is not None and far is not None:
        distance = float(np.median(near) / max(float(np.median(far)), 1e-9))
        nearer = float((near < far).mean()) if unseen >= FEWEST_FOR_SHARE else None
    return [
        Score("copies.nearer", nearer, "lower", "privacy", note=_needed(nearer, FEWEST_FOR_SHARE)),
        Score("copies.distance", distance, "higher", "privacy", note=_needed(distance, FEWEST)),
    ]


def _needed(value: float | None, unseen: int) -> str:
    return f"{unseen} unseen pictures are needed." if value is None else ""


def hashes(pixels: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """(n,) 64 bits per picture: is each cell of an 8 × 9 grid brighter than the one to its left.

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

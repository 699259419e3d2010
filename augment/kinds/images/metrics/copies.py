"""Copies: made pictures that repeat a training picture, exactly or nearly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from PIL import Image

from augment.core.seeds import Seed
from augment.core.types import Group, Score
from augment.evaluation.charts import Chart
from augment.evaluation.distances import nearest, nearest_others
from augment.evaluation.limits import natural_rate, part_of_ceiling, room_above_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.roc import binomial
from augment.kinds.images.metrics.nearest_training import neighbour_charts
from augment.kinds.images.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPACE = "pixels"
HUGGING = 1 / 3  # of the distance to the second nearest: Carlini et al. 2023, arXiv 2301.13188
HASH_BITS = 3  # bits of 64 in which two perceptual hashes may differ
FEWEST = 10  # unseen pictures
FEWEST_FOR_SHARE = 30  # with fewer, the share of fresh pictures is not known well enough
ENDS = ("", ".near", ".hugging")
HALVED = "It is unknown which real pictures the generator saw; --unseen names some it did not."
REMEDY = (
    "the generator has learnt pictures by heart: train it for less, give it more "
    "pictures, or take another engine (-e)"
)


class Copies(Metric[RealViews, FakeViews]):
    """`copies` and `.near`, `.hugging`, `.nearer`, `.distance`: do synthetic pictures repeat train.

    Five looks at the same fear, each beside what unseen pictures have.

    `copies`: share equal to a training picture in every byte. `copies.near`: share whose
    perceptual hash is within three bits of a training picture's. `copies.hugging`: share that
    lies more than three times nearer to one training picture than to any other.
    `copies.nearer`: share that lies nearer to a training picture than to any unseen one.
    `copies.distance`: median distance to the training pictures over that to the unseen ones;
    0 for a generator that replays. Both sides are taken whole: the ceiling has the same numbers
    of pictures on each, and a replayed picture, moved a little, is seen only where its original
    is among them.

    Where it is unknown which pictures were seen, the first three look among all real ones, with
    each left out of its own search for the ceiling, and the others have no value.
    """

    kind: ClassVar[str] = "images"
    name: ClassVar[str] = "copies"
    order: ClassVar[int] = 70
    group: ClassVar[Group] = "privacy"
    has_floor: ClassVar[bool] = False
    # Copies: as for tables, twice the natural rate and half a per cent on top. Nearer: two thirds
    # of the room that unseen pictures leave; training pictures moved by up to 9 degrees and a
    # pixel use 69% of it on MNIST and 84% on digits. Distance: a fifth nearer to training
    # pictures than unseen pictures are, no more.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "copies",
            "Exact copies",
            "exact copies of training pictures",
            better="lower",
            limit=natural_rate(),
            essential=True,
            unit="share",
            worst=1.0,
            ceiling_noise=True,
            remedy=REMEDY,
        ),
        Measure(
            "copies.near",
            "Near copies",
            "near copies by perceptual hash",
            better="lower",
            limit=natural_rate(),
            unit="share",
            worst=1.0,
            ceiling_noise=True,
            remedy=REMEDY,
        ),
        Measure(
            "copies.hugging",
            "Close to one picture",
            "pictures far nearer to one training picture than to others",
            better="lower",
            limit=natural_rate(),
            unit="share",
            worst=1.0,
            ceiling_noise=True,
            remedy=REMEDY,
        ),
        Measure(
            "copies.nearer",
            "Nearer to training",
            "pictures nearer to a training picture than to any unseen one",
            better="lower",
            limit=room_above_ceiling(2 / 3),
            essential=True,
            unit="share",
            worst=1.0,
            ceiling_noise=True,
            remedy=REMEDY,
        ),
        Measure(
            "copies.distance",
            "Distance to training",
            "distance to training over unseen pictures",
            better="higher",
            limit=part_of_ceiling(0.8),
            essential=True,
            worst=0.0,
            remedy=REMEDY,
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        made = fake.rows
        if not real.seen_known:
            return [*_shares(_joined(real), made, HALVED), *_unknown(HALVED)]
        far = None
        if len(real.test) >= FEWEST and len(made):
            far = nearest(real.test.points(SPACE), made.points(SPACE), 1)[:, 0]
        return [*_shares(real.train, made, ""), *_beside_unseen(real, made, far)]

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        if not real.seen_known:
            return _shares_among(_joined(real))
        far = None
        if len(real.test) > FEWEST:
            far = nearest_others(real.test.points(SPACE), 1)[:, 0]
        return [*_shares(real.train, real.test, ""), *_beside_unseen(real, real.test, far)]

    def charts(self, real: RealViews, fake: FakeViews, seed: Seed) -> Sequence[Chart]:
        return neighbour_charts(real, fake)


def _joined(real: RealViews) -> View:
    """All real pictures, any of which may have been seen."""
    pixels = np.concatenate([real.train.pixels, real.test.pixels])
    codes = np.concatenate([real.train.codes, real.test.codes])
    return View(pixels, codes, real.train.spaces)


def _shares(train: View, made: View, note: str) -> list[Score]:
    """The first three, of `made` among `train`."""
    if len(train) < 2 or not len(made):
        return _none("There are too few pictures.")
    known = {row.tobytes() for row in train.pixels}
    exact = np.array([row.tobytes() in known for row in made.pixels])
    near = _hash_distance(hashes(made.pixels), hashes(train.pixels)) <= HASH_BITS
    first, second = nearest(train.points(SPACE), made.points(SPACE), 2).T
    return _counted((exact, near, first < HUGGING * second), note)


def _shares_among(rows: View) -> list[Score]:
    """The first three, of each picture among the others."""
    if len(rows) < 3:
        return _none("There are too few pictures.")
    _, group, count = np.unique(
        [row.tobytes() for row in rows.pixels], return_inverse=True, return_counts=True
    )
    found = hashes(rows.pixels)
    near = _hash_distance(found, found, others=True) <= HASH_BITS
    first, second = nearest_others(rows.points(SPACE), 2).T
    return _counted((count[group] > 1, near, first < HUGGING * second), HALVED)


def _counted(looks: tuple[NDArray[np.bool_], ...], note: str) -> list[Score]:
    return [_share(f"copies{end}", found, note) for end, found in zip(ENDS, looks, strict=True)]


def _share(metric: str, found: NDArray[np.bool_], note: str) -> Score:
    interval = binomial(int(found.sum()), len(found))
    return Score(metric, float(found.mean()), "lower", "privacy", interval=interval, note=note)


def _none(note: str) -> list[Score]:
    return [Score(f"copies{end}", None, "lower", "privacy", note=note) for end in ENDS]


def _unknown(note: str) -> list[Score]:
    return [
        Score("copies.nearer", None, "lower", "privacy", note=note),
        Score("copies.distance", None, "higher", "privacy", note=note),
    ]


def _beside_unseen(real: RealViews, made: View, far: NDArray[np.float64] | None) -> list[Score]:
    """The last two; `far` (made,) are distances to the nearest unseen picture, if there are
    enough of them."""
    nearer, distance = _unknown("")
    if far is None or len(real.train) < 2:
        return _unknown(f"{FEWEST} unseen pictures are needed.")
    near = nearest(real.train.points(SPACE), made.points(SPACE), 1)[:, 0]
    distance = replace(distance, value=float(np.median(near) / max(float(np.median(far)), 1e-9)))
    if len(real.test) < FEWEST_FOR_SHARE:
        nearer = replace(nearer, note=f"{FEWEST_FOR_SHARE} unseen pictures are needed.")
    else:
        nearer = _share("copies.nearer", near < far, "")
    return [nearer, distance]


def hashes(pixels: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """(n,) 64 bits per picture: is each cell of an 8 × 9 grid brighter than the one to its left.

    Differences below two grey levels count as none, so that flat grounds give the same bits.
    """
    found = np.empty(len(pixels), np.uint64)
    for row, each in enumerate(pixels):
        gray = Image.fromarray(each[:, :, 0] if each.shape[2] == 1 else each).convert("L")
        grid = np.asarray(gray.resize((9, 8), Image.Resampling.BOX), np.int16)
        bits = np.packbits((grid[:, 1:] - grid[:, :-1] >= 2).ravel())
        found[row] = bits.view(np.uint64)[0]
    return found


def _hash_distance(
    asked: NDArray[np.uint64], index: NDArray[np.uint64], others: bool = False
) -> NDArray[np.uint8]:
    """(asked,) the fewest differing bits to any hash of `index`; with `others`, `index` is
    `asked`, and each looks past itself."""
    fewest = np.empty(len(asked), np.uint8)
    for row, each in enumerate(asked):
        bits = np.bitwise_count(index ^ each)
        fewest[row] = np.partition(bits, 1)[1] if others else bits.min()
    return fewest

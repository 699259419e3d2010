"""Closeness: do made rows repeat the sampling noise of the training rows?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Group, Interval, Score
from augment.evaluation.limits import fixed
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.noise import Z95
from augment.kinds.tables.metrics.column_pairs import column_pairs
from augment.kinds.tables.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = list[NDArray[np.int64]]  # of each column, (rows,)

BINS = 10  # quantile bins of a number, and levels of a category that are told apart
MOST_PAIRS = 100  # of columns; of more, so many are drawn
MOST_ROWS = 50_000  # of either side
DRAWS = 20  # of random copies, and of fresh rows
LEAST_ROWS = 20
NAMES = ("closeness.shapes", "closeness.trends")
REMEDY = (
    "the generator is fitted to the frequencies of the training rows more closely than chance "
    "allows: a looser calibration (of anyorder: a higher -p shrinkage), or more rows"
)


class Closeness(Metric[RealViews, FakeViews]):
    """`closeness.shapes`, `.trends`: how much nearer to train than random copies of its rows.

    The error is the total variation distance to the training rows, as the mean over columns and
    over pairs of columns in ten bins. Rows drawn at random from the training rows have the error
    of their own drawing; the figure is that error less the one of the made rows. Fresh real rows
    have a greater error, so they lie below 0; above 0 are rows whose frequencies were fitted
    (raked) onto the very ones of train, of which a part is noise that says who was in it
    (Sankararaman et al. 2009, Nature Genetics 41). What that tells shrinks with the number of
    rows, as the figure does.

    The interval holds the noise of the drawing. The ceiling is of rows drawn from all real rows.
    """

    kind: ClassVar[str] = "table"
    name: ClassVar[str] = "closeness"
    order: ClassVar[int] = 105
    group: ClassVar[Group] = "privacy"
    has_floor: ClassVar[bool] = False
    # Two points in a histogram, and four in a table of two columns, which has ten times the cells:
    # below a thousand rows or so, copied frequencies tell more of members than they may.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "closeness.shapes",
            "Copied shape noise",
            "how much nearer column shapes are to train than those of random copies",
            better="lower",
            limit=fixed(0.02),
            remedy=REMEDY,
        ),
        Measure(
            "closeness.trends",
            "Copied pair noise",
            "how much nearer pairs of columns are to train than those of random copies",
            better="lower",
            limit=fixed(0.04),
            remedy=REMEDY,
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        return self._scores(real, fake.rows, len(fake), seed, fresh=False)

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        return self._scores(real, None, n, seed, fresh=True)

    def _scores(
        self, real: RealViews, made: View | None, n: int, seed: Seed, fresh: bool
    ) -> list[Score]:
        """Of made rows, or where there are none, of `n` fresh ones."""
        rows = min(len(real.suspects), n)
        if rows < LEAST_ROWS or not real.axes:
            note = f"There are {rows} rows per side; at least {LEAST_ROWS} are needed."
            note = note if real.axes else "No column is modelled."
            return [Score(name, None, "lower", "privacy", note=note) for name in NAMES]
        seen = real.suspects.sample(MOST_ROWS, seed.child("seen"))
        other = real.test if made is None else made.sample(MOST_ROWS, seed.child("made"))
        codes = [_codes(*pair) for pair in zip(seen.axes, seen.columns, other.columns, strict=True)]
        left, right = [a for a, _ in codes], [b for _, b in codes]
        n = min(n, MOST_ROWS)
        rng = seed.child("draws").rng()
        found = []
        cells: list[Sequence[tuple[int, ...]]] = [
            [(place,) for place in range(len(left))],
            column_pairs(len(left), MOST_PAIRS, seed.child("pairs")),
        ]
        for name, places in zip(NAMES, cells, strict=True):
            if not places:
                note = "A pair needs two modelled columns."
                found.append(Score(name, None, "lower", "privacy", note=note))
                continue
            copies = _drawn(left, left, places, len(seen), n, rng, fresh=False)
            if fresh:
                both = [np.concatenate(pair) for pair in zip(left, right, strict=True)]
                own = float(np.mean(_drawn(left, both, places, len(seen), n, rng, fresh=True)))
            else:
                own = _error(left, right, places)
            value = float(np.mean(copies)) - own
            half = Z95 * float(np.std(copies, ddof=1)) * (1 + 1 / DRAWS) ** 0.5
            span = Interval(value - half, value + half)
            found.append(Score(name, value, "lower", "privacy", interval=span))
        return found


def _codes(axis: Any, seen: NDArray[Any], other: NDArray[Any]) -> tuple[Any, Any]:
    """Codes below `BINS` + 2 of the values of both sides; the last is null. Edges are those of both
    together: by train's own, train alone would have equal bins."""
    both = np.concatenate([seen, other])
    if axis.numeric:
        null = np.isnan(both)
        edges = np.unique(np.quantile(both[~null], np.linspace(0, 1, BINS + 1)[1:-1])) if (
            ~null
        ).any() else np.empty(0)  # fmt: skip
        found = np.where(null, BINS + 1, np.searchsorted(edges, both, side="right"))
    else:
        null = both < 0
        counts = np.bincount(both[~null], minlength=1)
        rank = np.empty(len(counts), dtype=np.int64)
        rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
        found = np.where(null, BINS + 1, np.minimum(rank[np.where(null, 0, both)], BINS))
    return found[: len(seen)], found[len(seen) :]


def _counts(codes: Codes, places: tuple[int, ...]) -> NDArray[np.float64]:
    """Share of the rows in each cell."""
    width = BINS + 2
    cell = codes[places[0]]
    for place in places[1:]:
        cell = cell * width + codes[place]
    return np.bincount(cell, minlength=width ** len(places)) / len(cell)


def _error(left: Codes, right: Codes, places: Sequence[tuple[int, ...]]) -> float:
    """Mean total variation distance over the places."""
    each = [np.abs(_counts(left, at) - _counts(right, at)).sum() / 2 for at in places]
    return float(np.mean(each))


def _drawn(
    seen: Codes,
    source: Codes,
    places: Sequence[tuple[int, ...]],
    rows: int,
    n: int,
    rng: np.random.Generator,
    fresh: bool,
) -> list[float]:
    """Errors of `n` rows drawn from the source: to the seen ones or, where `fresh`, to as many
    others drawn from it."""
    found = []
    for _ in range(DRAWS):
        drawn = rng.integers(0, len(source[0]), n)
        beside = seen
        if fresh:
            others = rng.integers(0, len(source[0]), rows)
            beside = [codes[others] for codes in source]
        found.append(_error(beside, [codes[drawn] for codes in source], places))
    return found

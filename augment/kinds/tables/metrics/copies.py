"""Copies: made rows that repeat a real one, exactly or nearly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Group, Interval, Score
from augment.evaluation.charts import Chart, Tone
from augment.evaluation.curves import distance_curves
from augment.evaluation.distances import nearest, nearest_others
from augment.evaluation.limits import natural_rate, part_of_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.roc import binomial
from augment.kinds.tables.metrics.all_rows import AllRows
from augment.kinds.tables.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ASKED = 10_000  # rows whose neighbours are looked up
MOST_CURVED = 2_000  # rows whose distances are drawn
MOST_INDEXED = 50_000  # rows among which they are looked up
QUANTILE = 0.05
NEAR = 0.1  # of the distance to the second nearest training row: a near copy
LEAST_HITS = 10  # copies of unseen rows, which show a natural rate
LEAST_RATIOS = 40  # rows whose ratios are taken, so that two are expected below the percentile
DISTANCES = (
    "How near synthetic rows come to the nearest training row, beside fresh real rows. A curve of "
    "synthetic rows that lies clearly above that of fresh ones at the left means rows that copy "
    "training rows."
)
ALONE = 1e-6  # distances below this are equal rows
HALVED = "Which rows the generator saw is unknown, so all real rows count as seen."
REMEDY = (
    "the generator has learnt rows by heart: train it for less, give it more rows, "
    "or take another engine (-e)"
)


class Copies(Metric[RealViews, FakeViews]):
    """`copies`: share of synthetic rows equal to a training row in every modelled column.

    Its ceiling is the natural rate: the share of unseen rows that equal a training row, which is
    high where columns are few or coarse. `nndr` is the 5th percentile of each made row's distance
    to its nearest training row over that to the second nearest: near 0 where rows hug single
    training rows; its ceiling is that of unseen rows. Distance to the closest record alone would
    hide copying, as it mixes close copies with good density.

    `copies.texts` counts rows whose texts are the real row's, too: it finds copies where the
    modelled columns alone are too coarse to tell. Its ceiling leaves each real row out of its own
    search.

    `copies.near` is the share of made rows that lie ten times as near to one training row as to
    any other: copies with a little noise. Few unseen rows tell little of natural rates, so those of
    training rows among each other, of which there are more, bound that of exact copies, and stand
    for that of near ones where they are surer.

    `copies.cells` is the share of made rows with a text that is a training row's (see
    `rare_texts`), whatever stands beside it; its ceiling is that of unseen rows.

    Where it is unknown which rows were seen, all real rows count, and the ceilings leave each
    real row out of its own search.
    """

    kind: ClassVar[str] = "table"
    name: ClassVar[str] = "copies"
    order: ClassVar[int] = 100
    group: ClassVar[Group] = "privacy"
    # Copies: twice the natural rate and half a per cent on top; where the natural rate is high, a
    # quarter of what is left above it. Ratios: half of what unseen rows have; below that, rows
    # hug single training rows. With texts, the slack is for first names and the like, which an
    # inventor of texts meets by chance.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "copies",
            "Exact copies",
            "exact copies of training rows",
            better="lower",
            limit=natural_rate(),
            essential=True,
            unit="share",
            worst=1.0,
            ceiling_noise=True,
            remedy=REMEDY,
            evidence="more rows, and columns that tell rows apart",
        ),
        Measure(
            "copies.near",
            "Near copies",
            "rows far nearer to one training row than to any other",
            better="lower",
            limit=natural_rate(),
            unit="share",
            worst=1.0,
            ceiling_noise=True,
            remedy=REMEDY,
            evidence="more rows",
        ),
        Measure(
            "copies.texts",
            "Copies with texts",
            "exact copies of training rows, texts included",
            better="lower",
            limit=natural_rate(slack=0.05),
            unit="share",
            worst=1.0,
            ceiling_noise=True,
            remedy="names and texts are kept as categories: --column NAME=text makes others",
        ),
        Measure(
            "copies.cells",
            "Real texts",
            "rows with a name, address or other text of 1 to 4 training rows",
            better="lower",
            limit=natural_rate(slack=0.01),
            unit="share",
            worst=1.0,
            ceiling_noise=True,
            remedy="real names and texts came out: replace these columns, as augment does",
        ),
        Measure(
            "nndr",
            "Neighbour ratio",
            "distance ratio to the nearest training rows (5th percentile)",
            better="higher",
            limit=part_of_ceiling(0.5),
            worst=0.0,
            ceiling_noise=True,
            remedy=REMEDY,
            evidence="more rows",
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        note = "" if real.seen_known else HALVED
        exact = [_exact(real.suspects, fake.rows, note), *_with_texts(real, fake, note)]
        distances = _distances(real.suspects, fake.rows, seed)
        near = _neighbours(distances, note)
        if fake.whole is not None and fake.whole.rows and real.axes:
            exact = _copied(fake.whole, note)
        if real.rare_texts is not None and len(fake):
            exact.append(_share("copies.cells", fake.rare_texts, len(fake), note))
        if real.seen_known and real.axes and len(real.test) and len(fake):
            exact[0] = _beside_unseen(exact[0], real, fake.rows)
            unseen = _distances(real.test, fake.rows, seed)
            near = _near_unseen(*near, distances, unseen, real)
        return [*exact, *near]

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        texts = [] if real.texts is None else [_repeated("copies.texts", real.texts)]
        exact, (near, ratio) = _exact_among(real.suspects), _neighbours_among(real.suspects, seed)
        fresh = _exact(real.train, real.test, "")
        whole, unseen = real.whole, real.whole_unseen
        if whole is not None and unseen is not None and real.axes:
            exact, *texts = _repeated_in(whole)
            fresh = _share("copies", unseen.copied, max(1, unseen.rows), "")
        if real.seen_known:
            exact = _bounded(fresh, exact)
            others, ratio = _neighbours(_distances(real.train, real.test, seed), "")
            near = _surest(others, near)
        if real.rare_texts is not None:
            hits, rows = real.rare_texts.unseen_hits, real.rare_texts.unseen_rows
            texts.append(_share("copies.cells", hits, rows, ""))
        return [exact, *texts, near, ratio]

    def charts(self, real: RealViews, fake: FakeViews, seed: Seed) -> Sequence[Chart]:
        if len(real.train) < LEAST_RATIOS or not real.axes:
            return ()
        sides: tuple[tuple[str, Tone, View], ...] = (
            ("synthetic", "made", fake.rows),
            ("fresh real", "real", real.test),
        )
        indexed = real.train.sample(MOST_INDEXED, seed.child("indexed")).points
        distances: list[tuple[str, Tone, NDArray[np.float64]]] = [
            (
                name,
                tone,
                nearest(indexed, rows.sample(MOST_CURVED, seed.child(name)).points, 1)[:, 0],
            )
            for name, tone, rows in sides
            if len(rows) >= LEAST_RATIOS
        ]
        return [distance_curves("Distance to training rows", DISTANCES, distances)]


def _exact(seen: View, fake: View, note: str) -> Score:
    if not len(seen) or not len(fake) or not seen.axes:
        return _nothing("copies", "lower")
    return _share("copies", np.isin(fake.keys, seen.keys).sum(), len(fake), note)


def _beside_unseen(found: Score, real: RealViews, fake: View) -> Score:
    """The score with what copies of unseen rows say of the natural rate, as its ceiling."""
    seen, unseen = np.unique(real.train.keys), np.unique(real.test.keys)
    of_seen = seen[np.isin(seen, unseen, invert=True)]
    of_unseen = unseen[np.isin(unseen, seen, invert=True)]
    hits = int(np.isin(fake.keys, of_unseen).sum())
    both = int(np.isin(fake.keys, np.intersect1d(seen, unseen)).sum())
    return _with_control(found, hits, both, len(fake), len(of_seen), len(of_unseen))


def _with_control(found: Score, hits: int, both: int, rows: int, seen: int, unseen: int) -> Score:
    """The score with a ceiling: of its `rows`, `hits` copy one of the `unseen` real ones, so that
    as many for each are natural of the `seen` ones, and `both` rows of either."""
    if hits < LEAST_HITS:
        return found
    rate, around, times = hits / rows, binomial(hits, rows), seen / unseen
    natural, low, high = (
        min(1.0, times * share + both / rows) for share in (rate, around.low, around.high)
    )
    said = f"{hits:,} of {rows:,} rows copy one of {unseen:,} unseen rows, which is natural."
    note = " ".join(filter(None, (found.note, said)))
    return replace(found, ceiling=natural, ceiling_interval=Interval(low, high), note=note)


def _near_unseen(
    near: Score,
    ratio: Score,
    of_seen: NDArray[np.float64] | None,
    of_unseen: NDArray[np.float64] | None,
    real: RealViews,
) -> tuple[Score, Score]:
    """Both scores with what rows that lie nearest to an unseen one say, as their ceilings."""
    if of_seen is None or of_unseen is None:
        return near, ratio
    alone = of_unseen[:, 0] < of_seen[:, 0]
    both = np.sort(np.concatenate([of_seen, of_unseen], axis=1)[alone], axis=1)
    ratios = _ratios(both[:, :2])
    hits = int((ratios < NEAR).sum())
    seen, unseen = (min(len(rows), MOST_INDEXED) for rows in (real.train, real.test))
    near = _with_control(near, hits, 0, len(of_seen), seen, unseen)
    if len(ratios) >= LEAST_RATIOS:
        control = _percentile(ratios, "")
        ratio = replace(ratio, ceiling=control.value, ceiling_interval=control.interval)
    return near, ratio


def _copied(made: AllRows, note: str) -> list[Score]:
    """Exact copies among all rows."""
    found = [_share("copies", made.copied, made.rows, note)]
    if made.texts is not None:
        found.append(_share("copies.texts", made.texts[1], made.rows, note))
    return found


def _repeated_in(real: AllRows) -> list[Score]:
    """The natural rates of copies among all real rows."""
    found = [_share("copies", real.repeated, real.rows, "")]
    if real.texts is not None:
        found.append(_share("copies.texts", real.texts[0], real.rows, ""))
    return found


def _exact_among(rows: View) -> Score:
    if not len(rows) or not rows.axes:
        return _nothing("copies", "lower")
    return _repeated("copies", rows.keys)


def _with_texts(real: RealViews, fake: FakeViews, note: str) -> list[Score]:
    if real.texts is None or fake.texts is None:
        return []
    if not len(real.texts) or not len(fake.texts):
        return [_nothing("copies.texts", "lower")]
    hits = np.isin(fake.texts, real.texts).sum()
    return [_share("copies.texts", hits, len(fake.texts), note)]


def _repeated(metric: str, keys: NDArray[np.uint64]) -> Score:
    """The share of rows whose key another row has."""
    if not len(keys):
        return _nothing(metric, "lower")
    counts = np.unique(keys, return_counts=True)[1]
    return _share(metric, counts[counts > 1].sum(), len(keys), "")


def _share(metric: str, hits: float, rows: int, note: str) -> Score:
    interval = binomial(int(hits), rows)
    return Score(metric, int(hits) / rows, "lower", "privacy", interval=interval, note=note)


def _nothing(metric: str, better: Literal["higher", "lower"]) -> Score:
    note = "There are too few rows or no modelled columns."
    return Score(metric, None, better, "privacy", note=note)


def _bounded(fresh: Score, among: Score) -> Score:
    """The natural rate of fresh rows, whose upper bound is at most that of real rows among each
    other: rows that belong together can only make the latter higher."""
    if fresh.value is None or fresh.interval is None or among.interval is None:
        return fresh
    high = max(fresh.value, min(fresh.interval.high, among.interval.high))
    return replace(fresh, interval=Interval(fresh.interval.low, high))


def _surest(fresh: Score, among: Score) -> Score:
    """Whichever of both natural rates is known to be lower."""
    ends = fresh.interval, among.interval
    if ends[0] is None or ends[1] is None:
        return fresh
    return among if ends[1].high < ends[0].high else fresh


def _distances(seen: View, fake: View, seed: Seed) -> NDArray[np.float64] | None:
    """(asked rows, 2) distances of some rows to the two nearest that were seen; None: too few."""
    if len(seen) < 2 or len(fake) < LEAST_RATIOS or not seen.axes:
        return None
    asked = fake.sample(MOST_ASKED, seed.child("asked"))
    indexed = seen.sample(MOST_INDEXED, seed.child("indexed"))
    return nearest(indexed.points, asked.points, 2)


def _neighbours(distances: NDArray[np.float64] | None, note: str) -> tuple[Score, Score]:
    """Near copies, and the percentile of ratios."""
    if distances is None:
        return _nothing("copies.near", "lower"), _nothing("nndr", "higher")
    return _of_ratios(_ratios(distances), note)


def _neighbours_among(rows: View, seed: Seed) -> tuple[Score, Score]:
    if len(rows) < LEAST_RATIOS or not rows.axes:
        return _nothing("copies.near", "lower"), _nothing("nndr", "higher")
    points = rows.sample(MOST_ASKED, seed.child("asked")).points
    return _of_ratios(_ratios(nearest_others(points, 2)), HALVED)


def _of_ratios(ratios: NDArray[np.float64], note: str) -> tuple[Score, Score]:
    near = _share("copies.near", (ratios < NEAR).sum(), len(ratios), note)
    return near, _percentile(ratios, note)


def _ratios(distances: NDArray[Any]) -> NDArray[np.float64]:
    """(rows,) d1 / d2, ascending.

    Two training rows at the same distance have the ratio 1, also where both are at 0: a row that
    equals several people's rows points at none of them.
    """
    first, second = np.where(distances < ALONE, 0.0, distances).T
    return np.sort(np.where(second > 0, first / np.where(second > 0, second, 1.0), 1.0))


def _percentile(ratios: NDArray[np.float64], note: str) -> Score:
    """The 5th percentile, with the interval of that order statistic."""
    n = len(ratios)
    spread = 1.96 * np.sqrt(n * QUANTILE * (1 - QUANTILE))
    low, high = (int(np.clip(round(n * QUANTILE + s), 0, n - 1)) for s in (-spread, spread))
    return Score(
        "nndr",
        float(np.quantile(ratios, QUANTILE)),
        "higher",
        "privacy",
        interval=Interval(float(ratios[low]), float(ratios[high])),
        note=note,
    )

"""Disclosure: singling out, linking and guessing, against what also works on strangers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Group, Interval, Score
from augment.evaluation.limits import fixed
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.noise import Z95
from augment.kinds.tables.metrics.attacks.attack import REMEDY, neighbours, too_little
from augment.kinds.tables.metrics.axes import Axis
from augment.kinds.tables.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Hits = NDArray[np.float64]  # (attempts,) 1 where the attack succeeds

MOST_TARGETS = 1_000  # training rows, and as many unseen ones
MOST_MADE = 10_000
MOST_SECRETS = 8  # columns that are guessed; of more, so many are drawn
TOLERANCE = 0.05  # by which a guessed number may miss, of the number
LINKED = 3  # made rows nearest to each half of a target's columns
NAMES = ("disclosure.singling_out", "disclosure.linkability", "disclosure.inference")


class Disclosure(Metric[RealViews, FakeViews]):
    """`disclosure.singling_out`, `.linkability`, `.inference`: attacks beyond their control.

    The three risks of the GDPR's working party, as Anonymeter measures them (Giomi, Boenisch,
    Wehmeyer and Tasnádi 2023, PoPETs, arXiv 2211.10459): an attack on training rows succeeds at
    the rate a, the same attack on unseen rows, the control group, at the rate c, and the risk is
    (a - c) / (1 - c) (their eq. 3). What also works on strangers is knowledge of the population.

    Singling out: of the made row nearest to a target, as many values in any order as set it apart
    from all other made rows (for a number: at least or at most that) hold for the target and for
    no other attacked row. DIFFERS: theirs takes any made row, which is seldom about one of the
    rows attacked where those are a sample of train; copies of the whole of train passed.

    Linkability: of a target's columns, dealt into two halves, both lead to the same made row among
    the 3 nearest of each. Inference: a column is guessed from the made row nearest in all others; a
    number counts that is 5% off at most; the mean over at most 8 columns.

    At most 1,000 training and as many unseen rows are attacked. The interval is that of a
    difference of two means; the ceiling is 0.
    """

    kind: ClassVar[str] = "table"
    name: ClassVar[str] = "disclosure"
    order: ClassVar[int] = 120
    group: ClassVar[Group] = "privacy"
    has_floor: ClassVar[bool] = False
    # One in ten of those whom the attack would have missed without the row in train.
    measures: ClassVar[tuple[Measure, ...]] = tuple(
        Measure(
            name,
            title,
            f"{meaning} beyond the control group",
            better="lower",
            limit=fixed(0.1),
            unit="share",
            worst=1.0,
            remedy=REMEDY,
        )
        for name, title, meaning in (
            (NAMES[0], "Singling out", "rows singled out"),
            (NAMES[1], "Linkability", "halves of rows linked"),
            (NAMES[2], "Attribute inference", "values guessed"),
        )
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        why = _too_little(real, fake)
        if why:
            return [Score(name, None, "lower", "privacy", note=why) for name in NAMES]
        targets = min(len(real.train), len(real.test), MOST_TARGETS)
        sides = tuple(
            view.select(real.predictors).sample(targets, seed.child(name))
            for name, view in (("members", real.train), ("control", real.test))
        )
        made = fake.rows.select(real.predictors).sample(MOST_MADE, seed.child("made"))
        attacks = (_singled_out, _linked, _guessed)
        return [
            _risk(name, *(attack(side, made, seed.child(name)) for side in sides))
            for name, attack in zip(NAMES, attacks, strict=True)
        ]

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        return [Score(name, 0.0, "lower", "privacy") for name in NAMES]


def _too_little(real: RealViews, fake: FakeViews) -> str:
    few = "Such an attack needs two modelled columns."
    return too_little(real, fake, few if len(real.predictors) < 2 else "")


def _risk(name: str, attacked: Hits, control: Hits) -> Score:
    """(a - c) / (1 - c), and its interval; none where the control group leaves nothing to gain."""
    a, c = float(attacked.mean()), float(control.mean())
    if c > 1 - 1e-9:
        note = "It succeeds on every unseen row, too."
        return Score(name, None, "lower", "privacy", note=note)
    # A share with one more hit and miss: without any hit its variance would be nothing at all.
    variance = sum(
        (hits.var() * len(hits) + 0.5) / (len(hits) + 1) / len(hits) for hits in (attacked, control)
    )
    value, half = (a - c) / (1 - c), Z95 * variance**0.5 / (1 - c)
    return Score(name, value, "lower", "privacy", interval=Interval(value - half, value + half))


def _singled_out(side: View, made: View, seed: Seed) -> Hits:
    """(targets,) whether what sets the nearest made row apart holds for the target alone."""
    rng = seed.rng()
    made = made.take(np.unique(made.keys, return_index=True)[1])
    middles = [
        np.nanmedian(column) if _known(column, axis) else 0.0
        for axis, column in zip(made.axes, made.columns, strict=True)
    ]
    hits = np.zeros(len(side))
    for target, row in enumerate(neighbours(made, side, 1)[1][:, 0].tolist()):
        alike, held = np.arange(len(made)), np.arange(len(side))
        for place in rng.permutation(len(made.axes)).tolist():
            asked = made.axes[place], made.columns[place][row], middles[place]
            alike = alike[_holds(made.columns[place][alike], *asked)]
            held = held[_holds(side.columns[place][held], *asked)]
            if len(alike) == 1 or not len(held):
                break
        hits[target] = len(alike) == 1 and held.tolist() == [target]
    return hits


def _known(column: NDArray[Any], axis: Axis) -> bool:
    return axis.numeric and not np.isnan(column).all()


def _holds(values: NDArray[Any], axis: Axis, value: float, middle: float) -> NDArray[np.bool_]:
    """(values,) which are this one, or of numbers at least (at most) that, away from the middle."""
    if not axis.numeric:
        return np.asarray(values == value)
    if np.isnan(value):
        return np.asarray(np.isnan(values))
    return np.asarray(values >= value if value > middle else values <= value)


def _linked(side: View, made: View, seed: Seed) -> Hits:
    """(targets,) whether both halves of the columns lead to one and the same made row."""
    order = seed.rng().permutation(len(side.axes))
    halves = np.array_split(order, 2)
    found = [
        neighbours(made.select(half.tolist()), side.select(half.tolist()), LINKED)[1]
        for half in halves
    ]
    return np.asarray((found[0][:, :, None] == found[1][:, None, :]).any(axis=(1, 2)), np.float64)


def _guessed(side: View, made: View, seed: Seed) -> Hits:
    """(targets,) share of the secret columns that the nearest made row gives."""
    secrets = seed.rng().permutation(len(side.axes))[:MOST_SECRETS]
    right = []
    for secret in secrets.tolist():
        others = [place for place in range(len(side.axes)) if place != secret]
        row = neighbours(made.select(others), side.select(others), 1)[1][:, 0]
        right.append(_same(side.axes[secret], side.columns[secret], made.columns[secret][row]))
    return np.asarray(np.mean(right, axis=0), np.float64)


def _same(axis: Axis, true: NDArray[Any], guess: NDArray[Any]) -> NDArray[np.bool_]:
    if not axis.numeric:
        return np.asarray(true == guess)
    near = np.abs(true - guess) <= TOLERANCE * np.abs(true)
    return np.asarray(near | (np.isnan(true) & np.isnan(guess)))

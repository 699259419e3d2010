"""A membership attack: can one tell from the made rows who was in the training table?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Group, Score
from augment.evaluation.charts import Chart, Tone
from augment.evaluation.curves import attack_curve
from augment.evaluation.distances import nearest
from augment.evaluation.limits import fixed
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.roc import auc, hits_at
from augment.kinds.tables.metrics.views import FakeViews, RealViews

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points = NDArray[np.float32]
    Attack = Callable[[Points, Points, Points], NDArray[np.float64]]

LEAST_ROWS = 1_000  # real rows, and made rows, below which an attack proves nothing
MOST_ATTACKED = 10_000  # members, and as many non-members
MOST_MADE = 40_000  # made rows that the attacker looks at
RATES = (0.001, 0.01)  # false-positive rates at which true positives are counted
SMOOTH = 1e-3  # added to distances (a column spans 1), so that equal rows have a finite density

ATTACK = (
    "Share of training rows that the attack accuses rightly, against the share of others that it "
    "accuses wrongly. On the dashed line it finds nobody; above it, at the left, it finds some "
    "while hardly anyone is accused wrongly."
)
NAMES = ("membership.auc", *(f"membership.tpr@{rate:g}" for rate in RATES))
REMEDY = (
    "the generator has learnt rows by heart: train it for less, give it more rows, "
    "or take another engine (-e)"
)
EVIDENCE = (
    "at least 1,000 rows in SRC; with evaluate, --unseen FILE of rows that the "
    "generator did not see"
)


class Membership(Metric[RealViews, FakeViews]):
    """`membership.auc` and `.tpr@0.001`, `.tpr@0.01`: the DOMIAS attack with nearest neighbours.

    DOMIAS (van Breugel et al. 2023, arXiv 2302.12580) scores a record x by p_made(x) / p_real(x):
    a generator that memorised x puts more density there than the population has. Here both
    densities are of the nearest neighbour in `features.points`: the score is
    log r_real(x) - log r_made(x), up to a constant, where r is the distance to the nearest row.
    The attacker's reference sample is one half of the unseen rows (of the entities, where rows
    belong together), and the other half are the non-members; then the halves change places. What
    counts is the share of members found while few others are accused (Carlini et al. 2022, arXiv
    2112.03570); the interval is Clopper and Pearson's.

    The ceiling is what rows that carry nothing about anyone give in expectation: an AUC of 0.5,
    and true positives at the rate of false ones. Under 1,000 rows, or with fewer non-members
    than one expected false positive takes, there is not enough evidence, and no value.
    """

    kind: ClassVar[str] = "table"
    name: ClassVar[str] = "membership"
    order: ClassVar[int] = 110
    group: ClassVar[Group] = "privacy"
    # An attack that finds three times as many members as others at a thousandth of false
    # accusations (twice at a hundredth), or ranks members above others in 55% of pairs.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "membership.auc",
            "Membership AUC",
            "AUC of telling members from others",
            better="lower",
            limit=fixed(0.55),
            essential=True,
            worst=1.0,
            remedy=REMEDY,
            evidence=EVIDENCE,
        ),
        Measure(
            "membership.tpr@0.001",
            "Membership TPR 0.1%",
            "members found at 0.1% false accusations",
            better="lower",
            limit=fixed(0.003),
            unit="share",
            worst=1.0,
            remedy=REMEDY,
            evidence="1,000 unseen rows: more rows in SRC, or a larger --holdout",
        ),
        Measure(
            "membership.tpr@0.01",
            "Membership TPR 1%",
            "members found at 1% false accusations",
            better="lower",
            limit=fixed(0.02),
            unit="share",
            worst=1.0,
            remedy=REMEDY,
            evidence=EVIDENCE,
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        why = _too_little(real, fake)
        if why:
            return [Score(name, None, "lower", "privacy", note=why) for name in NAMES]
        members, others = _attacked(real, fake, seed)
        value, interval = auc(members, others)
        scores = [Score("membership.auc", value, "lower", "privacy", interval=interval)]
        for rate, name in zip(RATES, NAMES[1:], strict=True):
            if rate * len(others) < 1:
                note = f"Not enough evidence: {len(others):,} unseen rows cannot show a {rate:.1%}"
                note += " false-positive rate."
                scores.append(Score(name, None, "lower", "privacy", note=note))
                continue
            value, interval = hits_at(members, others, rate)
            scores.append(Score(name, value, "lower", "privacy", interval=interval))
        return scores

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        best = zip(NAMES, (0.5, *RATES), strict=True)
        return [Score(name, value, "lower", "privacy") for name, value in best]

    def charts(self, real: RealViews, fake: FakeViews, seed: Seed) -> Sequence[Chart]:
        if _too_little(real, fake):
            return ()
        members, others = _attacked(real, fake, seed)
        near = _attacked(real, fake, seed, nearest_made)
        attacks: list[tuple[str, Tone, NDArray[np.float64], NDArray[np.float64]]] = [
            ("DOMIAS", "made", members, others),
            ("nearest made row", "both", *near),
        ]
        return [attack_curve(attacks, ATTACK)]


def _too_little(real: RealViews, fake: FakeViews) -> str:
    if not real.seen_known:
        return "It is unknown which real rows the generator saw; --unseen names some it did not."
    rows = len(real.train) + len(real.test)
    if rows < LEAST_ROWS or len(fake) < LEAST_ROWS:
        return f"Not enough evidence: under {LEAST_ROWS:,} real or synthetic rows."
    if len(real.test) < LEAST_ROWS // 10:
        return f"Not enough evidence: only {len(real.test):,} unseen rows."
    if not real.axes:
        return "No column is modelled."
    return ""


def _attacked(
    real: RealViews, fake: FakeViews, seed: Seed, attack: Attack | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Attack scores of members and of non-members, pooled over the two exchanged halves."""
    made = fake.rows.sample(MOST_MADE, seed.child("made")).points
    members = real.train.sample(MOST_ATTACKED, seed.child("members")).points
    rows = real.test.sampled(2 * (MOST_ATTACKED // 2), seed.child("unseen"))
    unseen = real.test.take(rows).points
    order = _by_entity(real.unseen.entity, rows, seed.child("halves"))
    middle = len(unseen) // 2
    first, second = unseen[order[:middle]], unseen[order[middle : 2 * middle]]
    half = len(members) // 2
    found, accused, attack = [], [], attack or suspicion
    for reference, others, known in (
        (first, second, members[:half]),
        (second, first, members[half:]),
    ):
        found.append(attack(known, made, reference))
        accused.append(attack(others, made, reference))
    return np.concatenate(found), np.concatenate(accused)


def _by_entity(
    entity: NDArray[np.int64] | None, rows: NDArray[np.int64], seed: Seed
) -> NDArray[np.int64]:
    """A random order of the rows in which those of one entity stand together: a non-member whose
    other rows are in the reference would look unlike a member, none of whose rows are."""
    order = seed.rng().permutation(len(rows))
    if entity is None:
        return order
    of = np.unique(entity[rows], return_inverse=True)[1]
    return np.asarray(order[np.argsort(_ranks(of[order]), kind="stable")])


def _ranks(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """(rows,) at which row each row's code stands first."""
    _, first, place = np.unique(codes, return_index=True, return_inverse=True)
    return np.asarray(first[place])


def nearest_made(
    asked: NDArray[np.float32], made: NDArray[np.float32], reference: NDArray[np.float32]
) -> NDArray[np.float64]:
    """(asked rows,) the simplest attack: who lies near a made row is a member."""
    return -nearest(made, asked, 1)[:, 0]


def suspicion(
    asked: NDArray[np.float32], made: NDArray[np.float32], reference: NDArray[np.float32]
) -> NDArray[np.float64]:
    """(asked rows,) log-ratio of the density of made rows to that of the reference."""
    near_made = nearest(made, asked, 1)[:, 0]
    near_real = nearest(reference, asked, 1)[:, 0]
    return np.asarray(np.log(near_real + SMOOTH) - np.log(near_made + SMOOTH))

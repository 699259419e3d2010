"""Attacks on membership: can one tell from the made rows who was in the training table?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from augment.core.seeds import Seed
from augment.core.types import Group, Score
from augment.evaluation.charts import Chart, Tone
from augment.evaluation.curves import attack_curve
from augment.evaluation.limits import fixed
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.roc import auc
from augment.evaluation.strongest import rows_needed, strongest_auc, strongest_hits
from augment.kinds.tables.metrics.attacks.attack import REMEDY, too_little
from augment.kinds.tables.metrics.attacks.panel import ATTACKS, Accusations, accusations
from augment.kinds.tables.metrics.views import FakeViews, RealViews

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_NOISE = 0.16  # half an interval of the AUC, beyond which nothing is shown
RATES = (0.001, 0.01)  # false-positive rates at which true positives are counted

MEANING = (
    "Share of training rows that an attack accuses rightly, against the share of others that it "
    "accuses wrongly, by the three strongest attacks. On the dashed line it finds nobody; above "
    "it, at the left, it finds some while hardly anyone is accused wrongly."
)
TONES: tuple[Tone, ...] = ("made", "both", "floor")  # of the lines, the strongest attack first
NAMES = ("membership.auc", *(f"membership.tpr@{rate:g}" for rate in RATES))
EVIDENCE = (
    "more rows in SRC, or a larger --holdout; with evaluate, --unseen FILE of rows that the "
    "generator did not see"
)


class Membership(Metric[RealViews, FakeViews]):
    """`membership.auc` and `.tpr@0.001`, `.tpr@0.01`: the strongest of eleven published attacks.

    Each attack (`attacks/`) ranks training rows (members) and unseen ones (outsiders) by how
    likely they are to have been learnt from; the unseen rows are both outsiders and, in other
    folds, the attacker's reference sample. The strongest counts, and intervals allow for its being
    picked out of all of them: see `evaluation/strongest.py`. `membership.auc` at an attack's name
    is the AUC of that attack. What counts most is the share of members found while few others are
    accused (Carlini et al. 2022, arXiv 2112.03570).

    The ceiling is what rows that carry nothing about anyone give in expectation: an AUC of 0.5,
    and true positives at the rate of false ones, by one attack; the best of eleven lies a little
    above. Rates that expect less than one of the unseen rows
    have no value.
    """

    kind: ClassVar[str] = "table"
    name: ClassVar[str] = "membership"
    order: ClassVar[int] = 110
    group: ClassVar[Group] = "privacy"
    has_floor: ClassVar[bool] = False  # rows without structure give no more away than fresh ones
    # An attack that finds three times as many members as others at a thousandth of false
    # accusations (twice at a hundredth), or ranks members above others in 55% of pairs.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "membership.auc",
            "Membership AUC",
            "AUC of telling members from others, by the strongest attack",
            better="lower",
            limit=fixed(0.55),
            essential=True,
            worst=1.0,
            most_noise=MOST_NOISE,
            remedy=REMEDY,
            evidence=EVIDENCE,
        ),
        Measure(
            "membership.tpr@0.001",
            "Membership TPR 0.1%",
            "members found at 0.1% false accusations, by the strongest attack",
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
            "members found at 1% false accusations, by the strongest attack",
            better="lower",
            limit=fixed(0.02),
            unit="share",
            worst=1.0,
            remedy=REMEDY,
            evidence="100 unseen rows: more rows in SRC, or a larger --holdout",
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        why = _too_little(real, fake)
        if why:
            return [Score(name, None, "lower", "privacy", note=why) for name in NAMES]
        found = _accusations(real, fake, seed)
        rankings = [(each.members, each.outsiders) for each in found]
        place, value, interval = strongest_auc(
            rankings, [attack.spread for attack in ATTACKS], seed.child("choice")
        )
        note = f"Strongest of {len(found)} attacks: {found[place].attack}."
        if value - interval.low > MOST_NOISE:
            enough = rows_needed(value - interval.low, MOST_NOISE, len(real.test))
            note += f" About {enough:,} unseen rows would tell more."
        scores = [Score("membership.auc", value, "lower", "privacy", interval=interval, note=note)]
        for rate, name in zip(RATES, NAMES[1:], strict=True):
            outsiders = len(found[0].outsiders)
            if rate * outsiders < 1:
                note = f"Not enough evidence: {outsiders:,} unseen rows cannot show a {rate:.1%}"
                note += " false-positive rate."
                scores.append(Score(name, None, "lower", "privacy", note=note))
                continue
            place, value, interval = strongest_hits(rankings, rate)
            note = f"Strongest of {len(found)} attacks: {found[place].attack}."
            scores.append(Score(name, value, "lower", "privacy", interval=interval, note=note))
        for each in found:
            value, interval = auc(each.members, each.outsiders)
            scores.append(
                Score("membership.auc", value, "lower", "privacy", each.attack, interval=interval)
            )
        return scores

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        best = zip(NAMES, (0.5, *RATES), strict=True)
        attacks = [Score(NAMES[0], 0.5, "lower", "privacy", attack.name) for attack in ATTACKS]
        return [*(Score(name, value, "lower", "privacy") for name, value in best), *attacks]

    def charts(self, real: RealViews, fake: FakeViews, seed: Seed) -> Sequence[Chart]:
        if _too_little(real, fake):
            return ()
        found = [(auc(a.members, a.outsiders)[0], a) for a in _accusations(real, fake, seed)]
        ranked = [each for _, each in sorted(found, key=lambda pair: -pair[0])]
        lines: list[tuple[str, Tone, Floats, Floats]] = [
            (each.attack, tone, each.members, each.outsiders)
            for each, tone in zip(ranked, TONES, strict=False)
        ]
        return [attack_curve(lines, MEANING)]


def _accusations(real: RealViews, fake: FakeViews, seed: Seed) -> list[Accusations]:
    train, unseen, made = (
        view.select(real.predictors) for view in (real.train, real.test, fake.rows)
    )
    seed = seed.child("panel")
    return fake.once(
        ("panel", seed), lambda: accusations(train, unseen, made, seed, real.unseen.entity)
    )


def _too_little(real: RealViews, fake: FakeViews) -> str:
    return too_little(real, fake, "" if real.axes else "No column is modelled.")

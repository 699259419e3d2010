"""Attacks on membership: can one tell from the made rows who was in the training table?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Group, Score
from augment.evaluation.charts import Chart, Tone
from augment.evaluation.curves import attack_curve
from augment.evaluation.limits import fixed
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.roc import Clusters, auc
from augment.evaluation.strongest import rows_needed, strongest_auc, strongest_hits
from augment.kinds.tables.metrics.attacks.attack import LEAST_ROWS, REMEDY, too_little
from augment.kinds.tables.metrics.attacks.panel import ATTACKS, Accusations, accusations
from augment.kinds.tables.metrics.identities import clusters_of
from augment.kinds.tables.metrics.views import FakeViews, RealViews, ShadowViews

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_NOISE = 0.16  # half an interval of the AUC, beyond which nothing is shown
AIM, SHADOWS = 0.08, (4, 8)  # half an interval that shadow models are to bring, and how many do
DEVIATIONS = 4.6  # of an AUC that knows nothing, in half the interval of the strongest attack's
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

    A table of few rows leaves so few of them unseen that neither is shown. There attacks are made
    on shadow models (Shokri et al. 2017, arXiv 1610.05820), each fitted on as many rows, drawn by
    lot, as the model was, with the others as outsiders. AUCs are means over them, and rates are of
    all their rows, each ranked among those of its model.

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
        each_panel = _panels(real, fake, seed)
        place, value, interval = strongest_auc(
            [[(each.members, each.outsiders) for each in panel] for panel in each_panel],
            [attack.spread for attack in ATTACKS],
            seed.child("choice"),
            [panel[0].clusters for panel in each_panel],
        )
        found = _together(each_panel)
        rankings = [(each.members, each.outsiders) for each in found]
        note = f"Strongest of {len(found)} attacks: {found[place].attack}."
        if real.shadows:
            note += f" {_of_shadows(real)}"
        elif value - interval.low > MOST_NOISE:
            enough = rows_needed(value - interval.low, MOST_NOISE, len(real.test))
            note += f" About {enough:,} unseen rows would tell more."
        scores = [Score("membership.auc", value, "lower", "privacy", interval=interval, note=note)]
        for rate, name in zip(RATES, NAMES[1:], strict=True):
            outsiders, rows = _outsiders(each_panel[0][0])
            if rate * outsiders < 1:
                note = f"Not enough evidence: {outsiders:,} unseen {rows} cannot show a {rate:.1%}"
                note += " false-positive rate."
                scores.append(Score(name, None, "lower", "privacy", note=note))
                continue
            place, value, interval = strongest_hits(rankings, rate, found[0].clusters)
            note = f"Strongest of {len(found)} attacks: {found[place].attack}."
            scores.append(Score(name, value, "lower", "privacy", interval=interval, note=note))
        for each in found:
            value, interval = auc(each.members, each.outsiders, each.clusters)
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
        together = _together(_panels(real, fake, seed))
        found = [(auc(a.members, a.outsiders)[0], a) for a in together]
        ranked = [each for _, each in sorted(found, key=lambda pair: -pair[0])]
        lines: list[tuple[str, Tone, Floats, Floats]] = [
            (each.attack, tone, each.members, each.outsiders)
            for each, tone in zip(ranked, TONES, strict=False)
        ]
        return [attack_curve(lines, MEANING)]


def shadow_models(train: int, unseen: int) -> int:
    """How many shadow models show what so many unseen rows do not, or persons where rows are
    persons'; 0 where those are enough, or too few for any attack."""
    half = _half_interval(train, unseen)
    if min(train, unseen) < LEAST_ROWS or half <= MOST_NOISE:
        return 0
    return int(np.clip(np.ceil((half / AIM) ** 2), *SHADOWS))


def _half_interval(members: int, outsiders: int) -> float:
    """About half the interval of the strongest attack's AUC."""
    least = (members + outsiders + 1) / (12 * max(1, members * outsiders))
    return float(DEVIATIONS * np.sqrt(least))


def _panels(real: RealViews, fake: FakeViews, seed: Seed) -> list[list[Accusations]]:
    """What each attack says of each shadow model's rows, or, without any, of the model's own."""
    seed, own = seed.child("panel"), (real.train, real.test, fake.rows)
    models = real.shadows or (ShadowViews(*own, clusters_of(real.seen, real.unseen)),)

    def panel(number: int, rows: ShadowViews) -> list[Accusations]:
        members, outsiders, made = (
            view.select(real.predictors) for view in (rows.members, rows.outsiders, rows.made)
        )
        stream = seed.child("shadow", number) if real.shadows else seed
        return accusations(members, outsiders, made, stream, rows.clusters)

    return fake.once(("panel", seed), lambda: [panel(*each) for each in enumerate(models)])


def _together(panels: list[list[Accusations]]) -> list[Accusations]:
    """Each attack on the rows of all shadow models: their ranks among those of their own."""
    if len(panels) == 1:
        return panels[0]
    found = []
    for parts in zip(*panels, strict=True):
        ranks = [_ranks(part) for part in parts]
        members, outsiders = (np.concatenate(side) for side in zip(*ranks, strict=True))
        found.append(Accusations(parts[0].attack, members, outsiders, _all_clusters(parts)))
    return found


def _all_clusters(parts: Sequence[Accusations]) -> Clusters | None:
    """Whose the rows of all parts are; somebody's in one are apart from those in another."""
    found: list[Clusters] = []
    after = 0
    for part in parts:
        if part.clusters is None:
            return None
        own = part.clusters
        found.append(Clusters(own.positive + after, own.negative + after))
        after += 1 + int(max(own.positive.max(initial=0), own.negative.max(initial=0)))
    return Clusters(*(np.concatenate(side) for side in zip(*map(astuple, found), strict=True)))


def _outsiders(found: Accusations) -> tuple[int, str]:
    """How many outsiders there are, each with all rows of theirs, and what they are."""
    if found.clusters is None:
        return len(found.outsiders), "rows"
    return len(np.unique(found.clusters.negative)), "ids"


def _ranks(found: Accusations) -> tuple[Floats, Floats]:
    """Of members and of outsiders, as the share of outsiders that an attack accuses less."""
    outsiders = np.sort(found.outsiders)

    def share(rows: Floats) -> Floats:
        below = np.searchsorted(outsiders, rows, "left") + np.searchsorted(outsiders, rows, "right")
        return np.asarray(below / (2 * len(outsiders)))

    return share(found.members), share(found.outsiders)


def _of_shadows(real: RealViews) -> str:
    count, learnt = len(real.shadows), len(real.shadows[0].members)
    few = f"{len(real.test):,} unseen rows alone would show little"
    return f"By {count} shadow models, each fitted on {learnt:,} rows drawn by lot; {few}."


def _too_little(real: RealViews, fake: FakeViews) -> str:
    return too_little(real, fake, "" if real.axes else "No column is modelled.")

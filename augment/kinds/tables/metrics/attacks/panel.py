"""The panel: every attack on membership, on the same candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from augment.core.seeds import Seed
from augment.evaluation.roc import Clusters
from augment.kinds.tables.metrics.attacks.attack import Attack, Target
from augment.kinds.tables.metrics.attacks.classifiers import Discriminator, Forest
from augment.kinds.tables.metrics.attacks.distance import (
    CalibratedDistance,
    Distance,
    DistanceRatio,
)
from augment.kinds.tables.metrics.attacks.frequencies import Frequencies, PairFrequencies
from augment.kinds.tables.metrics.attacks.neighbourhood import (
    KernelDensity,
    LocalLikelihood,
    MonteCarlo,
    PlagiarismIndex,
)
from augment.kinds.tables.metrics.views import View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ATTACKS: tuple[Attack, ...] = (  # cheap ones first
    Distance(),
    CalibratedDistance(),
    DistanceRatio(),
    MonteCarlo(),
    PlagiarismIndex(),
    Frequencies(),
    PairFrequencies(),
    LocalLikelihood(),
    KernelDensity(),
    Forest(),
    Discriminator(),
)
MOST_ATTACKED = 5_000  # members, and as many outsiders
MOST_MADE = 40_000  # made rows that an attacker looks at
MANY_UNSEEN = 2_000  # outsiders from which on two folds do: half of them are reference enough
FOLDS = 3


@dataclass(frozen=True)
class Accusations:
    """What one attack says of members and of outsiders: the greater, the likelier a member."""

    attack: str
    members: Floats  # (members,)
    outsiders: Floats  # (outsiders,)
    clusters: Clusters | None = None  # whose they are, where rows belong together


def accusations(
    train: View,
    unseen: View,
    made: View,
    seed: Seed,
    clusters: Clusters | None = None,
) -> list[Accusations]:
    """Each attack on rows of `train` (members) and of `unseen` (outsiders), by `made` rows.

    Members and outsiders are dealt to folds; those of one fold are attacked with the unseen rows
    of the others as the reference, so that either kind of candidate meets the same rows, none of
    which is itself. Every unseen row is an outsider once: small tables need each of them. Where
    `clusters` say whose the rows of `train` and of `unseen` are, those of one outsider share a
    fold: one whose other rows are in the reference would look unlike a member, none of whose are.

    At most 5,000 members, as many outsiders and 40,000 made rows take part.
    """
    made = made.sample(MOST_MADE, seed.child("made"))
    learnt = _shuffled(train, seed.child("members"))
    members = train.take(learnt)
    rows = _shuffled(unseen, seed.child("unseen"))
    outsiders = unseen.take(rows)
    folds = min(FOLDS if len(rows) < MANY_UNSEEN else 2, len(rows))
    whose = np.arange(len(rows)) if clusters is None else clusters.negative[rows]
    fold_of = _dealt(whose, folds)
    member_fold = np.arange(len(members)) * folds // max(1, len(members))
    found: dict[str, tuple[list[Floats], list[Floats]]] = {a.name: ([], []) for a in ATTACKS}
    own: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for fold in range(folds):
        places = np.flatnonzero(member_fold == fold), np.flatnonzero(fold_of == fold)
        known, others = members.take(places[0]), outsiders.take(places[1])
        reference = outsiders.take(np.flatnonzero(fold_of != fold))
        if not len(reference) or not len(others):
            continue
        target = Target(joined(known, others), made, reference)
        own.append(places)
        for attack in ATTACKS:
            scores = attack.suspicion(target, seed.child(attack.name, fold))
            for side, part in zip(found[attack.name], np.split(scores, [len(known)]), strict=True):
                side.append(part)
    none = np.empty(0)
    if clusters is not None and own:
        ranked = [np.concatenate(side) for side in zip(*own, strict=True)]
        clusters = Clusters(clusters.positive[learnt[ranked[0]]], whose[ranked[1]])
    return [
        Accusations(name, np.concatenate([none, *first]), np.concatenate([none, *second]), clusters)
        for name, (first, second) in found.items()
    ]


def joined(first: View, second: View) -> View:
    """The rows of two views, one after the other."""
    columns = zip(first.columns, second.columns, strict=True)
    pairs = tuple(np.concatenate(pair) for pair in columns)
    return View(first.axes, pairs, len(first) + len(second))


def _shuffled(view: View, seed: Seed) -> NDArray[np.int64]:
    """Places of at most `MOST_ATTACKED` rows, in random order."""
    return seed.rng().permutation(len(view))[:MOST_ATTACKED]


def _dealt(whose: NDArray[np.int64], folds: int) -> NDArray[np.int64]:
    """(rows,) fold of each row, about as many in each, and all of one entity in the same."""
    _, first, of, sizes = np.unique(
        whose, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first, kind="stable")  # as they come, which is at random
    ends = np.empty(len(sizes), dtype=np.int64)
    ends[order] = np.cumsum(sizes[order]) - sizes[order]
    return np.asarray((ends * folds // max(1, len(whose)))[of])

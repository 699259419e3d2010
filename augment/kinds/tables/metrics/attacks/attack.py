"""What an attack on membership is, and what an attacker knows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from sklearn.neighbors import NearestNeighbors

from augment.core.seeds import Seed
from augment.kinds.tables.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_ROWS = 20  # training, unseen and made rows, below which noise reaches any rate there is
REMEDY = (
    "the generator has learnt rows by heart: train it for less, give it more rows, "
    "or take another engine (-e)"
)
NEIGHBOURS = 20  # that are looked up of each candidate, on either side
SMOOTH = 1e-3  # added to distances (a column spans 1), so that equal rows have a finite density


@dataclass(frozen=True)
class Target:
    """What is attacked, and what with: `candidates`, of which some are members, the `made` rows,
    and `reference`, other rows of the population, none of which is a candidate or a member.

    Distances are those of `features.points`, in which every column weighs about the same.
    """

    candidates: View
    made: View
    reference: View

    @cached_property
    def to_made(self) -> Floats:
        """(candidates, k) ascending distances to the k nearest made rows."""
        return self.nearest_made[0]

    @cached_property
    def nearest_made(self) -> tuple[Floats, NDArray[np.int64]]:
        """(candidates, k) ascending distances to the nearest made rows, and which those are."""
        return neighbours(self.made, self.candidates, NEIGHBOURS)

    @cached_property
    def to_reference(self) -> Floats:
        """(candidates, k) ascending distances to the k nearest reference rows."""
        return neighbours(self.reference, self.candidates, NEIGHBOURS)[0]


class Attack(ABC):
    """Ranks candidates by how likely they are to be members: rows that a generator learnt from.

    `spread` is by how much more the AUC of fresh rows varies than DeLong's interval says, since an
    outsider is in the reference of the other folds. Measured on rows of which none was learnt: see
    `docs/log.md`.
    """

    name: ClassVar[str]  # as reports show it
    spread: ClassVar[float] = 1.2

    @abstractmethod
    def suspicion(self, target: Target, seed: Seed) -> Floats:
        """(candidates,) greater where a candidate is more likely a member; finite."""


def too_little(real: RealViews, fake: FakeViews, lacking: str) -> str:
    """Why nothing can be attacked, "" where it can; `lacking` says what columns are missing."""
    if not real.seen_known:
        return "It is unknown which real rows the generator saw; --unseen names some it did not."
    few = f"Not enough evidence: under {LEAST_ROWS} training, unseen or synthetic rows."
    enough = min(len(real.train), len(real.test), len(fake)) >= LEAST_ROWS
    return lacking or ("" if enough else few)


def neighbours(among: View, asked: View, k: int) -> tuple[Floats, NDArray[np.int64]]:
    """(asked, min(k, rows)) ascending distances to the nearest rows of `among`, and which.

    Brute force by blocks: no more than a few megabytes at once, however many rows there are. In
    double precision, since a distance of zero means a copy.
    """
    index = NearestNeighbors(n_neighbors=min(k, len(among)), algorithm="brute")
    index.fit(among.points.astype(np.float64))
    distances, places = index.kneighbors(asked.points.astype(np.float64))
    return np.asarray(distances, np.float64), np.asarray(places, np.int64)

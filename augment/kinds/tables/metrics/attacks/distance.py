"""Attacks by the distance to the closest made row."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from augment.core.seeds import Seed
from augment.kinds.tables.metrics.attacks.attack import SMOOTH, Attack, Target

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Distance(Attack):
    """Who lies near a made row is a member.

    The full black-box attack of Chen et al. 2020, "GAN-Leaks", arXiv 1909.03935, eq. 4.
    """

    name: ClassVar[str] = "distance"

    def suspicion(self, target: Target, seed: Seed) -> NDArray[np.float64]:
        return -target.to_made[:, 0]


class CalibratedDistance(Attack):
    """Who lies nearer to a made row than to a reference row is a member, by the difference.

    The calibrated attack of Chen et al. 2020, arXiv 1909.03935, section 4.3, with reference rows
    in the place of those of a reference generator.
    """

    name: ClassVar[str] = "calibrated distance"

    def suspicion(self, target: Target, seed: Seed) -> NDArray[np.float64]:
        return target.to_reference[:, 0] - target.to_made[:, 0]


class DistanceRatio(Attack):
    """Local density ratio of made rows to the reference, by the nearest row of either.

    DOMIAS (van Breugel et al. 2023, arXiv 2302.12580, eq. 2) scores a record x by
    p_made(x) / p_real(x): a generator that memorised x puts more density there than the
    population has. A density is r⁻ᵈ, up to a constant, where r is the distance to the nearest row.
    """

    name: ClassVar[str] = "density ratio (nearest)"

    def suspicion(self, target: Target, seed: Seed) -> NDArray[np.float64]:
        made, real = target.to_made[:, 0], target.to_reference[:, 0]
        return np.asarray(np.log(real + SMOOTH) - np.log(made + SMOOTH))

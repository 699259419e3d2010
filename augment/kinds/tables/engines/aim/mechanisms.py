"""The three mechanisms of a private fit, each drawn and accounted for by OpenDP.

All are stated in zero-concentrated differential privacy (Bun and Steinke 2016, arXiv 1605.02065)
for tables of which one has one row more. Their noise comes from the operating system: a seed that
anybody may know would let anybody take it off again.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from augment.core.errors import MissingExtra

INSTALL = "pip install 'augment-synth[dp]'"
LIBRARIES = {"opendp": "opendp.prelude", "mbi": "mbi"}
SLACK = 1 + 1e-9  # on scales, so that what OpenDP rounds up stays within the share
MOST_THRESHOLD = 2**30  # of a count
HALVINGS = 80


@dataclass(frozen=True)
class Draw:
    """What a mechanism gave, and what that costs by OpenDP's own account."""

    result: Any  # plain JSON
    mechanism: str
    scale: float
    rho: float
    delta: float = 0.0


def library(name: str) -> Any:
    """A library of the extra. Raises `MissingExtra` where it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of mbi, on how jax is set in the host program
            return importlib.import_module(LIBRARIES[name])
    except ImportError:
        raise MissingExtra(
            f"Engine 'aim' needs the Python package {name!r}, which is not installed. "
            f"Install it with: {INSTALL}"
        ) from None


@cache
def _opendp() -> Any:
    dp = library("opendp")
    dp.enable_features("contrib")
    return dp


def noisy_counts(counts: Sequence[int], rho: float) -> Draw:
    """Counts of cells of which each row is in one, with discrete Gaussian noise.

    Canonne, Kamath and Steinke 2020, arXiv 2004.00010. One row changes one count by 1.
    """
    dp = _opendp()
    scale = SLACK * (2 * rho) ** -0.5
    space = dp.vector_domain(dp.atom_domain(T=int)), dp.l2_distance(T=float)
    measure = dp.m.make_gaussian(*space, scale=scale)
    drawn = [int(count) for count in measure([int(count) for count in counts])]
    return Draw(drawn, "discrete Gaussian counts", scale, measure.map(1.0))


def noisy_choice(scores: Sequence[float], sensitivity: float, rho: float) -> Draw:
    """The place of one of the highest scores, by the exponential mechanism.

    One row changes each score by at most `sensitivity`.
    """
    dp = _opendp()
    scale = SLACK * sensitivity * (2 * rho) ** -0.5
    space = dp.vector_domain(dp.atom_domain(T=float, nan=False)), dp.linf_distance(T=float)
    measure = dp.m.make_noisy_max(*space, dp.zero_concentrated_divergence(), scale=scale)
    chosen = int(measure([float(score) for score in scores]))
    return Draw(chosen, "exponential mechanism", scale, measure.map(float(sensitivity)))


def noisy_values(counts: Mapping[str, int], rho: float, delta: float) -> Draw:
    """The values whose noisy counts are over a threshold, with these counts.

    For values that nobody listed: with a chance of `delta` at most, one that a single row holds
    is told. Rogers 2023, arXiv 2309.09170.
    """
    dp = _opendp()
    scale = SLACK * (2 * rho) ** -0.5
    space = (
        dp.map_domain(dp.atom_domain(T=str), dp.atom_domain(T=int)),
        dp.l02inf_distance(dp.absolute_distance(T=int)),
    )

    def measure(threshold: int) -> Any:
        return dp.m.make_gaussian_threshold(*space, scale=scale, threshold=threshold)

    one_row = (1, 1, 1)  # cells that a row changes, and by how much in the two distances
    low, high = 1, MOST_THRESHOLD
    while low < high:
        middle = (low + high) // 2
        if measure(middle).map(one_row)[1] <= delta:
            high = middle
        else:
            low = middle + 1
    found = measure(high)(dict(counts)) if counts else {}
    spent = measure(high).map(one_row)
    listed = {str(value): int(found[value]) for value in sorted(found)}
    return Draw(listed, "thresholded Gaussian counts", scale, spent[0], spent[1])


def epsilon_of(rho: float, delta: float) -> float:
    """The epsilon of (epsilon, delta)-differential privacy that `rho` of zCDP is."""
    dp = _opendp()
    space = dp.vector_domain(dp.atom_domain(T=int)), dp.l2_distance(T=float)
    measure = dp.m.make_gaussian(*space, scale=(2 * rho) ** -0.5)
    return float(dp.c.make_zCDP_to_approxDP(measure).map(1.0).epsilon(delta))


def rho_of(epsilon: float, delta: float) -> float:
    """The most zCDP that is within (epsilon, delta)-differential privacy."""
    low, high = 0.0, epsilon + 1.0  # rho < epsilon for every delta below 1
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if middle > 0 and epsilon_of(middle, delta) <= epsilon:
            low = middle
        else:
            high = middle
    return low

"""Uniform numbers that are laid out over rows so that the noise of their draws cancels.

Rows are kept sorted by what has been drawn so far, and neighbours get the next number of a
golden-ratio sequence, so that the drawn shares follow the predicted ones closely within any group
of alike rows (array-RQMC: L'Ecuyer, Lécot and Tuffin 2008, doi 10.1287/opre.1080.0556). Each row
by itself is still a fair draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

GOLDEN = 0.6180339887498949  # (√5 − 1) / 2


def spread_uniforms(rng: np.random.Generator, alike: NDArray[np.int64]) -> NDArray[np.float64]:
    """(rows,) uniforms in [0, 1), spread evenly along the order `alike` by one random shift."""
    u = np.empty(len(alike))
    spread = rng.random() + np.arange(len(alike)) * GOLDEN
    u[alike] = spread - np.floor(spread)  # half the time of a remainder
    return u


def resorted(alike: NDArray[np.int64], tokens: NDArray[np.int64]) -> NDArray[np.int64]:
    """The order `alike`, sorted by one column's tokens; ties stay as they were."""
    # Sixteen bits hold any column's tokens, and make this a radix sort.
    return np.asarray(alike[np.argsort(tokens[alike].astype(np.int16), kind="stable")])

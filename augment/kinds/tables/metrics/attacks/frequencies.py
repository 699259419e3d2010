"""Attacks by how often values, and pairs of values, stand in the made rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from augment.core.seeds import Seed
from augment.evaluation.two_samples import FOLD_NOISE
from augment.kinds.tables.metrics.attacks.attack import Attack, Target
from augment.kinds.tables.metrics.column_pairs import column_pairs
from augment.kinds.tables.metrics.views import View

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_PAIRS = 300  # of columns; of more, so many are drawn
PRIOR = 1.0  # counts added to a cell, shared out as the columns alone would have it


class Frequencies(Attack):
    """Likelihood ratio of a candidate's values under made frequencies and those of the reference.

    Sankararaman, Obozinski, Jordan and Halperin 2009, "Genomic privacy and limits of individual
    detection in a pool", Nature Genetics 41: who is in a pool of which only frequencies are known
    has values that are commoner there than in the population. No attack on independent
    frequencies is stronger. It finds generators that are raked onto their training rows.
    """

    name: ClassVar[str] = "frequencies"
    spread: ClassVar[float] = FOLD_NOISE

    def suspicion(self, target: Target, seed: Seed) -> NDArray[np.float64]:
        return np.asarray(sum(_ratios(target, place) for place in range(len(target.made.axes))))


class PairFrequencies(Attack):
    """The same with frequencies of pairs of values, in at most 300 pairs of columns."""

    name: ClassVar[str] = "frequencies of pairs"
    spread: ClassVar[float] = FOLD_NOISE

    def suspicion(self, target: Target, seed: Seed) -> NDArray[np.float64]:
        columns = len(target.made.axes)
        if columns < 2:
            return Frequencies().suspicion(target, seed)
        pairs = column_pairs(columns, MOST_PAIRS, seed)
        return np.asarray(sum(_ratios(target, first, second) for first, second in pairs))


def _ratios(target: Target, *places: int) -> NDArray[np.float64]:
    """(candidates,) log-ratio of the frequency of each candidate's cell, made to reference."""
    cells, made = _cells(target.made, places)
    real = _cells(target.reference, places)[1]
    asked = _cells(target.candidates, places)[1]
    logs = [
        np.log(np.bincount(rows, minlength=cells) + PRIOR) - np.log(len(rows) + PRIOR * cells)
        for rows in (made, real)
    ]
    return np.asarray((logs[0] - logs[1])[asked])


def _cells(view: View, places: tuple[int, ...]) -> tuple[int, NDArray[np.int64]]:
    """How many cells there are, and (rows,) which each row is in."""
    cells, found = 1, np.zeros(len(view), dtype=np.int64)
    for place in places:
        bins = view.axes[place].bins
        cells, found = cells * bins, found * bins + view.binned[place]
    return cells, found

"""Curves of rankings and of distances, thinned to what a drawing shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from augment.evaluation.charts import Axis, Curves, Line, Tone, significant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_POINTS = 80
INNER = np.linspace(0.01, 0.99, 50)  # quantiles that are drawn: no single row stands at an end


def roc(positive: Floats, negative: Floats) -> tuple[Floats, Floats]:
    """False and true positive rates from (0, 0) to (1, 1), at every distinct threshold."""
    scores = np.concatenate([positive, negative])
    labels = np.repeat([1, 0], [len(positive), len(negative)])
    order = np.argsort(-scores, kind="stable")
    scores, labels = scores[order], labels[order]
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    true, false = np.cumsum(labels)[last], np.cumsum(1 - labels)[last]
    return (
        np.concatenate([[0.0], false / len(negative)]),
        np.concatenate([[0.0], true / len(positive)]),
    )


def attack_curve(attacks: Sequence[tuple[str, Tone, Floats, Floats]], meaning: str) -> Curves:
    """True over false accusations, both logarithmic: what counts is the lower left, where few are
    accused (Carlini et al. 2022, arXiv 2112.03570). `attacks` have a name, a tone, and the scores
    of members and of others."""
    low = 1 / max(10, *(len(others) for *_, others in attacks))
    grid = np.geomspace(low, 1.0, MOST_POINTS)
    lines = []
    for name, tone, members, others in attacks:
        false, true = roc(members, others)
        at = true[np.searchsorted(false, grid, side="right") - 1]
        up = tuple(value if value > 0 else None for value in significant(at))
        lines.append(Line(name, tone, significant(grid), up))
    return Curves(
        "privacy",
        "Attack on membership",
        meaning,
        Axis("others accused", "log", low, 1.0),
        Axis("members found", "log", low, 1.0),
        tuple(lines),
        diagonal=True,
    )


def distance_curves(title: str, meaning: str, distances: list[tuple[str, Tone, Floats]]) -> Curves:
    """The share of rows that lie within a distance, for each side by its name."""
    lines = tuple(
        Line(name, tone, significant(np.quantile(found, INNER)), significant(INNER))
        for name, tone, found in distances
        if len(found)
    )
    return Curves(
        "privacy", title, meaning, Axis("distance to the nearest training row", low=0.0),
        Axis("share of rows", low=0.0, high=1.0), lines,
    )  # fmt: skip

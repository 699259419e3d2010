"""How far the rows of a source have moved, column by column, since they were last looked at.

What is kept of a column to tell that later is a profile: no row can be read from it. Categories are
kept with their shares where enough rows hold them; numbers by micro-aggregation, as the means of
groups of neighbours in their order (Hundepool et al. 2012, "Statistical Disclosure Control", 3.4).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.types import Json

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_ROWS = 5  # that a category, or a mean of neighbours, stands for
MOST_GROUPS = 64
MOST_CATEGORIES = 200
FALSE_ALARMS = 0.01  # of all columns together, where nothing has moved


@dataclass(frozen=True)
class Profile:
    """What is kept of one column: how many rows, the share of them without a value, and of the
    others either the `shares` of categories or the `means` of equally large groups."""

    name: str
    rows: int
    missing: float
    shares: Mapping[str, float] | None = None
    means: tuple[float, ...] | None = None

    @property
    def form(self) -> str:
        """What can be compared: categories, numbers, or nothing but what is missing."""
        if self.shares is not None:
            return "categories"
        return "nothing" if self.means is None else "numbers"

    def to_json(self) -> Json:
        return {name: value for name, value in asdict(self).items() if value is not None}

    @staticmethod
    def from_json(document: Json) -> Profile:
        """Undo `to_json`. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
        shares, means = document.get("shares"), document.get("means")
        return Profile(
            str(document["name"]),
            int(document["rows"]),
            float(document["missing"]),
            None if shares is None else {str(k): float(v) for k, v in shares.items()},
            None if means is None else tuple(float(mean) for mean in means),
        )


def of_missing(name: str, rows: int, missing: int) -> Profile:
    """The profile of a column whose values are not compared."""
    return Profile(name, rows, missing / max(1, rows))


def of_categories(name: str, counts: Mapping[str, int], missing: int) -> Profile:
    """From the rows of each category; rare ones, and those beyond the most common 200, are not
    named."""
    rows = sum(counts.values()) + missing
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_CATEGORIES]
    shares = {value: count / rows for value, count in common if count >= LEAST_ROWS}
    return Profile(name, rows, missing / max(1, rows), shares=shares)


def of_numbers(name: str, values: NDArray[np.float64]) -> Profile:
    """From numbers (rows,), NaN where there is none; too few have no means."""
    known = np.sort(values[np.isfinite(values)])
    missing = 1 - len(known) / max(1, len(values))
    groups = min(MOST_GROUPS, len(known) // LEAST_ROWS)
    parts = np.array_split(known, groups) if groups else []
    means = tuple(float(f"{part.mean():.9g}") for part in parts)  # no longer than they need to be
    return Profile(name, len(values), missing, means=means)


@dataclass(frozen=True)
class Drift:
    """How far a column has moved: from 0 (not at all) to 1, and how much of that sampling alone
    would make. `note` says what else became of it; there is no distance then."""

    column: str
    distance: float | None
    noise: float
    note: str = ""

    @property
    def moved(self) -> bool:
        return self.distance is None or self.distance > self.noise

    def to_json(self) -> Json:
        return {**asdict(self), "moved": self.moved}


def drift(before: Sequence[Profile], now: Sequence[Profile]) -> tuple[Drift, ...]:
    """Every column of either side, those that moved farthest first.

    The distance of categories is the total variation distance, what is missing being one more; of
    numbers it is the Kolmogorov-Smirnov distance, or the difference of the missing shares where
    that is larger.
    """
    old, new = ({profile.name: profile for profile in side} for side in (before, now))
    level = FALSE_ALARMS / max(1, len(new))
    found = [
        *(_moved(old[name], new[name], level) for name in new if name in old),
        *(Drift(name, None, 0.0, "new") for name in new if name not in old),
        *(Drift(name, None, 0.0, "gone") for name in old if name not in new),
    ]
    return tuple(sorted(found, key=lambda each: -1.0 if each.distance is None else -each.distance))


def _moved(old: Profile, new: Profile, level: float) -> Drift:
    if not old.rows or not new.rows:
        return Drift(new.name, None, 0.0, "without rows on one side")
    if old.form != new.form and "nothing" not in (old.form, new.form):
        return Drift(new.name, None, 0.0, f"{new.form} now, {old.form} before")
    per_row = 1 / old.rows + 1 / new.rows
    # Dvoretzky-Kiefer-Wolfowitz with Massart's constant, for two samples; a share is one of its
    # steps.
    noise = math.sqrt(math.log(2 / level) / 2 * per_row)
    distance = abs(old.missing - new.missing)
    if old.shares is not None and new.shares is not None:
        distance, noise = _of_shares(old, new, per_row, level)
    elif old.means and new.means:
        distance = max(distance, _of_means(old.means, new.means))
        noise += 1 / min(len(old.means), len(new.means))  # how exact the means are
    return Drift(new.name, round(distance, 6), round(min(1.0, noise), 6))


def _of_shares(old: Profile, new: Profile, per_row: float, level: float) -> tuple[float, float]:
    """Total variation distance, and what sampling makes: its expectation, and McDiarmid's bound
    on how far it lies above that."""
    ours, theirs = _whole(old), _whole(new)
    names = ours.keys() | theirs.keys()
    distance = sum(abs(ours.get(name, 0.0) - theirs.get(name, 0.0)) for name in names) / 2
    common = [(ours.get(name, 0.0) + theirs.get(name, 0.0)) / 2 for name in names]
    # E|X| of a normal with the difference's variance
    expected = sum(math.sqrt(2 / math.pi * p * (1 - p) * per_row) for p in common) / 2
    return distance, expected + math.sqrt(math.log(1 / level) / 2 * per_row)


def _whole(profile: Profile) -> dict[tuple[str, bool], float]:
    """Shares that add up to 1: those of categories, of what is missing, and of all the rest."""
    assert profile.shares is not None
    found = {(name, True): share for name, share in profile.shares.items()}
    rest = max(0.0, 1 - profile.missing - sum(profile.shares.values()))
    return {**found, ("missing", False): profile.missing, ("rest", False): rest}


def _of_means(old: Sequence[float], new: Sequence[float]) -> float:
    """The largest difference of two distribution functions that run straight through the means."""
    places = np.union1d(old, new)
    sides: list[Any] = []
    for means in (old, new):
        levels = (np.arange(len(means)) + 0.5) / len(means)
        sides.append(np.interp(places, means, levels, left=0.0, right=1.0))
    return float(np.abs(sides[0] - sides[1]).max())

"""Numbers and dates that are the largest or the smallest of others: a best score, a first visit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from augment.kinds.tables.relations.quantities import Quantity, probes

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_ROWS = 100  # that have all columns
LEAST_SHARE = 0.2  # of the rows with a result, that have its members as well
LEAST_ALONE = 30  # rows in which a member alone is the extreme
MOST_COLUMNS = 100  # that are compared
SIGN = {"largest": 1, "smallest": -1, "latest": 1, "earliest": -1}


@dataclass(frozen=True)
class Extreme:
    """`result` is the `extreme` of its `members`: of those that are there where it is `ignoring`
    the missing ones, else missing beside them."""

    result: str
    members: tuple[str, ...]
    extreme: str
    ignoring: bool
    gaps: bool = False  # as of a link
    computed: ClassVar[bool] = True

    @property
    def sources(self) -> set[str]:
        return {*self.members}

    @property
    def sentence(self) -> str:
        some = ", ".join(self.members[:-1])
        return f"{self.result} = the {self.extreme} of {some} and {self.members[-1]}"

    def of(self, values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """(rows,) the result; NaN where a member is that it does not pass over, or all are."""
        own = np.stack([values[name] for name in self.members])
        return _extreme(own, SIGN[self.extreme], self.ignoring)

    def source(self, name: str, values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """(rows,) the result where no other member is; NaN elsewhere, where any value up to it
        may have been."""
        others = np.stack([values[other] for other in self.members if other != name])
        result = values[self.result]
        return np.where((others == result).any(axis=0), np.nan, result)

    def beside(self, lent: NDArray[np.float64], result: NDArray[np.float64]) -> NDArray[np.float64]:
        """(rows,) another row's values, none of them beyond the result."""
        return _extreme(np.stack([lent, result]), -SIGN[self.extreme], True)


def _extreme(values: NDArray[np.float64], sign: int, ignoring: bool) -> NDArray[np.float64]:
    """(rows,) of (columns, rows) the largest or, with a sign below zero, the smallest values."""
    ways = {(1, True): np.fmax, (1, False): np.maximum,
            (-1, True): np.fmin, (-1, False): np.minimum}  # fmt: skip
    return np.asarray(ways[sign, ignoring].reduce(values, axis=0), np.float64)


def extremes(numeric: list[Quantity]) -> Iterator[Extreme]:
    """Those that hold on every row that has their columns; at most one of each result."""
    if len(numeric) > MOST_COLUMNS:
        return
    for result in numeric:
        kin = [each for each in numeric if each is not result and each.dated == result.dated]
        if len(kin) < 2:
            continue
        rows = probes(result.values)
        beside = np.stack([each.values[rows] for each in kin])  # (columns, rows)
        for extreme in ("latest", "earliest") if result.dated else ("largest", "smallest"):
            sign = SIGN[extreme]
            beyond = sign * beside > sign * result.values[rows]
            within = np.flatnonzero(~beyond.any(axis=1))
            reached = (beside == result.values[rows]) | np.isnan(beside)
            if len(within) < 2 or not reached[within].any(axis=0).all():
                continue
            found = _proven(result, [kin[place] for place in within], extreme)
            if found is not None:
                yield found
                break


def _proven(result: Quantity, kin: Sequence[Quantity], extreme: str) -> Extreme | None:
    """The extreme of some of the columns `kin`, none of which another makes needless."""
    sign, own = SIGN[extreme], result.values
    equal = {}
    for each in kin:
        if (sign * each.values > sign * own).any():
            continue
        same = each.values == own
        if (same | np.isnan(each.values + own)).all():
            return None  # a column that is another one is no extreme of several
        if same.sum() >= LEAST_ALONE:
            equal[each.name] = same
    while len(equal) > 1:
        count = np.sum(list(equal.values()), axis=0)
        alone = {name: int((same & (count == 1)).sum()) for name, same in equal.items()}
        needless = [name for name in equal if alone[name] < LEAST_ALONE]
        if not needless:
            break
        del equal[min(needless, key=lambda name: int(equal[name].sum()))]
    members = [each for each in kin if each.name in equal]
    if len(members) < 2:
        return None
    values = np.stack([each.values for each in members])
    known, missing = ~np.isnan(own), np.isnan(values)
    whole = known & ~missing.any(axis=0)
    if whole.sum() < max(LEAST_ROWS, LEAST_SHARE * known.sum()):
        return None
    if (_extreme(values, sign, False)[whole] != own[whole]).any():
        return None
    same = (values == own) & whole
    if (same & (same.sum(axis=0) == 1)).sum(axis=1).min() < LEAST_ALONE:
        return None
    some = missing.any(axis=0) & ~missing.all(axis=0)
    nearest = _extreme(values, sign, True)
    ignoring = bool(some.any() and (nearest[some] == own[some]).all())
    return Extreme(result.name, tuple(each.name for each in members), extreme, ignoring)


def from_json(document: Any) -> Extreme:
    """Undo `asdict`. Raises `TypeError` or `ValueError` on what no search can have found."""
    made = Extreme(**{**document, "members": tuple(document["members"])})
    if made.extreme not in SIGN or len(made.sources) < max(2, len(made.members)):
        raise ValueError("an extreme is of no columns")
    if made.result in made.sources:
        raise ValueError("an extreme is of itself")
    if not isinstance(made.gaps, bool) or not isinstance(made.ignoring, bool):
        raise ValueError("an extreme has no gaps")
    return made

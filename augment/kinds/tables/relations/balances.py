"""Columns that add up on every row: to a column of totals, or to a constant such as 100 %."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.relations.near import Near
from augment.kinds.tables.relations.quantities import Quantity
from augment.kinds.tables.relations.rounding import makes_its_values, to_the_bit
from augment.kinds.tables.relations.weighted_sums import WeightedSum

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ROWS = 4_000  # that the search looks at; what it finds is checked on all
ROWS_PER_COLUMN = 2  # the fewest, lest anything fits anything
SMALL = 1e-9  # of a column, that others leave of it where they settle it
WHOLE = 1e-6  # how near to an integer a coefficient must come
LEAST_KNOWN = 100  # rows on which columns with gaps are known together
MOST_LOST = 0.5  # of these rows, that are kept where another column with gaps joins them
MOST_ROUNDS = 8
TRIES, MOST_TRIED = 20, 40  # for columns that nearly balance, and up to how many of them
LEAST_PARTS = 3  # of a total; sums of two are looked for otherwise


@dataclass(frozen=True)
class Balance:
    """The sum of `signs` times `terms` is `constant` on every row."""

    terms: tuple[Quantity, ...]
    signs: tuple[int, ...]
    constant: float

    @property
    def total(self) -> Quantity | None:
        """The term that all others add up to; None where there is none."""
        for sign in (1, -1):
            enough = len(self.terms) > LEAST_PARTS and not self.constant
            if enough and self.signs.count(sign) == 1:
                return self.terms[self.signs.index(sign)]
        return None

    @property
    def solved(self) -> Iterator[WeightedSum]:
        """Each term by all others: one that a sign sets apart first, then those that stand last in
        the table, as what is computed mostly does."""
        alone = {sign for sign in (1, -1) if self.signs.count(sign) == 1}
        pairs = [*zip(self.terms, self.signs, strict=True)][::-1]
        for result, own in sorted(pairs, key=lambda pair: pair[1] not in alone):
            others = [(t.name, -1.0 * own * sign) for t, sign in pairs[::-1] if t is not result]
            others.sort(key=lambda term: term[1] < 0)
            start = float(self.constant * own)
            if start and len(others) == 1:
                (source,) = (term for term in self.terms if term is not result)
                bare = others[0][1] * source.values
                start = to_the_bit(start, bare, result)
                if not makes_its_values(bare + start, result):
                    continue
            yield WeightedSum(result.name, start, tuple(others), "near", result.decimals)

    @property
    def sentence(self) -> str:
        """What it says, if it is a total of columns or a constant shared out; "" otherwise."""
        names = [term.name for term in self.terms]
        if self.total is not None:
            parts = [name for name in names if name != self.total.name]
            return f"{self.total.name} = {' + '.join(parts)}"
        return f"{' + '.join(names)} = {self.constant:.12g}" if self.composed else ""

    @property
    def known(self) -> int:
        """The rows that have all terms."""
        values = np.stack([term.values for term in self.terms])
        return int((~np.isnan(values)).all(axis=0).sum())

    @property
    def composed(self) -> bool:
        """Whether the terms are shares of a constant, none of them below zero."""
        return len(set(self.signs)) == 1 and all(term.low >= 0 for term in self.terms)


def balances(found: list[Quantity]) -> Iterator[Balance | Near]:
    """Linear relations with coefficients of one, on every row that has their columns.

    Columns with gaps are searched on rows where they are known, together as far as they have
    enough rows in common. What holds on nearly every row comes last, without a promise that all
    of it is found.
    """
    numeric = [quantity for quantity in found if not quantity.dated]
    gaps = {q.name: int(np.isnan(q.values).sum()) for q in numeric}
    places = {quantity.name: place for place, quantity in enumerate(numeric)}
    settled: set[str] = set()
    reported: set[str] = set()
    for searched, rows in _together(numeric, gaps):
        with_gaps = any(gaps[quantity.name] for quantity in searched)
        for balance in _searched(searched, _spread(rows, MOST_ROWS), places):
            names = {term.name for term in balance.terms}
            new = not with_gaps or any(gaps[name] for name in names)
            if new and not _broken(balance):
                settled |= names
                yield balance
        for near in _nearly([q for q in searched if q.name not in settled], rows, places):
            if near.sentence not in reported:
                reported.add(near.sentence)
                yield near


def _together(
    numeric: list[Quantity], gaps: dict[str, int]
) -> Iterator[tuple[list[Quantity], NDArray[np.int64]]]:
    """Columns, and the rows on which all of them are known: those without gaps, then the others."""
    whole = [quantity for quantity in numeric if not gaps[quantity.name]]
    if len(whole) > 1:
        yield whole, np.arange(len(whole[0].values))
    pending = sorted((q for q in numeric if gaps[q.name]), key=lambda q: gaps[q.name])
    for _ in range(MOST_ROUNDS):
        if not pending:
            return
        known = ~np.isnan(pending[0].values)
        chosen = [pending[0]]
        for quantity in pending[1:]:
            both = known & ~np.isnan(quantity.values)
            if both.sum() >= max(LEAST_KNOWN, MOST_LOST * known.sum()):
                known, chosen = both, [*chosen, quantity]
        if known.sum() >= LEAST_KNOWN:
            yield [*whole, *chosen], np.flatnonzero(known)
        pending = [quantity for quantity in pending if quantity not in chosen]


def _spread(rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """At most so many of the rows, from all over."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, most).astype(np.int64))]


def _searched(
    found: list[Quantity], rows: NDArray[np.int64], places: Mapping[str, int]
) -> Iterator[Balance]:
    """Balances that hold on these rows, on which every column is known; terms in their places.

    Each column is projected on the constant and the columns before it that are independent of
    each other (Gram-Schmidt, twice, for accuracy); where nothing is left of it, its coefficients
    are unique.
    """
    kept: list[Quantity] = []
    known: list[Balance] = []
    scaled = [np.ones(len(rows))]  # the columns of the basis, and their orthonormal form
    basis = (scaled[0] / np.sqrt(len(rows)))[:, None]  # (rows, columns)
    for quantity in found:
        if len(rows) < ROWS_PER_COLUMN * (len(kept) + 2):
            return
        size = max(-quantity.low, quantity.high)
        column = quantity.values[rows] / size
        left = column - basis @ (basis.T @ column)
        left -= basis @ (basis.T @ left)
        if np.linalg.norm(left) > SMALL * np.linalg.norm(column):
            kept.append(quantity)
            scaled.append(column)
            basis = np.concatenate([basis, (left / np.linalg.norm(left))[:, None]], axis=1)
            continue
        weights = np.linalg.lstsq(np.stack(scaled, axis=1), column, rcond=None)[0]
        balance = _balance(quantity, kept, np.asarray(weights, np.float64) * size, rows)
        if balance is not None:
            known.append(_in_order(_shortest(balance, known), places))
            yield known[-1]


def _in_order(balance: Balance, places: Mapping[str, int]) -> Balance:
    pairs = zip(balance.terms, balance.signs, strict=True)
    ordered = sorted(pairs, key=lambda pair: places[pair[0].name])
    terms, signs = zip(*ordered, strict=True)
    return Balance(terms, signs, balance.constant)


def _shortest(balance: Balance, known: list[Balance]) -> Balance:
    """The balance, or what is left of it where others that are `known` stand for several of its
    terms: `valid = red + blue` of `voters = red + blue + invalid` and `voters = valid + invalid`.
    """
    for other in known:
        for sign in (1, -1):
            columns = {term.name: term for term in (*balance.terms, *other.terms)}
            own = {term.name: n for term, n in zip(balance.terms, balance.signs, strict=True)}
            for term, beside in zip(other.terms, other.signs, strict=True):
                own[term.name] = own.get(term.name, 0) + sign * beside
            left = {name: coefficient for name, coefficient in own.items() if coefficient}
            if 1 < len(left) < len(balance.terms) and {*left.values()} <= {-1, 1}:
                terms = tuple(columns[name] for name in left)
                constant = balance.constant + sign * other.constant
                constant = 0.0 if abs(constant) <= max(term.slack for term in terms) else constant
                signs = tuple(left.values())
                if set(signs) == {-1}:
                    signs, constant = (1,) * len(terms), -constant
                balance = Balance(terms, signs, constant)
    return balance


def _nearly(
    found: list[Quantity], rows: NDArray[np.int64], places: Mapping[str, int]
) -> Iterator[Near]:
    """What holds on nearly all rows: found on a few of them, in some of several tries."""
    few = ROWS_PER_COLUMN * (len(found) + 2)
    if len(found) < 2 or len(rows) < 2 * few:
        return
    rng = np.random.Generator(np.random.Philox(0))  # which rows are tried is no randomness
    for _ in range(TRIES if len(found) <= MOST_TRIED else 1):
        for balance in _searched(found, rng.choice(rows, few, replace=False), places):
            near = Near(balance.sentence, balance.known, _broken(balance))
            if near.sentence and near.close and near.rows >= LEAST_KNOWN:
                yield near


def _balance(
    quantity: Quantity,
    kept: list[Quantity],
    weights: NDArray[np.float64],
    rows: NDArray[np.int64],
) -> Balance | None:
    """quantity = weights[0] + the others times their weights, if those are all 1, 0 or -1."""
    sizes = np.array([max(-other.low, other.high) for other in kept])
    own = weights[1:] / sizes
    near = np.rint(own)
    if (np.abs(own - near) > WHOLE).any() or (np.abs(near) > 1).any():
        return None
    used = np.flatnonzero(near)
    if not len(used):
        return None
    terms = (*(kept[i] for i in used), quantity)
    signs = (*(int(-near[i]) for i in used), 1)
    slack = max(term.slack for term in terms)
    constant = float(np.median(sum(s * t.values[rows] for s, t in zip(signs, terms, strict=True))))
    constant = 0.0 if abs(constant) <= slack else constant
    if all(sign == -1 for sign in signs):
        return Balance(terms, (1,) * len(terms), -constant)
    return Balance(terms, signs, constant)


def _broken(balance: Balance) -> int:
    """The rows that break it, of those that have all terms. A row of shares of which some are
    missing breaks it too where the others add up to more than there is."""
    values = np.stack([s * t.values for s, t in zip(balance.signs, balance.terms, strict=True)])
    slack = min(term.slack for term in balance.terms)
    largest = max(max(-term.low, term.high) for term in balance.terms)
    slack = max(slack, 1e-12 * largest)
    broken = np.abs(values.sum(axis=0) - balance.constant) > slack  # false where one is missing
    if balance.composed and balance.total is None:
        broken |= np.nansum(values, axis=0) > balance.constant + slack
    return int(broken.sum())

"""The search for links and shares among numbers and dates, and for what nearly is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.relations import links, orders
from augment.kinds.tables.relations.balances import Balance, balances
from augment.kinds.tables.relations.days import DayOf, days
from augment.kinds.tables.relations.elapsed import Elapsed, elapsed
from augment.kinds.tables.relations.equal_dates import equal_dates, lines_of_dates
from augment.kinds.tables.relations.extremes import Extreme, extremes
from augment.kinds.tables.relations.formulas import Formula, formulas
from augment.kinds.tables.relations.links import AnyLink, Link, Links
from augment.kinds.tables.relations.months_later import MonthsLater, months_later
from augment.kinds.tables.relations.near import Near
from augment.kinds.tables.relations.piecewise import Piecewise, piecewise
from augment.kinds.tables.relations.products import Product, products
from augment.kinds.tables.relations.quantities import Quantity
from augment.kinds.tables.relations.shares import Share
from augment.kinds.tables.relations.sums import difference, sums
from augment.kinds.tables.relations.transformed import Transformed, transformed
from augment.kinds.tables.relations.weighted_sums import WeightedSum, weighted_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_PARTS = 3  # of a total with a rest: the total, and what it is left by
SMALL_REST = 0.1  # of a total, beside which a rest may fall below zero


@dataclass
class _Chosen:
    """Links that can be undone together, and shares; none takes the target out."""

    target: str | None
    links: list[AnyLink] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)

    def add(self, link: AnyLink) -> bool:
        """Add the link, unless its result is taken or feeds it; whether it was."""
        scaled = {name for share in self.shares for name in share.members}
        free = link.result not in {known.result for known in self.links} | scaled | {self.target}
        able = free and not links.depends(link, self.links)
        self.links += [link] if able else []
        return able

    def add_balance(self, balance: Balance) -> None:
        names = [term.name for term in balance.terms]
        if balance.total is not None:
            base, step, *more = (name for name in names if name != balance.total.name)
            link = Link(balance.total.name, base, step, 1.0, False, tuple(more))
            if self.add(link) or not links.depends(link, self.links):
                return
        elif balance.composed:
            taken = {name for share in self.shares for name in share.members}
            taken |= {link.result for link in self.links}
            if not taken & set(names):
                self.shares.append(Share(tuple(names), balance.constant))
            return
        columns = {term.name: term for term in balance.terms}
        any(self.add(link) for link in balance.solved if _total_of(link, columns) is None)

    def widen(self, order: Link, numeric: Sequence[Quantity]) -> None:
        """Keep an order whose result is a distance already: from the greater of both columns. One
        that has gaps is left alone: what is drawn in their place would count."""
        columns = {quantity.name: quantity for quantity in numeric}
        found = {link.result: link for link in self.links}.get(order.result)
        if not isinstance(found, Link) or found.step or np.isnan(columns[order.base].values).any():
            return
        wider = _needed(replace(found, beside=(*found.beside, order.base)), columns)
        if order.base in wider.sources and not links.depends(wider, self.links):
            self.links[self.links.index(found)] = orders.in_units(wider, columns)

    @property
    def count(self) -> int:
        return len(self.links) + len(self.shares)


def linked(
    numeric: list[Quantity], target: str | None, rare: Sequence[Quantity] = ()
) -> tuple[Links, tuple[Share, ...], list[Near]]:
    """Links in an order in which they can be undone, shares, and what nearly holds.

    A column may be a sum of some and a product of others, or a part of a sum: sums go first,
    unless more holds in all where products do. Columns that are `rare` are parts of totals alone.
    """
    added: list[Link] = []
    near: list[Near] = []
    for result in numeric:
        others = [other for other in numeric if other is not result]
        candidates = list(sums(result, others)) if result.name != target else []
        exact = [link for link in candidates if isinstance(link, Link)]
        added += exact
        near += [] if exact else [each for each in candidates if isinstance(each, Near)][:1]
    balanced: list[Balance] = []
    unproven = {quantity.name for quantity in rare}
    for balance in balances([*numeric, *rare]):
        if isinstance(balance, Near):
            near.append(balance)
            continue
        total, terms = balance.total, {term.name for term in balance.terms}
        if not terms & unproven or (total is not None and total.name not in unproven):
            balanced.append(balance)
    found = _Found(
        added,
        balanced,
        products(numeric),
        [
            *equal_dates(numeric),
            *months_later(numeric),
            *days(numeric),
            *lines_of_dates(numeric),
            *elapsed(numeric),
        ],
        transformed(numeric),
        [*extremes(numeric), *piecewise(numeric)],
        formulas(numeric),
    )
    chosen = max(
        (_chosen(numeric, target, found, first) for first in found.orders),
        key=lambda each: each.count,
    )
    for order in orders.found(numeric):
        if isinstance(order, Near):
            near.append(order)
        elif not chosen.add(order):
            chosen.widen(order, numeric)
    return tuple(links.undoable(chosen.links)), tuple(chosen.shares), near


@dataclass(frozen=True)
class _Found:
    """What holds on every row, of which not all can be computed of the rest."""

    added: list[Link]
    balanced: list[Balance]
    multiplied: list[Product]
    timed: list[WeightedSum | MonthsLater | DayOf | Elapsed]
    reshaped: list[Transformed]
    beyond: list[Extreme | Piecewise]
    formed: list[Formula]

    _sums: dict[frozenset[str], list[WeightedSum]] = field(default_factory=dict)

    def weighted(self, numeric: list[Quantity], left_out: set[str]) -> list[WeightedSum]:
        """The weighted sums of columns that are not left out, searched for once."""
        asked = frozenset(left_out)
        if asked not in self._sums:
            self._sums[asked] = weighted_sums(numeric, left_out)
        return self._sums[asked]

    @property
    def orders(self) -> list[str]:
        """What may be chosen first; the first of these that holds most is taken."""
        return ["sums", *(["products"] if self.multiplied else []), "multiples"]


def _chosen(numeric: list[Quantity], target: str | None, found: _Found, first: str) -> _Chosen:
    chosen = _Chosen(target)
    for product in found.multiplied if first == "products" else ():
        chosen.add(product)
    for multiple in found.weighted(numeric, set()) if first == "multiples" else ():
        if len(multiple.terms) == 1:
            chosen.add(multiple)
    for function in found.reshaped if first == "multiples" else ():
        chosen.add(function)
    columns = {quantity.name: quantity for quantity in numeric}
    for link in found.added:
        part = difference(link, columns, target)
        if part is None or not chosen.add(part):
            chosen.add(link)
    for balance in found.balanced:
        chosen.add_balance(balance)
    summed = {link.result for link in chosen.links if isinstance(link, Link | WeightedSum)}
    for product in found.multiplied:
        chosen.add(product)
    weighted = found.weighted(numeric, summed)
    for each in (*found.timed, *weighted, *found.reshaped, *found.beyond, *found.formed):
        total = _total_of(each, columns) if isinstance(each, WeightedSum) else None
        chosen.add(each if total is None else total)
    return chosen


def _needed(link: Link, columns: Mapping[str, Quantity]) -> Link:
    """A distance from the greatest of those columns alone that are the greatest on some row."""

    def of(names: Sequence[str]) -> Link:
        return replace(link, base=names[0], beside=tuple(names[1:]))

    def start(names: Sequence[str]) -> NDArray[np.float64]:
        return of(names).start(lambda name: columns[name].values)

    names = [link.base, *link.beside]
    for name in (link.base, *link.beside):
        rest = [other for other in names if other != name]
        if rest and np.array_equal(start(rest), start(names), equal_nan=True):
            names = rest
    return of(names)


def _total_of(each: WeightedSum, columns: Mapping[str, Quantity]) -> WeightedSum | None:
    """The total of which a column is a small rest, that is never below zero: made of a total and
    of other parts as they are drawn, such a rest often would be. None for other sums."""
    if each.dated or len(each.terms) < LEAST_PARTS or not each.sources <= columns.keys():
        return None
    shares = {name: weight * columns[name].values for name, weight in each.terms}
    sizes = {name: float(np.nanmean(np.abs(share))) for name, share in shares.items()}
    whole = max(sizes, key=lambda name: sizes[name])
    weights = dict(each.terms)
    rest = columns[each.result]
    if weights[whole] != 1 or rest.low < 0:
        return None
    if float(np.nanmean(np.abs(rest.values))) >= SMALL_REST * sizes[whole]:
        return None
    parts = tuple((name, -weight) for name, weight in each.terms if name != whole)
    terms = ((each.result, 1.0), *parts)
    made = columns[whole]
    return WeightedSum(whole, -each.start or 0.0, terms, made.rounding, made.decimals)

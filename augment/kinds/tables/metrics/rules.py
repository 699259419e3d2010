"""Rules that no row of the real table breaks, found on training rows and proven on unseen ones.

What settles what (a city its region, a date its weekday, an income its bracket, an answer whether
the next one is missing), what is computed from what, and what is never below what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.metrics.discrete_columns import Discrete, discrete, keys
from augment.kinds.tables.metrics.views import View
from augment.kinds.tables.relations import comparisons
from augment.kinds.tables.relations.bounds import Bounds
from augment.kinds.tables.relations.brackets import changes
from augment.kinds.tables.relations.link_search import linked
from augment.kinds.tables.relations.links import Link, ReplacingLink
from augment.kinds.tables.relations.quantities import (
    Quantity,
    quantity_of,
    rare_quantity_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augment.kinds.tables.data.schema import Column

MOST_ROWS = 20_000  # of the training rows, in which rules are looked for
LEAST_ROWS = 200  # of the training rows, and a fifth of it of the unseen ones
LEAST_BROKEN = 30.0  # rows that independent columns would have broken
MOST_NUMBERS = 60  # columns of which pairs are compared

Checked = tuple["NDArray[np.bool_]", "NDArray[np.bool_]"]
Check = Callable[[View], Checked]


@dataclass(frozen=True)
class Rule:
    """`check` gives (rows,) which rows of a view break it, and which it says something about; it
    can be sent to other processes."""

    sentence: str
    check: Check


def rules(train: View, unseen: View) -> list[Rule]:
    """Rules that hold on all rows of both; at most one of each sort for a column."""
    if len(train) < LEAST_ROWS or len(unseen) < LEAST_ROWS / 5:
        return []
    known = train.take(_spread(len(train)))
    found = [*_settled(known), *_stepped(known), *_compared(known)]
    found += [*_computed(known), *_ordered(known)]
    return [
        rule for rule in found if not any(rule.check(side)[0].any() for side in (train, unseen))
    ]


def _spread(rows: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, rows - 1, min(rows, MOST_ROWS)).astype(np.int64))


def _settled(train: View) -> Iterator[Rule]:
    """Columns of few values that one other settles, or a part of a date: the coarsest such."""
    results = [*discrete(train)]
    sources = sorted(keys(train, results), key=lambda each: each.count)
    grouped = [(source, *_groups(source.of(train))) for source in sources]
    for result in results:
        codes = result.of(train)
        shares = _shares(codes)
        repeats = LEAST_BROKEN / max(1e-9, 1 - float((shares**2).sum()))
        for source, group, first in grouped:
            if source.column == result.column or len(group) - len(first) < repeats:
                continue
            if source.count >= result.count and (codes[first][group] == codes).all():
                yield Rule(
                    f"{result.title} follows from {source.title}",
                    _lookup(source, result, train),
                )
                break


def _shares(codes: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(np.unique(codes, return_counts=True)[1] / len(codes))


def _groups(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(rows,) the number of each row's value, and of each value its first row."""
    _, first, group = np.unique(codes, return_index=True, return_inverse=True)
    return group, first


def _lookup(source: Discrete, result: Discrete, train: View) -> Check:
    at, first = np.unique(source.of(train), return_index=True)
    return partial(_unlike, source, result, at, result.of(train)[first])


def _unlike(
    source: Discrete,
    result: Discrete,
    at: NDArray[np.int64],
    values: NDArray[np.int64],
    view: View,
) -> Checked:
    asked = source.of(view)
    place = np.minimum(np.searchsorted(at, asked), len(at) - 1)
    known = at[place] == asked
    return known & (values[place] != result.of(view)), known


def _stepped(train: View) -> Iterator[Rule]:
    """Columns of few values that change at a few points along a number: the brackets of it."""
    numbers = [n for n, axis in enumerate(train.axes) if axis.numeric]
    for result in discrete(train):
        codes = result.of(train)
        shares = _shares(codes)
        if len(codes) * (1 - float((shares**2).sum())) < 2 * LEAST_BROKEN:
            continue
        for place in numbers:
            column = train.columns[place]
            if train.axes[place].name == result.column or np.isnan(column).any():
                continue
            order = np.argsort(column, kind="stable")
            at, own = column[order], codes[order]
            last = changes(at, own, len(shares))
            if last is None or len(np.unique(at)) <= 2 * len(last) + 2:
                continue
            sentence = f"{result.title} follows from the range of {train.axes[place].where}"
            yield Rule(sentence, partial(_out_of_range, place, result, at, own))
            break


def _out_of_range(
    place: int, result: Discrete, at: NDArray[np.float64], own: NDArray[np.int64], view: View
) -> Checked:
    asked = view.columns[place]
    known = ~np.isnan(asked)
    above = np.minimum(np.searchsorted(at, asked), len(at) - 1)
    below = np.maximum(np.searchsorted(at, asked, side="right") - 1, 0)
    made = result.of(view)
    return known & (own[above] != made) & (own[below] != made), known


def _compared(train: View) -> Iterator[Rule]:
    """Columns of two or three values that say which of two numbers, or dates, is greater."""
    numeric = {axis.name: place for place, axis in enumerate(train.axes) if axis.numeric}
    if len(numeric) > MOST_NUMBERS:
        return
    own = {name: train.columns[place] for name, place in numeric.items()}
    dated = {name for name in own if train.axes[numeric[name]].column.role == "datetime"}
    pairs = [pair for pair in combinations(own, 2) if len(dated & {*pair}) != 1]
    for result in discrete(train):
        if result.count > comparisons.UNKNOWN:
            continue
        said, codes = np.unique(result.of(train), return_inverse=True)
        if not 1 < len(said) <= comparisons.UNKNOWN:
            continue
        free = [pair for pair in pairs if result.column not in pair]
        for left, right in comparisons.able_pairs(codes, free, own):
            rows = comparisons.sides(codes, own[left], own[right])
            if rows is not None:
                sentence = f"{result.title} follows from which of {left} and {right} is greater"
                check = partial(
                    _other_side, numeric[left], numeric[right], result, said[codes[rows]]
                )
                yield Rule(sentence, check)
                break


def _other_side(
    left: int, right: int, result: Discrete, said: NDArray[np.int64], view: View
) -> Checked:
    place = comparisons.places(view.columns[left], view.columns[right])
    known = place != comparisons.UNKNOWN
    return known & (said[place] != result.of(view)), known


def _quantities(
    view: View, of: Callable[[Column, NDArray[np.float64]], Quantity | None]
) -> dict[str, tuple[int, Quantity]]:
    found = {}
    for place, axis in enumerate(view.axes):
        quantity = of(axis.column, view.columns[place]) if axis.numeric else None
        if quantity is not None and axis.name:
            found[axis.name] = place, quantity
    return found if len(found) <= MOST_NUMBERS else {}


def _computed(train: View) -> Iterator[Rule]:
    """Sums, products and shares of numbers, to within their rounding."""
    found = _quantities(train, quantity_of)
    rare = _quantities(train, rare_quantity_of)
    links, shares, _ = linked(
        [quantity for _, quantity in found.values()], None, [each for _, each in rare.values()]
    )
    found |= rare
    for link in links:
        if link.computed and not isinstance(link, Bounds):
            place, quantity = found[link.result]
            sources = {name: found[name][0] for name in link.sources}
            check = partial(_miscomputed, link, place, sources, 2.1 * quantity.slack)
            yield Rule(link.sentence, check)
    for share in shares:
        places = [found[name][0] for name in share.members]
        slack = 2.1 * max(found[name][1].slack for name in share.members)
        yield Rule(share.sentence, partial(_other_total, places, share.total, slack))


def _miscomputed(
    link: ReplacingLink, place: int, sources: dict[str, int], slack: float, view: View
) -> Checked:
    values = {name: view.columns[at] for name, at in sources.items()}
    if isinstance(link, Link):
        made = values[link.base] + link.unit * values[link.step]
        made = made + sum(values[name] for name in link.more)
    else:
        made = link.of(values)
    off = np.abs(made - view.columns[place])
    return off > max(slack, 1e-9 * _largest(view.columns[place])), ~np.isnan(off)


def _largest(values: NDArray[np.float64]) -> float:
    known = np.abs(values[~np.isnan(values)])
    return float(known.max()) if len(known) else 0.0


def _other_total(places: list[int], constant: float, slack: float, view: View) -> Checked:
    off = np.abs(np.sum([view.columns[at] for at in places], axis=0) - constant)
    return off > slack, ~np.isnan(off)


def _ordered(train: View) -> Iterator[Rule]:
    """Of each number, or date, the closest other that is never above it."""
    found = _quantities(train, quantity_of)
    rng = np.random.Generator(np.random.Philox(0))  # which rows are compared is no randomness
    for name, (place, late) in found.items():
        close: list[tuple[float, str, int]] = []
        for other, (at, early) in found.items():
            if other == name or early.dated != late.dated or late.low >= early.high:
                continue
            apart = late.values - early.values
            both = apart[~np.isnan(apart)]
            if len(both) < LEAST_ROWS / 2 or (both < 0).any() or not both.any():
                continue
            high = late.values[~np.isnan(apart)]
            low = early.values[~np.isnan(apart)]
            if (high < rng.permutation(low)).sum() >= LEAST_BROKEN:
                close.append((float(both.mean()), other, at))
        if close:
            _, other, at = min(close)
            yield Rule(f"{other} <= {name}", partial(_below, at, place))


def _below(early: int, late: int, view: View) -> Checked:
    apart = view.columns[late] - view.columns[early]
    return apart < 0, ~np.isnan(apart)

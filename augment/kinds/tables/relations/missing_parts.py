"""What a row lacks beside the result of a link, filled in so that the link holds on it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.values import from_numbers, numbers, table_of
from augment.kinds.tables.relations import shares
from augment.kinds.tables.relations.bounds import Bounds
from augment.kinds.tables.relations.extremes import Extreme
from augment.kinds.tables.relations.links import (
    AnyLink,
    ComputedLink,
    Link,
    Links,
    ReplacingLink,
)
from augment.kinds.tables.relations.shares import Shares

if TYPE_CHECKING:
    from numpy.typing import NDArray


def filled(table: Table, links: Links) -> Table:
    """The table with the sources that some row lacks beside a result that it has.

    A single one follows from the link; of several, all but one are lent by a row that has them,
    and all of them where the result is missing too. None leaves the range of its column.
    """
    values: dict[str, NDArray[np.float64]] = {}
    for link in reversed(links):
        if isinstance(link, Bounds):
            continue
        for name in (link.result, *sorted(link.sources)):
            values.setdefault(name, numbers(table, name))
        made = _filled(link, values, table)
        for name, full in made.items():
            known = values[name][~np.isnan(values[name])]
            inside = np.clip(full, known.min(), known.max()) if len(known) else full
            if isinstance(link, Extreme):
                inside = link.beside(inside, values[link.result])
            if not link.computed:
                inside = np.fmin(inside, values[link.result])
            values[name] = np.where(np.isnan(values[name]), inside, values[name])
    data = table.data
    for number, column in enumerate(table.schema):
        if column.name in values:
            array = from_numbers(column, values[column.name])
            if array.null_count < table.column(column.name).null_count:
                data = data.set_column(number, column.name, array)
    return Table(data, table.schema)


def with_gaps(table: Table, found: Links, parted: Shares) -> Links:
    """The links, those marked whose sum is missing on rows that, once filled, have its parts."""
    full = filled(shares.filled(table, parted), found)
    marked: list[AnyLink] = []
    for link in found:
        if isinstance(link, Bounds):
            marked.append(link)
            continue
        known = [~np.isnan(numbers(full, name)) for name in link.sources]
        missing = np.isnan(numbers(full, link.result)) & np.logical_and.reduce(known)
        marked.append(replace(link, gaps=link.computed and bool(missing.any())))
    return tuple(marked)


def _filled(
    link: ReplacingLink,
    values: dict[str, NDArray[np.float64]],
    table: Table,
) -> dict[str, NDArray[np.float64]]:
    if isinstance(link, Extreme) and link.ignoring:
        return {}
    if not isinstance(link, Link):
        return _filled_sources(link, values)
    return _filled_sums(link, values, table) if link.step else _filled_orders(link, values)


def _filled_sources(
    link: ComputedLink,
    values: dict[str, NDArray[np.float64]],
) -> dict[str, NDArray[np.float64]]:
    """The sources of what is computed otherwise: one that the others settle, else another row's."""
    names = sorted(link.sources)
    missing = np.isnan(np.stack([values[name] for name in names]))  # (sources, rows)
    rows = ~np.isnan(values[link.result]) & missing.any(axis=0)
    whole = np.flatnonzero(~missing.any(axis=0))
    if not rows.any() or not len(whole):
        return {}
    rng = np.random.Generator(np.random.Philox(0))  # which rows lend is no randomness
    lent = rng.choice(whole, len(rows))
    made = {name: np.where(gap, values[name][lent], values[name])
            for name, gap in zip(names, missing, strict=True) if gap.any()}  # fmt: skip
    for name in made:
        gap = np.isnan(values[name])
        others = {**values, **made, name: values[name]}
        settled = link.source(name, others)
        alone = gap & (missing.sum(axis=0) == 1)
        made[name] = np.where(alone & ~np.isnan(settled), settled, made[name])
    return made


def _filled_orders(
    link: Link, values: dict[str, NDArray[np.float64]]
) -> dict[str, NDArray[np.float64]]:
    """The base as far before its result as in another row."""
    base, result = values[link.base], values[link.result]
    rows = np.flatnonzero(np.isnan(base) & ~np.isnan(result))
    whole = np.flatnonzero(~np.isnan(base) & ~np.isnan(result))
    if not len(rows):
        return {}
    made = base.copy()
    made[rows] = result[rows]
    if len(whole):
        rng = np.random.Generator(np.random.Philox(0))  # which rows lend is no randomness
        lent = rng.choice(whole, len(rows))
        made = np.where(np.isnan(base), base[rng.choice(whole, len(base))], base)
        made[rows] = result[rows] - (result[lent] - base[lent])
    return {link.base: made}


def _filled_sums(
    link: Link, values: dict[str, NDArray[np.float64]], table: Table
) -> dict[str, NDArray[np.float64]]:
    """The parts of each sum that is known, so that they add up to it."""
    names = (link.base, link.step, *link.more)
    units = np.array([1.0, link.unit, *(1.0 for _ in link.more)])[:, None]
    parts = np.stack([values[name] for name in names]) * units  # (parts, rows)
    missing = np.isnan(parts)
    total = values[link.result]
    rows = np.flatnonzero(~np.isnan(total) & missing.any(axis=0))
    whole = np.flatnonzero(~np.isnan(total) & ~missing.any(axis=0))
    if not len(rows):
        return {}
    gaps, rest = missing[:, rows], total[rows] - np.nansum(parts[:, rows], axis=0)
    rng = np.random.Generator(np.random.Philox(0))  # which rows lend is no randomness
    lent = np.zeros(gaps.shape)
    if len(whole):
        lent = np.where(gaps, parts[:, rng.choice(whole, len(rows))], 0.0)
    if table.schema[link.result].role != "datetime":
        size = lent.sum(axis=0)
        lent *= np.where(size * rest > 0, rest / np.where(size == 0, 1.0, size), 1.0)
        last = np.where(gaps, np.abs(lent), -1.0).argmax(axis=0)
    else:
        last = gaps.argmax(axis=0)  # the base, where it is missing
    for place, name in enumerate(names):
        column = table.schema[name]
        rounded = from_numbers(column, lent[place] / units[place])
        lent[place] = numbers(table_of([column], [rounded], None), name) * units[place]
    places = np.arange(len(rows))
    lent[last, places] = 0.0
    lent[last, places] = rest - lent.sum(axis=0)
    made: dict[str, NDArray[np.float64]] = {}
    for place, name in enumerate(names):
        if gaps[place].any():
            own = values[name]
            others = own[rng.choice(whole, len(own))] if len(whole) else own
            made[name] = np.where(np.isnan(own), others, own)
            made[name][rows[gaps[place]]] = (lent[place] / units[place])[gaps[place]]
    return made

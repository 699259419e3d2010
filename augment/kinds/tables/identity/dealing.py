"""Which rows of a sample belong to one id.

Rows are drawn apart from one another; ids are dealt to them afterwards, so that as many rows have
the same id as in the source, and what never changes within an id there does not here either. To
that end rows are ordered by their constant columns, neighbours get the same id, and all of them
the constant columns of one of them. A column that tells the rows of an id apart (a key together
with it) still does. An id stays within a block of the sample, so that shards agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from augment.core.seeds import Seed
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.values import ranks
from augment.kinds.tables.identity.key_search import joint_codes
from augment.kinds.tables.identity.references import Reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEAR = 250  # rows before and after one that repeats a key are asked to exchange ids with it
TRIES = 200  # rows at random, of which one that has a mark which a group lacks is taken


@dataclass(frozen=True)
class Dealt:
    """(rows,) group of each row, -1 for none; (rows,) the row whose constants it takes, the first
    of its group, by which the group's size was drawn; and (rows,) the row whose `apart` columns it
    takes, itself where its group has them once."""

    groups: NDArray[np.int64]
    heads: NDArray[np.int64]
    marks: NDArray[np.int64]


def dealt(
    reference: Reference,
    table: Table,
    units: NDArray[np.int64],
    fixed: NDArray[np.int64] | None,
    seed: Seed,
    tries: int = TRIES,
) -> Dealt:
    """Ids for the rows of `table`, whose `units` (rows,) are kept whole.

    Rows that differ in `fixed` (rows,) never take each other's constants; with no `tries`, none
    takes what tells rows apart from another one.
    """
    rng = seed.rng()
    firsts, unit_of = np.unique(units, return_index=True, return_inverse=True)[1:]
    heads = table.take(firsts)
    barrier = np.zeros(len(firsts), dtype=np.int64) if fixed is None else fixed[firsts]
    order = _by_constants(heads.select(list(reference.constant)), barrier, rng)
    null = rng.random(len(firsts)) < reference.null_share
    order = order[~null[order]]
    sizes = reference.sizes.draw(heads, rng)
    groups = np.full(len(firsts), -1, dtype=np.int64)
    groups[order] = _walked(order, sizes, barrier)
    head = order[np.unique(groups[order], return_index=True)[1]]  # of each group: its first row
    takes = np.arange(len(table))
    if reference.apart:
        assert len(firsts) == len(table), "a key is told apart by rows"
        marks = joint_codes([ranks(heads, name) for name in reference.apart])
        groups, takes = _told_apart(groups, order, marks, barrier, tries, rng)
    own = np.arange(len(firsts))
    grouped = (groups >= 0) & (groups < len(head))  # the others stand alone
    own[grouped] = head[groups[grouped]]
    return Dealt(_shuffled(groups, rng)[unit_of], firsts[own][unit_of], takes)


def _by_constants(
    constants: Table, barrier: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """The rows in the order of their constant columns, the coarsest first, else at random."""
    found = [ranks(constants, name) for name in constants.schema.names]
    found.sort(key=lambda column: -int(column.max(initial=-1)))
    return np.lexsort((rng.random(len(barrier)), *found, barrier))


def _walked(
    order: NDArray[np.int64], sizes: NDArray[np.int64], barrier: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(ordered rows,) groups of neighbours, each as large as its first row says."""
    groups = np.empty(len(order), dtype=np.int64)
    ends = np.flatnonzero(np.diff(barrier[order])) + 1
    place = group = 0
    for end in (*ends.tolist(), len(order)):
        while place < end:
            after = min(place + int(sizes[order[place]]), end)
            groups[place:after] = group
            place, group = after, group + 1
    return groups


def _told_apart(
    groups: NDArray[np.int64],
    order: NDArray[np.int64],
    marks: NDArray[np.int64],
    barrier: NDArray[np.int64],
    tries: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The groups after rows that repeat a mark in theirs have exchanged it with near ones, and
    (rows,) the row whose mark each takes.

    One that finds nobody takes a mark that its group lacks, by the marks' frequencies, out of so
    many `tries`; where none is found, it gets a group of its own.
    """
    groups, takes = groups.copy(), np.arange(len(groups))
    held: set[tuple[int, int]] = set()
    repeated = []
    for row in order.tolist():
        pair = (int(groups[row]), int(marks[row]))
        if pair in held:
            repeated.append(row)
        held.add(pair)
    place = np.empty(len(groups), dtype=np.int64)
    place[order] = np.arange(len(order))
    offsets = np.repeat(np.arange(1, NEAR + 1), 2) * np.tile([1, -1], NEAR)  # the nearest first
    unsettled = set(repeated)
    for row in repeated:
        near = place[row] + offsets
        for other in order[near[(near >= 0) & (near < len(order))]].tolist():
            own, theirs = int(groups[row]), int(groups[other])
            mine, yours = int(marks[row]), int(marks[other])
            if other in unsettled or barrier[other] != barrier[row]:
                continue
            if (theirs, mine) in held or (own, yours) in held:
                continue
            held.discard((theirs, yours))
            held |= {(theirs, mine), (own, yours)}
            groups[row], groups[other] = theirs, own
            unsettled.discard(row)
            break
    following = int(groups.max(initial=-1)) + 1
    for row in (row for row in repeated if row in unsettled):
        own = int(groups[row])
        for other in rng.choice(order, tries).tolist():
            if (own, int(marks[other])) not in held:
                held.add((own, int(marks[other])))
                takes[row] = other
                break
        else:
            groups[row], following = following, following + 1
    return groups, takes


def _shuffled(groups: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """The groups numbered anew from 0, so that their order tells nothing."""
    found, place = np.unique(groups, return_inverse=True)
    known = found >= 0
    numbers = np.full(len(found), -1, dtype=np.int64)
    numbers[known] = rng.permutation(int(known.sum()))
    return np.asarray(numbers[place])

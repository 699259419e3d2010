"""The search for one-hot groups among a table's columns of zeros and ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.values import numbers
from augment.kinds.tables.relations import partial_onehot
from augment.kinds.tables.relations.onehot import Group

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_FLAGS = 600  # columns of zeros and ones; more are not searched
LEAST_MEMBERS = 3
LEAST_COMMON = 5  # rows that two of the levels have at least: protection must leave a choice
LEAST_CHANCE = 30.0  # rows expected to break the rule, were the columns independent
LEAST_NAMED_CHANCE = 5.0  # the same where the names share a stem
LEAST_PAIR_CHANCE = 10.0  # rows expected to have both ones of a pair, where nothing else speaks
MOST_NODES = 2_000  # of the search for groups whose columns stand apart
PROBED_ROWS, BLOCK_ROWS = 2_000, 50_000
STEMS = (
    re.compile(r"(?s)(.+?)[\W_]*\d+$"),  # soil_type12, soil_type 12
    re.compile(r"(?s)(.+)[\W_].+$"),  # marital_status_single
    re.compile(r"(?s)(.+?)[\W_].+$"),  # colour_dark_red
)


@dataclass(frozen=True)
class Flags:
    """(flags,) names and counts of ones; which pairs clash; rows that are not missing."""

    names: list[str]
    counts: NDArray[np.int64]
    clash: NDArray[np.bool_]  # (flags, flags) both are one in some row, or their gaps differ
    rows: NDArray[np.int64]

    @staticmethod
    def of(table: Table) -> Flags:
        names, columns, gaps = [], [], []
        for column in table.schema:
            if column.storage in ("string", "datetime"):
                continue
            values = numbers(table, column.name)
            missing = np.isnan(values)
            ones = values == 1
            if ones.any() and (ones | (values == 0) | missing).all():
                names.append(column.name)
                columns.append(ones)
                gaps.append(np.packbits(missing).tobytes())
        if not LEAST_MEMBERS <= len(names) <= MOST_FLAGS:
            return Flags([], *(np.empty(0, int), np.empty((0, 0), bool), np.empty(0, int)))
        kinds = {gap: number for number, gap in enumerate(dict.fromkeys(gaps))}
        kind = np.array([kinds[gap] for gap in gaps])
        clash = _clashes(columns, kind[:, None] != kind[None, :])
        counts = np.array([int(ones.sum()) for ones in columns])
        known = [len(table) - int(np.unpackbits(np.frombuffer(g, np.uint8)).sum()) for g in gaps]
        return Flags(names, counts, clash, np.array(known))


def _clashes(columns: list[NDArray[np.bool_]], clash: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(flags, flags) `clash`, and which pairs are both one in some row.

    A flag that is left without two friends can be in no group and is compared no further.
    """
    clash = clash.copy()
    rows = len(columns[0])
    for start, end in pairwise([0, *range(PROBED_ROWS, rows, BLOCK_ROWS), rows]):
        left = np.flatnonzero((~clash).sum(axis=1) >= LEAST_MEMBERS)  # itself is a friend too
        if not len(left):
            break
        block = np.stack([columns[flag][start:end] for flag in left]).astype(np.float32)
        clash[np.ix_(left, left)] |= block @ block.T > 0
        np.fill_diagonal(clash, False)
        friendless = (~clash).sum(axis=1) < LEAST_MEMBERS
        clash[friendless] = clash[:, friendless] = True
        np.fill_diagonal(clash, False)
    return clash


def groups(table: Table) -> tuple[Group, ...]:
    """Groups of at least three columns; none shares a column with another.

    Columns of which exactly one is one come first: those that stand side by side, then those
    whose names share a stem, then any. At most one being one is believed of columns that share a
    stem, or where no pair of them would be exclusive by chance. Columns whose gaps differ are
    searched first, on the rows that have them all, and must keep to it on the others.
    """
    found: list[Group] = []
    common = partial_onehot.common_rows(table, MOST_FLAGS)
    if common is not None:
        flags = Flags.of(common)
        gathered = (_group(flags, members) for members in _searched(flags, set()))
        found += [group for group in gathered if not partial_onehot.broken(table, group)]
    flags = Flags.of(table)
    taken = {name for group in found for name in group.members}
    found += [_group(flags, members) for members in _searched(flags, taken)]
    names = table.schema.names
    ordered = sorted(found, key=lambda group: names.index(group.members[0]))
    called = set(names)
    for place, group in enumerate(ordered):
        ordered[place] = replace(group, name=_free_name(group.members, called))
        called.add(ordered[place].name)
    return tuple(ordered)


def _group(flags: Flags, members: list[int]) -> Group:
    names = tuple(flags.names[flag] for flag in members)
    return Group(names[0], names, _levels(flags, members))


def _searched(flags: Flags, taken: set[str]) -> list[list[int]]:
    """Members of groups without the columns that are taken."""
    open_flags = [flag for flag, name in enumerate(flags.names) if name not in taken]
    found: list[list[int]] = []
    for search in (_neighbours, _namesakes, _apart, _exclusive_namesakes, _exclusive):
        for members in search(flags, open_flags):
            if set(members) <= set(open_flags) and _believable(flags, members):
                found.append(members)
                open_flags = [flag for flag in open_flags if flag not in members]
    return found


def _free_name(members: tuple[str, ...], taken: set[str]) -> str:
    name = f"{members[0]} … {members[-1]}"
    while name in taken:
        name += " …"
    return name


def _levels(flags: Flags, members: list[int]) -> tuple[int, ...]:
    return tuple(range(len(members) + (not _complete(flags, members))))


def _complete(flags: Flags, members: list[int]) -> bool:
    """Whether disjoint members leave no row without a one."""
    return bool(flags.counts[members].sum() == flags.rows[members[0]])


def _disjoint(flags: Flags, members: list[int]) -> bool:
    return not flags.clash[members][:, members].any()


def _believable(flags: Flags, members: list[int]) -> bool:
    """Whether independent columns of the same shares would have broken the rule."""
    rows = int(flags.rows[members[0]])
    counts = np.append(flags.counts[members], rows - flags.counts[members].sum())
    if len(members) < LEAST_MEMBERS or (counts >= LEAST_COMMON).sum() < 2:
        return False
    share = np.minimum(flags.counts[members] / rows, 1 - 1e-12)
    nobody = float(np.prod(1 - share))
    one = nobody * float((share / (1 - share)).sum())
    kept = one if _complete(flags, members) else one + nobody
    named = any(len(set(_stems(flags, stem, members))) == 1 for stem in STEMS)
    return rows * (1 - kept) >= (LEAST_NAMED_CHANCE if named else LEAST_CHANCE)


def _stems(flags: Flags, stem: re.Pattern[str], members: list[int]) -> list[str]:
    """Each member's stem; a name without one is its own, marked as such."""
    matches = [(flags.names[flag], stem.match(flags.names[flag])) for flag in members]
    return [f"={name}" if match is None else match[1] for name, match in matches]


def _neighbours(flags: Flags, open_flags: list[int]) -> Iterator[list[int]]:
    """Runs of columns of which exactly one is one."""
    start = 0
    while start < len(open_flags):
        run = [open_flags[start]]
        for flag in open_flags[start + 1 :]:
            if flags.clash[flag, run].any():
                break
            run.append(flag)
            if _complete(flags, run):
                yield run
                start += len(run) - 1
                break
        start += 1


def _by_stem(flags: Flags, open_flags: list[int]) -> Iterator[list[int]]:
    for stem in STEMS:
        sets: dict[str, list[int]] = {}
        for flag, name in zip(open_flags, _stems(flags, stem, open_flags), strict=True):
            sets.setdefault(name, []).append(flag)
        yield from (members for members in sets.values() if len(members) >= LEAST_MEMBERS)


def _namesakes(flags: Flags, open_flags: list[int]) -> Iterator[list[int]]:
    """Columns with one stem of which exactly one is one."""
    for members in _exclusive_namesakes(flags, open_flags):
        if _complete(flags, members):
            yield members


def _exclusive_namesakes(flags: Flags, open_flags: list[int]) -> Iterator[list[int]]:
    """Columns with one stem of which at most one is one."""
    for members in _by_stem(flags, open_flags):
        if _disjoint(flags, members):
            yield members


def _apart(flags: Flags, open_flags: list[int]) -> Iterator[list[int]]:
    """Columns anywhere of which exactly one is one, by a bounded search."""
    nodes = [MOST_NODES]
    left = list(open_flags)
    while len(left) >= LEAST_MEMBERS and nodes[0]:
        first = left.pop(0)
        friends = [flag for flag in left if not flags.clash[first, flag]]
        cover = _cover(flags, friends, int(flags.rows[first] - flags.counts[first]), nodes)
        if cover is not None:
            yield sorted([first, *cover])
            left = [flag for flag in left if flag not in cover]


def _cover(flags: Flags, open_flags: list[int], wanted: int, nodes: list[int]) -> list[int] | None:
    """Flags without a clash whose ones add up to `wanted`: the first found, in `nodes` steps."""
    if flags.counts[open_flags].sum() < wanted or not nodes[0]:
        return None
    nodes[0] -= 1
    clashes = flags.clash[open_flags][:, open_flags].sum(axis=1)
    if not len(clashes) or not clashes.max():
        return open_flags if flags.counts[open_flags].sum() == wanted else None
    worst = open_flags[int(clashes.argmax())]
    rest = [flag for flag in open_flags if flag != worst]
    without = _cover(flags, rest, wanted, nodes)
    if without is not None:
        return without
    friends = [flag for flag in rest if not flags.clash[worst, flag]]
    within = _cover(flags, friends, wanted - int(flags.counts[worst]), nodes)
    return None if within is None else [worst, *within]


def _exclusive(flags: Flags, open_flags: list[int]) -> Iterator[list[int]]:
    """Runs of columns of which at most one is one, each pair too common to be so by chance."""
    start = 0
    while start < len(open_flags):
        run = [open_flags[start]]
        for flag in open_flags[start + 1 :]:
            chance = flags.counts[flag] * flags.counts[run] / flags.rows[flag]
            if flags.clash[flag, run].any() or (chance < LEAST_PAIR_CHANCE).any():
                break
            run.append(flag)
        yield run
        start += len(run)

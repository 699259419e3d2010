"""One-hot groups: columns of zeros and ones of which exactly one, or at most one, is one.

A group gives way to one column of categories, which any engine can learn; put back, no row has
two ones, or none where every row has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.errors import UsageError
from augment.core.types import Clause, Json, Scalar
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import from_codes, from_numbers, numbers, table_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

Groups = tuple["Group", ...]
NULL, OPEN = -1, -2  # in place of a category: all members are missing; it is not settled


@dataclass(frozen=True)
class Group:
    """`members` become the column `name`, whose values are places in `members`.

    The place after the last member stands for "none of them". `levels` are the places that the
    training rows have, after protection.
    """

    name: str
    members: tuple[str, ...]
    levels: tuple[int, ...]

    @property
    def nobody(self) -> int:
        return len(self.members)

    @property
    def sentence(self) -> str:
        ends = f"{self.members[0]}, …, {self.members[-1]}"
        return f"{self._how_many} of {ends} ({len(self.members)} columns) is 1"

    @property
    def _how_many(self) -> str:
        return "at most one" if self.nobody in self.levels else "exactly one"

    def column(self) -> Column:
        return Column(self.name, "categorical", "integer")

    def places(self, table: Table) -> NDArray[np.int64]:
        """(rows,) which member is one; `nobody`, `NULL` or, where cells are missing, `OPEN`."""
        values = np.stack([numbers(table, name) for name in self.members])  # (members, rows)
        missing = np.isnan(values)
        place = np.where((values == 1).any(axis=0), (values == 1).argmax(axis=0), OPEN)
        place[(place == OPEN) & ~missing.any(axis=0)] = self.nobody
        place[missing.all(axis=0)] = NULL
        return np.asarray(place, dtype=np.int64)

    def asked(self, clauses: tuple[Clause, ...], schema: Mapping[str, Column]) -> Clause | None:
        """Clauses on members as one on the group; None where they leave everything open.

        Raises `UsageError` where no category of the model satisfies them.
        """
        fits = np.ones(self.nobody + 2, dtype=bool)  # by place; the last is null
        for name in dict.fromkeys(clause.column for clause in clauses):
            own = tuple(clause for clause in clauses if clause.column == name)
            zero, one, null = _holding(schema[name], own)
            each = np.full(self.nobody + 1, zero)
            each[self.members.index(name)] = one
            fits &= np.append(each, null)
        if fits.all():
            return None
        if not fits[list(self.levels)].any() and not fits[-1]:
            names = ", ".join(repr(name) for name in dict.fromkeys(c.column for c in clauses))
            raise UsageError(
                f"No row of this model can satisfy the conditions on {names}: {self.sentence} on "
                "every row, and values of too few rows are left out by protection."
            )
        if fits[-1]:
            return Clause(self.name, "in", _places(~fits[:-1]), negate=True)
        return Clause(self.name, "in", _places(fits[:-1]))


def _places(chosen: NDArray[np.bool_]) -> tuple[Scalar, ...]:
    return tuple(np.flatnonzero(chosen).tolist())


def _holding(column: Column, clauses: tuple[Clause, ...]) -> tuple[bool, bool, bool]:
    """Whether the clauses hold where the column is 0, 1 and missing."""
    rows = table_of([column], [from_numbers(column, np.array([0.0, 1.0, np.nan]))], None)
    zero, one, null = mask(rows, clauses).tolist()
    return zero, one, null


def filled(table: Table, groups: Groups) -> Table:
    """The table with the members that some rows lack: zeros beside a one, else a member that is
    missing is the one, as often as it is elsewhere. Rows without any member stay as they are."""
    data = table.data
    for group in groups:
        values = np.stack([numbers(table, name) for name in group.members])  # (members, rows)
        missing = np.isnan(values)
        rows = np.flatnonzero(missing.any(axis=0) & ~missing.all(axis=0))
        if not len(rows):
            continue
        part = values[:, rows]
        nobody = np.full((1, len(rows)), group.nobody in group.levels)
        able = np.concatenate([missing[:, rows], nobody])  # (places, rows)
        without = ~missing.any(axis=0) & ~(values == 1).any(axis=0)
        often = np.maximum(np.append((values == 1).sum(axis=1), without.sum()), 1e-3)
        rng = np.random.Generator(np.random.Philox(0))  # which member is chosen is no randomness
        drawn = np.log(often)[:, None] + rng.gumbel(size=able.shape)  # in proportion to `often`
        chosen = np.where(able, drawn, -np.inf).argmax(axis=0)
        chosen[(part == 1).any(axis=0)] = group.nobody
        made = (np.arange(group.nobody)[:, None] == chosen[None, :]).astype(float)
        values[:, rows] = np.where(np.isnan(part), made, part)
        for place, name in enumerate(group.members):
            array = from_numbers(table.schema[name], values[place])
            data = data.set_column(data.column_names.index(name), name, array)
    return Table(data, table.schema)


def taken_out(table: Table, groups: Groups) -> Table:
    """The table with each group's category in the place of its first member."""
    firsts = {group.members[0]: group for group in groups}
    hidden = {name for group in groups for name in group.members}
    columns, arrays, target = [], [], table.schema.target
    for column in table.schema:
        if column.name in firsts:
            group = firsts[column.name]
            columns.append(group.column())
            place = np.maximum(group.places(table), NULL)
            arrays.append(from_codes(columns[-1], place, list(range(group.nobody + 1))))
            target = group.name if target in group.members else target
        elif column.name not in hidden:
            columns.append(column)
            arrays.append(table.column(column.name))
    return table_of(columns, arrays, target)


def put_back(table: Table, groups: Groups, whole: list[Column], target: str | None) -> Table:
    """Undo `taken_out`: the columns `whole` in their order."""
    homes = {name: group for group in groups for name in group.members}
    places = {group.name: numbers(table, group.name) for group in groups}
    arrays = []
    for column in whole:
        group = homes.get(column.name)
        if group is None:
            arrays.append(table.column(column.name))
            continue
        place = places[group.name]
        ones = np.where(np.isnan(place), np.nan, place == group.members.index(column.name))
        arrays.append(from_numbers(column, ones))
    return table_of(whole, arrays, target)


def as_learnt(groups: Groups, seen: Table) -> Groups:
    """The groups with the levels that the table to learn from has."""
    found = [np.unique(numbers(seen, group.name)) for group in groups]
    levels = [tuple(known[~np.isnan(known)].astype(int).tolist()) for known in found]
    return tuple(replace(g, levels=own) for g, own in zip(groups, levels, strict=True))


def unsettled(
    partial: Table, groups: Groups
) -> Iterator[tuple[NDArray[np.int64], tuple[Clause, ...]]]:
    """Given rows, in parts, and what their zeros rule out where no member is known to be one."""
    if not groups:
        yield np.arange(len(partial)), ()
        return
    allowed = np.concatenate([_allowed(group, partial) for group in groups])  # (all places, rows)
    kinds, part = np.unique(allowed, axis=1, return_inverse=True)
    for number in range(kinds.shape[1]):
        clauses, start = [], 0
        for group in groups:
            chosen = kinds[start : start + group.nobody + 1, number]
            start += group.nobody + 1
            if not chosen.all():
                clauses.append(Clause(group.name, "in", _places(chosen)))
        yield np.flatnonzero(part.ravel() == number), tuple(clauses)


def _allowed(group: Group, partial: Table) -> NDArray[np.bool_]:
    """(places, rows) all, but in open rows the levels whose member is not known to be zero."""
    open_rows = group.places(partial) == OPEN
    allowed = np.ones((group.nobody + 1, len(partial)), dtype=bool)
    allowed[:, open_rows] = False
    for place in group.levels:
        zero = np.zeros(len(partial), dtype=bool)
        if place < group.nobody:
            zero = numbers(partial, group.members[place]) == 0
        allowed[place, open_rows & ~zero] = True
    allowed[:, ~allowed.any(axis=0)] = True  # the given cells leave nothing: they stand, as ever
    return allowed


def to_json(groups: Groups) -> list[Json]:
    return [asdict(group) for group in groups]


def from_json(documents: Any, known: list[str]) -> Groups:
    """Undo `to_json`. Raises `TypeError` or `ValueError` on what no search can have found."""
    found: list[Group] = []
    taken: set[str] = set()
    for document in documents:
        name, members = document["name"], tuple(document["members"])
        levels = tuple(document["levels"])
        if not (isinstance(name, str) and all(isinstance(member, str) for member in members)):
            raise TypeError("a group's columns have no names")
        if not all(type(level) is int and 0 <= level <= len(members) for level in levels):
            raise ValueError("a group has unknown levels")
        if name in known or name in taken or not set(members) <= set(known) - taken:
            raise ValueError("a group's columns are not there, or twice")
        if len(set(members)) != len(members) or not members:
            raise ValueError("a group has a member twice, or none")
        taken |= {name, *members}
        found.append(Group(name, members, levels))
    return tuple(found)

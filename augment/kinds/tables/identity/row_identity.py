"""Whose row each made row is: ids that several rows share, and keys that no two rows share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.seeds import Seed
from augment.core.types import Condition, Json, Whole
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.data.values import arrow_type, numbers, ranks, table_of
from augment.kinds.tables.identity import references
from augment.kinds.tables.identity.dealing import TRIES, dealt
from augment.kinds.tables.identity.references import Reference
from augment.kinds.tables.identity.unique_key import UniqueKey

if TYPE_CHECKING:
    from numpy.typing import NDArray

Exchange = Callable[[Table, "dict[str, pa.Array]"], Table]
Refill = Callable[[Table, Seed], Table]


@dataclass(frozen=True)
class RowRange:
    """The rows `start` to `end` of a sample."""

    start: int
    end: int
    whole: Whole


@dataclass(frozen=True)
class RowIdentity:
    """The ids that repeat, the finest first; a key without one of them; the time stamp; and the
    columns by which the rows of an id are sorted."""

    references: tuple[Reference, ...] = ()
    key: UniqueKey | None = None
    stamp: tuple[str, ...] = ()
    sorted_by: tuple[str, ...] = ()

    @classmethod
    def fit(cls, data: Table, least: int) -> Self:
        """The ids that repeat in the training rows; nothing is kept that fewer than `least` share.

        The key comes later, from what was learnt: see `with_key`.
        """
        found = references.fitted(data, least)
        stamp = data.schema.stamp
        return cls(found, None, stamp, stamp or references.ascending(data, found))

    def with_key(self, learnt: Table, key: tuple[str, ...], rows: int, least: int) -> Self:
        """The same with a key of modelled columns, from these as they were learnt, and constants.

        `rows` is how many the source has.
        """
        if not key or not set(key) <= set(learnt.schema.names):
            return self
        return replace(self, key=UniqueKey.fit(learnt, key, self.stamp, rows, least))

    @property
    def sentences(self) -> list[str]:
        """What is kept, for the summary."""
        keys = [] if self.key is None else [self.key.sentence]
        keys += [
            f"{' + '.join((each.column.name, *each.apart))} never repeats"
            for each in self.references
            if each.apart
        ]
        return [*(each.sentence for each in self.references), *keys]

    @property
    def constant(self) -> set[str]:
        """The columns that never change within an id."""
        return {name for each in self.references for name in each.constant}

    def notes(self, rows: int, given: Condition, schema: Schema) -> tuple[str, ...]:
        """What a sample of so many rows cannot keep."""
        if self.key is None or given.partial is not None:
            return ()
        named = " + ".join(self.key.names)
        if given.mix is not None and given.mix[0] in self.key.names:
            return (f"{named} may repeat, since it is drawn by the shares of {given.mix[0]}.",)
        if any(clause.column in self.key.names for branch in given.branches for clause in branch):
            return (f"{named} may repeat, since --where joins conditions on it with 'or'.",)
        allowed = self._allowed(given, schema)
        size = self.key.size if allowed is None else len(allowed)
        if rows <= size:
            return ()
        return (
            f"{named} has {size:,} different values, fewer than the {rows:,} rows asked for: "
            "some repeat.",
        )

    def _allowed(self, given: Condition, schema: Schema) -> NDArray[np.int64] | None:
        """The keys that the condition leaves, None for all."""
        assert self.key is not None, "asked of a key"
        key = self.key
        clauses = tuple(clause for clause in given.clauses if clause.column in key.names)
        if not clauses:
            return None
        return key.allowed(schema, lambda table: mask(table, clauses))

    def settled(
        self,
        core: Table,
        part: RowRange,
        given: Condition,
        seed: Seed,
        exchange: Exchange,
        refill: Refill | None,
    ) -> tuple[Table, dict[str, pa.Array]]:
        """The modelled columns of a part of a sample, and its ids that repeat.

        `exchange` sets columns and keeps what holds between them and others; `refill` draws the
        gaps of given rows, where the engine can. Rows may come in another order.
        """
        if given.columns or given.mix is not None:
            refill = None
        core = self._with_key(core, part, given, seed, exchange, refill)
        if not self.references:
            return core, {}
        return self._with_ids(core, part, given, seed, exchange, refill)

    def _with_key(
        self,
        core: Table,
        part: RowRange,
        given: Condition,
        seed: Seed,
        exchange: Exchange,
        refill: Refill | None,
    ) -> Table:
        """No key twice, as far as there are keys: see `UniqueKey`.

        The rest of a row that gets another key is drawn again to fit it, where that is possible.
        """
        key = self.key
        if key is None or (given.mix is not None and given.mix[0] in key.names):
            return core
        allowed = self._allowed(given, core.schema)
        stream = part.whole.seed.child("key")
        at, arrays = key.moved(core, (part.start, part.end), part.whole.rows, stream, allowed)
        if not len(at):
            return core
        if refill is not None:
            made = _filled(core.take(at), arrays, refill, seed.child("refill"))
            return _patched(core, at, made)
        moved = _patched(core.select(list(arrays)), at, table_of(
            [core.schema[name] for name in arrays], list(arrays.values()), None))  # fmt: skip
        changed = exchange(core, {name: moved.column(name) for name in arrays})
        return _patched(changed, *_refused(changed, core, given))

    def _with_ids(
        self,
        core: Table,
        part: RowRange,
        given: Condition,
        seed: Seed,
        exchange: Exchange,
        refill: Refill | None,
    ) -> tuple[Table, dict[str, pa.Array]]:
        every = np.arange(len(core))
        units, groups = every, {}
        for each in self.references:
            units = units if each.within else every
            fixed = None
            if given.mix is not None and given.mix[0] in each.constant:
                fixed = ranks(core, given.mix[0])
            stream = seed.child("rows", each.column.name)
            shared_out = given.mix is not None and given.mix[0] in each.apart
            deal = dealt(each, core, units, fixed, stream, 0 if shared_out else TRIES)
            found = deal.groups
            if each.constant:
                core, lost = _exchanged(core, deal.heads, each.constant, given, exchange)
                found[lost] = found.max(initial=-1) + 1 + np.arange(len(lost))
            at = np.flatnonzero(deal.marks != every)
            if len(at) and refill is not None:
                some, marks = core.take(at), core.take(deal.marks[at])
                known = {name: some.column(name) for name in self.constant}
                known |= {name: marks.column(name) for name in each.apart}
                made = _filled(some, known, refill, stream.child("refill"))
                core = _patched(core, at, made)
            elif len(at):
                core, lost = _exchanged(core, deal.marks, each.apart, given, exchange)
                found[lost] = found.max(initial=-1) + 1 + np.arange(len(lost))
            groups[each.column.name] = found
            units = references.own_where_null(found)
        order = self._order(core, groups)
        ids = {
            each.column.name: each.ids(
                groups[each.column.name][order],
                part.start,
                part.whole.seed.child("ids", each.column.name),
            )
            for each in self.references
        }
        return core.take(order), ids

    def _order(self, core: Table, groups: dict[str, NDArray[np.int64]]) -> NDArray[np.int64]:
        """Rows of one id below one another, in their order, where the source has them so."""
        together = [groups[each.column.name] for each in self.references if each.together]
        if not together:
            return np.arange(len(core))
        known = [name for name in self.sorted_by if name in core.schema.names]
        values = [numbers(core, name) for name in reversed(known)]
        return np.lexsort([*values, *together])

    def to_json(self) -> Json:
        return {
            "references": [each.to_json() for each in self.references],
            "key": None if self.key is None else self.key.to_json(),
            "stamp": list(self.stamp),
            "sorted_by": list(self.sorted_by),
        }

    @classmethod
    def from_json(cls, document: Any, schema: Schema) -> Self:
        """Undo `to_json`. Raises `KeyError`, `TypeError` or `ValueError` on anything else."""
        known = {column.name: column for column in schema}
        found = tuple(Reference.from_json(each, known) for each in document["references"])
        names = [each.column.name for each in found]
        if len(set(names)) < len(names):
            raise ValueError("an id that repeats stands twice")
        key = document["key"]
        stamp = tuple(document["stamp"])
        order = tuple(document.get("sorted_by", stamp))
        if not all(known[name].modelled or known[name].role == "constant" for name in stamp):
            raise ValueError("a time stamp is not modelled")
        if not all(known[name].storage != "string" for name in order):
            raise ValueError("rows are sorted by what is no number")
        return cls(found, None if key is None else UniqueKey.from_json(key, known), stamp, order)


def _exchanged(
    core: Table,
    rows: NDArray[np.int64],
    names: tuple[str, ...],
    given: Condition,
    exchange: Exchange,
) -> tuple[Table, NDArray[np.int64]]:
    """The table with columns of other `rows` (rows,) in the place of its own, and the rows of
    which the condition does not allow it: they are as they were."""
    others = core.take(rows)
    changed = exchange(core, {name: others.column(name) for name in names})
    at, before = _refused(changed, core, given)
    return _patched(changed, at, before), at


def _filled(rows: Table, known: dict[str, pa.Array], refill: Refill, seed: Seed) -> Table:
    """The rows with these columns as they are known, and all others drawn again to fit them."""
    partial = [
        known[column.name] if column.name in known else pa.nulls(len(rows), arrow_type(column))
        for column in rows.schema
    ]
    asked = table_of(list(rows.schema), partial, rows.schema.target)
    return _as_empty(refill(asked, seed), rows)


def _patched(table: Table, at: NDArray[np.int64], rows: Table) -> Table:
    """The table with other rows at these places."""
    if not len(at):
        return table
    order = np.arange(len(table))
    order[at] = len(table) + np.arange(len(at))
    return Table.join([table, rows]).take(order)


def _as_empty(made: Table, drawn: Table) -> Table:
    """Rows that were filled, empty again where they were drawn empty: filling leaves no gap."""
    arrays = [
        pc.if_else(drawn.column(name).is_null(), pa.scalar(None, made.column(name).type),
                   made.column(name))
        for name in made.schema.names
    ]  # fmt: skip
    return table_of(list(made.schema), arrays, made.schema.target)


def _refused(changed: Table, before: Table, given: Condition) -> tuple[NDArray[np.int64], Table]:
    """The rows that no longer satisfy the condition, and what they were before."""
    at = np.flatnonzero(~mask(changed, given.clauses, given.branches))
    return at, before.take(at)

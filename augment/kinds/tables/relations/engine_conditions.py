"""Conditions and given rows as they are put to an engine, which draws a table less its relations.

A clause on a part of a date becomes one on the date, one on a member of a one-hot group one on the
group. On what is computed or put right after a draw, rows are searched for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from augment.core.types import Clause
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.relations import date_conditions, gaps, links, onehot
from augment.kinds.tables.relations.date_parts import DateParts
from augment.kinds.tables.relations.table_relations import Relations

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def to_fill(
    relations: Relations, partial: Table
) -> Iterator[tuple[NDArray[np.int64], Table, tuple[Clause, ...]]]:
    """Given rows with gaps as an engine is to fill them, in parts: places, rows, clauses.

    Where zeros are known in a group but not its one, clauses keep the one off them; where
    some parts of a date are known, clauses keep the date to them.
    """
    for rows, clauses in _unsettled(relations, partial, list(relations.dates)):
        part = partial.take(rows)
        open_groups = onehot.taken_out(relations.before_groups(part), relations.groups)
        taken = links.taken_out(open_groups, relations.links)
        filled = links.with_open_gaps(taken, relations.links, open_groups)
        beside = relations.dependents.opened(filled)
        yield rows, gaps.opened(beside, relations.gaps, part), clauses


def _unsettled(
    relations: Relations, partial: Table, dates: list[DateParts]
) -> Iterator[tuple[NDArray[np.int64], tuple[Clause, ...]]]:
    if not dates:
        yield from onehot.unsettled(partial, relations.groups)
        return
    first, *others = dates
    for rows, asked in date_conditions.unsettled(first, partial):
        own = _without_results(relations, [] if asked.clause is None else [asked.clause])
        for inner, clauses in _unsettled(relations, partial.take(rows), others):
            yield rows[inner], (*own, *clauses)


def loose(relations: Relations, clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
    """The clauses that an engine can place, and that a value set after the draw may break."""
    set_anew = relations.dependents.results | relations.mended
    return tuple(clause for clause in clauses if clause.column in set_anew)


def searched(
    relations: Relations, clauses: tuple[Clause, ...], columns: list[Column]
) -> tuple[Clause, ...]:
    """The clauses that `placed` alone may leave unsatisfied: made rows are to be checked."""
    lacking = {name for gap in relations.gaps for name in gap.columns}
    uncertain = {name for dated in _inexact(relations, clauses, columns) for name in dated.members}
    uncertain |= lacking | relations.dependents.results | relations.mended
    kinds = (relations.absences, relations.exclusions)
    uncertain |= {each.column for kind in kinds for each in kind}
    return tuple(c for c in clauses if relations.computed(c.column) or c.column in uncertain)


def unplaceable(
    relations: Relations, clauses: tuple[Clause, ...], columns: list[Column]
) -> tuple[str, str]:
    """A column whose clause only a search can satisfy, and why; two empty texts for none."""
    lacking = {name for gap in relations.gaps for name in gap.columns}
    loose = {
        name: dated.sentence
        for dated in _inexact(relations, clauses, columns)
        for name in dated.members
    }
    for clause in clauses:
        reason = relations.computed(clause.column) or loose.get(clause.column, "")
        if not reason and clause.column in lacking and gaps.holds_for_null(clause):
            reason = "its gaps are made after all else"
        if reason:
            return clause.column, reason
    return "", ""


def _inexact(
    relations: Relations, clauses: tuple[Clause, ...], columns: list[Column]
) -> Iterator[DateParts]:
    """The dates that cannot be drawn so that all clauses on their parts hold."""
    schema = {column.name: column for column in columns}
    for dated in relations.dates:
        own = tuple(clause for clause in clauses if clause.column in dated.members)
        exact = not own or date_conditions.asked(dated, own, schema).exact
        if not exact or not relations.is_drawn(dated.name):
            yield dated


def placed(
    relations: Relations, clauses: tuple[Clause, ...], columns: list[Column]
) -> tuple[Clause, ...]:
    """The clauses as an engine can place them: those on what it does not draw are left out,
    those on parts of a date become the date's, those on members of a group the group's.

    Raises `UsageError` where no row of the model can satisfy them.
    """
    schema = {column.name: column for column in columns}
    replaced = {
        name for kind in (relations.dates, relations.groups) for r in kind for name in r.members
    }
    empty = {name for gap in relations.gaps for name in gap.columns}
    born = {birth.column for birth in relations.births}
    lacking = {c.column for c in clauses if c.op == "null" and not c.negate} & empty
    open_clauses = tuple(c for c in clauses if c.column not in lacking)
    placed = [c for c in open_clauses if c.column not in replaced | born]
    for dated in relations.dates:
        own = tuple(clause for clause in open_clauses if clause.column in dated.members)
        asked = date_conditions.asked(dated, own, schema).clause if own else None
        placed += [] if asked is None else [asked]
    for group in relations.groups:
        own = tuple(clause for clause in open_clauses if clause.column in group.members)
        wanted = group.asked(own, schema)
        placed += [] if wanted is None else [wanted]
    return (*_without_results(relations, placed), *gaps.placed(open_clauses, relations.gaps))


def _without_results(relations: Relations, clauses: list[Clause]) -> list[Clause]:
    return [clause for clause in clauses if relations.is_drawn(clause.column)]

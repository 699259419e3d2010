"""What holds between columns on every row, taken out of the table before a fit and put back after.

Columns that form a date become that date and its month; what a part of a date settles (the
weekday) is read off it; a group of one-hot columns becomes one column of categories; what is
computed from others (`total = part + part`, `net = price * quantity`, an age) is left out and
computed again; of two ordered columns (`admitted <= discharged`) the later is replaced by its
distance from the earlier; shares of a constant are scaled to it; columns that rows share with each
other, as the facts of an area, are made common to as many. An engine then learns what is
simpler, and whatever it draws, the relations hold. A relation holds wherever a row has its columns;
cells that it needs and a row lacks are filled before the fit and emptied after a draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.holders import Holders
from augment.kinds.tables.relations import (
    absences,
    birth_dates,
    blocks,
    brackets,
    comparisons,
    date_columns,
    date_replacement,
    dependents,
    exclusions,
    gaps,
    lookups,
    missing_parts,
    onehot_search,
    partial_onehot,
    settled_by_dates,
)
from augment.kinds.tables.relations.absences import Absences
from augment.kinds.tables.relations.bound_search import bounded
from augment.kinds.tables.relations.dependents import Dependents
from augment.kinds.tables.relations.link_search import linked
from augment.kinds.tables.relations.lookups import Lookups
from augment.kinds.tables.relations.quantities import quantities, rare_quantities
from augment.kinds.tables.relations.table_relations import Relations

__all__ = ["Dependents", "Relations", "mined"]

LEAST_ROWS = 100  # fewer rows prove nothing, where no name speaks
MOST_NEAR = 20  # relations that nearly hold, that are told of


def mined(
    table: Table,
    constants: Mapping[str, float] | None = None,
    holders: Holders | None = None,
) -> Relations:
    """The relations that hold on all rows of `table` that have their columns, in an order in which
    they can be undone.

    A column is in one date or group at most, or the result of one link at most, none depends on
    itself through others, and no link takes the target out. `constants` are the columns of numbers
    that never change: a year that all rows share tells which months have a 29 February. Where rows
    belong together, `holders` says whose they are, so that what many rows of one share is no proof.
    """
    dates, near = date_columns.found(table, constants or {})
    whole = date_replacement.taken_out(date_replacement.filled(table, dates), dates)
    births = birth_dates.found(whole)
    found = Relations(dates=dates, births=births)
    if len(table) >= LEAST_ROWS:
        born = birth_dates.taken_out(whole, births)
        beside = {name for parts in dates for name in (parts.season, parts.name)}
        beside |= {name for birth in births for name in (birth.column, birth.raised)}
        settled = settled_by_dates.found(born, beside, holders)
        found = replace(found, settled=settled)
        unsettled = settled_by_dates.taken_out(born, settled)
        groups = onehot_search.groups(unsettled)
        named = {name for group in groups for name in group.members}
        within = brackets.found(unsettled, beside | named)
        found = replace(found, brackets=within)
        unread = settled_by_dates.taken_out(unsettled, within)
        sources = {name for each in found.read_off for name in each.sources}
        compared = comparisons.found(unread, beside | named, sources, holders)
        found = replace(found, comparisons=compared)
        dated = settled_by_dates.taken_out(unread, compared)
        named |= {parts.name for parts in dates if parts.has_gaps(table)}  # filled, so not proven
        numeric = quantities(dated, named)
        rare = rare_quantities(dated, named)
        chained, parted, more = linked(numeric, dated.schema.target, rare)
        chained = missing_parts.with_gaps(dated, chained, parted)
        found = replace(found, groups=groups, links=chained, shares=parted)
        near += [*partial_onehot.near_groups(unsettled, groups, onehot_search.STEMS), *more]
    taken, masks = found.filled(table)
    if len(table) >= LEAST_ROWS:
        left_out = found.set_after_draw | masks.keys()
        found = replace(found, dependents=dependents.found(taken, left_out, holders))
        block = blocks.found(found.dependents.taken_out(taken), left_out)
        found = replace(found, block=block)
        found = replace(found, links=bounded(numeric, found.links, _unmoved(found, table)))
    own = found.dependents.own
    lacking = gaps.found(masks, {*table.schema.names, *taken.schema.names, *own})
    found = replace(found, gaps=lacking)
    if len(table) >= LEAST_ROWS:
        found = replace(found, lookups=lookups.found(table, _held(found), holders))
        found = replace(found, lookups=_steady(found))
        found = replace(found, absences=absences.found(table, _related(found)))
        flagged = absences.of_gaps(table, found.gaps, found.drawn_late)
        found = replace(found, absences=(*found.absences, *flagged))
        if found.drawn_early:
            found = replace(found, absences=(*found.absences, *_of_early(found, table)))
        free = {*table.schema.names} - found.set_by_others - _related(found)
        barred = exclusions.found(table, {*table.schema.names} - free, holders)
        found = replace(found, exclusions=barred)
    return replace(found, near=tuple(near[:MOST_NEAR]))


def _unmoved(found: Relations, table: Table) -> list[str]:
    """The columns that stay as they were drawn, whatever bounds them: the target, shares, columns
    that rows have in common, and those of functions."""
    held = [] if table.schema.target is None else [table.schema.target]
    held += [name for share in found.shares for name in share.members]
    held += sorted(found.shared_columns)
    held += [n for each in found.dependents.functions for n in (each.argument, each.result)]
    return held


def _related(found: Relations) -> set[str]:
    """The columns in any relation, but for those that only stay within others' bounds."""
    return found.moved | found.used


def _of_early(found: Relations, table: Table) -> Absences:
    """The absences of ordered columns, which an engine draws as distances that are missing where
    they are, and of columns that it draws, of which others are computed."""
    drawn = found.taken_out(table)
    early = {
        name
        for name in found.drawn_early & {*drawn.schema.names} & {*table.schema.names}
        if table.column(name).is_valid().equals(drawn.column(name).is_valid())
    }
    early -= {each.column for each in found.absences}
    later = found.drawn_late | ({*drawn.schema.names} - {*table.schema.names})
    return absences.found(drawn, {*drawn.schema.names} - early, later)


def _steady(found: Relations) -> Lookups:
    """The lookups that change nothing after other columns were computed of it."""
    used = {name for each in (*found.read_off, *found.links) for name in each.sources}
    early, late = found.lookups_in_turn
    return (*early, *(each for each in late if each.result not in used))


def _held(found: Relations) -> set[str]:
    """The columns that no other may settle: what is computed of the rest follows them."""
    settled = {each.source for each in found.settled}
    return found.moved | found.shared_columns | settled | (_related(found) & found.mended)

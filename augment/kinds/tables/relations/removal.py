"""Relations that are given up, since columns must not be computed from others: keys, and what never
changes within an id."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from augment.kinds.tables.relations import links

if TYPE_CHECKING:
    from augment.kinds.tables.relations.table_relations import Relations


def without(found: Relations, held: set[str]) -> Relations:
    """The relations less those that compute one of the columns `held` from any other."""
    kept = links.without(found.links, held)
    used = {name for link in kept for name in (link.result, *link.sources)}
    used |= {
        name for k in (found.dates, found.groups, found.shares) for r in k for name in r.members
    }
    lacking = [gap for gap in found.gaps if used & set(gap.columns)]
    own = found.dependents.without(held)
    block = None if found.block is None else found.block.without(held)
    return replace(
        found,
        settled=links.without(found.settled, held),
        brackets=links.without(found.brackets, held),
        comparisons=links.without(found.comparisons, held),
        links=kept,
        gaps=tuple(lacking),
        dependents=own,
        block=block,
        absences=tuple(each for each in found.absences if each.column not in held),
        lookups=links.without(found.lookups, held),
        exclusions=tuple(each for each in found.exclusions if each.column not in held),
    )

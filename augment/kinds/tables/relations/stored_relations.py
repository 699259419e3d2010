"""The relations of a table as a model stores them, read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from augment.core.types import Json
from augment.kinds.tables.relations import (
    absences,
    birth_dates,
    blocks,
    brackets,
    comparisons,
    date_parts,
    exclusions,
    gaps,
    lookups,
    onehot,
    settled_by_dates,
    shares,
    stored_links,
)
from augment.kinds.tables.relations.absences import Absences
from augment.kinds.tables.relations.birth_dates import BirthDate
from augment.kinds.tables.relations.blocks import Block
from augment.kinds.tables.relations.bounds import Bounds
from augment.kinds.tables.relations.brackets import Brackets
from augment.kinds.tables.relations.comparisons import Comparisons
from augment.kinds.tables.relations.date_parts import DateParts
from augment.kinds.tables.relations.dependents import Dependents
from augment.kinds.tables.relations.exclusions import Exclusions
from augment.kinds.tables.relations.gaps import Gap
from augment.kinds.tables.relations.links import Links
from augment.kinds.tables.relations.lookups import Lookups
from augment.kinds.tables.relations.onehot import Group
from augment.kinds.tables.relations.settled_by_dates import AllSettled
from augment.kinds.tables.relations.shares import Share

if TYPE_CHECKING:
    from augment.kinds.tables.relations.table_relations import Relations


class Parsed(NamedTuple):
    """The fields of `Relations`, in their order."""

    groups: tuple[Group, ...]
    links: Links
    shares: tuple[Share, ...]
    dates: tuple[DateParts, ...]
    births: tuple[BirthDate, ...]
    settled: AllSettled
    brackets: Brackets
    comparisons: Comparisons
    gaps: tuple[Gap, ...]
    dependents: Dependents
    block: Block | None
    absences: Absences
    lookups: Lookups
    exclusions: Exclusions


def parsed(document: Any, known: list[str]) -> Parsed:
    """What `Relations.to_json` wrote of a table with the columns `known`.

    Raises `KeyError`, `TypeError` or `ValueError` on what no search can have found.
    """
    dates = date_parts.from_json(document["dates"], known)
    parts = {name for dated in dates for name in dated.members}
    names = [name for name in known if name not in parts]
    names += [dated.name for dated in dates]
    births = birth_dates.from_json(document["births"], names)
    born = {birth.column for birth in births}
    settled = settled_by_dates.from_json(document["settled"], names)
    names = [name for name in names if name not in {each.result for each in settled}]
    within = brackets.from_json(document["brackets"], names)
    names = [name for name in names if name not in {each.result for each in within}]
    compared = comparisons.from_json(document["comparisons"], names)
    names = [name for name in names if name not in {each.result for each in compared}]
    if not {each.source for kind in (settled, within) for each in kind} <= {*names}:
        raise ValueError("a column is settled by one that is settled itself")
    groups = onehot.from_json(document["groups"], [n for n in names if n not in born])
    grouped = {name for group in groups for name in group.members}
    single = [name for name in names if name not in grouped]
    found = stored_links.from_json(document["links"], single)
    replaced = {link.result for link in found if not isinstance(link, Bounds)}
    drawn = [name for name in single if name not in replaced]
    parted = shares.from_json(document["shares"], [n for n in drawn if n not in born])
    own = {birth.raised for birth in births} | {group.name for group in groups}
    own |= {dated.season for dated in dates}
    lacking = gaps.from_json(document["gaps"], {*known, *names, *own})
    plain = [name for name in drawn if name not in born]
    depending = Dependents.from_json(document["dependents"], plain)
    if depending.own & {*known, *names, *own, *(gap.flag for gap in lacking)}:
        raise ValueError("a column stands twice")
    block = blocks.from_json(document["block"])
    absent = absences.from_json(document["absences"], known)
    looked_up = lookups.from_json(document["lookups"], known)
    barred = exclusions.from_json(document.get("exclusions", []), known)
    return Parsed(
        groups,
        found,
        parted,
        dates,
        births,
        settled,
        within,
        compared,
        lacking,
        depending,
        block,
        absent,
        looked_up,
        barred,
    )


def stored(found: Relations) -> Json:
    """What a model keeps of the relations; undone by `parsed`."""
    return {
        "links": stored_links.to_json(found.links),
        "groups": onehot.to_json(found.groups),
        "shares": shares.to_json(found.shares),
        "dates": date_parts.to_json(found.dates),
        "births": birth_dates.to_json(found.births),
        "settled": settled_by_dates.to_json(found.settled),
        "brackets": brackets.to_json(found.brackets),
        "comparisons": comparisons.to_json(found.comparisons),
        "absences": absences.to_json(found.absences),
        "lookups": lookups.to_json(found.lookups),
        "exclusions": exclusions.to_json(found.exclusions),
        "gaps": gaps.to_json(found.gaps),
        "dependents": found.dependents.to_json(),
        "block": blocks.to_json(found.block),
    }

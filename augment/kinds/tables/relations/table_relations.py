"""The relations of a table: taken out of it before a fit, put back after a draw, and asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from augment.core.errors import BadInput, without_values
from augment.core.types import Json
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.relations import (
    absences,
    birth_dates,
    bounds,
    date_replacement,
    exclusions,
    gaps,
    links,
    lookups,
    missing_parts,
    onehot,
    removal,
    settled_by_dates,
    shares,
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
from augment.kinds.tables.relations.gaps import Gap, Masks
from augment.kinds.tables.relations.links import Link, Links
from augment.kinds.tables.relations.lookups import Lookups
from augment.kinds.tables.relations.near import Near
from augment.kinds.tables.relations.onehot import Group
from augment.kinds.tables.relations.settled_by_dates import AllSettled, ReadOff
from augment.kinds.tables.relations.shares import Share
from augment.kinds.tables.relations.stored_relations import parsed, stored

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Relations:
    """Dates and one-hot groups, shares and links among the columns that are in none, columns that
    others nearly settle, and columns that rows share with each other.

    `near` are relations that were not kept, since a few rows break them.
    """

    groups: tuple[Group, ...] = ()
    links: Links = ()
    shares: tuple[Share, ...] = ()
    dates: tuple[DateParts, ...] = ()
    births: tuple[BirthDate, ...] = ()
    settled: AllSettled = ()
    brackets: Brackets = ()
    comparisons: Comparisons = ()
    gaps: tuple[Gap, ...] = ()
    dependents: Dependents = field(default_factory=Dependents)
    block: Block | None = None
    absences: Absences = ()
    lookups: Lookups = ()
    exclusions: Exclusions = ()
    near: tuple[Near, ...] = field(default=(), compare=False)

    @property
    def sentences(self) -> list[str]:
        kinds = (self.dates, self.births, self.read_off, self.groups, self.shares, self.links)
        found = [relation.sentence for kind in kinds for relation in kind]
        found += [each.sentence for kind in (self.lookups, self.absences) for each in kind]
        found += [each.sentence for each in self.exclusions]
        return found + self.dependents.exact

    @property
    def close_sentences(self) -> list[str]:
        """What is kept closely, or on as many rows as in the source, in words."""
        return self.dependents.sentences + ([] if self.block is None else [self.block.sentence])

    @property
    def shared_columns(self) -> set[str]:
        return set() if self.block is None else {*self.block.columns}

    def shared(self, made: Table, rng: np.random.Generator) -> Table:
        """Rows as an engine drew them, one by one, with the columns in common that rows share."""
        return made if self.block is None else self.block.shared(made, rng)

    def drawn_for(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """What stands for these columns in the table as an engine sees it, of dates and others."""
        dates = {name: dated.name for dated in self.dates for name in dated.members}
        return tuple(dict.fromkeys(dates.get(name, name) for name in names))

    def taken_out(self, table: Table) -> Table:
        """The table as an engine sees it."""
        taken, masks = self.filled(table)
        return gaps.flagged(self.dependents.taken_out(taken), self.gaps, masks)

    def filled(self, table: Table) -> tuple[Table, Masks]:
        """The table taken out, without flags, and the cells that were filled before that."""
        whole = date_replacement.filled(table, self.dates)
        masks = gaps.filled(table, whole)
        dated = self.before_groups(whole)
        full = onehot.filled(dated, self.groups)
        masks |= gaps.filled(dated, full)
        grouped = onehot.taken_out(full, self.groups)
        summed = missing_parts.filled(shares.filled(grouped, self.shares), self.links)
        masks |= gaps.filled(grouped, summed)
        return links.taken_out(summed, self.links), masks

    def before_groups(self, table: Table) -> Table:
        """The table without parts of dates, birth numbers, and what a date or a range settles."""
        born = birth_dates.taken_out(date_replacement.taken_out(table, self.dates), self.births)
        return settled_by_dates.taken_out(born, self.read_off)

    @property
    def read_off(self) -> tuple[ReadOff, ...]:
        return (*self.settled, *self.brackets, *self.comparisons)

    def put_back(
        self, table: Table, whole: list[Column], target: str | None, kept: Table | None = None
    ) -> Table:
        """Undo `taken_out`: the columns `whole` in their order, every relation true.

        Shares and parts of dates that `kept` has stay, and the others are made to fit them.
        """
        drawn, masks = gaps.split(table, self.gaps)
        early, late = self.lookups_in_turn
        settled = lookups.put_back(drawn, early)
        if kept is None:
            masks |= {e.column: ~e.present(settled) for e in self.absences if e.column in masks}
            apart = tuple(e for e in self.absences if e.column in self.drawn_early)
            settled = absences.put_back(settled, apart)
        plain = self.dependents.put_back(settled, whole, kept, self._bounds_as_drawn)
        undated = date_replacement.columns_of(whole, self.dates)
        unsettled = birth_dates.columns_of(undated, self.births)
        dated = settled_by_dates.columns_of(unsettled, self.read_off)
        scaled = shares.put_back(plain, self.shares, dated, kept)
        linked = gaps.emptied(self._linked(scaled, dated, kept, masks), masks)
        parted = gaps.emptied(onehot.put_back(linked, self.groups, dated, None), masks)
        read_off = settled_by_dates.put_back(parted, self.read_off, unsettled)
        born = birth_dates.put_back(read_off, self.births, undated)
        made = date_replacement.put_back(born, self.dates, whole, target, kept)
        whole_rows = lookups.put_back(gaps.emptied(made, masks), late)
        done = masks.keys() | self.drawn_early
        lending = tuple(each for each in self.absences if each.column not in done)
        if kept is not None:
            return whole_rows
        whole_rows = exclusions.put_back(whole_rows, self.exclusions, self.set_by_others)
        if not lending:
            return whole_rows
        lent = absences.put_back(whole_rows, lending)
        moved = {each.column for each in lending}
        again = [each for each in self.lookups if {each.result, each.source} & moved]
        again = [each for each in again if each.result not in self.used]
        lent = lookups.put_back(lent, tuple(again))
        return links.within_bounds(lent, self.links, moved)

    @property
    def set_after_draw(self) -> set[str]:
        """The columns that a relation replaces, or sets on all rows, after a draw."""
        set_anew = self._results | {birth.column for birth in self.births}
        set_anew |= {each.result for each in self.read_off}
        return set_anew | {name for share in self.shares for name in share.members}

    @property
    def moved(self) -> set[str]:
        """The columns that are not, from the first, as an engine draws them."""
        members = {name for kind in (self.dates, self.groups) for r in kind for name in r.members}
        functions = self.dependents.functions
        return {
            *(self.set_after_draw | self.dependents.results | members),
            *(function.argument for function in functions),
            *(name for gap in self.gaps for name in gap.columns),
        }

    @property
    def drawn_late(self) -> set[str]:
        """The columns that stand as a row has them at the end of what is put back alone."""
        late = {each.result for each in self.lookups_in_turn[1]}
        late |= {each.column for kind in (self.absences, self.exclusions) for each in kind}
        return self.moved | self._bounded | late

    @property
    def lookups_in_turn(self) -> tuple[Lookups, Lookups]:
        """Those of columns as they are drawn, so that what is computed of them follows; others."""
        return lookups.in_turn(self.lookups, self.moved | self._bounded)

    @property
    def _bounded(self) -> set[str]:
        return {link.result for link in self.links if isinstance(link, Bounds)}

    @property
    def _results(self) -> set[str]:
        """The columns that a link replaces."""
        return {link.result for link in self.links if not isinstance(link, Bounds)}

    @property
    def distances(self) -> set[str]:
        """The columns that an engine draws as distances from another one."""
        return {e.result for e in self.links if isinstance(e, Link) and not e.computed}

    @property
    def used(self) -> set[str]:
        """The columns that others are computed of, or kept within the bounds of."""
        return {name for each in (*self.read_off, *self.links) for name in each.sources}

    @property
    def set_by_others(self) -> set[str]:
        """The columns that others have a part in: set by them, or settling them."""
        found = self.drawn_late | self.used | {each.source for each in self.absences}
        return found | {name for each in self.lookups for name in (each.result, each.source)}

    @property
    def drawn_early(self) -> set[str]:
        """The columns whose gaps have to be right before others are computed of them."""
        return self.distances | (self.used - self.moved)

    @property
    def mended(self) -> set[str]:
        """The columns that an engine draws, and of which some cells are put right after a draw."""
        return self._bounded | {lookup.result for lookup in self.lookups}

    @property
    def _bounds_as_drawn(self) -> list[Bounds]:
        """The bounds that are columns as an engine draws them: neither computed nor scaled."""
        later = self._results | self.dependents.computed
        later |= {name for share in self.shares for name in share.members}
        return bounds.as_drawn(self.links, later)

    def broken(self, table: Table) -> NDArray[np.int64]:
        """(rows,) how many columns of a row are out of their bounds, or not what another says."""
        return links.out_of_bounds(table, self.links) + lookups.broken(table, self.lookups)

    def _linked(
        self, table: Table, dated: list[Column], kept: Table | None, masks: Masks | None = None
    ) -> Table:
        """Sums and orders back in the table; `dated` are its columns before groups were taken."""
        hidden = {name for group in self.groups for name in group.members}
        names = {group.members[0]: group.column() for group in self.groups}
        half = [names.get(c.name, c) for c in dated if c.name in names or c.name not in hidden]
        return links.put_back(table, self.links, half, None, kept, masks)

    def without(self, held: set[str]) -> Relations:
        """The relations less those that compute one of the columns `held` from any other."""
        return removal.without(self, held)

    def reconciled(self, table: Table, held: set[str]) -> Table:
        """Whole rows of which the columns `held` were set anew, with the other parts of their
        dates moved to real ones."""
        return date_replacement.reconciled(table, self.dates, held)

    def as_learnt(self, seen: Table, whole: list[Column]) -> Relations:
        """The relations as they hold in `seen`, which is taken out and protected."""
        drawn, _ = gaps.split(seen, self.gaps)
        depending = self.dependents.as_learnt(drawn)
        plain = depending.put_back(drawn, whole, None, self._bounds_as_drawn)
        born = birth_dates.columns_of(date_replacement.columns_of(whole, self.dates), self.births)
        dated = settled_by_dates.columns_of(born, self.read_off)
        learnt = date_replacement.as_learnt(self.dates, self._linked(plain, dated, None))
        groups = onehot.as_learnt(self.groups, seen)
        own = lookups.as_learnt(self.lookups, seen, self.set_after_draw)
        return replace(self, groups=groups, dates=learnt, dependents=depending, lookups=own)

    def computed(self, name: str) -> str:
        """What computes or scales a column, in words; "" where nothing does."""
        scaled = [share.sentence for share in self.shares if name in share.members]
        born = [birth.sentence for birth in self.births if name == birth.column]
        link = [
            link.sentence
            for link in self.links
            if link.result == name and not isinstance(link, Bounds)
        ]
        read_off = [each.sentence for each in self.read_off if each.result == name]
        return "".join([*link, *scaled, *born, *read_off][:1])

    def is_drawn(self, name: str) -> bool:
        """Whether an engine draws the column, even if it is scaled or put right after that."""
        computed = self._results | self.dependents.computed
        computed |= {each.result for each in self.read_off}
        return name not in computed

    def to_json(self) -> Json:
        return stored(self)

    @staticmethod
    def from_json(document: Any, known: list[str]) -> Relations:
        """Undo `to_json`. Raises `BadInput` on anything that `mined` cannot have made."""
        try:
            return Relations(*parsed(document, known))
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(
                f"the model's relations are damaged ({without_values(error)})."
            ) from None

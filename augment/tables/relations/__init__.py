"""What holds between columns on every row, taken out of the table before a fit and put back after.

A group of one-hot columns becomes one column of categories; a sum (`total = part + part`,
`discharged = admitted + days`) is left out and computed again; of two ordered columns
(`admitted <= discharged`) the later is replaced by its distance from the earlier; shares of a
constant are scaled to it. An engine then learns what is simpler, and whatever it draws, the
relations hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from augment.base.errors import BadInput, without_values
from augment.base.types import Clause, Json
from augment.tables.dataset import Table
from augment.tables.relations import flags, links, onehot, shares
from augment.tables.relations.balances import balances
from augment.tables.relations.links import Link
from augment.tables.relations.onehot import Group
from augment.tables.relations.orders import orders
from augment.tables.relations.quantities import Quantity, quantities
from augment.tables.relations.shares import Share
from augment.tables.relations.sums import sums
from augment.tables.schema import Column

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_ROWS = 100  # fewer rows prove nothing


@dataclass(frozen=True)
class Relations:
    """One-hot groups, and shares and links among the columns that are in none."""

    groups: tuple[Group, ...] = ()
    links: tuple[Link, ...] = ()
    shares: tuple[Share, ...] = ()

    @property
    def words(self) -> list[str]:
        return [
            *(group.words for group in self.groups),
            *(share.words for share in self.shares),
            *(link.words for link in self.links),
        ]

    def taken_out(self, table: Table) -> Table:
        """The table as an engine sees it."""
        return links.taken_out(onehot.taken_out(table, self.groups), self.links)

    def put_back(
        self, table: Table, whole: list[Column], target: str | None, kept: Table | None = None
    ) -> Table:
        """Undo `taken_out`: the columns `whole` in their order, every relation true.

        Shares that `kept` has are not scaled.
        """
        hidden = {name for group in self.groups for name in group.members}
        names = {group.members[0]: group.column() for group in self.groups}
        half = [names.get(c.name, c) for c in whole if c.name in names or c.name not in hidden]
        table = shares.put_back(table, self.shares, whole, kept)
        linked = links.put_back(table, self.links, half, None)
        return onehot.put_back(linked, self.groups, whole, target)

    def without(self, held: set[str]) -> Relations:
        """The relations less those that compute one of the columns `held` from any other."""
        kept = [link for link in self.links if link.result not in held or link.sources <= held]
        return replace(self, links=tuple(kept))

    def as_learnt(self, seen: Table) -> Relations:
        """The relations as they hold in `seen`, which is taken out and protected."""
        return replace(self, groups=onehot.as_learnt(self.groups, seen))

    def to_fill(
        self, partial: Table
    ) -> Iterator[tuple[NDArray[np.int64], Table, tuple[Clause, ...]]]:
        """Given rows with gaps as an engine is to fill them, in parts: places, rows, clauses.

        Where zeros are known in a group but not its one, clauses keep the one off them.
        """
        for rows, clauses in onehot.unsettled(partial, self.groups):
            part = partial.take(rows)
            open_groups = onehot.taken_out(part, self.groups)
            taken = links.taken_out(open_groups, self.links)
            yield rows, links.with_open_gaps(taken, self.links, open_groups), clauses

    def computed(self, name: str) -> str:
        """What computes or scales a column, in words; "" where nothing does."""
        scaled = [share.words for share in self.shares if name in share.members]
        return next((link.words for link in self.links if link.result == name), "".join(scaled))

    def drawn(self, name: str) -> bool:
        """Whether an engine draws the column, even if it is scaled after that."""
        return all(link.result != name for link in self.links)

    def placed(self, clauses: tuple[Clause, ...], columns: list[Column]) -> tuple[Clause, ...]:
        """The clauses as an engine can place them: those on members of a group become the group's.

        Raises `UsageError` where no row of the model can satisfy them.
        """
        schema = {column.name: column for column in columns}
        placed = [c for c in clauses if not any(c.column in g.members for g in self.groups)]
        for group in self.groups:
            own = tuple(clause for clause in clauses if clause.column in group.members)
            asked = group.asked(own, schema)
            placed += [] if asked is None else [asked]
        return tuple(placed)

    def to_json(self) -> Json:
        return {
            "links": links.to_json(self.links),
            "groups": onehot.to_json(self.groups),
            "shares": shares.to_json(self.shares),
        }

    @staticmethod
    def from_json(document: Any, known: list[str]) -> Relations:
        """Undo `to_json`. Raises `BadInput` on anything that `mined` cannot have made."""
        try:
            groups = onehot.from_json(document["groups"], known)
            grouped = {name for group in groups for name in group.members}
            single = [name for name in known if name not in grouped]
            found = links.from_json(document["links"], single)
            drawn = [name for name in single if name not in {link.result for link in found}]
            return Relations(groups, found, shares.from_json(document["shares"], drawn))
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(
                f"the model's relations are damaged ({without_values(error)})."
            ) from None


def mined(table: Table) -> Relations:
    """The relations that hold on all rows of `table`, in an order in which they can be undone.

    A column is in one group at most or the result of one link at most, none depends on itself
    through others, and no link takes the target out.
    """
    if len(table) < LEAST_ROWS:
        return Relations()
    groups = flags.groups(table)
    grouped = {name for group in groups for name in group.members}
    found: list[Link] = []
    numeric = quantities(table, grouped)
    for result in numeric:
        others = [other for other in numeric if other is not result]
        candidates = () if result.name == table.schema.target else sums(result, others)
        first = next((link for link in candidates if not links.depends(link, found)), None)
        found += [] if first is None else [first]
    parted = _balanced(numeric, found, table.schema.target)
    scaled = {name for share in parted for name in share.members}
    for link in orders(numeric):
        taken = {known.result for known in found} | scaled | {table.schema.target}
        if link.result not in taken and not links.depends(link, found):
            found.append(link)
    return Relations(groups, tuple(links.undoable(found)), parted)


def _balanced(numeric: list[Quantity], found: list[Link], target: str | None) -> tuple[Share, ...]:
    """The shares; sums of three or more columns are added to the links `found`."""
    parted: list[Share] = []
    for balance in balances(numeric):
        names = [term.name for term in balance.terms]
        taken = {name for share in parted for name in share.members}
        taken |= {link.result for link in found}
        if balance.total is not None:
            base, step, *more = (name for name in names if name != balance.total.name)
            link = Link(balance.total.name, base, step, 1.0, False, tuple(more))
            if link.result not in taken | {target} and not links.depends(link, found):
                found.append(link)
        elif balance.composed and not taken & set(names):
            parted.append(Share(tuple(names), balance.constant))
    return tuple(parted)

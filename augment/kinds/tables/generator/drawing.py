"""Rows of a fitted engine under a condition: searched for where they are common, else placed.

P(x | condition) is what is left of a model's rows when all others are thrown away. So they are
made where that costs less than placing the condition, which an engine that places conditions does
to about the same effect. Of alternatives, which exclude one another, each is then drawn as often
as it was met, or is likely to be met, among the model's rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from augment.core.errors import OutOfResources, UsageError
from augment.core.normal_form import Branch
from augment.core.seeds import Seed
from augment.core.types import Clause, Condition, Model, Tick, silent
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.data.values import numbers, table_of
from augment.kinds.tables.engines.conditional import ConditionalModel
from augment.kinds.tables.engines.rejection import TELLING, Branches, reject, reject_if_common
from augment.kinds.tables.relations import Relations, engine_conditions

if TYPE_CHECKING:
    from numpy.typing import NDArray

FILLINGS = 20  # of a given row whose known cells do not agree with what is drawn
PATIENCE = 5  # fillings in turn that better no row
PROBES = 1_000  # rows that tell how often a computed column satisfies a condition


@dataclass(frozen=True)
class Drawing:
    """`inner` draws the table without its `relations`; `schema` is that of the whole."""

    inner: Model[Table]
    relations: Relations
    schema: Schema

    def possible(self, asked: Condition) -> Condition:
        """The condition without the branches that the relations rule out.

        Raises `UsageError` where none is left.
        """
        columns = list(self.schema)
        engine_conditions.placed(self.relations, asked.clauses, columns)
        kept, refusal = [], None
        for branch in asked.branches:
            try:
                engine_conditions.placed(self.relations, (*asked.clauses, *branch), columns)
            except UsageError as error:
                refusal = error
            else:
                kept.append(branch)
        if refusal is not None and not kept:
            raise refusal
        if len(kept) == 1:
            return Condition((*asked.clauses, *kept[0]))
        return replace(asked, branches=tuple(kept))

    def rows(
        self,
        n: int,
        seed: Seed,
        clauses: tuple[Clause, ...],
        branches: Branches = (),
        tick: Callable[[Tick], None] = silent,
    ) -> Table:
        """`n` rows with every relation true; never fewer.

        Raises `OutOfResources` where a bounded search found too few, and `UsageError` for what
        can never hold.
        """
        searched, placed = self._parted(clauses)
        draw, free = partial(self._under, placed, tick), partial(self._under, (), tick)
        if not isinstance(self.inner, ConditionalModel):
            if searched or branches:
                return reject(free, clauses, n, seed, tick=tick, branches=branches)
            return draw(n, seed)
        cost = self.inner.placing_cost(placed) if placed else 1.0
        if branches or cost > 1:
            search = reject_if_common(free, clauses, branches, n, seed, tick, cost)
            if len(search.rows) == n:
                return search.rows
            if branches:
                return self._by_branches(n, seed, clauses, branches, search.rows, tick)
        return reject(draw, searched, n, seed, tick=tick) if searched else draw(n, seed)

    def filled(
        self,
        given: Table,
        seed: Seed,
        clauses: tuple[Clause, ...],
        tick: Callable[[Tick], None],
    ) -> Table:
        """The given rows with their gaps filled. Known cells stay, relations or not.

        Where one is known that is computed from others, which are drawn apart, the row is filled
        anew, and what agrees with more such cells is kept: a few times, as long as that helps.
        """
        made = self._filled_once(given, seed, clauses, tick)
        off, idle = self._disagreeing(given, made), 0
        for number in range(FILLINGS - 1):
            waiting = np.flatnonzero(off)
            if not len(waiting) or idle == PATIENCE:
                break
            some = given.take(waiting)
            again = self._filled_once(some, seed.child("again", number), clauses, tick)
            still = self._disagreeing(some, again)
            better = np.flatnonzero(still < off[waiting])
            made = made.replaced(waiting[better], again.take(better))
            off[waiting[better]] = still[better]
            idle = 0 if len(better) else idle + 1
        return made

    def told(self, given: Table) -> list[str]:
        """The relations, in words, of which given rows know what is otherwise computed."""
        return list(dict.fromkeys(map(self.relations.computed, self._known_results(given))))

    def _known_results(self, given: Table) -> list[str]:
        """The computed columns of which given rows know some cells."""
        names = [column.name for column in self.schema if column.name in given.schema.names]
        known = [name for name in names if given.column(name).null_count < len(given)]
        return [name for name in known if self.relations.computed(name)]

    def _disagreeing(self, given: Table, made: Table) -> NDArray[np.int64]:
        """(rows,) how many known cells are not what the others make of them, and columns that
        break a relation, as they only do where known cells want it so."""
        off = self.relations.broken(made)
        names = self._known_results(given)
        if not names:
            return off
        computed = self.whole(self.relations.taken_out(made))
        for name in names:
            own, other = given.column(name), computed.column(name)
            if given.schema[name].role in ("numeric", "datetime"):
                alike = np.isclose(numbers(given, name), numbers(computed, name), rtol=1e-9)
            else:
                alike = pc.equal(own, other).fill_null(False).to_numpy(zero_copy_only=False)
            off += own.is_valid().to_numpy(zero_copy_only=False) & ~alike
        return off

    def _filled_once(
        self,
        given: Table,
        seed: Seed,
        clauses: tuple[Clause, ...],
        tick: Callable[[Tick], None],
    ) -> Table:
        name, reason = engine_conditions.unplaceable(self.relations, clauses, list(self.schema))
        if reason:
            raise UsageError(
                f"--where on {name!r} cannot be joined with --given: in this model it is "
                f"computed ({reason})."
            )
        asked = engine_conditions.placed(self.relations, clauses, list(self.schema))
        places: list[NDArray[np.int64]] = []
        parts: list[Table] = []
        for rows, known, more in engine_conditions.to_fill(self.relations, given):
            condition = Condition((*asked, *more), partial=known)
            stream = seed.child("part", len(parts)) if parts else seed
            made = self.inner.sample(len(rows), stream, condition, tick)
            parts.append(self.whole(made, given.take(rows)))
            places.append(rows)
        whole = Table.join(parts).take(np.argsort(np.concatenate(places)))
        columns = list(whole.schema)
        arrays = [pc.coalesce(given.column(c.name), whole.column(c.name)) for c in columns]
        return table_of(columns, arrays, whole.schema.target)

    def _under(
        self, placed: tuple[Clause, ...], tick: Callable[[Tick], None], n: int, seed: Seed
    ) -> Table:
        made = self.inner.sample(n, seed, Condition(placed), tick)
        return self.whole(self.relations.shared(made, seed.child("shared").rng()))

    def whole(self, made: Table, kept: Table | None = None) -> Table:
        """What the engine made, with the computed columns back in their places."""
        columns = [column for column in self.schema if column.modelled]
        return self.relations.put_back(made, columns, self.schema.target, kept)

    def _parted(self, clauses: tuple[Clause, ...]) -> tuple[tuple[Clause, ...], tuple[Clause, ...]]:
        """The clauses to be searched for, and those that the engine is given."""
        columns = list(self.schema)
        return (
            engine_conditions.searched(self.relations, clauses, columns),
            engine_conditions.placed(self.relations, clauses, columns),
        )

    def _by_branches(
        self,
        n: int,
        seed: Seed,
        clauses: tuple[Clause, ...],
        branches: Branches,
        met: Table,
        tick: Callable[[Tick], None],
    ) -> Table:
        """Rows in random order; how many are of each branch is a draw by their proportions.

        These are those of the rows `met`, where there are enough to tell.
        """
        cases: list[Branch] = [(*clauses, *branch) for branch in branches]
        if len(met) >= TELLING:
            weights = np.array([mask(met, branch).sum() for branch in branches], np.float64)
        else:
            chances = (self._probability(c, seed.child("weight", i)) for i, c in enumerate(cases))
            weights = np.fromiter(chances, np.float64)
        if not weights.sum() > 0:
            raise OutOfResources(
                "No row that satisfies --where was found, whichever side of 'or' it was looked "
                "for on. Loosen the condition."
            )
        rng = seed.child("branches").rng()
        counts = rng.multinomial(n, weights / weights.sum())
        parts = [
            self.rows(int(counts[i]), seed.child("branch", i), case, (), tick)
            for i, case in enumerate(cases)
            if counts[i] or i == weights.argmax()
        ]
        joined = Table.join(parts)
        return joined.take(rng.permutation(len(joined)))

    def _probability(self, clauses: tuple[Clause, ...], seed: Seed) -> float:
        """How likely a row is to satisfy the clauses, 0 where it never can."""
        assert isinstance(self.inner, ConditionalModel), "others are searched by rejection"
        try:
            searched, placed = self._parted(clauses)
            chance = self.inner.probability(placed, seed)
        except UsageError:
            return 0.0
        if not searched or not chance:
            return chance
        rows = self.whole(self.inner.sample(PROBES, seed.child("probe"), Condition(placed)))
        return chance * float(mask(rows, searched).mean())

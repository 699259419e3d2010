"""Rows of a fitted engine under a condition: placed, searched for, or shared out over branches.

P(x | a or b) is what is left of a model's rows when all others are thrown away, so that is how
alternatives are drawn where such rows are common. Where they are rare and the engine places
conditions, the branches, which exclude one another, share out the rows by their probabilities,
and each branch is placed. Either way the proportions of the branches are the model's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from augment.base.errors import OutOfResources, UsageError
from augment.base.normal_form import Branch
from augment.base.seeds import Seed
from augment.base.types import Clause, Condition, Model, Tick, silent
from augment.tables.conditions import mask
from augment.tables.dataset import Table
from augment.tables.engines.conditional import ConditionalModel
from augment.tables.rejection import Branches, reject, reject_if_common
from augment.tables.relations import Relations
from augment.tables.schema import Schema

PROBES = 1_000  # rows that tell how often a computed column satisfies a condition


@dataclass(frozen=True)
class Drawing:
    """`inner` draws the table without its `relations`; `schema` is that of the whole."""

    inner: Model[Table]
    relations: Relations
    schema: Schema

    def rows(
        self,
        n: int,
        seed: Seed,
        clauses: tuple[Clause, ...],
        branches: Branches = (),
        tick: Callable[[Tick], None] = silent,
    ) -> Table:
        """Rows with every relation true; a condition on a computed column is searched for."""
        searched, placed = self._parted(clauses)

        def draw(count: int, stream: Seed) -> Table:
            return self.whole(self.inner.sample(count, stream, Condition(placed), tick))

        if not branches:
            return reject(draw, searched, n, seed, tick=tick) if searched else draw(n, seed)
        if not isinstance(self.inner, ConditionalModel):
            return reject(draw, searched, n, seed, tick=tick, branches=branches)
        found = reject_if_common(draw, searched, n, seed, tick, branches)
        if found is not None:
            return found
        return self._by_branches(n, seed, clauses, branches, tick)

    def whole(self, made: Table, kept: Table | None = None) -> Table:
        """What the engine made, with the computed columns back in their places."""
        columns = [column for column in self.schema if column.modelled]
        return self.relations.put_back(made, columns, self.schema.target, kept)

    def _parted(self, clauses: tuple[Clause, ...]) -> tuple[tuple[Clause, ...], tuple[Clause, ...]]:
        """The clauses to be searched for, and those that the engine is given."""
        searched = tuple(c for c in clauses if self.relations.computed(c.column))
        rest = tuple(c for c in clauses if self.relations.drawn(c.column))
        return searched, self.relations.placed(rest, list(self.schema))

    def _by_branches(
        self,
        n: int,
        seed: Seed,
        clauses: tuple[Clause, ...],
        branches: Branches,
        tick: Callable[[Tick], None],
    ) -> Table:
        """Rows in random order; how many are of each branch is a draw by their probabilities."""
        import numpy as np

        cases: list[Branch] = [(*clauses, *branch) for branch in branches]
        weights = np.array(
            [self._probability(case, seed.child("weight", i)) for i, case in enumerate(cases)]
        )
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

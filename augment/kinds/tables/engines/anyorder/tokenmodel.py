"""The fitted model of `anyorder`: from tokens drawn by the chain to rows, under conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import UsageError, did_you_mean
from augment.core.model_folder import restoring
from augment.core.seeds import Seed
from augment.core.types import Clause, Condition, Json, State, Tick, silent
from augment.kinds.tables.codecs.calendar import Calendar
from augment.kinds.tables.codecs.grain import GRAIN
from augment.kinds.tables.codecs.vocabulary import UNKNOWN, Choice, Vocabulary
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import table_of
from augment.kinds.tables.engines.anyorder.chain import Chain
from augment.kinds.tables.engines.anyorder.fitted_network import FittedNetwork
from augment.kinds.tables.engines.anyorder.importance_resampling import draw, placing_cost
from augment.kinds.tables.engines.anyorder.presets import Shape
from augment.kinds.tables.engines.anyorder.tokenstate import (
    model_parts,
    model_state,
    shape_of,
)
from augment.kinds.tables.engines.anyorder.uniforms import resorted
from augment.kinds.tables.engines.conditional import ConditionalModel

if TYPE_CHECKING:
    from numpy.typing import NDArray


LAST_RESORT = 1e-30  # the weight of a token that is drawn where laws leave no other
PROBES = 1_000  # rows from which the probability of a condition is estimated


class AnyorderModel(ConditionalModel):
    """The fitted network, its vocabularies and its corrections; `facts` say how it was trained."""

    def __init__(
        self,
        calendar: Calendar,
        columns: list[Column],
        vocabularies: list[Vocabulary],
        chain: Chain,
        facts: Json,
    ) -> None:
        self._calendar, self._columns = calendar, columns
        self._vocabularies, self._chain, self._facts = vocabularies, chain, facts

    @property
    def vocabularies(self) -> dict[str, Vocabulary]:
        """Those of the columns that the network knows, by their names, in its order."""
        names = [column.name for column in self._columns]
        return dict(zip(names, self._vocabularies, strict=True))

    @property
    def network(self) -> FittedNetwork:
        return self._chain.network

    @property
    def shape(self) -> Shape:
        """The sizes of the trunk."""
        weights = self.network.trunk.state_dict()
        return shape_of({f"trunk.{name}": tuple(value.shape) for name, value in weights.items()})

    def on(self, device: str) -> Self:
        chain = self._chain.on(device)
        return type(self)(self._calendar, self._columns, self._vocabularies, chain, self._facts)

    def sample(
        self,
        n: int,
        seed: Seed,
        given: Condition | None = None,
        tick: Callable[[Tick], None] = silent,
    ) -> Table:
        asked = Condition() if given is None else given
        rng = seed.rng()
        drawn = self._drawn(n, rng, self._calendar.inside(asked))
        joined = self._calendar.join(drawn, asked.clauses, rng)
        partial = asked.partial
        return _filled(partial, joined) if isinstance(partial, Table) else joined

    def _drawn(self, n: int, rng: np.random.Generator, condition: Condition) -> Table:
        """n rows of the columns that the network knows."""
        chosen = self._chosen(condition.clauses)
        allowed = {j: choice.weight() for j, choice in chosen.items()}
        known, partial, first = None, condition.partial, frozenset(chosen)
        if partial is not None:
            assert isinstance(partial, Table) and len(partial) == n, "one partial row per row"
            known = self._known(partial)
            self._forbid_null(allowed)
        self._follow_laws(allowed)
        if known is None and not first:
            tokens, alike = self._chain.draw(n, rng, allowed)
        else:
            nothing = np.full((n, len(self._columns)), UNKNOWN)
            stands = nothing if known is None else known
            tokens, alike = draw(self._chain, stands, rng, allowed, first)
        return self._decoded(tokens, alike, rng, chosen, known)

    def placing_cost(self, clauses: tuple[Clause, ...]) -> float:
        chosen = self._chosen(self._calendar.inside(Condition(clauses)).clauses)
        return placing_cost(self._chain, frozenset(chosen))

    def probability(self, clauses: tuple[Clause, ...], seed: Seed) -> float:
        rng = seed.rng()
        chosen = self._chosen(self._calendar.inside(Condition(clauses)).clauses)
        allowed = {j: choice.weight() for j, choice in chosen.items()}
        self._follow_laws(allowed)
        first = frozenset(chosen)
        tokens, alike = self._chain.draw(PROBES, rng, allowed, None, first)
        chance = self._chain.chances(tokens, allowed, first)
        # Of a split date only the weeks are limited so far; its first and last are cut here.
        rows = self._calendar.join(self._decoded(tokens, alike, rng, chosen, None), (), rng)
        return float((chance * mask(rows, clauses)).mean())

    def _decoded(
        self,
        tokens: NDArray[np.int64],
        alike: NDArray[np.int64],
        rng: np.random.Generator,
        chosen: dict[int, Choice],
        known: NDArray[np.int64] | None,
    ) -> Table:
        """The rows that tokens stand for; cells that are not `known` keep to what is chosen."""
        arrays: list[pa.Array] = []
        for j, (column, vocabulary) in enumerate(
            zip(self._columns, self._vocabularies, strict=True)
        ):
            u = self._chain.uniforms(rng, resorted(alike, tokens[:, j]))
            free, grain = vocabulary.everything(), self._grain(j, tokens)
            if known is None or j not in chosen:
                arrays.append(
                    vocabulary.decode(column, tokens[:, j], u, chosen.get(j, free), grain)
                )
                continue
            stands = known[:, j] >= 0
            parts = [
                vocabulary.decode(
                    column, tokens[at, j], u[at], choice, None if grain is None else grain[at]
                )
                for at, choice in ((stands, free), (~stands, chosen[j]))
            ]
            arrays.append(_merged(stands, *parts))
        return table_of(self._columns, arrays, None)

    def _grain(self, j: int, tokens: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """(rows,) how column j is to be rounded, where that is a column of its own."""
        names = [column.name for column in self._columns]
        name = names[j] + GRAIN
        if name not in names:
            return None
        g = names.index(name)
        vocabulary, middle = self._vocabularies[g], np.full(len(tokens), 0.5)
        grain = vocabulary.decode(self._columns[g], tokens[:, g], middle, vocabulary.everything())
        return np.asarray(grain.to_numpy(), dtype=np.int64)

    def _chosen(self, clauses: tuple[Clause, ...]) -> dict[int, Choice]:
        """What the clauses leave of each column they name. Raises `UsageError` if nothing."""
        names = [column.name for column in self._columns]
        by_column: dict[int, tuple[Clause, ...]] = {}
        for clause in clauses:
            if clause.column not in names:
                raise UsageError(
                    f"A condition names the column {clause.column!r}, which the model does not "
                    f"draw. {did_you_mean(clause.column, [c.name for c in self._calendar.columns])}"
                )
            j = names.index(clause.column)
            by_column[j] = (*by_column.get(j, ()), clause)
        chosen = {}
        for j, group in by_column.items():
            chosen[j] = self._vocabularies[j].choose(self._columns[j], group)
            if not len(chosen[j].token):
                raise UsageError(
                    f"No value of column {names[j]!r} that the model can emit satisfies the "
                    "condition: it was not in the training rows, lies beyond their range, or is "
                    "too rare to be shown. Ask for a commoner value, or fit with --no-protect."
                )
        return chosen

    def _known(self, partial: Table) -> NDArray[np.int64]:
        """(rows, columns) tokens of the cells that stand, -1 for nulls and unseen values."""
        known = np.full((len(partial), len(self._columns)), UNKNOWN, dtype=np.int64)
        for j, (column, vocabulary) in enumerate(
            zip(self._columns, self._vocabularies, strict=True)
        ):
            if column.name in partial.schema.names:
                tokens = vocabulary.encode(partial, column.name)
                known[:, j] = np.where(tokens == vocabulary.null(), UNKNOWN, tokens)
        return known

    def _forbid_null(self, allowed: dict[int, NDArray[np.float64]]) -> None:
        """A cell that is to be filled gets a value, where the column has any and no other cell
        settles that there is none."""
        for j, vocabulary in enumerate(self._vocabularies):
            null = vocabulary.null()
            if null is not None and vocabulary.size > 1 and j not in allowed:
                allowed[j] = np.ones(vocabulary.size)
                allowed[j][null] = LAST_RESORT

    def _follow_laws(self, allowed: dict[int, NDArray[np.float64]]) -> None:
        """What is asked of a column that follows from another becomes a demand on the other."""
        for law in self._chain.laws:
            if law.child not in allowed:
                continue
            weight = allowed.get(law.parent, np.ones(self._vocabularies[law.parent].size))
            allowed[law.parent] = weight * allowed[law.child][law.child_of]
            if not allowed[law.parent].any():
                names = [self._columns[j].name for j in (law.parent, law.child)]
                raise UsageError(
                    f"The conditions on {names[0]!r} and {names[1]!r} contradict each other: in "
                    "the training rows the first always settles the second. Drop one of them."
                )

    def state(self) -> State:
        return model_state(
            self._calendar, self._columns, self._vocabularies, self._chain, self._facts
        )

    @classmethod
    def from_state(cls, state: State) -> Self:
        with restoring("anyorder"):
            return cls(*model_parts(state))


def _merged(first: NDArray[np.bool_], a: pa.Array, b: pa.Array) -> pa.Array:
    """Rows of `a` where `first`, of `b` elsewhere, each taken in its own order."""
    place = np.where(first, np.cumsum(first) - 1, len(a) + np.cumsum(~first) - 1)
    return pa.concat_arrays([a, b]).take(pa.array(place))


def _filled(partial: Table, drawn: Table) -> Table:
    """The drawn rows with every cell that stood in `partial` put back as it was."""
    arrays: list[pa.Array] = []
    for name in drawn.schema.names:
        new = drawn.column(name)
        if name in partial.schema.names:
            old = partial.column(name)
            kind = old.type if pa.types.is_decimal(old.type) else new.type
            new = pc.coalesce(old.cast(kind), new.cast(kind))
        arrays.append(new)
    return table_of(list(drawn.schema), arrays, drawn.schema.target)

"""The columns that no engine sees: ids, text and constants, made anew for each row.

An id follows its own pattern from the global row number (one that repeats does so here only for
given rows: else see `references`); text becomes surrogates, none of them a
copy; a constant is repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import BadInput, UsageError, did_you_mean, without_values
from augment.core.seeds import Seed
from augment.core.types import Json, Scalar
from augment.kinds.tables.data import identifiers, measurements
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import codes, from_codes
from augment.kinds.tables.personal import surrogates

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Unmodelled:
    """What is remembered of one column: its share of nulls, a constant's value, or the surrogates
    that stand in for its text."""

    column: Column
    null_share: float
    constant: Scalar = None
    texts: tuple[str, ...] = ()

    @classmethod
    def fit(cls, table: Table, source: Table, column: Column, least: int, seed: Seed) -> Self:
        """Reads the column once; a constant or a form of codes that fewer than `least` rows have
        is forgotten. Surrogates are drawn by `seed`, in the locale of the table's schema; none of
        them is a text of `source`, of which `table` may be a part.

        Raises `UsageError` for a kind of text that is not known.
        """
        array = table.column(column.name)
        null_share = array.null_count / max(len(array), 1)
        if column.role == "constant":
            levels = codes(table, column.name)[1]
            if len(levels) > 1:
                raise BadInput(
                    f"column {column.name!r} has the role 'constant' but {len(levels):,} values.",
                    hint=f"Pass --column '{column.name}=category', or drop it.",
                )
            if len(array) - array.null_count < least:  # too few rows share it
                return cls(column, 1.0)
            return cls(column, null_share, constant=levels[0] if levels else None)
        if column.role == "text":
            if column.pii and column.pii not in surrogates.METHODS:
                raise UsageError(
                    f"Column {column.name!r}: there is no kind of text {column.pii!r}. "
                    f"{did_you_mean(column.pii, list(surrogates.METHODS))}"
                )
            locale = table.schema.locale or surrogates.DEFAULT_LOCALE
            own = source.column(column.name)
            made = surrogates.pool(column, array, own, locale, least, seed.child(column.name))
            return cls(column, null_share, texts=tuple(made))
        return cls(column, null_share)

    def make(self, start: int, n: int, seed: Seed, whole: Seed | None = None) -> pa.Array:
        """The column for rows `start` to `start + n`.

        Ids are made by the seed of the `whole` sample, so that no two blocks make the same.
        """
        rng = seed.rng()
        null = rng.random(n) < self.null_share
        if self.column.role == "constant":
            levels: list[Scalar] = [] if self.constant is None else [self.constant]
            return from_codes(self.column, np.where(null | (not levels), -1, 0), levels)
        if self.column.role in ("id", "reference"):
            made = identifiers.render(self.column, start, n, whole or seed)
        else:
            made = self._dealt(start, n, seed)
        return _with_nulls(made, null)

    def _dealt(self, start: int, n: int, seed: Seed) -> pa.Array:
        """Surrogates for rows `start` to `start + n`: all of them once before any comes again."""
        size = len(self.texts)
        rounds, places = np.divmod(np.arange(start, start + n), size)
        picked = np.empty(n, dtype=np.int64)
        for number in np.unique(rounds).tolist():
            order = seed.child("round", number).rng().permutation(size)
            picked[rounds == number] = order[places[rounds == number]]
        return pa.array(self.texts, pa.string()).take(pa.array(picked))

    def to_json(self) -> Json:
        return {"null_share": self.null_share, "constant": self.constant, "texts": list(self.texts)}

    @classmethod
    def from_json(cls, column: Column, document: Any) -> Self:
        """Undo `to_json`. Raises `BadInput` for anything else."""
        try:
            share, texts = float(document["null_share"]), document["texts"]
            constant = document["constant"]
            if not 0 <= share <= 1 or isinstance(constant, (dict, list)):
                raise ValueError("out of range")
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                raise TypeError("surrogates are no list of texts")
            if column.role == "text" and not texts:
                raise ValueError("there are no surrogates")
            unmodelled = cls(column, share, constant, tuple(texts))
            unmodelled.make(0, 1, Seed(0))
        except (KeyError, TypeError, ValueError, ArithmeticError, UsageError) as error:
            raise BadInput(
                f"the model's column {column.name!r} is damaged ({without_values(error)})."
            ) from None
        return unmodelled


def _with_nulls(array: pa.Array, null: NDArray[np.bool_]) -> pa.Array:
    return pc.if_else(pa.array(null), pa.scalar(None, array.type), array)


def unmodelled_columns(
    table: Table, source: Table, least: int, seed: Seed
) -> tuple[Unmodelled, ...]:
    """One for each column that is kept but not modelled; the rest as in `Unmodelled.fit`."""
    return tuple(
        Unmodelled.fit(table, source, column, least, seed)
        for column in table.schema
        if not column.modelled and column.role != "drop"
    )


def modelled(data: Table) -> Table:
    """The columns that an engine sees, or a refusal (`BadInput`) where there are none."""
    data = measurements.parted(data)
    names = [column.name for column in data.schema if column.modelled]
    if not names:
        raise BadInput(
            "there is nothing to model: every column is an id, text or a constant.",
            hint="Give one a role, such as --column NAME=category or --column NAME=numeric.",
        )
    return data.select(names)


def kept(schema: Schema) -> Schema:
    """The schema of what is written: dropped columns are gone."""
    return schema.select([column.name for column in schema if column.role != "drop"])

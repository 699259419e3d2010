"""The columns that no engine sees: ids, text and constants, made anew for each row.

An id follows its own pattern from the global row number (one that repeats does so here only for
given rows: else see `references`); text is invented by Faker and is never a
copy; a constant is repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from augment.base.errors import BadInput, UsageError, did_you_mean
from augment.base.seeds import Seed
from augment.base.types import Json, Scalar
from augment.tables import identifiers
from augment.tables.dataset import Table
from augment.tables.schema import Column, Schema
from augment.tables.values import codes, from_codes

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

POOL = 5_000  # distinct invented texts a block; Faker makes some 20,000 a second
FAKER_METHODS = {  # one for each of `personal.KINDS`
    "": "sentence",
    "sentence": "sentence",
    "email": "safe_email",
    "url": "url",
    "ip": "ipv4",
    "mac": "mac_address",
    "iban": "iban",
    "ssn": "ssn",
    "card": "credit_card_number",
    "phone": "phone_number",
    "first_name": "first_name",
    "last_name": "last_name",
    "user_name": "user_name",
    "address": "address",
    "street": "street_address",
    "company": "company",
    "postcode": "postcode",
    "city": "city",
    "country": "country",
    "job": "job",
    "name": "name",
    "uuid": "uuid4",
}


@dataclass(frozen=True)
class Invention:
    """What is remembered of one column: its share of nulls, a constant's value, text's length."""

    column: Column
    null_share: float
    constant: Scalar = None
    words: int = 0

    @classmethod
    def fit(cls, table: Table, column: Column, least: int = 1) -> Self:
        """Reads the column once; a constant that fewer than `least` rows have is forgotten.

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
            if column.pii not in FAKER_METHODS:
                raise UsageError(
                    f"Column {column.name!r}: there is no kind of text {column.pii!r}. "
                    f"{did_you_mean(column.pii, [name for name in FAKER_METHODS if name])}"
                )
            return cls(column, null_share, words=_typical_words(array))
        return cls(column, null_share)

    def make(self, start: int, n: int, seed: Seed, whole: Seed | None = None) -> pa.Array:
        """The column for rows `start` to `start + n`.

        Ids are made by the seed of the `whole` sample, so that no two blocks make the same.
        """
        import numpy as np

        rng = seed.rng()
        null = rng.random(n) < self.null_share
        if self.column.role == "constant":
            levels: list[Scalar] = [] if self.constant is None else [self.constant]
            return from_codes(self.column, np.where(null | (not levels), -1, 0), levels)
        if self.column.role in ("id", "reference"):
            made = identifiers.render(self.column, start, n, whole or seed)
        else:
            made = self._texts(n, rng, seed)
        return _with_nulls(made, null)

    def _texts(self, n: int, rng: np.random.Generator, seed: Seed) -> pa.Array:
        import pyarrow as pa
        from faker import Faker

        faker = Faker()
        faker.seed_instance(seed.integer())
        method = FAKER_METHODS[self.column.pii]
        arguments = {"nb_words": max(self.words, 1)} if method == "sentence" else {}
        make = getattr(faker, method)
        pool = [str(make(**arguments)).replace("\n", ", ") for _ in range(min(n, POOL))]
        picked = rng.permutation(n) % max(len(pool), 1)
        return pa.array(pool, pa.string()).take(pa.array(picked))

    def to_json(self) -> Json:
        return {"null_share": self.null_share, "constant": self.constant, "words": self.words}

    @classmethod
    def from_json(cls, column: Column, document: Any) -> Self:
        """Undo `to_json`. Raises `BadInput` for anything else."""
        try:
            share, words = float(document["null_share"]), int(document["words"])
            constant = document["constant"]
            if not 0 <= share <= 1 or not 0 <= words <= 1_000 or isinstance(constant, (dict, list)):
                raise ValueError("out of range")
            invention = cls(column, share, constant, words)
            invention.make(0, 1, Seed(0))
        except (KeyError, TypeError, ValueError, ArithmeticError, UsageError) as error:
            raise BadInput(f"the model's column {column.name!r} is damaged ({error}).") from None
        return invention


def _typical_words(array: pa.Array) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.drop_null(array.slice(0, 10_000).cast(pa.string()))
    if not len(texts):
        return 0
    return min(int(pc.mean(pc.list_value_length(pc.utf8_split_whitespace(texts))).as_py()), 200)


def _with_nulls(array: pa.Array, null: NDArray[np.bool_]) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pa.array(null), pa.scalar(None, array.type), array)


def inventions(table: Table, least: int) -> tuple[Invention, ...]:
    """One for each column that is kept but not modelled; `least` as in `Invention.fit`."""
    return tuple(
        Invention.fit(table, column, least)
        for column in table.schema
        if not column.modelled and column.role != "drop"
    )


def kept(schema: Schema) -> Schema:
    """The schema of what is written: dropped columns are gone."""
    return schema.select([column.name for column in schema if column.role != "drop"])

"""`Table`: immutable rows of typed columns, held in Arrow."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import BadInput
from augment.core.types import Dataset, Scalar
from augment.kinds.tables.data.schema import Schema

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Whole:
    """The source of a sample: how many rows it has, and all of them, some at a time, each part with
    those columns of the sample that it has, in types of its own where they differ."""

    rows: int
    parts: Callable[[], Iterator[Table]]


@dataclass(frozen=True, eq=False)
class Table(Dataset):
    """Rows and their schema; `data` has exactly the schema's columns in the schema's order.

    Where the rows are a sample, `counts` tells of categories how many rows of the whole source
    hold each value, and `whole` reads all of them again; what is made of the table keeps neither.
    """

    kind: ClassVar[str] = "table"
    data: pa.Table
    schema: Schema
    counts: Mapping[str, Mapping[Scalar, int]] = field(default_factory=dict)
    whole: Whole | None = None

    def __post_init__(self) -> None:
        assert self.data.column_names == self.schema.names, "table and schema disagree"

    def __len__(self) -> int:
        return int(self.data.num_rows)

    def take(self, rows: NDArray[np.int64]) -> Self:
        return type(self)(self.data.take(pa.array(rows, pa.int64())), self.schema)

    def slice(self, start: int, count: int) -> Table:
        """`count` rows from `start`, without copying."""
        return Table(self.data.slice(start, count), self.schema)

    def replaced(self, rows: NDArray[np.int64], others: Table) -> Table:
        """The table with the rows of another one in the places `rows` (len(others),)."""
        places = np.arange(len(self))
        places[rows] = len(self) + np.arange(len(rows))
        return Table.join([self, others]).take(places) if len(rows) else self

    def select(self, names: list[str]) -> Table:
        return Table(self.data.select(names), self.schema.select(names))

    def with_target(self, target: str | None) -> Table:
        return Table(self.data, self.schema.with_target(target))

    def column(self, name: str) -> pa.Array:
        """One column as a single contiguous array."""
        chunked = self.data.column(name)
        if chunked.num_chunks == 1:
            return chunked.chunk(0)
        if chunked.num_chunks == 0:
            return pa.array([], chunked.type)
        return pa.concat_arrays(chunked.chunks)

    def labels(self) -> list[Scalar] | None:
        if self.schema.target is None:
            return None
        values: list[Scalar] = self.data.column(self.schema.target).to_pylist()
        return values

    def entities(self, least: int = 0) -> NDArray[np.int64] | None:
        """The ids that repeat, or texts that name an owner (e-mail addresses), of the column with
        the fewest; a row without one has that of the column with the next few, and one without
        any stands alone. Columns of fewer than `least` come last, those with the most first."""
        names = [column.name for column in self.schema if column.owned]
        if not names:
            return None
        found = [self.column(name).dictionary_encode() for name in names]
        ids, taken = np.full(len(self), -1, np.int64), 0

        def place(column: pa.DictionaryArray) -> tuple[bool, int]:
            size = len(column.dictionary)
            return (size < least, -size if size < least else size)

        for column in sorted(found, key=place):
            own = pc.fill_null(column.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
            ids = np.where((ids < 0) & (own >= 0), own + taken, ids)
            taken += len(column.dictionary)
        return np.where(ids >= 0, ids, taken + np.arange(len(ids)))

    def digest(self) -> str:
        """SHA-256 over names, types, nulls and values, whatever the chunks of the Arrow table."""
        digest = hashlib.sha256(repr(self.schema.to_json()).encode("utf-8", "surrogatepass"))
        for name in self.schema.names:
            array = self.column(name)
            digest.update(f"\x1e{name}\x1f{array.type}\x1f".encode("utf-8", "surrogatepass"))
            for value in array.to_pylist() if array.type.num_fields else _plain(array):
                digest.update(value if isinstance(value, bytes) else repr(value).encode())
        return digest.hexdigest()

    def to_pandas(self) -> pd.DataFrame:
        """For display and for users: nullable integers stay integers, strings stay strings."""
        import pandas as pd

        nullable = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
        frame: pd.DataFrame = self.data.to_pandas(types_mapper=nullable.get)
        return frame

    @staticmethod
    def join(parts: list[Table]) -> Table:
        """The parts below one another; they share one schema. Integers of which one part goes
        beyond 64 bits are wide in all of them."""
        assert parts, "nothing to join"
        data = pa.concat_tables([part.data for part in parts], promote_options="permissive")
        return Table(data, parts[0].schema)


def _plain(array: pa.Array) -> list[bytes]:
    """The bytes of a flat array in a layout that does not depend on slicing or offsets."""
    valid = pc.is_valid(array).cast(pa.uint8())
    filled = pc.cast(array, pa.large_string()) if _wordy(array.type) else array
    parts = [_value_bytes(valid)]
    if _wordy(array.type):
        texts = pc.fill_null(filled, "")
        parts += [_value_bytes(pc.binary_length(texts)), "".join(texts.to_pylist()).encode()]
    elif pa.types.is_boolean(array.type):
        parts.append(_value_bytes(pc.fill_null(array, False).cast(pa.uint8())))
    else:
        zero = pa.scalar(0, pa.int64()).cast(array.type)
        parts.append(_value_bytes(pc.fill_null(array, zero)))
    return parts


def _wordy(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_decimal(kind)
    )


def _value_bytes(array: pa.Array) -> bytes:
    """The values buffer of an array without nulls."""
    return bytes(array.to_numpy(zero_copy_only=False).tobytes())


def require_rows(table: Table, least: int, where: str) -> None:
    """Refuse a table with fewer than `least` rows."""
    if len(table) < least:
        raise BadInput(
            f"there are {len(table)} rows, and at least {least} are needed.",
            where=where,
            hint="Give a table with more rows.",
        )

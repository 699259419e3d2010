"""Whether a file that declares its types holds what it declares; checked in full before use.

Arrow's readers take offsets, indices and texts on trust, and what is computed from untrue ones
reads memory that is not the file's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pyarrow as pa

from augment.core.errors import BadInput, OutOfResources
from augment.kinds.tables.io.formats.expansion import decoded_bytes, too_large

WAY_OUT = "Take the rows or columns that you need, or write it without compression or as CSV."


@contextmanager
def reading(kind: str, name: str) -> Iterator[None]:
    """Tell what a reader of `kind` (Arrow, Parquet) raises over the file `name` as `BadInput`."""
    try:
        yield
    except MemoryError:  # of Arrow's exceptions too
        raise OutOfResources(
            f"{name}: memory ran out while this {kind} file was unpacked. If it is not larger than "
            "this machine's memory, it is damaged: write it again, or restore a copy. "
            "Else take the rows or columns that you need."
        ) from None
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadInput(
            f"this is no whole {kind} file ({type(error).__name__}).",
            where=name,
            hint="Write it again, or restore a copy.",
        ) from None


def joined(parts: Iterable[pa.Table], schema: pa.Schema, name: str, most: int) -> pa.Table:
    """The parts of a file as one table of valid columns of the types of `schema`.

    Dictionaries that `schema` does not have are decoded. Raises `BadInput` with the place of what
    is damaged, and `OutOfResources` where all takes more than `most` bytes in memory.
    """
    kept: list[pa.Table] = []
    rows = taken = 0
    for part in parts:
        require_valid(part, name, rows)
        rows += part.num_rows
        taken += sum(_bytes(column) for column in part.columns)
        if taken > most:
            raise too_large(name, most, WAY_OUT)
        kept.append(part.cast(schema))
    return pa.concat_tables(kept) if kept else schema.empty_table()


def _bytes(column: pa.ChunkedArray) -> int:
    """What a column takes in memory; of a dictionary, what its values take one by one."""
    if pa.types.is_dictionary(column.type):
        return sum(decoded_bytes(chunk) for chunk in column.chunks)
    return int(column.nbytes)


def require_valid(part: pa.Table, name: str, first: int) -> None:
    """Raise `BadInput` for a part of a file, from row `first` on, that is not as it declares."""
    for field, column in zip(part.schema, part.columns, strict=True):
        row = first
        for chunk in column.chunks:
            try:
                chunk.validate(full=True)
            except (pa.ArrowException, ValueError):
                bad = _undecodable(chunk)
                if bad is not None:
                    raise BadInput(
                        f"the text of column {field.name!r} is no UTF-8.",
                        where=f"{name}, row {row + bad + 1}",
                        hint="Write the column again as UTF-8 text, or pass "
                        f"--column {field.name}=drop.",
                    ) from None
                raise BadInput(
                    f"column {field.name!r} is damaged: it is not as the file declares it.",
                    where=f"{name}, from row {row + 1}",
                    hint="Write the file again, or restore a copy.",
                ) from None
            row += len(chunk)


def _undecodable(values: pa.Array) -> int | None:
    """The first row whose text is no UTF-8; None where that is not what is wrong."""
    if pa.types.is_dictionary(values.type):
        level = _undecodable(values.dictionary)
        if level is None:
            return None
        found = values.indices.to_pylist()
        return found.index(level) if level in found else None
    raw = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}.get(values.type)
    if raw is None:
        return None
    plain = values.view(raw)
    try:
        plain.validate(full=True)
    except (pa.ArrowException, ValueError):
        return None
    for row, text in enumerate(plain.to_pylist()):
        try:
            (text or b"").decode()
        except UnicodeDecodeError:
            return row
    return None

"""JSON Lines: one flat object per line; numbers keep their digits, strings stay strings.

Columns stand in the order in which their keys are first seen; a missing key is a missing value.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from augment.base.errors import BadInput
from augment.tables.dataset import Table
from augment.tables.formats import Format, Raw, ReadOptions, block_rows
from augment.tables.formats.encoding import opened
from augment.tables.formats.rejects import Rejects
from augment.tables.schema import Column, Schema
from augment.tables.text import render

if TYPE_CHECKING:
    import pyarrow as pa


class JsonLines(Format):
    """Objects of strings, numbers, booleans and nulls."""

    suffixes = (".jsonl", ".ndjson", ".jsonlines")
    text = True

    def claims(self, head: bytes) -> bool:
        return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")

    def read(self, path: Path, name: str, options: ReadOptions) -> Raw:
        with opened(path, name, options.encoding) as stream:
            return _read(stream, Rejects(name, options))

    def write(
        self, chunks: Iterator[Table], stream: IO[bytes], schema: Schema, excel_safe: bool
    ) -> None:
        size = block_rows(len(schema))
        for chunk in chunks:
            for start in range(0, len(chunk), size):
                stream.write(_encoded(chunk.slice(start, size)))


class _Number(str):
    """The digits of a JSON number."""

    __slots__ = ()


def _not_finite(token: str) -> None:
    raise ValueError(f"{token} is no JSON number")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("a key stands twice")
    return row


_DECODER = json.JSONDecoder(
    parse_float=_Number, parse_int=_Number, parse_constant=_not_finite, object_pairs_hook=_pairs
)


class _Column:
    """One key's values so far, block by block, and the one kind of value that it may hold."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kind: type | None = None  # str, _Number or bool, once a value was seen
        self.blocks: list[pa.Array] = []


def _read(stream: IO[str], rejects: Rejects) -> Raw:
    import numpy as np
    import pyarrow as pa

    columns: dict[str, _Column] = {}
    starts = array("q")
    rows: list[dict[str, Any]] = []
    whole = 0  # rows in full blocks
    for line, text in enumerate(stream, start=1):
        if not text.strip():
            continue
        try:
            rows.append(_row(text))
        except (ValueError, RecursionError) as error:
            why = f"the line is no flat JSON object ({_reason(error)})."
            rejects.add(line, [text], why, "" if starts else "Is this a JSON Lines file?")
            continue
        starts.append(line)
        if len(rows) >= block_rows(len(rows[-1])):
            _block(columns, rows, starts, whole, rejects)
            whole += len(rows)
            rows = []
    _block(columns, rows, starts, whole, rejects)
    if not columns:
        raise BadInput("there are no rows.", where=rejects.name, hint="Give one object per line.")
    kinds: dict[type | None, str] = {str: "string", bool: "bool", None: "null"}
    arrays = [_whole(column) for column in columns.values()]
    return Raw(
        path=rejects.name,
        table=pa.table(arrays, names=list(columns)),
        declared={c.name: kinds[c.kind] for c in columns.values() if c.kind is not _Number},
        lines=np.array(starts, dtype=np.int64),
        rejected=rejects.lines,
        rejects=tuple(rejects.kept),
    )


def _row(text: str) -> dict[str, Any]:
    """One line as an object. Raises `ValueError` for anything else."""
    row = _DECODER.decode(text.strip("\ufeff \t\r\n"))
    if not isinstance(row, dict):
        raise ValueError("it is no object")
    if "" in row:
        raise ValueError("a key is empty")
    if "\\u" in text:
        for key, value in row.items():
            f"{key}{value}".encode()  # half a surrogate pair is a ValueError
    return row


def _reason(error: Exception) -> str:
    """What the decoder says, without the text that it cites."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, character {error.colno}"
    if isinstance(error, UnicodeEncodeError):
        return "half of a surrogate pair"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _block(
    columns: dict[str, _Column],
    rows: list[dict[str, Any]],
    starts: array[int],
    first: int,
    rejects: Rejects,
) -> None:
    """Move rows into the columns; `first` is the number of the block's first row."""
    import pyarrow as pa

    for key in dict.fromkeys(key for row in rows for key in row):
        if key not in columns:
            columns[key] = _Column(key)
            columns[key].blocks = [pa.nulls(first, pa.string())] if first else []
    for column in columns.values():
        values = [row.get(column.name) for row in rows]
        dropped = rejects.options.columns.get(column.name) == "drop"
        if dropped:
            values = [None] * len(rows)
        # In the order of the rows, so that the first value fixes the kind.
        for kind in dict.fromkeys(type(value) for value in values):
            if kind in (type(None), column.kind):
                continue
            row = next(i for i, value in enumerate(values) if type(value) is kind)
            if column.kind is None and kind not in (dict, list):
                column.kind = kind
            else:
                raise _unfit(column, kind, f"{rejects.name}:{starts[first + row]}")
        column.blocks.append(pa.array(values, pa.bool_() if column.kind is bool else pa.string()))


def _unfit(column: _Column, kind: type, where: str) -> BadInput:
    if kind in (dict, list):
        return BadInput(
            f"column {column.name!r} holds nested values, which a table cannot hold.",
            where=where,
            hint=f"Flatten it first, or pass --column {column.name}=drop.",
        )
    words = {str: "strings", _Number: "numbers", bool: "booleans"}
    first = words[column.kind] if column.kind else "values"
    return BadInput(
        f"column {column.name!r} mixes {first} and {words[kind]}.",
        where=where,
        hint=f"Give it one kind of value, or pass --column {column.name}=drop.",
    )


def _whole(column: _Column) -> pa.ChunkedArray:
    import pyarrow as pa

    kind = pa.bool_() if column.kind is bool else pa.string()
    return pa.chunked_array([block.cast(kind) for block in column.blocks], kind)


def _encoded(table: Table) -> bytes:
    """The rows of a table as the bytes of its lines."""
    import pyarrow.compute as pc

    parts: list[Any] = []
    for number, column in enumerate(table.schema):
        key = json.dumps(column.name, ensure_ascii=False)
        parts += [f"{', ' if number else '{'}{key}: ", _tokens(column, table.column(column.name))]
    return "".join(pc.binary_join_element_wise(*parts, "}\n", "").to_pylist()).encode()


def _tokens(column: Column, values: pa.Array) -> pa.Array:
    """Values as JSON tokens."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.storage == "boolean":
        return pc.fill_null(pc.if_else(values, "true", "false"), "null")
    texts = render(column, values)
    if column.storage in ("string", "datetime"):
        encoded = texts.dictionary_encode()
        quoted = [json.dumps(text, ensure_ascii=False) for text in encoded.dictionary.to_pylist()]
        texts = pa.array(quoted, pa.string()).take(encoded.indices)
    return pc.fill_null(texts, "null")

"""Flat JSON objects as the rows of a table, and back: numbers keep their digits, strings stay
strings.

Columns stand in the order in which their keys are first seen; a missing key is a missing value.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import BadInput
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling.dates import is_number
from augment.kinds.tables.data.spelling.text import render
from augment.kinds.tables.io.formats import Raw, block_rows
from augment.kinds.tables.io.formats.rejects import Rejects


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


DECODER = json.JSONDecoder(
    parse_float=_Number, parse_int=_Number, parse_constant=_not_finite, object_pairs_hook=_pairs
)


class _Column:
    """One key's values so far, block by block, and the one kind of value that it may hold."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kind: type | None = None  # str, _Number or bool, once a value was seen
        self.blocks: list[pa.Array] = []


def gathered(objects: Iterator[tuple[int, dict[str, Any]]], rejects: Rejects, hint: str) -> Raw:
    """The objects, each with the line on which it begins, as columns.

    Raises `BadInput` where there is none (`hint` says how to write one), and for a key with
    nested values or with values of several kinds.
    """
    columns: dict[str, _Column] = {}
    starts = array("q")
    rows: list[dict[str, Any]] = []
    whole = 0  # rows in full blocks
    for line, row in objects:
        rows.append(row)
        starts.append(line)
        if len(rows) >= block_rows(len(row)):
            _block(columns, rows, starts, whole, rejects)
            whole += len(rows)
            rows = []
    _block(columns, rows, starts, whole, rejects)
    if not columns:
        raise BadInput("there are no rows.", where=rejects.name, hint=hint)
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


def checked(value: Any, text: str) -> dict[str, Any]:
    """What `DECODER` made of `text` as the object of a row. Raises `ValueError` for all else."""
    if not isinstance(value, dict):
        raise ValueError("it is no object")
    if "" in value:
        raise ValueError("a key is empty")
    if "\\u" in text:
        for key, cell in value.items():
            f"{key}{cell}".encode()  # half a surrogate pair is a ValueError
    return value


def reason(error: Exception) -> str:
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
    plurals = {str: "strings", _Number: "numbers", bool: "booleans"}
    first = plurals[column.kind] if column.kind else "values"
    return BadInput(
        f"column {column.name!r} mixes {first} and {plurals[kind]}.",
        where=where,
        hint=f"Give it one kind of value, or pass --column {column.name}=drop.",
    )


def _whole(column: _Column) -> pa.ChunkedArray:
    kind = pa.bool_() if column.kind is bool else pa.string()
    return pa.chunked_array([block.cast(kind) for block in column.blocks], kind)


def encoded(table: Table) -> list[str]:
    """Each row of a table as the text of an object."""
    parts: list[Any] = []
    for number, column in enumerate(table.schema):
        key = json.dumps(column.name, ensure_ascii=False)
        parts += [f"{', ' if number else '{'}{key}: ", _tokens(column, table.column(column.name))]
    rows: list[str] = pc.binary_join_element_wise(*parts, "}", "").to_pylist()
    return rows


def _tokens(column: Column, values: pa.Array) -> pa.Array:
    """Values as JSON tokens."""
    if column.storage == "boolean":
        return pc.fill_null(pc.if_else(values, "true", "false"), "null")
    number = is_number(column.format) and column.format[1] != "y"  # which may begin with a zero
    dated = column.storage == "datetime" and not number
    is_text = column.storage == "string" or dated or "string" in column.arrow
    if not is_text:  # a JSON number has neither a currency sign nor a decimal comma
        column = replace(column, prefix="", suffix="", grouping="", point=".")
    texts = render(column, values)
    if is_text:
        encoded = texts.dictionary_encode()
        quoted = [json.dumps(text, ensure_ascii=False) for text in encoded.dictionary.to_pylist()]
        texts = pa.array(quoted, pa.string()).take(encoded.indices)
    return pc.fill_null(texts, "null")

"""Delimited text by Arrow's reader, wherever it is sure to read what the strict reader reads.

Arrow takes text behind a closing quote, and quotes that never close, for granted. So the quotes of
each block are checked first: by induction over them, where the first, third, … stand at
the beginning of a cell or right behind another, and the second, fourth, … before the end of a cell
or right before another, they open and close cells by turns, and both readers are in the same state
at every byte. Line ends outside of quotes are then ends of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from augment.work.threads import in_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK_BYTES = 1 << 21
MOST_ROW_BYTES = 1 << 26
ROWS_PER_TEXT = 2  # on average, from which a column is kept as a dictionary
QUOTE, LINE_FEED, RETURN = ord('"'), ord("\n"), ord("\r")
MARK = "\ufeff".encode()  # Arrow would take it off


class Doubtful(Exception):
    """The strict reader must read this text: it is faulty, or Arrow may read it otherwise."""


@dataclass(frozen=True)
class Rows:
    """Rows as columns of text, null where a cell is empty; `lines` (rows,) holds the line on which
    each begins, `blank` counts the empty lines among them, behind the first row of the text.

    Text is `string`, or from `read` a dictionary of strings."""

    table: pa.Table
    lines: NDArray[np.int64]
    blank: int


@dataclass(frozen=True)
class _Block:
    """Whole rows, and on which of its lines each begins, from 0; `filled` (rows,) are those with
    a character other than their line end."""

    table: pa.Table  # the filled rows
    lines: NDArray[np.int64]  # (rows,)
    filled: NDArray[np.bool_]
    line_count: int


def read(stream: IO[bytes], mark: str, width: int, skipped: int) -> Rows:
    """The rows of UTF-8 text without a byte-order mark, `width` cells each, parted by `mark`;
    `skipped` rows (0 or 1) at the top are left out.

    Columns whose texts repeat come as dictionaries, a block at a time, so that the text of
    only one block is held. Raises `Doubtful` where it is not sure that the strict reader would
    give the same.
    """
    tables: list[pa.Table] = []
    lines: list[NDArray[np.int64]] = []
    repeating: list[bool] = []
    blank = 0
    for rows in blocks(stream, mark, width):
        table = rows.table.slice(skipped)
        if table.num_rows:
            repeating = repeating or _repeating(table)
            tables.append(_encoded(table, repeating))
        lines.append(rows.lines[skipped:])
        blank += rows.blank
        skipped = 0
    if not lines:
        raise Doubtful
    table = pa.concat_tables(tables) if tables else _empty(width)
    return Rows(table, np.concatenate(lines), blank)


def _repeating(table: pa.Table) -> list[bool]:
    """(columns,) Whether the texts of each column repeat, as the first rows show."""
    most = table.num_rows / ROWS_PER_TEXT
    return [pc.count_distinct(column).as_py() <= most for column in table.columns]


def _encoded(table: pa.Table, repeating: list[bool]) -> pa.Table:
    columns = [
        column.dictionary_encode() if repeats else column
        for column, repeats in zip(table.columns, repeating, strict=True)
    ]
    return pa.table(columns, names=table.column_names)


def blocks(stream: IO[bytes], mark: str, width: int) -> Iterator[Rows]:
    """The same block by block; those that came before a `Doubtful` are sure."""
    if width < 2 or not mark.isascii():  # an empty line may be a row of one cell
        raise Doubtful
    line, begun = 1, False
    for block in in_order(lambda content: _block(content, mark, width), _contents(stream)):
        filled = block.filled
        if begun or filled.any():
            leading = 0 if begun else int(np.argmax(filled))
            begun = True
            yield Rows(block.table, block.lines[filled] + line, int((~filled).sum()) - leading)
        line += block.line_count


def _contents(stream: IO[bytes]) -> Iterator[bytes]:
    """The text in blocks of whole rows, as its quotes have it."""
    rest = b""
    while chunk := stream.read(BLOCK_BYTES):
        rest += chunk
        end = _end_of_rows(rest)
        if end:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > MOST_ROW_BYTES:
            raise Doubtful
    if rest:
        yield rest


def _end_of_rows(content: bytes) -> int:
    """Behind the last line feed that an even number of quotes stands before; 0 if there is none."""
    odd = content.count(b'"') % 2
    end = len(content)
    while (found := content.rfind(b"\n", 0, end)) >= 0:
        odd ^= content.count(b'"', found, end) % 2
        if not odd:
            return found + 1
        end = found
    return 0


def _block(content: bytes, mark: str, width: int) -> _Block:
    """The rows of a block. Raises `Doubtful` unless its quotes are as the module says, and where
    a lone carriage return ends a row."""
    if b"\0" in content or content.startswith(MARK):
        raise Doubtful
    data = np.frombuffer(content, np.uint8)
    ends = feeds = np.flatnonzero(data == LINE_FEED)
    quotes = np.flatnonzero(data == QUOTE) if b'"' in content else feeds[:0]
    _require_by_turns(data, quotes, ord(mark))
    if len(quotes):
        feeds = feeds[np.searchsorted(quotes, feeds) % 2 == 0]
    if b"\r" in content:
        returns = np.flatnonzero(data == RETURN)
        lone = returns[np.append(data, 0)[returns + 1] != LINE_FEED]
        if (np.searchsorted(quotes, lone) % 2 == 0).any():
            raise Doubtful
        ends = np.union1d(ends, lone)
    starts = np.concatenate(([0], feeds + 1))
    starts = starts[starts < len(data)]
    first = data[starts]
    filled = (first != LINE_FEED) & (first != RETURN)
    table = _parsed(content, mark, width) if filled.any() else _empty(width)
    if table.num_rows != int(filled.sum()):
        raise Doubtful
    return _Block(table, np.searchsorted(ends, starts), filled, len(ends))


def _require_by_turns(data: NDArray[np.uint8], quotes: NDArray[np.int64], mark: int) -> None:
    if len(quotes) % 2:
        raise Doubtful
    opening, closing = quotes[::2], quotes[1::2]
    before = data[opening[opening > 0] - 1]
    after = data[closing[closing < len(data) - 1] + 1]
    begins = (before == mark) | (before == LINE_FEED) | (before == QUOTE)
    ends = (after == mark) | (after == LINE_FEED) | (after == RETURN) | (after == QUOTE)
    if not (begins.all() and ends.all()):
        raise Doubtful


def _empty(width: int) -> pa.Table:
    return pa.table({str(number): pa.array([], pa.string()) for number in range(width)})


def _parsed(content: bytes, mark: str, width: int) -> pa.Table:
    names = [str(number) for number in range(width)]
    try:
        return csv.read_csv(
            pa.BufferReader(content),
            csv.ReadOptions(column_names=names, block_size=len(content) + 1, use_threads=False),
            csv.ParseOptions(
                delimiter=mark,
                quote_char='"',
                double_quote=True,
                escape_char=False,
                newlines_in_values=True,
                ignore_empty_lines=True,
            ),
            csv.ConvertOptions(
                check_utf8=True,
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowException:  # rows of another width, text that is no UTF-8
        raise Doubtful from None

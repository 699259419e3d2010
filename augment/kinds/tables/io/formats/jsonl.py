"""JSON Lines: one flat object per line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.dialect import Dialect
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.io.formats import (
    Format,
    Raw,
    ReadOptions,
    WriteOptions,
    block_rows,
    records,
)
from augment.kinds.tables.io.formats.encoding import Encoder, encoding_of, opened
from augment.kinds.tables.io.formats.rejects import Rejects

SPELT_ALIKE = ("json", "jsonl")


class JsonLines(Format):
    """Objects of strings, numbers, booleans and nulls."""

    suffixes = (".jsonl", ".ndjson", ".jsonlines")
    text = True
    spelling = frozenset({"encoding"})

    def claims(self, head: bytes) -> bool:
        return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")

    def read(self, path: Path, name: str, options: ReadOptions) -> Raw:
        return read_lines(path, name, options, "jsonl")

    def write(
        self, chunks: Iterator[Table], stream: IO[bytes], schema: Schema, options: WriteOptions
    ) -> None:
        spelt = spelling(schema.dialect, options)
        encoder = Encoder(spelt.encoding)
        for chunk in chunks:
            for rows, names in blocks(chunk):
                text = "".join(f"{row}{spelt.line_end}" for row in rows)
                encoder.write(stream, text, names)


def blocks(chunk: Table) -> Iterator[tuple[list[str], list[str]]]:
    """The rows of a table as objects in text, block by block, and the columns' names."""
    size = block_rows(len(chunk.schema))
    for start in range(0, len(chunk), size):
        yield records.encoded(chunk.slice(start, size)), chunk.schema.names


def spelling(dialect: Dialect | None, options: WriteOptions) -> Dialect:
    """How to write rows that were spelt so, as JSON: a file of CSV says nothing about that."""
    known = dialect if dialect and dialect.format in SPELT_ALIKE else Dialect("json")
    return replace(known, encoding=options.encoding or known.encoding)


def read_lines(path: Path, name: str, options: ReadOptions, format: str) -> Raw:
    """A file with one object a line, which is registered as `format`."""
    rejects = Rejects(name, options)
    ends: Counter[str] = Counter()
    codec = encoding_of(path, name, options)
    with opened(path, name, codec) as stream:
        objects = _objects(stream, rejects, ends)
        raw = records.gathered(objects, rejects, "Give one object per line.")
    end = ends.most_common(1)[0][0] if ends else "\n"
    return replace(raw, dialect=Dialect(format, codec, end, lines=True))


def _objects(
    stream: IO[str], rejects: Rejects, ends: Counter[str]
) -> Iterator[tuple[int, dict[str, Any]]]:
    good = 0
    for line, text in enumerate(stream, start=1):
        ends["\r\n" if text.endswith("\r\n") else "\n"] += 1
        bare = text.strip("\ufeff \t\r\n")
        if not bare:
            continue
        try:
            row = records.checked(records.DECODER.decode(bare), bare)
        except (ValueError, RecursionError) as error:
            why = f"the line is no flat JSON object ({records.reason(error)})."
            rejects.add(line, [text], why, "" if good else _doubt(bare))
            continue
        good += 1
        yield line, row


def _doubt(first: str) -> str:
    """What a file may be of which the first line is no object."""
    if first.startswith("["):
        return "An array of objects is read with --format json."
    return "Is this a JSON Lines file?"

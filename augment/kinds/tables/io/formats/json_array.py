"""JSON: one array of flat objects. A file called .json with one object a line is read as well, and
written back as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from augment.core.errors import BadInput
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.dialect import Dialect
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.io.formats import Format, Raw, ReadOptions, WriteOptions, records
from augment.kinds.tables.io.formats.encoding import Encoder, encoding_of, opened
from augment.kinds.tables.io.formats.jsonl import JsonLines, blocks, read_lines, spelling
from augment.kinds.tables.io.formats.rejects import Rejects

BLANK = " \t\r\n"
BUFFER_CHARACTERS = 1 << 16
HINT = "Give an array of objects: [{...}, {...}]."


class Json(Format):
    """An array of objects of strings, numbers, booleans and nulls."""

    suffixes = (".json",)
    text = True
    spelling = frozenset({"encoding"})

    def claims(self, head: bytes) -> bool:
        bare = head.lstrip(b"\xef\xbb\xbf \t\r\n")
        return bare.startswith(b"[") and bare[1:].lstrip()[:1] in (b"{", b"]")

    def read(self, path: Path, name: str, options: ReadOptions) -> Raw:
        codec = encoding_of(path, name, options)
        with opened(path, name, codec) as stream:
            beginning = stream.read(BUFFER_CHARACTERS)
        if beginning.lstrip("\ufeff" + BLANK).startswith("{"):
            return read_lines(path, name, options, "json")
        with opened(path, name, codec) as stream:
            raw = records.gathered(_objects(stream, name), Rejects(name, options), HINT)
        end = "\r\n" if "\r\n" in beginning else "\n"
        return replace(raw, dialect=Dialect("json", codec, end))

    def write(
        self, chunks: Iterator[Table], stream: IO[bytes], schema: Schema, options: WriteOptions
    ) -> None:
        if schema.dialect and schema.dialect.format == "json" and schema.dialect.lines:
            JsonLines().write(chunks, stream, schema, options)
            return
        spelt = spelling(schema.dialect, options)
        end = spelt.line_end
        encoder = Encoder(spelt.encoding)
        encoder.write(stream, "[", [])
        before = end
        for chunk in chunks:
            for rows, names in blocks(chunk):
                encoder.write(stream, before + f",{end}".join(rows), names)
                before = f",{end}"
        encoder.write(stream, f"{end}]{end}", [])


class _Buffer:
    """The part of a text that is being parsed; it knows on which line of the file it stands."""

    def __init__(self, stream: IO[str], name: str) -> None:
        self.stream, self.name = stream, name
        self.text, self.place, self.line = "", 0, 1
        self.ended = False
        self.more()

    def more(self) -> None:
        """Forget what was parsed, and read as much again as is left, at least a buffer."""
        self.text = self.text[self.place :]
        self.place = 0
        new = self.stream.read(max(BUFFER_CHARACTERS, len(self.text)))
        self.ended = not new
        self.text += new

    def advance(self, to: int) -> None:
        self.line += self.text.count("\n", self.place, to)
        self.place = to

    def next(self) -> str:
        """The next character that is not blank, not yet taken; "" at the end."""
        while True:
            place = self.place
            while place < len(self.text) and self.text[place] in BLANK:
                place += 1
            self.advance(place)
            if place < len(self.text) or self.ended:
                return self.text[place : place + 1]
            self.more()

    def take(self, expected: str, what: str) -> str:
        """Take the next character. Raises `BadInput` where it is none of the expected."""
        found = self.next()
        if not found or found not in expected:
            raise self.refused(what)
        self.advance(self.place + 1)
        return found

    def refused(self, why: str) -> BadInput:
        return BadInput(
            f"this is no array of flat JSON objects ({why}).",
            where=f"{self.name}:{self.line}",
            hint=HINT,
        )


def _objects(stream: IO[str], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of an array one after another, each with the line on which it begins.

    Only one object is held at a time, so that an array may be larger than memory.
    """
    buffer = _Buffer(stream, name)
    buffer.take("[", "it does not begin with [")
    if buffer.next() == "]":
        return
    while True:
        buffer.next()
        yield buffer.line, _object(buffer)
        if buffer.take(",]", "a comma or ] is missing behind an object") == "]":
            break
    if buffer.next():
        raise buffer.refused("text stands behind its end")


def _object(buffer: _Buffer) -> dict[str, Any]:
    """The object that begins here; more text is read until it is whole."""
    if buffer.next() != "{":
        raise buffer.refused("one of its elements is no object")
    while True:
        try:
            value, end = records.DECODER.raw_decode(buffer.text, buffer.place)
            row = records.checked(value, buffer.text[buffer.place : end])
        except json.JSONDecodeError as error:
            if buffer.ended:
                buffer.advance(error.pos)
                raise buffer.refused(error.msg) from None
            buffer.more()
            continue
        except (ValueError, RecursionError) as error:
            raise buffer.refused(records.reason(error)) from None
        buffer.advance(end)
        return row

"""How a text file or workbook spells a table as a whole; a `Column` says how its values are spelt.

A reader records the dialect, a `Schema` and with it every model carries it, and a writer of the
same format follows it, so that what comes out is spelt as what went in.
"""

from __future__ import annotations

import codecs
import dataclasses
from dataclasses import dataclass
from typing import Any

from augment.core.errors import BadInput
from augment.core.types import Json

LINE_ENDS = ("\n", "\r\n", "\r")
NOT_A_DELIMITER = '"\r\n\0'
# Codecs of Python that turn text into bytes but are no encoding that a file of text would have.
ODD_CODECS = ("idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "utf-7")


@dataclass(frozen=True)
class Dialect:
    """The spelling of one file. Fields at their defaults are what is written where none is known.

    `format` is the registered name of the format that was read; a delimiter, for one, is kept
    only where the same format is written. `quoted` names the columns of which every cell stood
    in quotes though it had no need to.
    """

    format: str = "csv"
    encoding: str = "utf-8"  # as Python calls it; "utf-8-sig" begins with a byte-order mark
    line_end: str = "\n"
    delimiter: str = ","
    header: bool = True  # False: the first line is a record, and the columns are c1, c2, …
    quoted: tuple[str, ...] = ()
    quoted_header: bool = False
    quoted_missing: bool = False  # whether missing cells of `quoted` columns stand in quotes too
    lines: bool = False  # of JSON: one object a line rather than an array
    sheet: str = ""  # of a workbook

    def to_json(self) -> Json:
        """Only the format and what differs from the defaults."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name == "format" or getattr(self, field.name) != field.default
        }

    @staticmethod
    def from_json(document: Any) -> Dialect:
        """Undo `to_json`. Raises `BadInput` for what is no dialect."""
        fields = {field.name: field for field in dataclasses.fields(Dialect)}
        if not isinstance(document, dict) or not set(document) <= set(fields):
            raise BadInput("the schema's 'dialect' must be an object with known fields.")
        given = dict(document)
        if isinstance(given.get("quoted"), list):
            given["quoted"] = tuple(given["quoted"])
        for name, value in given.items():
            default = fields[name].default
            if type(value) is not type(default) or (
                isinstance(value, tuple) and not all(isinstance(each, str) for each in value)
            ):
                raise BadInput(f"the schema's dialect has an unfit value in {name!r}.")
        found = Dialect(**given)
        fits = {
            "encoding": encoding_name(found.encoding) is not None,
            "line_end": found.line_end in LINE_ENDS,
            "delimiter": len(found.delimiter) == 1 and found.delimiter not in NOT_A_DELIMITER,
        }
        for name, fit in fits.items():
            if not fit:
                raise BadInput(f"the schema's dialect has an unfit value in {name!r}.")
        return found


def encoding_name(given: str) -> str | None:
    """Python's name of an encoding of text; None for a name that is none.

    >>> encoding_name("Latin1"), encoding_name("rot13"), encoding_name("utf-9")
    ('iso8859-1', None, None)
    """
    try:
        found = codecs.lookup(given)
        "a".encode(found.name)
    except (LookupError, ValueError):  # a ValueError for a name that holds a NUL
        return None
    return None if found.name in ODD_CODECS else found.name

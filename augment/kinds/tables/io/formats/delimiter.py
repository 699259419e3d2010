"""Which character parts the cells of a delimited file: given, or told by its header."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from augment.core.errors import BadInput, UsageError
from augment.kinds.tables.data.dialect import NOT_A_DELIMITER

LIKELY = (",", ";", "\t", "|")  # taken without being asked for, in this order
UNLIKELY = ("^", "~", "\x1f", "\x01", "¦", "§")  # never taken unasked, but never overlooked
SAMPLE_ROWS = 200
DECIMAL = re.compile(r"[-+]?[\d.]*\d,\d+")
SPELT = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}


def found(given: str | None, default: str, text: str, name: str) -> tuple[str, str]:
    """The delimiter and a note about it ("" where it is the expected one).

    `text` is the beginning of the file. A header that parts into several cells under one of the
    likely delimiters, with the sampled rows agreeing, decides; `default` goes first. One that is
    given counts, unless nothing is parted by it and all is by another.
    """
    if given is not None:
        mark = checked(given)
        _require_parting(mark, given, text, name)
        return mark, ""
    marks = dict.fromkeys((default, *LIKELY, *UNLIKELY))
    widths = {mark: widths_of(text, mark) for mark in marks}
    parting = [mark for mark, found in widths.items() if found and found[0] > 1]
    agreeing = [mark for mark in parting if len(set(widths[mark])) == 1]
    agreeing = [mark for mark in agreeing if not _is_decimal(mark, agreeing, text)]
    if default in agreeing or not parting or (default in parting and not agreeing):
        return default, ""
    for mark in agreeing:
        if mark in LIKELY:
            return mark, f"The cells are parted by {spelt(mark)}, as the header shows."
    if default in parting:
        return default, ""
    mark = (agreeing or parting)[0]
    raise BadInput(
        f"the file reads as a single column, yet its header holds {spelt(mark)}.",
        where=f"{name}:1",
        hint=f"Pass --delimiter {mark!r} to part its cells there, or --delimiter {default!r} "
        "if it is one column.",
    )


def _require_parting(mark: str, given: str, text: str, name: str) -> None:
    """Refuse a delimiter that parts nothing in a file of which another parts every row alike."""
    if set(widths_of(text, mark)) - {1}:
        return
    for other in LIKELY:
        widths = widths_of(text, other)
        if len(widths) > 1 and widths[0] > 1 and len(set(widths)) == 1:
            raise UsageError(
                f"--delimiter {given!r}: it does not part the rows of {name}, and each has "
                f"{widths[0]} cells parted by {spelt(other)}. Pass --delimiter {other!r}, or "
                "leave it out; cells that hold it must stand in quotes."
            )


def _is_decimal(mark: str, agreeing: list[str], text: str) -> bool:
    """Whether a comma that parts all rows alike is a decimal mark inside the cells of another
    delimiter that does so too. (Without a header there is no line that has none.)
    """
    if mark != ",":
        return False
    for other in agreeing:
        if other in LIKELY and other != ",":
            cells = [cell for row in rows_of(text, other, SAMPLE_ROWS) for cell in row]
            if all(DECIMAL.fullmatch(cell) for cell in cells if "," in cell):
                return True
    return False


def checked(given: str) -> str:
    """One character that can part cells. Raises `UsageError` for any other."""
    mark = SPELT.get(given.lower(), given)
    if len(mark) != 1 or mark in NOT_A_DELIMITER:
        raise UsageError(
            f"--delimiter {given!r}: expected a single character other than a quote or a line "
            "end, e.g. ';' or 'tab'."
        )
    return mark


def widths_of(text: str, mark: str) -> list[int]:
    """How many cells each of the first rows has under a delimiter; empty where it does not fit."""
    return [len(row) for row in rows_of(text, mark, SAMPLE_ROWS)]


def rows_of(text: str, mark: str, most: int) -> list[list[str]]:
    """The first rows of a text under a delimiter; none where a row does not fit.

    The last row of the text may be cut short, so it does not count unless it is the only one.
    """
    rows: list[list[str]] = []
    try:
        for row in _parsed(text, mark):
            rows.append(row)
            if len(rows) > most:
                break
    except csv.Error as error:
        if "unexpected end" not in str(error):
            return []
    return rows[:-1] if len(rows) > 1 and not text.endswith(("\n", "\r")) else rows


def _parsed(text: str, mark: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    return (row for row in reader if row)


def spelt(mark: str) -> str:
    return {"\t": "a tab", " ": "a space"}.get(mark, repr(mark))

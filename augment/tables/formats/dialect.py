"""Which character parts the cells of a delimited file: given, or told by its header."""

from __future__ import annotations

import csv
import io

from augment.base.errors import BadInput, UsageError

LIKELY = (",", ";", "\t", "|")  # taken without being asked for, in this order
UNLIKELY = ("^", "~", "\x1f", "\x01", "¦", "§")  # never taken unasked, but never overlooked
SAMPLE_ROWS = 200
SPELT = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}


def delimiter(given: str | None, default: str, text: str, name: str) -> tuple[str, str]:
    """The delimiter and a note about it ("" where it is the expected one).

    `text` is the beginning of the file. A header that parts into several cells under one of the
    likely delimiters, with the sampled rows agreeing, decides; the format's own goes first.
    """
    if given is not None:
        return checked(given), ""
    marks = dict.fromkeys((default, *LIKELY, *UNLIKELY))
    widths = {mark: widths_of(text, mark) for mark in marks}
    parting = [mark for mark, found in widths.items() if found and found[0] > 1]
    agreeing = [mark for mark in parting if len(set(widths[mark])) == 1]
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


def checked(given: str) -> str:
    """One character that can part cells. Raises `UsageError` for any other."""
    mark = SPELT.get(given.lower(), given)
    if len(mark) != 1 or mark in '"\r\n\0':
        raise UsageError(
            f"--delimiter {given!r}: expected a single character other than a quote or a line "
            "end, e.g. ';' or 'tab'."
        )
    return mark


def widths_of(text: str, mark: str) -> list[int]:
    """How many cells each of the first rows has under a delimiter; empty where it does not fit.

    The last row of the sample may be cut short, so it does not count unless it is the only one.
    """
    widths: list[int] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True):
            if row:
                widths.append(len(row))
            if len(widths) > SAMPLE_ROWS:
                break
    except csv.Error as error:
        if "unexpected end" not in str(error):
            return []
    return widths[:-1] if len(widths) > 1 and not text.endswith(("\n", "\r")) else widths


def spelt(mark: str) -> str:
    return {"\t": "a tab", " ": "a space"}.get(mark, repr(mark))

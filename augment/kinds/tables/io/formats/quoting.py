"""Which cells of a delimited file stand in quotes, and how its lines end, as its beginning shows.

Readers of CSV take quotes off without a trace, so the beginning is scanned once more for them.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator

from augment.kinds.tables.data.dialect import LINE_ENDS, Dialect
from augment.kinds.tables.data.spelling.text import NULL_TOKENS

MOST_ROWS = 1_000
Cell = tuple[str, bool]  # what stands there without its quotes, and whether it had any


@dataclasses.dataclass
class _Seen:
    """How often the cells of one column stood bare and in quotes."""

    bare: int = 0
    quoted: int = 0  # and had no need to
    missing_bare: int = 0
    missing_quoted: int = 0

    @property
    def always(self) -> bool:
        """Whether all stood in quotes; a column of missing cells goes by those."""
        if self.bare or self.quoted:
            return self.quoted > 0 and not self.bare
        return self.missing_quoted > 0 and not self.missing_bare


def observed(text: str, mark: str, names: list[str], header: bool) -> Dialect:
    """The delimiter, the line ends and the quoting of a file that begins with `text`."""
    seen = [_Seen() for _ in names]
    ends: Counter[str] = Counter()
    quoted_header = False
    for number, (row, end) in enumerate(_rows(text, mark)):
        ends[end] += 1
        if number == 0 and header:
            quoted_header = all(quoted for _, quoted in row)
        elif len(row) == len(names):
            for column, cell in zip(seen, row, strict=True):
                _count(column, *cell, mark)
        if number > MOST_ROWS:
            break
    always = [column.always for column in seen]
    missing = [column for column, all_quoted in zip(seen, always, strict=True) if all_quoted]
    return Dialect(
        delimiter=mark,
        line_end=ends.most_common(1)[0][0] if ends else LINE_ENDS[0],
        header=header,
        quoted=tuple(name for name, all_quoted in zip(names, always, strict=True) if all_quoted),
        quoted_header=quoted_header,
        quoted_missing=any(column.missing_quoted for column in missing)
        and not any(column.missing_bare for column in missing),
    )


def _count(column: _Seen, text: str, quoted: bool, mark: str) -> None:
    if not text or text in NULL_TOKENS:
        column.missing_quoted += quoted
        column.missing_bare += not quoted
    elif not quoted:
        column.bare += 1
    elif not any(c in text for c in ('"', "\r", "\n", mark)):
        column.quoted += 1


def _rows(text: str, mark: str) -> Iterator[tuple[list[Cell], str]]:
    """The rows that end within the text, each with its line end; blank ones are left out."""
    m = re.escape(mark)
    cell = re.compile(
        rf'(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<bare>[^"{m}\r\n][^{m}\r\n]*|))(?P<end>{m}|\r\n|\n|\r)'
    )
    row: list[Cell] = []
    place = 0
    while found := cell.match(text, place):
        place = found.end()
        quoted = found["quoted"] is not None
        row.append((found["quoted"] if quoted else found["bare"], quoted))
        if found["end"] == mark:
            continue
        if found["end"] == "\r" and place == len(text):
            return  # half of a line end, perhaps
        if row != [("", False)]:
            yield row, found["end"]
        row = []

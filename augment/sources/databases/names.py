"""Names of tables and columns, as users and as SQL write them."""

from __future__ import annotations

import re

PART = re.compile(r'("(?:[^"]|"")+")|([^".]+)')
QUOTED = re.compile(rf"(?:{PART.pattern})(?:\.(?:{PART.pattern}))*")


def parts_of(name: str) -> list[str]:
    """The schema, if one is named, and the table. A dot parts them; where it belongs to a name,
    that stands in double quotes, as in SQL.

    >>> parts_of("sales.my orders"), parts_of('sales."a.b"'), parts_of('a"b')
    (['sales', 'my orders'], ['sales', 'a.b'], ['a"b'])
    """
    if QUOTED.fullmatch(name):
        found = [each for pair in PART.findall(name) for each in pair if each]
        return [e[1:-1].replace('""', '"') if e.startswith('"') else e for e in found]
    return name.split(".")


def named(*parts: str) -> str:
    """The same undone: the name by which users find a table, shown and typed as one.

    >>> named("sales", "orders"), named("a.b")
    ('sales.orders', '"a.b"')
    """
    return ".".join(column(part) if "." in part or part[:1] == '"' else part for part in parts)


def quoted(name: str) -> str:
    """A name in SQL.

    >>> quoted("sales.my orders"), quoted('"a.b"')
    ('"sales"."my orders"', '"a.b"')
    """
    return ".".join(map(column, parts_of(name)))


def column(name: str) -> str:
    """The name of a column in SQL, dots and all."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

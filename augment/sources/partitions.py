"""Folders that hold one table in many files, with values of its columns in their names.

Such as `sales/year=2024/region=north/part-0.parquet`, as Hive, Spark, DuckDB and pandas write them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from augment.core.errors import BadInput

MISSING = "__HIVE_DEFAULT_PARTITION__"  # the folder of rows without a value
HIDDEN = "."  # how the names begin of what is no data, such as sums beside files (.part-0.crc)


@dataclass(frozen=True)
class Member:
    """A file of a table, with the columns that the names of its folders give; None is missing."""

    path: Path
    values: tuple[tuple[str, str | None], ...] = ()


def is_partition(name: str) -> bool:
    """Whether a folder's name gives a column its value.

    >>> is_partition("year=2024"), is_partition("=2024"), is_partition("2024")
    (True, False, False)
    """
    return bool(name.partition("=")[0]) and "=" in name


def files_below(folder: Path) -> list[Path]:
    """The files of a folder and of the partitions below it, hidden ones left out, sorted."""
    found: list[Path] = []
    for path in folder.iterdir():
        if path.name.startswith(HIDDEN):
            continue
        if path.is_file():
            found.append(path)
        elif path.is_dir() and is_partition(path.name):
            found += files_below(path)
    return sorted(found)


def members(paths: list[Path], folder: Path) -> list[Member]:
    """The files of one table, each with what the names of its folders below `folder` say.

    Raises `BadInput` for a file that lies in other partitions than the first.
    """
    found = [Member(path, _values(path, folder)) for path in paths]
    for member in found[1:]:
        keys, first = ([key for key, _ in each.values] for each in (member, found[0]))
        if keys != first:
            raise BadInput(
                f"it lies in the partitions {' / '.join(keys) or '(none)'}, and "
                f"{found[0].path} in {' / '.join(first) or '(none)'}.",
                where=str(member.path),
                hint="Files that are read together need the same partitions in the same order.",
            )
    return found


def _values(path: Path, folder: Path) -> tuple[tuple[str, str | None], ...]:
    named = [name for name in path.relative_to(folder).parts[:-1] if is_partition(name)]
    pairs = [name.partition("=") for name in named]
    values = tuple((unquote(key), None if v == MISSING else unquote(v)) for key, _, v in pairs)
    keys = [key for key, _ in values]
    if len(set(keys)) < len(keys):
        raise BadInput(
            "two of its folders give a value of the same column.",
            where=str(path),
            hint="Every partition needs a name of its own.",
        )
    return values

"""`augment.toml`: where it lies, what it says, and on which line."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

from augment.core.errors import UsageError
from augment.core.types import Json
from augment.settings.names import ENGINES, Name

FILE = "augment.toml"
JOBS = "jobs"  # the array of tables, see `jobs.py`
ROOTS = (".git", ".hg", ".svn")


def found(folder: Path, home: Path | None) -> Path | None:
    """The nearest `augment.toml` in the folder or its parents.

    The search ends at the root of the repository, else at the home folder, for those who have one;
    in a folder that is in neither, it looks nowhere else, so that nobody's file in a shared parent
    counts. Folders that may not be entered have none.
    """
    for place in _places(folder, home):
        if os.path.isfile(place / FILE):  # False where it may not be seen  # noqa: PTH113
            return place / FILE
    return None


def _places(folder: Path, home: Path | None) -> list[Path]:
    places = [folder, *folder.parents]
    for number, place in enumerate(places):
        if any(os.path.exists(place / root) for root in ROOTS):  # noqa: PTH110
            return places[: number + 1]
    return places[: places.index(home) + 1] if home in places else places[:1]


def read(path: Path) -> Iterator[tuple[Name, Any, int | None]]:
    """Every key of the file with its value and line, sections opened, those of jobs left out.

    Raises `UsageError` for a file that cannot be read or is no TOML.
    """
    document, text = _parsed(path)
    if _is_jobs(document.get(JOBS)):
        del document[JOBS]
    places = lines(text)
    for name, value in keys(document):
        known = [places[name[:n]] for n in range(len(name), 0, -1) if name[:n] in places]
        yield name, value, next(iter(known), None)


def jobs(path: Path) -> tuple[list[Json], dict[Name, int]]:
    """The tables of `[[jobs]]`, and the lines as `lines` has them. Raises as `read` does."""
    document, text = _parsed(path)
    found = document.get(JOBS)
    return (found if _is_jobs(found) else []), lines(text)


def _is_jobs(found: Any) -> TypeGuard[list[Json]]:
    return isinstance(found, list) and all(isinstance(each, dict) for each in found)


def _parsed(path: Path) -> tuple[Json, str]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text), text
    except OSError as error:
        raise UsageError(f"{path}: the settings cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: the settings are not UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: this is no TOML: {error}.") from None


def keys(document: Json) -> Iterator[tuple[Name, Any]]:
    """Names and values of a document, as deep as settings go: `engines.NAME.key` has three parts,
    every other name two."""
    for section, part in document.items():
        if not isinstance(part, dict):
            yield (section,), part
            continue
        for key, value in part.items():
            if section == ENGINES and isinstance(value, dict):
                yield from (((section, key, last), deep) for last, deep in value.items())
            else:
                yield (section, key), value


def lines(text: str) -> dict[Name, int]:
    """The line on which each key of a valid TOML text, and each of its tables, begins.

    tomllib tells no lines: each statement is parsed by itself, below the header of its table. Jobs
    are numbered: `("jobs", "1", "source")` is of the second one.
    """
    places: dict[Name, int] = {}
    header, statement, start, job = "", "", 1, -1
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        statement += line
        is_header = statement.lstrip().startswith("[")
        try:
            document = tomllib.loads(statement if is_header else header + statement)
        except tomllib.TOMLDecodeError:  # a value of several lines
            continue
        if is_header and _is_jobs(document.get(JOBS)):
            job += 1
        found = [_numbered(name, job) for name in _paths(document)]
        new = [name for name in found if name not in places]
        places |= dict.fromkeys(new, start)
        header = statement if is_header else header
        statement, start = "", number + 1
    return places


def _numbered(name: Name, job: int) -> Name:
    return (JOBS, str(job), *name[1:]) if name[0] == JOBS else name


def _paths(document: Any, head: Name = ()) -> Iterator[Name]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield (*head, key)
            yield from _paths(value, (*head, key))
    elif head == (JOBS,) and _is_jobs(document):
        for table in document:
            yield from _paths(table, head)


def shown(path: Path, folder: Path) -> str:
    """A path as seen from the folder, where that is shorter."""
    seen = os.path.relpath(path, folder)
    return min(str(path), seen, key=len)

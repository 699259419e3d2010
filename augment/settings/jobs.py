"""`[[jobs]]` of an `augment.toml`: runs with a name, each with settings of its own."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from augment.core import parameters
from augment.core.types import Json
from augment.settings import file, names
from augment.settings.job import NEEDED, Job
from augment.settings.names import ENGINES, Name
from augment.settings.resolution import BadSettings, Entry, entries_of
from augment.settings.sections import SECTIONS


@dataclass(frozen=True)
class Listed:
    """A job as a file lists it, and its settings by their names."""

    job: Job
    entries: Mapping[Name, Entry]


def listed(path: Path, folder: Path) -> tuple[Listed, ...]:
    """The jobs of a settings file, with source and out as seen from `folder`; paths in the file
    start where it lies.

    Raises `BadSettings` with all that is wrong: where, which key, and what is expected.
    """
    shown, problems = file.shown(path, folder), list[str]()
    found: list[Listed] = []
    tables, lines = file.jobs(path)
    for number, document in enumerate(tables):
        place = (file.JOBS, str(number))
        near = {name[2:]: line for name, line in lines.items() if name[:2] == place}
        origins = _Origins(shown, lines.get(place), near)
        found.append(_listed(document, origins, number, problems))
    _require_apart(found, shown, problems)
    if problems:
        raise BadSettings(problems)
    return tuple(
        dataclasses.replace(each, job=_seen_from(folder, path.parent, each.job)) for each in found
    )


@dataclass(frozen=True)
class _Origins:
    """Where a job and its keys stand, for messages."""

    shown: str
    begin: int | None
    lines: Mapping[Name, int]

    def of(self, name: Name = ()) -> str:
        known = [self.lines[name[:n]] for n in range(len(name), 0, -1) if name[:n] in self.lines]
        line = known[0] if known else self.begin
        return self.shown if line is None else f"{self.shown}:{line}"


def _listed(document: Json, origins: _Origins, number: int, problems: list[str]) -> Listed:
    fields = {field.name for field in dataclasses.fields(Job)}
    call = {name: value for name, value in document.items() if name in fields}
    rest = {name: value for name, value in document.items() if name not in fields}
    for name in [name for name in rest if name not in (*SECTIONS, ENGINES)]:
        near = names.nearest(name, [*fields, *SECTIONS, ENGINES])
        problems.append(f"{origins.of((name,))}: unknown key {name!r} of a job. {near}".strip())
        del rest[name]
    called = call.get("name") or f"number {number + 1}"
    for name in NEEDED:
        if not call.get(name):
            problems.append(f"{origins.of()}: the job {called} has no {name}.")
    entries = entries_of(rest, origins.of, problems)
    return Listed(_job(call, origins, problems), entries)


def _job(call: Json, origins: _Origins, problems: list[str]) -> Job:
    from pydantic import ValidationError

    from augment.settings.tree import section

    try:
        model = section(file.JOBS, Job, "").model_validate(call)
    except ValidationError as error:
        hints = {field.name: (field, hint) for field, hint in parameters.fields_of(Job)}
        for name in dict.fromkeys(str(each["loc"][0]) for each in error.errors()):
            field, hint = hints[name]
            expected = parameters.expected(hint, parameters.declared(field, hint))
            problems.append(f"{origins.of((name,))}: {name} of a job: expected {expected}.")
        return Job()
    found: Json = model.model_dump(by_alias=True, exclude_unset=True)
    job = Job(**found)
    if job.source == "-":
        problems.append(f"{origins.of(('source',))}: a job reads no standard input. Name a file.")
    return job


def _require_apart(found: list[Listed], shown: str, problems: list[str]) -> None:
    for name in ("name", "out"):
        values = [getattr(each.job, name) for each in found if getattr(each.job, name)]
        for value in dict.fromkeys(value for value in values if values.count(value) > 1):
            problems.append(f"{shown}: several jobs have the {name} {value!r}.")


def _seen_from(folder: Path, base: Path, job: Job) -> Job:
    return dataclasses.replace(
        job, source=_path(folder, base, job.source), out=_path(folder, base, job.out)
    )


def _path(folder: Path, base: Path, path: str) -> str:
    return path if Path(path).is_absolute() else os.path.relpath(folder / base / path, folder)

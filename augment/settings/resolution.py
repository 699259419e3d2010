"""From file and environment to settings: the environment wins over the file, which wins over the
defaults. Flags win over all of them; the command line sees to that."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args, get_origin

from augment.core import registry
from augment.core.errors import UsageError, did_you_mean
from augment.core.parameters import optional, parse
from augment.core.types import Json
from augment.settings import file, names
from augment.settings.names import ENGINES, PREFIX, Name, Setting, dotted, variable
from augment.settings.sections import DEFAULTS, SECTIONS, Settings

CONFIG = "AUGMENT_CONFIG"  # names the file, as --config does
DEFAULT = "default"


class BadSettings(UsageError):
    """Settings that cannot be followed; `problems` says of each where it is and what to do."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        more = len(problems) - 1
        rest = f" There are {more} more problems: see augment config check." if more else ""
        super().__init__(problems[0] + rest)


@dataclass(frozen=True)
class Entry:
    """What a file or the environment says of one setting, and where: "augment.toml:3"."""

    value: Any
    origin: str


@dataclass(frozen=True)
class Resolved:
    """The settings, the file that was read, where each that is no default comes from, and
    sentences on `AUGMENT_*` variables that are no settings."""

    settings: Settings = DEFAULTS
    path: Path | None = None
    origins: Mapping[Name, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def value(self, name: Name) -> Any:
        """The value of a setting of a section."""
        return getattr(getattr(self.settings, name[0]), name[1])

    def rows(self) -> Iterator[tuple[Name, Any, str]]:
        """Every setting with its value and origin, those of all engines here too."""
        from augment.settings.tree import installed_engines

        for name in names.of_sections():
            yield name, self.value(name), self.origins.get(name, DEFAULT)
        for engine in installed_engines():
            given = self.settings.engines.get(engine, {})
            for name, setting in names.of_engine(engine).items():
                value = given.get(name[2], setting.default)
                yield name, value, self.origins.get(name, DEFAULT)


def resolve(
    config: Path | None,
    environment: Mapping[str, str],
    folder: Path,
    home: Path | None,
    job: Mapping[Name, Entry] | None = None,
) -> Resolved:
    """What file and environment settle; `config` names the file, which is looked for if None.

    What a `job` of the file settles wins over the rest of the file.

    Raises `BadSettings` with all that is wrong: where, which key, and the nearest known one or
    what is expected. A variable that is no setting is warned of: it may be another program's.
    """
    if config is None and environment.get(CONFIG):
        config = Path(environment[CONFIG])
    path = file.found(folder, home) if config is None else config
    problems: list[str] = []
    warnings: list[str] = []
    entries: dict[Name, Entry] = {}
    if path is not None:
        entries |= _of_file(path, folder, problems)
    entries |= job or {}
    entries |= _of_environment(environment, problems, warnings)
    settings = _validated(entries, problems) if entries else DEFAULTS
    if problems:
        raise BadSettings(problems)
    if path is not None:
        settings = _relative_to(path.parent, folder, settings, entries)
    origins = {name: entry.origin for name, entry in entries.items()}
    return Resolved(settings, path, origins, tuple(warnings))


def _of_file(path: Path, folder: Path, problems: list[str]) -> dict[Name, Entry]:
    shown, entries = file.shown(path, folder), {}
    for name, value, line in file.read(path):
        origin = shown if line is None else f"{shown}:{line}"
        if _setting(name) is None:
            problems.append(f"{origin}: {_unknown(name)}")
        else:
            entries[name] = Entry(value, origin)
    return entries


def entries_of(
    document: Json, origin: Callable[[Name], str], problems: list[str]
) -> dict[Name, Entry]:
    """The settings of a document of sections, with what is wrong with them; `origin` tells where
    each stands."""
    entries, wrong = {}, len(problems)
    for name, value in file.keys(document):
        if _setting(name) is None:
            problems.append(f"{origin(name)}: {_unknown(name)}")
        else:
            entries[name] = Entry(value, origin(name))
    if entries and len(problems) == wrong:
        _validated(entries, problems)
    return entries


def _engines() -> list[str]:
    return registry.names("engines")


def _setting(name: Name) -> Setting | None:
    """The setting of a name; None for an unknown one."""
    if len(name) == 3 and name[0] == ENGINES and name[1] in _engines():
        return names.of_engine(name[1]).get(name)
    return names.of_sections().get(name)


def _unknown(name: Name) -> str:
    """What is said of a key that no setting has."""
    if name[0] == file.JOBS:
        return "a job begins with [[jobs]], and its settings stand below as [jobs.fitting]."
    if len(name) == 1 and name[0] in (*SECTIONS, ENGINES):
        return f"{name[0]!r} is a section: write [{name[0]}] and its keys below."
    if name in names.RENAMED:
        return f"{dotted(name)!r} is called {dotted(names.RENAMED[name])!r} now."
    known = names.of_sections()
    if name[0] == ENGINES and len(name) > 1:
        if name[1] not in _engines():
            near = did_you_mean(name[1], _engines())
            return f"unknown engine in {dotted(name)!r}. {near}"
        if len(name) == 2:
            return f"{dotted(name)!r} is a section: write [{dotted(name)}] and its keys below."
        known = names.of_engine(name[1])
    near = names.nearest(dotted(name), [dotted(each) for each in known])
    return f"unknown key {dotted(name)!r}. {near}".strip()


def _of_environment(
    environment: Mapping[str, str], problems: list[str], warnings: list[str]
) -> dict[Name, Entry]:
    """The `AUGMENT_*` variables; an empty one is as good as none."""
    entries = {}
    known = {variable(name): setting for name, setting in names.of_sections().items()}
    renamed = {variable(old): variable(new) for old, new in names.RENAMED.items()}
    for key in sorted(environment):
        if not key.startswith(PREFIX) or not environment[key] or key == CONFIG:
            continue
        if key not in known and key.startswith(variable((ENGINES, ""))):
            known |= _engine_variables(key)
        setting = known.get(key)
        if key in renamed:
            problems.append(f"{key} is called {renamed[key]} now.")
            continue
        if setting is None:
            near = names.nearest(key, [*known, CONFIG])
            warnings.append(f"{key}: there is no such setting, so it does nothing. {near}".strip())
            continue
        try:
            entries[setting.name] = Entry(_read(environment[key], setting, key), key)
        except UsageError as error:
            problems.append(str(error))
    return entries


def _engine_variables(key: str) -> dict[str, Setting]:
    """The variables of the engine that one of them names, if there is one."""
    for engine in sorted(_engines(), key=len, reverse=True):
        if key.startswith(variable((ENGINES, engine, ""))):
            return {variable(name): each for name, each in names.of_engine(engine).items()}
    return {}


def _read(text: str, setting: Setting, key: str) -> Any:
    """A variable's text as a value. Several texts are a JSON array; one may stand alone."""
    inner = optional(setting.hint)[0]
    if setting.declared.counts:
        return None if text.lower() == "none" else text  # validated as a file's is
    if get_origin(inner) is not tuple or get_args(inner)[0] is not str:
        return parse(text, setting.hint, key)
    if not text.lstrip().startswith("["):
        return (text,)
    try:
        return tuple(str(each) for each in json.loads(text))
    except ValueError:
        raise UsageError(f'{key}: write several as a JSON array: ["a", "b"].') from None


def _validated(entries: Mapping[Name, Entry], problems: list[str]) -> Settings:
    from pydantic import ValidationError

    from augment.settings.tree import tree

    document: dict[str, Any] = {}
    for name, entry in entries.items():
        place = document
        for part in name[:-1]:
            place = place.setdefault(part, {})
        place[name[-1]] = entry.value
    try:
        model = tree(document.get(ENGINES, {})).model_validate(document)
    except ValidationError as error:
        for name in dict.fromkeys(_name_of(each["loc"], entries) for each in error.errors()):
            entry, setting = entries[name], _setting(name)
            shown = json.dumps(entry.value, ensure_ascii=False, default=str)
            expected = "" if setting is None else setting.expected
            problems.append(f"{entry.origin}: {dotted(name)} = {shown}: expected {expected}.")
        return DEFAULTS
    found: Json = model.model_dump(by_alias=True, exclude_unset=True)
    engines = found.pop(ENGINES, {})
    sections = {name: SECTIONS[name](**values) for name, values in found.items()}
    return Settings(**sections, engines=engines)


def _name_of(place: tuple[int | str, ...], entries: Mapping[Name, Entry]) -> Name:
    """The entry that pydantic means by a place in the document."""
    parts = tuple(str(part) for part in place)
    return next(parts[:n] for n in range(len(parts), 0, -1) if parts[:n] in entries)


def _relative_to(
    base: Path, folder: Path, settings: Settings, entries: Mapping[Name, Entry]
) -> Settings:
    """The same with paths of the file taken from where the file lies, as seen from `folder`."""
    changed: dict[str, Any] = {}
    for name, entry in entries.items():
        setting = names.of_sections().get(name)
        if (
            setting is None
            or optional(setting.hint)[0] is not Path
            or entry.origin == variable(name)
        ):
            continue
        section = changed.get(name[0], getattr(settings, name[0]))
        path: Path = getattr(section, name[1])
        if not path.is_absolute():
            path = Path(os.path.relpath(folder / base / path, folder))
        changed[name[0]] = replace(section, **{name[1]: path})
    return replace(settings, **changed)

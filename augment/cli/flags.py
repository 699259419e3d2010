"""Flags that are settings: made of the tree's declarations, with file and environment for their
defaults."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer
from typer.models import OptionInfo

from augment.cli.terminal import say
from augment.core import counts
from augment.core.folders import home_folder, working_folder
from augment.core.parameters import Parameter, expected, optional, setting_of
from augment.core.types import Json
from augment.settings import names
from augment.settings.jobs import Listed
from augment.settings.names import Name
from augment.settings.resolution import Resolved, resolve

JOB = "job"  # where there a job's settings lie, for each of `run --job` and `--all-jobs`
SETTINGS = "settings"  # where in the context's object a command's flags lie; typer uses it, too


@dataclass(frozen=True)
class Configured(Resolved):
    """The settings of one command, which knows where the values of its flags come from."""

    context: typer.Context | None = field(default=None, compare=False, repr=False)

    def settled(self, parameter: str) -> bool:
        """Whether file or environment, and no flag, gave a parameter of the command its value."""
        if self.context is None:
            return False
        source = self.context.get_parameter_source(parameter)
        return source is not None and source.name == "DEFAULT_MAP"

    def suited(self, options: Json, known: frozenset[str]) -> Json:
        """The options without those that are settled once for all kinds of data, and are not for
        this one, which knows `known`. What a flag asks for stays, and is refused."""
        return {
            name: value
            for name, value in options.items()
            if name in known or not self.settled(setting_of(name))
        }


BUILT_IN = Configured()  # no file, no variable


class Flag(OptionInfo):
    """An option of typer's that knows which setting it is."""

    def __init__(self, setting: Name, **given: Any) -> None:
        super().__init__(default=..., **given)
        self.setting = setting


def flag(setting: str, *words: str, **more: Any) -> Any:
    """The option of a setting of a section, under these words; help and range are the setting's."""
    section, _, name = setting.partition(".")
    found = names.of_sections()[section, name]
    if found.declared.counts:
        more |= {"parser": _counted(found.hint, found.declared), "metavar": "N"}
    elif optional(found.hint)[0] in (int, float):
        more |= {"min": found.declared.range.least, "max": found.declared.range.most}
        if found.declared.range.above is not None:  # which typer has no word for
            more["callback"] = _checked(found.hint, found.declared)
    if found.default is False:
        more["show_default"] = False
    return Flag(found.name, param_decls=words, help=found.declared.help, **more)


def _counted(hint: Any, declared: Parameter) -> Callable[[Any], int]:
    """A parser of counts as `core.counts` takes them, within the range."""

    def count(value: Any) -> int:
        number = counts.whole(str(value))
        if number is None or number not in declared.range:
            raise typer.BadParameter(f"expected {expected(hint, declared)}")
        return number

    return count


def _checked(hint: Any, declared: Parameter) -> Callable[[Any], Any]:
    """A callback that refuses numbers outside of the range, in the name of the flag."""

    def check(value: Any) -> Any:
        if value is not None and value not in declared.range:
            raise typer.BadParameter(f"expected {expected(hint, declared)}")
        return value

    return check


def settings_of(parameters: Mapping[str, Any]) -> dict[str, Name]:
    """The settings of a command's parameters, from their annotations."""
    return {
        name: info.setting
        for name, annotation in parameters.items()
        for info in getattr(annotation, "__metadata__", ())
        if isinstance(info, Flag)
    }


def settings_file(given: str | Resolved) -> Path | Resolved:
    """The value of `--config` before the file is read; typer hands the default through, too."""
    return given if isinstance(given, Resolved) else Path(given)


def resolved(context: typer.Context, config: Any) -> Configured:
    """Of `--config`: resolve the settings, and let the command's flags default to them.

    Warns of variables that are no settings: another program's, or misspelt.
    """
    path = config if isinstance(config, Path) else None
    job: Listed | None = context.obj.get(JOB)
    entries = None if job is None else job.entries
    found = resolve(path, os.environ, working_folder(), home_folder(), entries)
    flags: Mapping[str, Name] = context.obj[SETTINGS]
    several = {each.name for each in context.command.params if getattr(each, "multiple", False)}
    context.default_map = {
        name: _as_given(found.value(setting), name in several)
        for name, setting in flags.items()
        if setting in found.origins
    }
    warn(found)
    return Configured(found.settings, found.path, found.origins, found.warnings, context)


def warn(found: Resolved) -> None:
    """Say on standard error which variables are no settings."""
    for warning in found.warnings:
        say(f"augment: warning: {warning}", prose=True)


def _as_given(value: Any, several: bool) -> Any:
    """A value as a flag gives it: several are a list, and paths are texts."""
    if isinstance(value, tuple):
        return list(value)
    value = str(value) if isinstance(value, Path) else value
    return [value] if several and value is not None else value

"""Flags that are settings: made of the tree's declarations, with file and environment for their
defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from typer.models import OptionInfo

from augment.core.parameters import optional
from augment.settings import names
from augment.settings.names import Name
from augment.settings.resolution import Resolved, resolve

SETTINGS = "settings"  # where in the context's object a command's flags lie; typer uses it, too
BUILT_IN = Resolved()  # no file, no variable


class Flag(OptionInfo):
    """An option of typer's that knows which setting it is."""

    def __init__(self, setting: Name, **given: Any) -> None:
        super().__init__(default=..., **given)
        self.setting = setting


def flag(setting: str, *words: str, **more: Any) -> Any:
    """The option of a setting of a section, under these words; help and range are the setting's."""
    section, _, name = setting.partition(".")
    found = names.of_sections()[section, name]
    if optional(found.hint)[0] in (int, float):
        more |= {"min": found.declared.range.least, "max": found.declared.range.most}
    if found.default is False:
        more["show_default"] = False
    return Flag(found.name, param_decls=words, help=found.declared.help, **more)


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


def resolved(context: typer.Context, config: Any) -> Resolved:
    """Of `--config`: resolve the settings, and let the command's flags default to them."""
    path = config if isinstance(config, Path) else None
    found = resolve(path, os.environ, Path.cwd(), Path.home())
    flags: Mapping[str, Name] = context.obj[SETTINGS]
    context.default_map = {
        name: _as_given(found.value(setting))
        for name, setting in flags.items()
        if setting in found.origins
    }
    return found


def _as_given(value: Any) -> Any:
    """A value as a flag gives it: several are a list, and paths are texts."""
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value

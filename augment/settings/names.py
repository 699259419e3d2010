"""The names of settings: `section.name`, or `engines.ENGINE.name`, and their variables."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from augment.core import parameters, registry
from augment.core.parameters import Parameter
from augment.settings.sections import SECTIONS

PREFIX = "AUGMENT_"
ENGINES = "engines"
Name = tuple[str, ...]
RENAMED: dict[Name, Name] = {  # the old names are refused with the new ones
    ("gates", "run"): ("gates", "fail"),
    ("gates", "evaluate"): ("gates", "fail"),
}


@dataclass(frozen=True)
class Setting:
    """One setting: its name, type, default, and what is declared of it."""

    name: Name
    hint: Any
    default: Any
    declared: Parameter

    @property
    def expected(self) -> str:
        """What its values are, in words."""
        return parameters.expected(self.hint, self.declared)


def dotted(name: Name) -> str:
    """As messages spell it, and as a file may.

    >>> dotted(("reading", "max_bad"))
    'reading.max_bad'
    """
    return ".".join(name)


def variable(name: Name) -> str:
    """Its environment variable.

    >>> variable(("engines", "ctgan", "batch_size"))
    'AUGMENT_ENGINES_CTGAN_BATCH_SIZE'
    """
    return PREFIX + "_".join(name).replace("-", "_").upper()


def _settings(name: Name, declaration: type[Any]) -> dict[Name, Setting]:
    return {
        (*name, field.name): Setting(
            (*name, field.name), hint, field.default, parameters.declared(field, hint)
        )
        for field, hint in parameters.fields_of(declaration)
    }


@cache
def of_sections() -> dict[Name, Setting]:
    """The settings of every section but those of engines."""
    found: dict[Name, Setting] = {}
    for name, declaration in SECTIONS.items():
        found |= _settings((name,), declaration)
    return found


def of_engine(name: str) -> dict[Name, Setting]:
    """The parameters of an engine as settings. Raises `UsageError` for an unknown engine."""
    return _settings((ENGINES, name), registry.find("engines", name))


def nearest(name: str, known: Iterable[str]) -> str:
    """A closing sentence with the nearest known name; one of another section counts too.

    >>> nearest("fitting.holdout", ["scoring.holdout", "fitting.engine"])
    "Did you mean 'scoring.holdout'?"
    """
    names = list(known)
    last = name.rpartition(".")[2]
    found = [each for each in names if each.rpartition(".")[2] == last]
    found = found or difflib.get_close_matches(name, names, n=1, cutoff=0.7)
    if not found:
        ends = {each.rpartition(".")[2]: each for each in reversed(names)}
        found = [ends[end] for end in difflib.get_close_matches(last, list(ends), 1, 0.7)]
    return f"Did you mean {found[0]!r}?" if found else ""

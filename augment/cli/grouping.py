"""Options in groups: a dataclass in a command's signature stands for all of its fields."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints

from augment.core.types import Json


def expanded(command: Callable[..., None]) -> Callable[..., None]:
    """Give typer a flat signature: a parameter that is a dataclass becomes its fields."""
    hints = get_type_hints(command, include_extras=True)
    flat: list[Parameter] = []
    groups: dict[str, tuple[type[Any], list[str]]] = {}
    for parameter in signature(command).parameters.values():
        kind = hints[parameter.name]
        if not is_dataclass(kind):
            flat.append(parameter.replace(annotation=kind, kind=Parameter.KEYWORD_ONLY))
            continue
        inner = get_type_hints(kind, include_extras=True)
        assert isinstance(kind, type)
        groups[parameter.name] = kind, list(inner)
        flat += [
            Parameter(f.name, Parameter.KEYWORD_ONLY, default=f.default, annotation=inner[f.name])
            for f in fields(kind)
        ]

    @functools.wraps(command)
    def call(**given: Any) -> None:
        for name, (kind, members) in groups.items():
            given[name] = kind(**{member: given.pop(member) for member in members})
        command(**given)

    del call.__wrapped__  # typer would read the signature behind it
    call.__signature__ = Signature(flat)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in flat}
    return call


def options_given(group: object) -> Json:
    """What of a group of options was given."""
    return {name: value for name, value in vars(group).items() if value is not None}

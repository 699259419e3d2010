"""Finds kinds, engines, metrics and formats by name, built-in or from a plugin.

Everything registers through entry points, the built-ins too; listing imports nothing.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from functools import cache
from importlib import metadata
from typing import Any, get_args, get_origin

from augment.core.errors import MissingExtra, UsageError, did_you_mean
from augment.core.types import Engine, Json

DISTRIBUTIONS = {"sklearn": "scikit-learn", "PIL": "pillow"}  # where the module's name differs
GROUPS = ("kinds", "engines", "metrics", "image_metrics", "formats")


@cache
def _points(group: str) -> dict[str, metadata.EntryPoint]:
    assert group in GROUPS, group
    return {point.name: point for point in metadata.entry_points(group=f"augment.{group}")}


def names(group: str) -> list[str]:
    """Registered names of a group, sorted, without importing any of them."""
    return sorted(_points(group))


def find(group: str, name: str) -> Any:
    """The registered object. Raises `UsageError` with the nearest name for an unknown one."""
    points = _points(group)
    if name not in points:
        word = group.removesuffix("s")
        raise UsageError(f"There is no {word} {name!r}. {did_you_mean(name, names(group))}")
    try:
        return points[name].load()
    except ModuleNotFoundError as error:
        module = (error.name or "").split(".")[0]
        if module == "augment":
            raise
        raise MissingExtra(
            f"{name!r} needs the Python package {module!r}, which is not installed. "
            f"Install it with: pip install {DISTRIBUTIONS.get(module, module)}"
        ) from error
    except (ImportError, AttributeError) as error:
        raise MissingExtra(f"{name!r} ({points[name].value}) cannot be loaded: {error}.") from error


def engine(name: str, parameters: dict[str, str] | None = None) -> Engine[Any]:
    """An engine's recipe with its `-p name=value` texts parsed by the fields' types."""
    recipe = find("engines", name)
    return typing.cast("Engine[Any]", recipe(**parse_parameters(recipe, parameters or {})))


def described(name: str, parameters: bool) -> Json:
    """An engine's facts as JSON, with its parameters, types, defaults and help where asked for."""
    recipe = find("engines", name)
    about = dataclasses.asdict(recipe.about)
    about["conditions"] = sorted(about["conditions"])
    about["needs"] = list(about["needs"])
    if parameters:
        hints = typing.get_type_hints(recipe)
        about["parameters"] = [
            {
                "name": field.name,
                "type": _type_name(hints[field.name]),
                "default": field.default,
                "help": field.metadata.get("help", ""),
            }
            for field in dataclasses.fields(recipe)
        ]
    return about


def _type_name(hint: Any) -> str:
    if get_origin(hint) is typing.Literal:
        return "|".join(str(choice) for choice in get_args(hint))
    return hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)


def parse_parameters(recipe: type[Engine[Any]], texts: dict[str, str]) -> dict[str, Any]:
    """Texts to typed values by the recipe's fields; unknown names and bad values are refused."""
    hints = typing.get_type_hints(recipe)
    known = {f.name: hints[f.name] for f in dataclasses.fields(recipe)}
    values: dict[str, Any] = {}
    for name, text in texts.items():
        if name not in known:
            raise UsageError(
                f"Engine {recipe.about.name!r} has no parameter {name!r}. "
                f"{did_you_mean(name, sorted(known))}"
            )
        values[name] = _parse(text, known[name], f"-p {name}={text}")
    return values


def _parse(text: str, hint: Any, where: str) -> Any:
    """One text to one value of a plain type: bool, int, float, str, Literal, tuple, X | None."""
    origin = get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        inner = [a for a in get_args(hint) if a is not type(None)]
        return None if text.lower() in ("none", "") else _parse(text, inner[0], where)
    if origin is typing.Literal:
        if text not in get_args(hint):
            raise UsageError(f"{where}: {did_you_mean(text, [str(a) for a in get_args(hint)])}")
        return text
    if origin is tuple:
        return tuple(_parse(part, get_args(hint)[0], where) for part in text.split(",") if part)
    if hint is bool:
        if text.lower() not in ("true", "false", "yes", "no", "1", "0"):
            raise UsageError(f"{where}: expected true or false.")
        return text.lower() in ("true", "yes", "1")
    try:
        return hint(text)
    except ValueError:
        raise UsageError(f"{where}: expected {_WORDS.get(hint, hint.__name__)}.") from None


_WORDS = {int: "a whole number", float: "a number"}

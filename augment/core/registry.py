"""Finds kinds, engines, metrics, formats and layouts by name, built-in or from a plugin.

Everything registers through entry points, the built-ins too; listing imports nothing.
"""

from __future__ import annotations

import dataclasses
import typing
from functools import cache
from importlib import metadata, util
from typing import Any

from augment.core import parameters
from augment.core.errors import MissingExtra, UsageError, did_you_mean, is_lack_of_memory
from augment.core.types import About, Engine, Json

DISTRIBUTIONS = {"sklearn": "scikit-learn", "PIL": "pillow"}  # where the module's name differs
GROUPS = (
    "kinds",
    "engines",
    "metrics",
    "formats",
    "layouts",
    "executors",
    "transforms",  # by the kind of data that they transform
    "edits",  # likewise
    "lifts",  # by the kind of data that is trained on
    "profiles",  # by the kind of data whose drift they tell
)


@cache
def _points(group: str) -> dict[str, metadata.EntryPoint]:
    assert group in GROUPS, group
    return {point.name: point for point in metadata.entry_points(group=f"augment.{group}")}


def names(group: str) -> list[str]:
    """Registered names of a group, sorted, without importing any of them."""
    return sorted(_points(group))


def names_for(group: str, kind: str) -> list[str]:
    """Names of a group whose entries are called `kind.name`, those of one kind without it."""
    return sorted(
        name.removeprefix(f"{kind}.") for name in _points(group) if name.startswith(f"{kind}.")
    )


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
        if is_lack_of_memory(error):
            raise
        raise MissingExtra(f"{name!r} ({points[name].value}) cannot be loaded: {error}.") from error


def engine(
    name: str, texts: dict[str, str] | None = None, settings: Json | None = None
) -> Engine[Any]:
    """An engine's recipe with its `-p name=value` texts parsed by the fields' types.

    `settings` are values of fields that the texts do not name. Raises `UsageError` for an unknown
    name, and for a value out of range.
    """
    recipe = find("engines", name)
    values = {**(settings or {}), **parse_parameters(recipe, texts or {})}
    return typing.cast("Engine[Any]", recipe(**values))


def require_libraries(about: About) -> None:
    """Refuse an engine whose packages are not installed, before a fit begins; imports none.

    Raises `MissingExtra`.
    """
    for package in about.needs:
        if util.find_spec(package) is None:
            known = DISTRIBUTIONS.get(package, package)
            what = f"'augment-synth[{about.extra}]'" if about.extra else known
            raise MissingExtra(
                f"Engine {about.name!r} needs the Python package {package!r}, which is not "
                f"installed. Install it with: pip install {what}"
            )


def described(name: str, detailed: bool) -> Json:
    """An engine's facts as JSON, with all that is declared of its parameters where asked for."""
    recipe = find("engines", name)
    about = dataclasses.asdict(recipe.about)
    about["conditions"] = sorted(about["conditions"])
    about["needs"] = list(about["needs"])
    if detailed:
        about["parameters"] = [_described(*each) for each in parameters.fields_of(recipe)]
    return about


def _described(field: dataclasses.Field[Any], hint: Any) -> Json:
    found = parameters.declared(field, hint)
    return {
        "name": field.name,
        "type": parameters.type_name(hint),
        "default": field.default,
        "expected": parameters.expected(hint, found),
        "search": parameters.search_document(found.search),
        "help": found.help,
    }


def parse_parameters(recipe: type[Engine[Any]], texts: dict[str, str]) -> dict[str, Any]:
    """Texts to typed values by the recipe's fields; unknown names and bad values are refused."""
    known = {field.name: hint for field, hint in parameters.fields_of(recipe)}
    values: dict[str, Any] = {}
    for name, text in texts.items():
        if name not in known:
            raise UsageError(
                f"Engine {recipe.about.name!r} has no parameter {name!r}. "
                f"{did_you_mean(name, sorted(known))}"
            )
        values[name] = parameters.parse(text, known[name], f"-p {name}={text}")
    return values

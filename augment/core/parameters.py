"""Options of recipes and settings: a default, help, the values that make sense, and where to
search for better ones. They are declared as fields of frozen dataclasses, by `parameter`."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

from augment.core.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from augment.core.json import Json

TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0")
NOUNS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text",
    Path: "a path",
}


@dataclass(frozen=True)
class Range:
    """The numbers that a parameter may be; each end is optional, and `above` is an open one.

    `multiple` is what they are multiples of.

    >>> str(Range(least=1, most=64)), str(Range(above=0)), 0 in Range(above=0)
    ('from 1 to 64', 'above 0', False)
    >>> str(Range(least=8, multiple=8)), 12 in Range(least=8, multiple=8)
    ('a multiple of 8, at least 8', False)
    """

    least: float | None = None
    most: float | None = None
    above: float | None = None
    multiple: int | None = None

    def __contains__(self, value: float) -> bool:
        return (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.multiple is None or value % self.multiple == 0)
        )

    def __str__(self) -> str:
        step = "" if self.multiple is None else f"a multiple of {self.multiple}"
        return ", ".join(part for part in (step, self._ends()) if part)

    def _ends(self) -> str:
        low = f"above {_plain(self.above)}" if self.above is not None else ""
        if self.least is not None:
            low = f"at least {_plain(self.least)}"
        if self.most is None:
            return low
        if self.least is not None:
            return f"from {_plain(self.least)} to {_plain(self.most)}"
        high = f"at most {_plain(self.most)}"
        return f"{low} and {high}" if low else high


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:,.15g}"


@dataclass(frozen=True)
class Between:
    """A search space of numbers from `low` to `high`, even in the logarithm if `log`."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class OneOf:
    """A search space of a few values."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Form:
    """How a text is to be written: a pattern for programs, and the same in words."""

    pattern: str
    description: str


@dataclass(frozen=True)
class Parameter:
    """What is declared of a field beside its type and default."""

    help: str
    range: Range = Range()
    search: Between | OneOf | None = None  # None: nothing that a search should turn
    form: Form | None = None
    changes_loss: bool = False  # of held-out rows: losses at two values cannot be compared
    searched: bool = True  # False: a choice that is the user's, such as what a device is for
    counts: bool = False  # rows, which may be written as 10k


_KEY = "parameter"


def parameter(
    default: Any,
    help: str,
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    multiple: int | None = None,
    search: Between | OneOf | None = None,
    form: Form | None = None,
    changes_loss: bool = False,
    searched: bool = True,
    counts: bool = False,
) -> Any:
    """A dataclass field that is an option.

    `least`, `most`, `above` and `multiple` bound a number, or each of a tuple of numbers.
    `changes_loss` says that fits with two values of it have held-out losses of two scales, and
    `searched` whether choices are a search space of themselves; `counts` that a whole number may
    be written as in `core.counts`.
    """
    bounds = Range(least, most, above, multiple)
    declared = Parameter(help, bounds, search, form, changes_loss, searched, counts)
    return dataclasses.field(default=default, metadata={_KEY: declared, "help": help})


def fields_of(declaration: type[Any]) -> list[tuple[dataclasses.Field[Any], Any]]:
    """The fields of a dataclass, each with its type."""
    hints = typing.get_type_hints(declaration)
    return [(field, hints[field.name]) for field in dataclasses.fields(declaration)]


def declared(field: dataclasses.Field[Any], hint: Any) -> Parameter:
    """What is declared of a field; choices are a search space of themselves."""
    found = field.metadata.get(_KEY)
    if not isinstance(found, Parameter):  # a plugin's plain field
        found = Parameter(field.metadata.get("help", ""))
    few = choices(hint)
    if found.search is None and few and found.searched:
        return dataclasses.replace(found, search=OneOf(few))
    return found


def choices(hint: Any) -> tuple[Any, ...]:
    """All values of a type that has few: a boolean or a `Literal`; of others ()."""
    inner = optional(hint)[0]
    if inner is bool:
        return (False, True)
    return get_args(inner) if get_origin(inner) is typing.Literal else ()


def optional(hint: Any) -> tuple[Any, bool]:
    """`X | None` as X and True, any other type as itself and False."""
    if get_origin(hint) in (typing.Union, types.UnionType):
        inner = [each for each in get_args(hint) if each is not type(None)]
        return inner[0], len(inner) < len(get_args(hint))
    return hint, False


def setting_of(option: str) -> str:
    """The setting that gives a reading option; one that may be given often names one of several.

    >>> setting_of("columns"), setting_of("encoding")
    ('column', 'encoding')
    """
    return {"columns": "column", "caption_columns": "caption_column"}.get(option, option)


def parse(text: str, hint: Any, where: str) -> Any:
    """One text to one value of a plain type: bool, int, float, str, path, Literal, tuple, or one
    of them and None. Raises `UsageError` that begins with `where`."""
    inner, may_be_none = optional(hint)
    if may_be_none:
        return None if text.lower() in ("none", "") else parse(text, inner, where)
    if get_origin(hint) is typing.Literal:
        if text not in get_args(hint):
            raise UsageError(f"{where}: {did_you_mean(text, [str(a) for a in get_args(hint)])}")
        return text
    if get_origin(hint) is tuple:
        return tuple(parse(part, get_args(hint)[0], where) for part in text.split(",") if part)
    if hint is bool:
        if text.lower() not in TRUE + FALSE:
            raise UsageError(f"{where}: expected true or false.")
        return text.lower() in TRUE
    try:
        return hint(text)
    except ValueError:
        raise UsageError(f"{where}: expected {NOUNS.get(hint, hint.__name__)}.") from None


def require_in_range(recipe: Any) -> None:
    """Refuse a recipe with a number, or one of several, outside of its parameter's range."""
    for field, hint in fields_of(type(recipe)):
        value, found = getattr(recipe, field.name), declared(field, hint)
        for each in value if isinstance(value, tuple) else (value,):
            number = isinstance(each, (int, float)) and not isinstance(each, bool)
            if number and each not in found.range:
                needed = expected(hint, found)
                raise UsageError(f"-p {field.name}={each}: expected {needed}.")


def expected(hint: Any, found: Parameter) -> str:
    """What a value must be, in words: "a whole number, at least 1"."""
    inner = optional(hint)[0]
    if found.form is not None:
        return found.form.description
    if get_origin(inner) is typing.Literal:
        return listed_choices([str(each) for each in get_args(inner)])
    if get_origin(inner) is tuple:
        several = {"a whole number": "whole numbers", "a number": "numbers"}
        noun = several.get(NOUNS.get(get_args(inner)[0], ""), "texts")
    elif found.counts:
        noun = "a whole number such as 5000 or 10k"
    else:
        noun = NOUNS.get(inner, "")
    return ", ".join(part for part in (noun, str(found.range)) if part)


def listed_choices(names: list[str]) -> str:
    """The names as "a, b or c"."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def search_document(search: Between | OneOf | None) -> Json | None:
    """As JSON prints a search space."""
    if search is None:
        return None
    if isinstance(search, OneOf):
        return {"values": list(search.values)}
    return {"low": search.low, "high": search.high, "log": search.log}


def type_name(hint: Any) -> str:
    """A type as help shows it."""
    if get_origin(hint) is typing.Literal:
        return "|".join(str(choice) for choice in get_args(hint))
    if hint is Path:
        return "path"
    return hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)

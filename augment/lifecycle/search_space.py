"""What a search may turn: the parameters of an engine that declare where to look."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from augment.core import parameters
from augment.core.errors import UsageError
from augment.core.parameters import Between, OneOf
from augment.core.types import Engine, Json


@dataclass(frozen=True)
class Dimension:
    """One parameter: where to look, whether it is a whole number, what it is a multiple of, and
    whether it changes what a held-out loss means."""

    search: Between | OneOf
    whole: bool
    multiple: int = 1
    changes_loss: bool = False

    def has(self, value: Any) -> bool:
        """Whether a value lies in the space."""
        if isinstance(self.search, OneOf):
            return value in self.search.values
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        if not self.whole:
            return self.search.low <= value <= self.search.high
        low, high = self.whole_ends()
        return low <= value <= high and value % self.multiple == 0

    def whole_ends(self) -> tuple[int, int]:
        """The least and the greatest whole number of the space."""
        assert isinstance(self.search, Between)
        least = -(-int(self.search.low) // self.multiple) * self.multiple
        return least, int(self.search.high) // self.multiple * self.multiple

    def label(self, value: Any) -> Any:
        """A value as a database holds it: several numbers as a text."""
        return ",".join(map(str, value)) if isinstance(value, (tuple, list)) else value


Space = Mapping[str, Dimension]


def space_of(engine: type[Engine[Any]], fixed: Collection[str]) -> dict[str, Dimension]:
    """The parameters that a search may turn, without those that are `fixed`.

    Raises `UsageError` where nothing is left.
    """
    found = {}
    for field, hint in parameters.fields_of(engine):
        declared = parameters.declared(field, hint)
        if declared.search is None or field.name in fixed:
            continue
        whole = parameters.optional(hint)[0] is int
        multiple = declared.range.multiple or 1
        found[field.name] = Dimension(declared.search, whole, multiple, declared.changes_loss)
    if not found:
        left = " that -p leaves open" if fixed else ""
        raise UsageError(
            f"Engine {engine.about.name!r} has no parameter to search{left}. "
            "`augment engines NAME --json` shows where each engine searches."
        )
    return found


def with_values(engine: Engine[Any], values: Json) -> Engine[Any]:
    """The recipe with these values, which may come from JSON. Raises `UsageError` as it does."""
    typed = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    return dataclasses.replace(engine, **typed)


def document(space: Space) -> Json:
    """As JSON prints a space."""
    return {name: parameters.search_document(each.search) for name, each in space.items()}

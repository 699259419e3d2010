"""What an engine would change of its recipe where a fit with it does not do."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from augment.core.parameters import declared, fields_of, optional

Symptom = Literal["underfit", "memorised"]
"""Rows that differ from real ones, or rows that are too near to those that were learnt from."""


@dataclass(frozen=True)
class Remedy:
    """Another recipe of the same engine, and what is done by it: "longer: epochs 60, not 30"."""

    recipe: Any
    reason: str


def scaled(recipe: Any, name: str, factor: float, now: float, why: str) -> Iterator[Remedy]:
    """The recipe with `factor` times as much of a parameter, which is `now` so much, as far as its
    range goes; nothing where it is there already."""
    field, hint = next(each for each in fields_of(type(recipe)) if each[0].name == name)
    range = declared(field, hint).range
    wanted = now * factor
    if range.least is not None:
        wanted = max(wanted, range.least)
    if range.most is not None:
        wanted = min(wanted, range.most)
    value = round(wanted) if optional(hint)[0] is int else wanted
    if value != now and value in range:
        reason = f"{why}: {name} {value:,.4g}, not {now:,.4g}"
        yield Remedy(dataclasses.replace(recipe, **{name: value}), reason)


def by_length(recipe: Any, name: str, now: float, symptom: Symptom) -> Iterator[Remedy]:
    """Twice as long a training as now where it is too short, half as long where it is too long."""
    factor, why = (2.0, "longer") if symptom == "underfit" else (0.5, "shorter")
    yield from scaled(recipe, name, factor, now, why)

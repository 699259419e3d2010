"""Links as a model stores them, read again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from augment.core.types import Json
from augment.kinds.tables.codecs.endings import MOST_DIGITS
from augment.kinds.tables.relations import (
    bounds,
    days,
    elapsed,
    extremes,
    formulas,
    months_later,
    piecewise,
    products,
    transformed,
    weighted_sums,
)
from augment.kinds.tables.relations.links import AnyLink, Link, Links, depends, undoable


def to_json(links: Links) -> list[Json]:
    return [asdict(link) for link in links]


def from_json(documents: Any, known: list[str]) -> Links:
    """Undo `to_json`. Raises `TypeError` or `ValueError` on what no search can have found."""
    found: list[AnyLink] = []
    for document in documents:
        link = _link_from_json(document)
        if not {link.result, *link.sources} <= set(known):
            raise ValueError("a column is not there")
        if link.result in (other.result for other in found) or depends(link, found):
            raise ValueError("they go round in a circle")
        found.append(link)
    if found != undoable(found):
        raise ValueError("they are out of order")
    return tuple(found)


def _link_from_json(document: Any) -> AnyLink:
    if "lows" in document:
        return bounds.from_json(document)
    if "factors" in document:
        return products.from_json(document)
    if "moment" in document:
        return days.from_json(document)
    if "of_columns" in document:
        return formulas.from_json(document)
    if "months" in document:
        return months_later.from_json(document)
    if "slopes" in document:
        return piecewise.from_json(document)
    if "inputs" in document:
        return transformed.from_json(document)
    if "members" in document:
        return extremes.from_json(document)
    if "form" in document:
        return elapsed.from_json(document)
    if "terms" in document:
        return weighted_sums.from_json(document)
    several = {name: tuple(document.get(name, ())) for name in ("more", "beside")}
    link = Link(**{**document, **several})
    if not 0 < float(link.unit) < 1e18:
        raise ValueError("a unit is out of range")
    if link.beside and (link.step or len({link.base, *link.beside}) <= len(link.beside)):
        raise ValueError("a distance is from no columns")
    if not all(0 <= int(n) <= MOST_DIGITS for n in (link.digits, link.decimals)):
        raise ValueError("digits are out of range")
    return link

"""Each modelled column's levels or ends: what a model can be asked for."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.types import Json, Scalar
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import as_number, codes, numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_VALUES = 20  # of a number or date, that are listed one by one


def of(core: Table, least: int = 1) -> dict[str, Json]:
    """Per column its levels, or its ends; where a number has few values, those of them that
    stand in `least` rows."""
    domain: dict[str, Json] = {}
    for column in core.schema:
        nulls = core.column(column.name).null_count
        known: dict[str, Any] = {"null": nulls > 0, "null_share": nulls / max(len(core), 1)}
        if column.role in ("categorical", "boolean"):
            known["levels"] = codes(core, column.name)[1]
        else:
            values = numbers(core, column.name)
            found = values[~np.isnan(values)]
            known["low"] = float(found.min()) if len(found) else None
            known["high"] = float(found.max()) if len(found) else None
            listed = _few_values(core, column.name, found, least)
            if listed:
                known["values"] = listed
        domain[column.name] = known
    return domain


def _few_values(core: Table, name: str, found: NDArray[np.float64], least: int) -> list[Scalar]:
    if len(np.unique(found)) > MOST_VALUES:
        return []
    rows, values = codes(core, name)
    counts = np.bincount(rows[rows >= 0], minlength=len(values))
    return [value for value, count in zip(values, counts, strict=True) if count >= least]


def checked(column: Column, known: Any) -> Json:
    """A stored domain, if it is one for this column. Raises `TypeError` or `ValueError`."""
    if not isinstance(known, dict) or not isinstance(known.get("null"), bool):
        raise TypeError("a column's domain is no object")
    gaps = {"null": known["null"]}
    if "null_share" in known:  # which models of before 0.3 have not
        gaps["null_share"] = float(known["null_share"])
        if not 0 <= gaps["null_share"] <= 1:
            raise ValueError("a share is out of range")
    if column.role in ("categorical", "boolean"):
        levels = known["levels"]
        if not isinstance(levels, list) or any(isinstance(x, (list, dict)) for x in levels):
            raise TypeError("a column's levels are no list of values")
        return {**gaps, "levels": levels}
    ends = {end: None if known[end] is None else float(known[end]) for end in ("low", "high")}
    values = known.get("values", [])
    if not isinstance(values, list) or len(values) > MOST_VALUES:
        raise TypeError("a column's values are no short list")
    for value in values:
        if isinstance(value, (bool, list, dict)) or value is None or not isfinite(as_number(value)):
            raise ValueError("a column's values are no numbers")
    return {**gaps, **ends, **({"values": values} if values else {})}

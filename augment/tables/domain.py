"""Each modelled column's levels or ends: what a model can be asked for."""

from __future__ import annotations

from typing import Any

from augment.base.types import Json
from augment.tables.dataset import Table
from augment.tables.schema import Column
from augment.tables.values import codes, numbers


def of(core: Table) -> dict[str, Json]:
    import numpy as np

    domain: dict[str, Json] = {}
    for column in core.schema:
        known: dict[str, Any] = {"null": core.column(column.name).null_count > 0}
        if column.role in ("categorical", "boolean"):
            known["levels"] = codes(core, column.name)[1]
        else:
            values = numbers(core, column.name)
            found = values[~np.isnan(values)]
            known["low"] = float(found.min()) if len(found) else None
            known["high"] = float(found.max()) if len(found) else None
        domain[column.name] = known
    return domain


def checked(column: Column, known: Any) -> Json:
    """A stored domain, if it is one for this column. Raises `TypeError` or `ValueError`."""
    if not isinstance(known, dict) or not isinstance(known.get("null"), bool):
        raise TypeError("a column's domain is no object")
    if column.role in ("categorical", "boolean"):
        levels = known["levels"]
        if not isinstance(levels, list) or any(isinstance(x, (list, dict)) for x in levels):
            raise TypeError("a column's levels are no list of values")
        return {"null": known["null"], "levels": levels}
    ends = {end: None if known[end] is None else float(known[end]) for end in ("low", "high")}
    return {"null": known["null"], **ends}

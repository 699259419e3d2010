"""`--given`: rows with gaps, checked against what a model knows, and filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.errors import BadInput, OutOfResources, near_name
from augment.core.seeds import Seed
from augment.core.source import Source
from augment.core.types import Condition, Scalar
from augment.kinds.tables.data import measurements
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.data.values import codes, numbers
from augment.kinds.tables.engines.rejection import Branches
from augment.kinds.tables.io import reading as source

if TYPE_CHECKING:
    from numpy.typing import NDArray

Where = Callable[[int], str]
ROUNDS = 200  # in which a given row is filled, until one of several branches holds


def read(
    given: Source,
    schema: Schema,
    domain: Mapping[str, Any],
    constants: Mapping[str, Scalar],
    asked: Condition,
) -> Table:
    """The rows to fill, with all columns of the schema, and parts in place of measurements.

    Raises `BadInput` with the place of the first cell that lies outside the domain, since the
    gaps beside it could only be filled as if it were not there, and of the first row whose known
    cells contradict what is asked for.
    """
    texts, where = source.read_partial(given, schema)
    partial = measurements.parted(texts)
    outside = {name: _outside(partial, name, known) for name, known in domain.items()}
    outside |= {
        name: _outside(partial, name, {"levels": [] if value is None else [value]})
        for name, value in constants.items()
    }
    _require_known(partial, outside, domain, where)
    _require_fitting(partial, asked, where)
    return partial


def _outside(partial: Table, name: str, known: Mapping[str, Any]) -> NDArray[np.bool_]:
    """(rows,) where a value stands that the model does not have."""
    if "levels" in known:
        found, levels = codes(partial, name)
        strange = np.array([level not in known["levels"] for level in levels] + [False])
        return np.asarray(strange[found])
    values = numbers(partial, name)
    if known["low"] is None:
        return ~np.isnan(values)
    return np.asarray((values < known["low"]) | (values > known["high"]))


def _require_known(
    partial: Table,
    outside: Mapping[str, NDArray[np.bool_]],
    domain: Mapping[str, Any],
    where: Where,
) -> None:
    bad = {name: cells for name, cells in outside.items() if cells.any()}
    if not bad:
        return
    row, name = min((int(cells.argmax()), name) for name, cells in bad.items())
    known = domain.get(name)
    if known is None:
        why = f"column {name!r} has one value in this model, and this is another."
    elif "levels" in known:
        value = codes(partial.slice(row, 1), name)[1][0]
        near = near_name(str(value), [str(level) for level in known["levels"]])
        why = f"this value of column {name!r} is none that the model knows. {near}".strip()
    else:
        why = f"this value of column {name!r} lies outside the range that the model knows."
    count = sum(int(cells.sum()) for cells in bad.values())
    others = ", ".join(repr(each) for each in bad)
    more = f"{count:,} cells are like this, in {others}. " if count > 1 else ""
    raise BadInput(
        why,
        where=where(row),
        hint=f"{more}Correct it, or leave the cell empty to have it filled. Rare values and exact "
        "extremes are known only to a model fitted with --no-protect.",
    )


def _require_fitting(partial: Table, asked: Condition, where: Where) -> None:
    """Refuse a row whose known cells rule out every way to satisfy the condition."""
    possible = np.ones(len(partial), dtype=bool)
    for clause in asked.clauses:
        possible &= mask(partial, (clause,)) | _gaps(partial, clause.column)
    if asked.branches:
        open_branches = [
            np.all([mask(partial, (c,)) | _gaps(partial, c.column) for c in branch], axis=0)
            for branch in asked.branches
        ]
        possible &= np.any(open_branches, axis=0)
    if not possible.all():
        raise BadInput(
            "what stands in this row contradicts --where.",
            where=where(int((~possible).argmax())),
            hint=f"{int((~possible).sum()):,} of {len(partial):,} rows do. Leave them out, or "
            "empty the cells that are to become something else.",
        )


def _gaps(partial: Table, name: str) -> NDArray[np.bool_]:
    return np.asarray(partial.column(name).is_null().to_numpy(zero_copy_only=False))


def filled_to_fit(
    partial: Table, fill: Callable[[Table, Seed], Table], branches: Branches, seed: Seed
) -> Table:
    """The rows filled by `fill`, those on which no branch holds again and again.

    Raises `OutOfResources` where some still do not fit after `ROUNDS` rounds.
    """
    waiting = np.arange(len(partial))
    places: list[NDArray[np.int64]] = []
    parts: list[Table] = []
    for round_ in range(ROUNDS):
        made = fill(partial.take(waiting), seed.child("fill", round_))
        fits = mask(made, (), branches)
        places.append(waiting[fits])
        parts.append(made.take(np.flatnonzero(fits)))
        waiting = waiting[~fits]
        if not len(waiting):
            return Table.join(parts).take(np.argsort(np.concatenate(places)))
    raise OutOfResources(
        f"{len(waiting):,} of {len(partial):,} given rows were filled {ROUNDS} times without "
        "satisfying --where. Loosen the condition, or leave more of their cells empty."
    )

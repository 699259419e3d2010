"""Made rows below the real ones: how many are made, of which values, and what is said of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from augment.core.counts import MOST as MOST_ROWS
from augment.core.errors import UsageError
from augment.core.fitted import Fitted
from augment.core.kind import MARKER, Kind, Part
from augment.core.quotas import quotas
from augment.core.types import Condition, Dataset, Json, Scalar
from augment.lifecycle.plan import rows_below

MOST_VALUES_TOLD = 50  # of a balanced column, in documents


@dataclass(frozen=True)
class Output:
    """What becomes one output: the `real` rows, if any, and below them so many made `rows` that
    satisfy `given`."""

    given: Condition
    rows: int
    real: Dataset | None = None
    balanced: tuple[str, Mapping[Scalar, int]] | None = None  # a column; its real rows by value

    def below(self, parts: Iterator[Part[Any]]) -> Iterator[Part[Any]]:
        """The real rows and the made ones. The first made ones are there before the real ones go
        anywhere, so that what cannot be made is refused first."""
        if self.real is None:
            yield from parts
            return
        first = next(parts)
        yield Part(0, self.real, made=False)
        for part in chain([first], parts):
            yield replace(part, start=len(self.real) + part.start)

    @property
    def document(self) -> Json | None:
        """How many real rows stand first and how many made ones follow, by value where a column
        is balanced; None where no real rows do."""
        if self.real is None:
            return None
        found: Json = {"real": len(self.real), "made": self.rows}
        if self.balanced is not None and self.given.mix is not None:
            column, real = self.balanced
            lacking = self.given.mix[1]
            values = [
                {"value": str(value), "real": count, "made": int(lacking.get(value, 0))}
                for value, count in real.items()
            ]
            found["balance"] = {"column": column, "values": values[:MOST_VALUES_TOLD]}
        return found


def output_of(
    model: Fitted[Any], given: Condition, count: str | None, real: Dataset | None, rows: int
) -> Output:
    """What is made: `rows` of it, or what the `real` rows lack.

    With real rows `count` is of all rows of the output, and shares are of all its rows that hold
    one of the values named: made are those that lack. Without a count they are as many as the
    real rows, or the fewest that bring the shares about. Raises `UsageError` where nothing lacks.
    """
    if real is None:
        return Output(given, rows)
    if given.partial is not None:
        return Output(given, len(given.partial), real)
    below = None if count is None else rows_below(count, len(real))
    if given.mix is None:
        return Output(given, len(real) if below is None else below, real)
    column, shares = given.mix
    found = model.value_counts(real, column)
    counts = {value: found.get(value, 0) for value in shares}
    total = None if below is None else sum(counts.values()) + below
    lacking = missing_rows(column, counts, shares, total)
    mix = {value: float(rows) for value, rows in lacking.items() if rows}
    return Output(replace(given, mix=(column, mix)), sum(lacking.values()), real, (column, counts))


def missing_rows(
    column: str, counts: Mapping[Scalar, int], shares: Mapping[Scalar, float], total: int | None
) -> dict[Scalar, int]:
    """How many rows of each value lack to these shares of `total` rows, or of as few as can be.

    >>> missing_rows("churn", {"yes": 16, "no": 984}, {"yes": 0.5, "no": 0.5}, None)
    {'yes': 968, 'no': 0}
    """
    whole = sum(shares.values())
    least = max(math.ceil(counts[value] * whole / shares[value] - 1e-6) for value in shares)
    if total is not None and total < least:
        raise UsageError(
            f"--balance {column}: that mix needs at least {least - sum(counts.values()):,} "
            f"synthetic rows, since the real ones all stay, and -n leaves room for "
            f"{total - sum(counts.values()):,}. Raise -n, or leave it out."
        )
    rows = least if total is None else total
    if rows > MOST_ROWS:
        raise UsageError(f"--balance {column}: at most {MOST_ROWS:,} rows can be asked for.")
    wanted = {value: number for value, _, number in quotas(shares, 0, rows)}
    lacking = {value: max(0, wanted.get(value, 0) - counts[value]) for value in shares}
    for _ in range(sum(lacking.values()) - (rows - sum(counts.values()))):  # of rounding
        most = max(lacking, key=lambda value: lacking[value])
        lacking[most] = max(0, lacking[most] - 1)
    if not any(lacking.values()):
        raise UsageError(
            f"--balance {column}: the real rows have that mix already, so no row lacks. Leave "
            "--balance out, or ask for more rows with -n."
        )
    return lacking


def require_appendable(kind: Kind[Any]) -> None:
    """Refuse, before a long fit, data whose samples are no single file."""
    if kind.writer.folders:
        raise UsageError(
            f"--mode append writes one file, and {kind.name} are written as a folder. "
            "Leave --mode out; the synthetic ones can stand beside the real ones as they are."
        )


def require_unmarked(kind: Kind[Any], data: Any) -> None:
    """Refuse, before a long fit, rows that have a column of the marker's name."""
    described = kind.reader.describe(data, False)
    if any(column["name"] == MARKER for column in described["columns"]):
        raise UsageError(
            f"--mark adds the column {MARKER!r}, and the source has one of that name. "
            f"Rename it, or leave it out with --column {MARKER}=drop."
        )

"""Successive halving: many engines on few rows, the better half of them on twice as many, and so
on. Jamieson and Talwalkar 2016, arXiv 1502.07943, with rows for the budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from augment.core.types import Json

FINALISTS = 2  # that are compared on all rows of the sample
LEAST_ROWS = 200  # of a round: on fewer, chance decides who goes on


def rounds(engines: int, rows: int) -> list[tuple[int, int]]:
    """(engines, rows) of each round, for a sample of so many rows to fit on.

    >>> rounds(4, 8000), rounds(2, 8000), rounds(5, 8000)
    ([(4, 4000), (2, 8000)], [(2, 8000)], [(5, 2000), (3, 4000), (2, 8000)])

    Where a round would have too few rows, it is left out:

    >>> rounds(5, 600)
    [(5, 300), (2, 600)]
    """
    left, sizes = engines, [engines]
    while left > FINALISTS:
        left = (left + 1) // 2
        sizes.append(left)
    shares = [rows >> (len(sizes) - 1 - number) for number in range(len(sizes))]
    kept = [place for place, share in enumerate(shares) if share >= LEAST_ROWS]
    kept = kept or [len(sizes) - 1]
    first = kept[0]
    rest = [(sizes[place], shares[place]) for place in kept[1:]]
    return [(engines, shares[first]), *rest]


def ranked(rows: Sequence[Json]) -> list[Json]:
    """Rows of a leaderboard from best to worst: those that failed privacy after all others, those
    that have no fidelity after those that have one, then by fidelity and utility."""
    return sorted(rows, key=_rank)


def _rank(row: Json) -> tuple[Any, ...]:
    found = [row[name] for name in ("fidelity", "utility")]
    unknown = found[0] is None
    values = [0.0 if each is None else -each["value"] for each in found]
    return row["privacy"] == "fail", unknown, *values, row["engine"]


def winner(rows: Sequence[Json]) -> Json | None:
    """The best of the finalists that may win: it has a fidelity, has not failed privacy, and is no
    control."""
    able = _able(rows)
    return able[0] if able else None


def _able(rows: Sequence[Json]) -> list[Json]:
    """Those that may win, best first."""
    return ranked(
        [
            row
            for row in rows
            if row["state"] == "finished"
            and row["fidelity"] is not None
            and row["privacy"] != "fail"
            and not row["control"]
        ]
    )


def within_noise(best: Json, rows: Sequence[Json]) -> list[str]:
    """The finalists that may win, too, whose fidelity cannot be told from that of the winner: their
    intervals meet."""
    low = best["fidelity"]["low"]
    others = [row for row in rows if row["engine"] != best["engine"]]
    return [row["engine"] for row in _able(others) if row["fidelity"]["high"] >= low]

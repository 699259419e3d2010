"""Cells of matrices and clouds, gathered by their colour: one path for each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from augment.core.types import Json
from augment.report.plots import short

LEVELS = 6  # of colour on either side of zero


@dataclass(frozen=True)
class Tile:
    """All cells of one colour: `tone` is a CSS class, `points` a path of unit squares."""

    tone: str
    points: str


@dataclass(frozen=True)
class MatrixPlot:
    """`most` is where its colours end, where that is not where they end in the others."""

    name: str
    most: str
    tiles: tuple[Tile, ...]


def matrices(chart: Json) -> tuple[MatrixPlot, ...]:
    """Each panel's cells by their level of colour, from blue (below 0) to orange."""
    most = max(abs(chart["low"]), abs(chart["high"]), 1e-9)
    return tuple(
        MatrixPlot(
            panel["name"],
            "" if panel.get("most") is None else short(panel["most"]),
            _tiles(panel["values"], panel.get("most") or most),
        )
        for panel in chart["panels"]
    )


def _tiles(values: Sequence[Sequence[float | None]], most: float) -> tuple[Tile, ...]:
    found: dict[str, list[str]] = {}
    for down, row in enumerate(values):
        for across, value in enumerate(row):
            if value is None:
                continue
            level = round(max(-1.0, min(1.0, value / most)) * LEVELS)
            tone = f"above-{level}" if level > 0 else f"below-{-level}" if level else "zero"
            found.setdefault(tone, []).append(f"M{across} {down}h1v1h-1z")
    return tuple(Tile(tone, "".join(parts)) for tone, parts in sorted(found.items()))


def largest(chart: Json, most: int) -> list[tuple[str, str, list[str]]]:
    """The pairs of labels that differ most in the last panel, each with its value in every one."""
    labels, panels = chart["labels"], chart["panels"]
    last = panels[-1]["values"]
    symmetric = all(last[i][j] == last[j][i] for i in range(len(labels)) for j in range(i))
    places = [
        (i, j)
        for i in range(len(labels))
        for j in range(len(labels))
        if last[i][j] is not None and i != j and (j > i or not symmetric)
    ]
    places.sort(key=lambda place: -abs(last[place[0]][place[1]]))
    return [
        (
            labels[i],
            labels[j],
            [
                "–" if panel["values"][i][j] is None else f"{panel['values'][i][j]:+z.2f}"
                for panel in panels
            ],
        )
        for i, j in places[:most]
    ]


@dataclass(frozen=True)
class CloudPlot:
    """`tiles` are cells of real rows by their level, `dots` a path of made rows."""

    tiles: tuple[Tile, ...]
    dots: str
    size: int


def cloud(chart: Json) -> CloudPlot:
    """Real rows as tiles of a grid, made ones as dots in the grid's units."""
    size = chart["size"]
    top = max((share for _, _, share in chart["cells"]), default=1.0)
    found: dict[int, list[str]] = {}
    for across, down, share in chart["cells"]:
        level = max(1, math.ceil(LEVELS * math.sqrt(share / top)))
        found.setdefault(level, []).append(f"M{across} {size - 1 - down}h1v1h-1z")
    tiles = tuple(Tile(f"real-{k}", "".join(parts)) for k, parts in sorted(found.items()))
    dots = "".join(f"M{_fine(x * size)} {_fine((1 - y) * size)}h0" for x, y in chart["points"])
    return CloudPlot(tiles, dots, size)


def _fine(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")

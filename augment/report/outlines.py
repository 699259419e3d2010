"""The drawing of one column: real and made rows as two outlines, and a strip of differences."""

from __future__ import annotations

import re
from dataclasses import dataclass

from augment.core.types import Json
from augment.report.plots import stepped
from augment.report.tiles import Tile

WIDTH, HEIGHT = 300.0, 90.0  # in SVG units
STRIP, SPACE = 8.0, 3.0  # the strip's height, and the space above it
APART = 6.0  # between the scale and what stands beside it
LEVELS = 4  # of colour, on either side
BETWEEN = " – "  # in the label of a bar of a scale
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
POOR = 0.05  # below fresh real rows, from which a column is marked


@dataclass(frozen=True)
class Stand:
    """A bar of its own: heights from the ground."""

    x: float
    width: float
    real: float
    made: float


@dataclass(frozen=True)
class Outline:
    """One column. `rows` are (label, real, synthetic, difference) as text."""

    name: str
    scale: str
    real: str  # path of the area, closed
    made: str  # path of the outline
    stands: tuple[Stand, ...]
    strip: tuple[Tile, ...]
    first: str
    last: str
    score: str
    ceiling: str
    poor: bool
    hidden: bool  # some cell is too small to be shown
    rows: tuple[tuple[str, str, str, str], ...]
    words: str  # what the drawing shows, in a sentence


def outline(column: Json, score: float | None, ceiling: float | None) -> Outline:
    """Cells with nothing on either side are left out where they stand apart or have no order."""
    ordered = column.get("ordered", False)
    apart = set(column.get("apart", ())) if ordered else set(range(len(column["labels"])))
    cells = [
        (number not in apart, label, real, made)
        for number, (label, real, made) in enumerate(
            zip(column["labels"], column["real"], column["synthetic"], strict=True)
        )
        if number not in apart or real != 0 or made != 0
    ]
    top = max([share for *_, r, m in cells for share in (r, m) if share] + [1e-9])
    step = (WIDTH - APART * bool(apart)) / max(1, len(cells))
    places, x = [], 0.0
    for number, (scaled, *_) in enumerate(cells):
        if number and scaled != cells[number - 1][0]:
            x += APART / 2
        places.append(x)
        x += step
    on_scale = [place for place, cell in enumerate(cells) if cell[0]]
    real, made = ([(cells[place][side] or 0.0) / top for place in on_scale] for side in (2, 3))
    start = places[on_scale[0]] if on_scale else 0.0
    stands = tuple(
        Stand(
            round(places[place] + 0.1 * step, 1),
            round(0.8 * step, 1),
            round((r or 0.0) / top * HEIGHT, 1),
            round((m or 0.0) / top * HEIGHT, 1),
        )
        for place, (scaled, _, r, m) in enumerate(cells)
        if not scaled
    )
    labels = [label for scaled, label, *_ in cells if scaled == bool(on_scale)] or [""]
    return Outline(
        column["name"],
        column.get("scale", "linear"),
        _shifted(stepped(real, step * len(real), HEIGHT), start, True),
        _shifted(stepped(made, step * len(made), HEIGHT), start, False),
        stands,
        _strip(cells, places, step),
        *_ends(
            labels, ordered, any(not scaled and label == "missing" for scaled, label, *_ in cells)
        ),
        "–" if score is None else f"{score:.3f}",
        "" if ceiling is None else f"{ceiling:.3f}",
        score is not None and ceiling is not None and ceiling - score > POOR,
        any(r is None or m is None for *_, r, m in cells),
        tuple((label, _share(r), _share(m), _difference(r, m)) for _, label, r, m in cells),
        _words(cells),
    )


def _ends(labels: list[str], ordered: bool, missing: bool) -> tuple[str, str]:
    """What stands below the first and the last bar: of a scale where it begins and ends, and that
    the bar beside it is of missing values."""
    first, last = labels[0], labels[-1] if len(labels) > 1 else ""
    if ordered and last:
        first, last = first.split(BETWEEN)[0], last.split(BETWEEN)[-1]
        days = [MOMENT.fullmatch(end) for end in (first, last)]
        if all(days) and first[:10] != last[:10]:  # there is no room for times of day
            first, last = first[:10], last[:10]
        last += ", missing" if missing and last != "missing" else ""
    return first, last


def _shifted(path: str, start: float, closed: bool) -> str:
    """The outline from the ground and back to it, moved to where the scale begins."""
    if path == "M":
        return ""
    points = [tuple(map(float, each.split())) for each in path[1:].split("L")]
    ends = (points[0][0], HEIGHT), (points[-1][0], HEIGHT)
    whole = [ends[0], *points, ends[1]]
    text = "L".join(f"{round(x + start, 1):g} {y:g}" for x, y in whole)
    return f"M{text}{'z' if closed else ''}"


def _strip(
    cells: list[tuple[bool, str, float | None, float | None]], places: list[float], step: float
) -> tuple[Tile, ...]:
    """Where made rows are more (orange) or fewer (blue) than real ones, against the largest share
    of any cell: a difference that hardly shows in the outlines hardly shows here."""
    top = max([share for *_, r, m in cells for share in (r, m) if share] + [1e-9])
    found: dict[str, list[str]] = {}
    for place, (_, _, real, made) in zip(places, cells, strict=True):
        if real is None or made is None:
            continue
        level = round(max(-1.0, min(1.0, 2 * (made - real) / top)) * LEVELS)
        if level:
            tone = f"above-{level + 1}" if level > 0 else f"below-{1 - level}"
            cell = f"M{place:.1f} {HEIGHT + SPACE:g}h{step:.1f}v{STRIP:g}h-{step:.1f}z"
            found.setdefault(tone, []).append(cell)
    return tuple(Tile(tone, "".join(parts)) for tone, parts in sorted(found.items()))


def _share(share: float | None) -> str:
    return "fewer than 5 rows" if share is None else f"{share:.1%}"


def _difference(real: float | None, made: float | None) -> str:
    return "–" if real is None or made is None else f"{100 * (made - real):+z.1f}"


def _words(cells: list[tuple[bool, str, float | None, float | None]]) -> str:
    """The cell that differs most, for who cannot see the drawing."""
    known = [(made - real, label) for _, label, real, made in cells
             if real is not None and made is not None]  # fmt: skip
    if not known:
        return "too few rows to compare"
    gap, label = max(known, key=lambda each: abs(each[0]))
    if abs(gap) < 0.001:
        return "no cell differs by 0.1 points"
    return f"largest difference {100 * gap:+.1f} points, at {label}"

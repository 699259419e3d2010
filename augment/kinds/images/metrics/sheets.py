"""Sheets of pictures for a report: made ones, averages of classes, and, if asked, real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from augment.evaluation.charts import Section
from augment.evaluation.charts import Sheet as SheetChart
from augment.kinds.images.data import contact_sheet
from augment.kinds.images.data.contact_sheet import ACROSS, MOST_ROWS, rows_by_class
from augment.kinds.images.data.dataset import UNLABELLED, Images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

LEAST_AVERAGED = 20  # real pictures of a class, below which their average could show one of them


def sample_sheets(
    unseen: Images | None, made: Images, real: Images, show: bool
) -> list[SheetChart]:
    """Made pictures by class, and the average picture of each class, real above made; with `show`,
    unseen real pictures too."""
    found = [_by_class("Synthetic", "Synthetic pictures, as they came.", made)]
    if show and unseen is not None and len(unseen):
        told = "Real pictures that no generator saw (--show-real)."
        found.append(_by_class("Real", told, unseen))
    return [*found, *_averages(real, made)]


def sheet_chart(
    section: Section,
    title: str,
    meaning: str,
    alt: str,
    rows: Sequence[Sequence[Pixels]],
    names: Sequence[str],
) -> SheetChart:
    """A chart of rows of pictures of one shape."""
    shape = next(each.shape for row in rows for each in row)
    drawn = contact_sheet.sheet(rows, (shape[0], shape[1], shape[2]))
    return SheetChart(
        section, title, meaning, alt, SheetChart.encoded(drawn.content), drawn.width, drawn.height,
        tuple(names), drawn.form,
    )  # fmt: skip


def _by_class(whose: str, meaning: str, images: Images) -> SheetChart:
    rows = rows_by_class(images.label_codes, len(images))
    kinds = np.unique(images.label_codes)
    names = [_named(images, int(kind)) for kind in kinds[:MOST_ROWS]]
    labelled = len(kinds) > 1 or kinds[0] != UNLABELLED
    pixels = [[np.asarray(images.pixels[place]) for place in row] for row in rows]
    told = f"{whose} pictures" + (", a row for each class" if labelled else "")
    return sheet_chart("samples", whose, meaning, told, pixels, names if labelled else ())


def _averages(real: Images, made: Images) -> list[SheetChart]:
    """Of classes with enough real pictures; of all together where nothing is labelled."""
    above, below, names = [], [], []
    for code in np.unique(real.label_codes)[:ACROSS].tolist():
        sides = [np.flatnonzero(side.label_codes == code) for side in (real, made)]
        if len(sides[0]) >= LEAST_AVERAGED and len(sides[1]):
            above.append(_mean(real, sides[0]))
            below.append(_mean(made, sides[1]))
            names.append(_named(real, code))
    if not above:
        return []
    of = f": {', '.join(names)}" if real.schema.classes else ""
    return [
        sheet_chart(
            "samples",
            "Averages",
            f"The average picture, real above and synthetic below{of}. Averages of real pictures "
            f"are of at least {LEAST_AVERAGED}, so that they show none of them.",
            f"Average pictures, real above and synthetic below{of}",
            [above, below],
            ["real", "synthetic"],
        )
    ]


def _mean(images: Images, rows: NDArray[np.int64]) -> Pixels:
    total = np.zeros(images.schema.shape)
    for part in np.array_split(rows, -(-len(rows) // 500)):
        total += np.asarray(images.pixels[part], dtype=np.float64).sum(0)
    return np.rint(total / len(rows)).astype(np.uint8)


def _named(images: Images, code: int) -> str:
    return "without a label" if code == UNLABELLED else images.schema.classes[code]

"""How near made pictures come to training ones: curves, and the nearest of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.neighbors import NearestNeighbors

from augment.evaluation.charts import Chart, Tone
from augment.evaluation.curves import distance_curves
from augment.kinds.images.metrics.sheets import sheet_chart
from augment.kinds.images.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPACE = "pixels"
SHOWN = 10
FEWEST = 20  # pictures per side
MEANING = (
    "How near synthetic pictures come to the nearest training picture, beside fresh real ones. A "
    "curve of synthetic ones that lies clearly above that of fresh ones at the left means pictures "
    "that copy training pictures."
)


def neighbour_charts(real: RealViews, fake: FakeViews) -> list[Chart]:
    """Distances in the space of the pixels' components. The training pictures themselves are shown
    only with `show_real`."""
    made = fake.rows
    if min(len(real.train), len(made)) < FEWEST:
        return []
    index = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(_points(real.train))
    near, place = (found[:, 0] for found in index.kneighbors(_points(made)))
    distances: list[tuple[str, Tone, NDArray[np.float64]]] = [("synthetic", "made", near)]
    if real.seen_known and len(real.test) >= FEWEST:
        distances.append(("fresh real", "real", index.kneighbors(_points(real.test))[0][:, 0]))
    charts: list[Chart] = [distance_curves("Distance to training pictures", MEANING, distances)]
    order = np.argsort(near, kind="stable")[:SHOWN]
    rows, names = [list(made.pixels[order])], ["synthetic"]
    told = "The synthetic pictures that lie nearest to a training picture, the nearest first"
    if real.show_real:
        rows.append(list(real.train.pixels[place[order]]))
        names.append("nearest training picture (--show-real)")
    else:
        told += "; --show-real puts that picture below each"
    charts.append(
        sheet_chart("privacy", "Nearest to training pictures", f"{told}.", told, rows, names)
    )
    return charts


def _points(view: View) -> NDArray[np.float64]:
    return view.points(SPACE).astype(np.float64)

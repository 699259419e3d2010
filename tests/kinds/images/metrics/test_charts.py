"""What is drawn of pictures: laws of each drawing, and no real picture unless it is asked for."""

from __future__ import annotations

import base64
import dataclasses
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from augment.core.seeds import Seed
from augment.core.types import silent
from augment.evaluation.charts import Bars, Chart, Curves, Matrices, Sheet
from augment.evaluation.drawing import drawn
from augment.evaluation.scoring import Sides, metrics
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.schema import ImageSchema
from augment.kinds.images.metrics import views
from augment.kinds.images.metrics.sheets import LEAST_AVERAGED, sample_sheets
from augment.kinds.images.metrics.views import FakeViews, RealViews, View, real_views
from augment.report import html

SIDE = 8


def pictures(n: int, seed: int, smooth: bool = False) -> Images:
    """Bars that lie or stand, of which those that lie are never repeated."""
    rng = np.random.default_rng(seed)
    codes = np.arange(n) % 2
    pixels = rng.integers(0, 90, (n, SIDE, SIDE, 1)).astype(np.uint8)
    for row, code in enumerate(codes):
        place = int(rng.integers(1, SIDE - 1))
        line = (place, slice(None)) if code == 0 else (slice(None), place)
        pixels[row][line] = 255
    if smooth:
        mean = sum(np.roll(pixels.astype(float), step, axis) for axis in (1, 2) for step in (0, 1))
        pixels = (mean / 4).astype(np.uint8)
    schema = ImageSchema(SIDE, SIDE, "gray", ("lies", "stands"))
    return Images.of_arrays(pixels, codes.astype(np.int64), schema)


TRAIN, UNSEEN, MADE = pictures(200, 1), pictures(120, 2), pictures(120, 3, smooth=True)


@pytest.fixture(scope="module")
def sides() -> tuple[RealViews, FakeViews]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views, "JUDGE_STEPS", 60)
        real = real_views(TRAIN, UNSEEN, Seed(0))
    return real, FakeViews(View.of(MADE, real.train.spaces, Seed(1)))


@pytest.fixture(scope="module")
def charts(sides: tuple[RealViews, FakeViews]) -> dict[str, Any]:
    return by_title(*sides)


def by_title(real: RealViews, fake: FakeViews) -> dict[str, Any]:
    found: list[Chart] = drawn(
        metrics("images"), lambda: Sides(real, fake, None, len(fake.rows)), Seed(1), silent
    )
    return {chart.title: chart for chart in found}


def test_every_drawing_is_there_and_on_the_page(charts: dict[str, Any]) -> None:
    forms = {title: type(chart) for title, chart in charts.items()}
    assert forms["Power spectrum"] is Curves and forms["Taken for"] is Matrices
    assert forms["Shows its label, per class"] is Bars and forms["Diversity, per class"] is Bars
    assert forms["Distance to training pictures"] is Curves
    assert forms["Nearest to training pictures"] is Sheet
    drawings = html.drawings([chart.to_json() for chart in charts.values()])
    assert sum(map(len, drawings.values())) == len(charts)


def test_a_blurred_generator_has_less_fine_power(charts: dict[str, Any]) -> None:
    real, made = charts["Power spectrum"].lines
    assert made.y[-1] < 0.5 * real.y[-1]


def test_no_training_picture_is_shown_unless_asked(
    charts: dict[str, Any], sides: tuple[RealViews, FakeViews]
) -> None:
    plain = charts["Nearest to training pictures"]
    asked = by_title(dataclasses.replace(sides[0], show_real=True), sides[1])
    shown = asked["Nearest to training pictures"]
    assert plain.rows == ("synthetic",) and len(shown.rows) == 2
    known = {_key(pixels) for pixels in TRAIN.pixels}
    sheets = [chart for chart in charts.values() if isinstance(chart, Sheet)]
    assert not any(_key(each) in known for sheet in sheets for each in _cells(sheet))
    assert any(_key(each) in known for each in _cells(shown))


def test_real_samples_are_averages_unless_asked() -> None:
    known = {_key(pixels) for side in (TRAIN, UNSEEN) for pixels in side.pixels}
    plain = sample_sheets(UNSEEN, MADE, TRAIN, show=False)
    assert [chart.title for chart in plain] == ["Synthetic", "Averages"]
    assert not any(_key(each) in known for chart in plain for each in _cells(chart))
    asked = {chart.title: chart for chart in sample_sheets(UNSEEN, MADE, TRAIN, show=True)}
    assert all(_key(each) in known for each in _cells(asked["Real"]))
    few = TRAIN.take(np.arange(2 * (LEAST_AVERAGED - 1)))
    assert [chart.title for chart in sample_sheets(None, MADE, few, show=False)] == ["Synthetic"]


def test_large_pictures_in_colour_make_small_sheets() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (150, 200, 160, 3)).astype(np.uint8)
    schema = ImageSchema(200, 160, "rgb", tuple("abcdefghijkl"))
    noise = Images.of_arrays(pixels, np.arange(150) % 12, schema)
    sheets = sample_sheets(noise, noise, noise, show=True)
    assert sum(len(sheet.picture) for sheet in sheets) < 1_500_000, "noise is the worst there is"


def _cells(sheet: Sheet) -> list[np.ndarray]:
    """The pictures of a sheet, in their own size."""
    whole = np.asarray(Image.open(io.BytesIO(base64.b64decode(sheet.picture))))
    step = 7 * SIDE + 2
    corners = [(y, x) for y in range(2, len(whole), step) for x in range(2, whole.shape[1], step)]
    return [whole[y : y + 7 * SIDE : 7, x : x + 7 * SIDE : 7] for y, x in corners]


def _key(pixels: np.ndarray) -> bytes:
    return np.ascontiguousarray(pixels.reshape(SIDE, SIDE)).tobytes()

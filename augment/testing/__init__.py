"""Laws of all that plugins bring, as test classes for pytest: engines, metrics, kinds and so on.

What is built in keeps them, and a plugin inherits the suite of what it brings:

class TestMine(TableEngineLaws):
    recipe = Mine(epochs=1)
"""

from __future__ import annotations

import pytest

_SUITES = (
    *("engines", "table_engines", "image_engines", "metrics"),
    *("formats", "layouts", "executors", "kinds"),
)
pytest.register_assert_rewrite(*(f"{__name__}.{suite}" for suite in _SUITES))

from augment.testing.engines import EngineLaws  # noqa: E402
from augment.testing.executors import ExecutorLaws  # noqa: E402
from augment.testing.formats import TableFormatLaws  # noqa: E402
from augment.testing.image_engines import ImageEngineLaws  # noqa: E402
from augment.testing.kinds import KindLaws  # noqa: E402
from augment.testing.layouts import LayoutLaws  # noqa: E402
from augment.testing.metrics import ImageMetricLaws, MetricLaws, TableMetricLaws  # noqa: E402
from augment.testing.simulated import mixed_table, odd_table, simple_images  # noqa: E402
from augment.testing.table_engines import TableEngineLaws  # noqa: E402

__all__ = [
    "EngineLaws",
    "ExecutorLaws",
    "ImageEngineLaws",
    "ImageMetricLaws",
    "KindLaws",
    "LayoutLaws",
    "MetricLaws",
    "TableEngineLaws",
    "TableFormatLaws",
    "TableMetricLaws",
    "mixed_table",
    "odd_table",
    "simple_images",
]

"""Laws of all that plugins bring, as test classes for pytest: engines, metrics, kinds and so on.

What is built in keeps them, and a plugin inherits the suite of what it brings:

class TestMine(TableEngineLaws):
    recipe = Mine(epochs=1)

A suite is loaded when it is first named: those of tables and images load what they test.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from augment.testing.engines import EngineLaws as EngineLaws
    from augment.testing.executors import ExecutorLaws as ExecutorLaws
    from augment.testing.formats import TableFormatLaws as TableFormatLaws
    from augment.testing.image_engines import ImageEngineLaws as ImageEngineLaws
    from augment.testing.kinds import KindLaws as KindLaws
    from augment.testing.layouts import LayoutLaws as LayoutLaws
    from augment.testing.metrics import ImageMetricLaws as ImageMetricLaws
    from augment.testing.metrics import MetricLaws as MetricLaws
    from augment.testing.metrics import TableMetricLaws as TableMetricLaws
    from augment.testing.simulated import mixed_table as mixed_table
    from augment.testing.simulated import odd_table as odd_table
    from augment.testing.simulated import simple_images as simple_images
    from augment.testing.table_engines import TableEngineLaws as TableEngineLaws

SUITES = {
    "EngineLaws": "engines",
    "ExecutorLaws": "executors",
    "ImageEngineLaws": "image_engines",
    "ImageMetricLaws": "metrics",
    "KindLaws": "kinds",
    "LayoutLaws": "layouts",
    "MetricLaws": "metrics",
    "TableEngineLaws": "table_engines",
    "TableFormatLaws": "formats",
    "TableMetricLaws": "metrics",
    "mixed_table": "simulated",
    "odd_table": "simulated",
    "simple_images": "simulated",
}
pytest.register_assert_rewrite(*(f"{__name__}.{suite}" for suite in set(SUITES.values())))


def __getattr__(name: str) -> Any:
    if name not in SUITES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{SUITES[name]}"), name)

"""The plugin's kind keeps the laws that the built-in ones keep."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from augment.core import registry
from augment.testing import KindLaws

PLUGIN = Path(__file__).parent / "lines_plugin"
POEM = ["the sea was calm", "the sky was gray", "a gull went by", "and then the day"] * 15


class TestLines(KindLaws):
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def plugin(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        """The plugin's package as if it were installed, and a source for it."""
        source = tmp_path_factory.mktemp("lines") / "poem.lines"
        source.write_text("\n".join(POEM) + "\n")
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(str(PLUGIN))
            registry._points.cache_clear()
            module = import_module("lines_kind")
            cls.kind, cls.engine, cls.source = module.LINES, module.Bigram(), str(source)
            yield
            sys.modules.pop("lines_kind")
        registry._points.cache_clear()

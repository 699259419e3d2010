"""The plugin's kind keeps the laws that the built-in ones keep."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest

from augment.testing import KindLaws
from tests.lifecycle import plugins

POEM = ["the sea was calm", "the sky was gray", "a gull went by", "and then the day"] * 15


class TestLines(KindLaws):
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def plugin(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        """The plugin's package as if it were installed, and a source for it."""
        source = tmp_path_factory.mktemp("lines") / "poem.lines"
        source.write_text("\n".join(POEM) + "\n")
        with plugins.installed("lines"):
            module = import_module("lines_kind")
            cls.kind, cls.engine, cls.source = module.LINES, module.Bigram(), str(source)
            yield

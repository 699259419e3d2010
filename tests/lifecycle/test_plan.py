"""Which engine `--weights` names is read off the registry; the lifecycle names none."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from augment.core import registry
from augment.core.errors import MissingExtra, UsageError
from augment.lifecycle.plan import foreign_engines


def registered(monkeypatch: pytest.MonkeyPatch, foreign: dict[str, bool | None]) -> None:
    """Engines by name; None for one that cannot be loaded."""

    def find(group: str, name: str) -> SimpleNamespace:
        if foreign[name] is None:
            raise MissingExtra("a package is missing")
        return SimpleNamespace(about=SimpleNamespace(foreign=foreign[name]))

    monkeypatch.setattr(registry, "names", lambda group: sorted(foreign))
    monkeypatch.setattr(registry, "find", find)


def test_engines_that_draw_with_weights_of_others_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registered(monkeypatch, {"own": False, "broken": None, "theirs": True, "hub": True})
    assert foreign_engines() == ["hub", "theirs"]


def test_weights_without_an_engine_for_them_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    registered(monkeypatch, {"own": False, "broken": None})
    with pytest.raises(UsageError, match="No engine"):
        foreign_engines()

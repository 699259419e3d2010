"""Names find engines, built-in or from a plugin; parameters are read by their types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any, ClassVar, Literal

import pytest

from augment.core import registry
from augment.core.errors import MissingExtra, UsageError
from augment.core.types import About, Engine, Job, Model


@dataclass(frozen=True)
class Mine(Engine[Any]):
    """A plugin's engine."""

    about: ClassVar[About] = About("mine", "table", "a plugin's", "MIT")
    epochs: int = field(default=3, metadata={"help": "passes"})
    rate: float = field(default=0.1, metadata={"help": "step"})
    loud: bool = field(default=False, metadata={"help": "talk"})
    widths: tuple[int, ...] = field(default=(8, 8), metadata={"help": "layers"})
    mode: Literal["a", "b"] = field(default="a", metadata={"help": "which"})
    limit: int | None = field(default=None, metadata={"help": "most"})

    def fit(self, data: Any, job: Job) -> Model[Any]:
        raise NotImplementedError


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Entry points of a package that brings one good engine and two broken ones."""
    built_in = metadata.entry_points
    extra = [
        metadata.EntryPoint("mine", f"{__name__}:Mine", "augment.engines"),
        metadata.EntryPoint("lacking", "no_such_package.engine:X", "augment.engines"),
        metadata.EntryPoint("broken", f"{__name__}:Nothing", "augment.engines"),
    ]
    monkeypatch.setattr(
        metadata,
        "entry_points",
        lambda group: [*built_in(group=group), *(e for e in extra if e.group == group)],
    )
    registry._points.cache_clear()
    yield
    registry._points.cache_clear()


def test_a_plugin_is_listed_and_found_like_a_built_in(plugins: None) -> None:
    assert {"mine", "bootstrap"} <= set(registry.names("engines"))
    assert registry.engine("mine", {"epochs": "5"}) == Mine(epochs=5)
    listed = registry.described("mine", detailed=True)
    assert [p["name"] for p in listed["parameters"]][:2] == ["epochs", "rate"]


def test_an_engine_that_finds_no_memory_is_not_missing(
    plugins: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(point: metadata.EntryPoint) -> None:
        raise ImportError("libblas.so: failed to map segment from shared object")

    monkeypatch.setattr(metadata.EntryPoint, "load", load)
    with pytest.raises(ImportError, match="failed to map"):
        registry.find("engines", "mine")


def test_a_plugin_that_cannot_be_loaded_says_what_to_install(plugins: None) -> None:
    with pytest.raises(MissingExtra, match="pip install no_such_package"):
        registry.find("engines", "lacking")
    with pytest.raises(MissingExtra, match="cannot be loaded"):
        registry.find("engines", "broken")


def test_parameters_are_read_by_their_types() -> None:
    texts = {"epochs": "7", "rate": "1e-3", "loud": "yes", "widths": "4,5", "mode": "b"}
    read = registry.parse_parameters(Mine, texts | {"limit": "none"})
    assert Mine(**read) == Mine(7, 1e-3, True, (4, 5), "b", None)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("epoch", "7", "Did you mean 'epochs'"),
        ("epochs", "many", "whole number"),
        ("epochs", "1.5", "whole number"),
        ("rate", "fast", "a number"),
        ("loud", "perhaps", "true or false"),
        ("mode", "c", "Known: a, b"),
        ("widths", "4,x", "whole number"),
    ],
)
def test_bad_parameters_are_refused_with_the_way_out(name: str, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        registry.parse_parameters(Mine, {name: text})


def test_an_unknown_engine_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean 'bootstrap'"):
        registry.find("engines", "bootstrp")

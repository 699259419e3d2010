"""The laws of `augment.testing` over everything that is registered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import pytest

from augment.core import registry
from augment.testing import (
    ExecutorLaws,
    ImageEngineLaws,
    ImageMetricLaws,
    KindLaws,
    LayoutLaws,
    TableEngineLaws,
    TableFormatLaws,
    TableMetricLaws,
)
from tests.few_trees import judged_by_few_trees
from tests.kinds.images.io.layouts.examples import EXAMPLES
from tests.places import ROOT

QUICK: dict[str, dict[str, str]] = {  # small enough for a test, large enough to learn something
    "cvae": {"steps": "8", "batch": "8", "width": "8", "latent": "4"},
    "flow": {"steps": "8", "batch": "8", "width": "8", "sampling_steps": "2"},
    "gan": {"steps": "8", "batch": "8", "width": "8", "latent": "4"},
    "anyorder": {"epochs": "6"},
    "ctgan": {"epochs": "2", "batch_size": "60", "generator_dim": "16", "discriminator_dim": "16"},
    "tvae": {"epochs": "2", "batch_size": "60", "compress_dims": "16", "decompress_dims": "16"},
}
QUICKEST = {"table": "independent", "images": "cvae"}  # engine of a kind
SAMPLES = sorted(  # of every kind there is one
    path for path in (ROOT / "samples").iterdir() if path.suffix not in (".md", ".py")
)
ENGINES: dict[str, type[Any]] = {"table": TableEngineLaws, "images": ImageEngineLaws}
METRICS: dict[str, type[Any]] = {"table": TableMetricLaws, "images": ImageMetricLaws}


@pytest.fixture(scope="module", autouse=True)
def few_trees() -> Iterator[None]:
    """Laws of metrics hold by few trees too."""
    with judged_by_few_trees():
        yield


# Laws that cost seconds, of classes whose code other classes have tested by the same law.
SLOW = {
    "TestCopulaEngine": ["test_the_same_seed_gives_the_same_model_in_another_process"],
    "TestTvaeEngine": ["test_the_same_seed_gives_the_same_model_in_another_process"],
    "TestFlowForAGpuEngine": [
        "test_a_stored_model_samples_the_same_rows_in_another_process",
        "test_any_canvas_mode_and_labelling",
        "test_few_rows_are_learnt_from_or_refused_with_their_number",
        "test_a_killed_fit_that_is_taken_up_gives_the_same_model",
        "test_the_same_seed_gives_the_same_model_in_another_process",
    ],
    "TestImagesUtilityMetric": [
        "test_a_figure_is_best_on_equal_samples_and_worse_the_more_one_is_spoilt"
    ],
    "TestImagesLiftMetric": [
        "test_a_figure_is_best_on_equal_samples_and_worse_the_more_one_is_spoilt"
    ],
}


def _add(title: str, laws: type[Any], **subject: Any) -> None:
    """A test class of these laws about one thing that is registered."""
    name = f"Test{title.title().replace('_', '')}"
    slow = {law: _slow(getattr(laws, law)) for law in SLOW.get(name, [])}
    globals()[name] = type(name, (laws,), subject | slow)


def _slow(law: Callable[..., None]) -> Callable[..., None]:
    """The same law, for `make test-all`."""

    @pytest.mark.slow
    @wraps(law)
    def same(*given: Any, **named: Any) -> None:
        law(*given, **named)

    return same


for _name in registry.names("engines"):
    _about = registry.find("engines", _name).about
    if not (_about.foreign or _about.private):  # tests/kinds/…/engines have their laws
        _recipe = registry.engine(_name, QUICK.get(_name))
        _add(f"{_name}_engine", ENGINES[_about.kind], recipe=_recipe)
_recipe = registry.engine("flow", QUICK["flow"] | {"preset": "gpu"})
_add("flow_for_a_gpu_engine", ImageEngineLaws, recipe=_recipe)
for _name in registry.names("metrics"):
    _metric = registry.find("metrics", _name)
    _add(f"{_name.replace('.', '_')}_metric", METRICS[_metric.kind], metric=_metric)
for _name in registry.names("formats"):
    _add(f"{_name}_format", TableFormatLaws, name=_name)
for _name in registry.names("layouts"):
    _layout = registry.find("layouts", _name)
    _add(f"{_name}_layout", LayoutLaws, layout=_layout, example=staticmethod(EXAMPLES[_name]))
for _name in registry.names("executors"):
    if _name == "ray":  # tests/work/test_ray.py starts a cluster for them
        continue
    _options: dict[str, Any] = {"most": 2, "patience": 0} if _name == "processes" else {}
    _executor = registry.find("executors", _name)(**_options)
    _add(f"{_name}_executor", ExecutorLaws, executor=_executor)
for _name in registry.names("kinds"):
    _kind = registry.find("kinds", _name)
    _source = next(str(path) for path in SAMPLES if _kind.reader.recognises(str(path)))
    _engine = registry.engine(QUICKEST[_name], QUICK.get(QUICKEST[_name]))
    _add(f"{_name}_kind", KindLaws, kind=_kind, engine=_engine, source=_source)


@pytest.mark.parametrize("group", registry.GROUPS)
def test_everything_registered_can_be_found(group: str) -> None:
    for name in registry.names(group):
        assert registry.find(group, name) is not None

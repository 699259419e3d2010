"""The laws of `augment.testing` over every registered engine, format and metric."""

from __future__ import annotations

from typing import Any

import pytest

from augment.core import registry
from augment.testing import ImageEngineLaws, TableEngineLaws, TableFormatLaws, TableMetricLaws

QUICK: dict[str, dict[str, str]] = {  # small enough for a test, large enough to learn something
    "cvae": {"steps": "8", "batch": "8", "width": "8", "latent": "4"},
    "flow": {"steps": "8", "batch": "8", "width": "8", "sampling_steps": "2"},
    "gan": {"steps": "8", "batch": "8", "width": "8", "latent": "4"},
    "anyorder": {"epochs": "2"},
    "ctgan": {"epochs": "2", "batch_size": "60", "generator_dim": "16", "discriminator_dim": "16"},
    "tvae": {"epochs": "2", "batch_size": "60", "compress_dims": "16", "decompress_dims": "16"},
}
LAWS: dict[str, type[Any]] = {"table": TableEngineLaws, "images": ImageEngineLaws}


def _laws(name: str) -> type[Any]:
    recipe = registry.engine(name, QUICK.get(name))
    return type(f"Test{name.capitalize()}", (LAWS[recipe.about.kind],), {"recipe": recipe})


for _name in registry.names("engines"):
    if registry.find("engines", _name).about.foreign:
        continue  # needs weights from elsewhere; tests/images/engines keeps its laws
    globals()[f"Test{_name.capitalize()}"] = _laws(_name)
for _group, _names, _of_group in (
    ("Formats", registry.names("formats"), TableFormatLaws),
    ("Metrics", registry.names_for("metrics", "table"), TableMetricLaws),
):
    for _name in _names:
        _title = f"Test{_name.capitalize()}{_group}"
        globals()[_title] = type(_title, (_of_group,), {"name": _name})


@pytest.mark.parametrize("group", registry.GROUPS)
def test_everything_registered_can_be_found(group: str) -> None:
    for name in registry.names(group):
        assert registry.find(group, name) is not None

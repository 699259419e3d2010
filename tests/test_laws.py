"""The laws of `augment.testing` over every registered engine."""

from __future__ import annotations

from typing import Any

import pytest

from augment.base import registry
from augment.testing import TableEngineLaws

QUICK: dict[str, dict[str, str]] = {  # small enough for a test, large enough to learn something
    "anyorder": {"epochs": "2"},
    "ctgan": {"epochs": "2", "batch_size": "60", "generator_dim": "16", "discriminator_dim": "16"},
    "tvae": {"epochs": "2", "batch_size": "60", "compress_dims": "16", "decompress_dims": "16"},
}
TABLE_ENGINES = [
    name
    for name in registry.names("engines")
    if registry.find("engines", name).about.kind == "table"
]


def _laws(name: str) -> type[TableEngineLaws]:
    members: dict[str, Any] = {"recipe": registry.engine(name, QUICK.get(name))}
    return type(f"Test{name.capitalize()}", (TableEngineLaws,), members)


for _name in TABLE_ENGINES:
    globals()[f"Test{_name.capitalize()}"] = _laws(_name)


@pytest.mark.parametrize("group", registry.GROUPS)
def test_everything_registered_can_be_found(group: str) -> None:
    for name in registry.names(group):
        assert registry.find(group, name) is not None

"""Every field of every engine says what it takes, and where a search for better values looks."""

from __future__ import annotations

from typing import Any, get_args, get_origin

import pytest

from augment.core import registry
from augment.core.parameters import Between, OneOf, choices, declared, fields_of, optional

FIELDS = [
    (engine, field, hint)
    for engine in registry.names("engines")
    for field, hint in fields_of(registry.find("engines", engine))
]
IDS = [f"{engine}.{field.name}" for engine, field, _ in FIELDS]


def inner(hint: Any) -> Any:
    """The plain type of a field, of several the type of each."""
    found = optional(hint)[0]
    return get_args(found)[0] if get_origin(found) is tuple else found


@pytest.mark.parametrize(("engine", "field", "hint"), FIELDS, ids=IDS)
def test_a_number_has_a_range_that_holds_its_default(engine: str, field: Any, hint: Any) -> None:
    found = declared(field, hint)
    assert found.help
    if inner(hint) not in (int, float):
        return
    assert found.range.least is not None or found.range.above is not None
    values = field.default if isinstance(field.default, tuple) else (field.default,)
    assert all(value is None or value in found.range for value in values)


@pytest.mark.parametrize(("engine", "field", "hint"), FIELDS, ids=IDS)
def test_what_a_fit_learns_by_has_a_search_space_within_its_range(
    engine: str, field: Any, hint: Any
) -> None:
    found = declared(field, hint)
    if registry.find("engines", engine).about.foreign and found.search is None:
        return  # no fit: nothing tells one size of picture, or one text, to be better
    if registry.find("engines", engine).about.private:
        return  # a search would fit again and again, which adds up
    if not found.searched:
        assert found.search is None
        assert choices(hint) or field.name == "micro_batches"  # says who computes, not what
        return
    if isinstance(found.search, Between):
        assert found.search.low < found.search.high
        assert found.search.low in found.range and found.search.high in found.range
        assert found.search.low > 0 or not found.search.log
        return
    assert isinstance(found.search, OneOf)
    values = [
        each
        for value in found.search.values
        for each in (value if isinstance(value, tuple) else (value,))
    ]
    assert len(found.search.values) > 1
    assert choices(hint) or all(value in found.range for value in values)

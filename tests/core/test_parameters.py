"""Every engine's parameter has a default in range, a range, and a search space within it."""

from __future__ import annotations

from typing import Any, get_args, get_origin

import pytest

from augment.core import registry
from augment.core.errors import UsageError
from augment.core.parameters import Between, OneOf, Range, declared, fields_of, optional

# What a search should leave alone: inputs, words, the size of what is drawn, and all of a private
# engine, with which every trial would spend its budget.
UNSEARCHED = {
    # the user's to say: what the device is for, and how many share a training
    "anyorder": {"micro_batches"},
    "flow": {"preset", "micro_batches"},
    "aim": {"epsilon", "delta", "intervals", "max_cells"},
    "diffusers": {"weights", "negative", "template", "width", "height", "batch"},
}
ENGINES = registry.names("engines")


def inner(hint: Any) -> Any:
    plain = optional(hint)[0]
    return get_args(plain)[0] if get_origin(plain) is tuple else plain


@pytest.mark.parametrize("name", ENGINES)
def test_every_number_has_a_range_that_holds_its_default(name: str) -> None:
    for field, hint in fields_of(registry.find("engines", name)):
        found = declared(field, hint)
        assert found.help, field.name
        if inner(hint) in (int, float):
            assert found.range != Range(), field.name
            values = field.default if isinstance(field.default, tuple) else (field.default,)
            assert all(value in found.range for value in values if value is not None)


@pytest.mark.parametrize("name", ENGINES)
def test_every_parameter_has_a_search_space_within_its_range(name: str) -> None:
    recipe = registry.find("engines", name)
    for field, hint in fields_of(recipe):
        found = declared(field, hint)
        if field.name in UNSEARCHED.get(name, set()):
            assert found.search is None
            continue
        if isinstance(found.search, Between):
            assert found.search.low < found.search.high
            assert found.search.low in found.range and found.search.high in found.range
        else:
            assert isinstance(found.search, OneOf) and len(found.search.values) > 1
            for value in found.search.values:
                recipe(**{field.name: value})  # refuses what is out of range


@pytest.mark.parametrize(
    ("engine", "name", "text", "says"),
    [
        ("ctgan", "epochs", "0", "-p epochs=0: expected a whole number, from 1 to 100,000."),
        ("ctgan", "generator_dim", "64,0", "expected whole numbers, from 1 to 4,096."),
        ("anyorder", "learning_rate", "nan", "expected a number, above 0 and at most 1."),
        ("anyorder", "suffix", "1.5", "expected a number, from 0 to 1."),
        ("gan", "width", "20", "expected a whole number, a multiple of 8, from 8 to 1,024."),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range_in_words(
    engine: str, name: str, text: str, says: str
) -> None:
    with pytest.raises(UsageError) as refused:
        registry.engine(engine, {name: text})
    assert says in str(refused.value)


def test_texts_win_over_settings() -> None:
    settings = {"epochs": 7, "pac": 2}
    assert registry.engine("ctgan", {"epochs": "9"}, settings) == registry.find("engines", "ctgan")(
        epochs=9, pac=2
    )

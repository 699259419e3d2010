"""A hostile or damaged state is refused, or loads as a harmless model; it never runs code."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from augment.core.errors import BadInput, UsageError
from augment.core.seeds import Seed
from augment.core.types import Engine, Job, State
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import table_of
from augment.kinds.tables.engines.sdv.engines import Copula, Ctgan, Tvae
from augment.kinds.tables.engines.sdv.model import SdvModel

ENGINES: dict[str, Engine[Table]] = {
    "copula": Copula(),
    "ctgan": Ctgan(1, 20, 4, (8,), (8,)),
    "tvae": Tvae(1, 20, 4, (8,), (8,)),
}
MUTANTS = 60
POISON: list[Any] = [
    None, True, -1, 0, 3, 1 << 40, 0.5, -1e308, float("nan"), "", "x0", "os.system",
    "builtins.eval", [], [1], {}, {"type": "os.system"}, [[["c0"]]],
]  # fmt: skip


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, State]:
    rng = np.random.default_rng(0)
    columns = [Column("a", "numeric", "float"), Column("b", "categorical", "string")]
    nulls = np.arange(60) % 7 == 0
    arrays = [
        pa.array(rng.normal(size=60), mask=nulls),
        pa.array([f"v{k % 30}" for k in range(60)]),
    ]
    table = table_of(columns, arrays, "b")
    job = Job(Seed(1), tmp_path_factory.mktemp("scratch"))
    return {name: engine.fit(table, job).state() for name, engine in ENGINES.items()}


def paths(node: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [prefix] if prefix else []
    if isinstance(node, dict):
        for key, value in node.items():
            found += paths(value, (*prefix, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            found += paths(value, (*prefix, index))
    return found


def load_or_refuse(state: State) -> bool:
    """True where the state was refused; anything but our own refusal fails the test."""
    try:
        model = SdvModel.from_state(state)
    except (BadInput, UsageError):
        return True
    assert len(model.sample(3, Seed(0))) == 3
    return False


@pytest.mark.parametrize("name", list(ENGINES))
def test_mutated_documents_are_refused_or_harmless(name: str, states: dict[str, State]) -> None:
    rng = np.random.default_rng(1)
    places = [path for path in paths(states[name].config) if path[0] != "facts"]
    refused = 0
    for _ in range(MUTANTS):
        path = places[rng.integers(len(places))]
        config = copy.deepcopy(states[name].config)
        node: Any = config
        for key in path[:-1]:
            node = node[key]
        if rng.random() < 0.2:
            del node[path[-1]]
        else:
            node[path[-1]] = copy.deepcopy(POISON[rng.integers(len(POISON))])
        refused += load_or_refuse(State(config, states[name].tensors))
    assert refused > MUTANTS / 2


@pytest.mark.parametrize("name", list(ENGINES))
def test_mutated_arrays_are_refused_or_harmless(name: str, states: dict[str, State]) -> None:
    for key, array in states[name].tensors.items():
        flat = array.reshape(-1)[:-1]
        for value in (flat, array.astype("U"), np.full_like(array, -1), array * 1e30):
            load_or_refuse(State(states[name].config, {**states[name].tensors, key: value}))
        tensors = {k: v for k, v in states[name].tensors.items() if k != key}
        assert load_or_refuse(State(states[name].config, tensors))


@pytest.mark.parametrize("name", list(ENGINES))
def test_sizes_without_weights_allocate_nothing(name: str, states: dict[str, State]) -> None:
    config = copy.deepcopy(states[name].config)
    for key in ("embedding", "batch_size"):
        if key in config["fitted"]:
            changed = copy.deepcopy(config)
            changed["fitted"][key] = 1 << 50
            assert load_or_refuse(State(changed, states[name].tensors))


def test_a_class_outside_the_list_is_not_stored() -> None:
    from augment.kinds.tables.engines.sdv.state import FittedSynthesizer, dismantle

    with pytest.raises(AssertionError):
        dismantle(FittedSynthesizer(Path("x")))


def test_fields_that_spell_out_rows_are_not_stored(states: dict[str, State]) -> None:
    for state in states.values():
        text = repr(state.config) + repr(list(state.tensors))
        assert not any(word in text for word in ("_rid", "loss", "discriminator", "encoder.seq"))

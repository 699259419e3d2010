"""Whatever a model folder holds, loading and sampling it gives a model or bad input."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from augment.core import model_folder as store
from augment.core import registry
from augment.core.errors import BadInput
from augment.core.model_folder import Stored
from augment.core.seeds import Seed
from augment.core.types import Job, Json, State, silent
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.lifecycle import generation, opened_model
from augment.testing import mixed_table, simple_images
from tests.test_laws import QUICK

MUTANTS = 12  # of each engine
ODD: tuple[Any, ...] = (None, True, 0, -1, 1, 3, 2**31, 1e300, "", "x", "job", [], {}, [0], [[0]])
ENGINES = [
    name
    for name in registry.names("engines")
    if not registry.find("engines", name).about.foreign  # it keeps no weights of its own
    and not registry.find("engines", name).about.private  # its laws damage it
]


def whole_table() -> Table:
    """Rows of every role: modelled and related ones, ids (one repeats), text, a constant."""
    data = mixed_table(160)
    rows = len(data)
    arrays = [
        *(data.column(name) for name in data.schema.names),
        pa.array(np.asarray(data.column("age")) * 2 + 1),
        pa.array([f"AB-{row:04d}" for row in range(rows)]),
        pa.array([f"C{row // 4:03d}" for row in range(rows)]),
        pa.array([f"a few words {row}" for row in range(rows)]),
        pa.array(["always"] * rows),
    ]
    columns = (
        *data.schema,
        Column("twice", "numeric", "integer"),
        Column("key", "id", "string", pattern="AB-{number:04d}"),
        Column("owner", "id", "string", pattern="C{number:03d}"),
        Column("said", "text", "string"),
        Column("same", "constant", "string"),
    )
    schema = Schema(columns, "member")
    return Table(pa.table(arrays, names=schema.names), schema)


OF_SDV = ("ctgan", "tvae")  # read by the same code, and quick enough in the own tests of it


def fitted(engine: str, scratch: Path) -> Stored:
    recipe = registry.engine(engine, QUICK.get(engine))
    kind = registry.find("kinds", recipe.about.kind)
    data: Any = whole_table() if recipe.about.kind == "table" else simple_images(40)
    stored: Stored = kind.generator.fit(recipe, data, Job(Seed(1), scratch), False, data).stored()
    return stored


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every part of a document."""
    inside = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in inside:
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*path, key))


def mutated_document(config: Json, rng: random.Random) -> Json:
    """The document with one part of it gone, doubled, moved, or of another value or type."""
    changed = copy.deepcopy(config)
    path = rng.choice(list(places(changed)))
    holder: Any = changed
    for key in path[:-1]:
        holder = holder[key]
    how = rng.randrange(5)
    if how == 0:
        del holder[path[-1]]
    elif how == 1 and isinstance(holder, list):
        holder.append(copy.deepcopy(rng.choice(holder)))
    elif how == 2 and isinstance(holder, list):
        rng.shuffle(holder)
    elif how == 3 and isinstance(holder[path[-1]], (int, float)):
        holder[path[-1]] = rng.choice([-1, 2, 7]) * holder[path[-1]] + rng.choice([-1, 0, 1])
    else:
        holder[path[-1]] = rng.choice(ODD)
    return changed


def mutated_arrays(arrays: Any, rng: random.Random) -> Any:
    """The arrays with one of them gone, cut, of another type or shape, or full of other numbers."""
    changed = dict(arrays)
    if not changed:
        return changed
    name = rng.choice(sorted(changed))
    value = changed.pop(name)
    how = rng.randrange(8)
    if how == 1:
        changed[name] = value[: len(value) // 2] if value.ndim else value.reshape(1)
    elif how == 2:
        changed[name] = np.concatenate([value, value]) if value.ndim else value.reshape(1)
    elif how == 3:
        with np.errstate(invalid="ignore"):
            changed[name] = value.astype(rng.choice([np.float64, np.float32, np.int64, np.uint8]))
    elif how == 4:
        changed[name] = np.full_like(value, np.nan if value.dtype.kind == "f" else 127)
    elif how == 5:
        changed[name] = value.reshape(-1)
    elif how == 6:
        changed[name] = -value if value.dtype.kind != "u" else value[::-1].copy()
    elif how == 7:
        changed[name] = np.random.default_rng(rng.randrange(99)).permutation(value.reshape(-1))
        changed[name] = changed[name].reshape(value.shape)
    return changed


def mutants(stored: Stored, count: int) -> Iterator[Stored]:
    for seed in range(count):
        rng = random.Random(seed)
        config, arrays = stored.state.config, stored.state.tensors
        if rng.random() < 0.7:
            config = mutated_document(config, rng)
        else:
            arrays = mutated_arrays(arrays, rng)
        yield Stored(stored.kind, stored.engine, State(config, arrays), stored.facts)


@pytest.mark.parametrize(
    "engine",
    [pytest.param(name, marks=pytest.mark.slow) if name in OF_SDV else name for name in ENGINES],
)
def test_a_mutated_model_is_a_model_or_bad_input(engine: str, tmp_path: Path) -> None:
    stored, folder, refused = fitted(engine, tmp_path / "scratch"), tmp_path / "model", 0
    for number, mutant in enumerate(mutants(stored, MUTANTS)):
        folder.mkdir(exist_ok=True)
        store.save(folder, mutant)
        order = generation.Order("30", seed=1)
        out = tmp_path / ("made.csv" if stored.kind == "table" else f"made{number}")
        try:
            generation.sample(opened_model.open_model(folder), order, out, force=True, tell=silent)
        except BadInput:
            refused += 1
    assert 0 < refused < MUTANTS


@pytest.mark.parametrize("name", ["model.json", "weights.safetensors"])
def test_flipped_bits_of_a_models_files_are_bad_input(name: str, tmp_path: Path) -> None:
    store.save(tmp_path, fitted("independent", tmp_path))
    whole = (tmp_path / name).read_bytes()
    document = json.loads((tmp_path / "model.json").read_text())
    for seed in range(60):
        rng, flipped = random.Random(seed), bytearray(whole)
        flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
        (tmp_path / name).write_bytes(flipped)
        if name != "model.json":  # by somebody who knows of the digest
            document["weights"]["sha256"] = store.sha256(tmp_path / name)
            (tmp_path / "model.json").write_text(json.dumps(document))
        order, out = generation.Order("5", seed=1), tmp_path / "out.csv"
        try:
            generation.sample(
                opened_model.open_model(tmp_path), order, out, force=True, tell=silent
            )
        except BadInput:
            continue

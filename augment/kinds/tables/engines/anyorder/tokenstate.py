"""A fitted `anyorder` model as JSON and arrays, and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.types import Json, State
from augment.kinds.tables.codecs.calendar import Calendar
from augment.kinds.tables.codecs.levels import Levels
from augment.kinds.tables.codecs.spans import Spans
from augment.kinds.tables.codecs.vocabulary import Vocabulary, numbered
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.engines.anyorder.chain import Chain
from augment.kinds.tables.engines.anyorder.correction import Correction
from augment.kinds.tables.engines.anyorder.fitted_network import FittedNetwork
from augment.kinds.tables.engines.anyorder.layout import OffsetDays, TokenLayout
from augment.kinds.tables.engines.anyorder.presets import Shape
from augment.kinds.tables.engines.anyorder.structure import Dependency

if TYPE_CHECKING:
    from numpy.typing import NDArray

VOCABULARIES: dict[str, type[Vocabulary]] = {kind.kind: kind for kind in (Levels, Spans)}
PRECISIONS = ("float32", "bfloat16")

Parts = tuple[Calendar, list[Column], list[Vocabulary], Chain, Json]


def model_state(
    calendar: Calendar,
    columns: list[Column],
    vocabularies: list[Vocabulary],
    chain: Chain,
    facts: Json,
) -> State:
    """All that sampling needs."""
    from augment.nets.weights import to_array, to_arrays

    network = chain.network
    tensors: dict[str, NDArray[Any]] = {
        "embeddings": to_array(network.embeddings),
        "heads": to_array(network.heads),
        "bias": to_array(network.bias),
    }
    tensors |= to_arrays(network.trunk, "trunk.")
    tensors |= calendar.state().tensors
    configs = []
    for j, vocabulary in enumerate(vocabularies):
        state = vocabulary.state()
        configs.append(state.config)
        tensors |= {f"words.{j}.{name}": value for name, value in state.tensors.items()}
    for i, law in enumerate(chain.laws):
        tensors[f"laws.{i}"] = law.child_of
    for j, correction in network.corrections.items():
        tensors[f"corrections.{j}.bias"] = to_array(correction.bias)
        tensors[f"corrections.{j}.table"] = to_array(correction.table)
        for q, group in zip(correction.columns, correction.group, strict=True):
            tensors[f"corrections.{j}.group.{q}"] = to_array(group)
    config: Json = {
        "table": Schema(calendar.columns, calendar.target).to_json(),
        "columns": Schema(tuple(columns)).to_json(),
        "calendar": calendar.state().config,
        "precision": str(network.heads.dtype).removeprefix("torch."),
        "order": list(chain.layout.order),
        "interactions": [list(members) for members in chain.layout.interactions],
        "offset_days": [asdict(each) for each in chain.layout.offset_days],
        "words": configs,
        "laws": [[law.parent, law.child] for law in chain.laws],
        "corrections": {str(j): list(c.columns) for j, c in network.corrections.items()},
        "facts": facts,
    }
    if not chain.spread:
        config["spread"] = False
    return State(config, tensors)


def model_parts(state: State) -> Parts:
    """Undo `model_state`. Raises the usual errors of missing keys and unfit shapes."""
    import torch

    from augment.kinds.tables.engines.anyorder.network import new_trunk
    from augment.nets.weights import load

    config, tensors = state.config, state.tensors
    table, schema = Schema.from_json(config["table"]), Schema.from_json(config["columns"])
    calendar = Calendar.from_state(
        table.columns,
        table.target,
        config["calendar"],
        {name: np.asarray(value) for name, value in tensors.items()},
    )
    if config["precision"] not in PRECISIONS:
        raise ValueError("unknown precision")
    precision: torch.dtype = getattr(torch, config["precision"])

    def tensor(name: str) -> torch.Tensor:
        return torch.from_numpy(np.array(tensors[name]))

    vocabularies = []
    arrays = numbered({name: np.asarray(value) for name, value in tensors.items()}, "words")
    for j, saved in enumerate(config["words"]):
        vocabularies.append(VOCABULARIES[saved["kind"]].from_state(saved, arrays[j]))
    layout = TokenLayout(
        tuple(vocabulary.size for vocabulary in vocabularies),
        tuple(int(j) for j in config["order"]),
        tuple(tuple(int(j) for j in members) for members in config["interactions"]),
        tuple(_offset_days(each) for each in config["offset_days"]),
    )
    embeddings, heads = tensor("embeddings"), tensor("heads").to(precision)
    if sorted(layout.order) != list(range(len(schema))) or len(vocabularies) != len(schema):
        raise ValueError("columns, vocabularies and order disagree")
    if len(embeddings) != layout.cells[-1] + 1 or len(heads) != layout.tokens:
        raise ValueError("weights and vocabularies disagree")
    laws = [
        Dependency(int(parent), int(child), np.asarray(tensors[f"laws.{i}"]))
        for i, (parent, child) in enumerate(config["laws"])
    ]
    corrections = {
        int(j): Correction(
            tensor(f"corrections.{j}.bias"),
            tuple(int(q) for q in columns),
            tuple(tensor(f"corrections.{j}.group.{q}") for q in columns),
            tensor(f"corrections.{j}.table"),
        )
        for j, columns in config["corrections"].items()
    }
    shape = shape_of({name: np.shape(tensors[name]) for name in tensors})
    with torch.device("meta"):
        trunk = new_trunk(shape)
    trunk = load(trunk, tensors, "trunk.").to(precision)
    network = FittedNetwork(
        layout, embeddings, heads, tensor("bias"), trunk, shape.attention, corrections
    )
    facts = dict(config.get("facts", {}))
    if not isinstance(spread := config.get("spread", True), bool):
        raise ValueError("a flag is no yes or no")
    chain = Chain(network, tuple(laws), spread)
    return calendar, list(schema), vocabularies, chain, facts


def _offset_days(saved: Json) -> OffsetDays:
    week, weekday, time = (int(j) for j in saved["members"])
    others = (int(saved[name]) for name in ("days", "first", "begins"))
    return OffsetDays((week, weekday, time), *others)


def shape_of(shapes: dict[str, tuple[int, ...]]) -> Shape:
    """The shape of the trunk whose weights have these shapes. Raises `KeyError`."""
    width, hidden = shapes["trunk.0.down"]
    blocks = sum(name.startswith("trunk.") and name.endswith(".down") for name in shapes)
    return Shape(width, hidden, blocks, attention="trunk.0.mixed" in shapes)

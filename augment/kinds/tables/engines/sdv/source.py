"""Checked reads of a model's stored document and arrays, which anybody may have written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.errors import BadInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_SIZE = 1 << 20  # of a batch or a layer


def damaged(why: str) -> BadInput:
    return BadInput(f"the model is damaged: {why}.", hint="Fit it again, or restore a copy.")


@dataclass(frozen=True)
class Source:
    """Checked reads of an untrusted document and its arrays."""

    node: Any
    tensors: Mapping[str, NDArray[Any]]

    def get(self, name: str) -> Any:
        if not isinstance(self.node, dict) or name not in self.node:
            raise damaged(f"{name!r} is missing")
        return self.node[name]

    def text(self, name: str) -> str:
        value = self.get(name)
        if not isinstance(value, str):
            raise damaged(f"{name!r} is no text")
        return value

    def size(self, name: str) -> int:
        value = self.get(name)
        if type(value) is not int or not 0 < value <= MAX_SIZE:
            raise damaged(f"{name!r} is no size")
        return value

    def sizes(self, name: str) -> tuple[int, ...]:
        nodes = self.each(name)
        if any(type(node.node) is not int or not 0 < node.node <= MAX_SIZE for node in nodes):
            raise damaged(f"{name!r} are no sizes")
        return tuple(node.node for node in nodes)

    def texts(self, name: str) -> list[str]:
        nodes = self.each(name)
        if any(not isinstance(node.node, str) for node in nodes):
            raise damaged(f"{name!r} are no texts")
        found = [node.node for node in nodes]
        if len(set(found)) != len(found):
            raise damaged(f"{name!r} are not distinct")
        return found

    def number(self, name: str) -> float:
        value = self.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise damaged(f"{name!r} is no number")
        if not math.isfinite(value):
            raise damaged(f"{name!r} is not finite")
        return float(value)

    def each(self, name: str) -> list[Source]:
        values = self.get(name)
        if not isinstance(values, list):
            raise damaged(f"{name!r} is no list")
        return [Source(value, self.tensors) for value in values]

    def tensor(self, name: str, shape: tuple[int, ...], kind: str = "f") -> NDArray[Any]:
        value = self.tensors.get(name)
        if value is None or tuple(value.shape) != shape or value.dtype.kind != kind:
            raise damaged(f"the array {name!r} is missing or has another shape")
        if kind == "f" and not np.isfinite(value).all():
            raise damaged(f"the array {name!r} is not finite")
        return value

"""A task: one piece of a command's work, done anew or found done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

R = TypeVar("R")


@dataclass(frozen=True)
class Task(Generic[R]):
    """What `function` makes of `shared`, which all tasks of a stage have, and of its own `inputs`.

    The function stands at the top of a module and its inputs are small and plain, so that any
    process can run it. What it writes it may write twice: only the process that asked for the
    task commits it, under `key`, to a `Store`. The same key, plan and seed give the same bytes.
    """

    key: str
    function: Callable[..., R]
    inputs: tuple[Any, ...] = ()

    def run(self, shared: Any) -> R:
        return self.function(shared, *self.inputs)

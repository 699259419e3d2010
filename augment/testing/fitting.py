"""A fit that a law looks at: with what it told of, what it disturbed, and in another process."""

from __future__ import annotations

import hashlib
import multiprocessing
import random
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar

import numpy as np
import pytest

from augment.core import model_folder
from augment.core.seeds import Seed
from augment.core.types import D, Engine, Job, Model, Start, State, Tick, silent
from augment.nets.schedule import Schedule

P = ParamSpec("P")
T = TypeVar("T")
EVERY = 2  # steps between two checkpoints while a law looks on
ROWS = 60  # of a sample whose digest is compared


class Killed(Exception):
    """What ends a fit as a kill would: nothing of ours catches it."""


@dataclass(frozen=True)
class Fitting(Generic[D]):
    """A fitted model, and what came of the fit besides."""

    model: Model[D]
    ticks: tuple[Tick, ...]
    trained: bool  # by the loop of `nets.training`, which keeps checkpoints
    undisturbed: bool  # the global random generators are as they were


def fitted(
    recipe: Engine[D],
    data: D,
    scratch: Path,
    seed: int = 1,
    tick: Callable[[Tick], None] = silent,
    start: Start | None = None,
) -> Fitting[D]:
    """Fit, with checkpoints as often as small data need them to be killed between two."""
    ticks: list[Tick] = []

    def noted(told: Tick) -> None:
        ticks.append(told)
        tick(told)

    loaded = "torch" in sys.modules
    before = _generators(loaded)
    with _frequent_checkpoints() as trained:
        model = recipe.fit(data, Job(Seed(seed), scratch, tick=noted, start=start))
    return Fitting(model, tuple(ticks), bool(trained), _generators(loaded) == before)


@contextmanager
def _frequent_checkpoints() -> Iterator[list[Schedule]]:
    """Training keeps a checkpoint every few steps; the schedules that were trained by."""
    made, settle = list[Schedule](), Schedule.__init__

    def often(self: Schedule, *given: Any, **named: Any) -> None:
        settle(self, *given, **named)
        for name in ("check_every", "checkpoint_every"):
            object.__setattr__(self, name, EVERY)
        made.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Schedule, "__init__", often)
        yield made


def _generators(with_torch: bool) -> str:
    """The state of every global random generator, as a digest."""
    found = hashlib.sha256(repr(random.getstate()).encode())
    name, words, *place = np.random.get_state(legacy=True)
    found.update(np.asarray(words).tobytes() + repr((name, place)).encode())
    if with_torch:
        found.update(sys.modules["torch"].get_rng_state().numpy().tobytes())
    return found.hexdigest()


def digest_of(state: State) -> str:
    """SHA-256 of all that a model is."""
    found = hashlib.sha256(repr(state.config).encode())
    for name in sorted(state.tensors):
        array = np.ascontiguousarray(state.tensors[name])
        found.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
    return found.hexdigest()


def fitted_again(recipe: Engine[Any], data: Any, scratch: Path) -> tuple[str, str]:
    """The digests of a model and of its sample, for `elsewhere`."""
    model = fitted(recipe, data, scratch).model
    return digest_of(model.state()), model.sample(ROWS, Seed(4)).digest()


def sampled_from(folder: Path, model: type[Model[Any]]) -> str:
    """The digest of a sample of a stored model, for `elsewhere`."""
    restored = model.from_state(model_folder.load(folder).state)
    return str(restored.sample(ROWS, Seed(4)).digest())


def elsewhere(function: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """What a function gives in another process, with hashes of its own; one serves all laws."""
    return _another_process().submit(function, *given, **named).result()


@cache
def _another_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))

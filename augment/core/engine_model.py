"""The generator of a kind whose rows are whole as an engine draws them.

Kinds that put more around an engine (ids, texts, protection) have generators of their own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from augment.core import registry
from augment.core.errors import BadInput
from augment.core.fitted import Fitted
from augment.core.kind import Forecast, Generator, Wanted
from augment.core.model_folder import Stored, restoring
from augment.core.seeds import Seed
from augment.core.types import Condition, D, Engine, Job, Json, Model, State, Tick


@dataclass(frozen=True)
class EngineModel(Fitted[D]):
    """An engine's fitted model, with how many rows its source had."""

    block_rows: ClassVar[int] = 1_000
    kind: str
    engine: str
    rows: int
    inner: Model[D]
    facts: Json

    def on(self, device: str) -> Self:
        return dataclasses.replace(self, inner=self.inner.on(device))

    def sample(
        self, start: int, n: int, seed: Seed, given: Condition, tick: Callable[[Tick], None]
    ) -> D:
        return self.inner.sample(n, seed, given, tick)

    def stored(self) -> Stored:
        state = self.inner.state()
        config = {"rows": self.rows, "model": state.config}
        return Stored(self.kind, self.engine, State(config, state.tensors), self.facts)

    @classmethod
    def restore(cls, stored: Stored) -> Self:
        recipe = registry.find("engines", stored.engine)
        with restoring(stored.engine):
            config = stored.state.config
            rows = config["rows"]
            if recipe.about.kind != stored.kind or not isinstance(rows, int) or rows < 0:
                raise BadInput("the model's parts contradict each other.")
            inner = recipe.model.from_state(State(config["model"], stored.state.tensors))
            return cls(stored.kind, stored.engine, rows, inner, stored.facts)


@dataclass(frozen=True)
class EngineGenerator(Generator[D]):
    """Any registered engine for `kind`; `auto` is the engine of that name, because of `reason`."""

    fitted: ClassVar[type[Fitted[Any]]] = EngineModel
    kind: str
    auto: str
    reason: str

    def choose(self, data: D) -> tuple[str, str]:
        return self.auto, self.reason

    def foresee(self, data: D, wanted: Wanted[D]) -> Forecast | None:
        """The engine's own costs; scoring is taken to last as long as sampling."""
        costs = wanted.engine.costs(data, wanted.device)
        if costs is None:
            return None
        sample = costs.row_seconds * wanted.rows
        return Forecast(costs.fit_seconds, sample, sample, costs.bytes)

    def fit(
        self, engine: Engine[D], data: D | None, job: Job, protect: bool, whole: D | None
    ) -> Fitted[D]:
        assert data is not None and whole is not None, "engines of such kinds learn from rows"
        job, shortened = job.noted()
        seed = job.seed.child("engine")
        inner = engine.fit(data, dataclasses.replace(job, seed=seed, protect=protect))
        facts: Json = {
            "parameters": dataclasses.asdict(engine),
            "protected": protect,
            **job.history(len(data)),
            **({"shortened": shortened} if shortened else {}),
        }
        return EngineModel(self.kind, engine.about.name, len(whole), inner, facts)

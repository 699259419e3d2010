"""`ImageModel`: an engine's fitted model, as the lifecycle asks for pictures from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from augment.core import registry
from augment.core.errors import BadInput, UsageError
from augment.core.fitted import Ask, Fitted
from augment.core.loaded import Loaded
from augment.core.model_folder import Stored, restoring
from augment.core.quotas import quotas
from augment.core.schema_drift import SchemaDrift
from augment.core.seeds import Seed
from augment.core.source import Source
from augment.core.types import Clause, Condition, Engine, Job, Json, State, Tick
from augment.kinds.images.data.captions import with_kept_words
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.schema import ImageSchema
from augment.kinds.images.engines.conditioning import WHERE, ConditionedModel
from augment.kinds.images.engines.diffusers.engine import Diffusers
from augment.kinds.images.generator import newer_images
from augment.kinds.images.generator.conditions import condition_of, in_turn
from augment.kinds.images.io import reading
from augment.kinds.images.io.image_files import made_names


@dataclass(frozen=True)
class ImageModel(Fitted[Images]):
    """Pictures are called by their global number, so that names do not depend on blocks."""

    engine: str
    rows: int
    schema: ImageSchema
    inner: ConditionedModel
    facts: Json

    @property
    def block_rows(self) -> int:
        return self.inner.block_rows

    @classmethod
    def fit(
        cls, recipe: Engine[Images], data: Images, job: Job, protected: bool, source_rows: int
    ) -> Self:
        if not len(data):
            raise BadInput("there are no images to learn from.")
        data, notes = (data, []) if job.start else with_kept_words(data, protected)
        job, shortened = job.noted()
        inner = recipe.fit(
            data, dataclasses.replace(job, seed=job.seed.child("engine"), protect=protected)
        )
        assert isinstance(inner, ConditionedModel), "an engine for images fits one"
        facts = {
            "parameters": dataclasses.asdict(recipe),
            **job.history(len(data)),
            "protected": protected,
            "notes": notes,
            **inner.state().config.get("facts", {}),
            **({"shortened": shortened} if shortened else {}),
        }
        return cls(recipe.about.name, source_rows, data.schema, inner, facts)

    @classmethod
    def adopt(cls, recipe: Diffusers, device: str) -> Self:
        """A generator that needs no data of the user's."""
        inner = recipe.adopted(device)
        facts = {"parameters": dataclasses.asdict(recipe), "notes": []}
        return cls(recipe.about.name, 1, inner.conditioning.schema, inner, facts)

    def on(self, device: str) -> Self:
        return dataclasses.replace(self, inner=self.inner.on(device))

    def condition(self, ask: Ask, option: str = WHERE) -> Condition:
        """`option` is what the command that asks calls its clauses."""
        if ask.given is not None:
            raise UsageError("--given is for tables. To change pictures, use `augment edit`.")
        given = condition_of(ask, self.inner.conditioning, option)
        self.inner.conditioning.check(given, option)
        return given

    def sample(
        self, start: int, n: int, seed: Seed, given: Condition, tick: Callable[[Tick], None]
    ) -> Images:
        made = self._made(start, n, seed.child("engine"), given, tick)
        names = made_names("made", self.engine, start, n)
        return dataclasses.replace(made, sources=names)

    def _made(
        self, start: int, n: int, seed: Seed, given: Condition, tick: Callable[[Tick], None]
    ) -> Images:
        """A mix is drawn value by value, to the number, and then shuffled."""
        if given.mix is None:
            return self.inner.sample(n, seed, in_turn(given, start, n), tick)
        parts = []
        column, shares = given.mix
        for value, first, count in quotas(shares, start, n):
            turned = in_turn(given, first, count)
            clauses = (*turned.clauses, Clause(column, "in", (value,)))
            narrowed = dataclasses.replace(turned, clauses=clauses, mix=None)
            parts.append(self.inner.sample(count, seed.child("mix", str(value)), narrowed))
        joined = Images.join(parts)
        return joined.take(seed.child("order").rng().permutation(len(joined)))

    def newer_rows(
        self, source: Source, options: Json
    ) -> tuple[Loaded[Images], tuple[SchemaDrift, ...]]:
        loaded = reading.read_newer(source, self.schema, reading.read_options(options))
        images, drift = newer_images.placed(loaded.data, self.schema)
        return dataclasses.replace(loaded, data=images), drift

    def notes(self, rows: int, given: Condition) -> tuple[str, ...]:
        return ()

    def stored(self) -> Stored:
        state = self.inner.state()
        config = {"schema": self.schema.to_json(), "rows": self.rows, "engine": state.config}
        return Stored(Images.kind, self.engine, State(config, state.tensors), self.facts)

    @classmethod
    def restore(cls, stored: Stored) -> Self:
        """Undo `stored`. Raises `BadInput` on a document that does not fit."""
        config = stored.state.config
        recipe = registry.find("engines", stored.engine)
        with restoring(stored.engine):
            schema = ImageSchema.from_json(config["schema"])
            rows, inner_config = int(config["rows"]), config["engine"]
            if not isinstance(inner_config, dict):
                raise TypeError("the engine's part is no object")
            inner = recipe.model.from_state(State(inner_config, stored.state.tensors))
        return cls(stored.engine, rows, schema, inner, stored.facts)

"""`ImageModel`: an engine's fitted model, as the lifecycle asks for pictures from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from augment.base import registry
from augment.base.errors import BadInput, UsageError
from augment.base.seeds import Seed
from augment.base.store import Stored
from augment.base.types import Clause, Condition, Engine, Job, Json, Model, Scalar, State, Tick
from augment.base.wing import Ask, Fitted
from augment.images.dataset import Images
from augment.images.engines.conditioning import LABEL, PROMPT
from augment.images.gallery import made_names
from augment.images.schema import ImageSchema


@dataclass(frozen=True)
class ImageModel(Fitted[Images]):
    """Pictures are called by their global number, so that names do not depend on blocks."""

    engine: str
    rows: int
    schema: ImageSchema
    inner: Model[Images]
    facts: Json

    @classmethod
    def fit(
        cls, recipe: Engine[Images], data: Images, job: Job, protected: bool, source_rows: int
    ) -> Self:
        if not len(data):
            raise BadInput("there are no images to learn from.")
        inner = recipe.fit(
            data, dataclasses.replace(job, seed=job.seed.child("engine"), protect=protected)
        )
        facts = {
            "parameters": dataclasses.asdict(recipe),
            "fitted_rows": len(data),
            "protected": protected,
            "notes": [],
            **inner.state().config.get("facts", {}),
        }
        return cls(recipe.about.name, source_rows, data.schema, inner, facts)

    def condition(self, ask: Ask) -> Condition:
        if ask.given is not None:
            raise UsageError("--given is for tables. To change pictures, use `augment edit`.")
        clauses = tuple(self._clause(text) for text in ask.where)
        return Condition(clauses, None if ask.balance is None else self._mix(ask.balance))

    def _clause(self, text: str) -> Clause:
        """`label=a`, `label=a,b`, `label!=a` or `prompt=words`."""
        name, sign, value = text.partition("=")
        negated = name.endswith("!")
        column = name.removesuffix("!").strip()
        if not sign or column not in (LABEL, PROMPT) or (negated and column == PROMPT):
            raise UsageError(
                f"--where {text}: for pictures write label=NAME, label=NAME,NAME, label!=NAME "
                "or prompt=WORDS."
            )
        if column == PROMPT:
            return Clause(PROMPT, "in", (value,))
        whole = value.strip() in self.schema.classes  # a class may be called "a,b"
        names = [value.strip()] if whole else [part.strip() for part in value.split(",")]
        for each in names:
            self.schema.code_of(each)
        return Clause(LABEL, "in", tuple(names), negate=negated)

    def _mix(self, text: str) -> tuple[str, Mapping[Scalar, float]]:
        """`label` for equal shares, or `label:a=0.5,b=0.5`."""
        name, _, listed = text.partition(":")
        if name != LABEL:
            raise UsageError(f"--balance {text}: pictures are balanced by label.")
        if not self.schema.classes:
            raise UsageError("--balance label: these pictures have no labels.")
        if not listed:
            return LABEL, dict.fromkeys(self.schema.classes, 1.0)
        shares: dict[Scalar, float] = {}
        for part in listed.split(","):
            label, _, share = part.rpartition("=")
            self.schema.code_of(label)
            try:
                shares[label] = float(share)
            except ValueError:
                raise UsageError(f"--balance {text}: {part!r} needs a number.") from None
        if any(share < 0 for share in shares.values()) or not sum(shares.values()) > 0:
            raise UsageError(f"--balance {text}: shares are not negative, and one is above zero.")
        return LABEL, shares

    def sample(
        self, start: int, n: int, seed: Seed, given: Condition, tick: Callable[[Tick], None]
    ) -> Images:
        made = self._made(start, n, seed.child("engine"), given, tick)
        names = made_names("made", self.engine, start, n)
        return dataclasses.replace(made, sources=names)

    def _made(
        self, start: int, n: int, seed: Seed, given: Condition, tick: Callable[[Tick], None]
    ) -> Images:
        """A mix is drawn class by class, to the number, and then shuffled."""
        if given.mix is None:
            return self.inner.sample(n, seed, given, tick)
        parts, before, total = [], 0.0, sum(given.mix[1].values())
        for label, share in given.mix[1].items():
            after = before + share / total
            count = _quota(start + n, before, after) - _quota(start, before, after)
            if count:
                narrowed = Condition((*given.clauses, Clause(LABEL, "in", (label,))))
                parts.append(self.inner.sample(count, seed.child("mix", str(label)), narrowed))
            before = after
        joined = Images.join(parts)
        return joined.take(seed.child("order").rng().permutation(len(joined)))

    def stored(self) -> Stored:
        state = self.inner.state()
        config = {"schema": self.schema.to_json(), "rows": self.rows, "engine": state.config}
        return Stored(Images.kind, self.engine, State(config, state.tensors), self.facts)

    @classmethod
    def restore(cls, stored: Stored) -> Self:
        """Undo `stored`. Raises `BadInput` on a document that does not fit."""
        config = stored.state.config
        recipe = registry.find("engines", stored.engine)
        try:
            schema = ImageSchema.from_json(config["schema"])
            rows, inner_config = int(config["rows"]), config["engine"]
            if not isinstance(inner_config, dict):
                raise TypeError("the engine's part is no object")
        except (KeyError, TypeError, ValueError, UsageError) as error:
            raise BadInput(f"the model is damaged ({error}).") from None
        inner = recipe.model.from_state(State(inner_config, stored.state.tensors))
        return cls(stored.engine, rows, schema, inner, stored.facts)


def _quota(rows: int, before: float, after: float) -> int:
    """How many of the first `rows` pictures belong to the share between two cumulative shares."""
    return round(rows * after) - round(rows * before)

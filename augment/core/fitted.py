"""A fitted generator of whole rows, and what is asked of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Self

from augment.core import registry
from augment.core.errors import UsageError
from augment.core.loaded import Loaded
from augment.core.model_folder import Stored
from augment.core.schema_drift import SchemaDrift
from augment.core.seeds import Seed
from augment.core.source import Rows, Source
from augment.core.types import Condition, D, Json, Model, Scalar, Tick


@dataclass(frozen=True)
class Ask:
    """What the user wants of a sample, still in words."""

    where: tuple[str, ...] = ()
    balance: str | None = None
    given: Source | None = None
    prompts: tuple[str, ...] = ()  # the first row gets the first, and so on, round and round


class Fitted(ABC, Generic[D]):
    """A fitted generator together with all that it takes to write whole rows.

    One that is the same on any device, takes no conditions, and has nothing to say of a sample is
    so by default.
    """

    engine: str
    rows: int  # of the source that it was fitted on (or on a part of); "2x" is twice as many
    inner: Model[D]  # what the engine fitted

    @property
    @abstractmethod
    def block_rows(self) -> int:
        """How many rows are sampled at a time, each such block from its own stream."""

    def on(self, device: str) -> Self:
        """The same generator, computing on `device`."""
        return self

    def condition(self, ask: Ask) -> Condition:
        """The words as a condition on this model's columns; impossible ones are refused.

        Raises `UsageError` for what the model cannot take.
        """
        for option, asked in (
            ("--where", ask.where),
            ("--balance", ask.balance),
            ("--given", ask.given),
            ("--prompt", ask.prompts),
        ):
            if asked:
                raise UsageError(f"{option}: engine {self.engine!r} takes no conditions.")
        return Condition()

    @abstractmethod
    def sample(
        self, start: int, n: int, seed: Seed, given: Condition, tick: Callable[[Tick], None]
    ) -> D:
        """Rows `start` to `start + n` of the endless sample that `seed` stands for."""

    def notes(self, rows: int, given: Condition) -> tuple[str, ...]:
        """What a sample of so many rows cannot keep, in words; usually nothing."""
        return ()

    def source_rows(self, source: Source) -> tuple[D, tuple[str, ...]]:
        """Real rows as they stand above made ones, in the columns of these, and notes.

        Raises `BadInput` where they do not fit.
        """
        if isinstance(source, Rows) and len(source.parts) == 1:
            return source.parts[0], source.notes
        loaded = registry.find("kinds", self.stored().kind).read(source, {})
        return loaded.data, loaded.notes

    def newer_rows(
        self, source: Source, options: Json
    ) -> tuple[Loaded[D], tuple[SchemaDrift, ...]]:
        """Rows to go on with, read as this model knows its own as far as they fit, and how they
        differ from those; `options` are of reading.

        Raises `BadInput` for rows that it cannot go on with, and `UsageError` for an option that
        contradicts the model.
        """
        return registry.find("kinds", self.stored().kind).read(source, options), ()

    def value_counts(self, rows: D, column: str) -> Mapping[Scalar, int]:
        """How many rows hold each value of a column, in the words of `Condition.mix`; usually the
        only such column is the target."""
        return Counter(rows.labels() or ())

    @abstractmethod
    def stored(self) -> Stored: ...

    @classmethod
    @abstractmethod
    def restore(cls, stored: Stored) -> Self:
        """Undo `stored`. Raises `BadInput` on a document that does not fit."""

    def __reduce__(self) -> tuple[Callable[[Stored], Fitted[D]], tuple[Stored]]:
        """To another process it goes as it goes to a disk, and computes on the CPU there."""
        return _restored, (self.stored(),)


def _restored(stored: Stored) -> Fitted[Any]:
    model: Fitted[Any] = registry.find("kinds", stored.kind).restore(stored)
    return model

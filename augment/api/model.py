"""`Model`: a fitted generator; `fit` makes one and `load` finds it again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.api.arguments import count_of, place_of, seconds_of, seed_of, spelt, texts
from augment.api.data import Data, read, source_of
from augment.api.frames import Dtypes, dtypes_of
from augment.api.host import undisturbing
from augment.core.errors import BadInput
from augment.core.files import read_json
from augment.core.fitted import Ask
from augment.core.source import External, Rows, Source
from augment.core.types import Json, Tick, Workers, silent
from augment.lifecycle import fitting, generation, opened_model
from augment.lifecycle.plan import RunRequest

if TYPE_CHECKING:
    from augment.api.data import DataLike


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A fitted generator of rows. `fit` and `load` give it; it never changes.

    `engine` is what drew it up, `rows` how many its source had, `notes` what it does not keep.
    """

    _opened: opened_model.Opened
    _document: Json = field(default_factory=dict)  # what `fit` said of it
    _dtypes: Dtypes = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<augment.Model: engine {self.engine!r} for {self.kind!r}, {self.rows:,} rows>"

    @property
    def kind(self) -> str:
        return self._opened.kind.name

    @property
    def engine(self) -> str:
        return self._opened.model.engine

    @property
    def rows(self) -> int:
        return self._opened.model.rows

    @property
    def notes(self) -> tuple[str, ...]:
        facts = self._opened.model.stored().facts
        return (*self._document.get("notes", ()), *facts.get("notes", ()))

    @property
    def seed(self) -> int | None:
        """The seed of the fit; None where the model's folder does not tell it."""
        seed: int | None = self._document.get("seed")
        return seed

    @undisturbing
    def sample(
        self,
        n: int | str | None = None,
        *,
        seed: int | None = None,
        where: str | Sequence[str] | None = None,
        balance: str | None = None,
        given: DataLike | None = None,
        prompts: str | Sequence[str] | None = None,
        workers: Workers = 1,
        tell: Callable[[Tick], None] = silent,
    ) -> Data:
        """Exactly `n` new rows in memory: a number, or "10k", or "2x" the rows of the source.

        None is once the source, or as many as are `given`. The same seed gives the rows that
        `augment sample --seed` writes; without one each call draws others, and `Data.seed` tells
        by which. `where` and `balance` are as on the command line: `"age >= 30 and sex = F"`,
        `"churned"`. Of `given` rows the missing cells are filled. `prompts` are for images.
        `workers` is the most processes that make them (None: one per core) and changes no row; a
        script that asks for several needs its `if __name__ == "__main__":`.

        Raises `UsageError` for a condition that can never hold or that the engine cannot take,
        and `OutOfResources` where a bounded search found too few rows.
        """
        ask = Ask(
            texts(where), balance, None if given is None else source_of(given), texts(prompts)
        )
        order = generation.Order(count_of(n), seed_of(seed), ask)
        made = generation.draw(self._opened, order, tell, workers)
        rows = Rows(f"the sample of {self.engine}", made.parts, notes=made.notes)
        return Data(self._opened.kind, rows, made.origin, {}, self._dtypes)

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Write a model folder, as `augment fit` does: JSON and safetensors, no pickle.

        Raises `UsageError` where `path` holds other files, or a model unless `force` is set.
        """
        fitting.save(self._opened.model, self._document, place_of(path), force=force)


@undisturbing
def fit(
    data: DataLike,
    engine: str = "auto",
    *,
    parameters: Mapping[str, Any] | None = None,
    seed: int | None = None,
    protect: bool = True,
    device: str = "auto",
    max_seconds: float | None = None,
    start: Model | str | os.PathLike[str] | None = None,
    workers: Workers = 1,
    tell: Callable[[Tick], None] = silent,
) -> Model:
    """Fit a generator on all rows of `data`; `engine="auto"` picks one that suits it.

    `data` is what `read` gives or takes; reading options and the target are for `read`.
    `parameters` are the engine's (`augment engines NAME` lists them). `protect` keeps rare
    categories and exact extremes out of the model. The same seed gives the model that
    `augment fit --seed` writes. `tell` is called with each `Tick` of progress.

    `workers` is the most processes that share the training where `micro_batches`, a parameter of
    some engines, parts its steps; the model does not depend on it.

    With `start`, a model or a model's folder, the fit goes on from that older model, as `augment
    fit --from` does: its columns, engine, parameters and protection stay what they are.

    Raises `UsageError` for an unknown engine or parameter, `BadInput` for data that cannot be
    used, and `OutOfResources` where `max_seconds` are too few.
    """
    older = start if start is None or isinstance(start, Model) else load(start, device=device)
    source, options, dtypes = _read(data, older, tell)
    request = RunRequest(
        source=source,
        engine=engine,
        parameters=spelt(parameters),
        seed=seed_of(seed),
        max_seconds=seconds_of(max_seconds),
        device=device,
        protect=protect,
        read=options,
    )
    opened = None if older is None else older._opened
    with tempfile.TemporaryDirectory(prefix="augment-") as scratch:
        folder = Path(scratch) / "model"
        document = fitting.fit(
            request,
            folder,
            force=False,
            dry_run=False,
            tell=tell,
            start=opened,
            workers=workers,
        )
        opened = opened_model.open_model(folder, device)
    return Model(opened, document, dtypes)


def _read(
    data: DataLike, older: Model | None, tell: Callable[[Tick], None]
) -> tuple[Source, Json, Dtypes]:
    """The source, the options of reading it, and the dtypes of a DataFrame; what was not read yet
    is left to an older model, which knows its columns."""
    if older is None or isinstance(data, Data):
        known = read(data, tell=tell)
        return known._rows, known._options, known._dtypes
    source = source_of(data)
    return source, {}, dtypes_of(source) if isinstance(source, External) else {}


@undisturbing
def load(path: str | os.PathLike[str], *, device: str = "auto") -> Model:
    """The model in a model folder or in a run folder, from `Model.save` or the command line.

    Its samples come in Arrow's types rather than in the dtypes of a DataFrame. Raises `BadInput`
    where no model lies there, or a damaged one.
    """
    folder = Path(path)
    opened = opened_model.open_model(folder, device)
    try:
        document = read_json(folder / fitting.FIT)
    except BadInput:  # a run folder's model, or one of an earlier version
        document = {}
    return Model(opened, document)

"""The nouns that all kinds share: dataset, engine, model, job, condition, score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Self, TypeVar

from augment.core.budget import Budget
from augment.core.json import Json as Json
from augment.core.parameters import require_in_range
from augment.core.progress import PHASES as PHASES
from augment.core.progress import Tick as Tick
from augment.core.progress import silent as silent
from augment.core.ranks import ALONE, Ranks
from augment.core.seeds import Seed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from augment.core.remedy import Remedy, Symptom

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Cluster:
    """Tasks are run by an executor that is registered under `name`, reached at `address` if one is
    given, at most so many at a time (None: as many as there is room for)."""

    name: str
    address: str | None = None
    most: int | None = None


Workers = int | None | Cluster  # so many processes here, None: as many as pay


class Dataset(ABC):
    """Immutable rows; a row is a table row or an image. They have no target and stand alone unless
    their kind says otherwise."""

    kind: ClassVar[str]

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def take(self, rows: NDArray[np.int64]) -> Self:
        """The rows at these positions, in this order; positions may repeat."""

    def labels(self) -> list[Scalar] | None:
        """The target value of each row, or None where there is no target."""
        return None

    def entities(self) -> NDArray[np.int64] | None:
        """(rows,) whose row each is, so that a split keeps them on one side; None where every
        row stands alone."""
        return None

    @abstractmethod
    def digest(self) -> str:
        """SHA-256 of the content and its schema, the same in every process."""


D = TypeVar("D", bound=Dataset)


@dataclass(frozen=True)
class Start:
    """The engine's part of an older model, what tells the model from any other, and how many rows
    it has seen, in its own fit and in those that it went on from."""

    model: Model[Any]
    digest: str
    rows: int


@dataclass(frozen=True)
class Job:
    """What a fit may use: its stream, device, scratch folder, time, and whom to tell.

    `scratch` outlives a killed process: an engine that can resume keeps its checkpoints there,
    and the caller hands the same folder to the next attempt. The caller empties it after success.
    With `protect`, an engine keeps and emits nothing that stands for fewer than five rows.
    `start` is the older model that an engine which `continues` goes on from. `ranks` are the
    processes that share the training, see `Engine.most_ranks`.
    """

    seed: Seed
    scratch: Path
    device: str = "cpu"
    protect: bool = True
    budget: Budget = field(default_factory=Budget)
    tick: Callable[[Tick], None] = silent
    start: Start | None = None
    ranks: Ranks = ALONE

    def rows_seen(self, rows: int) -> int:
        """How many rows a model has seen in all once it is fitted on `rows` of them."""
        return rows if self.start is None else rows + self.start.rows

    def history(self, rows: int) -> Json:
        """What a model records of the rows behind it, `rows` of them in this fit."""
        if self.start is None:
            return {"fitted_rows": rows}
        seen = {"seen_rows": self.rows_seen(rows), "started_from": self.start.digest}
        return {"fitted_rows": rows, **seen}

    def noted(self) -> tuple[Job, list[str]]:
        """The same job, and a list that fills with what its ticks say was shortened."""
        found: list[str] = []

        def tick(tick: Tick) -> None:
            if tick.shortened:
                found.append(tick.shortened)
            self.tick(tick)

        return replace(self, tick=tick), found


@dataclass(frozen=True)
class Clause:
    """One test on one column; a `Condition` is the conjunction of its clauses.

    `op` is "in" (one of `values`), "range" (`low` to `high`, each end optional and open or
    closed), or "null". `negate` turns the test round. `in` and `range` never hold for null, but
    a negated `in` does (as pandas reads `!=`).
    """

    column: str
    op: Literal["in", "range", "null"]
    values: tuple[Scalar, ...] = ()
    low: Scalar = None
    high: Scalar = None
    low_open: bool = False
    high_open: bool = False
    negate: bool = False


@dataclass(frozen=True)
class Whole:
    """The whole sample that a block is a part of: how many rows, and the seed of all of it."""

    rows: int
    seed: Seed


@dataclass(frozen=True)
class Condition:
    """What sampled rows must satisfy.

    `clauses` all hold on every row, and, where there are any, all clauses of one of the
    `branches`, which exclude one another. `mix` asks for shares of a column's values:
    `("income", {">50K": .5, "<=50K": .5})`. `partial` holds rows whose null cells are to be
    filled; its length is then the number of rows asked for. `whole` is the sample that a block
    of rows belongs to; None: the block is all of it.

    Engines of tables are given clauses and partial rows alone: branches and a mix are drawn one
    by one (see `tables/generator/drawing.py`). A generator of images takes branches as they are.
    """

    clauses: tuple[Clause, ...] = ()
    mix: tuple[str, Mapping[Scalar, float]] | None = None
    partial: Dataset | None = None
    whole: Whole | None = None
    branches: tuple[tuple[Clause, ...], ...] = ()

    @property
    def columns(self) -> set[str]:
        """The columns that clauses and branches name."""
        return {c.column for clauses in (self.clauses, *self.branches) for c in clauses}


@dataclass(frozen=True)
class State:
    """All of a fitted model: JSON for its structure, arrays for its numbers. No code."""

    config: Json
    tensors: Mapping[str, NDArray[Any]]


class Model(ABC, Generic[D]):
    """A fitted generator. It exists only once fitted, and never changes."""

    @abstractmethod
    def sample(
        self,
        n: int,
        seed: Seed,
        given: Condition | None = None,
        tick: Callable[[Tick], None] = silent,
    ) -> D:
        """Exactly `n` rows that satisfy `given`; the same bytes for the same arguments.

        `tick` is told of a search that may take long.

        Raises `UsageError` for a condition that can never hold or that the engine cannot take,
        and `OutOfResources` when a bounded search found too few rows; never returns fewer.
        """

    def on(self, device: str) -> Self:
        """The same model, computing on `device`. One without a network is the same on any.

        A fitted model computes where it was fitted, a restored one on the CPU.
        """
        return self

    @abstractmethod
    def state(self) -> State: ...

    @classmethod
    @abstractmethod
    def from_state(cls, state: State) -> Self:
        """Undo `state`. Raises `BadInput` on anything malformed, and runs no stored code."""


@dataclass(frozen=True)
class About:
    """What `augment engines` and the choice of an engine need to know without fitting it."""

    name: str
    kind: str
    summary: str
    licence: str
    needs: tuple[str, ...] = ()  # packages that it imports beyond NumPy and Arrow
    extra: str = ""  # the extra of augment that installs them
    conditions: frozenset[str] = frozenset()  # of {"where", "given"}; how: see `exact`
    exact: bool = False  # conditions are placed, not searched for by rejection
    control: bool = False  # a yardstick that `auto` never picks
    foreign: bool = False  # draws with weights learnt elsewhere: fits nothing, knows every word
    continues: bool = False  # a fit can go on from an older model of its own: see `Job.start`
    private: bool = False  # differentially private: it is shown rows and schema as they are


@dataclass(frozen=True)
class Costs:
    """Seconds of a fit and of one sampled row, within a factor of two or so, on the machine that
    unit costs were measured on; and `bytes` of memory beside the data's and the libraries'."""

    fit_seconds: float
    row_seconds: float
    bytes: int = 0


@dataclass(frozen=True)
class Engine(ABC, Generic[D]):
    """A recipe: a frozen dataclass whose fields are the hyperparameters, and `fit`.

    The fields are the options of `-p name=value` and of a settings file, declared by `parameter`:
    a plain type, a default, help, the range of values that are taken, and where a search for
    better ones should look. A recipe with a value out of range is refused by `UsageError`.
    """

    about: ClassVar[About]
    model: ClassVar[type[Model[Any]]]

    def __post_init__(self) -> None:
        require_in_range(self)

    @abstractmethod
    def fit(self, data: D, job: Job) -> Model[D]: ...

    def costs(self, data: D, device: str) -> Costs | None:
        """About what a fit on `data` takes, and its samples; None where nobody knows."""
        return None

    def most_ranks(self) -> int:
        """Into how many parts each step of the training falls, which as many processes may compute
        side by side; the model is the same for any number of them."""
        return 1

    def remedies(self, symptom: Symptom, data: D) -> Iterator[Remedy]:
        """Recipes to try where a fit of this one does not do, the mildest change first."""
        yield from ()


Group = Literal["fidelity", "utility", "privacy", "validity"]
Better = Literal["higher", "lower", "near"]


@dataclass(frozen=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True)
class Score:
    """One measured number.

    `where` names the column or pair that it is about ("" for the whole dataset). `ceiling` is
    the same number for unseen real rows at the same n (or, of copies, what made rows do to unseen
    ones), `floor` for the `independent` engine; either is None where it was not measured.
    `interval` holds the value, and `ceiling_interval` the ceiling, in 95 of 100 data sets. `value`
    is None where there is too little evidence, and `note` then says why.
    """

    metric: str
    value: float | None
    better: Better
    group: Group
    where: str = ""
    ceiling: float | None = None
    floor: float | None = None
    interval: Interval | None = None
    note: str = ""
    ceiling_interval: Interval | None = None

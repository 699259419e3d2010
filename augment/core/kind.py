"""What the lifecycle asks of a kind of data (tables, images), so that it never names one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self

import numpy as np

from augment.core import registry
from augment.core.budget import UNLIMITED, Budget
from augment.core.errors import UsageError, did_you_mean
from augment.core.model_folder import Stored
from augment.core.parameters import setting_of
from augment.core.seeds import Seed
from augment.core.source import Source
from augment.core.types import Condition, D, Dataset, Engine, Job, Json, Score, Tick

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Loaded(Generic[D]):
    """What was read: the rows, the digests of the files, and what the user should know of it."""

    data: D
    files: tuple[Json, ...]  # {"path", "sha256", "bytes"} each
    notes: tuple[str, ...] = ()
    rejected: int = 0


@dataclass(frozen=True)
class Ask:
    """What the user wants of a sample, still in words."""

    where: tuple[str, ...] = ()
    balance: str | None = None
    given: Source | None = None
    prompts: tuple[str, ...] = ()  # the first row gets the first, and so on, round and round


@dataclass(frozen=True)
class Part(Generic[D]):
    """Rows of a sample, from number `start` on."""

    start: int
    data: D


@dataclass(frozen=True)
class Origin:
    """What a sample comes from; together, all that decides its rows."""

    engine: str
    model: str  # digest of the stored model
    seed: int
    asked: Json  # rows, conditions, shard


@dataclass(frozen=True)
class Written:
    """How many rows were written, and for a folder a line on each of its files: `file` (the name
    in the folder), `number` (the row's) and whatever else is known of it."""

    rows: int
    lines: tuple[Json, ...] = ()


class Fitted(ABC, Generic[D]):
    """A fitted generator together with all that it takes to write whole rows.

    One that is the same on any device, takes no conditions, and has nothing to say of a sample is
    so by default.
    """

    engine: str
    rows: int  # of the source that it was fitted on (or on a part of); "2x" is twice as many

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

    @abstractmethod
    def stored(self) -> Stored: ...

    def __reduce__(self) -> tuple[Callable[[Stored], Fitted[D]], tuple[Stored]]:
        """To another process it goes as it goes to a disk, and computes on the CPU there."""
        return _restored, (self.stored(),)


@dataclass(frozen=True)
class Forecast:
    """About how many seconds the stages will take, and the memory at the peak."""

    fit: float
    sample: float
    score: float
    bytes: int


@dataclass(frozen=True)
class Scored:
    """Scores, and a JSON-ready document: `verdict` and `measures` as in `augment.evaluation`,
    and the facts behind the plots. `files` go beside the report, by name: what a reader should
    see of the made rows."""

    scores: tuple[Score, ...]
    document: Json
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Reserved:
    """What a fit will not use as it stands: the share of rows kept unseen, and, with `protect`,
    values that too few of the other rows hold. `read` are the options that the rows were read
    with."""

    holdout: float
    protect: bool
    read: Json = field(default_factory=dict)


class Reader(ABC, Generic[D]):
    """From what the user names, or holds in memory, to rows and to words on them."""

    options: frozenset[str]  # that `read` takes

    @abstractmethod
    def recognises(self, source: Source) -> bool:
        """Whether SRC looks like this kind, by its name and what lies there, or by its class."""

    @abstractmethod
    def read(self, source: Source, options: Json) -> Loaded[D]:
        """Read SRC. Raises `UsageError` for an option that this kind does not know."""

    def read_like(self, source: Source, data: D, options: Json) -> Loaded[D]:
        """Read what a `Writer` or another tool wrote, by the schema of `data`; of the options of
        `read` count those that such rows can need. Rows without a schema are read as any."""
        return self.read(source, options)

    @abstractmethod
    def describe(self, data: D, show_values: bool) -> Json:
        """The `schema`, and `columns`, each with its role and why (see `column`); what else a kind
        tells of its rows may stand beside them."""


class Writer(ABC, Generic[D]):
    """From parts of a sample to a file or a folder, or to other libraries."""

    folders: ClassVar[bool]  # whether a sample is a folder of files or one file
    options: frozenset[str]  # that `write` takes; "format" among them where there are several

    @abstractmethod
    def name(self, source: str) -> str:
        """The name of the synthetic file or folder inside a run folder."""

    @abstractmethod
    def write(
        self,
        parts: Iterator[Part[D]],
        path: Path | None,
        format: str,
        force: bool,
        options: Json,
        origin: Origin,
    ) -> Written:
        """Write the parts below one another; `None` is standard output.

        A file gets all parts in one call, and is whole or absent. A folder is filled by many
        calls, in any process and order; each of its files is whole or absent, and one that is
        there with the same bytes is left.
        """

    @abstractmethod
    def to_arrow(self, parts: Sequence[D]) -> pa.Table:
        """Parts of one sample, below one another, as users of other libraries want them."""


@dataclass(frozen=True)
class Wanted(Generic[D]):
    """What a model will be asked for: `rows` of such a sample, from `engine` on `device`."""

    engine: Engine[D]
    rows: int
    device: str = "cpu"
    protect: bool = True
    ask: Ask = field(default_factory=Ask)


class Generator(ABC, Generic[D]):
    """From rows to a fitted generator."""

    def prepared(self, loaded: Loaded[D], reserved: Reserved) -> Loaded[D]:
        """The rows as a fit will take them, with notes on what differs; usually nothing does."""
        return loaded

    @abstractmethod
    def choose(self, data: D) -> tuple[str, str]:
        """The engine that `auto` means for this data, and why."""

    @abstractmethod
    def foresee(self, data: D, wanted: Wanted[D]) -> Forecast | None:
        """Refuse now, before a long fit, what could never be asked of a model of this data.

        Returns about what fitting on `data`, sampling and scoring take, at the pace that the
        engine's `costs` are of; None where the engine does not know.
        """

    @abstractmethod
    def fit(
        self, engine: Engine[D], data: D | None, job: Job, protect: bool, whole: D | None
    ) -> Fitted[D]:
        """Fit on `data`, which may be a part of the source `whole`.

        Of the other rows nothing is learnt but how many they are, and which texts not to make.
        Both are None for a foreign engine (see `About`), which needs no data of the user's.
        """

    @abstractmethod
    def restore(self, stored: Stored) -> Fitted[D]:
        """Undo `Fitted.stored`. Raises `BadInput` on a document that does not fit."""


class Evaluator(ABC, Generic[D]):
    """From real and made rows to scores and a verdict."""

    options: frozenset[str]  # what `score` can be told

    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The names of the scores of a whole data set, as gates may name them."""

    @abstractmethod
    def score(
        self,
        train: D,
        test: D | None,
        fake: D,
        seed: Seed,
        tick: Callable[[Tick], None],
        options: Json,
        budget: Budget = UNLIMITED,
        workers: int | None = 1,
    ) -> Scored:
        """Scores and verdict; without `test` nobody knows which rows a generator saw.

        What the budget has no time for is left out, and named among what was not scored. The
        scores do not depend on `workers`, the most processes (None: one per core).
        """


@dataclass(frozen=True)
class Kind(Generic[D]):
    """One kind of data: its name, what its rows are called, and four ports.

    Registered in the group `augment.kinds`.
    """

    name: str
    noun: str  # in the plural
    reader: Reader[D]
    writer: Writer[D]
    generator: Generator[D]
    evaluator: Evaluator[D]

    def describe(self, data: D, show_values: bool) -> Json:
        """What `inspect` prints: how many rows there are, what they are called, and the reader's
        description."""
        described = self.reader.describe(data, show_values)
        return {"rows": len(data), "noun": self.noun, **described}


def _restored(stored: Stored) -> Fitted[Any]:
    kind: Kind[Any] = registry.find("kinds", stored.kind)
    return kind.generator.restore(stored)


def column(name: str, role: str, storage: str, nulls: int, distinct: int, note: str = "") -> Json:
    """A column as a `Reader` describes it; `note` says why it was taken for what it is."""
    return {
        "name": name,
        "role": role,
        "storage": storage,
        "nulls": nulls,
        "distinct": distinct,
        "note": note,
    }


def require_known(options: Json, known: Collection[str], kind: str) -> None:
    """Refuse a reading option that this kind of data does not know, as the user spells it."""
    for name in options:
        if name not in known:
            near = did_you_mean(flag(name), [flag(each) for each in known])
            raise UsageError(
                f"{flag(name)} is no option for {kind}, and SRC is read as {kind}. {near}"
            )


def flag(name: str) -> str:
    """A reading option as it is spelt on the command line.

    >>> flag("on_error"), flag("columns")
    ('--on-error', '--column')
    """
    return f"--{setting_of(name).replace('_', '-')}"


def split(data: D, share: float, seed: Seed) -> tuple[D, D]:
    """Train and unseen rows, by one shuffle; stratified by nothing, so that both are plain draws.

    The unseen part has at least one row where there are two, and never more than half. Rows of
    one entity go to the same side, where there are entities enough.
    """
    unseen = min(max(round(share * len(data)), 1), len(data) // 2)
    order, unseen = split_order(data, unseen, seed)
    return data.take(np.sort(order[unseen:])), data.take(np.sort(order[:unseen]))


def split_order(data: Dataset, first: int, seed: Seed) -> tuple[NDArray[np.int64], int]:
    """The rows in random order, and how many of them are to be taken as the first part: as near
    to `first` as can be without cutting an entity, if that is at least half as many."""
    entities = data.entities()
    rng = seed.rng()
    if entities is None:
        return rng.permutation(len(data)), first
    _, entity_of, sizes = np.unique(entities, return_inverse=True, return_counts=True)
    drawn = rng.permutation(len(sizes))
    ends = np.cumsum(sizes[drawn])
    fitting = ends[ends <= first]
    if not len(fitting) or fitting[-1] < first / 2:
        return rng.permutation(len(data)), first
    place = np.empty(len(sizes), dtype=np.int64)
    place[drawn] = np.arange(len(sizes))
    return np.lexsort([rng.random(len(data)), place[entity_of]]), int(fitting[-1])

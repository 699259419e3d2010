"""What the lifecycle asks of a kind of data (tables, images), so that it never names one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from augment.core.budget import UNLIMITED, Budget
from augment.core.fitted import Ask, Fitted
from augment.core.loaded import Loaded as Loaded
from augment.core.model_folder import Stored
from augment.core.reading_options import require_known
from augment.core.seeds import Seed
from augment.core.source import Source
from augment.core.types import D, Engine, Job, Json, Score, Tick, Workers

if TYPE_CHECKING:
    import pyarrow as pa


MARKER = "_synthetic"  # the column by which `--mark` tells made rows from real ones


@dataclass(frozen=True)
class Part(Generic[D]):
    """Rows of an output, from number `start` on: `made`, or the real ones that stand above."""

    start: int
    data: D
    made: bool = True


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


@dataclass(frozen=True)
class Forecast:
    """About how many seconds the stages will take, and the memory at the peak."""

    fit: float
    sample: float
    score: float
    bytes: int

    @property
    def seconds(self) -> float:
        """Of all stages together."""
        return self.fit + self.sample + self.score


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
    with, `device` is where they will be fitted on: "auto", "cpu" or "cuda". `private` names the
    engine of a differentially private fit, for which nothing may be found by looking at rows."""

    holdout: float
    protect: bool
    read: Json = field(default_factory=dict)
    device: str = "auto"
    private: str | None = None


class Reader(ABC, Generic[D]):
    """From what the user names, or holds in memory, to rows and to words on them."""

    options: frozenset[str] = frozenset()  # that `read` takes; others never reach it
    scored: ClassVar[Json] = {}  # options for rows that are only to be scored

    @abstractmethod
    def recognises(self, source: Source) -> bool:
        """Whether SRC looks like this kind, by its name and what lies there, or by its class."""

    @abstractmethod
    def read(self, source: Source, options: Json) -> Loaded[D]:
        """Read SRC; see `Kind.read`, which all but the kind itself call."""

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

    folders: ClassVar[bool] = False  # whether a sample is a folder of files or one file
    options: frozenset[str] = frozenset()  # of `write`; "format" where there are several
    packed: ClassVar[tuple[str, ...]] = ()  # formats of a folder's kind that are files of many rows

    def name(self, source: str) -> str:
        """The name of the synthetic file or folder inside a run folder; a file ends as SRC does."""
        return f"synthetic{Path(source).suffix}"

    def suffix(self, format: str) -> str:
        """How the name of a file of this format ends; of the usual one, where it is ""."""
        return f".{format}" if format else ""

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
        there with the same bytes is left. A file of a `packed` format gets all parts in one call,
        as any file; its one line names it and, as `list`, the file with a line on each row.
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
    """From rows to a fitted generator, of the class `fitted`."""

    fitted: ClassVar[type[Fitted[Any]]]

    def prepared(self, loaded: Loaded[D], reserved: Reserved) -> Loaded[D]:
        """The rows as a fit will take them, with notes on what differs, and advice; usually neither
        is needed."""
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


@dataclass(frozen=True)
class Shadow(Generic[D]):
    """What is known of a shadow model, a fit like the one that is judged on other rows: the
    `members` that it learnt from, `outsiders`, and rows that it `made`.

    Shokri et al. 2017, arXiv 1610.05820.
    """

    members: D
    outsiders: D
    made: D


class Evaluator(ABC, Generic[D]):
    """From real and made rows to scores and a verdict."""

    options: frozenset[str]  # what `score` can be told

    def shadow_models(self, train: D, test: D, options: Json) -> int:
        """How many shadow models it takes to tell whether a model gives its rows away: none where
        unseen rows tell, or where nothing is made of them."""
        return 0

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
        workers: Workers = 1,
        charts: bool = False,
        shadows: Sequence[Shadow[D]] = (),
    ) -> Scored:
        """Scores and verdict; without `test` nobody knows which rows a generator saw.

        `shadows` are as many as `shadow_models` asks for, or none.

        With `charts` the document has what a report draws, too (see `evaluation/charts.py`).

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
    fallback: bool = False  # whether its reader tells what is wrong with a source that none knows

    def read(self, source: Source, options: Json) -> Loaded[D]:
        """What the reader reads. Raises `UsageError` for an option that it does not know."""
        require_known(options, self.reader.options, self.name)
        return self.reader.read(source, options)

    def restore(self, stored: Stored) -> Fitted[D]:
        """Undo `Fitted.stored`. Raises `BadInput` on a document that does not fit."""
        return self.generator.fitted.restore(stored)

    def describe(self, data: D, show_values: bool) -> Json:
        """What `inspect` prints: how many rows there are, what they are called, and the reader's
        description."""
        described = self.reader.describe(data, show_values)
        return {"rows": len(data), "noun": self.noun, **described}


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

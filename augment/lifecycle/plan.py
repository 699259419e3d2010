"""What a run will do, resolved to the last choice, and the key under which it can be resumed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import augment
from augment.core import counts, registry
from augment.core.errors import MissingExtra, UsageError
from augment.core.files import digest_of, sha256
from augment.core.fitted import Ask
from augment.core.kind import Forecast, Kind, Loaded, Wanted
from augment.core.parameters import listed_choices
from augment.core.reading_options import flag
from augment.core.seeds import Seed
from augment.core.source import Source
from augment.core.types import Engine, Json
from augment.evaluation.gates import parse
from augment.nets.devices import device_for

NAMED_FILES = ("schema", "features")  # options that name a file, whose content decides the result


@dataclass(frozen=True)
class RunRequest:
    """What the user asked for; every field is plain, and `None` is "you choose"."""

    source: Source
    kind: str | None = None
    engine: str = "auto"
    parameters: dict[str, str] = field(default_factory=dict)
    settings: Mapping[str, Json] = field(default_factory=dict)  # of engines by name, below them
    seed: int | None = None
    seed_drawn: bool = False  # an earlier run drew the seed, and nobody asked for it
    count: str | None = None  # of rows to make; with `append`, of all rows of the output
    append: bool = False  # the real rows first, then the made ones
    ask: Ask = field(default_factory=Ask)
    holdout: float = 0.2
    max_seconds: float | None = None
    device: str = "auto"
    protect: bool = True
    gate: str = "privacy"  # an expression, see `evaluation/gates.py`
    warn: str = "none"  # another, whose failure is said and changes nothing
    baseline: str | None = None  # the folder of an earlier run that must not be better
    read: Json = field(default_factory=dict)
    write: Json = field(default_factory=dict)
    score: Json = field(default_factory=dict)
    rounds: int = 1  # at most; see `lifecycle/rounds.py`
    goal: str = "all"  # what ends the rounds, an expression as `gate` is
    start: str | None = None  # digest of the older model that a fit goes on from


@dataclass(frozen=True)
class Plan:
    """A request with its choices made. `document` is what `run.json` keeps of it."""

    request: RunRequest
    kind: Kind[Any]
    engine: Engine[Any]
    reason: str  # why this engine
    seed: Seed
    device: str
    rows: int | None  # to be made; None: as many as the real rows lack to a mix

    @property
    def document(self) -> Json:
        return {
            "source": str(self.request.source),
            "kind": self.kind.name,
            "engine": self.engine.about.name,
            "engine_reason": self.reason,
            "parameters": dataclasses.asdict(self.engine),
            "seed": self.seed.value,
            "seed_given": self.request.seed is not None and not self.request.seed_drawn,
            "rows": self.rows,
            "count": self.request.count,
            "mode": "append" if self.request.append else "only",
            "where": list(self.request.ask.where),
            "balance": self.request.ask.balance,
            "prompts": list(self.request.ask.prompts),
            "holdout": self.request.holdout,
            "max_seconds": self.request.max_seconds,
            "device": self.device,
            "protect": self.request.protect,
            "gates": [gate.text for gate in parse(self.request.gate)],
            "warn_gates": [gate.text for gate in parse(self.request.warn, option="--warn")],
            "baseline": self.request.baseline,
            "read": self.request.read,
            "write": self.request.write,
            "score": self.request.score,
            "rounds": self.request.rounds,
            "goal": self.request.goal,
            "named_files": digests(self.request),
            "start": self.request.start,
        }

    def with_engine(self, engine: Engine[Any], reason: str) -> Plan:
        """The same plan for another engine, on the device that suits it."""
        device = device_for(self.request.device, engine.about)
        return dataclasses.replace(self, engine=engine, reason=reason, device=device)

    def foresee(self, data: Any, rows: int | None) -> Forecast | None:
        """Refuse what could never be made of a fit on `data`; else about what it all takes, with
        as many made rows as there are in `data` where none knows yet."""
        request = self.request
        rows = len(data) if rows is None else rows
        return self.kind.generator.foresee(
            data,
            Wanted(self.engine, rows, self.device, request.protect, request.ask),
        )

    def key(self, files: tuple[Json, ...]) -> str:
        """Digest of everything that decides the result except the seed. Without `files` it tells
        nothing of the rows, as where it is published with a private model."""
        decisive = {k: v for k, v in self.document.items() if not k.startswith("seed")}
        if not files:
            decisive.pop("rows")
        decisive["files"] = [file["sha256"] for file in files]
        decisive["version"] = augment.__version__
        return digest_of(decisive)


def digests(request: RunRequest) -> dict[str, str]:
    """SHA-256 of the files that options name, by option."""
    named = {**request.read, **request.score}
    paths = {name: Path(named[name]) for name in NAMED_FILES if name in named}
    return {name: sha256(path) for name, path in paths.items() if path.is_file()}


def kind_of(source: Source, name: str | None) -> Kind[Any]:
    """The kind of data of that name, or the one that recognises the source."""
    if name is not None:
        named: Kind[Any] = registry.find("kinds", name)
        return named
    kinds: list[Kind[Any]] = [registry.find("kinds", each) for each in registry.names("kinds")]
    for kind in kinds:
        if kind.reader.recognises(source):
            return kind
    return next((kind for kind in kinds if kind.fallback), kinds[0])


def resolve(request: RunRequest, kind: Kind[Any], loaded: Loaded[Any], seed: Seed) -> Plan:
    """Make every choice that the request left open."""
    if request.engine == "auto":
        name, reason = kind.generator.choose(loaded.data)
    else:
        name, reason = request.engine, "asked for"
    engine = registry.engine(name, request.parameters, request.settings.get(name))
    if engine.about.kind != kind.name:
        raise UsageError(
            f"Engine {name!r} is for {engine.about.kind} data, and the source is {kind.name} data. "
            "`augment engines` lists the engines of each kind."
        )
    require_scorable(kind, request.score)
    require_write_options(kind, request.write)
    rows = _made_rows(request, len(loaded.data))
    return Plan(request, kind, engine, reason, seed, device_for(request.device, engine.about), rows)


def _made_rows(request: RunRequest, source_rows: int) -> int | None:
    """How many rows are made, as far as that is known before the fit."""
    rows = row_count(request.count or "1x", source_rows)
    if not request.append:
        return rows
    below = None if request.count is None else rows_below(request.count, source_rows)
    if request.ask.balance is not None:
        return None
    return source_rows if below is None else below


def require_scorable(kind: Kind[Any], options: Json) -> None:
    """Refuse, before a long fit, an option of scoring that this kind of data does not know."""
    for name in options:
        if name not in kind.evaluator.options:
            raise UsageError(
                f"{flag(name)}: the source is {kind.name} data, which has no use for it."
            )


def require_write_options(kind: Kind[Any], options: Json) -> None:
    """Refuse, before any work, an option of writing that this kind of data does not know."""
    for name in options:
        if name not in kind.writer.options:
            kinds = [registry.find("kinds", each) for each in registry.names("kinds")]
            those = listed_choices([each.name for each in kinds if name in each.writer.options])
            raise UsageError(
                f"{flag(name)} is for {those} data, and the source is {kind.name} data."
            )


def row_count(text: str, source_rows: int) -> int:
    """`-n`: 5000, 10k, 1e6, 2.5M, or 2x for twice the rows of the source.

    >>> row_count("10k", 7), row_count("2x", 7), row_count("1e3", 7)
    (10000, 14, 1000)
    """
    found = counts.parted(text)
    if found is None:
        raise UsageError(f"-n {text}: write a number of rows, such as 5000, 10k, 1e6 or 2x.")
    number, unit = found
    rows = number * source_rows if unit else number
    if rows > counts.MOST:
        raise UsageError(f"-n {text}: at most {counts.MOST:,} rows can be asked for.")
    if rows < 1 or not (unit or rows.is_integer()):
        raise UsageError(f"-n {text}: that is not a whole number of rows, at least 1.")
    return int(rows)


def rows_below(count: str, real_rows: int) -> int:
    """The made rows of an output of `count` rows that the real ones lead."""
    total = row_count(count, real_rows)
    if total <= real_rows:
        raise UsageError(
            f"-n {count}: with --mode append it counts all rows of the output, and the real ones "
            f"alone are {real_rows:,}. Ask for more, such as 2x."
        )
    return total - real_rows


def able_engines(plan: Plan) -> list[Engine[Any]]:
    """The engines for this kind of data that are installed and may win, with their settings."""
    found = []
    for name in registry.names("engines"):
        with suppress(MissingExtra):
            about = registry.find("engines", name).about
            if about.kind == plan.kind.name and not (
                about.control or about.foreign or about.private
            ):
                found.append(registry.engine(name, {}, plan.request.settings.get(name)))
    return found


def is_private(engine: str) -> bool:
    """Whether the engine of that name is differentially private; `auto` picks none that is."""
    return engine != "auto" and bool(registry.find("engines", engine).about.private)


def default_gate(engine: str) -> str:
    """What a run asks of its result where nobody says. What a private fit made is not held back by
    scores, which are computed from the real rows: whether it is published would tell of them."""
    return "none" if is_private(engine) else "privacy"


def private_engines() -> list[str]:
    """The differentially private engines; `--dp-epsilon` takes the first where none is named."""
    found = []
    for name in registry.names("engines"):
        with suppress(MissingExtra):
            if is_private(name):
                found.append(name)
    if not found:
        raise UsageError("No engine is installed that is differentially private.")
    return found


def require_once(engine: str, command: str) -> None:
    """Refuse a private engine where one set of rows is fitted on again and again."""
    if is_private(engine):
        raise UsageError(
            f"{command} fits again and again on the same rows, and with engine {engine!r} each fit "
            "spends its budget: together they tell more than any of them says. Fit once, with "
            "`augment run` or `augment fit`."
        )


def require_private(request: RunRequest) -> None:
    """Refuse what a private fit cannot be combined with."""
    if request.append:
        raise UsageError(
            f"--mode append writes the real rows too, which with engine {request.engine!r} makes "
            "no sense. Leave --mode out."
        )
    if request.rounds > 1:
        require_once(request.engine, "--rounds")


def foreign_engines() -> list[str]:
    """The engines that draw with weights learnt elsewhere, which `--weights` names a folder of.

    The first one is taken where none is named. Raises `UsageError` where there is none.
    """
    found = []
    for name in registry.names("engines"):
        with suppress(MissingExtra):  # one that cannot be loaded is none to choose
            if registry.find("engines", name).about.foreign:
                found.append(name)
    if not found:
        raise UsageError("No engine is installed that draws with weights from a folder.")
    return found

"""What a comparison of engines will do, resolved to the last choice, and the key under which it can
be resumed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import augment
from augment.core import registry
from augment.core.errors import BadInput, MissingExtra, UsageError, did_you_mean
from augment.core.files import digest_of
from augment.core.holdout import split, split_order
from augment.core.kind import Kind, Loaded, Reserved
from augment.core.seeds import Seed
from augment.core.types import Engine, Json, Tick
from augment.lifecycle.gates import LEAST_ROWS_TO_SPLIT
from augment.lifecycle.journal import Journal
from augment.lifecycle.plan import RunRequest, kind_of, require_once, require_scorable, row_count
from augment.nets.devices import device_for
from augment.work.store import Store

SCHEMA = "augment.compare/1"
ALL = ("all",)


@dataclass(frozen=True)
class CompareRequest:
    """What the user asked for. `run` says how to read, fit and score; its engine is not looked at.

    `engines` are named, or `ALL`, or () for every one that may win and is installed; `parameters`
    are theirs by name; `rows` is how many of the source's take part (`plan.row_count`).
    """

    run: RunRequest
    engines: tuple[str, ...] = ()
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rows: str = "10k"


@dataclass(frozen=True)
class ComparisonPlan:
    """A request with its choices made: the rows that take part, and the engines."""

    request: CompareRequest
    kind: Kind[Any]
    loaded: Loaded[Any]
    recipes: tuple[Engine[Any], ...]
    absent: Mapping[str, str]  # engines that cannot be loaded, and why
    seed: Seed
    key: str
    most_rows: int

    def sides(self) -> tuple[Any, Any]:
        """The rows to fit on, in random order, and the unseen ones."""
        data, run = self.loaded.data, self.request.run
        if self.most_rows < len(data):
            order, count = split_order(data, self.most_rows, self.seed.child("rows"))
            data = data.take(np.sort(order[:count]))
        train, unseen = split(data, run.holdout, self.seed.child("split"))
        order, _ = split_order(train, len(train), self.seed.child("order"))
        return train.take(order), unseen

    @property
    def racing(self) -> list[Engine[Any]]:
        return [each for each in self.recipes if not each.about.control]

    @property
    def controls(self) -> list[Engine[Any]]:
        return [each for each in self.recipes if each.about.control]

    def device(self, engine: Engine[Any]) -> str:
        return device_for(self.request.run.device, engine.about)

    @property
    def document(self) -> Json:
        """What is compared, as `compare.json` holds it."""
        run, data = self.request.run, self.loaded.data
        return {
            "schema": SCHEMA,
            "augment": augment.__version__,
            "key": self.key,
            "seed": self.seed.value,
            "source": str(run.source),
            "kind": self.kind.name,
            "noun": self.kind.noun,
            "files": list(self.loaded.files),
            "notes": list(self.loaded.notes),
            "advice": list(self.loaded.advice),
            "source_rows": len(data),
            "holdout": run.holdout,
            "max_seconds": run.max_seconds,
            "protect": run.protect,
        }


def planned(request: CompareRequest, folder: Store, journal: Journal) -> ComparisonPlan:
    """Read the source, find the engines, and take the seed of an unfinished attempt."""
    run = request.run
    kind = kind_of(run.source, run.kind)
    require_scorable(kind, run.score)
    if run.holdout == 0:
        raise UsageError("--holdout 0 keeps no rows unseen, on which engines could be compared.")
    recipes, absent = _recipes(request, kind.name)
    with journal.stage("read"):
        reserved = Reserved(run.holdout, run.protect, run.read, run.device)
        loaded = kind.generator.prepared(kind.read(run.source, run.read), reserved)
    if len(loaded.data) < LEAST_ROWS_TO_SPLIT:
        raise BadInput(
            f"{len(loaded.data)} is too few to compare engines on (at least "
            f"{LEAST_ROWS_TO_SPLIT} are needed).",
            where=str(run.source),
        )
    for sentence in loaded.advice:
        journal.tell(Tick("read", advice=sentence))
    most = min(
        len(loaded.data), max(LEAST_ROWS_TO_SPLIT, row_count(request.rows, len(loaded.data)))
    )
    key = _key(request, kind.name, loaded, recipes, absent, most)
    asked = folder.lent_seed(key) if run.seed is None else run.seed
    seed = Seed.fresh() if asked is None else Seed(asked)
    return ComparisonPlan(request, kind, loaded, recipes, absent, seed, key, most)


def _recipes(
    request: CompareRequest, kind: str
) -> tuple[tuple[Engine[Any], ...], Mapping[str, str]]:
    """The engines that are asked for, and those of them that are not installed."""
    named = request.engines not in ((), ALL)
    known = registry.names("engines")
    for name in (*request.parameters, *(request.engines if named else ())):
        if name not in known:
            raise UsageError(f"There is no engine {name!r}. {did_you_mean(name, known)}")
    found, absent = [], {}
    for name in dict.fromkeys(request.engines if named else known):
        try:
            about = registry.find("engines", name).about
        except MissingExtra as error:
            if named:  # of one that cannot be loaded nobody knows for which kind of data it is
                absent[name] = str(error)
            continue
        if named and about.kind != kind:
            raise UsageError(
                f"Engine {name!r} is for {about.kind} data, and the source is {kind} data. "
                "`augment engines` lists the engines of each kind."
            )
        if named and about.foreign:
            raise UsageError(
                f"Engine {name!r} fits nothing: it draws with weights learnt elsewhere. "
                "Try it with: augment run SRC --weights FOLDER -o OUT"
            )
        if named:
            require_once(name, "compare")
        foreign = about.foreign or about.private
        if about.kind != kind or foreign or (about.control and not request.engines):
            continue
        texts, settings = request.parameters.get(name, {}), request.run.settings.get(name)
        found.append(registry.engine(name, dict(texts), settings))
    unused = set(request.parameters) - {each.about.name for each in found} - set(absent)
    if unused:
        raise UsageError(f"-p {min(unused)}.…: this engine does not take part. Name it: --engines")
    if not found and not absent:
        raise UsageError(f"No engine for {kind} data is installed.")
    return tuple(found), absent


def _key(
    request: CompareRequest,
    kind: str,
    loaded: Loaded[Any],
    recipes: Sequence[Engine[Any]],
    absent: Mapping[str, str],
    most_rows: int,
) -> str:
    """Digest of everything that decides the result except the seed."""
    run = request.run
    decisive = {
        "command": "compare",
        "kind": kind,
        "engines": {each.about.name: dataclasses.asdict(each) for each in recipes},
        "absent": list(absent),
        "rows": most_rows,
        "holdout": run.holdout,
        "max_seconds": run.max_seconds,
        "device": run.device,
        "protect": run.protect,
        "read": run.read,
        "score": run.score,
        "files": [file["sha256"] for file in loaded.files],
        "version": augment.__version__,
    }
    return digest_of(decisive)

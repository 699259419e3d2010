"""Tables as the lifecycle sees them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from augment.base.errors import UsageError, did_you_mean
from augment.base.seeds import Seed
from augment.base.store import Stored
from augment.base.types import Engine, Job, Json, Tick
from augment.base.wing import Fitted, Loaded, Scored, Wing
from augment.tables import scoring, source
from augment.tables.dataset import Table
from augment.tables.invention import kept
from augment.tables.model import TableModel

MOST_VALUES_SHOWN = 20


class TableWing(Wing[Table]):
    """Files with rows and columns."""

    kind: ClassVar[str] = "table"
    block_rows: ClassVar[int] = 20_000

    def recognises(self, source_text: str) -> bool:
        return source.recognises(source_text)

    def read(self, source_text: str, options: Json) -> Loaded[Table]:
        known = {field.name for field in dataclasses.fields(source.ReadOptions)}
        for name in options:
            if name not in known:
                raise UsageError(
                    f"--{name.replace('_', '-')} is no option for tables. "
                    f"{did_you_mean(name, sorted(known))}"
                )
        return source.read(source_text, source.ReadOptions.of(options))

    def read_like(self, source_text: str, data: Table) -> Table:
        return source.read_as(source_text, kept(data.schema))

    def choose(self, data: Table) -> tuple[str, str]:
        return "copula", "fits in seconds on any table"

    def fit(
        self, engine: Engine[Table], data: Table, job: Job, protect: bool, source_rows: int
    ) -> Fitted[Table]:
        return TableModel.fit(engine, data, job, protect, source_rows)

    def restore(self, stored: Stored) -> Fitted[Table]:
        return TableModel.restore(stored)

    def write(
        self, parts: Iterator[Table], path: Path | None, format: str, force: bool, options: Json
    ) -> int:
        return source.write(parts, path, format, force=force, **options)

    def output_name(self, source_text: str, options: Json) -> str:
        return "synthetic" + source.suffix_like(source_text)

    def score(
        self,
        train: Table,
        test: Table | None,
        fake: Table,
        seed: Seed,
        tick: Callable[[Tick], None],
    ) -> Scored:
        if test is None:
            scores = scoring.score_pair(train, fake, seed, tick)
        else:
            floor = self._floor(train, len(fake), seed.child("independent"))
            scores = scoring.score(train, test, fake, seed, tick, floor)
        raise NotImplementedError

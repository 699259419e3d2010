"""`bootstrap`: training rows drawn with replacement. The control that privacy scores must catch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa

from augment.core.errors import UsageError
from augment.core.model_folder import restoring
from augment.core.seeds import Seed
from augment.core.types import About, Clause, Condition, Costs, Engine, Job, State, Tick, silent
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.data.values import arrow_type
from augment.kinds.tables.engines.conditional import ConditionalModel
from augment.kinds.tables.engines.costs import plain_costs


@dataclass(frozen=True)
class BootstrapModel(ConditionalModel):
    """The training table itself. The one model that holds rows, which is why it is a control."""

    rows: Table

    def sample(
        self,
        n: int,
        seed: Seed,
        given: Condition | None = None,
        tick: Callable[[Tick], None] = silent,
    ) -> Table:
        if given and given.partial is not None:
            raise UsageError(
                "`bootstrap` takes --where only. Fit an engine that fills partial rows (--given)."
            )
        allowed = np.arange(len(self.rows))
        if given and given.clauses:
            allowed = np.flatnonzero(mask(self.rows, given.clauses))
        if not len(allowed):
            raise UsageError("No training row satisfies the condition. Loosen it.")
        return self.rows.take(seed.rng().choice(allowed, size=n))

    def probability(self, clauses: tuple[Clause, ...], seed: Seed) -> float:
        """Exact: the share of the rows."""
        return float(mask(self.rows, clauses).mean())

    def state(self) -> State:
        """The rows as one Arrow stream in a tensor of bytes."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self.rows.data.schema) as writer:
            writer.write_table(self.rows.data.combine_chunks())
        rows = np.frombuffer(sink.getvalue(), dtype=np.uint8)
        return State({"schema": self.rows.schema.to_json()}, {"rows": rows})

    @classmethod
    def from_state(cls, state: State) -> Self:
        with restoring("bootstrap"):
            schema = Schema.from_json(state.config["schema"])
            data = pa.ipc.open_stream(pa.py_buffer(state.tensors["rows"].tobytes())).read_all()
            data.validate(full=True)
            if data.column_names != schema.names or not data.num_rows:
                raise ValueError("rows and schema disagree")
            for column, field in zip(schema, data.schema, strict=True):
                wide = column.storage == "integer" and pa.types.is_decimal128(field.type)
                if field.type != arrow_type(column) and not wide:
                    raise ValueError("a column is not of its storage's type")
        return cls(Table(data, schema))


@dataclass(frozen=True)
class Bootstrap(Engine[Table]):
    """Copies of training rows. Perfect fidelity, no privacy."""

    about: ClassVar[About] = About(
        name="bootstrap",
        kind="table",
        summary="copies of training rows: the control that privacy checks must catch",
        licence="Apache-2.0",
        conditions=frozenset({"where"}),
        exact=True,
        control=True,
    )
    model: ClassVar[type[BootstrapModel]] = BootstrapModel

    def costs(self, data: Table, device: str) -> Costs:
        return plain_costs(data, 6e-7)

    def fit(self, data: Table, job: Job) -> BootstrapModel:
        job.tick(Tick("fit", 1, 1))
        return BootstrapModel(data)

"""`aim`: the engine whose fit is differentially private from end to end."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from augment.core.errors import BadInput
from augment.core.files import digest_of
from augment.core.parameters import parameter
from augment.core.types import About, Costs, Engine, Job, Json, Tick
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.engines.aim.adaptive_selection import Encoded, Selection, selected
from augment.kinds.tables.engines.aim.cells import Cells
from augment.kinds.tables.engines.aim.discretisation import cells_of, searches
from augment.kinds.tables.engines.aim.inference import total_of
from augment.kinds.tables.engines.aim.ledger import Ledger
from augment.kinds.tables.engines.aim.mechanisms import LIBRARIES, library
from augment.kinds.tables.engines.aim.model import AimModel

SEARCH_SHARE = 0.15  # of the budget, for cells that the schema leaves open
STEPS = 1_000  # of progress
INFERENCE_SECONDS = 0.8  # for each column of the model, of one inference
START_SECONDS = 3.0  # to load the libraries
COUNT_SECONDS = 1e-8  # of a row in one pair


@dataclass(frozen=True)
class Aim(Engine[Table]):
    """Marginals chosen one after another and measured with noise, and a graphical model of them.

    McKenna, Mullins, Sheldon and Miklau 2022, arXiv 2201.12677. What is public of the rows is in
    their schema alone: names, roles, spelling, and `levels`, `low` and `high` where it has them.
    """

    about: ClassVar[About] = About(
        "aim",
        "table",
        "differentially private (--dp-epsilon): noisy marginals, and a graphical model of them",
        licence="Apache-2.0",
        needs=("opendp", "mbi"),
        extra="dp",
        conditions=frozenset({"where"}),
        exact=True,
        private=True,
    )
    model: ClassVar[type[AimModel]] = AimModel

    epsilon: float = parameter(
        1.0, "privacy budget of the fit; smaller protects more", above=0, most=100
    )
    delta: float = parameter(
        1e-9, "delta of the promise; far below one in all rows", above=0, most=0.001
    )
    intervals: int = parameter(
        24, "cells that the values of a number are parted into, at most", least=2, most=1_000
    )
    max_cells: int = parameter(
        200_000, "cells that the model may have in all", least=1_000, most=10_000_000
    )

    def costs(self, data: Table, device: str) -> Costs:
        columns, rows = len(data.schema), len(data)
        inferences = 1 + 2 * columns / max(1, columns // 5)
        counting = 2 * columns * COUNT_SECONDS * rows * columns**2 / 2
        fit = START_SECONDS + inferences * INFERENCE_SECONDS * columns + counting
        return Costs(fit, 1e-6 * columns, 64 * self.max_cells)

    def fit(self, data: Table, job: Job) -> AimModel:
        for name in LIBRARIES:
            library(name)
        if not len(data):
            raise BadInput("there are 0 rows, and at least 1 is needed.")
        columns = list(data.schema)
        wanted = {column.name: searches(column, self.intervals) for column in columns}
        rounds = sum(each.rounds for each in wanted.values())
        subject = digest_of({"rows": data.digest(), "recipe": dataclasses.asdict(self)})
        found = sum(each.values for each in wanted.values())
        ledger = Ledger(job.scratch, subject, self.epsilon, self.delta, found)
        rho = ledger.rho * SEARCH_SHARE / max(rounds, 1)
        cells = tuple(cells_of(data, each, self.intervals, ledger, rho) for each in columns)
        encoded = Encoded(
            np.stack([each.encode(data) for each in cells], axis=1),
            tuple(each.size for each in cells),
            tuple(data.schema.names),
        )
        target = data.schema.target
        place = None if target is None else data.schema.names.index(target)
        chosen = selected(encoded, ledger, place, self.max_cells, job.seed, _progress(job))
        return AimModel(
            data.schema,
            cells,
            chosen.inferred.tree,
            max(1, round(total_of(chosen.marginals))),
            _facts(ledger, chosen, encoded) | {"notes": _lost(cells)},
        )


def _progress(job: Job) -> Callable[[float], None]:
    """Tells the share of the budget that is spent. No limit of time ends a fit early: what is
    measured would depend on the clock, and with it on rows that nobody paid for."""

    def tick(spent: float) -> None:
        job.tick(Tick("fit", round(STEPS * min(spent, 1.0)), STEPS))

    return tick


def _facts(ledger: Ledger, chosen: Selection, encoded: Encoded) -> Json:
    """What was spent on what, and which marginals the model knows."""
    measured = [m.columns for m in chosen.marginals if len(m.columns) > 1]
    return {
        "privacy": ledger.document(),
        "marginals": [encoded.title(columns) for columns in dict.fromkeys(measured)],
    }


def _lost(cells: Sequence[Cells]) -> list[str]:
    """What to say of columns of which the budget found next to nothing."""
    empty = [each.column.name for each in cells if each.nothing_found]
    if not empty:
        return []
    what = "column" if len(empty) == 1 else "columns"
    return [
        f"{what} {', '.join(map(repr, empty))}: the budget found none of the values, so that all "
        "rows lack one. Say in the schema what they may be (levels; low and high), or give more "
        "rows or a greater --dp-epsilon"
    ]

"""Texts of single training rows (names, e-mail addresses, account numbers) among synthetic rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.evaluation.charts import LEAST_CELL
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.personal.surrogates import PUBLIC

MOST_MET = 0.05  # of unseen rows may have such a text: beyond that it is not the training rows' own


@dataclass(frozen=True)
class RareTexts:
    """Of each column of text, those that 1 to 4 training rows have, and of `unseen_rows` how many
    have one of them (`unseen_hits`).

    Places and professions, which are everybody's, take no part; neither do columns whose texts
    unseen rows have as well (accounts with rows on both sides, remarks of one word), or most of
    which are of five rows and more (teachers).
    """

    texts: Mapping[str, pa.Array]
    unseen_hits: int
    unseen_rows: int

    @classmethod
    def of(cls, seen: Table, unseen: Table) -> RareTexts | None:
        """None where no column has such texts, or nothing is unseen."""
        if not len(unseen):
            return None
        texts = {}
        for column in seen.schema:
            if column.role != "text" or column.pii in PUBLIC:
                continue
            counted = pc.value_counts(_column(seen, column.name).drop_null())
            counts, values = counted.field("counts"), counted.field("values")
            rare = values.filter(pc.less(counts, LEAST_CELL))
            met = pc.is_in(_column(unseen, column.name), rare)
            individual = 2 * len(rare) >= max(1, len(values))
            if individual and len(rare) and int(pc.sum(met).as_py() or 0) <= MOST_MET * len(unseen):
                texts[column.name] = rare
        if not texts:
            return None
        return cls(texts, _hits(unseen, texts), len(unseen))

    def hits(self, made: Table) -> int:
        """How many rows have one of the texts, each in its own column."""
        return _hits(made, self.texts)


def _hits(table: Table, texts: Mapping[str, pa.Array]) -> int:
    found = np.zeros(len(table), dtype=bool)
    for name in texts.keys() & set(table.schema.names):
        met = pc.is_in(_column(table, name), texts[name])
        found |= met.to_numpy(zero_copy_only=False)
    return int(found.sum())


def _column(table: Table, name: str) -> pa.Array:
    return pc.cast(table.column(name), pa.string())

"""How newer rows differ from what a model knows of those that it was fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from augment.core.json import Json
from augment.core.types import Scalar

MOST_VALUES_SHOWN = 20

# of a column: it is new, is stored otherwise, has values that the model lacks, numbers outside of
# its range, or other gaps; or a class of the model has no row any more
Change = Literal["new", "storage", "unseen values", "range", "nulls", "gone"]


@dataclass(frozen=True)
class SchemaDrift:
    """One way in which a column of newer rows is not as the model knows it.

    `values` are those that the sentence counts; they are shown only to who asks for them.
    """

    column: str
    change: Change
    sentence: str
    values: tuple[Scalar, ...] = ()

    def told(self, show_values: bool) -> str:
        """The sentence, with the values behind it where they are asked for."""
        if not show_values or not self.values:
            return self.sentence
        shown = ", ".join(str(value) for value in self.values[:MOST_VALUES_SHOWN])
        left = len(self.values) - MOST_VALUES_SHOWN
        return f"{self.sentence} They are: {shown}{f' and {left:,} more' if left > 0 else ''}."

    def to_json(self, show_values: bool = False) -> Json:
        document: Json = {
            "column": self.column,
            "change": self.change,
            "sentence": self.sentence,
        }
        return {**document, "values": list(self.values)} if show_values else document

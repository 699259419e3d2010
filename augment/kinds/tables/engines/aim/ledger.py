"""What a private fit has spent, and what it got for it, kept as it is drawn.

A fit that was killed goes on with what it has drawn: drawing again would spend again, and two
draws of one count tell more than one. Nothing that is drawn is used before it is on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import BadInput
from augment.core.files import read_json, write_json
from augment.core.types import Json
from augment.kinds.tables.engines.aim import mechanisms
from augment.kinds.tables.engines.aim.mechanisms import Draw

NEIGHBOURS = "one row added or removed"
NAME = "privacy_ledger.json"


class Ledger:
    """A budget in zCDP, and each draw that is charged to it, in order.

    `subject` tells the rows and the recipe: a ledger of others in `folder` is not gone on with.
    """

    def __init__(self, folder: Path, subject: str, epsilon: float, delta: float, searches: int):
        """`searches` is how many times values that nobody listed will be looked for; half of
        `delta` is theirs."""
        self.epsilon, self.delta = epsilon, delta
        self.search_delta = delta / 2 / searches if searches else 0.0
        self.final_delta = delta / 2 if searches else delta
        self.rho = mechanisms.rho_of(epsilon, self.final_delta)
        self._path, self._subject = folder / NAME, subject
        self._recorded = self._read()
        self._spent: list[Json] = []

    def _read(self) -> list[Json]:
        if not self._path.is_file():
            return []
        try:
            document = read_json(self._path)
        except BadInput:
            return []
        if document.get("subject") != self._subject:
            return []
        recorded: list[Json] = document["draws"]
        return recorded

    @property
    def spent(self) -> float:
        """The rho of all draws so far."""
        return float(sum(draw["rho"] for draw in self._spent))

    @property
    def left(self) -> float:
        """The rho that is left."""
        return max(0.0, self.rho - self.spent)

    def counts(
        self, what: str, counts: NDArray[np.int64], rho: float
    ) -> tuple[NDArray[np.float64], float]:
        """`mechanisms.noisy_counts`, in the shape of the counts, and the scale of their noise."""
        flat: list[int] = counts.reshape(-1).tolist()
        drawn = self._drawn(what, rho, 0.0, lambda: mechanisms.noisy_counts(flat, rho))
        return np.asarray(drawn["result"], np.float64).reshape(counts.shape), drawn["scale"]

    def choice(
        self,
        what: str,
        options: Sequence[tuple[int, ...]],
        scores: Sequence[float],
        most: float,
        rho: float,
    ) -> int:
        """The place of an option by `mechanisms.noisy_choice`; a row changes a score by `most`."""

        def draw() -> Draw:
            drawn = mechanisms.noisy_choice(scores, most, rho)
            return replace(drawn, result=list(options[drawn.result]))

        return options.index(tuple(self._drawn(what, rho, 0.0, draw)["result"]))

    def values(self, what: str, counts: Mapping[str, int], rho: float) -> dict[str, int]:
        """`mechanisms.noisy_values`, at the share of delta that each search has."""
        delta = self.search_delta
        drawn = self._drawn(what, rho, delta, lambda: mechanisms.noisy_values(counts, rho, delta))
        found: dict[str, int] = drawn["result"]
        return found

    def _drawn(self, what: str, rho: float, delta: float, draw: Callable[[], Draw]) -> Json:
        """The next draw, as an earlier attempt recorded it or made now."""
        place = len(self._spent)
        if place < len(self._recorded):
            entry = self._recorded[place]
            if entry["what"] != what:
                raise BadInput(
                    f"what an unfinished fit has drawn ({NAME}) does not fit this fit.",
                    hint="Pass --force to begin anew, which spends the budget again.",
                )
        else:
            assert self.spent + rho <= self.rho * (1 + 1e-9), "the budget does not hold that"
            made = draw()
            assert made.rho <= rho * (1 + 1e-9) and made.delta <= delta, "it costs more than that"
            entry = {
                "what": what,
                "mechanism": made.mechanism,
                "scale": made.scale,
                "rho": made.rho,
                "delta": made.delta,
                "result": made.result,
            }
            self._recorded = [*self._spent, entry]
            write_json(self._path, {"subject": self._subject, "draws": self._recorded})
        self._spent.append(entry)
        return entry

    def document(self) -> Json:
        """What may be told of it: every mechanism with its cost, and the sum; no result."""
        delta = self.final_delta + sum(draw["delta"] for draw in self._spent)
        spent = self.spent
        return {
            "epsilon": self.epsilon,
            "delta": self.delta,
            "rho": self.rho,
            "spent": {
                "epsilon": mechanisms.epsilon_of(spent, self.final_delta) if spent else 0.0,
                "delta": delta,
                "rho": spent,
            },
            "neighbours": NEIGHBOURS,
            "noise": f"OpenDP {metadata.version('opendp')}, from the operating system",
            "mechanisms": [
                {name: value for name, value in draw.items() if name != "result"}
                for draw in self._spent
            ],
        }

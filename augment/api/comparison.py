"""`Leaderboard`: engines compared; and `compare`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.api.arguments import (
    count_of,
    place_of,
    scoring_of,
    seconds_of,
    seed_of,
    share_of,
    spelt,
    texts,
)
from augment.api.data import read
from augment.api.host import undisturbing
from augment.core.types import Json, Tick, Workers, silent
from augment.lifecycle import compare as lifecycle
from augment.lifecycle.comparison import CompareRequest
from augment.lifecycle.plan import RunRequest
from augment.report import leaderboard

if TYPE_CHECKING:
    from augment.api.data import DataLike


@dataclass(frozen=True, eq=False, repr=False)
class Leaderboard:
    """Engines compared on the same rows: the folder, the winner, and a row for each engine."""

    folder: Path
    _document: Json

    def __repr__(self) -> str:
        return f"<augment.Leaderboard: {self.verdict}>"

    @property
    def seed(self) -> int:
        seed: int = self._document["seed"]
        return seed

    @property
    def winner(self) -> str | None:
        """The best engine that does not fail privacy; None where there is none."""
        winner: str | None = self._document["winner"]
        return winner

    @property
    def verdict(self) -> str:
        """Which engine won, and whether by more than noise, in a sentence."""
        return leaderboard.verdict(self._document)

    @property
    def rows(self) -> tuple[Json, ...]:
        """The engines, best first, as `compare.json` holds them: `engine`, `state` ("finished",
        "left out" or "failed", then with the `reason`), `fidelity` and `utility` with their
        intervals, `privacy`, `measured` (seconds, bytes of memory), `licence`, `scores`."""
        return tuple(self._document["engines"])

    def to_json(self) -> Json:
        """All that was found, as `augment compare --json` prints it."""
        return dict(self._document)


@undisturbing
def compare(
    source: DataLike,
    out: str | os.PathLike[str],
    *,
    engines: str | Sequence[str] = (),
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    rows: int | str = "10k",
    holdout: float = 0.2,
    features: str | os.PathLike[str] | None = None,
    seed: int | None = None,
    protect: bool = True,
    device: str = "auto",
    max_seconds: float | None = None,
    workers: Workers = 1,
    force: bool = False,
    tell: Callable[[Tick], None] = silent,
) -> Leaderboard:
    """Race `engines` on a sample of `source`, as `augment compare` does, into the folder `out`.

    `engines` are names, "all" for the controls too, or () for every engine that can win;
    `parameters` are theirs by name. Each engine is fitted in a process of its own, so a script
    that calls this needs `if __name__ == "__main__":`.

    Raises `UsageError` for an engine that is unknown or of another kind of data, and `BadInput`,
    `MissingExtra` or `OutOfResources` where no engine got to the end.
    """
    known = read(source, tell=tell)
    count = count_of(rows)
    request = RunRequest(
        source=known._rows,
        kind=known.kind,
        seed=seed_of(seed),
        holdout=share_of(holdout),
        max_seconds=seconds_of(max_seconds),
        device=device,
        protect=protect,
        read=known._options,
        score=scoring_of(features),
    )
    named = {name: spelt(given) for name, given in (parameters or {}).items()}
    document = lifecycle.compare(
        CompareRequest(request, texts(engines), named, "10k" if count is None else count),
        place_of(out),
        force=force,
        dry_run=False,
        workers=workers,
        tell=tell,
    )
    return Leaderboard(Path(document["folder"]), document)

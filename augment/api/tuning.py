"""`Tuning`: a finished search for parameters; and `tune`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.api.arguments import place_of, scoring_of, seconds_of, seed_of, share_of, spelt, texts
from augment.api.data import read
from augment.api.host import undisturbing
from augment.core.types import Json, Tick, Workers, silent
from augment.lifecycle import tuning, tuning_result
from augment.lifecycle.plan import RunRequest
from augment.lifecycle.search import TuneRequest

if TYPE_CHECKING:
    from augment.api.data import DataLike


@dataclass(frozen=True, eq=False, repr=False)
class Tuning:
    """A search that came to its end: its trials, the winner, and what it gained."""

    folder: Path
    _document: Json

    def __repr__(self) -> str:
        return f"<augment.Tuning: {len(self.trials)} trials of {self.engine}, {self.folder}>"

    @property
    def engine(self) -> str:
        name: str = self._document["plan"]["engine"]
        return name

    @property
    def seed(self) -> int:
        seed: int = self._document["seed"]
        return seed

    @property
    def trials(self) -> list[Json]:
        """A row for each trial: state, reason, parameters, values of the objectives, scores."""
        rows: list[Json] = self._document["trials"]
        return rows

    @property
    def parameters(self) -> Json:
        """The winner's, for `fit(..., engine=…, parameters=…)`."""
        found: Json = self._document["winner"]["parameters"]
        return dict(found)

    @property
    def better(self) -> bool:
        """Whether the winner did better than the defaults on rows that no trial saw."""
        return bool(self._document["better"])

    @property
    def gain(self) -> dict[str, tuple[float, float]]:
        """For each objective, what the winner and the defaults reach on rows that no trial saw.

        The defaults' is missing where they could not be scored there.
        """
        won, plain = (self._document["final"][side]["values"] for side in ("winner", "defaults"))
        return {name: (won[name], plain[name]) for name in won if name in plain}

    @property
    def importance(self) -> dict[str, dict[str, float]]:
        """For each objective, how much of it each parameter explains; empty for few trials."""
        found: dict[str, dict[str, float]] = self._document["importance"]
        return found

    def to_json(self) -> Json:
        """The whole as one document, which the folder keeps as tune.json."""
        return self._document

    def apply(self, file: str | os.PathLike[str] = "augment.toml") -> Json:
        """Write the winner to a settings file, of which a copy is kept, as `--apply` does.

        Returns `file` and `backup`; where the winner is no better than the defaults, nothing is
        written, `file` is None, and `reason` says why.
        """
        return tuning_result.apply(self._document, Path(file))


@undisturbing
def tune(
    source: DataLike,
    out: str | os.PathLike[str],
    *,
    engine: str = "auto",
    parameters: Mapping[str, Any] | None = None,
    trials: int = 30,
    objective: str | Sequence[str] = "fidelity",
    storage: str | None = None,
    holdout: float = 0.2,
    features: str | os.PathLike[str] | None = None,
    seed: int | None = None,
    protect: bool = True,
    device: str = "auto",
    max_seconds: float | None = None,
    workers: Workers = 1,
    force: bool = False,
    tell: Callable[[Tick], None] = silent,
) -> Tuning:
    """The whole of `augment tune`: trials of an engine's parameters into the folder `out`.

    `parameters` are kept and not searched. A killed search goes on where it stopped. Arguments are
    the command's options; those of reading are for `read`. Raises `MissingExtra` where Optuna is
    not installed, `GateFailed` where all trials fail privacy, and `OutOfResources` or `BadInput`
    where none got to its end.
    """
    known = read(source, tell=tell)
    run = RunRequest(
        source=known._rows,
        kind=known.kind,
        engine=engine,
        parameters=spelt(parameters),
        seed=seed_of(seed),
        holdout=share_of(holdout),
        max_seconds=seconds_of(max_seconds),
        device=device,
        protect=protect,
        read=known._options,
        score=scoring_of(features),
    )
    request = TuneRequest(run, trials, texts(objective), storage)
    document = tuning.tune(
        request, place_of(out), workers=workers, force=force, dry_run=False, tell=tell
    )
    failed = tuning_result.unmet(document)
    if failed is not None:
        raise failed
    return Tuning(Path(document["folder"]), document)

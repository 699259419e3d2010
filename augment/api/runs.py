"""`Run`: a finished run folder; and `run`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

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
from augment.api.data import Data, read
from augment.api.evaluation import Evaluation
from augment.api.host import undisturbing
from augment.api.model import Model, load
from augment.core.errors import GateFailed
from augment.core.fitted import Ask
from augment.core.kind import Origin
from augment.core.source import Rows
from augment.core.types import Json, Tick, Workers, silent
from augment.lifecycle import gates, inspection
from augment.lifecycle import run as lifecycle
from augment.lifecycle.plan import RunRequest, default_gate

if TYPE_CHECKING:
    from augment.api.data import DataLike


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """A finished run: its folder, its scores, and on demand its rows and its model."""

    folder: Path
    _source: Data
    _document: Json

    def __repr__(self) -> str:
        return f"<augment.Run: {self.folder}, seed {self.seed}>"

    @property
    def seed(self) -> int:
        seed: int = self._document["seed"]
        return seed

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is to say of the source, the model and the sample."""
        named = ("notes", "model_notes", "sample_notes")
        return tuple(note for name in named for note in self._document.get(name, ()))

    @property
    def evaluation(self) -> Evaluation:
        """The scores on rows that the generator never saw."""
        return Evaluation(self._document)

    def data(self) -> Data:
        """The synthetic rows, read from the folder, without real ones that lead them."""
        source, kind = self._source, self._source._kind
        _, real = inspection.read(source._rows, source.kind, {}, silent)
        path = self.folder / self._document["output"]
        made = kind.reader.read_like(str(path), real.data, {})
        count = self._document["rows"]["synthetic"]
        last = np.arange(len(made.data) - count, len(made.data), dtype=np.int64)
        rows = Rows(str(path), (made.data.take(last),), made.files, made.notes, made.rejected)
        engine = self._document["plan"]["engine"]
        origin = Origin(engine, "", self.seed, {"run": self._document["key"]})
        return Data(kind, rows, origin, {}, source._dtypes)

    def model(self) -> Model:
        """The fitted model, read from the folder."""
        return load(self.folder)


@undisturbing
def run(
    source: DataLike,
    out: str | os.PathLike[str],
    *,
    engine: str = "auto",
    parameters: Mapping[str, Any] | None = None,
    rows: int | str | None = None,
    where: str | Sequence[str] | None = None,
    balance: str | None = None,
    append: bool = False,
    mark: bool = False,
    prompts: str | Sequence[str] | None = None,
    holdout: float = 0.2,
    gate: str | None = None,
    warn: str = "none",
    baseline: str | os.PathLike[str] | None = None,
    rounds: int = 1,
    goal: str = "all",
    shadow_models: int | None = None,
    features: str | os.PathLike[str] | None = None,
    show_real: bool = False,
    seed: int | None = None,
    protect: bool = True,
    device: str = "auto",
    max_seconds: float | None = None,
    workers: Workers = 1,
    excel_safe: bool = False,
    if_changed: bool = False,
    force: bool = False,
    tell: Callable[[Tick], None] = silent,
) -> Run:
    """The whole of `augment run`: fit, sample and score `source`, all of it into the folder `out`.

    A killed run goes on where it stopped, and a finished one is left as it is. Arguments are the
    command's options (`append=True` is `--mode append`); those of reading are for `read`.

    Raises `GateFailed` where a gate failed, or a score is worse than that of the run in the folder
    `baseline`; what was made is then kept in `OUT.rejected`, and
    `gate="none"` publishes it all the same. Without a gate it is `privacy`, and none where the fit
    is differentially private. Else raises what `fit`, `Model.sample` and `evaluate`
    raise.
    """
    known = read(source, tell=tell)
    request = RunRequest(
        source=known._rows,
        kind=known.kind,
        engine=engine,
        parameters=spelt(parameters),
        seed=seed_of(seed),
        count=count_of(rows),
        append=append,
        ask=Ask(texts(where), balance, None, texts(prompts)),
        holdout=share_of(holdout),
        max_seconds=seconds_of(max_seconds),
        device=device,
        protect=protect,
        gate=default_gate(engine) if gate is None else gate,
        warn=warn,
        baseline=None if baseline is None else os.fspath(baseline),
        rounds=rounds,
        goal=goal,
        read=known._options,
        write={
            name: True for name, said in {"excel_safe": excel_safe, "mark": mark}.items() if said
        },
        score=scoring_of(features, show_real, shadow_models),
    )
    document = lifecycle.run(
        request,
        place_of(out),
        workers=workers,
        force=force,
        dry_run=False,
        if_changed=if_changed,
        tell=tell,
    )
    if document["failed_gates"]:
        kept = document["folder"]
        raise GateFailed(gates.sentence(document["failed_gates"], document["report"], kept))
    return Run(Path(document["folder"]), known, document)

"""`Evaluation`: scores, verdict and gates; and `evaluate`."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from augment.api.arguments import place_of, scoring_of, seed_of
from augment.api.data import read, source_of
from augment.api.host import undisturbing
from augment.core.types import Interval, Json, Score, Tick, Workers, silent
from augment.evaluation import gates
from augment.lifecycle import evaluation

if TYPE_CHECKING:
    from augment.api.data import DataLike


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """What made rows are worth beside real ones. `evaluate` and `run` give it."""

    _document: Json  # with a `report`

    def __repr__(self) -> str:
        states = ", ".join(f"{group} {state}" for group, state in self.verdict.items())
        return f"<augment.Evaluation: {states or 'nothing scored'}>"

    @property
    def scores(self) -> tuple[Score, ...]:
        """Every measured number, each with its floor, ceiling and intervals where known."""
        return tuple(_score(entry) for entry in self._document["report"]["scores"])

    @property
    def verdict(self) -> dict[str, str]:
        """For fidelity, utility, privacy and validity: "pass", "fail" or "not shown"."""
        groups = self._document["report"]["verdict"]["groups"]
        return {name: group["state"] for name, group in groups.items()}

    @property
    def sentences(self) -> tuple[str, ...]:
        """The verdict in words."""
        return tuple(self._document["report"]["verdict"].get("sentences", ()))

    @property
    def regressions(self) -> tuple[Json, ...]:
        """The scores that are worse than a baseline's by more than noise: `metric`, `value`,
        `baseline`, `worse_by`, `noise`; none where there was no baseline."""
        judged = self._document["report"].get("gates") or {}
        return tuple((judged.get("baseline") or {}).get("regressions", ()))

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._document.get("notes", ()))

    def passed(self, gate: str = "all") -> bool:
        """Whether nothing of a gate failed, as `--gate` decides it: "all", "none", a group or an
        expression such as `"privacy and detection <= 0.6"`.

        What is not shown, for want of evidence, does not fail; see `verdict`. Raises `UsageError`
        with the nearest name for an unknown score.
        """
        report = self._document["report"]
        known = [measure["name"] for measure in report["measures"]]
        return not gates.outcome(gates.parse(gate, known), report).failed

    def to_json(self) -> Json:
        """The report as one document, which `write` keeps as report.json."""
        report: Json = self._document["report"]
        return report

    def write(self, folder: str | os.PathLike[str], *, force: bool = False) -> None:
        """A folder of report.json and report.html, as `augment evaluate -o` makes it."""
        evaluation.write(self.to_json(), place_of(folder), force=force)


@undisturbing
def evaluate(
    real: DataLike,
    made: DataLike,
    *,
    unseen: DataLike | None = None,
    features: str | os.PathLike[str] | None = None,
    show_real: bool = False,
    baseline: str | os.PathLike[str] | None = None,
    seed: int | None = None,
    workers: Workers = 1,
    tell: Callable[[Tick], None] = silent,
) -> Evaluation:
    """Score made rows, from any tool, against real ones: fidelity, utility, privacy, validity.

    Each side is what `read` gives or takes; read `real` with a target to have utility scored.
    With `unseen`, `real` is what the generator saw and `unseen` are real rows that it did not.
    `features` is a TorchScript network for images; with `show_real` their report shows real ones.
    With `baseline`, the folder of an earlier run or
    evaluation, `regressions` names what is worse by more than noise.

    Raises `BadInput` where the two sides hardly have columns in common or nothing could be
    scored.
    """
    known = read(real, tell=tell)
    document = evaluation.evaluate(
        known._rows,
        source_of(made),
        None if unseen is None else source_of(unseen),
        kind=known.kind,
        read=known._options,
        score=scoring_of(features, show_real),
        baseline=None if baseline is None else os.fspath(baseline),
        seed=seed_of(seed),
        out=None,
        force=False,
        workers=workers,
        tell=tell,
    )
    return Evaluation(document)


def _score(entry: Json) -> Score:
    spans = {
        name: None if entry[name] is None else Interval(**entry[name])
        for name in ("interval", "ceiling_interval")
    }
    return Score(**{**entry, **spans})

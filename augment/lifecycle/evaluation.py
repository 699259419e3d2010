"""`augment evaluate`: the scores of any two files, from any tool."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import augment
from augment.core.errors import BadInput
from augment.core.files import write_json
from augment.core.kind import Loaded
from augment.core.seeds import Seed
from augment.core.source import Source
from augment.core.types import Json, Tick, Workers
from augment.evaluation.verdict import anything_scored
from augment.lifecycle import gates
from augment.lifecycle.gates import REPORT
from augment.lifecycle.journal import Journal
from augment.lifecycle.plan import kind_of, require_scorable
from augment.report import facts, html
from augment.sources.remote.fetching import fetched_once
from augment.work.store import Attempt, Store


@fetched_once()
def evaluate(
    real: Source,
    synthetic: Source,
    unseen: Source | None,
    *,
    kind: str | None,
    read: Json,
    score: Json,
    gate: str = "none",
    warn: str = "none",
    baseline: str | None = None,
    seed: int | None,
    out: Path | None,
    force: bool,
    workers: Workers = None,
    tell: Callable[[Tick], None],
) -> Json:
    """Score `synthetic` against `real`. Returns what `--json` prints.

    With `unseen`, `real` is what the generator saw and `unseen` are real rows that it did not;
    without, nobody knows what it saw. Raises `BadInput` where nothing could be scored.
    """
    if out is not None:
        _store(out).require_free(force)
    gates.asked(gate, warn, baseline)
    data_kind, journal = kind_of(real, kind), Journal(None, tell)
    used = Seed.fresh() if seed is None else Seed(seed)
    require_scorable(data_kind, score)
    with journal.stage("read"):
        read = read | data_kind.reader.scored
        loaded = data_kind.read(real, read)
        made = data_kind.reader.read_like(synthetic, loaded.data, read)
        new = None if unseen is None else data_kind.reader.read_like(unseen, loaded.data, read)
        fake, fresh = made.data, None if new is None else new.data
        described = facts.data_of(data_kind.name, data_kind.describe(loaded.data, False))
        gated = gates.asked(gate, warn, baseline, data_kind.evaluator.names(), described)
    with journal.stage("score"):
        scored = data_kind.evaluator.score(
            loaded.data, fresh, fake, used.child("score"), tell, score, workers=workers, charts=True
        )
    about = {
        "augment": augment.__version__,
        "source": str(real),
        "synthetic": str(synthetic),
        "unseen": None if unseen is None else str(unseen),
        "seed": used.value,
        "files": list(loaded.files),
        "notes": [*loaded.notes, *_notes(str(synthetic), made), *_notes(str(unseen), new)],
        "rows": _rows(len(loaded.data), None if fresh is None else len(fresh), len(fake)),
        "seconds": journal.seconds,
    }
    if sampled := _sampled([(real, loaded), (synthetic, made), (unseen, new)]):
        about["sampled"] = sampled
    report = {**facts.document(scored, about), "data": described}
    report["gates"] = gates.judged(gated, report)
    if not anything_scored(report):
        raise BadInput(
            f"nothing could be scored. {' '.join(_reasons(report))}",
            where=f"{real} and {synthetic}",
            hint="Give more rows on both sides.",
        )
    if out is not None:
        write(report, out, force=force)
    found = gates.document(report["gates"])
    return {"schema": "augment.evaluate/1", **about, "report": report, **found}


def write(report: Json, out: Path, *, force: bool) -> None:
    """A folder of report.json and report.html with their manifest.

    Raises `UsageError` where `out` holds something else, or a report without `force`.
    """
    folder = _store(out)
    folder.require_free(force)
    with folder.held():
        folder.require_free(force)
        folder.begin(Attempt("evaluate", report["about"]["seed"]))
        html.write(folder.partial / "report.html", report)
        write_json(folder.partial / REPORT, report)
        folder.publish()


def _store(out: Path) -> Store:
    return Store(out, REPORT, "augment.report/")


def _rows(real: int, unseen: int | None, made: int) -> Json:
    """Rows that were read; which of the real ones were seen is known only beside unseen ones."""
    if unseen is None:
        return {"real": real, "synthetic": made}
    return {"train": real, "unseen": unseen, "synthetic": made}


def _reasons(report: Json) -> list[str]:
    """Why the measures have no value, each reason once, at most three."""
    notes = [score["note"] for score in report["scores"] if score["note"]]
    return list(dict.fromkeys(notes))[:3]


def _sampled(sides: list[tuple[Source | None, Loaded[Any] | None]]) -> str:
    """Of which sides only some rows were scored, and what is of all."""
    return " ".join(f"{source}: {side.sampled}" for source, side in sides if side and side.sampled)


def _notes(source: str, read: Loaded[Any] | None) -> list[str]:
    return [] if read is None else [f"{source}: {note}" for note in read.notes]

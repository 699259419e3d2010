"""`augment runs`: the run folders below a folder, what became of each, and which may go."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from augment.core.errors import BadInput, Locked
from augment.core.files import LOCK_NAME, locked, read_json
from augment.core.result_files import MANIFEST, PARTIAL, REJECTED
from augment.core.types import Json
from augment.work.manifest import files_below, verify
from augment.work.store import RUN, Store

State = Literal["finished", "unfinished", "rejected", "damaged"]
REMOVABLE: tuple[State, ...] = ("unfinished", "rejected")


@dataclass(frozen=True)
class RunFolder:
    """One result, or attempt at one; `seconds` since it was last written to. A finished run with
    a newer attempt beside it counts as both."""

    path: str
    state: State
    locked: bool
    seconds: float
    bytes: int
    source: str | None = None
    engine: str | None = None
    rows: int | None = None  # that were made
    verdict: dict[str, str] | None = None  # state by group of scores
    why: str = ""  # of a damaged one

    def to_json(self) -> Json:
        return asdict(self)


def found(root: Path) -> list[RunFolder]:
    """The runs in and below a folder, by their paths. Links are not followed, and hidden folders
    not entered.

    Raises `BadInput` where there is no such folder.
    """
    if not root.is_dir():
        raise BadInput("there is no such folder.", where=str(root), hint="Name one with runs.")
    return [each for folder in _run_folders(root) for each in _of(folder)]


def _run_folders(root: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(root):
        here = Path(place)
        if (RUN in files or PARTIAL in folders) and _is_run(here):
            yield here
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))


def _is_run(folder: Path) -> bool:
    if (folder / RUN).is_file() and not (folder / "model.json").is_file():
        return True
    return Store(folder).begun() or Store(folder).cut_short()


def of(folder: Path) -> RunFolder:
    """What became of one run. Raises `BadInput` where there is none."""
    if not folder.is_dir() or not _is_run(folder):
        raise BadInput(
            "there is no run here.",
            where=str(folder),
            hint="See those that there are with: augment runs list DIR",
        )
    return _of(folder)[0]


def _of(folder: Path) -> list[RunFolder]:
    store, held = Store(folder), _held(folder)
    attempt = []
    if store.begun() or store.cut_short():
        partial = store.partial
        attempt = [RunFolder(str(folder), "unfinished", held, *_size([partial], partial))]
    if not (folder / RUN).is_file() or store.cut_short():
        return attempt
    inside = [path for path in folder.iterdir() if path.name not in (PARTIAL, LOCK_NAME)]
    seconds, size = _size(inside, folder)
    run, why = _document(store)
    if why and not held:
        return [RunFolder(str(folder), "damaged", held, seconds, size, why=why), *attempt]
    try:
        report = read_json(folder / "report.json")
        state: State = "rejected" if _was_rejected(folder, report) else "finished"
        facts: dict[str, Any] = {
            "source": run["plan"]["source"],
            "engine": run["plan"]["engine"],
            "rows": run["rows"]["synthetic"],
            "verdict": {name: str(g["state"]) for name, g in report["verdict"]["groups"].items()},
        }
    except (BadInput, LookupError, TypeError, AttributeError):
        why = "its run.json or report.json is incomplete"
        return [RunFolder(str(folder), "damaged", held, seconds, size, why=why), *attempt]
    return [RunFolder(str(folder), state, held, seconds, size, **facts), *attempt]


def _document(store: Store) -> tuple[Json, str]:
    """What a run says of itself, and why it is not whole, as far as a look at sizes tells."""
    try:
        run = read_json(store.path / RUN)
    except BadInput:
        return {}, "its run.json cannot be read"
    if not store.complete():
        return run, "it has no manifest, or was written by something else"
    try:
        entries = read_json(store.path / MANIFEST)["files"]
        sizes = {str(name): int(entry["bytes"]) for name, entry in entries.items()}
    except (BadInput, LookupError, TypeError, ValueError, AttributeError):
        return run, "its manifest cannot be read"
    lost = sum(not _has_size(store.path / name, size) for name, size in sizes.items())
    return run, f"{lost} of its {len(sizes)} files changed or are missing" if lost else ""


def _has_size(file: Path, size: int) -> bool:
    return file.is_file() and file.stat().st_size == size


def _was_rejected(folder: Path, report: Json) -> bool:
    """Whether a gate sent it here: the name alone may be anybody's choice."""
    if not folder.name.endswith(REJECTED):
        return False
    return any(gate["state"] == "fail" for gate in report["gates"]["fail"])


def _size(paths: list[Path], place: Path) -> tuple[float, int]:
    """Seconds since the newest of the files, and how many bytes all of them have."""
    files = [f for path in paths for f in (files_below(path) if path.is_dir() else [path])]
    stats = [file.stat() for file in files] or [place.stat()]
    newest = max(stat.st_mtime for stat in stats)
    return max(0.0, time.time() - newest), sum(stat.st_size for stat in stats) if files else 0


def _lock_of(folder: Path) -> Path:
    """The folder whose lock stands for this one: a rejected result is written under that of OUT."""
    if folder.name.endswith(REJECTED):
        return folder.with_name(folder.name.removesuffix(REJECTED))
    return folder


def _held(folder: Path) -> bool:
    """Whether a run is writing here now."""
    place = _lock_of(folder)
    if not (place / LOCK_NAME).exists():
        return False
    try:
        with locked(place):
            return False
    except Locked:
        return True


def removable(runs: list[RunFolder], older_seconds: float) -> list[RunFolder]:
    """Those that nobody misses: unfinished and rejected, so old, and not being written."""
    return [
        each
        for each in runs
        if each.state in REMOVABLE and not each.locked and each.seconds >= older_seconds
    ]


def remove(runs: list[RunFolder], older_seconds: float) -> list[RunFolder]:
    """Remove each, unless somebody was at it since it was looked at; returns those that went.

    Files that no run wrote stay, and a publication that was cut short is finished, not removed.
    """
    gone = []
    for each in runs:
        folder = Path(each.path)
        try:
            with Store(_lock_of(folder)).held():
                current = [now for now in _of(folder) if now.state == each.state]
                if not any(now.seconds >= older_seconds for now in current):
                    continue
                if each.state == "rejected":
                    Store(folder).clear_result()
                elif Store(folder).recover() is None:  # no removal that was cut short
                    Store(folder).clear_attempt()
                gone.append(each)
        except Locked:
            continue
        if folder.name.endswith(REJECTED) and not any(folder.iterdir()):
            folder.rmdir()
    return gone


def shown(folder: Path) -> Json:
    """All that is known of one run, its files verified."""
    run = of(folder)
    document: Json = {**run.to_json(), "files": None, "run": None}
    if run.state != "unfinished" and (folder / MANIFEST).is_file():
        checked = verify(folder)
        document["files"] = {name: list(value) for name, value in asdict(checked).items()}
        document["run"] = read_json(folder / RUN)
        if (checked.changed or checked.missing) and run.state != "damaged":
            document["state"] = "damaged"
            lost = len(checked.changed) + len(checked.missing)
            document["why"] = f"{lost} of its files changed or are missing"
    return document

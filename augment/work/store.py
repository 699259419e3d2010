"""A folder of results: built in `.partial/` task by task, published file by file, the manifest
last.

Whatever lies outside `.partial/` is complete. A killed command leaves `.partial/` behind, with the
plan that it followed and the tasks that it finished; the same plan takes it up again, any other
plan starts afresh.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment.core.errors import AugmentError, BadInput, UsageError
from augment.core.files import (
    LOCK_NAME,
    TEMPORARY,
    atomic,
    clear_unfinished,
    empty_folder,
    locked,
    make_private,
    read_json,
    sync_folder,
    write_json,
)
from augment.core.result_files import MANIFEST, PARTIAL, REJECTED
from augment.work import manifest, records
from augment.work.manifest import files_below, inside, listed
from augment.work.records import DONE, Record

RUN = "run.json"
PLAN = "plan.json"
PUBLISH = "publish.json"
SCRATCH = "scratch"
WORKING = frozenset({PLAN, DONE, PUBLISH, SCRATCH})  # what `.partial/` has besides results


@dataclass(frozen=True)
class Attempt:
    """What is being made: the key of its plan, and the seed."""

    key: str
    seed: int


@dataclass(frozen=True)
class Store:
    """Where results go, whose they are, and which tasks of an unfinished attempt are done.

    `document` is the file that says what lies here, by a `schema` that begins as this one's does.
    """

    path: Path
    document: str = RUN
    schema: str = "augment.run/"

    @property
    def partial(self) -> Path:
        return self.path / PARTIAL

    @property
    def scratch(self) -> Path:
        return self.partial / SCRATCH

    @property
    def rejected(self) -> Path:
        """The sibling in which a result is kept that failed a gate."""
        whole = self.path if self.path.name not in ("", "..") else self.path.resolve()
        return whole.with_name(whole.name + REJECTED)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for the block, once an earlier publication is finished. A second holder
        is refused at once."""
        with locked(self.path):
            self.recover()
            yield

    def complete(self) -> bool:
        """Whether a whole result of this command lies here. Other tools write a manifest.json
        too, so the document counts as well."""
        try:
            found = read_json(self.path / self.document).get("schema")
        except BadInput:
            return False
        ours = isinstance(found, str) and found.startswith(self.schema)
        return ours and (self.path / MANIFEST).is_file()

    def require_free(self, force: bool) -> None:
        """Refuse a folder that holds a finished result, unless it may be replaced. What a kill
        left beside it at the very end is cleared away."""
        self.require_ours()
        if self.complete() and not force:
            if self.cut_short():
                with suppress(AugmentError, OSError), self.held():
                    self.recover()
            raise UsageError(
                f"{self.path} holds a finished result already. "
                "Pass --force to replace it, or choose another -o."
            )

    def require_ours(self) -> None:
        """Refuse a path whose contents are not ours to replace."""
        if self.path.exists() and not self.path.is_dir():
            raise UsageError(f"{self.path} is a file. Choose a folder with -o.")
        if self.document != RUN and Store(self.path).complete():
            raise UsageError(f"{self.path} holds a run. Choose another folder with -o.")
        if not self.path.is_dir() or self.complete() or self._begun():
            return
        known = (PARTIAL, LOCK_NAME)
        names = [entry.name for entry in self.path.iterdir()]
        other = [n for n in names if n not in known and not n.startswith(TEMPORARY)]
        if other:
            raise UsageError(
                f"{self.path} holds other files ({len(other)} of them). "
                "Choose an empty or a new folder with -o."
            )

    def _begun(self) -> bool:
        return (self.partial / PLAN).is_file()

    def planned(self) -> Attempt | None:
        """What an unfinished attempt follows, or None."""
        try:
            document = read_json(self.partial / PLAN)
        except BadInput:
            return None
        key, seed = document.get("key"), document.get("seed")
        return Attempt(key, seed) if isinstance(key, str) and isinstance(seed, int) else None

    def begun(self) -> bool:
        """Whether an attempt at a result of this command's kind lies here, unfinished."""
        try:
            return read_json(self.partial / PLAN).get("document") == self.document
        except BadInput:
            return False

    def cut_short(self) -> bool:
        """Whether a publication or a removal was decided on here, and not finished."""
        return (self.partial / PUBLISH).is_file()

    def clear_attempt(self) -> None:
        """Remove an unfinished attempt, and nothing else. Whoever calls holds the folder."""
        _clear(self.partial, PLAN)
        clear_unfinished(self.path)

    def clear_result(self) -> None:
        """Remove the files that the manifest lists; other files stay. What a kill leaves of them
        is removed by `recover`."""
        gone = [MANIFEST, *sorted(listed(self.path))]
        write_json(self.partial / PUBLISH, {"rejected": False, "files": [], "gone": gone})
        self.recover()

    def lent_seed(self, key: str) -> int | None:
        """The seed of an unfinished attempt at this plan, for a command that names none."""
        earlier = self.planned()
        return earlier.seed if earlier is not None and earlier.key == key else None

    def begin(self, attempt: Attempt) -> bool:
        """Start or take up an attempt; True where an earlier one with the same plan goes on. Of
        that, tasks whose files were damaged are to be done again; of another, nothing is left."""
        resumed = self.planned() == attempt
        if resumed:
            records.drop_damaged(self.partial)
        else:
            empty_folder(self.partial)
            plan = {"key": attempt.key, "seed": attempt.seed, "document": self.document}
            write_json(self.partial / PLAN, plan)
        clear_unfinished(self.partial)
        make_private(self.scratch)
        return resumed

    def commit(self, key: str, files: Sequence[str] = (), **result: Any) -> None:
        """Note that a task is done, with its files (by their names in `.partial/`), which are
        written to their ends, and with what it gave."""
        records.append(self.partial, key, files, result)

    def records(self) -> Iterator[Record]:
        """The tasks that are done, in the order in which they were committed, each once; one
        whose files are gone is not done. A last line that a kill tore, or lines from a damaged one
        on, are passed over and cut off.
        """
        return records.read(self.partial)

    def done(self) -> set[str]:
        """The keys of the tasks that are done."""
        return {record.key for record in self.records()}

    def publish(self, rejected: bool = False) -> Path:
        """List the finished files in a manifest and move them out of `.partial/`, the manifest
        last; returns where they are.

        A result that was there before goes away file by file as its successor takes the name;
        files of it that have no successor are removed (they are named in its manifest). From the
        moment that `publish.json` is written a killed publication is finished by the next
        attempt, whatever its plan: see `recover`.
        """
        target = self.rejected if rejected else self.path
        shutil.rmtree(self.scratch, ignore_errors=True)
        manifest.write_manifest(self.partial, WORKING)
        names = [path.relative_to(self.partial) for path in files_below(self.partial)]
        fresh = sorted(name.as_posix() for name in names if name.parts[0] not in WORKING)
        gone = sorted(listed(target) - set(fresh))
        record = {"rejected": rejected, "files": fresh, "gone": gone}
        write_json(self.partial / PUBLISH, record)
        return self.recover() or target

    def recover(self) -> Path | None:
        """Finish a publication that was decided on; None where there is none.

        Every step may be repeated: what has been moved is no longer in `.partial/`.
        """
        try:
            record = read_json(self.partial / PUBLISH)
            rejected = bool(record["rejected"])
            files, gone = (
                [str(name) for name in record[key] if inside(str(name))]
                for key in ("files", "gone")
            )
        except (BadInput, KeyError, TypeError):
            return None
        target = self.rejected if rejected else self.path
        make_private(target)
        clear_unfinished(target)
        if (self.partial / MANIFEST).exists():
            (target / MANIFEST).unlink(missing_ok=True)
        results = [name for name in files if name != MANIFEST]
        _move_all(self.partial, target, results)
        _remove(target, gone)
        _move_all(self.partial, target, [MANIFEST])
        _clear(self.partial, PUBLISH)
        return target


def _move_all(folder: Path, to: Path, names: list[str]) -> None:
    """Move what is still there of the files to another folder, so that it lasts."""
    there = [name for name in names if (folder / name).exists()]
    for name in there:
        _move(folder / name, to / name)
    for parent in {(to / name).parent for name in there}:
        sync_folder(parent)


def _move(file: Path, to: Path) -> None:
    """Rename; across file systems (a mounted OUT), copy beside the name and rename then."""
    make_private(to.parent)
    try:
        os.replace(file, to)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with file.open("rb") as source, atomic(to) as target:
            shutil.copyfileobj(source, target)
        file.unlink()


def _clear(folder: Path, last: str) -> None:
    """Remove a folder, the file `last` after all others: what a kill leaves is known by it."""
    for path in list(folder.glob("*")):
        shutil.rmtree(path, ignore_errors=True)  # of folders
        if path.name != last:
            with suppress(OSError):
                path.unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _remove(folder: Path, names: list[str]) -> None:
    """Remove files inside `folder`, and the folders that this empties."""
    root = folder.resolve()
    for name in names:
        file = folder / name
        if not file.parent.resolve().is_relative_to(root) or file.is_dir():
            continue
        file.unlink(missing_ok=True)
        parent = file.parent
        while parent.resolve() != root and parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()
            parent = parent.parent

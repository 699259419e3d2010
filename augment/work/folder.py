"""A folder of results: built in `.partial/`, published file by file, the manifest last.

Whatever lies outside `.partial/` is complete. A killed run leaves `.partial/` behind, with the
plan that it followed; the same plan takes it up again, any other plan starts afresh.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from augment.core import model_folder as store
from augment.core.errors import BadInput, UsageError
from augment.core.files import (
    LOCK_NAME,
    TEMPORARY,
    atomic,
    clear_unfinished,
    locked,
    make_private,
    read_json,
    sha256,
    sync_folder,
    write_json,
)
from augment.core.types import Json

PARTIAL = ".partial"
MANIFEST = "manifest.json"
RUN = "run.json"
PLAN = "plan.json"
PUBLISH = "publish.json"
SCRATCH = "scratch"
SCHEMA = "augment.manifest/1"


@dataclass(frozen=True)
class Folder:
    """Where results go. `marker` is the file whose presence says that the folder is complete."""

    path: Path
    marker: str = MANIFEST

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
        return whole.with_name(whole.name + ".rejected")

    def complete(self) -> bool:
        """Whether the marker is there and is ours: other tools write a manifest.json too, and
        augment writes one into every folder, so that a run has its document as well."""
        try:
            ours = str(read_json(self.path / self.marker).get("schema")).startswith("augment.")
        except BadInput:
            return False
        return ours and (self.marker != MANIFEST or (self.path / RUN).is_file())

    def require_free(self, force: bool) -> None:
        """Refuse a folder that holds a finished result, unless it may be replaced."""
        self.require_ours()
        if self.complete() and not force:
            raise UsageError(
                f"{self.path} holds a finished result already. "
                "Pass --force to replace it, or choose another -o."
            )

    def require_ours(self) -> None:
        """Refuse a path whose contents are not ours to replace."""
        if self.path.exists() and not self.path.is_dir():
            raise UsageError(f"{self.path} is a file. Choose a folder with -o.")
        if self.marker != MANIFEST and Folder(self.path).complete():
            raise UsageError(f"{self.path} holds a run. Choose another folder with -o.")
        if self.path.is_dir() and not self.complete():
            known = (PARTIAL, LOCK_NAME)
            names = [entry.name for entry in self.path.iterdir()]
            other = [n for n in names if n not in known and not n.startswith(TEMPORARY)]
            if other and not (self.partial / PLAN).is_file():
                raise UsageError(
                    f"{self.path} holds other files ({len(other)} of them). "
                    "Choose an empty or a new folder with -o."
                )

    def planned(self) -> Attempt | None:
        """The plan of an unfinished attempt, or None."""
        try:
            document = read_json(self.partial / PLAN)
        except BadInput:
            return None
        key, seed = document.get("key"), document.get("seed")
        return Attempt(key, seed) if isinstance(key, str) and isinstance(seed, int) else None

    def begin(self, attempt: Attempt) -> bool:
        """Start or take up an attempt; True where an earlier one with the same plan goes on."""
        resumed = self.planned() == attempt
        if not resumed:
            shutil.rmtree(self.partial, ignore_errors=True)
            write_json(self.partial / PLAN, {"key": attempt.key, "seed": attempt.seed})
        clear_unfinished(self.partial)
        make_private(self.scratch)
        return resumed

    def publish(self, rejected: bool = False) -> Path:
        """Move the finished files out of `.partial/`, the marker last; returns where they are.

        A result that was there before goes away file by file as its successor takes the name;
        files of it that have no successor are removed (they are named in its manifest). From the
        moment that `publish.json` is written a killed publication is finished by the next
        attempt, whatever its plan: see `recover`.
        """
        target = self.rejected if rejected else self.path
        shutil.rmtree(self.scratch, ignore_errors=True)
        names = [path.relative_to(self.partial).as_posix() for path in _files(self.partial)]
        fresh = sorted(set(names) - {PLAN, PUBLISH})
        gone = sorted(_listed(target / MANIFEST) - set(fresh))
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
                [str(name) for name in record[key] if _inside(str(name))]
                for key in ("files", "gone")
            )
        except (BadInput, KeyError, TypeError):
            return None
        target = self.rejected if rejected else self.path
        make_private(target)
        clear_unfinished(target)
        if (self.partial / self.marker).exists():
            (target / self.marker).unlink(missing_ok=True)
        for name in sorted(files, key=lambda name: name == self.marker):
            if name == self.marker:
                _remove(target, gone)
            if (self.partial / name).exists():
                _move(self.partial / name, target / name)
        shutil.rmtree(self.partial, ignore_errors=True)
        return target


@dataclass(frozen=True)
class Attempt:
    """What an unfinished run follows: its plan's key and its seed."""

    key: str
    seed: int


def _move(file: Path, to: Path) -> None:
    """Rename; across file systems (a mounted OUT), copy beside the name and rename then."""
    make_private(to.parent)
    try:
        os.replace(file, to)
        sync_folder(to.parent)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with file.open("rb") as source, atomic(to) as target:
            shutil.copyfileobj(source, target)
        file.unlink()


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


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _listed(manifest: Path) -> set[str]:
    """Names in a manifest that stay inside its folder; none where there is no manifest."""
    try:
        document = read_json(manifest)
        names = list(document["files"]) if document.get("schema") == SCHEMA else []
    except (BadInput, KeyError, TypeError):
        return set()
    return {name for name in names if _inside(name)}


def _inside(name: str) -> bool:
    return not Path(name).is_absolute() and ".." not in Path(name).parts and "\0" not in name


def write_manifest(folder: Path) -> None:
    """sha256 and size of every file of the result, in one document."""
    entries = {}
    for path in sorted(_files(folder)):
        name = path.relative_to(folder)
        if name.parts[0] == SCRATCH or name.as_posix() in (MANIFEST, PLAN, PUBLISH, LOCK_NAME):
            continue
        entries[name.as_posix()] = {"sha256": sha256(path), "bytes": path.stat().st_size}
    write_json(folder / MANIFEST, {"schema": SCHEMA, "files": entries})


def filled(folder: Path, dry_run: bool, fill: Callable[[], Json]) -> Json:
    """Let `fill` work on a folder under its lock and list what lies there then; its document.

    A dry run takes no lock, and nothing is listed anew where all was up to date.
    """
    if dry_run:
        return fill()
    with locked(folder):
        document = fill()
        if not document.get("up_to_date"):
            write_manifest(folder)
    return document


@dataclass(frozen=True)
class Verified:
    """Names of files by what became of them since the manifest was written."""

    whole: tuple[str, ...]
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


def verify(folder: Path) -> Verified:
    """Compare a folder that augment wrote with its manifest; the model of a run, which has none,
    with the digest that it holds. Names that lead out of the folder are refused.
    """
    path = folder / MANIFEST
    if not path.is_file() and (folder / "model.json").is_file():
        store.load(folder)
        return Verified(("model.json", "weights.safetensors"), (), (), ())
    if not path.is_file():
        raise BadInput(
            "there is no manifest.json, so nothing that augment finished lies here.",
            where=str(folder),
            hint="Give a folder that a command of augment wrote with -o; give the command again "
            "if it was cut short.",
        )
    try:
        entries = read_json(path)["files"]
        pairs = [(str(name), str(entry["sha256"])) for name, entry in entries.items()]
    except (KeyError, TypeError, AttributeError):
        raise BadInput("this is no manifest of augment's.", where=str(path)) from None
    if not all(_inside(name) for name, _ in pairs):
        raise BadInput("the manifest names files outside its folder.", where=str(path))
    whole: list[str] = []
    changed: list[str] = []
    missing: list[str] = []
    for name, digest in pairs:
        file = folder / name
        if not file.is_file():
            missing.append(name)
        else:
            (whole if sha256(file) == digest else changed).append(name)
    known = {name for name, _ in pairs} | {MANIFEST, LOCK_NAME}
    found = {p.relative_to(folder) for p in _files(folder)}
    unknown = sorted(
        p.as_posix() for p in found if p.as_posix() not in known and p.parts[0] != PARTIAL
    )
    return Verified(tuple(whole), tuple(changed), tuple(missing), tuple(unknown))

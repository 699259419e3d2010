"""A folder of results: built in `.partial/`, published file by file, the manifest last.

Whatever lies outside `.partial/` is complete. A killed run leaves `.partial/` behind, with the
plan that it followed; the same plan takes it up again, any other plan starts afresh.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from augment.base.errors import BadInput, UsageError
from augment.base.files import LOCK_NAME, read_json, sha256, sync_folder, write_json
from augment.base.types import Json

PARTIAL = ".partial"
MANIFEST = "manifest.json"
PLAN = "plan.json"
SCRATCH = "scratch"


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

    def complete(self) -> bool:
        return (self.path / self.marker).is_file()

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
        if self.path.is_dir() and not self.complete():
            ours = {PARTIAL, LOCK_NAME, self.marker}
            other = [entry.name for entry in self.path.iterdir() if entry.name not in ours]
            if other and not self.partial.exists():
                raise UsageError(
                    f"{self.path} holds other files ({len(other)} of them). "
                    "Choose an empty or a new folder with -o."
                )

    def planned(self) -> Json | None:
        """The plan of an unfinished attempt, or None."""
        try:
            return read_json(self.partial / PLAN)
        except BadInput:
            return None

    def begin(self, key: str, seed: int) -> bool:
        """Start or take up an attempt; True where an earlier one with the same plan goes on."""
        wanted = {"key": key, "seed": seed}
        if self.planned() == wanted:
            self.scratch.mkdir(parents=True, exist_ok=True)
            return True
        shutil.rmtree(self.partial, ignore_errors=True)
        write_json(self.partial / PLAN, wanted)
        self.scratch.mkdir(parents=True, exist_ok=True)
        return False

    def publish(self, to: Path | None = None) -> None:
        """Move the finished files out of `.partial/`, the marker last.

        A result that was there before goes away file by file as its successor takes the name;
        files of it that have no successor are removed (they are named in its manifest).
        """
        target = to or self.path
        target.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.scratch, ignore_errors=True)
        (self.partial / PLAN).unlink(missing_ok=True)
        old = _listed(target / MANIFEST)
        (target / self.marker).unlink(missing_ok=True)
        fresh = sorted(p.relative_to(self.partial) for p in _files(self.partial))
        for name in sorted(fresh, key=lambda p: p == Path(self.marker)):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(self.partial / name, target / name)
            sync_folder((target / name).parent)
        for gone in old - {p.as_posix() for p in fresh}:
            (target / gone).unlink(missing_ok=True)
        shutil.rmtree(self.partial, ignore_errors=True)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _listed(manifest: Path) -> set[str]:
    """Names in a manifest that stay inside its folder; none where there is no manifest."""
    try:
        names = json.loads(manifest.read_text("utf-8"))["files"].keys()
    except (OSError, ValueError, KeyError, AttributeError):
        return set()
    return {n for n in names if not Path(n).is_absolute() and ".." not in Path(n).parts}


def write_manifest(folder: Path) -> None:
    """sha256 and size of every file of the result, in one document."""
    entries = {}
    for path in sorted(_files(folder)):
        name = path.relative_to(folder)
        if SCRATCH in name.parts or name.as_posix() in (MANIFEST, PLAN, LOCK_NAME):
            continue
        entries[name.as_posix()] = {"sha256": sha256(path), "bytes": path.stat().st_size}
    write_json(folder / MANIFEST, {"schema": "augment.manifest/1", "files": entries})


@dataclass(frozen=True)
class Verified:
    """Names of files by what became of them since the manifest was written."""

    whole: tuple[str, ...]
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


def verify(folder: Path) -> Verified:
    """Compare a run folder with its manifest."""
    path = folder / MANIFEST
    try:
        entries = json.loads(path.read_text("utf-8"))["files"]
        pairs = [(str(name), str(entry["sha256"])) for name, entry in entries.items()]
    except FileNotFoundError:
        raise BadInput(
            "there is no manifest.json, so this is no finished run.",
            where=str(folder),
            hint="Give the folder that `augment run -o` wrote; run it again if it was cut short.",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"the manifest cannot be read ({error}).", where=str(path)) from None
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
    found = {p.relative_to(folder).as_posix() for p in _files(folder)}
    unknown = sorted(name for name in found - known if not name.startswith(PARTIAL))
    return Verified(tuple(whole), tuple(changed), tuple(missing), tuple(unknown))

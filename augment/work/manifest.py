"""`manifest.json`: every file of a result with its digest, written last; and whether they hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from augment.core import errors, model_folder
from augment.core.errors import BadInput, UsageError
from augment.core.files import LOCK_NAME, read_json, sha256, write_json
from augment.core.result_files import MANIFEST, PARTIAL

SCHEMA = "augment.manifest/1"


def write_manifest(folder: Path, besides: frozenset[str] = frozenset()) -> None:
    """List sha256 and size of every file below a folder; `besides` names those at its top, files
    and folders, that are no part of the result."""
    passed = besides | {MANIFEST, LOCK_NAME}
    entries = {}
    for path in sorted(files_below(folder)):
        name = path.relative_to(folder)
        if name.parts[0] not in passed:
            entries[name.as_posix()] = {"sha256": sha256(path), "bytes": path.stat().st_size}
    write_json(folder / MANIFEST, {"schema": SCHEMA, "files": entries})


def listed(folder: Path) -> set[str]:
    """What the manifest of a folder names inside that folder; nothing where there is none."""
    try:
        document = read_json(folder / MANIFEST)
        names = list(document["files"]) if document.get("schema") == SCHEMA else []
    except (BadInput, KeyError, TypeError):
        return set()
    return {name for name in names if inside(name)}


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def inside(name: str) -> bool:
    """Whether a relative name stays in its folder."""
    return not Path(name).is_absolute() and ".." not in Path(name).parts and "\0" not in name


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
        model_folder.load(folder)
        return Verified(("model.json", "weights.safetensors"), (), (), ())
    if not path.is_file():
        raise BadInput(
            "there is no manifest.json, so nothing that augment finished lies here.",
            where=str(folder),
            hint="Give a folder that a command of augment wrote with -o; give the command again "
            "if it was cut short.",
        )
    try:
        document = read_json(path)
        entries = [
            (str(name), str(entry["sha256"]), int(entry["bytes"]))
            for name, entry in document["files"].items()
        ]
    except (KeyError, TypeError, AttributeError, ValueError):
        document, entries = {}, []
    if document.get("schema") != SCHEMA:
        raise BadInput("this is no manifest of augment's.", where=str(path))
    if not all(inside(name) for name, _, _ in entries):
        raise BadInput("the manifest names files outside its folder.", where=str(path))
    whole: list[str] = []
    changed: list[str] = []
    missing: list[str] = []
    for name, digest, size in entries:
        file = folder / name
        if not file.is_file():
            missing.append(name)
        else:
            same = file.stat().st_size == size and sha256(file) == digest
            (whole if same else changed).append(name)
    known = {name for name, _, _ in entries} | {MANIFEST, LOCK_NAME}
    found = {p.relative_to(folder) for p in files_below(folder)}
    unknown = sorted(
        p.as_posix() for p in found if p.as_posix() not in known and p.parts[0] != PARTIAL
    )
    return Verified(tuple(whole), tuple(changed), tuple(missing), tuple(unknown))


def require_unchanged(folder: Path) -> None:
    """Raise `UsageError` unless all files of a finished result are there as they were written."""
    found = verify(folder)
    damaged = [f"{name} is changed" for name in found.changed]
    damaged += [f"{name} is missing" for name in found.missing]
    if damaged:
        raise UsageError(
            f"{folder} holds this result, but {errors.listed(damaged, most=3)}. "
            "Pass --force to make it again."
        )

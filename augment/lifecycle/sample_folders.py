"""Samples that are folders of files: what each follows, and when it is whole."""

from __future__ import annotations

from pathlib import Path

from augment.core.errors import UsageError
from augment.core.files import digest_of, read_json, write_json
from augment.core.kind import Origin
from augment.core.types import Json
from augment.work.manifest import require_unchanged
from augment.work.store import Attempt, Store


def store_at(out: Path) -> Store:
    """The folder that a sample is to lie in."""
    return Store(out, "sample.json", "augment.sample/")


def attempt_of(origin: Origin) -> Attempt:
    """What a sample follows: all that decides its rows apart from the seed, and the seed."""
    return Attempt(digest_of(_plan(origin)), origin.seed)


def _plan(origin: Origin) -> Json:
    return {"engine": origin.engine, "model": origin.model, **origin.asked}


def require_same(folder: Store, attempt: Attempt, seed: int | None) -> None:
    """Refuse a whole sample that is not the one that is wanted, or no longer as it was written."""
    document = read_json(folder.path / folder.document)
    if seed is None or (document.get("key"), document.get("seed")) != (attempt.key, seed):
        raise UsageError(
            f"{folder.path} holds a sample made in another way or by another seed. "
            "Pass --force to replace it, or choose another -o."
        )
    require_unchanged(folder.path)


def publish(folder: Store, origin: Origin) -> None:
    """What was made becomes the folder's result, with a document on what it came from."""
    attempt = attempt_of(origin)
    document = {"schema": "augment.sample/1", "key": attempt.key, "seed": attempt.seed}
    write_json(folder.partial / folder.document, document | {"plan": _plan(origin)})
    folder.publish()

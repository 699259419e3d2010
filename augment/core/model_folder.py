"""A fitted model on disk: `model.json` and `weights.safetensors`, never a pickle.

Format policy: `FORMAT` is the number written. A reader upgrades older documents through
`UPGRADES[n]`, a pure function from the document of format n to that of n + 1, and refuses a
newer one. A model names its engine by registered name, never by import path, so that reading a
hostile file runs no code of its choosing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as from_bytes
from safetensors.numpy import save as to_bytes

from augment.core.errors import (
    AugmentError,
    BadInput,
    UsageError,
    is_lack_of_memory,
    without_values,
)
from augment.core.files import atomic, read_json, sha256, write_json
from augment.core.types import Json, State

FORMAT = 8
MAX_DOCUMENT_BYTES = 1 << 30


@dataclass(frozen=True)
class Stored:
    """A model as read: who made it (`engine`), for what (`kind`), with which facts, and state."""

    kind: str
    engine: str
    state: State
    facts: Json


def _with_groups(document: Json) -> Json:
    """1 → 2: a table's relations were a list of links; groups and shares stand beside them now."""
    config = document.get("config")
    if not (isinstance(config, dict) and isinstance(config.get("relations"), list)):
        return document
    relations = {"links": config["relations"], "groups": [], "shares": []}
    return {**document, "config": {**config, "relations": relations}}


def _knowing(**nothing: Any) -> Callable[[Json], Json]:
    """An upgrade: a table's relations know of more, of which an older one has nothing."""

    def upgraded(document: Json) -> Json:
        config = document.get("config")
        if not (isinstance(config, dict) and isinstance(config.get("relations"), dict)):
            return document
        relations = {**config["relations"], **nothing}
        return {**document, "config": {**config, "relations": relations}}

    return upgraded


def _with_comparisons(document: Json) -> Json:
    """7 → 8: columns that follow from which of two is greater; values that never stand together;
    days that begin at other times."""
    upgraded = _knowing(comparisons=[], exclusions=[])(document)
    config = upgraded.get("config")
    if not (isinstance(config, dict) and isinstance(config.get("engine"), dict)):
        return upgraded
    if upgraded.get("engine") != "anyorder":
        return upgraded
    engine = {"offset_days": [], **config["engine"]}
    return {**upgraded, "config": {**config, "engine": engine}}


UPGRADES: dict[int, Callable[[Json], Json]] = {
    1: _with_groups,
    2: _knowing(dates=[], births=[], gaps=[]),  # dates in parts, birth numbers, filled gaps
    3: _knowing(dependents={"residuals": [], "copies": [], "functions": []}),  # nearly settled
    4: _knowing(block={}),  # columns that rows share with each other
    5: _knowing(settled=[], brackets=[], absences=[]),  # by parts of dates; by ranges; gaps
    6: _knowing(lookups=[]),  # columns that another one settles
    7: _with_comparisons,
}


def save(folder: Path, stored: Stored) -> None:
    """Write a model folder; `model.json` comes last, so a folder that has it is complete."""
    weights = folder / "weights.safetensors"
    tensors = {name: _contiguous(value) for name, value in stored.state.tensors.items()}
    with atomic(weights) as stream:
        stream.write(to_bytes(tensors))
    document = {
        "schema": "augment.model/1",
        "format": FORMAT,
        "kind": stored.kind,
        "engine": stored.engine,
        "facts": stored.facts,
        "config": stored.state.config,
        "weights": {"file": weights.name, "sha256": sha256(weights)},
    }
    write_json(folder / "model.json", document)


def _contiguous(value: Any) -> Any:
    return np.ascontiguousarray(value).reshape(np.shape(value))  # keeps 0-d arrays 0-d


@contextmanager
def restoring(engine: str) -> Iterator[None]:
    """Whatever a stored state trips over in here is told as a `BadInput` that names the engine.

    Anybody may have written it, so any error may come of it. Lack of memory stays what it is.
    """
    try:
        yield
    except UsageError as error:
        raise _unfit(engine, str(error)) from None
    except AugmentError:
        raise
    except Exception as error:
        if is_lack_of_memory(error):
            raise
        raise _unfit(engine, type(error).__name__) from None


@contextmanager
def using(engine: str) -> Iterator[None]:
    """The same for what a restored model makes: parts may be sound and yet not fit together.

    Refused wishes (`UsageError`) and errors of the system stay what they are.
    """
    try:
        yield
    except AugmentError:
        raise
    except Exception as error:
        of_the_system = isinstance(error, OSError) and error.errno is not None
        if is_lack_of_memory(error) or of_the_system:
            raise
        raise _unfit(engine, type(error).__name__) from error


def _unfit(engine: str, why: str) -> BadInput:
    return BadInput(
        f"the model does not fit engine {engine!r} ({why}): it is damaged, or of another version.",
        hint="Fit it again, or restore a copy. If a model that was just fitted says so, report it.",
    )


def digest(folder: Path) -> str:
    """What tells a stored model from any other: model.json holds the digest of the weights."""
    return sha256(folder / "model.json")


def load(folder: Path) -> Stored:
    """Read and check a model folder. Raises `BadInput` for anything damaged or not ours."""
    document = _read_document(folder)
    try:
        document = upgraded(document, folder)
        weights = folder / "weights.safetensors"
        kind, engine = document["kind"], document["engine"]
        facts, config = document["facts"], document["config"]
        expected = document["weights"]["sha256"]
        if not (isinstance(kind, str) and isinstance(engine, str)):
            raise TypeError("kind and engine must be names")
        if not (isinstance(facts, dict) and isinstance(config, dict)):
            raise TypeError("facts and config must be objects")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(folder, f"model.json is incomplete ({without_values(error)})") from None
    if not weights.is_file():
        raise _damaged(folder, "weights.safetensors is missing")
    try:
        if sha256(weights) != expected:
            raise _damaged(folder, "weights.safetensors does not match the digest in model.json")
        tensors = from_bytes(weights.read_bytes())
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        why = getattr(error, "strerror", None) or without_values(error)
        raise _damaged(folder, f"weights.safetensors cannot be read ({why})") from None
    return Stored(kind, engine, State(config, tensors), facts)


def _read_document(folder: Path) -> Json:
    path = folder / "model.json"
    if not path.is_file():
        raise BadInput(
            "this is no model folder: it holds no model.json.",
            where=str(folder),
            hint="Give the folder that `augment fit -o` wrote, or a run folder's model/.",
        )
    if path.stat().st_size > MAX_DOCUMENT_BYTES:
        raise _damaged(folder, "model.json is over 1 GiB")
    document = read_json(path)
    if type(document.get("format")) is not int:
        raise _damaged(folder, "model.json names no format")
    return document


def upgraded(document: Json, folder: Path) -> Json:
    """The document in today's format."""
    number = document["format"]
    if number > FORMAT:
        raise BadInput(
            f"the model has format {number}; this augment reads up to {FORMAT}.",
            where=str(folder),
            hint="Upgrade augment, or fit the model again with this version.",
        )
    while number < FORMAT:
        if number not in UPGRADES:
            raise _damaged(folder, f"format {number} is unknown")
        document = UPGRADES[number](document)
        number += 1
    return document


def _damaged(folder: Path, why: str) -> BadInput:
    return BadInput(
        f"the model is damaged: {why}.", where=str(folder), hint="Fit it again, or restore a copy."
    )

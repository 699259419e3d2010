"""A generator as a command or the API opens it: a stored model, or weights from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment.core import model_folder as store
from augment.core import registry
from augment.core.errors import BadInput
from augment.core.files import digest_of, read_json, sha256
from augment.core.fitted import Fitted
from augment.core.kind import Kind
from augment.core.result_files import MANIFEST
from augment.core.seeds import Seed
from augment.core.types import Job, Json
from augment.lifecycle.plan import foreign_engines
from augment.nets.devices import device_for


@dataclass(frozen=True)
class Opened:
    """A model as it was found at `path`, what tells it from any other, and where it computes."""

    path: Path
    kind: Kind[Any]
    model: Fitted[Any]
    digest: str
    device: str = "cpu"


def open_model(path: Path, device: str = "cpu") -> Opened:
    """A model folder, or the `model/` of a run folder, to be sampled from on `device`.

    Raises `BadInput` for a model that is damaged, or not what the folder's manifest says.
    """
    folder = path / "model" if (path / "model" / "model.json").is_file() else path
    _require_as_written(folder / "model.json", (folder, folder.parent))
    stored = store.load(folder)
    for group, name in (("kinds", stored.kind), ("engines", stored.engine)):
        if name not in registry.names(group):
            raise BadInput(
                f"the model needs the {group.removesuffix('s')} {name!r}, which is not here.",
                where=str(folder),
                hint="Install the plugin that brings it, or an augment that knows it.",
            )
    kind: Kind[Any] = registry.find("kinds", stored.kind)
    chosen = device_for(device, registry.find("engines", stored.engine).about)
    return Opened(path, kind, kind.restore(stored).on(chosen), store.digest(folder), chosen)


def _require_as_written(document: Path, places: tuple[Path, Path]) -> None:
    """Of two models that differ in one digit either could be read; a manifest that names the file
    tells. A manifest that is damaged itself tells nothing here (`augment verify` does)."""
    for place in places:
        try:
            name = document.relative_to(place).as_posix()
            written = read_json(place / MANIFEST)["files"][name]["sha256"]
        except (BadInput, KeyError, TypeError):
            continue
        if document.is_file() and sha256(document) != written:
            raise BadInput(
                "model.json is not what was written: it is damaged, or was edited.",
                where=str(document.parent),
                hint="Restore a copy, or fit the model again.",
            )


def open_weights(
    folder: Path,
    parameters: dict[str, str],
    device: str,
    settings: Mapping[str, Json] | None = None,
) -> Opened:
    """A generator that was trained elsewhere, from its own folder.

    `settings` are parameters of engines by name, for what `parameters` do not say.
    """
    given = {**parameters, "weights": str(folder)}
    name = foreign_engines()[0]
    engine = registry.engine(name, given, (settings or {}).get(name))
    kind: Kind[Any] = registry.find("kinds", engine.about.kind)
    chosen = device_for(device, engine.about)
    job = Job(Seed(0), folder, device=chosen)  # nothing is drawn or kept
    model = kind.generator.fit(engine, None, job, protect=True, whole=None)
    return Opened(folder, kind, model, digest_of(model.stored().state.config), chosen)

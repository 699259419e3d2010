"""`augment sample`: rows from a stored model, to a file, a folder, or standard output."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from augment.core import model_folder as store
from augment.core import registry
from augment.core.errors import BadInput, UsageError
from augment.core.files import locked, require_writable
from augment.core.kind import Ask, Fitted, Kind, Origin, Written
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, Json, Tick
from augment.lifecycle.plan import FOREIGN, device_for, row_count
from augment.lifecycle.sampling import blocks, parse_shard
from augment.work.folder import MANIFEST, write_manifest


@dataclass(frozen=True)
class Opened:
    """A model as it was found at `path`, what tells it from any other, and where it computes."""

    path: Path
    kind: Kind[Any]
    model: Fitted[Any]
    digest: str
    device: str = "cpu"


@dataclass(frozen=True)
class Order:
    """What is wanted of a model. `count` None: once the source, or as many as are given."""

    count: str | None = None
    seed: int | None = None
    ask: Ask = field(default_factory=Ask)
    shard: str | None = None
    format: str | None = None
    write: Json = field(default_factory=dict)


def open_model(path: Path, device: str = "cpu") -> Opened:
    """A model folder, or the `model/` of a run folder, to be sampled from on `device`."""
    folder = path / "model" if (path / "model" / "model.json").is_file() else path
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
    return Opened(
        path, kind, kind.generator.restore(stored).on(chosen), store.digest(folder), chosen
    )


def open_weights(
    folder: Path, parameters: dict[str, str], device: str, settings: Mapping[str, Json]
) -> Opened:
    """A generator that was trained elsewhere, from its own folder.

    `settings` are parameters of engines by name, for what `parameters` do not say.
    """
    given = {**parameters, "weights": str(folder)}
    engine = registry.engine(FOREIGN, given, settings.get(FOREIGN))
    kind: Kind[Any] = registry.find("kinds", engine.about.kind)
    chosen = device_for(device, engine.about)
    job = Job(Seed(0), folder, device=chosen)  # nothing is drawn or kept
    model = kind.generator.fit(engine, None, job, protect=True, whole=None)
    state = json.dumps(model.stored().state.config, sort_keys=True)
    digest = hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()
    return Opened(folder, kind, model, digest, chosen)


def sample(
    opened: Opened, order: Order, out: Path | None, *, force: bool, tell: Callable[[Tick], None]
) -> Json:
    """Write a sample; `out=None` is standard output. Returns what `--json` prints.

    With `--given` the number of rows is that of the file. A folder that was cut short is taken
    up where it was left. Raises `UsageError` for a shard without a seed.
    """
    parse_shard(order.shard)
    if out is None or not opened.kind.writer.folders:
        if out is not None:
            require_writable(out, force)
        written, seed, notes = _written(opened, order, out, force, tell)
    else:
        if out.exists() and not out.is_dir():
            raise UsageError(f"{out} is a file. Images go into a folder: choose one with -o.")
        with locked(out):
            written, seed, notes = _written(opened, order, out, force, tell)
            if written.fresh or not (out / MANIFEST).is_file():
                write_manifest(out)
    return {
        "schema": "augment.sample/1",
        "model": str(opened.path),
        "kind": opened.kind.name,
        "engine": opened.model.engine,
        "rows": written.rows,
        "fresh": written.fresh,
        "notes": list(notes),
        "seed": seed,
        "device": opened.device,
        "shard": order.shard,
        "output": "-" if out is None else str(out),
    }


def _written(
    opened: Opened,
    order: Order,
    out: Path | None,
    force: bool,
    tell: Callable[[Tick], None],
) -> tuple[Written, int, tuple[str, ...]]:
    """Make and write the sample; also the seed that it was drawn by, and what it cannot keep."""
    writer, model = opened.kind.writer, opened.model
    with store.using(model.engine):
        given = model.condition(order.ask)
    rows = _rows(order.count, given, model)
    asked: Json = {"rows": rows, "shard": order.shard, **dataclasses.asdict(order.ask)}
    if opened.device != "cpu":
        asked["device"] = opened.device  # the last digits of its sums are its own
    origin = Origin(model.engine, opened.digest, 0, asked)
    seed = order.seed
    if seed is None and out is not None and not force:
        seed = writer.found(out, origin).seed
    if seed is None and order.shard is not None:
        raise UsageError(
            f"--shard {order.shard} needs --seed: without one, each shard would be a part of "
            "another sample. Give all shards the same --seed."
        )
    used = Seed.fresh() if seed is None else Seed(seed)
    parts = blocks(model, rows, used.child("sample"), given, tell, parse_shard(order.shard))
    origin = replace(origin, seed=used.value)
    with store.using(model.engine):
        written = writer.write(parts, out, order.format or "", force, order.write, origin)
        notes = model.notes(rows, given)
    return written, used.value, notes


def _rows(count: str | None, given: Condition, model: Fitted[Any]) -> int:
    if given.partial is None:
        return row_count(count or "1x", model.rows)
    if count is not None:
        raise UsageError("-n and --given exclude each other: --given fills the rows of its file.")
    return len(given.partial)

"""`augment sample`: rows from a stored model, to a file, a folder, or standard output."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

from augment.core import model_folder as store
from augment.core import registry
from augment.core.errors import BadInput, UsageError
from augment.core.files import locked, require_writable
from augment.core.kind import Ask, Block, Fitted, Kind, Origin, Writer, Written
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
    folder: Path,
    parameters: dict[str, str],
    device: str,
    settings: Mapping[str, Json] | None = None,
) -> Opened:
    """A generator that was trained elsewhere, from its own folder.

    `settings` are parameters of engines by name, for what `parameters` do not say.
    """
    given = {**parameters, "weights": str(folder)}
    engine = registry.engine(FOREIGN, given, (settings or {}).get(FOREIGN))
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
    writer = opened.kind.writer
    with _held(writer, out, force):
        wanted = _wanted(opened, order, tell, None if force else out)
        with store.using(opened.model.engine):
            written = _written(writer, wanted, out, order.format, force, order.write)
            notes = opened.model.notes(wanted.rows, wanted.given)
    return {
        "schema": "augment.sample/1",
        "model": str(opened.path),
        "kind": opened.kind.name,
        "engine": opened.model.engine,
        "rows": written.rows,
        "fresh": written.fresh,
        "notes": list(notes),
        "seed": wanted.origin.seed,
        "device": opened.device,
        "shard": order.shard,
        "output": "-" if out is None else str(out),
    }


@dataclass(frozen=True)
class Sample:
    """Rows that are wanted of a model: how many, under which condition, what decides them, and
    the blocks that they are made in."""

    rows: int
    given: Condition
    origin: Origin
    blocks: Iterator[Block[Any]]


@dataclass(frozen=True)
class Made:
    """Rows that were made, block by block, what they come from, and what they cannot keep."""

    parts: tuple[Any, ...]
    origin: Origin
    notes: tuple[str, ...]


def draw(opened: Opened, order: Order, tell: Callable[[Tick], None]) -> Made:
    """The same sample as `sample` writes, in memory; `order.format` and `order.write` are idle."""
    wanted = _wanted(opened, order, tell, None)
    with store.using(opened.model.engine):
        parts = tuple(block.make() for block in wanted.blocks)
        notes = opened.model.notes(wanted.rows, wanted.given)
    return Made(parts, wanted.origin, notes)


def write(
    writer: Writer[Any],
    parts: Sequence[Any],
    origin: Origin,
    out: Path,
    format: str | None,
    *,
    force: bool,
    options: Json,
) -> None:
    """Write rows that were made or read as `sample` writes them: a file, or a folder."""
    ends = list(accumulate(map(len, parts)))
    blocks = (
        Block(end - len(part), len(part), partial(_same, part))
        for part, end in zip(parts, ends, strict=True)
    )
    with _held(writer, out, force):
        wanted = Sample(ends[-1], Condition(), origin, blocks)
        _written(writer, wanted, out, format, force, options)


def _same(part: Any) -> Any:
    return part


@contextmanager
def _held(writer: Writer[Any], out: Path | None, force: bool) -> Iterator[None]:
    """The place of a sample while it is written; a folder is locked."""
    if out is None or not writer.folders:
        if out is not None:
            require_writable(out, force)
        yield
        return
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file. Images go into a folder: choose one with -o.")
    with locked(out):
        yield


def _wanted(
    opened: Opened, order: Order, tell: Callable[[Tick], None], begun: Path | None
) -> Sample:
    """What an order asks of a model. An unfinished sample at `begun` lends its seed."""
    model = opened.model
    with store.using(model.engine):
        given = model.condition(order.ask)
    rows = _rows(order.count, given, model)
    filled = None if order.ask.given is None else str(order.ask.given)
    ask = dataclasses.asdict(replace(order.ask, given=None)) | {"given": filled}
    asked: Json = {"rows": rows, "shard": order.shard, **ask}
    if opened.device != "cpu":
        asked["device"] = opened.device  # the last digits of its sums are its own
    origin = Origin(model.engine, opened.digest, 0, asked)
    seed = order.seed
    if seed is None and begun is not None:
        seed = opened.kind.writer.found(begun, origin).seed
    if seed is None and order.shard is not None:
        raise UsageError(
            f"--shard {order.shard} needs --seed: without one, each shard would be a part of "
            "another sample. Give all shards the same --seed."
        )
    used = Seed.fresh() if seed is None else Seed(seed)
    parts = blocks(model, rows, used.child("sample"), given, tell, parse_shard(order.shard))
    return Sample(rows, given, replace(origin, seed=used.value), parts)


def _written(
    writer: Writer[Any],
    sample: Sample,
    out: Path | None,
    format: str | None,
    force: bool,
    options: Json,
) -> Written:
    """Make the blocks of a sample and write them; a folder gets a manifest."""
    written = writer.write(sample.blocks, out, format or "", force, options, sample.origin)
    folder = out if writer.folders else None
    if folder is not None and (written.fresh or not (folder / MANIFEST).is_file()):
        write_manifest(folder)
    return written


def _rows(count: str | None, given: Condition, model: Fitted[Any]) -> int:
    if given.partial is None:
        return row_count(count or "1x", model.rows)
    if count is not None:
        raise UsageError("-n and --given exclude each other: --given fills the rows of its file.")
    return len(given.partial)

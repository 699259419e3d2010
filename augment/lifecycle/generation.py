"""`augment sample`: rows from a stored model, to a file, a folder, or standard output."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

from augment.core import model_folder as store
from augment.core import registry
from augment.core.errors import UsageError
from augment.core.files import require_writable
from augment.core.fitted import Ask, Fitted
from augment.core.kind import Origin, Part, Writer
from augment.core.reading_options import flag
from augment.core.seeds import Seed
from augment.core.source import Source
from augment.core.types import Condition, Json, Tick, Workers
from augment.lifecycle.augmentation import Output, output_of, require_appendable
from augment.lifecycle.opened_model import Opened
from augment.lifecycle.plan import require_write_options, row_count
from augment.lifecycle.sample_folders import attempt_of, publish, require_same, store_at
from augment.lifecycle.sampling import (
    FolderSample,
    Sample,
    executor_for,
    fill,
    parse_shard,
    parts_of,
)
from augment.lifecycle.shards import Parting, ShardedSample, is_parted, require_files, shardable
from augment.lifecycle.shards import fill as fill_shards
from augment.sources.databases.address import Address
from augment.sources.databases.connection import connected
from augment.sources.databases.session import write as insert
from augment.work.executors import Executor
from augment.work.folder_job import list_files
from augment.work.store import Store


@dataclass(frozen=True)
class Order:
    """What is wanted of a model. `count` None: once the source, or as many as are given.

    With real rows it is of all rows of the output, see `augmentation.output_of`.
    """

    count: str | None = None
    seed: int | None = None
    ask: Ask = field(default_factory=Ask)
    shard: str | None = None
    parting: Parting = field(default_factory=Parting)  # into files of a folder
    format: str | None = None
    write: Json = field(default_factory=dict)
    below: Source | None = None  # real rows that the made ones are written below


def sample(
    opened: Opened,
    order: Order,
    out: Path | Address | None,
    *,
    workers: Workers = None,
    force: bool,
    tell: Callable[[Tick], None],
) -> Json:
    """Write a sample; `out=None` is standard output. Returns what `--json` prints.

    With `--given` the number of rows is that of the file. A folder that was cut short is taken
    up where it was left. The rows do not depend on `workers`. Raises `UsageError` for a shard
    without a seed.
    """
    parse_shard(order.shard)
    require_write_options(opened.kind, order.write)
    processes = _executor(opened, workers)
    writer = opened.kind.writer
    if is_parted(writer, order.parting, order.format):
        format, place = shardable(opened.kind, order.parting, order.format, out)
        order = replace(order, format=format)
        wanted, rows, fresh = _filled(opened, order, place, workers, force, tell)
    elif isinstance(out, Address):
        wanted, rows = _inserted(opened, order, out, processes, force, tell)
        fresh = rows
    elif out is not None and writer.folders:
        wanted, rows, fresh = _filled(opened, order, out, workers, force, tell)
    else:
        if out is not None:
            require_writable(out, force)
        wanted = _wanted(opened, order, tell)
        parts = wanted.output.below(parts_of(wanted.sample, processes, tell))
        format = order.format or ""
        rows = fresh = writer.write(parts, out, format, force, order.write, wanted.origin).rows
    return {
        "schema": "augment.sample/1",
        "model": str(opened.path),
        "kind": opened.kind.name,
        "engine": opened.model.engine,
        "rows": rows,
        "fresh": fresh,
        "notes": list(wanted.notes()),
        "seed": wanted.origin.seed,
        "device": opened.device,
        "shard": order.shard,
        **({} if wanted.files is None else {"shards": wanted.files}),
        "output": "-" if out is None else str(out),
        **({} if wanted.output.document is None else {"appended": wanted.output.document}),
    }


@dataclass(frozen=True)
class SamplePlan:
    """A sample that is wanted of a model, and what decides its rows."""

    sample: Sample[Any]
    origin: Origin
    output: Output
    files: int | None = None  # that the rows are parted into
    real_notes: tuple[str, ...] = ()  # on the real rows

    def notes(self) -> tuple[str, ...]:
        """What the sample cannot keep."""
        model = self.sample.model
        with store.using(model.engine):
            return (*self.real_notes, *model.notes(self.sample.rows, self.sample.given))


@dataclass(frozen=True)
class Drawn:
    """Rows that were made, block by block, what they come from, and what they cannot keep."""

    parts: tuple[Any, ...]
    origin: Origin
    notes: tuple[str, ...]


def draw(
    opened: Opened, order: Order, tell: Callable[[Tick], None], workers: Workers = None
) -> Drawn:
    """The same sample as `sample` writes, in memory; `order.format` and `order.write` are idle."""
    wanted = _wanted(opened, order, tell)
    parts = parts_of(wanted.sample, _executor(opened, workers), tell)
    return Drawn(tuple(part.data for part in parts), wanted.origin, wanted.notes())


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
    starts = [0, *accumulate(map(len, parts))]
    numbered = (Part(start, part) for start, part in zip(starts, parts, strict=False))
    if not writer.folders:
        require_writable(out, force)
        writer.write(numbered, out, format or "", force, options, origin)
        return
    if format in writer.packed:
        raise UsageError(
            f"Files of many, as {format}, are for samples of a model: `augment sample --shards`."
        )
    folder = store_at(out)
    folder.require_ours()
    with folder.held():
        folder.require_free(force)
        folder.begin(attempt_of(origin))
        written = writer.write(numbered, folder.partial, format or "", force, options, origin)
        list_files(folder.partial, list(written.lines))
        publish(folder, origin)


def _executor(opened: Opened, workers: Workers, patience: float | None = None) -> Executor:
    about = registry.find("engines", opened.model.engine).about
    return executor_for(about, opened.device, workers, patience)


def _inserted(
    opened: Opened,
    order: Order,
    out: Address,
    processes: Executor,
    force: bool,
    tell: Callable[[Tick], None],
) -> tuple[SamplePlan, int]:
    """A sample as a table of a database, in one transaction: what was wanted, and its rows."""
    for name in (*order.write, *(["format"] if order.format else [])):
        raise UsageError(f"{flag(name)} is for files, and -o {out} is a table of a database.")
    wanted = _wanted(opened, order, tell)
    parts = wanted.output.below(parts_of(wanted.sample, processes, tell))
    tables = (opened.kind.writer.to_arrow([part.data]) for part in parts)
    with connected(out, write=True) as session:
        return wanted, insert(session, tables, force)


def _filled(
    opened: Opened,
    order: Order,
    out: Path,
    workers: Workers,
    force: bool,
    tell: Callable[[Tick], None],
) -> tuple[SamplePlan, int, int]:
    """A sample as a folder: what was wanted, its rows, and how many were made just now."""
    folder = store_at(out)
    folder.require_ours()
    with folder.held():
        wanted = _wanted(opened, order, tell, None if force else folder)
        whole = FolderSample(
            wanted.sample,
            opened.kind.writer,
            folder.partial,
            order.format or "",
            order.write,
            wanted.origin,
        )
        shards = None if wanted.files is None else ShardedSample(whole, wanted.files)
        first, last = wanted.sample.span if shards is None else shards.span
        if folder.complete() and not force:
            require_same(folder, attempt_of(wanted.origin), order.seed)
            return wanted, last - first, 0
        folder.begin(attempt_of(wanted.origin))
        if shards is None:
            fresh = fill(folder, whole, _executor(opened, workers), tell)
        else:
            # A shard of many blocks keeps one process busy for long: none is made here first.
            many = wanted.sample.rows > shards.count * opened.model.block_rows
            processes = _executor(opened, workers, 0.0 if many else None)
            fresh = fill_shards(folder, shards, processes, tell)
        publish(folder, wanted.origin)
        return wanted, last - first, fresh


def _wanted(
    opened: Opened, order: Order, tell: Callable[[Tick], None], begun: Store | None = None
) -> SamplePlan:
    """What an order asks of a model. An unfinished sample in `begun` lends its seed."""
    model, real = opened.model, None
    real_notes: tuple[str, ...] = ()
    if order.below is not None:
        _require_appendable(opened, order)
        real, real_notes = model.source_rows(order.below)
    with store.using(model.engine):
        given = model.condition(order.ask)
    count = order.count if real is None or order.ask.given is not None else None
    output = output_of(model, given, order.count, real, _rows(count, given, model))
    rows, given = output.rows, output.given
    filled = None if order.ask.given is None else str(order.ask.given)
    ask = dataclasses.asdict(replace(order.ask, given=None)) | {"given": filled}
    asked: Json = {"rows": rows, "shard": order.shard, **ask}
    if opened.device != "cpu":
        asked["device"] = opened.device  # the last digits of its sums are its own
    files = None
    if is_parted(opened.kind.writer, order.parting, order.format):
        files = order.parting.files(rows)
        require_files(files, parse_shard(order.shard))
        asked["shards"] = {"count": files, "format": order.format or None, **order.write}
    origin = Origin(model.engine, opened.digest, 0, asked)
    seed = order.seed
    if seed is None and begun is not None:
        seed = begun.lent_seed(attempt_of(origin).key)
    if seed is None and order.shard is not None:
        raise UsageError(
            f"--shard {order.shard} needs --seed: without one, each shard would be a part of "
            "another sample. Give all shards the same --seed."
        )
    used = Seed.fresh() if seed is None else Seed(seed)
    sample = Sample(model, rows, used.child("sample"), given, parse_shard(order.shard), tell)
    return SamplePlan(sample, replace(origin, seed=used.value), output, files, real_notes)


def _require_appendable(opened: Opened, order: Order) -> None:
    require_appendable(opened.kind)
    if order.parting.wanted:
        raise UsageError(
            "--mode append and --shards exclude each other: append writes one file. Leave one out."
        )
    if order.shard is not None:
        raise UsageError(
            "--mode append and --shard exclude each other: shards are joined behind one another. "
            "Make the shards alone, and put the real rows before the first."
        )


def _rows(count: str | None, given: Condition, model: Fitted[Any]) -> int:
    if given.partial is None:
        return row_count(count or "1x", model.rows)
    if count is not None:
        raise UsageError("-n and --given exclude each other: --given fills the rows of its file.")
    return len(given.partial)

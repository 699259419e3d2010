"""`augment sample`."""

from __future__ import annotations

from typing import Annotated

import typer

from augment.cli import options as o
from augment.cli import output, progress, requests, summary
from augment.cli.parsing import appends, pairs, placed
from augment.core.errors import UsageError
from augment.settings.sections import DEFAULTS
from augment.sources.databases.address import is_address, parsed
from augment.sources.remote.fetching import here
from augment.sources.remote.publishing import published


def sample(
    *,
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="A model folder or a run folder.")
    ] = None,
    out: Annotated[
        str,
        typer.Option(
            "-o",
            "--out",
            help="A file, a database's table (sqlite:///FILE?table=T), or - for standard output.",
        ),
    ],
    rows: o.Count = None,
    seed: o.Seed = None,
    asking: o.Asking,
    mode: o.OutputMode = "only",
    mark: o.Mark = False,
    source: Annotated[
        str | None,
        typer.Option(metavar="SRC", help="With --mode append: the table of the real rows."),
    ] = None,
    given: o.Given = None,
    weights: o.Weights = None,
    param: o.WeightsParameters = None,
    device: o.Device = DEFAULTS.tool.device,
    shard: Annotated[
        str | None,
        typer.Option(help="i/N: only the i-th of N even parts of one sample. Needs --seed."),
    ] = None,
    shards: Annotated[
        int | None,
        typer.Option(metavar="N", help="N even files in the folder OUT, and a list of them."),
    ] = None,
    per_shard: Annotated[
        str | None,
        typer.Option(
            "--per-shard",
            metavar="ROWS",
            help="As many such files as make about ROWS each: 10k, 1e6.",
        ),
    ] = None,
    format: o.WrittenFormat = None,
    encoding: o.WrittenEncoding = None,
    delimiter: o.WrittenDelimiter = None,
    excel_safe: o.ExcelSafe = False,
    workers: o.Workers = None,
    executor: o.Executor = None,
    force: o.Force = False,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Write new rows from a fitted model."""
    from augment.lifecycle import generation, opened_model
    from augment.lifecycle.shards import Parting

    if out == "-" and screen.as_json:
        raise UsageError("--json and -o - both claim standard output. Choose one.")
    if (model is None) == (weights is None):
        raise UsageError("Give either MODEL or --weights FOLDER to sample from.")
    if weights is None:
        requests.require_weights(param)
    if appends(mode) != (source is not None):
        raise UsageError(
            "--mode append needs --source SRC, the table of the real rows: a model holds none."
            if source is None
            else "--source goes with --mode append, which writes its rows first."
        )
    with (
        progress.shown(screen) as tell,
        here(model) as folder,
        published("-" if out == "-" or is_address(out) else out, force=force, file=True) as made,
    ):
        ask = asking.ask(given)
        if given is not None and rows == config.settings.sampling.rows:
            rows = None  # settled for samples at large: this one has as many rows as its file
        if weights is not None and rows is None:
            rows = str(max(1, len(ask.prompts)))
        opened = (
            opened_model.open_model(folder, device)
            if weights is None
            else opened_model.open_weights(
                weights, pairs(param, "-p"), device, config.settings.engines
            )
        )
        spelt = {
            "excel_safe": excel_safe,
            "encoding": encoding,
            "delimiter": delimiter,
            "mark": mark,
        }
        write = requests.writing(opened.kind.name, config, {"format": format, **spelt})
        named = write.pop("format", None)
        parting = Parting(shards, per_shard)
        order = generation.Order(rows, seed, ask, shard, parting, named, write, source)
        place = None if out == "-" else parsed(out) if is_address(out) else made.path
        document = generation.sample(
            opened, order, place, workers=placed(workers, executor), force=force, tell=tell
        )
        made.send()
        document = made.shown(document) | ({} if model is None else {"model": model})
    output.show(document, screen, summary.of_sample)

"""Options that several commands share, each written once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from augment.cli.grouping import told
from augment.cli.parsing import pairs, prompts, seconds
from augment.core.errors import UsageError
from augment.core.types import Json

if TYPE_CHECKING:
    from augment.core.kind import Ask
    from augment.lifecycle.plan import Request


def named(group: str) -> Callable[[str], list[str]]:
    """Completes a name that is registered in `group`."""

    def complete(incomplete: str) -> list[str]:
        from augment.core import registry

        return [name for name in registry.names(group) if name.startswith(incomplete)]

    return complete


Source = Annotated[
    str, typer.Argument(metavar="SRC", help="A file, a folder, a glob, or - for standard input.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and stop.")]
Estimate = Annotated[
    bool,
    typer.Option("--dry-run", help="Say what would be done, and about what it costs, and stop."),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", min=0, max=2**53, help="Same seed, same bytes. Default: a fresh one."),
]
Features = Annotated[
    Path | None,
    typer.Option(
        "--features",
        exists=True,
        dir_okay=False,
        help="Images: a TorchScript network (Inception, DINOv2) whose space is scored too.",
    ),
]
Count = Annotated[
    str, typer.Option("-n", "--rows", help="Rows: 5000, 10k, 1e6, or 2x the rows of the source.")
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        "-e",
        help="See `augment engines`; auto picks one and says why.",
        autocompletion=named("engines"),
    ),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option("-p", "--param", metavar="NAME=VALUE", help="An engine's parameter. Repeatable."),
]
Preset = Annotated[
    str | None,
    typer.Option("--preset", help="The same as -p preset=…; anyorder: fast, best or transformer."),
]
MaxTime = Annotated[
    str | None, typer.Option("--max-time", help="Time for the whole command: 90, 90s, 15m, 2h.")
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]
Weights = Annotated[
    Path | None,
    typer.Option("--weights", help="A local Stable Diffusion folder (safetensors) that draws."),
]
WeightsParameters = Annotated[
    list[str] | None,
    typer.Option("-p", "--param", metavar="NAME=VALUE", help="With --weights: steps, guidance…"),
]
NoProtect = Annotated[
    bool,
    typer.Option("--no-protect", help="Let rare categories and exact extremes into the model."),
]
Locale = Annotated[
    str | None,
    typer.Option(
        "--locale",
        metavar="NAME",
        help="Of names, addresses and words that stand in for text: de_DE, pt_BR. Default: en_US.",
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        help='Only such rows: "age >= 30 and (sex = F or not job in (a, b))". Repeatable.',
    ),
]
Balance = Annotated[
    str | None, typer.Option("--balance", help="COLUMN for equal shares, or COLUMN:a=0.7,b=0.3.")
]
Prompt = Annotated[
    list[str] | None,
    typer.Option(
        "--prompt", help='Images of these words: "ankle boot, dark". Repeatable: in turn.'
    ),
]
Prompts = Annotated[
    Path | None, typer.Option("--prompts", help="A text file with one prompt a line, in turn.")
]
Given = Annotated[
    str | None, typer.Option("--given", help="A file whose empty cells are to be filled.")
]

Kind = Annotated[
    str | None,
    typer.Option(
        "--kind",
        help="table or images; found by looking when not given.",
        autocompletion=named("kinds"),
    ),
]
Target = Annotated[
    str | None, typer.Option("--target", help="The column to predict, for the utility scores.")
]
Schema = Annotated[
    Path | None, typer.Option("--schema", help="A schema file, as `inspect --schema-out` writes.")
]
Column = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="NAME=ROLE", help="Overrule a column's role. Repeatable."),
]
Format = Annotated[
    str | None,
    typer.Option("--format", help="csv, tsv, json, jsonl, parquet, arrow, xlsx. Default: by name."),
]
Encoding = Annotated[str | None, typer.Option("--encoding", help="Of a text file. Default: utf-8.")]
Delimiter = Annotated[
    str | None, typer.Option("--delimiter", help="Of a text file. Default: found by looking.")
]
Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header", help="Whether the first row names the columns. Default: by looking."
    ),
]
Sheet = Annotated[str | None, typer.Option("--sheet", help="Of a workbook with several sheets.")]
WrittenEncoding = Annotated[
    str | None, typer.Option("--encoding", help="Of the text file written. Default: the source's.")
]
WrittenDelimiter = Annotated[
    str | None, typer.Option("--delimiter", help="Of the file written. Default: the source's.")
]
BadRows = Annotated[str | None, typer.Option("--bad-rows", help="fail (the default) or skip.")]
MaxBad = Annotated[
    int | None,
    typer.Option("--max-bad", min=0, help="Most rows or images to leave out before giving up."),
]
Rejects = Annotated[
    Path | None,
    typer.Option("--rejects", help="Where left-out rows, or images' names, are written."),
]
Canvas = Annotated[
    str | None,
    typer.Option("--canvas", help="Images: pixels to work at, 32 or WIDTHxHEIGHT, 8 to 128."),
]
Mode = Annotated[str | None, typer.Option("--mode", help="Images: gray or rgb. Default: as found.")]
Fit = Annotated[
    str | None,
    typer.Option("--fit", help="Images of another shape than the canvas: pad, crop or stretch."),
]
Alpha = Annotated[
    str | None, typer.Option("--alpha", help="Images: lay transparency on white, black, or fail.")
]
OnError = Annotated[
    str | None, typer.Option("--on-error", help="Bad images: fail (default), skip or quarantine.")
]
Quarantine = Annotated[
    Path | None, typer.Option("--quarantine", help="Where --on-error quarantine copies bad images.")
]
Root = Annotated[
    Path | None,
    typer.Option(
        "--root",
        help="Images: where a list's paths begin, and what links may not leave. Default: SRC.",
    ),
]
LabelColumn = Annotated[
    str | None, typer.Option("--label-column", help="Images in a list: the column of the classes.")
]
CaptionColumn = Annotated[
    list[str] | None,
    typer.Option(
        "--caption-column", help="Images in a list: a column of words for --prompt. Repeatable."
    ),
]
ExcelSafe = Annotated[
    bool, typer.Option("--excel-safe", help="Defuse texts that a spreadsheet takes for formulas.")
]

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="More detail.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
LogFormat = Annotated[str, typer.Option("--log-format", help="Progress as auto, plain or json.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours.")]


@dataclass(frozen=True)
class Reading:
    """How SRC is read."""

    target: Target = None
    kind: Kind = None
    schema: Schema = None
    column: Column = None
    format: Format = None
    encoding: Encoding = None
    delimiter: Delimiter = None
    header: Header = None
    sheet: Sheet = None
    bad_rows: BadRows = None
    max_bad: MaxBad = None
    rejects: Rejects = None
    canvas: Canvas = None
    mode: Mode = None
    fit: Fit = None
    alpha: Alpha = None
    on_error: OnError = None
    quarantine: Quarantine = None
    root: Root = None
    label_column: LabelColumn = None
    caption_column: CaptionColumn = None

    def given(self) -> Json:
        """The options that were given, by the names that a kind's `Reader` knows."""
        values = vars(self) | {
            "columns": pairs(self.column, "--column") or None,
            "caption_columns": self.caption_column or None,
        }
        for name in ("schema", "rejects", "quarantine", "root"):
            values[name] = None if values[name] is None else str(values[name])
        left_out = ("kind", "column", "caption_column")
        return {k: v for k, v in values.items() if v is not None and k not in left_out}


@dataclass(frozen=True)
class Files:
    """Which files of images are read, and what becomes of bad ones."""

    on_error: OnError = None
    quarantine: Quarantine = None
    rejects: Rejects = None
    max_bad: MaxBad = None
    root: Root = None
    label_column: LabelColumn = None
    caption_column: CaptionColumn = None

    def given(self) -> Json:
        """The options that were given, by the names that the images' `read` knows."""
        found = told(self)
        if "caption_column" in found:
            found["caption_columns"] = found.pop("caption_column")
        return found


@dataclass(frozen=True)
class Asking:
    """What the made rows or images are to be like."""

    where: Where = None
    balance: Balance = None
    prompt: Prompt = None
    prompts: Prompts = None

    def ask(self, given: str | None = None) -> Ask:
        from augment.core.kind import Ask

        texts = prompts(self.prompt, self.prompts)
        return Ask(tuple(self.where or ()), self.balance, given, texts)


@dataclass(frozen=True)
class Fitting:
    """Which engine is fitted, and how."""

    engine: Engine = "auto"
    param: Parameters = None
    preset: Preset = None
    weights: Weights = None
    max_time: MaxTime = None
    device: Device = "auto"
    no_protect: NoProtect = False
    locale: Locale = None


@dataclass(frozen=True)
class Screen:
    """What is told, and in which form."""

    quiet: Quiet = False
    verbose: Verbose = False
    as_json: AsJson = False
    log_format: LogFormat = "auto"
    no_color: NoColor = False


def scoring(features: Path | None) -> Json:
    """What a kind's `Evaluator` is told, by the names that it knows."""
    return {} if features is None else {"features": str(features)}


def request(source: str, fitting: Fitting, reading: Reading, seed: int | None) -> Request:
    """What `fit` and `run` ask for in the same words."""
    from augment.lifecycle.plan import FOREIGN, Request

    engine, parameters = fitting.engine, pairs(fitting.param, "-p")
    if fitting.preset is not None:
        if parameters.get("preset", fitting.preset) != fitting.preset:
            raise UsageError("--preset and -p preset=… contradict each other. Leave out one.")
        parameters = {**parameters, "preset": fitting.preset}
    if fitting.weights is not None:
        if engine not in ("auto", FOREIGN):
            raise UsageError(f"--weights is for the engine {FOREIGN}. Leave out -e {engine}.")
        engine, parameters = FOREIGN, {**parameters, "weights": str(fitting.weights)}
    return Request(
        source=source,
        kind=reading.kind,
        engine=engine,
        parameters=parameters,
        seed=seed,
        max_seconds=seconds(fitting.max_time),
        device=fitting.device,
        protect=not fitting.no_protect,
        read=reading.given() | ({} if fitting.locale is None else {"locale": fitting.locale}),
    )


def require_weights(param: list[str] | None) -> None:
    """Refuse `-p` beside a fitted model."""
    if param:
        raise UsageError("-p goes with --weights: a model keeps the parameters of its fit.")

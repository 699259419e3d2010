"""Options that several commands share, each written once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from augment.cli import flags
from augment.cli.flags import Configured, flag, resolved, settings_file
from augment.cli.parsing import prompts
from augment.core import registry
from augment.settings.sections import DEFAULTS

if TYPE_CHECKING:
    from augment.core.fitted import Ask


def named(group: str) -> Callable[[str], list[str]]:
    """Completes a name that is registered in `group`."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in registry.names(group) if name.startswith(incomplete)]

    return complete


Source = Annotated[
    str,
    typer.Argument(metavar="SRC", help="A file, a folder, a glob, a URI, or - for standard input."),
]
JobSource = Annotated[
    str | None,
    typer.Argument(
        metavar="SRC",
        show_default=False,
        help="A file, a folder, a glob, a URI, or - for standard input. Jobs name their own.",
    ),
]
JobNames = Annotated[
    list[str] | None,
    typer.Option(
        "--job", metavar="NAME", help="Run this of the [[jobs]] in augment.toml. Repeatable."
    ),
]
AllJobs = Annotated[bool, typer.Option("--all-jobs", help="Run all of them, one after another.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
IfChanged = Annotated[
    bool,
    typer.Option(
        "--if-changed",
        help="Replace a finished run if data, settings or version changed; else do nothing.",
    ),
]
Junit = Annotated[
    Path | None,
    typer.Option(
        "--junit", metavar="FILE", help="Gates and checks as JUnit XML, for test dashboards."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and stop.")]
Estimate = Annotated[
    bool,
    typer.Option("--dry-run", help="Say what would be done, and about what it costs, and stop."),
]
Config = Annotated[
    Configured,
    typer.Option(
        "--config",
        metavar="FILE",
        parser=settings_file,
        callback=resolved,
        is_eager=True,
        show_default=False,
        help="A settings file. Default: augment.toml here or above.",
    ),
]
BUILT_IN = flags.BUILT_IN
Seed = Annotated[int | None, flag("tool.seed", "--seed")]
Features = Annotated[
    Path | None, flag("scoring.features", "--features", exists=True, dir_okay=False)
]
ShowReal = Annotated[bool, flag("scoring.show_real", "--show-real/--no-show-real")]
ShadowModels = Annotated[int | None, flag("scoring.shadow_models", "--shadow-models")]
Holdout = Annotated[float, flag("scoring.holdout", "--holdout")]
Gates = Annotated[list[str] | None, flag("gates.fail", "--gate", metavar="EXPR")]
Warn = Annotated[list[str] | None, flag("gates.warn", "--warn", metavar="EXPR")]
Baseline = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        metavar="RUN",
        help="An earlier run or evaluation: exit 3 where a score is worse by more than noise.",
    ),
]
Rounds = Annotated[int, flag("refining.rounds", "--rounds")]
Goal = Annotated[list[str] | None, flag("refining.goal", "--goal", metavar="EXPR")]
Count = Annotated[str | None, flag("sampling.rows", "-n", "--rows")]
Engine = Annotated[str, flag("fitting.engine", "--engine", "-e", autocompletion=named("engines"))]
Parameters = Annotated[
    list[str] | None,
    typer.Option("-p", "--param", metavar="NAME=VALUE", help="An engine's parameter. Repeatable."),
]
Preset = Annotated[
    str | None,
    typer.Option(
        "--preset",
        help="As -p preset=…; anyorder: fast, best, transformer; flow: cpu, gpu.",
    ),
]
MaxTime = Annotated[str | None, flag("fitting.max_time", "--max-time")]
Device = Annotated[str, flag("tool.device", "--device")]
Workers = Annotated[int | None, flag("tool.workers", "--workers")]
Executor = Annotated[
    str | None,
    flag("tool.executor", "--executor", metavar="NAME", autocompletion=named("executors")),
]
Weights = Annotated[
    Path | None,
    typer.Option("--weights", help="A local Stable Diffusion folder (safetensors) that draws."),
]
WeightsParameters = Annotated[
    list[str] | None,
    typer.Option("-p", "--param", metavar="NAME=VALUE", help="With --weights: steps, guidance…"),
]
NoProtect = Annotated[bool, flag("fitting.no_protect", "--no-protect/--protect")]
DpEpsilon = Annotated[float | None, flag("fitting.dp_epsilon", "--dp-epsilon", metavar="E")]
DpDelta = Annotated[float | None, flag("fitting.dp_delta", "--dp-delta", metavar="D")]
Locale = Annotated[str | None, flag("reading.locale", "--locale", metavar="NAME")]
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
OutputMode = Annotated[
    str,
    typer.Option(
        "--mode",
        help="only (the synthetic rows), or append: the real rows first, then synthetic ones. "
        "-n and --balance then count both.",
    ),
]
Mark = Annotated[
    bool, typer.Option("--mark", help="Add the column _synthetic, true on synthetic rows.")
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
WrittenFormat = Annotated[str | None, flag("sampling.format", "--format")]
WrittenEncoding = Annotated[str | None, flag("sampling.encoding", "--encoding")]
WrittenDelimiter = Annotated[str | None, flag("sampling.delimiter", "--delimiter")]
ExcelSafe = Annotated[bool, flag("sampling.excel_safe", "--excel-safe/--no-excel-safe")]

Quiet = Annotated[bool, flag("tool.quiet", "--quiet/--no-quiet", "-q")]
Verbose = Annotated[bool, flag("tool.verbose", "--verbose/--no-verbose", "-v")]
AsJson = Annotated[bool, flag("tool.json", "--json/--no-json")]
LogFormat = Annotated[str, flag("tool.log_format", "--log-format")]
NoColor = Annotated[bool, flag("tool.no_color", "--no-color/--color")]


@dataclass(frozen=True)
class Asking:
    """What the made rows or images are to be like."""

    where: Where = None
    balance: Balance = None
    prompt: Prompt = None
    prompts: Prompts = None

    def ask(self, given: str | None = None) -> Ask:
        from augment.core.fitted import Ask

        texts = prompts(self.prompt, self.prompts)
        return Ask(tuple(self.where or ()), self.balance, given, texts)


@dataclass(frozen=True)
class FittingFlags:
    """Which engine is fitted, and how."""

    engine: Engine = DEFAULTS.fitting.engine
    param: Parameters = None
    preset: Preset = None
    weights: Weights = None
    max_time: MaxTime = None
    device: Device = DEFAULTS.tool.device
    no_protect: NoProtect = DEFAULTS.fitting.no_protect
    locale: Locale = None
    dp_epsilon: DpEpsilon = None
    dp_delta: DpDelta = None


@dataclass(frozen=True)
class Screen:
    """What is told, and in which form."""

    quiet: Quiet = False
    verbose: Verbose = False
    as_json: AsJson = False
    log_format: LogFormat = DEFAULTS.tool.log_format
    no_color: NoColor = False

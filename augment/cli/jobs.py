"""`run --job` and `--all-jobs`: each job of the settings file as a call of `run` of its own."""

from __future__ import annotations

import io
import sys
import time
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from augment.cli import continuous_integration, failures, output, terminal, traces
from augment.cli.flags import JOB, Configured
from augment.cli.help import WORDS
from augment.cli.options import Screen
from augment.cli.output import clock, line, table
from augment.core.errors import UsageError, did_you_mean
from augment.core.folders import working_folder
from augment.core.types import Json
from augment.settings.file import FILE
from augment.settings.jobs import Listed, listed

if TYPE_CHECKING:
    from rich.console import Console

DOCUMENT = "document"  # where in a job's context what it did is put
STOPPED = (129, 130, 143)  # signals: the jobs that are left are not begun
WORST_FIRST = (*STOPPED, 1, 6, 5, 4, 2, 3, 75, 0)
MEANINGS = {
    0: "done", 1: "a bug in augment", 2: "usage", 3: "a gate failed", 4: "bad input",
    5: "a part is missing", 6: "out of resources", 75: "locked",
}  # fmt: skip


@dataclass(frozen=True)
class Done:
    """What became of one job."""

    name: str
    out: str
    exit_code: int | None  # None: not begun
    seconds: float
    document: Json | None
    error: str = ""

    def to_json(self) -> Json:
        return dict(vars(self))


def is_one(config: object) -> bool:
    """Whether the call is that of one job."""
    return (
        isinstance(config, Configured) and config.context is not None and JOB in config.context.obj
    )


def note(config: Configured, document: Json) -> None:
    """Keep what a job did for the summary of all."""
    if config.context is not None and is_one(config):
        config.context.obj[DOCUMENT] = document


def run(names: list[str] | None, config: Configured, screen: Screen, junit: Path | None) -> None:
    """Run the jobs of these names (None: all), one after another; one that fails stops no other.

    Ends with the exit code of the worst; a signal ends all of it.
    """
    context = config.context
    assert context is not None
    if context.params.get("source") is not None or context.params.get("out") is not None:
        raise UsageError("Jobs name their own SRC and OUT. Leave out SRC and -o, or --job.")
    if names and context.params.get("all_jobs"):
        raise UsageError("--job and --all-jobs exclude each other. Choose one.")
    continuous_integration.require_writable(junit)
    chosen = _chosen(names, config.path)
    words: list[str] = context.meta[WORDS]  # a job's own context puts its own there
    found: list[Done] = []
    for each in chosen:
        stopped = bool(found) and found[-1].exit_code in (*STOPPED, None)
        if stopped:
            found.append(Done(each.job.name, each.job.out, None, 0.0, None))
            continue
        if not screen.quiet:
            terminal.say(f"augment: job {each.job.name}")
        found.append(_one(context, words, each, screen.as_json))
    codes = {done.exit_code for done in found}
    code = next(code for code in WORST_FIRST if code in codes)
    if not context.params.get("dry_run"):
        _publish(found, junit)
    document: Json = {"schema": "augment.jobs/1", "exit_code": code}
    document["jobs"] = [done.to_json() for done in found]
    output.show(document, screen, _told)
    sys.stdout.flush()
    if code:
        raise typer.Exit(code)


def _chosen(names: list[str] | None, path: Path | None) -> list[Listed]:
    known = () if path is None else listed(path, working_folder())
    if not known:
        where = f"no {FILE} here or above" if path is None else f"no [[jobs]] in {path}"
        raise UsageError(f"There is {where}. Write one: [[jobs]] with name, source and out.")
    by_name = {each.job.name: each for each in known}
    for name in names or ():
        if name not in by_name:
            raise UsageError(f"There is no job {name!r}. {did_you_mean(name, list(by_name))}")
    return [by_name[name] for name in dict.fromkeys(names)] if names else list(known)


def _one(context: typer.Context, words: list[str], each: Listed, quietly: bool) -> Done:
    """One job as a call with the same words and its own; with `quietly` its document is not
    printed."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    given = {
        name: found is not None and found.name == "COMMANDLINE" for name, found in sources.items()
    }
    all_words = [*words, *each.job.words(given)]
    inside: dict[str, Any] = {**context.obj, JOB: each}
    began, error, code = time.monotonic(), "", 0
    command: Any = context.command
    try:
        with (
            redirect_stdout(io.StringIO()) if quietly else nullcontext(),
            command.make_context(context.info_name, all_words, context.parent, obj=inside) as own,
        ):
            command.invoke(own)
    except typer.Exit as end:
        code = end.exit_code
    except (Exception, KeyboardInterrupt) as failure:
        told = failures.told(failure, as_json=False)
        error = str(failure)
        if told is None:
            terminal.say(traces.of(failure), whole=True)
            error = f"a bug in augment ({type(failure).__name__}); please report the lines above"
        code = 1 if told is None else told
    seconds = round(time.monotonic() - began, 3)
    return Done(each.job.name, each.job.out, code, seconds, inside.get(DOCUMENT), error)


def _publish(found: list[Done], junit: Path | None) -> None:
    from augment.report.judged import Judged

    results = []
    for done in found:
        if done.document is not None:
            results.append(Judged(done.name, done.document["report"]))
        elif done.exit_code is not None:
            results.append(Judged(done.name, None, error=done.error or _meaning(done)))
    continuous_integration.publish_judged(results, junit)


def _meaning(done: Done) -> str:
    if done.exit_code is None:
        return "not begun"
    if done.exit_code == 0 and (done.document or {}).get("up_to_date"):
        return "up to date"
    if done.exit_code == 0 and (done.document or {}).get("dry_run"):
        return "dry run"
    return MEANINGS.get(done.exit_code, "stopped")


def _told(console: Console, document: Json, verbose: bool) -> None:
    """A line on each job."""
    jobs = [Done(**each) for each in document["jobs"]]
    rows = [
        [
            done.name,
            _meaning(done) if done.exit_code is None else f"{_meaning(done)} ({done.exit_code})",
            clock(done.seconds) if done.exit_code is not None else "",
            done.out if done.document is None else done.document.get("folder", done.out),
        ]
        for done in jobs
    ]
    table(console, ["job", "ended (exit)", "took", "folder"], rows)
    well = sum(done.exit_code == 0 for done in jobs)
    style = "green" if well == len(jobs) else "red"
    line(console, f"{well} of {len(jobs)} jobs ended well.", style=style)

"""The `augment` command: its sub-commands, and the one place where errors become exit codes."""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import typer
from typer.exceptions import TyperException

import augment
from augment.cli import (
    compare,
    config,
    doctor,
    edit,
    engines,
    evaluate,
    failures,
    fit,
    init,
    inspect,
    jobs,
    lift,
    ping,
    report,
    reproduce,
    run,
    runs,
    sample,
    terminal,
    traces,
    transform,
    tune,
    verify,
)
from augment.cli.flags import SETTINGS, settings_of
from augment.cli.grouping import expanded
from augment.cli.help import Command, Commands
from augment.core.errors import AugmentError, Interrupted, UsageError
from augment.sources.remote.listing import listed_once
from augment.work import environment, fork_server

app = typer.Typer(
    name="augment",
    cls=Commands,
    help="Synthetic data out of real data: fit a generator, sample it, score the result.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
COMMANDS: tuple[Callable[..., None], ...] = (
    run.run,
    init.init,
    inspect.inspect,
    fit.fit,
    sample.sample,
    evaluate.evaluate,
    compare.compare,
    tune.tune,
    lift.lift,
    transform.transform,
    edit.edit,
    report.report,
    runs.runs,
    verify.verify,
    reproduce.reproduce,
    engines.engines,
    config.config,
    doctor.doctor,
    ping.ping,
)
RESUMABLE = ("run", "fit", "compare", "tune", "lift", "transform", "edit")


def _version(asked: bool) -> None:
    if asked:
        print(f"augment {augment.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and stop."
    ),
) -> None:
    pass


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Turn whatever a command raises into a message on standard error and an exit code.

    With `--json` the failure is a document on standard output as well, unless the command has
    printed its own, which then holds the error (see `Failed`).
    """

    @functools.wraps(command)
    def safe(**given: Any) -> None:
        if jobs.is_one(given.get("config")):  # whoever runs the jobs deals with it
            command(**given)
            return
        try:
            with listed_once():
                command(**given)
            sys.stdout.flush()
        except (Exception, KeyboardInterrupt) as error:
            code = failures.told(error, bool(given.get("as_json")))
            if code is None:
                raise
            raise typer.Exit(code) from None

    return safe


for _command in COMMANDS:
    _flat = expanded(_command)
    app.command(
        name=_command.__name__,
        cls=Command,
        context_settings={"obj": {SETTINGS: settings_of(_flat.__annotations__)}},
    )(guarded(_flat))


def _stopped(number: int, frame: FrameType | None) -> None:
    raise Interrupted(number)


def _farewell(arguments: list[str]) -> None:
    """The last lines of an interrupted command: what to type to go on."""
    terminal.say("augment: interrupted.")
    again = "Resume with" if arguments[:1] and arguments[0] in RESUMABLE else "Run again with"
    fed = " (and the same standard input)" if "-" in arguments[1:2] else ""
    terminal.say(f"{again}: {terminal.command_line(['augment', *arguments])}{fed}")


def _refused(error: TyperException) -> int:
    """A command line that typer cannot follow, told as every other error is."""
    if not sys.argv[1:]:  # nothing was asked for: typer's message is the help
        terminal.say(error.format_message(), whole=True)
        return UsageError.exit_code
    context = getattr(error, "ctx", None)
    command = "augment" if context is None else context.command_path
    refused = failures.usage(error.format_message(), command)
    as_json = "--json" in sys.argv[1:]
    failures.report(str(refused), refused.exit_code, as_json, failures.document(refused))
    return refused.exit_code


def main() -> None:
    """The console script."""
    terminal.reopen_closed_streams()
    terminal.spell_what_an_encoding_lacks()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:  # `nohup` and `cmd &` in a script ignore
            signal.signal(number, _stopped)
    environment.settle()
    fork_server.allow()
    code: int | str | None = 1
    try:
        code = app(prog_name="augment", standalone_mode=False)
    except AugmentError as error:  # of the settings, before the command begins
        as_json = "--json" in sys.argv[1:]
        failures.report(str(error), error.exit_code, as_json, failures.document(error))
        code = error.exit_code
    except TyperException as error:  # what typer says of a command line, and its list of commands
        code = _refused(error)
    except SystemExit as stop:
        code = stop.code
    except KeyboardInterrupt as stop:
        code = stop.exit_code if isinstance(stop, Interrupted) else 130
    except Exception as error:
        code = failures.told(error, "--json" in sys.argv[1:])
        if code is None:
            code = 1
            terminal.say(traces.of(error), whole=True)
            terminal.say(
                "augment: this is a bug in augment, not in your data. Please report the lines "
                "above (they hold none of your data)."
            )
    if code in (129, 130, 143):
        _farewell(sys.argv[1:])
    sys.exit(code)

"""The `augment` command: its sub-commands, and the one place where errors become exit codes."""

from __future__ import annotations

import functools
import os
import shlex
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import typer

import augment
from augment.base.errors import AugmentError, Interrupted, OutOfResources
from augment.cli import doctor, engines, evaluate, fit, inspect, run, sample, verify
from augment.cli.options import expanded

app = typer.Typer(
    name="augment",
    help="Synthetic data out of real data: fit a generator, sample it, score the result.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
COMMANDS: tuple[Callable[..., None], ...] = (
    run.run,
    inspect.inspect,
    fit.fit,
    sample.sample,
    evaluate.evaluate,
    verify.verify,
    engines.engines,
    doctor.doctor,
)
ENVIRONMENT = {  # read by libraries when they load, which is later
    "NO_ALBUMENTATIONS_UPDATE": "1",  # it calls home otherwise
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that wait by spinning stall a busy machine
}
RESUMABLE = ("run", "fit")


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
    """Turn whatever a command raises into a message on standard error and an exit code."""

    @functools.wraps(command)
    def safe(**given: Any) -> None:
        try:
            command(**given)
            sys.stdout.flush()
        except AugmentError as error:
            code = error.exit_code
            _complain(str(error))
        except KeyboardInterrupt:
            code = 130
            _complain("interrupted.")
        except BrokenPipeError:  # the reader has had enough: not an error of ours
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 0
        except MemoryError:
            code = OutOfResources.exit_code
            _complain("memory ran out. Use fewer rows, or a machine with more memory.")
        else:
            return
        if code in (130, 143) and command.__name__ in RESUMABLE:
            print(f"Resume with: {shlex.join(['augment', *sys.argv[1:]])}", file=sys.stderr)
        raise typer.Exit(code)

    return safe


def _complain(message: str) -> None:
    text = f"augment: error: {message}"
    encoding = sys.stderr.encoding or "ascii"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr)


for _command in COMMANDS:
    app.command(name=_command.__name__)(guarded(expanded(_command)))


def _terminated(number: int, frame: FrameType | None) -> None:
    raise Interrupted("stopped by a signal.", 128 + number)


def main() -> None:
    """The console script."""
    signal.signal(signal.SIGTERM, _terminated)
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        app()
    except Exception:
        import traceback

        traceback.print_exc()
        print(
            "augment: this is a bug in augment, not in your data. Please report the lines above.",
            file=sys.stderr,
        )
        sys.exit(1)

"""Progress on standard error: bars on a terminal, else a line per phase and every 30 seconds."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from augment.cli import terminal
from augment.cli.options import Screen
from augment.core.errors import UsageError
from augment.core.json_numbers import finite
from augment.core.types import PHASES, Tick, silent

SECONDS_BETWEEN_LINES = 30.0
UNEVEN = ("score", "compare")  # phases of few steps, one of which takes ten times another


@contextmanager
def shown(screen: Screen) -> Iterator[Callable[[Tick], None]]:
    """A `tell` for the lifecycle, in the form that suits where standard error goes."""
    if screen.log_format not in ("auto", "plain", "json"):
        raise UsageError(f"--log-format {screen.log_format}: choose auto, plain or json.")
    if screen.quiet:
        yield silent
    elif screen.log_format == "json":
        yield _json_line
    elif screen.log_format == "auto" and _can_draw():
        with _bar(not screen.no_color) as tell:
            yield tell
    else:
        yield PlainLines()


def _can_draw() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _json_line(tick: Tick) -> None:
    terminal.say(json.dumps(finite({"event": "tick", **vars(tick)}), allow_nan=False))


@dataclass
class Count:
    """The steps that are counted now: a phase may count more than once, as a fit of two networks
    does, and what came before says nothing about the time that is left."""

    phase: str = ""
    step: int = 0
    steps: int | None = None
    began: float = 0.0
    first: int = 0

    def described(self, tick: Tick) -> str:
        return described(tick, self.elapsed(tick), self.first)

    def elapsed(self, tick: Tick) -> float:
        """Seconds since the count began that a tick belongs to."""
        now = time.monotonic()
        if (tick.phase, tick.steps) != (self.phase, self.steps) or tick.step < self.step:
            self.phase, self.steps = tick.phase, tick.steps
            self.began, self.first = now, tick.step
        self.step = tick.step
        return now - self.began


@dataclass
class PlainLines:
    """A line when a phase begins, and one every 30 seconds while it lasts."""

    phase: str = ""
    said: float = 0.0
    count: Count = field(default_factory=Count)

    def __call__(self, tick: Tick) -> None:
        now, text = time.monotonic(), self.count.described(tick)
        if tick.phase != self.phase:
            self.phase, self.said = tick.phase, now
            terminal.say(f"augment: {PHASES.get(tick.phase, tick.phase)}")
        elif now - self.said >= SECONDS_BETWEEN_LINES and not tick.shortened:
            self.said = now
            terminal.say(f"augment: {text}")
        if tick.shortened:
            terminal.say(f"augment: shortened for lack of time: {tick.shortened}")
        if tick.advice:
            terminal.say(f"augment: note: {tick.advice}")


def described(tick: Tick, elapsed: float, first: int = 0) -> str:
    """`fitting 12/300, loss 0.412, held-out 0.455, 3:20 left`, if step `first` was `elapsed`
    seconds ago."""
    left = seconds_left(tick, elapsed, first)
    return ", ".join(parts(tick) if left is None else [*parts(tick), countdown(left)])


def parts(tick: Tick) -> list[str]:
    """Phase and step, losses, and what else is told."""
    found = [PHASES.get(tick.phase, tick.phase)]
    if tick.steps:
        found[0] += f" {tick.step:,}/{tick.steps:,}"
    if tick.loss is not None:
        found.append(f"loss {tick.loss:.4g}")
    if tick.held_out is not None:
        found.append(f"held-out {tick.held_out:.4g}")
    if tick.note:
        found.append(terminal.printable(tick.note))
    return found


def seconds_left(tick: Tick, elapsed: float, first: int = 0) -> float | None:
    """Of a phase, by the steps since `first`; None where steps say nothing of it."""
    if tick.phase in UNEVEN or not tick.steps or not first < tick.step < tick.steps:
        return None
    return elapsed * (tick.steps - tick.step) / (tick.step - first)


def countdown(seconds: float) -> str:
    """
    >>> countdown(94.6)
    '1:35 left'
    """
    left = round(seconds)
    return f"{left // 60}:{left % 60:02d} left"


@contextmanager
def _bar(color: bool) -> Iterator[Callable[[Tick], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.table import Column
    from rich.text import Text

    class Detail(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(task.fields["detail"], no_wrap=True, overflow="ellipsis")

    class Left(ProgressColumn):
        """Counts down between ticks, which may be a minute apart."""

        def render(self, task: Task) -> Text:
            left = task.fields["ends"] - time.monotonic()
            return Text(countdown(left) if left > 0.5 else "", no_wrap=True)

    console = Console(stderr=True, no_color=not color)
    columns = (
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=10, table_column=Column(no_wrap=True)),
        TimeElapsedColumn(),
        Detail(Column(no_wrap=False)),  # the one that gives way where the screen is narrow
        Left(),
    )
    with Progress(*columns, console=console) as progress:
        bars = _Bars(progress)
        yield bars
        bars.finish()


class _Bars:
    """One bar per phase, in the order in which the phases begin."""

    def __init__(self, progress: object) -> None:
        from rich.progress import Progress

        assert isinstance(progress, Progress)
        self.progress = progress
        self.phase = ""
        self.task = progress.add_task("", visible=False, detail="", ends=0.0)
        self.count = Count()

    def __call__(self, tick: Tick) -> None:
        from rich.text import Text

        if tick.shortened:
            text = f"Shortened for lack of time: {tick.shortened}"
            self.progress.console.print(Text(terminal.printable(text), style="yellow"))
        if tick.advice:
            self.progress.console.print(Text(terminal.printable(f"Note: {tick.advice}")))
        if tick.phase != self.phase:
            self.finish()
            word = PHASES.get(tick.phase, tick.phase)
            self.task = self.progress.add_task(word, total=None, detail="", ends=0.0)
            self.phase = tick.phase
        elapsed = self.count.elapsed(tick)
        left = seconds_left(tick, elapsed, self.count.first)
        ends = 0.0 if left is None else time.monotonic() + left
        detail = ", ".join(parts(tick)[1:])
        if tick.steps:
            detail = f"{tick.step:,}/{tick.steps:,} {detail}".strip()
        self.progress.update(
            self.task, total=tick.steps, completed=tick.step, detail=detail, ends=ends
        )

    def finish(self) -> None:
        task = self.progress.tasks[self.task]
        whole = task.total or 1  # what was told of its last step says nothing of a finished phase
        # Of a round its name stays.
        kept = task.fields["detail"].partition(" ")[2] if self.phase == "refine" else ""
        self.progress.update(self.task, total=whole, completed=whole, detail=kept, ends=0.0)

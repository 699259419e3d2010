"""What continuous integration shows of results: JUnit XML; GitHub's job summary and annotations.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from augment.cli.terminal import say
from augment.core import files
from augment.core.types import Json

if TYPE_CHECKING:
    from augment.report.judged import Judged

MOST_ANNOTATIONS = 10  # GitHub shows no more of a step
Result = tuple[str, Json]  # its name and its report


def require_writable(junit: Path | None) -> None:
    """Refuse a place for `--junit` before a long fit."""
    if junit is not None:
        files.require_writable(junit, force=True)


def publish(results: Sequence[Result], junit: Path | None) -> None:
    """Write `--junit`; in a job of GitHub Actions, also its summary and annotations."""
    on_github = os.environ.get("GITHUB_ACTIONS") == "true"
    if junit is None and not on_github:
        return
    from augment.report.judged import Judged

    publish_judged([Judged(*result) for result in results], junit)


def publish_judged(results: Sequence[Judged], junit: Path | None) -> None:
    """The same of results that may have ended in an error."""
    if junit is not None:
        from augment.report.junit import render

        with files.atomic_alone(junit) as stream:
            stream.write(render(results).encode())
    if os.environ.get("GITHUB_ACTIONS") == "true":
        _summarise(results, os.environ.get("GITHUB_STEP_SUMMARY"))
        for annotation in workflow_commands(results):
            say(annotation)


def _summarise(results: Sequence[Judged], path: str | None) -> None:
    """Add to the job's summary, whose file the runner names; a job can do without."""
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8", errors="replace") as stream:
            stream.write("\n".join(map(summary, results)))
    except OSError as error:
        say(f"augment: warning: the job summary cannot be written ({error.strerror}).")


def summary(result: Judged) -> str:
    """A result as Markdown: its name, its gates, the report."""
    from augment.report import markdown

    head = f"### augment: {markdown.escaped(result.name)}\n\n"
    if result.report is None:
        return f"{head}{markdown.escaped(result.error)}\n"
    marks = {"pass": "passed", "fail": "**failed**", "not shown": "not shown to pass"}
    gates = [
        f"- Gate {markdown.escaped(case.name)}: {marks[case.state]}" for case in result.gate_cases()
    ]
    return f"{head}" + "\n".join([*gates, markdown.render(result.report)])


def workflow_commands(results: Sequence[Judged]) -> list[str]:
    """Annotations: an error for each result without a report and each gate that failed, a
    warning for each that was not shown to pass; at most 10, errors first."""
    errors, warnings = [], []
    for result in results:
        if result.report is None:
            errors.append(_command("error", result.name, result.error))
            continue
        for case in result.gate_cases():
            if case.state == "fail":
                errors.append(_command("error", result.name, case.sentence))
            elif case.state == "not shown":
                warnings.append(_command("warning", result.name, case.sentence))
    found = [*errors, *warnings]
    if len(found) <= MOST_ANNOTATIONS:
        return found
    kept = found[: MOST_ANNOTATIONS - 1]
    more = f"{len(found) - len(kept)} more gates failed or were not shown; see the job summary."
    return [*kept, _command("error" if len(errors) > len(kept) else "warning", "augment", more)]


def _command(level: str, title: str, text: str) -> str:
    """`::error title=…::text`, with the runner's escapes."""
    named = _escaped(f"augment: {title}" if title != "augment" else title)
    return f"::{level} title={named.replace(':', '%3A').replace(',', '%2C')}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

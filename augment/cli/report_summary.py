"""What a person reads of scores and verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augment.cli.output import line, table
from augment.core.types import Json
from augment.evaluation.baseline import GATE as BASELINE
from augment.evaluation.verdict import Unscored
from augment.report import summary

if TYPE_CHECKING:
    from rich.console import Console

STYLES = {"pass": "green", "fail": "red", "not shown": "yellow"}
ALLOWED = {True: ", which is told for each below.", False: "; -v says how much."}


def of_report(console: Console, document: Json, verbose: bool) -> None:
    """The scores beside limit, ceiling and floor, a line per group of the verdict, and what was
    not scored or is worst."""
    report = document["report"]
    if not report["scores"]:
        line(console, *report["verdict"]["sentences"], style=STYLES["not shown"])
        return
    line(console, _compared(report["compared"], summary.words(report)["rows"]), style="bold")
    if "all_rows" in report:
        line(console, _drawn(report["compared"], report["all_rows"]))
    lines = [x for x in summary.lines(report) if verbose or x.mark]
    head = ["score", "synthetic", "passes", "fresh real", "shuffled", ""]
    table(
        console,
        head,
        [[x.name, x.value, x.limit, x.best, x.independent, x.mark] for x in lines],
    )
    for sentence in summary.appended(report):
        line(console, sentence)
    verdict = report["verdict"]
    if any(check["noise"] for check in verdict["checks"]):
        line(console, f"Limits contain an allowance for sampling noise{ALLOWED[verbose]}")
    if said := summary.chance(report):
        line(console, said)
    for group, found in verdict["groups"].items():
        line(console, _concluded(verdict, group, found), style=STYLES[found["state"]])
    for each in verdict["not_scored"]:
        if each["kind"] == "data":
            line(console, Unscored(tuple(each["what"]), each["because"]).sentence())
    for remark in verdict.get("remarks", []):
        line(console, remark, style=STYLES["not shown"])
    _worst(console, verdict, summary.words(report), most=5 if verbose else 3)
    _regressions(console, report)
    if verbose:
        for check in verdict["checks"]:
            line(console, f"{check['title']}: {check['sentence'].removesuffix('.')}.")


def _compared(counts: Json, noun: str) -> str:
    made, unseen = counts["synthetic"], counts["unseen"]
    if counts["seen_known"]:
        return f"Scored {made:,} synthetic {noun} on {unseen:,} unseen real {noun}."
    return (
        f"Scored {made:,} synthetic {noun} against {counts['real']:,} real {noun}. Which of them "
        f"the generator saw is unknown; a half ({unseen:,}) stands for unseen ones."
    )


def _drawn(counts: Json, every: Json) -> str:
    """How many rows those of the scores were drawn from."""
    made, real = every["synthetic"], every["real"]
    return (
        f"Those are {counts['synthetic']:,} of {made:,} synthetic and {counts['real']:,} of "
        f"{real:,} real rows, drawn evenly; what is counted is counted in all of them."
    )


def of_evaluate(console: Console, document: Json, verbose: bool) -> None:
    """What had to be done to read either side, and the scores."""
    for note in document["notes"]:
        line(console, f"  Note: {note}")
    of_report(console, document, verbose)


def _concluded(verdict: Json, group: str, found: Json) -> str:
    """A group's state, with the titles of what failed, or the reason why it is not shown."""
    title = group.capitalize()
    if found["state"] == "pass":
        return f"{title} passes."
    if found["state"] == "not shown":
        return f"{title} is not shown. {found['reason'].removesuffix('.')}."
    failed = [c for c in verdict["checks"] if c["group"] == group and c["state"] == "fail"]
    return f"{title} fails: {'; '.join(check['title'] for check in failed)}."


def _regressions(console: Console, report: Json) -> None:
    """A line for each score that is worse than the baseline's."""
    judged = report.get("gates") or {"fail": []}
    for each in judged["fail"]:
        if each["gate"] == BASELINE and each["reason"]:
            for text in each["reason"].split("; "):
                line(console, f"Worse than the baseline: {text}.", style=STYLES[each["state"]])


def _worst(console: Console, verdict: Json, nouns: dict[str, str], most: int) -> None:
    """Where made rows stay furthest behind fresh real ones."""
    for name in ("columns", "pairs"):
        gaps = verdict.get(f"worst_{name}") or []
        shown = [
            f"{gap['where']} ({gap['value']:.2f}, fresh real {gap['ceiling']:.2f})"
            for gap in gaps[:most]
        ]
        if shown:
            line(console, f"Worst {nouns.get(name, name)}: {', '.join(shown)}")

"""What a person reads when a command is done; with `--json`, the document itself instead."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from augment.cli import failures
from augment.cli.options import Screen
from augment.cli.terminal import printable, say
from augment.core import registry
from augment.core.errors import AugmentError
from augment.core.json_numbers import finite
from augment.core.types import Json
from augment.evaluation.verdict import Unscored
from augment.report import summary

if TYPE_CHECKING:
    from rich.console import Console

MOST_NEARLY_SHOWN = 5  # relations that hold on most rows
MOST_COLUMNS_SHOWN = {"inspect": 200, "run": 30}
STYLES = {"pass": "green", "fail": "red", "not shown": "yellow"}


def show(
    document: Json,
    screen: Screen,
    tell: Callable[[Console, Json, bool], None],
    *,
    loud: bool = False,
    warnings: Sequence[str] = (),
    failure: AugmentError | None = None,
) -> None:
    """Print the document for a program (`--json`, standard output) or a person (standard error).

    `loud` commands exist to be read: their text goes to standard output. `warnings` come last, on
    standard error, whatever else is kept quiet. A `failure` that the
    document tells of becomes a part of it, and is raised as `Failed` once all is printed.
    """
    if screen.as_json:
        whole = document if failure is None else {**document, "error": failures.document(failure)}
        print(json.dumps(finite(whole), ensure_ascii=True, indent=2, allow_nan=False))
    elif loud or not screen.quiet:
        _print(document, screen, tell, loud)
    for warning in warnings:
        say(f"augment: warning: {warning}.")
    if failure is not None:
        sys.stdout.flush()
        raise failures.Failed(failure)


def _print(
    document: Json, screen: Screen, tell: Callable[[Console, Json, bool], None], loud: bool
) -> None:
    """The text of a document, on the stream that suits."""
    from rich.console import Console

    stream = sys.stdout if loud else sys.stderr
    console = Console(file=stream, no_color=screen.no_color, highlight=False, soft_wrap=False)
    with console.capture() as text:  # written here, since rich answers a closed pipe with exit 1
        tell(console, document, screen.verbose)
    encoding = stream.encoding or "ascii"
    shown = text.get().encode(encoding, "backslashreplace").decode(encoding)
    with suppress(*(() if loud else (OSError,))):
        stream.write(shown)
        stream.flush()


def table(console: Console, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows under a head; right-aligned where every cell of a column is a number."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    cells = [[_cell(value) for value in row] for row in rows]
    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))
    for number, title in enumerate(head):
        digits = all(row[number][:1].isdigit() or not row[number] for row in cells)
        right = digits and bool(cells)
        grid.add_column(Text(title), justify="right" if right else "left", overflow="fold")
    for row in cells:
        grid.add_row(*(Text(cell) for cell in row))
    console.print(grid)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return printable(str(value))


def line(console: Console, *parts: str, style: str = "") -> None:
    """One line of text, taken literally."""
    from rich.text import Text

    console.print(Text(printable(" ".join(part for part in parts if part)), style=style))


def _read(console: Console, document: Json, verbose: bool, most: int, why: bool) -> None:
    """What was read: the file, the notes, and up to `most` columns, with the reason if asked."""
    data = document["data"]
    files = document["files"]
    total = sum(file["bytes"] for file in files)
    named = files[0]["path"] if len(files) == 1 else f"{len(files)} files"
    noun = data["noun"]
    line(console, f"Read {named} ({size(total)}): {data['rows']:,} {noun}.", style="bold")
    if document.get("rejected_rows"):
        line(console, f"  {document['rejected_rows']:,} bad {noun} were left out.", style="yellow")
    for note in document["notes"]:
        line(console, f"  Note: {note}")
    columns = data["columns"]
    shown = columns if verbose else columns[:most]
    head = ["column", "role", "storage", "missing", "distinct", *(["why"] if why else [])]
    if any("values" in column for column in shown):
        head.append("values")
    rows = [
        [
            column["name"],
            column["role"],
            column["storage"],
            column["nulls"],
            column["distinct"],
            *([column["note"]] if why else []),
            *([_listed(column.get("values"))] if "values" in head else []),
        ]
        for column in shown
    ]
    table(console, head, rows)
    if len(columns) > len(shown):
        line(console, f"  and {len(columns) - len(shown)} more columns; -v shows them all.")
    for words in data.get("caveats", []):
        line(console, f"Not kept: {words}", style="yellow")


def _listed(values: list[Any] | None) -> str:
    return ", ".join(str(value) for value in values or [])


def _estimated(console: Console, document: Json) -> None:
    """What it would cost, within a factor of about two."""
    estimate, limit = document["estimate"], document["plan"]["max_seconds"]
    if estimate is None:
        line(console, "Estimate: the engine does not say how long it takes.")
    else:
        stages = [f"{name} {clock(took)}" for name, took in estimate["seconds"].items()]
        needed = size(estimate["bytes"])
        line(console, f"Estimate: {', '.join(stages)}; about {needed} of memory.", style="bold")
        total = sum(estimate["seconds"].values())
        if limit is not None and total > limit:
            asked = f"--max-time {clock(limit)}"
            line(console, f"  {asked} is less: steps and scores will be left out.", style="yellow")
    line(console, "Dry run: nothing was fitted and nothing written.")


def clock(seconds: float) -> str:
    """`under a second`, `42 s`, `7 min`, `2.5 h`."""
    if seconds < 1:
        return "under a second"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6_000 else f"{seconds / 3600:.1f} h"


def size(count: int) -> str:
    """`3.1 MB`."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} bytes"


def of_inspect(console: Console, document: Json, verbose: bool) -> None:
    _read(console, document, verbose, MOST_COLUMNS_SHOWN["inspect"], True)
    target = document["data"]["schema"].get("target")
    if target:
        line(console, f"Target: {target}")
    key = document["data"]["schema"].get("key")
    if key:
        line(console, f"Key, which never repeats: {' + '.join(key)}")


def of_fit(console: Console, document: Json, verbose: bool) -> None:
    _read(console, document, verbose, MOST_COLUMNS_SHOWN["run"], verbose)
    _fitted(console, document, verbose)
    if document.get("dry_run"):
        _estimated(console, document)
        return
    if document.get("up_to_date"):
        line(console, "Up to date: this model is fitted already; nothing was done.", style="green")
    line(console, f"Model: {document['model']}", style="bold")
    line(console, f"Sample it with: augment sample {document['model']} -n 10k -o FILE")


def _fitted(console: Console, document: Json, verbose: bool) -> None:
    plan = document["plan"]
    seconds = document.get("seconds", {}).get("fit")
    took = "" if seconds is None else f" in {seconds:.1f} s"
    line(
        console,
        f"Engine {plan['engine']} ({plan['engine_reason']}), seed {plan['seed']}{took}.",
        style="bold",
    )
    for words in document.get("engine_facts", {}).get("relations", []):
        line(console, f"  Kept exactly: {words}")
    nearly = document.get("engine_facts", {}).get("nearly", [])
    for near in nearly if verbose else nearly[:MOST_NEARLY_SHOWN]:
        share = f"{100 * near['share']:.1f}" if near["share"] < 0.9995 else "over 99.9"
        broken = f"{near['broken_rows']:,} of {near['rows']:,} rows break it"
        line(console, f"  Nearly holds, not kept: {near['relation']} ({share}%; {broken})")
    if len(nearly) > MOST_NEARLY_SHOWN and not verbose:
        more = len(nearly) - MOST_NEARLY_SHOWN
        line(console, f"  and {more} more that nearly hold; -v shows them all.")
    for words in document.get("engine_facts", {}).get("kept", []):
        line(console, f"  Kept: {words}")
    for note in document.get("sample_notes", []):
        line(console, f"  Note: {note}", style="yellow")
    for note in document.get("model_notes", []):
        line(console, f"  Protected: {note}")
    for words in document.get("shortened", []):
        line(console, f"  Shortened for want of time: {words}", style="yellow")
    if verbose:
        for name, value in plan["parameters"].items():
            line(console, f"  {name} = {value}")


def of_sample(console: Console, document: Json, verbose: bool) -> None:
    place = "standard output" if document["output"] == "-" else document["output"]
    noun = registry.find("kinds", document["kind"]).noun
    rows, fresh = document["rows"], document["fresh"]
    if rows and not fresh:
        line(console, f"Up to date: {place} holds these {rows:,} {noun} already.", style="green")
        return
    beside = f", beside {rows - fresh:,} that were there" if fresh < rows else ""
    made_by = f"engine {document['engine']}, seed {document['seed']}"
    line(console, f"Wrote {fresh:,} {noun} to {place}{beside} ({made_by}).")
    for note in document["notes"]:
        line(console, f"  Note: {note}", style="yellow")


def of_run(console: Console, document: Json, verbose: bool) -> None:
    _read(console, document, verbose, MOST_COLUMNS_SHOWN["run"], verbose)
    _fitted(console, document, verbose)
    if document.get("dry_run"):
        _estimated(console, document)
        return
    if document.get("up_to_date"):
        line(console, "Up to date: this run is finished already; nothing was done.", style="green")
    of_report(console, document, verbose)
    folder = document["folder"]
    line(console, f"Synthetic data: {folder}/{document['output']}", style="bold")
    line(console, f"Report: {folder}/report.html")
    line(console, f"Model: {folder}/model")


def of_report(console: Console, document: Json, verbose: bool) -> None:
    """The scores beside limit, ceiling and floor, a line per group of the verdict, and what was
    not scored or is worst."""
    report = document["report"]
    if not report["scores"]:
        line(console, *report["verdict"]["sentences"], style=STYLES["not shown"])
        return
    line(console, _compared(report["compared"], summary.words(report)["rows"]), style="bold")
    lines = [x for x in summary.lines(report) if verbose or x.mark]
    head = ["score", "synthetic", "passes", "fresh real", "shuffled", ""]
    table(
        console,
        head,
        [[x.name, x.value, x.limit, x.best, x.independent, x.mark] for x in lines],
    )
    verdict = report["verdict"]
    if any(check["noise"] for check in verdict["checks"]):
        line(console, "Limits contain an allowance for sampling noise; -v says how much.")
    for group, found in verdict["groups"].items():
        line(console, _concluded(verdict, group, found), style=STYLES[found["state"]])
    for each in verdict["not_scored"]:
        if each["kind"] == "data":
            line(console, Unscored(tuple(each["what"]), each["because"]).sentence())
    _worst(console, verdict, summary.words(report))
    if verbose:
        for sentence in (*verdict["sentences"], *(c["sentence"] for c in verdict["checks"])):
            line(console, sentence)


def _compared(counts: Json, noun: str) -> str:
    made, unseen = counts["synthetic"], counts["unseen"]
    if counts["seen_known"]:
        return f"Scored {made:,} synthetic {noun} on {unseen:,} unseen real {noun}."
    return (
        f"Scored {made:,} synthetic {noun} against {counts['real']:,} real {noun}. Which of them "
        f"the generator saw is unknown; a half ({unseen:,}) stands for unseen ones."
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


def _worst(console: Console, verdict: Json, words: dict[str, str]) -> None:
    """Where made rows stay furthest below fresh real ones, as "synthetic of fresh real"."""
    for name in ("columns", "pairs"):
        gaps = verdict.get(f"worst_{name}") or []
        shown = [f"{gap['where']} ({gap['value']:.2f} of {gap['ceiling']:.2f})" for gap in gaps[:3]]
        if shown:
            line(console, f"Worst {words.get(name, name)}: {', '.join(shown)}")


def of_verify(console: Console, document: Json, verbose: bool) -> None:
    for name in ("changed", "missing", "unknown"):
        for file in document[name]:
            line(console, f"{name}: {file}", style="red" if name != "unknown" else "yellow")
    line(console, f"{len(document['whole'])} files are as the manifest says.")


def of_engines(console: Console, document: Json, verbose: bool) -> None:
    table(
        console,
        ["engine", "kind", "licence", "conditions", "what it is"],
        [
            [
                engine["name"],
                engine["kind"],
                engine["licence"],
                ", ".join(engine["conditions"]) + ("" if engine["exact"] else " (by rejection)"),
                engine["summary"],
            ]
            for engine in document["engines"]
        ],
    )
    if any(engine["licence"].startswith("BUSL") for engine in document["engines"]):
        line(
            console,
            "BUSL-1.1 (SDV and its parts) forbids offering the software to others as a synthetic "
            "data service; read its text before commercial use. See NOTICE.",
        )


def of_engine(console: Console, document: Json, verbose: bool) -> None:
    (engine,) = document["engines"]
    line(console, f"{engine['name']}: {engine['summary']} ({engine['licence']})", style="bold")
    table(
        console,
        ["-p name", "default", "value", "help"],
        [[p["name"], _plain(p["default"]), p["expected"], p["help"]] for p in engine["parameters"]],
    )


def _plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ",".join(str(each) for each in value)
    return "" if value is None else str(value)


def of_doctor(console: Console, document: Json, verbose: bool) -> None:
    table(
        console,
        ["", "check", "found"],
        [
            ["ok" if check["ok"] else "no", check["name"], check["found"]]
            for check in document["checks"]
        ],
    )
    for check in document["checks"]:
        if not check["ok"]:
            line(console, f"{check['name']}: {check['hint']}", style="red")

"""What a person reads when a command is done; with `--json`, the document itself instead."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from augment.base.types import Json
from augment.cli.options import Screen

if TYPE_CHECKING:
    from rich.console import Console

MOST_COLUMNS_SHOWN = 40


def show(
    document: Json, screen: Screen, tell: Callable[[Console, Json, bool], None], loud: bool = False
) -> None:
    """Print the document for a program (`--json`, standard output) or a person (standard error).

    `loud` commands exist to be read: their text goes to standard output.
    """
    if screen.as_json:
        print(json.dumps(document, ensure_ascii=True, indent=2, default=str))
        return
    if screen.quiet and not loud:
        return
    from rich.console import Console

    stream = sys.stdout if loud else sys.stderr
    console = Console(file=stream, no_color=screen.no_color, highlight=False, soft_wrap=False)
    tell(console, document, screen.verbose)


def table(console: Console, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows under a head; right-aligned where every cell of a column is a number."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    cells = [[_cell(value) for value in row] for row in rows]
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
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


def printable(text: str) -> str:
    """The text with control characters escaped, so that a name cannot move the cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def line(console: Console, *parts: str, style: str = "") -> None:
    """One line of text, taken literally."""
    from rich.text import Text

    console.print(Text(printable(" ".join(part for part in parts if part)), style=style))


def _read(console: Console, document: Json, verbose: bool) -> None:
    data = document["data"]
    files = document["files"]
    size = sum(file["bytes"] for file in files)
    named = files[0]["path"] if len(files) == 1 else f"{len(files)} files"
    line(console, f"Read {named} ({_size(size)}): {data['rows']:,} rows.", style="bold")
    if document.get("rejected_rows"):
        line(console, f"  {document['rejected_rows']:,} bad rows were left out.", style="yellow")
    for note in document["notes"]:
        line(console, f"  Note: {note}")
    columns = data["columns"]
    shown = columns if verbose else columns[:MOST_COLUMNS_SHOWN]
    head = ["column", "role", "storage", "missing", "distinct", "why"]
    if any("values" in column for column in shown):
        head.append("values")
    rows = [
        [
            column["name"],
            column["role"],
            column["storage"],
            column["nulls"],
            column["distinct"],
            column["note"],
            *([_listed(column.get("values"))] if "values" in head else []),
        ]
        for column in shown
    ]
    table(console, head, rows)
    if len(columns) > len(shown):
        line(console, f"  and {len(columns) - len(shown)} more columns; -v shows them all.")


def _listed(values: list[Any] | None) -> str:
    return ", ".join(str(value) for value in values or [])


def _size(count: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def of_inspect(console: Console, document: Json, verbose: bool) -> None:
    _read(console, document, verbose)
    target = document["data"]["schema"].get("target")
    if target:
        line(console, f"Target: {target}")


def of_fit(console: Console, document: Json, verbose: bool) -> None:
    _read(console, document, verbose)
    _fitted(console, document, verbose)
    if document.get("dry_run"):
        line(console, "Dry run: nothing was fitted and nothing written.")
        return
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
    for note in document.get("model_notes", []):
        line(console, f"  Protected: {note}")
    if verbose:
        for name, value in plan["parameters"].items():
            line(console, f"  {name} = {value}")


def of_sample(console: Console, document: Json, verbose: bool) -> None:
    place = "standard output" if document["output"] == "-" else document["output"]
    line(
        console,
        f"Wrote {document['rows']:,} rows to {place} (engine {document['engine']}, "
        f"seed {document['seed']}).",
    )


def of_run(console: Console, document: Json, verbose: bool) -> None:
    _read(console, document, verbose)
    _fitted(console, document, verbose)
    if document.get("dry_run"):
        line(console, "Dry run: nothing was fitted and nothing written.")
        return
    if document.get("up_to_date"):
        line(console, "Up to date: this run is finished already; nothing was done.", style="green")
    of_report(console, document, verbose)
    folder = document["folder"]
    line(console, f"Synthetic rows: {folder}/{document['output']}", style="bold")
    line(console, f"Report: {folder}/report.html   Model: {folder}/model")


def of_report(console: Console, document: Json, verbose: bool) -> None:
    """The scores beside ceiling and floor, the verdict, and the worst columns."""
    from augment.report import summary

    report = document["report"]
    rows = document["rows"]
    line(
        console,
        f"Scored {rows['synthetic']:,} synthetic rows on {rows['unseen']:,} unseen real rows.",
        style="bold",
    )
    lines = summary.lines(report)
    if lines:
        head = ["score", "synthetic", "fresh real", "shuffled", ""]
        cells = [[x.name, x.value, x.best, x.independent, x.mark] for x in lines]
        table(console, head, cells)
    for sentence in report["verdict"]["sentences"]:
        line(console, sentence, style="red" if " fails" in sentence else "")


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
        ["-p name", "type", "default", "help"],
        [[p["name"], p["type"], _plain(p["default"]), p["help"]] for p in engine["parameters"]],
    )


def _plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ",".join(str(each) for each in value)
    return "" if value is None else str(value)


def of_doctor(console: Console, document: Json, verbose: bool) -> None:
    table(
        console,
        ["", "check", "found", "what to do"],
        [
            ["ok" if check["ok"] else "no", check["name"], check["found"], check["hint"]]
            for check in document["checks"]
        ],
    )

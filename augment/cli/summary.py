"""What a person reads when a command is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from augment.cli.diagnosis_summary import of_findings
from augment.cli.output import as_listed, clock, command, line, size, table
from augment.cli.report_summary import of_report
from augment.cli.rounds_summary import of_rounds
from augment.core import registry
from augment.core.types import Json
from augment.report import privacy

if TYPE_CHECKING:
    from rich.console import Console

MOST_NEARLY_SHOWN = 5  # relations that hold on most rows
MOST_VALUES_SHOWN = 10  # of a balanced column
MOST_COLUMNS_SHOWN = {"inspect": 200, "run": 30}
ROOMY = 110  # characters of a line, from which a table of engines needs no short columns


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
    for sentence in data.get("caveats", []):
        line(console, f"Not kept: {sentence}", style="yellow")


def _listed(values: list[Any] | None) -> str:
    return ", ".join(str(value) for value in values or [])


def estimated(console: Console, document: Json) -> None:
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
    if document.get("up_to_date"):
        line(console, "Up to date: nothing would be done.", style="green")
    line(console, "Dry run: nothing was fitted and nothing written.")


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
        estimated(console, document)
        return
    if document.get("up_to_date"):
        line(console, "Up to date: this model is fitted already; nothing was done.", style="green")
        if document.get("rows_compared") is False:
            line(
                console,
                "Whether the rows have changed since is not known: a private model keeps no trace "
                "of them. --force fits anew, and spends the budget once more.",
            )
    line(console, f"Model: {document['model']}", style="bold")
    command(console, f"Sample it with: augment sample {document['model']} -n 10k -o OUT")


def _fitted(console: Console, document: Json, verbose: bool) -> None:
    plan, facts = document["plan"], document.get("engine_facts", {})
    seconds = document.get("seconds", {}).get("fit")
    took = "" if seconds is None else f" in {seconds:.1f} s"
    line(
        console,
        f"Engine {plan['engine']} ({plan['engine_reason']}), seed {plan['seed']}{took}.",
        style="bold",
    )
    start = document.get("start")
    if start is not None:
        seen = facts.get("seen_rows")
        known = f"which has seen {start['rows']:,} {document['data']['noun']}"
        in_all = "" if seen is None else f", {seen:,} with these"
        line(console, f"  Goes on from {start['model']}, {known}{in_all}.")
    for sentence in facts.get("relations", []):
        line(console, f"  Kept exactly: {sentence}")
    for sentence in facts.get("closely", []):
        line(console, f"  Kept closely: {sentence}")
    nearly = facts.get("nearly", [])
    for near in nearly if verbose else nearly[:MOST_NEARLY_SHOWN]:
        share = f"{100 * near['share']:.1f}" if near["share"] < 0.9995 else "over 99.9"
        broken = f"{near['broken_rows']:,} of {near['rows']:,} rows break it"
        line(console, f"  Nearly holds, not kept: {near['relation']} ({share}%; {broken})")
    if len(nearly) > MOST_NEARLY_SHOWN and not verbose:
        more = len(nearly) - MOST_NEARLY_SHOWN
        line(console, f"  and {more} more that nearly hold; -v shows them all.")
    for sentence in facts.get("kept", []):
        line(console, f"  Kept: {sentence}")
    spent = facts.get("privacy")
    for sentence in privacy.sentences(spent and {**spent, "public": facts.get("public", "")}):
        line(console, f"  {sentence}")
    for note in document.get("sample_notes", []):
        line(console, f"  Note: {note}", style="yellow")
    for note in document.get("model_notes", []):
        line(console, f"  Protected: {note}")
    for sentence in document.get("shortened", []):
        line(console, f"  Shortened for lack of time: {sentence}", style="yellow")
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
    _appended(console, document, noun)
    for note in document["notes"]:
        line(console, f"  Note: {note}", style="yellow")


def _appended(console: Console, document: Json, noun: str) -> None:
    """What stands in an output that the real rows lead, by value of a balanced column."""
    appended = document.get("appended")
    if appended is None:
        return
    real, made = appended["real"], appended["made"]
    line(console, f"  The {real:,} real {noun} as they were read, then {made:,} synthetic ones.")
    balance = appended.get("balance")
    if balance is not None:
        shown = balance["values"][:MOST_VALUES_SHOWN]
        rows = [[v["value"], v["real"], v["made"], v["real"] + v["made"]] for v in shown]
        table(console, [balance["column"], "real", "synthetic", "together"], rows)


def of_run(console: Console, document: Json, verbose: bool) -> None:
    _read(console, document, verbose, MOST_COLUMNS_SHOWN["run"], verbose)
    _fitted(console, document, verbose)
    if document.get("dry_run"):
        estimated(console, document)
        return
    if document.get("up_to_date"):
        line(console, "Up to date: this run is finished already; nothing was done.", style="green")
    of_report(console, document, verbose)
    if "rounds" in document:
        of_rounds(console, document["rounds"])
    if "diagnosis" in document:
        of_findings(console, document["diagnosis"], verbose)
    folder = document["folder"]
    what = "Augmented data" if "appended" in document else "Synthetic data"
    line(console, f"{what}: {folder}/{document['output']}", style="bold")
    _appended(console, document, document["data"]["noun"])
    line(console, f"Report: {folder}/report.html")
    line(console, f"Model: {folder}/model")


def of_unchanged(console: Console, document: Json, verbose: bool) -> None:
    """That `--if-changed` found nothing to do."""
    same = "data, settings and version are those of"
    if document["failed_gates"]:
        failed = f"Unchanged: {same} {document['folder']}, which failed."
        line(console, failed, "Nothing was done; --force tries again.")
        return
    line(console, f"Up to date: {same} {document['folder']}; nothing was done.", style="green")


def of_verify(console: Console, document: Json, verbose: bool) -> None:
    for name in ("changed", "missing", "unknown"):
        for file in document[name]:
            line(console, f"{name}: {file}", style="red" if name != "unknown" else "yellow")
    line(console, as_listed(len(document["whole"])))


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
        short=12 if console.width < ROOMY else None,
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

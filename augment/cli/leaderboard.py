"""What a person reads of `augment compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augment.cli.output import clock, command, line, size, table
from augment.core.types import Json
from augment.report import leaderboard

if TYPE_CHECKING:
    from rich.console import Console


def of_compare(console: Console, document: Json, verbose: bool) -> None:
    """What was compared, the engines from best to worst, and which one to take."""
    noun, rows, total = document["noun"], document["rows"], document["source_rows"]
    line(console, f"Read {document['source']}: {total:,} {noun}.", style="bold")
    for note in document["notes"]:
        line(console, f"  Note: {note}")
    if document.get("dry_run"):
        _foreseen(console, document)
        return
    if document.get("up_to_date"):
        line(console, "Up to date: this comparison is finished already.", style="green")
    fitted, unseen = rows["train"], rows["unseen"]
    counts = [f"{len(each['engines'])} on {each['rows']:,}" for each in document["rounds"]]
    line(
        console,
        f"Engines fitted: {', then '.join(counts)} {noun}; scored on {unseen:,} unseen ones "
        f"(seed {document['seed']}).",
    )
    table(
        console,
        ["engine", "fidelity", "utility", "privacy", "fit s", "MB", "licence"],
        [_row(row) for row in document["engines"]],
    )
    if verbose:
        names = [row["engine"] for row in document["engines"] if row["scores"]]
        scores = leaderboard.measures(document)
        cells = [[each.title, *(" ".join(cell) for cell in each.cells)] for each in scores]
        table(console, ["score", *names], cells)
    line(console, leaderboard.scale(document))
    for sentence in leaderboard.sentences(document):
        line(console, sentence, style="yellow")
    best = document["winner"]
    poor = best is None or leaderboard.lacks_structure(document)
    line(console, leaderboard.verdict(document), style="yellow" if poor else "green")
    line(console, f"Report: {document['folder']}/compare.html", style="bold")
    if best is not None:
        less = "" if fitted + unseen >= total else f" on all {total:,} {noun}"
        command(console, f"Use it{less} with: augment run {document['source']} -e {best} -o OUT")


def _row(row: Json) -> list[str]:
    known = [leaderboard.mean(row[name]) for name in ("fidelity", "utility")]
    means = ["–" if each is None else f"{each.value} {each.interval}" for each in known]
    measured = row["measured"]
    if measured is None:
        took = memory = "–"
        means[0] = "failed"
    else:
        seconds = measured["seconds"]["fit"]
        took = f"{seconds:.1f}" if seconds < 100 else f"{seconds:,.0f}"
        memory = leaderboard.megabytes(measured["peak_bytes"])
    name = row["engine"] if row["place"] is None else f"{row['place']} {row['engine']}"
    return [name, *means, row["privacy"] or "–", took, memory, row["licence"]]


def _foreseen(console: Console, document: Json) -> None:
    """The rounds that would be, and what each engine would cost on all rows of the sample."""
    noun = document["noun"]
    counts = [f"{each['engines']} on {each['rows']:,}" for each in document["rounds"]]
    line(console, f"Engines would be fitted {', then '.join(counts)} {noun}.")
    rows = []
    for name, found in document["estimates"].items():
        if found is None:
            rows.append([name, "it does not say", "", ""])
            continue
        took = found["seconds"]
        rows.append([name, clock(took["fit"]), clock(took["score"]), size(found["bytes"])])
    count = document["rows"]["train"]
    table(console, ["engine", f"fit on {count:,}", "score", "memory"], rows)
    for name, why in document["absent"].items():
        line(console, f"{name} cannot take part: {why}", style="yellow")
    line(console, "Dry run: nothing was fitted and nothing written.")

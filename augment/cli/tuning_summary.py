"""What a person reads of `augment tune`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from augment.cli.output import applied, clock, command, line, size, table
from augment.core.types import Json
from augment.report.tuning import aims, changed, number, spelt

if TYPE_CHECKING:
    from rich.console import Console

MOST_SHOWN = 5  # trials; -v shows all
MOST_IMPORTANT = 5


def of_tune(console: Console, document: Json, verbose: bool) -> None:
    """The space before a search; after it the trials, the winner and what it gained."""
    if document.get("dry_run"):
        _foreseen(console, document)
        return
    if document.get("up_to_date"):
        line(console, "Up to date: this search is finished; nothing was done.", style="green")
    states = [row["state"] for row in document["trials"]]
    counts = [f"{states.count(state)} {state}" for state in ("pruned", "failed") if state in states]
    unsafe = sum(bool(row["violation"]) for row in document["trials"])
    counts += [f"{unsafe} fail privacy"] if unsafe else []
    more = f" ({', '.join(counts)})" if counts else ""
    engine, seed = document["plan"]["engine"], document["seed"]
    trials = "1 trial" if len(states) == 1 else f"{len(states)} trials"
    line(console, f"{trials} of {engine}{more}, seed {seed}.", style="bold")
    for sentence in document["shortened"]:
        line(console, f"  Shortened for lack of time: {sentence}", style="yellow")
    for sentence in aims(document):
        line(console, sentence)
    _trials(console, document, verbose)
    for name, shares in document["importance"].items():
        first = [f"{n} {share:.0%}" for n, share in list(shares.items())[:MOST_IMPORTANT]]
        if first:
            line(console, f"What matters for {name}: {', '.join(first)}")
    _gain(console, document)
    line(console, f"Report: {document['folder']}/tune.html")
    if document.get("applied") is not None:
        applied(console, document["applied"])


def _trials(console: Console, document: Json, verbose: bool) -> None:
    """The best trials, the failed ones last; -v shows all."""
    objectives, won = document["objectives"], document["winner"]
    rows = sorted(
        document["trials"],
        key=lambda row: (row["state"] != "done", bool(row["violation"]), _worst_first(row)),
    )
    shown = rows if verbose or len(rows) == MOST_SHOWN + 1 else rows[:MOST_SHOWN]
    first = won is not None and [row for row in rows if row["number"] == won["number"]]
    if first and first[0] not in shown:
        shown = [*first, *shown[:-1]]
    table(
        console,
        ["trial", *objectives, "state", "parameters"],
        [
            [
                str(row["number"]),
                *(number(row["values"].get(name)) for name in objectives),
                _state(row, won),
                _parameters(row, verbose),
            ]
            for row in shown
        ],
    )
    if len(rows) > len(shown):
        line(console, f"  and {len(rows) - len(shown)} more trials; -v shows them all.")


def _worst_first(row: Json) -> float:
    return -row["worth"][0] if row["worth"] else 0.0


def _state(row: Json, won: Any) -> str:
    if won is not None and row["number"] == won["number"]:
        return "winner"
    state = "fails privacy" if row["violation"] else row["state"]
    return f"{state}: {row['reason']}" if row["reason"] else state


def _parameters(row: Json, verbose: bool) -> str:
    found = [f"{name}={spelt(value)}" for name, value in row["parameters"].items()]
    return " ".join(found) or "the engine's defaults"


def _gain(console: Console, document: Json) -> None:
    """The winner beside the defaults, on rows that no trial saw."""
    style = "green" if document["better"] else "yellow"
    line(console, document["verdict"], style=style)
    if not document["final"] or document["winner"] is None:
        return
    shown = ["winner", "defaults"] if changed(document) else ["defaults"]
    sides = [document["final"][side] for side in shown]
    names = document["objectives"]
    rows = [[name, *(number(side["values"].get(name)) for side in sides)] for name in names]
    rows.append(["privacy", *(side["privacy"] or "–" for side in sides)])
    noun = document["data"]["noun"]
    table(console, [f"on unseen {noun}", *shown], rows)
    if not changed(document):
        return
    values = document["winner"]["parameters"]
    given = " ".join(f"-p {n}={spelt_whole(v)}" for n, v in values.items() if v is not None)
    command(console, f"Use it: -e {document['plan']['engine']} {given}", style="bold")


def spelt_whole(value: Any) -> str:
    """A value as `-p` takes it, with all of its digits."""
    return repr(value) if isinstance(value, float) else spelt(value)


def _foreseen(console: Console, document: Json) -> None:
    """The space, and about what the search costs."""
    line(console, f"Search of {document['plan']['engine']}'s parameters:", style="bold")
    table(
        console,
        ["-p name", "where"],
        [[name, _where(search)] for name, search in document["space"].items()],
    )
    estimate = document["estimate"]
    if estimate is None:
        line(console, "Estimate: the engine does not say how long it takes.")
    else:
        one, total = sum(estimate["trial"].values()), estimate["total"]
        line(
            console,
            f"Estimate: {clock(one)} a trial with the defaults, {clock(total)} for "
            f"{document['asked']} and the final scores; about {size(estimate['bytes'])} of memory.",
            style="bold",
        )
        limit = document["max_seconds"]
        if limit is not None and total > limit:
            line(console, f"  --max-time {clock(limit)} is less: fewer trials.", style="yellow")
    line(console, "Dry run: nothing was fitted and nothing written.")


def _where(search: Json) -> str:
    if "values" in search:
        return " | ".join(spelt(value) for value in search["values"])
    by = ", by its logarithm" if search["log"] else ""
    return f"{spelt(search['low'])} to {spelt(search['high'])}{by}"

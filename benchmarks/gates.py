"""Score fresh real rows as if they were made, and print how often gates fail them by chance.

    python benchmarks/gates.py --runs 200 --sizes 500,1000,4000 --keep results/gates.jsonl
    python benchmarks/gates.py --images ../shared/data/images/mnist/train --sizes 500 --runs 20

Each run draws rows of one table without replacement: `size` of them are the source, of which a
fifth is kept unseen as `augment run` does it, and as many again stand for the made ones. No
generator is better, so each failure is a false one. Shares stand with their exact 95% interval.
`--keep` names a file of the scores: what lies there already is not scored again, and is judged by
the limits of today.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import cycle, islice, product
from pathlib import Path
from typing import Any

from tables import reading

from augment.core import registry
from augment.core.holdout import split, split_order
from augment.core.seeds import Seed
from augment.core.types import Interval, Score, silent
from augment.evaluation import gates
from augment.evaluation.roc import binomial
from augment.evaluation.scoring import measures, metrics
from augment.evaluation.verdict import verdict
from augment.work import environment

GATES = ("privacy", "fidelity", "utility", "validity")
HELD_OUT = 0.2


def main() -> None:
    arguments = _arguments()
    environment.settle()
    sources = [Path(arguments.images)] if arguments.images else _tables(arguments)
    kind = "images" if arguments.images else "table"
    asked = islice(cycle(product(_sizes(arguments), sources)), arguments.runs)
    runs = list(_kept(Path(arguments.keep))) if arguments.keep else []
    done = {(run["data"], run["rows"], run["seed"]) for run in runs}
    until = time.monotonic() + arguments.max_seconds
    data: dict[Path, Any] = {}
    for seed, (rows, source) in enumerate(asked):
        if (source.stem, rows, seed) in done or time.monotonic() > until:
            continue
        if source not in data:
            images = {"canvas": arguments.canvas} if arguments.canvas else {}
            options = images if arguments.images else reading(source)
            data[source] = registry.find("kinds", kind).reader.read(str(source), options).data
        run = {"data": source.stem, "rows": rows, "seed": seed}
        run["scores"] = measure(kind, data[source], rows, Seed(seed))
        runs.append(run)
        if arguments.keep:
            with Path(arguments.keep).open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(run) + "\n")
    print("\n".join(table(kind, runs)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tables", default="../shared/data/tables", help="folder of tables")
    parser.add_argument("--only", default="", help="names of tables, with commas between")
    parser.add_argument("--images", default="", help="a folder of classes, in the place of tables")
    parser.add_argument("--canvas", default="", help="of images: pixels of a side")
    parser.add_argument("--sizes", default="500,1000,4000", help="rows of the sources")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--keep", default="", help="a file of scores that grows")
    parser.add_argument("--max-seconds", type=float, default=float("inf"), help="begin none later")
    return parser.parse_args()


def _sizes(arguments: argparse.Namespace) -> list[int]:
    return [int(text) for text in arguments.sizes.split(",")]


def _tables(arguments: argparse.Namespace) -> list[Path]:
    """The tables that have rows enough for the greatest size and its fresh rows."""
    found = sorted(Path(arguments.tables).glob("*.csv"))
    if arguments.only:
        found = [path for path in found if path.stem in arguments.only.split(",")]
    most = 2 * max(_sizes(arguments))
    return [path for path in found if sum(1 for _ in path.open("rb")) > most]


def _kept(path: Path) -> Iterator[Any]:
    if path.is_file():
        yield from map(json.loads, path.read_text("utf-8").splitlines())


def measure(kind: str, data: Any, rows: int, seed: Seed) -> list[dict[str, Any]]:
    """The scores of `rows` fresh rows beside a source of as many others, whole data sets only."""
    order, first = split_order(data, rows, seed.child("rows"))
    source, fresh = data.take(order[:first]), data.take(order[first : first + rows])
    train, test = split(source, HELD_OUT, seed.child("split"))
    evaluator = registry.find("kinds", kind).evaluator
    found = evaluator.score(train, test, fresh, seed.child("score"), silent, {})
    return [asdict(score) for score in found.scores if not score.where]


def table(kind: str, runs: Sequence[Any]) -> list[str]:
    """How often each check, and each gate, failed, over the runs in which it had a value."""
    declared = measures(metrics(kind))
    seen, failed, shown = Counter[str](), Counter[str](), Counter[str]()
    for run in runs:
        judged = verdict([_score(entry) for entry in run["scores"]], declared)
        for check in judged.checks:
            seen[check.metric] += check.value is not None
            shown[check.metric] += check.state != "not shown"
            failed[check.metric] += check.state == "fail"
        report = {"verdict": judged.to_json(), "scores": run["scores"]}
        for text in ("all", *GATES):
            name = f"--gate {text}"
            outcome = gates.outcome(gates.parse(text), report)
            seen[name] += 1
            shown[name] += not outcome.unshown
            failed[name] += bool(outcome.failed)
    lines = [f"{'':28} {'runs':>5} {'shown':>5} {'failed':>6} {'share':>7} {'interval':>16}"]
    for name in sorted(seen, key=lambda name: (name.startswith("--"), -failed[name])):
        if seen[name]:
            span = binomial(failed[name], seen[name])
            share = f"{failed[name] / seen[name]:7.1%} {span.low:7.1%} {span.high:7.1%}"
            lines.append(f"{name:28} {seen[name]:5} {shown[name]:5} {failed[name]:6} {share}")
    return lines


def _score(entry: dict[str, Any]) -> Score:
    spans = {
        name: None if entry[name] is None else Interval(**entry[name])
        for name in ("interval", "ceiling_interval")
    }
    return Score(**{**entry, **spans})


if __name__ == "__main__":
    main()

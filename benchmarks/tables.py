"""Fit and score engines on real tables, side by side, and print one table.

    python benchmarks/tables.py --tables ../shared/data/tables --engines anyorder,tvae --seeds 0,1,2

Each cell of the table is the median over the seeds. Every fit runs in a process of its own, so
that its peak memory is its own: 80% of the rows are learnt, a sample as large is drawn, and all
scores are on the other 20%. Times compare within one run on one machine, and with nothing else.
The engine `tabularargn` is the peer; it runs in the environment that --peer-python names.
A folder of tables holds NAME.csv with NAME.meta.json ({"target": …, "task": …}) beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
SHOWN = {  # metric -> (title, scale, digits)
    "shapes.error": ("shape %", 100, 2),
    "trends.error": ("trend %", 100, 2),
    "detection": ("detect", 1, 3),
    "utility": ("TSTR", 1, 3),
    "copies": ("copies %", 100, 2),
    "nndr": ("NNDR", 1, 3),
    "membership.auc": ("MIA", 1, 3),
    "membership.tpr@0.001": ("TPR.1%", 1, 4),
}


def main() -> None:
    arguments = _arguments()
    if arguments.one:
        parameters = _parameters(arguments.param)
        print(json.dumps(measure(*arguments.one, parameters, arguments.peer_python)))
        return
    tables = sorted(Path(arguments.tables).glob("*.csv"))
    if arguments.only:
        tables = [path for path in tables if path.stem in arguments.only.split(",")]
    print(_row(["table", "engine", "fit s", "CPU s", "MB", "rows/s", *_titles()]))
    for path in tables:
        for number, engine in enumerate(arguments.engines.split(",")):
            runs = [
                _in_its_own_process(path, engine, seed, arguments)
                for seed in arguments.seeds.split(",")
            ]
            _keep(path.stem, engine, runs)
            good = [run for run in runs if "error" not in run]
            if not good:
                print(_row([path.stem, engine, runs[0]["error"][:100]]))
                continue
            if number == 0:
                print(_row([path.stem, "(real)", "", "", "", "", *_scores(good, "ceiling")]))
            cost = [statistics.median(run[name] for run in good) for name in COSTS]
            cells = [f"{value:,.0f}" if value >= 100 else f"{value:.1f}" for value in cost]
            print(_row([path.stem, engine, *cells, *_scores(good, "value")]), flush=True)


COSTS = ("fit_seconds", "fit_cpu_seconds", "peak_mb", "rows_per_second")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tables", default="../shared/data/tables", help="folder of tables")
    parser.add_argument("--only", default="", help="names of tables, with commas between")
    parser.add_argument("--engines", default="anyorder,copula,tvae,ctgan,independent,bootstrap")
    parser.add_argument("--seeds", default="0")
    parser.add_argument(
        "-p", "--param", action="append", default=[], help="ENGINE.NAME=VALUE, repeatable"
    )
    parser.add_argument("--peer-python", default="", help="Python that has mostlyai-engine")
    parser.add_argument("--one", nargs=3, metavar=("CSV", "ENGINE", "SEED"), help="one fit, JSON")
    return parser.parse_args()


def _parameters(texts: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for text in texts:
        name, _, value = text.partition("=")
        engine, _, parameter = name.partition(".")
        found.setdefault(engine, {})[parameter] = value
    return found


def _environment() -> dict[str, str]:
    from augment.cli.app import ENVIRONMENT

    return {**os.environ, **ENVIRONMENT}


def _in_its_own_process(
    path: Path, engine: str, seed: str, arguments: argparse.Namespace
) -> dict[str, Any]:
    command = [sys.executable, __file__, "--one", str(path), engine, seed]
    command += ["--peer-python", arguments.peer_python]
    for text in arguments.param:
        command += ["-p", text]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment())
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["killed"])[-1]}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def measure(
    csv: str, engine: str, seed: str, parameters: dict[str, dict[str, str]], peer_python: str
) -> dict[str, Any]:
    """One fit, one sample and its scores, with what they cost."""
    from augment.base import registry
    from augment.base.seeds import Seed
    from augment.base.wing import split
    from augment.tables import scoring

    wing = registry.find("kinds", "table")()
    data = wing.read(csv, _reading(Path(csv))).data
    root = Seed(int(seed))
    train, test = split(data, 0.2, root.child("split"))
    if engine == "tabularargn":
        cost, made = _peer(wing, train, seed, peer_python)
    else:
        cost, made = _ours(wing, engine, parameters, train, root)
    scores = scoring.score(train, test, made, root.child("score"))
    return {
        **cost,
        "scores": {
            score.metric: {"value": score.value, "ceiling": score.ceiling, "floor": score.floor}
            for score in scores
            if score.metric in SHOWN and (score.where == "" or score.metric == "utility")
        },
    }


def _peer(wing: Any, train: Any, seed: str, python: str) -> tuple[dict[str, float], Any]:
    """The peer's cost and sample, through files."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "train.csv", Path(folder) / "made.csv"
        wing.write(iter([train]), source, "csv", True, {})
        command = [python, str(Path(__file__).with_name("tabular_argn.py"))]
        done = subprocess.run(
            [*command, str(source), str(out), seed], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stderr[-500:])
        return json.loads(done.stdout.splitlines()[-1]), wing.read_like(str(out), train, {}).data


def _ours(
    wing: Any, engine: str, parameters: dict[str, dict[str, str]], train: Any, root: Any
) -> tuple[dict[str, float], Any]:
    from augment.base import registry
    from augment.base.types import Condition, Job, silent
    from augment.lifecycle.sampling import blocks
    from augment.tables.dataset import Table

    recipe = registry.engine(engine, parameters.get(engine))
    with tempfile.TemporaryDirectory() as scratch:
        job = Job(root.child("fit"), Path(scratch))
        wall, cpu = time.perf_counter(), time.process_time()
        model = wing.fit(recipe, train, job, True, len(train))
        fit_seconds, fit_cpu = time.perf_counter() - wall, time.process_time() - cpu
    stream, size = root.child("sample"), wing.block_rows
    model.sample(0, 100, stream, Condition(), silent)  # what is loaded once is no part of speed
    wall = time.perf_counter()
    parts = list(blocks(model, len(train), stream, Condition(), size, silent))
    sample_seconds = time.perf_counter() - wall
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cost = {
        "fit_seconds": fit_seconds,
        "fit_cpu_seconds": fit_cpu,
        "peak_mb": peak_mb,
        "rows_per_second": len(train) / sample_seconds,
    }
    return cost, Table.join(parts)


def _reading(csv: Path) -> dict[str, Any]:
    """The target of the table's meta file; a target of classes is read as a category."""
    path = csv.with_suffix(".meta.json")
    if not path.is_file():
        return {}
    meta = json.loads(path.read_text("utf-8"))
    options: dict[str, Any] = {"target": meta["target"]}
    if meta["task"] == "multiclass":
        options["columns"] = {meta["target"]: "category"}
    return options


def _titles() -> list[str]:
    return [title for title, _, _ in SHOWN.values()]


def _scores(runs: list[dict[str, Any]], which: str) -> list[str]:
    cells = []
    for metric, (_, scale, digits) in SHOWN.items():
        found = [run["scores"].get(metric, {}).get(which) for run in runs]
        known = [scale * value for value in found if value is not None]
        cells.append(f"{statistics.median(known):.{digits}f}" if known else "–")
    return cells


def _row(cells: list[str]) -> str:
    widths = [9, 12, 8, 8, 6, 9, *(9 for _ in SHOWN)]
    head = [f"{cell:<{width}}" for cell, width in zip(cells[:2], widths[:2], strict=True)]
    rest = [f"{cell:>{width}}" for cell, width in zip(cells[2:], widths[2:], strict=False)]
    return " ".join(head + rest).rstrip()


def _keep(table: str, engine: str, runs: list[dict[str, Any]]) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{table}-{engine}.json").write_text(json.dumps(runs, indent=1), "utf-8")


if __name__ == "__main__":
    main()

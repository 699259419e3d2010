"""One fit in a process of its own, with what it costs: for the benchmarks of both kinds."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
COSTS = ("fit_seconds", "fit_cpu_seconds", "peak_mb", "rows_per_second")
COST_TITLES = ("fit s", "CPU s", "MB")

Shown = dict[str, tuple[str, float, int]]  # metric -> (title, scale, digits)


def parameters(texts: list[str]) -> dict[str, dict[str, str]]:
    """`ENGINE.NAME=VALUE` as {engine: {name: value}}."""
    found: dict[str, dict[str, str]] = {}
    for text in texts:
        name, _, value = text.partition("=")
        engine, _, parameter = name.partition(".")
        if not parameter:
            raise SystemExit(f"-p {text}: write it as ENGINE.NAME=VALUE")
        found.setdefault(engine, {})[parameter] = value
    return found


def apart(command: Sequence[str]) -> dict[str, Any]:
    """What a Python script prints on its last line, as JSON; {"error": …} where it failed."""
    from augment.work.environment import ENVIRONMENT

    environment = {**os.environ, **ENVIRONMENT}
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["killed"])[-1]}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def fitted(
    kind: Any, engine: str, given: dict[str, str] | None, train: Any, root: Any
) -> tuple[dict[str, float], list[Any]]:
    """Fit on `train` and draw as many rows: what it cost, and the parts of the sample."""
    from augment.core import registry
    from augment.core.types import Condition, Job, silent
    from augment.lifecycle.sampling import Sample, parts_of
    from augment.work.executors.inline import Inline

    recipe = registry.engine(engine, given)
    with tempfile.TemporaryDirectory() as scratch:
        job = Job(root.child("fit"), Path(scratch))
        wall, cpu = time.perf_counter(), time.process_time()
        model = kind.generator.fit(recipe, train, job, True, train)
        fit_seconds, fit_cpu = time.perf_counter() - wall, time.process_time() - cpu
    stream = root.child("sample")
    model.sample(0, 100, stream, Condition(), silent)  # what is loaded once is no part of speed
    wall = time.perf_counter()
    sample = Sample(model, len(train), stream, Condition())
    parts = [part.data for part in parts_of(sample, Inline(), silent)]
    sample_seconds = time.perf_counter() - wall
    return {
        "fit_seconds": fit_seconds,
        "fit_cpu_seconds": fit_cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "rows_per_second": len(train) / sample_seconds,
    }, parts


def kept_scores(scores: Sequence[Any], shown: Shown, places: Sequence[str] = ()) -> dict[str, Any]:
    """The shown ones, of the whole data set; those named in `places` wherever they are of."""
    return {
        score.metric: {"value": score.value, "ceiling": score.ceiling, "floor": score.floor}
        for score in scores
        if score.metric in shown and (score.where == "" or score.metric in places)
    }


def cost_cells(runs: list[dict[str, Any]]) -> list[str]:
    cost = [statistics.median(run[name] for run in runs) for name in COSTS]
    return [f"{value:,.0f}" if value >= 100 else f"{value:.1f}" for value in cost]


def score_cells(runs: list[dict[str, Any]], which: str, shown: Shown) -> list[str]:
    """Medians over the runs of "value" or "ceiling"."""
    cells = []
    for metric, (_, scale, digits) in shown.items():
        found = [run["scores"].get(metric, {}).get(which) for run in runs]
        known = [scale * value for value in found if value is not None]
        cells.append(f"{statistics.median(known):.{digits}f}" if known else "–")
    return cells


def row(cells: list[str], shown: Shown) -> str:
    widths = [9, 12, 8, 8, 6, 9, *(9 for _ in shown)]
    head = [f"{cell:<{width}}" for cell, width in zip(cells[:2], widths[:2], strict=True)]
    rest = [f"{cell:>{width}}" for cell, width in zip(cells[2:], widths[2:], strict=False)]
    return " ".join(head + rest).rstrip()


def heading(first: str, rate: str, shown: Shown) -> str:
    titles = [title for title, _, _ in shown.values()]
    return row([first, "engine", *COST_TITLES, rate, *titles], shown)


def printed(name: str, engine: str, runs: list[dict[str, Any]], shown: Shown, first: bool) -> None:
    """Keep the runs of one engine and print their line, after the first of a set that of real
    rows."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}-{engine}.json").write_text(json.dumps(runs, indent=1), "utf-8")
    good = [run for run in runs if "error" not in run]
    if not good:
        print(row([name, engine, runs[0]["error"][:100]], shown), flush=True)
        return
    if first:
        print(row([name, "(real)", "", "", "", "", *score_cells(good, "ceiling", shown)], shown))
    cells = [name, engine, *cost_cells(good), *score_cells(good, "value", shown)]
    print(row(cells, shown), flush=True)

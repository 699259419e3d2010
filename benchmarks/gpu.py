"""What `anyorder` takes on a GPU: seconds of each part of a fit, steps and rows per second.

    python benchmarks/gpu.py ../shared/data/tables/adult.csv --presets transformer,fast
    python benchmarks/gpu.py adult.csv --presets transformer --made made.csv --scores

80% of the rows are learnt. `drawn` are rows per second of tokens alone, which stay on the device
until all columns are drawn; `rows` those of a sample, with the decoding that one core does. `again`
says whether a second fit by the same seed is the same model. `--scores` scores a sample of as many
rows as were learnt, on the other 20%; `--made` writes it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fits import kept_scores
from tables import SHOWN, reading

from augment.core import registry
from augment.core.budget import Budget
from augment.core.holdout import split
from augment.core.kind import Origin, Part
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, Tick, silent
from augment.kinds.tables.data.dataset import Table
from augment.lifecycle.sampling import Sample, parts_of
from augment.work.executors.inline import Inline

SECONDS = 3.0  # that draws are repeated for


def main() -> None:
    arguments = _arguments()
    print(torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU", flush=True)
    for preset in arguments.presets.split(","):
        found = measured(preset, arguments)
        print(json.dumps(found), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("csv")
    parser.add_argument("--presets", default="transformer")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--epochs", default="")
    parser.add_argument("--max-seconds", type=float)
    parser.add_argument("--drawn", default="20000,131072", help="rows of one draw")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--scores", action="store_true")
    parser.add_argument("--made", default="")
    return parser.parse_args()


def measured(preset: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """One fit, its draws and its sample."""
    kind = registry.find("kinds", "table")
    data = kind.reader.read(arguments.csv, reading(Path(arguments.csv))).data
    root = Seed(arguments.seed)
    train, test = split(data, 0.2, root.child("split"))
    given = {"preset": preset} | ({"epochs": arguments.epochs} if arguments.epochs else {})
    fitted = _Fit(kind, given, arguments.device, arguments.max_seconds)
    model = fitted.fit(train, root.child("fit"))
    found: dict[str, Any] = {"preset": preset, **fitted.taken}
    chain = model.inner._chain
    for rows in map(int, arguments.drawn.split(",")):
        found[f"drawn_{rows}"] = round(drawn_a_second(chain, rows))
    stream = root.child("sample")
    sample = Sample(model, len(train), stream, Condition())
    start = time.perf_counter()
    made = Table.join([part.data for part in parts_of(sample, Inline(), silent)])
    found["rows"] = round(len(train) / (time.perf_counter() - start))
    if torch.cuda.is_available():
        found["peak_mb"] = round(torch.cuda.max_memory_allocated() / 2**20)
    if arguments.again:
        again = _Fit(kind, given, arguments.device, None).fit(train, root.child("fit"))
        found["again"] = digest(again) == digest(model)
    if arguments.made:
        origin = Origin("anyorder", "", arguments.seed, {})
        kind.writer.write(iter([Part(0, made)]), Path(arguments.made), "csv", True, {}, origin)
    if arguments.scores:
        from augment.kinds.tables.metrics import scoring

        scores = kept_scores(scoring.score(train, test, made, root.child("score")), SHOWN)
        found |= {name: round(score["value"], 4) for name, score in scores.items()}
    return found


class _Fit:
    """A fit that is told of its parts; `taken` says what each took."""

    def __init__(
        self, kind: Any, given: dict[str, str], device: str, max_seconds: float | None
    ) -> None:
        self.kind, self.given, self.device = kind, given, device
        self.max_seconds = max_seconds
        self.taken: dict[str, Any] = {}
        self._seen: dict[str, list[tuple[float, int]]] = {}

    def fit(self, train: Table, seed: Seed) -> Any:
        recipe = registry.engine("anyorder", self.given)
        with tempfile.TemporaryDirectory() as scratch:
            budget = Budget(self.max_seconds)
            job = Job(seed, Path(scratch), self.device, budget=budget, tick=self._tick)
            start = time.perf_counter()
            model = self.kind.generator.fit(recipe, train, job, True, train)
            end = time.perf_counter()
        training, calibration = self._seen["fit"], self._seen["calibrate"]
        moved = [
            seen for seen in training if seen[1]
        ]  # at each check: what comes first is left out
        steps, seconds = moved[-1][1] - moved[0][1], moved[-1][0] - moved[0][0]
        self.taken |= {
            "fit_seconds": round(end - start, 2),
            "before_training": round(training[0][0] - start, 2),
            "training": round(training[-1][0] - training[0][0], 2),
            "calibration": round(end - calibration[0][0], 2),
            "steps": training[-1][1],
            "steps_a_second": round(steps / seconds) if seconds else 0,
            "held_out": model.facts["training"]["network"]["held_out"],
        }
        return model

    def _tick(self, tick: Tick) -> None:
        self._seen.setdefault(tick.phase, []).append((time.perf_counter(), tick.step))


def drawn_a_second(chain: Any, rows: int) -> float:
    """Rows of tokens per second, in draws of so many."""
    chain.draw(rows, np.random.default_rng(0))
    start, draws = time.perf_counter(), 0
    while draws < 1 or time.perf_counter() - start < SECONDS:
        chain.draw(rows, np.random.default_rng(draws))
        draws += 1
    return draws * rows / (time.perf_counter() - start)


def digest(model: Any) -> str:
    """Of all numbers of a model."""
    tensors = model.stored().state.tensors
    found = hashlib.sha256()
    for name in sorted(tensors):
        found.update(np.ascontiguousarray(tensors[name]).tobytes())
    return found.hexdigest()


if __name__ == "__main__":
    main()

"""What each engine costs on the CPU and on a GPU: fit, rows or images a second, device memory.

    python -m benchmarks.devices            # both devices, the default data
    python -m benchmarks.devices --rows 20000 --only anyorder cvae

Data are simulated, so that nothing needs to be fetched. `foreseen` is what `--dry-run` would have
said of the fit; `again` says whether a second fit by the same seed drew the same bytes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from augment.core import registry
from augment.core.errors import AugmentError
from augment.core.seeds import Seed
from augment.core.types import Job
from augment.kinds.images.engines.editor import Editor
from augment.nets.machine_speed import slowdown
from augment.testing import mixed_table, simple_images

CASES: dict[str, tuple[str, dict[str, str]]] = {
    "anyorder fast": ("anyorder", {}),
    "anyorder best": ("anyorder", {"preset": "best"}),
    "anyorder transformer": ("anyorder", {"preset": "transformer"}),
    "cvae": ("cvae", {}),
    "flow": ("flow", {}),
    "gan": ("gan", {}),
}
SHORT = {"anyorder": {"epochs": "3"}, "cvae": {"steps": "100"}, "flow": {"steps": "60"}}
SHORT |= {"gan": {"steps": "60"}}
HEAD = ("engine", "device", "fit s", "foreseen", "a second", "edits s", "MB", "again")
WIDTHS = (21, 7, 8, 9, 10, 8, 7, 6)


def line(cells: tuple[str, ...]) -> str:
    first, *rest = zip(cells, WIDTHS, strict=True)
    return " ".join([f"{first[0]:<{first[1]}}", *(f"{cell:>{width}}" for cell, width in rest)])


def settled(device: str) -> float:
    """Now, when the device has done all that was asked of it."""
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def measured(name: str, device: str, data: Any, whole: bool) -> tuple[str, ...]:
    engine, parameters = CASES[name]
    recipe = registry.engine(engine, parameters | ({} if whole else SHORT[engine]))
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    costs = recipe.costs(data, device)
    slower = slowdown() if device == "cpu" else 1.0
    foreseen = "–" if costs is None else f"{slower * costs.fit_seconds:.1f}"

    def fitted() -> Any:
        with tempfile.TemporaryDirectory() as scratch:
            return recipe.fit(data, Job(Seed(1), Path(scratch), device))

    start = settled(device)
    model = fitted()
    fit_seconds = settled(device) - start
    n = min(len(data), 20_000 if data.kind == "table" else 500)
    model.sample(min(n, 100), Seed(2))  # what is loaded once is no part of speed
    start = settled(device)
    made = model.sample(n, Seed(3))
    rate = n / (settled(device) - start)
    edits = "–"
    if isinstance(model, Editor):
        shown = model.conditioning.wanted(20, Seed(4), None)
        start = settled(device)
        model.edited(data.pixels[:20], shown, shown, 0.5, [Seed(row) for row in range(20)])
        edits = f"{settled(device) - start:.2f}"
    memory = torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else 0.0
    again = "yes" if fitted().sample(n, Seed(3)).digest() == made.digest() else "no"
    numbers = f"{fit_seconds:.1f}", foreseen, f"{rate:,.0f}", edits, f"{memory:,.0f}", again
    return name, device, *numbers


def rows(arguments: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    table = mixed_table(arguments.rows)
    side = arguments.side
    images = simple_images(arguments.images, (side, side), "rgb", 3)
    for name, (engine, _) in CASES.items():
        if arguments.only and engine not in arguments.only:
            continue
        data = table if registry.find("engines", engine).about.kind == "table" else images
        for device in devices:
            if device == "cpu" and arguments.gpu_only:
                continue
            try:
                yield measured(name, device, data, arguments.whole)
            except (AugmentError, RuntimeError, ValueError, TypeError) as error:
                print(f"{name} on {device} failed: {type(error).__name__}: {error}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--images", type=int, default=1_000)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--only", nargs="*", help="engines")
    parser.add_argument("--whole", action="store_true", help="full fits, not short ones")
    parser.add_argument("--gpu-only", action="store_true")
    arguments = parser.parse_args()
    if torch.cuda.is_available():
        print(torch.cuda.get_device_name(0))
    print(line(HEAD), flush=True)
    for cells in rows(arguments):
        print(line(cells), flush=True)


if __name__ == "__main__":
    main()

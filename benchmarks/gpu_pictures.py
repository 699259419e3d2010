"""What `flow` with preset gpu makes of 32 × 32 colour pictures, and how fast, on a GPU.

    python benchmarks/gpu_pictures.py --digits ../shared/data/images/mnist \\
        --photographs ../shared/data/images/bccd --out pictures --minutes 8

It fits on blood cells and coloured digits (see `colour_pictures`) for so many minutes, draws by
jumps and by Heun's rule, and has a classifier that was trained on real pictures say what it sees.
`out` then holds figures.json, and grids of three of these and of real pictures: look at those
first. Minutes are those of the fit; more go into drawing and, on a CPU, into the classifier.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))

from colour_pictures import SCHEMA, colour_pictures

from augment.core import registry
from augment.core.budget import Budget
from augment.core.seeds import Seed
from augment.core.types import Job, Tick
from augment.kinds.images.data.contact_sheet import grid
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.tensors import to_pixels

WAYS = {  # of drawing: jumps or steps of Heun's rule, and the guidance
    "jumps 1": ("jumps", 1, 1.0),
    "jumps 2": ("jumps", 2, 1.0),
    "jumps 4": ("jumps", 4, 1.0),
    "jumps 8": ("jumps", 8, 1.0),
    "heun 8": ("heun", 8, 1.0),
    "heun 16": ("heun", 16, 1.0),
    "jumps 4, guided by 1.5": ("jumps", 4, 1.5),
    "heun 16, guided by 1.5": ("heun", 16, 1.5),
}


def main() -> None:
    arguments = _arguments()
    out = Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    train, test = colour_pictures(Path(arguments.digits), Path(arguments.photographs))
    given = dict(text.split("=", 1) for text in arguments.param)
    figures, model = fitted(train, given, 60 * arguments.minutes, arguments.device)
    drawn = {}

    def kept() -> None:
        (out / "figures.json").write_text(json.dumps(figures, indent=1), "utf-8")

    for way in WAYS:
        figures[way], drawn[way] = drawing(model, way, arguments.pictures, arguments.device)
        print(way, figures[way], flush=True)
        kept()
    for way in ("jumps 1", "jumps 4", "heun 16"):
        (out / f"{way.replace(' ', '-')}.png").write_bytes(sheets(drawn[way]))
    (out / "real.png").write_bytes(sheets(test))
    figures["recognised"] = recognised(train, test, drawn, arguments.judge_steps)
    kept()
    print(json.dumps(figures["recognised"], indent=1))


def sheets(images: Images) -> bytes:
    """A grid of digits and cells: of the thirteen classes, all but the zero."""
    return grid(images.take(np.flatnonzero(images.label_codes > 0)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--digits", default="../shared/data/images/mnist")
    parser.add_argument("--photographs", default="../shared/data/images/bccd")
    parser.add_argument("--out", default="pictures")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--device", default="cuda", choices=("cpu", "cuda"))
    parser.add_argument("--pictures", type=int, default=1_500, help="that are looked at")
    parser.add_argument("--judge-steps", type=int, default=2_000, help="of the classifier")
    parser.add_argument("-p", "--param", action="append", default=[], help="NAME=VALUE, of flow")
    return parser.parse_args()


def fitted(
    train: Images, given: dict[str, str], seconds: float, device: str, seed: int = 0
) -> tuple[dict[str, Any], Any]:
    """A model after so many seconds, and what its fit took."""
    recipe = registry.engine("flow", {"preset": "gpu", **given})
    began = time.perf_counter()
    notes = []

    def tick(tick: Tick) -> None:
        told = f"{time.perf_counter() - began:6.1f} s  step {tick.step}/{tick.steps}"
        print(f"{told}  loss {tick.loss}  held out {tick.held_out}  {tick.shortened}", flush=True)
        notes.append(tick.shortened)

    with tempfile.TemporaryDirectory() as scratch:
        job = Job(Seed(seed), Path(scratch), device, budget=Budget(seconds), tick=tick)
        model = recipe.fit(train, job)
    taken = time.perf_counter() - began
    training = model.config["facts"]["training"]["network"]
    figures = {
        "fit_seconds": taken,
        "steps_per_second": training["steps"] / taken,
        "weights": sum(each.numel() for each in model.network.parameters()),
        "training": training,
        "shortened": [note for note in notes if note],
    }
    if device == "cuda":
        figures["peak_mb"] = torch.cuda.max_memory_allocated() / 2**20
    return figures, model


def settled(device: str) -> float:
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def drawing(model: Any, way: str, n: int, device: str) -> tuple[dict[str, float], Images]:
    """Pictures a second, of 4,000 after as many as are drawn at a time, and `n` pictures."""
    solver, count, guidance = WAYS[way]
    changed = replace(model, config={**model.config, "sampling_steps": count, "guidance": guidance})
    draw: Callable[[int, Seed], Images] = changed.sample
    if solver == "heun":
        draw = lambda n, seed: _by_heun(changed, n, seed)  # noqa: E731
    draw(min(1_000, n), Seed(1))
    many = 4_000 if device == "cuda" else n
    began = settled(device)
    draw(many, Seed(1))
    rate = many / (settled(device) - began)
    return {"pictures_per_second": rate}, draw(n, Seed(2))


def _by_heun(model: Any, n: int, seed: Seed) -> Images:
    conditions = model.conditioning.wanted(n, seed, None)
    height, width, channels = model.conditioning.schema.shape
    stream = torch.Generator().manual_seed(seed.integer())
    parts = []
    for told in torch.from_numpy(conditions.matrix).split(1_000):
        x = torch.randn(len(told), channels, height, width, generator=stream)
        made = model.carried(x.to(model.device), told.to(model.device), 0.0)
        parts.append(to_pixels((made + 1) / 2))
    return Images.of_arrays(np.concatenate(parts), conditions.codes, SCHEMA)


def recognised(train: Images, test: Images, drawn: dict[str, Images], steps: int) -> dict[str, Any]:
    """The share of pictures, of all and of each class, that a classifier of real ones knows."""
    from augment.kinds.images.metrics.classifier import trained_judge

    classes = train.schema.classes
    judge = trained_judge(
        train.pixels, train.label_codes, len(classes), Seed(5), steps, classical=1.0
    )
    found = {}
    for name, images in {"real, unseen": test, **drawn}.items():
        right = judge.classes_of(np.asarray(images.pixels)) == images.label_codes
        each = {
            label: round(float(right[images.label_codes == code].mean()), 3)
            for code, label in enumerate(classes)
            if (images.label_codes == code).any()
        }
        found[name] = {"all": round(float(np.mean(list(each.values()))), 3), **each}
    return found


if __name__ == "__main__":
    main()

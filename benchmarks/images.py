"""Fit and score engines on real pictures, side by side, and print one table.

    python benchmarks/images.py --images ../shared/data/images/mnist --engines cvae,gan --seeds 0

`--images` is a folder of classes, or one that holds `train` and `test`; without these a fifth of
the pictures is kept unseen. Each cell is the median over the seeds. Every fit runs in a process
of its own, so that its peak memory is its own; as many pictures as it learnt are drawn, and all
scores are on the unseen ones. Times compare within one run on one machine, and with nothing else.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import fits

SHOWN: fits.Shown = {
    "frechet.random": ("FD rand", 1, 2),
    "frechet.encoder": ("FD enc", 1, 2),
    "neighbours.precision": ("prec", 1, 3),
    "neighbours.coverage": ("coverage", 1, 3),
    "agreement": ("agree", 1, 3),
    "class.diversity": ("diverse", 1, 3),
    "utility": ("TSTR", 1, 3),
    "lift.both": ("lift pt", 100, 2),
    "copies": ("copies %", 100, 2),
    "copies.nearer": ("nearer", 1, 3),
    "copies.distance": ("distance", 1, 3),
}


def main() -> None:
    arguments = _arguments()
    if arguments.one:
        print(json.dumps(measure(*arguments.one, fits.parameters(arguments.param))))
        return
    path = Path(arguments.images)
    print(fits.heading("images", "images/s", SHOWN))
    for number, engine in enumerate(arguments.engines.split(",")):
        runs = []
        for seed in arguments.seeds.split(","):
            command = [__file__, "--one", str(path), engine, seed]
            for text in arguments.param:
                command += ["-p", text]
            runs.append(fits.apart(command))
        fits.printed(path.name, engine, runs, SHOWN, number == 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", default="../shared/data/images/mnist")
    parser.add_argument("--engines", default="cvae,flow,gan")
    parser.add_argument("--seeds", default="0")
    parser.add_argument(
        "-p", "--param", action="append", default=[], help="ENGINE.NAME=VALUE, repeatable"
    )
    parser.add_argument("--one", nargs=3, metavar=("IMAGES", "ENGINE", "SEED"), help="one fit")
    return parser.parse_args()


def measure(
    folder: str, engine: str, seed: str, parameters: dict[str, dict[str, str]]
) -> dict[str, Any]:
    """One fit, one sample and its scores, with what they cost."""
    from augment.core import registry
    from augment.core.seeds import Seed
    from augment.kinds.images.data.dataset import Images
    from augment.kinds.images.metrics import scoring

    kind, root = registry.find("kinds", "images"), Seed(int(seed))
    train, test = _sides(kind, Path(folder), root)
    cost, parts = fits.fitted(kind, engine, parameters.get(engine), train, root)
    cpu = time.process_time()
    scores = scoring.score(train, test, Images.join(parts), root.child("score"))
    cost["score_cpu_seconds"] = time.process_time() - cpu
    return {**cost, "scores": fits.kept_scores(scores, SHOWN)}


def _sides(kind: Any, folder: Path, root: Any) -> tuple[Any, Any]:
    from augment.core.holdout import split

    if (folder / "train").is_dir() and (folder / "test").is_dir():
        train = kind.reader.read(str(folder / "train"), {}).data
        return train, kind.reader.read_like(str(folder / "test"), train, {}).data
    return split(kind.reader.read(str(folder), {}).data, 0.2, root.child("split"))


if __name__ == "__main__":
    main()

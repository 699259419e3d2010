"""Ask for an estimate, run the same command, and print how far the one was off the other.

    python benchmarks/forecasts.py --engines anyorder,independent --rows 1000,4000,0 \
        ../shared/data/tables/*.csv

Each line is one `augment run --dry-run` and the `augment run` after it, in processes of their own,
on the first so many rows of a table (0: all) or on a folder of images. Seconds of wall, so that
nothing else may run beside it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import islice, product
from pathlib import Path
from typing import Any

WITHIN = 0.3
STAGES = ("fit", "sample", "score")


def main() -> None:
    arguments = _arguments()
    print(_line("data", "rows", "engine", [*STAGES, "all"], "off"))
    ratios = []
    for source, rows, engine in product(arguments.sources, arguments.rows, arguments.engines):
        with tempfile.TemporaryDirectory() as scratch:
            data = _head(Path(source), int(rows), Path(scratch))
            command = ["run", str(data), "-o", f"{scratch}/out", "-e", engine, "--seed", "1"]
            command += arguments.options.split()
            foreseen, taken = _foreseen(command), _taken(command, Path(scratch) / "out")
        whole = sum(foreseen.values()) / sum(taken.values())
        cells = [f"{foreseen[stage]:.1f} → {taken[stage]:.1f}" for stage in STAGES]
        cells.append(f"{sum(foreseen.values()):.0f} → {sum(taken.values()):.0f}")
        print(_line(Path(source).stem, rows, engine, cells, f"{whole - 1:+.0%}"), flush=True)
        ratios.append(whole)
    close = sum(abs(ratio - 1) <= WITHIN for ratio in ratios)
    print(
        f"{close} of {len(ratios)} estimates within {WITHIN:.0%} of what was taken; "
        f"median {statistics.median(ratios) - 1:+.0%}"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sources", nargs="+", help="tables, or folders of images")
    parser.add_argument("--rows", default="0", type=_listed, help="first rows of each table")
    parser.add_argument("--engines", default="anyorder,independent", type=_listed)
    parser.add_argument("--options", default="", help="of `augment run`, with spaces between")
    return parser.parse_args()


def _listed(text: str) -> list[str]:
    return text.split(",")


def _head(source: Path, rows: int, scratch: Path) -> Path:
    """The first `rows` lines of a table, as a file of its own."""
    if rows == 0 or source.is_dir():
        return source
    copy = scratch / source.name
    with source.open(encoding="utf-8") as lines:
        copy.write_text("".join(islice(lines, rows + 1)), "utf-8")
    return copy


def _foreseen(command: Sequence[str]) -> dict[str, float]:
    seconds = json.loads(_augment([*command, "--dry-run", "--json"]))["estimate"]["seconds"]
    return {stage: seconds[stage] for stage in STAGES}


def _taken(command: Sequence[str], out: Path) -> dict[str, float]:
    _augment([*command, "--gate", "none"])
    seconds: dict[str, Any] = json.loads((out / "run.json").read_text("utf-8"))["seconds"]
    return {stage: seconds[stage] for stage in STAGES}


def _augment(command: Sequence[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "augment", *command], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr[-500:])
    return done.stdout


def _line(data: str, rows: str, engine: str, cells: Sequence[str], off: str) -> str:
    return f"{data:<10} {rows:>6} {engine:<12}" + "".join(f"{c:>17}" for c in cells) + f"{off:>7}"


if __name__ == "__main__":
    main()

"""How fit, sample and evaluate grow with rows and columns; `scale.py grow` shows it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

PART_ROWS = 1_000_000
# In a small process of its own: what its children held, and not what this one did.
MEASURE = """
import json, resource, subprocess, sys
try:
    code = subprocess.run(sys.argv[2:], capture_output=True, timeout=float(sys.argv[1])).returncode
except subprocess.TimeoutExpired:
    code = None
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([code, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


def show(
    rows: list[int],
    columns: list[int],
    engine: str,
    most: float,
    scratch: Path,
    fit_rows: int | None = None,
    drawn: int | None = None,
) -> None:
    """Print a table of CPU seconds and peaks of memory in MB, a line as soon as it is known.

    Models are fitted on at most `fit_rows` rows, and at most `drawn` are sampled.
    """
    sizes = [(each, min(columns)) for each in rows]
    sizes += [(min(rows), each) for each in columns if each != min(columns)]
    print("| rows | columns | fit | sample | evaluate |\n| --- | --- | --- | --- | --- |")
    for count, width in sizes:
        real, model, made = (scratch / name for name in ("real.parquet", "m", "made.parquet"))
        write(real, count, width)
        fewer = [] if fit_rows is None else ["--fit-rows", fit_rows]
        made_rows = count if drawn is None else min(count, drawn)
        commands = (
            ["fit", real, "-e", engine, "-o", model, "--device", "cpu", "--force", *fewer],
            ["sample", model, "-n", made_rows, "-o", made, "--workers", 1, "--force"],
            ["evaluate", real, made, "--workers", 1],
        )
        cells: list[str] = []
        for command in commands:
            cells.append(_measured([str(word) for word in command], most))
            if not cells[-1][0].isdigit():
                break
        cells += ["–"] * (3 - len(cells))
        print(f"| {count:,} | {width} | {' | '.join(cells)} |", flush=True)


def write(path: Path, rows: int, columns: int) -> None:
    """A made table as Parquet, a million rows at a time."""
    with pq.ParquetWriter(path, table(0, columns).schema) as writer:
        for first in range(0, rows, PART_ROWS):
            seed = first // PART_ROWS
            writer.write_table(table(min(PART_ROWS, rows - first), columns, seed + 1))


def table(rows: int, columns: int, seed: int = 1) -> pa.Table:
    """Half numbers of which each depends on the one before, half categories that depend on these,
    of 2 to 20 values."""
    rng = np.random.default_rng(seed)
    hidden: NDArray[np.float64] = rng.normal(size=rows)
    found: dict[str, NDArray[np.generic]] = {}
    for number in range(columns):
        hidden = 0.7 * hidden + 0.7 * rng.normal(size=rows)
        if number % 2 == 0:
            found[f"n{number}"] = np.round(100 + 20 * hidden, 2)
        else:
            values = (2, 3, 5, 8, 20)[number // 2 % 5]
            code = np.clip((hidden + 2) / 4 * values, 0, values - 1).astype(int)
            found[f"c{number}"] = np.array([f"v{each}" for each in range(values)])[code]
    return pa.table(found)


def _measured(words: list[str], most: float) -> str:
    """CPU seconds and peak of one command of augment, as a cell."""
    command = [sys.executable, "-c", MEASURE, str(most), sys.executable, "-m", "augment", *words]
    done = subprocess.run([*command, "-q", "--seed", "1"], capture_output=True, text=True)
    code, seconds, peak = json.loads(done.stdout)
    if code is None:
        return f"over {most:.0f} s of wall"
    if code not in (0, 3):
        return f"exit {code}"
    return f"{seconds:.0f} s, {peak:.0f} MB"

"""Rows per CPU second from a fitted model to files, beside what the writer alone can do.

    python benchmarks/sampling_scale.py MODEL --rows 100000 --workers 1,2
    python benchmarks/sampling_scale.py MODEL --rows 20000,200000 --formats parquet,csv

Each line is one `augment sample` in a process of its own. Seconds of CPU are those of the command
and its processes, start included, `own_cpu_seconds` those of the command's process alone (Linux):
what more rows add to it is what bounds any number of processes that draw for one file. The peak is
that of the largest process. Efficiency is rows per second of wall, per process, against the first
number of processes; it means something only where nothing else runs. `writer alone` writes the same
table with Arrow's Parquet writer.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import pyarrow.csv as csv
import pyarrow.parquet as pq

CHILD_SUBREAPER = 36  # of Linux's prctl: who is a child's parent when its own has ended


@dataclass(frozen=True)
class Taken:
    """What a command took: seconds of wall, of CPU, of CPU in its own process, and the peak of one
    process in MB."""

    wall: float
    cpu: float
    own: float
    peak_mb: float


def main() -> None:
    arguments = _arguments()
    print(f"{os.cpu_count()} cores")
    for rows, format in product(arguments.rows, arguments.formats):
        first: float | None = None
        for workers in arguments.workers:
            with tempfile.TemporaryDirectory() as scratch:
                out = Path(scratch) / f"rows.{format}"
                taken = _sampled(arguments.model, int(rows), int(workers), out)
                alone = _written_alone(out)
            share = int(rows) / taken.wall / int(workers)
            first = share if first is None else first
            found = {
                "rows": int(rows),
                "format": format,
                "workers": int(workers),
                "rows_per_cpu_second": round(int(rows) / taken.cpu),
                "rows_per_second": round(int(rows) / taken.wall),
                "own_cpu_seconds": round(taken.own, 1),
                "efficiency": round(share / first, 2),
                "peak_mb": round(taken.peak_mb),
                "writer_alone_rows_per_cpu_second": round(int(rows) / alone),
            }
            print(json.dumps(found), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", help="a folder that `augment fit` wrote, of a table")
    parser.add_argument("--rows", default="100000", type=_listed)
    parser.add_argument("--workers", default="1", type=_listed)
    parser.add_argument("--formats", default="parquet", type=_listed, help="of parquet and csv")
    return parser.parse_args()


def _listed(text: str) -> list[str]:
    return text.split(",")


def _sampled(model: str, rows: int, workers: int, out: Path) -> Taken:
    command = [sys.executable, "-m", "augment", "sample", model, "-n", str(rows), "--seed", "1"]
    command += ["--workers", str(workers), "-o", str(out), "-q"]
    measuring = [sys.executable, __file__, "--child", *command]
    done = subprocess.run(measuring, capture_output=True, text=True, check=True)
    return Taken(**json.loads(done.stdout.splitlines()[-1]))


def _child(command: list[str]) -> None:
    """Run one command, and print what it and its processes took."""
    ctypes.CDLL(None).prctl(CHILD_SUBREAPER, 1, 0, 0, 0)  # so that those are counted that it leaves
    start = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        wall = time.monotonic() - start
        stat = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        if process.wait():
            raise subprocess.CalledProcessError(process.returncode, command)
    with suppress(ChildProcessError):
        while True:
            os.wait()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken = Taken(
        wall=wall,
        cpu=used.ru_utime + used.ru_stime,
        own=sum(map(int, stat[11:13])) / os.sysconf("SC_CLK_TCK"),
        peak_mb=used.ru_maxrss / 1024,
    )
    print(json.dumps(asdict(taken)))


def _written_alone(file: Path) -> float:
    """CPU seconds of Arrow's Parquet writer for the table that a file holds."""
    table = csv.read_csv(file) if file.suffix == ".csv" else pq.read_table(file)
    start = time.process_time()
    pq.write_table(table, file.with_name("alone.parquet"), compression="zstd")
    return time.process_time() - start


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        _child(sys.argv[2:])
    else:
        main()

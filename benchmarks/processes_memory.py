"""What processes hold of arrays that all of them are given: shared pages, and a copy each.

    python benchmarks/processes_memory.py --megabytes 100 --workers 2,4

A line per number of processes: the sum of their proportional set sizes (Linux), with the arrays in
pages that they share and with a copy for each, of which each has read all.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment.work.pool import pool
from augment.work.task import Task

HELD = 2.0  # seconds, so that all processes hold theirs when each is measured


def held(shared: dict[str, NDArray[np.float32]]) -> float:
    """The proportional set size of this process in MB, with all of the arrays read."""
    for array in shared.values():
        array.sum()
    time.sleep(HELD)
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise OSError("smaps_rollup tells no Pss")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--workers", default="2,4")
    arguments = parser.parse_args()
    shared = {"x": np.ones(arguments.megabytes * 2**18, np.float32)}
    memfd = os.memfd_create
    for workers in map(int, arguments.workers.split(",")):
        totals = []
        for apart in (True, False):
            if apart:
                os.memfd_create = memfd
            else:
                del os.memfd_create
            with pool(workers, shared) as processes:
                tasks = [processes.submit(Task("held", held, ())) for _ in range(workers)]
                totals.append(sum(task.result() for task in tasks))
        os.memfd_create = memfd
        print(f"{workers} processes: {totals[0]:.0f} MB shared, {totals[1]:.0f} MB copied")


if __name__ == "__main__":
    main()

"""Fit TabularARGN on a CSV and write a sample: the peer's side of `benchmarks/tables.py`.

    PEER_PYTHON benchmarks/tabular_argn.py TRAIN.csv OUT.csv SEED

Runs in an environment of its own (`pip install mostlyai-engine==2.7.3`), with its defaults. The
last line of standard output is what it cost, as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path


def cpu_seconds() -> float:
    """CPU time of this process and of the workers that it has waited for."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def main() -> None:
    import pandas as pd
    from mostlyai.engine import TabularARGN

    train, out, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    frame = pd.read_csv(train)
    with tempfile.TemporaryDirectory() as workspace:
        engine = TabularARGN(workspace_dir=workspace, random_state=seed, verbose=0)
        wall, cpu = time.perf_counter(), cpu_seconds()
        engine.fit(frame)
        fit_seconds, fit_cpu = time.perf_counter() - wall, cpu_seconds() - cpu
        engine.sample(n_samples=100)
        wall = time.perf_counter()
        made = engine.sample(n_samples=len(frame))
        sample_seconds = time.perf_counter() - wall
    made[frame.columns].to_csv(out, index=False)
    cost = {
        "fit_seconds": fit_seconds,
        "fit_cpu_seconds": fit_cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "rows_per_second": len(frame) / sample_seconds,
    }
    print(json.dumps(cost))


if __name__ == "__main__":
    main()

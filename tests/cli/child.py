"""A small simulated table as CSV, and the command as a child process."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

from tests.places import ROOT

HEADER = "id,age,pay,job,seen,member"


def write_table(path: Path, rows: int = 120, seed: int = 0) -> Path:
    """An id, two numbers, a category, a date and a boolean."""
    rng = random.Random(seed)
    lines = [HEADER]
    for row in range(rows):
        job = rng.choice(["clerk", "cook", "nurse"])
        age = rng.randint(18, 90)
        pay = rng.gammavariate(2, 900) + 10 * age
        seen = f"2024-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        member = rng.choice(["yes", "no"])
        lines.append(f"AB-{row:05d},{age},{pay:.2f},{job},{seen},{member}")
    path.write_text("\n".join(lines) + "\n")
    return path


def augment(
    *arguments: str | Path, env: dict[str, str] | None = None, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "augment", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env=environment(env),
        cwd=ROOT,
        timeout=120,
    )


def shell(line: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    """Run a line of bash in which `augment` is the command under test."""
    head = f'set -o pipefail; augment() {{ "{sys.executable}" -m augment "$@"; }}; '
    return subprocess.run(
        ["bash", "-c", head + line],
        capture_output=True,
        cwd=cwd,
        env=environment({"PYTHONPATH": str(ROOT)}),
        timeout=120,
    )


def environment(more: dict[str, str] | None = None) -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "80", **(more or {})}

"""How reading grows, beside what other readers take for the same bytes in the same run.

    python benchmarks/scale.py csv --rows 800000      # 15 columns: ours, and Arrow's reader alone
    python benchmarks/scale.py sample --rows 20000000 # 5 columns: a sample to fit on, and DuckDB's
    python benchmarks/scale.py folder --rows 1e8      # the same in a folder, and what is in it
    python benchmarks/scale.py grow --rows 10000,100000,1000000 --columns 10,30,100,300

Each line is a process of its own: seconds of wall and of CPU, and the most memory it held. Made
files lie in --scratch (110 MB for the first, 400 MB for the second, 2 GB for the third) and are
removed at the end.

The last tells how `fit`, `sample` (as many rows) and `evaluate` grow: with rows at the fewest
columns, and with columns at the fewest rows. Seconds are of CPU, of the command and its processes,
start included, so that other work on the machine counts little; what takes over --most seconds of
wall is ended and shown as such.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import growth
import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

CHUNK_ROWS = 1_000_000
FIT_ROWS = 1_000_000
OURS = """
from augment.kinds.tables.io.reading import ReadOptions, read
print(len(read({path!r}, ReadOptions({options})).table))
"""
ARROW = """
import pyarrow.csv
print(pyarrow.csv.read_csv({path!r}).num_rows)
"""
DUCKDB = """
import duckdb
with duckdb.connect() as base:
    base.execute("SET memory_limit='1GB'")
    sample = "USING SAMPLE reservoir({rows} ROWS) REPEATABLE (1)"
    query = "SELECT * FROM read_parquet({path!r}) " + sample
    print(base.execute(query).to_arrow_table().num_rows)
"""
COUNTS = """
import duckdb
with duckdb.connect() as base:
    base.execute("SET memory_limit='1GB'")
    for name in ("amount", "count", "city", "kind", "day"):
        query = f"SELECT min({{name}}), max({{name}}), count({{name}}) FROM read_parquet({path!r})"
        print(base.execute(query).fetchall())
    for name in ("count", "city", "kind"):
        query = f"SELECT {{name}}, count(*) FROM read_parquet({path!r}) GROUP BY {{name}}"
        print(len(base.execute(query).fetchall()))
"""
SCAN = """
import duckdb
with duckdb.connect() as base:
    base.execute("SET memory_limit='1GB'")
    each = "min({{0}}), max({{0}}), count({{0}}), count(*) - count({{0}})"
    names = ("amount", "count", "city", "kind", "day")
    query = f"SELECT {{', '.join(map(each.format, names))}} FROM read_parquet({path!r})"
    print(base.execute(query).fetchall())
"""
MEASURE = """
import json, time, resource
from augment.work.memory import peak_bytes
begun = time.perf_counter()
{code}
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([time.perf_counter() - begun, used.ru_utime + used.ru_stime, peak_bytes()]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["csv", "sample", "folder", "grow"])
    parser.add_argument("--rows", default="800000")
    parser.add_argument("--columns", default="10", help="of grow")
    parser.add_argument("--engine", default="anyorder", help="of grow")
    parser.add_argument("--fit-rows", type=int, default=None, help="of grow: most rows to fit on")
    parser.add_argument("--drawn", type=int, default=None, help="of grow: most rows to sample")
    parser.add_argument("--most", type=float, default=3600.0, help="of grow: seconds of a command")
    parser.add_argument("--scratch", type=Path, default=None)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
        if arguments.what == "grow":
            counts = (_numbers(text) for text in (arguments.rows, arguments.columns))
            more = (arguments.fit_rows, arguments.drawn)
            growth.show(*counts, arguments.engine, arguments.most, Path(folder), *more)
            return
        (rows,) = _numbers(arguments.rows)
        if arguments.what == "folder":
            _show_folder(_folder(rows, Path(folder) / "t"))
            return
        if arguments.what == "csv":
            path = str(_csv(rows, Path(folder)))
            runs = {
                "augment": OURS.format(path=path, options=""),
                "pyarrow.csv": ARROW.format(path=path),
            }
        else:
            path = str(_parquet(rows, Path(folder)))
            runs = {
                "augment": OURS.format(path=path, options=f"fit_rows={FIT_ROWS}"),
                "DuckDB": DUCKDB.format(path=path, rows=FIT_ROWS),
            }
        _show(runs)


def _show(runs: dict[str, str]) -> None:
    """A line per run, and the first beside each of the others."""
    print(f"{'':<24}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}")
    found = {name: _measured(code) for name, code in runs.items()}
    for name, (wall, cpu, peak) in found.items():
        print(f"{name:<24}{wall:>9.1f}{cpu:>9.1f}{peak / 1e6:>9.0f}")
    (_, ours), *others = found.items()
    for name, theirs in others:
        ratios = "".join(f"{a / b:>9.2f}" for a, b in zip(ours, theirs, strict=True))
        print(f"{'ratio to ' + name:<24}{ratios}")


def _show_folder(folder: Path) -> None:
    """A folder of Parquet files: our sample and census beside scans of DuckDB's."""
    files = str(folder / "*.parquet")
    _show(
        {
            "augment": OURS.format(path=str(folder), options=f"fit_rows={FIT_ROWS}"),
            "DuckDB, one scan": SCAN.format(path=files),
            "DuckDB, reservoir": DUCKDB.format(path=files, rows=FIT_ROWS),
            "DuckDB, counts": COUNTS.format(path=files),
        }
    )


def _numbers(text: str) -> list[int]:
    return [int(float(each)) for each in text.split(",")]


def _measured(code: str) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE.format(code=code)],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds: list[float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def _csv(rows: int, folder: Path) -> Path:
    """Ids, decimals, integers, categories, dates and texts: 15 columns."""
    rng = np.random.default_rng(1)
    columns = {"id": np.arange(rows) + 100_000}
    columns |= {f"n{i}": np.round(rng.normal(100, 20, rows), 2) for i in range(4)}
    columns |= {f"i{i}": rng.integers(0, 1000, rows) for i in range(3)}
    columns |= {f"c{i}": rng.choice(["red", "green", "blue, dark", "x y"], rows) for i in range(5)}
    columns["day"] = np.datetime64("2020-01-01") + rng.integers(0, 2000, rows)
    columns["text"] = np.array([f"name {n}" for n in rng.integers(0, 50_000, rows)])
    path = folder / "t.csv"
    pc.write_csv(pa.table(columns), path)
    return path


def _parquet(rows: int, folder: Path) -> Path:
    """Two numbers, two categories and a date: 5 columns."""
    rng = np.random.default_rng(1)
    path = folder / "t.parquet"
    with pq.ParquetWriter(path, _part(0, rng).schema) as writer:
        for first in range(0, rows, CHUNK_ROWS):
            writer.write_table(_part(min(CHUNK_ROWS, rows - first), rng))
    return path


def _folder(rows: int, folder: Path) -> Path:
    """The same columns in files of a million rows each."""
    folder.mkdir()
    for first in range(0, rows, CHUNK_ROWS):
        rng = np.random.default_rng(first)
        number = first // CHUNK_ROWS
        pq.write_table(_part(min(CHUNK_ROWS, rows - first), rng), folder / f"{number:05}.parquet")
    return folder


def _part(rows: int, rng: np.random.Generator) -> pa.Table:
    return pa.table(
        {
            "amount": np.round(rng.normal(100, 20, rows), 2),
            "count": rng.integers(0, 1000, rows),
            "city": rng.choice(["Rome", "Oslo", "Bern"], rows),
            "kind": rng.choice(["a", "b"], rows),
            "day": np.datetime64("2020-01-01") + rng.integers(0, 2000, rows),
        }
    )


if __name__ == "__main__":
    main()

"""Damaged and hostile files are refused with file and place, and never end the process."""

from __future__ import annotations

import gzip
import random
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from augment.core.errors import BadInput, OutOfResources
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, silent
from augment.kinds.tables.engines.independent import Independent
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.io import reading as source
from augment.kinds.tables.io.formats import expansion
from augment.kinds.tables.io.reading import ReadOptions
from tests.cli.child import environment, write_table
from tests.places import ROOT

READ_MUTANTS = """
import random, sys
from pathlib import Path
from augment.core.errors import BadInput, OutOfResources
from augment.kinds.tables.io import reading as source
for path in map(Path, sys.argv[2:]):
    data, refused = path.read_bytes(), 0
    for seed in range(int(sys.argv[1])):
        rng, mutant = random.Random(seed), bytearray(data)
        for _ in range(rng.choice([1, 1, 3, 10])):
            mutant[rng.randrange(len(mutant))] ^= 1 << rng.randrange(8)
        file = path.with_name("mutant" + path.suffix)
        file.write_bytes(mutant)
        try:
            table = source.read(str(file), source.ReadOptions()).table
            source.write(table, path.with_name("out.csv"), "csv", force=True)
        except (BadInput, OutOfResources):
            refused += 1
    print(refused)
"""


def some_rows(rows: int = 200) -> pa.Table:
    """An id, numbers with gaps, a dictionary, and dates."""
    rng = np.random.default_rng(0)
    days = [datetime(2020, 1, 1) + timedelta(days=int(day)) for day in rng.integers(0, 900, rows)]
    return pa.table({
        "id": [f"x{row}" for row in range(rows)],
        "a": pa.array(rng.integers(0, 9, rows), pa.int64(), mask=rng.random(rows) < 0.1),
        "b": rng.normal(size=rows),
        "c": pa.array(rng.choice(["u", "v", "w"], rows)).dictionary_encode(),
        "day": days,
    })  # fmt: skip


def test_mutated_files_are_read_or_refused(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("plain.arrow", "lz4.arrow", "t.parquet")]
    for path, compression in zip(paths, ("uncompressed", "lz4"), strict=False):
        feather.write_feather(some_rows(), str(path), compression=compression)
    pq.write_table(some_rows(), paths[-1])
    done = subprocess.run(
        [sys.executable, "-c", READ_MUTANTS, "80", *map(str, paths)],
        capture_output=True,
        cwd=ROOT,
        env=environment(),
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]  # a crash has no words but its signal
    refused = [int(line) for line in done.stdout.split()]
    assert len(refused) == len(paths) and min(refused) > 0


@pytest.mark.parametrize("seed", range(6))
def test_a_flipped_bit_in_an_archive_is_the_archives_fault(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    text = "a,b\n" + "".join(f"{row},{rng.random()}\n" for row in range(3000))
    packed = bytearray(gzip.compress(text.encode(), mtime=0))
    packed[rng.randrange(20, len(packed) - 8)] ^= 1 << rng.randrange(8)
    path = tmp_path / "t.csv.gz"
    path.write_bytes(packed)
    with pytest.raises(BadInput, match="cannot be unpacked"):
        source.read(str(path), ReadOptions())


FAR = {
    "ms": pa.array([0, None, 300_000_000_000_000], pa.int64()).cast(pa.timestamp("ms")),
    "s": pa.array([0, None, 2**62], pa.int64()).cast(pa.timestamp("s")),
    "before": pa.array([0, None, -(2**60)], pa.int64()).cast(pa.timestamp("us")),
    "date32": pa.array([0, None, 5_000_000], pa.int32()).cast(pa.date32()),
}


@pytest.mark.parametrize("name", FAR)
@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_dates_that_no_calendar_here_has_are_refused_by_row(
    tmp_path: Path, name: str, kind: str
) -> None:
    if (name, kind) == ("s", "parquet"):
        pytest.skip("Parquet has no seconds")
    path = tmp_path / f"t.{kind}"
    table = pa.table({"when": FAR[name], "n": [1, 2, 3]})
    pq.write_table(table, path) if kind == "parquet" else feather.write_feather(table, str(path))
    with pytest.raises(BadInput, match=rf"t\.{kind}, row 3: .*'when'.* 1 to 9999") as caught:
        source.read(str(path), ReadOptions())
    assert "--column when=drop" in str(caught.value)
    source.read(str(path), ReadOptions(columns={"when": "drop"}))


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_text_that_is_no_utf8_is_refused_by_row(tmp_path: Path, kind: str) -> None:
    raw = pa.array([b"fine"] * 4 + [b"\xff\xfe"], pa.binary())
    text = pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())
    table, path = pa.table({"s": text, "n": range(5)}), tmp_path / f"t.{kind}"
    pq.write_table(table, path) if kind == "parquet" else feather.write_feather(table, str(path))
    with pytest.raises(BadInput, match=rf"t\.{kind}, row 5: .*'s' is no UTF-8"):
        source.read(str(path), ReadOptions())


def test_what_unpacks_to_far_more_than_its_size_is_refused_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expansion, "FREE_BYTES", 1 << 20)
    rows = 200_000
    zeros = pa.array(np.zeros(rows, np.int64))
    long_text = pa.DictionaryArray.from_arrays(zeros.cast(pa.int32()), pa.array(["x" * 500, "y"]))
    for name, table in (
        ("numbers", {"a": zeros}),
        ("texts", {"s": long_text}),
    ):
        pq.write_table(pa.table(table), tmp_path / f"{name}.parquet", store_schema=False)
        feather.write_feather(pa.table(table), str(tmp_path / f"{name}.arrow"), compression="zstd")
    with gzip.open(tmp_path / "text.csv.gz", "wb") as stream:
        stream.write(b"a,b\n" + b"1,2\n" * (1 << 20))
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(OutOfResources, match="times the file's own size") as caught:
            source.read(str(path), ReadOptions())
        assert path.name in str(caught.value)


def test_ordinary_archives_of_any_growth_below_the_bound_are_read(tmp_path: Path) -> None:
    table = pa.table({"s": pa.array(["long text " * 20, "y"] * 500), "n": range(1000)})
    pq.write_table(table, tmp_path / "t.parquet")
    read = source.read(str(tmp_path / "t.parquet"), ReadOptions()).table
    assert read.data.column("s").to_pylist() == table.column("s").to_pylist()


@pytest.mark.parametrize("repeating", [False, True])
def test_integers_beyond_signed_64_bits_are_learnt_sampled_and_written(
    tmp_path: Path, repeating: bool
) -> None:
    values = [2**63 + (row % 3 if repeating else 97 * row) for row in range(200)]
    table = {
        "key": pa.array([*values[:-1], 2**64 - 1], pa.uint64()),
        "n": [row % 7 for row in range(200)],
    }
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    data = source.read(str(tmp_path / "t.parquet"), ReadOptions()).table
    model = fit_model(Independent(), data, Job(Seed(1), tmp_path), False, len(data))
    model = TableModel.restore(model.stored())
    made = model.sample(0, 500, Seed(2), Condition(), silent)
    for name in ("o.parquet", "o.csv"):
        source.write(made, tmp_path / name, name[2:])
    again = pq.read_table(tmp_path / "o.parquet").column("key")
    assert again.type == pa.uint64()
    assert len(set(again.to_pylist())) >= 3
    assert min(again.to_pylist()) >= (2**63 if repeating else 10**18)


def test_no_bit_of_the_pages_of_what_is_written_as_parquet_can_flip_unseen(tmp_path: Path) -> None:
    made, path = tmp_path / "made.parquet", tmp_path / "flipped.parquet"
    write_table(tmp_path / "t.csv", rows=60)
    table = source.read(str(tmp_path / "t.csv"), ReadOptions()).table
    source.write(table, made, "parquet", force=True)
    data = made.read_bytes()
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    found = 0
    for at in range(4, footer, 7):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
        try:
            assert source.read(str(path), ReadOptions()).table.data.equals(table.data)
        except BadInput:
            found += 1
    assert found > footer / 7 / 2

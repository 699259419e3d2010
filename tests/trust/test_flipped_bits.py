"""One bit flipped in any file that is read: the data, or a refusal; never a crash, and where there
is a checksum never another result."""

from __future__ import annotations

import gzip
import io
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
import zstandard
from PIL import Image

from augment.kinds.tables.io.reading import ReadOptions, read
from tests.kinds.images.pictures import noise
from tests.trust.draws import drawn
from tests.trust.processes import Done
from tests.trust.writers import Workplace

pytestmark = pytest.mark.trust
CODES = {0, 2, 4}  # read after all, a setting that cannot be followed, bad input
TABLES = ("csv", "csv.gz", "csv.zst", "parquet", "arrow", "json", "jsonl", "xlsx")
PICTURES = ("png", "jpg", "tif", "webp")
COUNTS = [8, pytest.param(150, marks=pytest.mark.trust_full)]


def flipped(data: bytes, seed: int) -> bytes:
    rng, changed = drawn(seed), bytearray(data)
    changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def sound(done: Done) -> Done:
    assert done.code in CODES, (done.code, done.err[-3000:])
    assert "Traceback" not in done.err
    return done


def packed(path: Path, table: pa.Table) -> bytes:
    """The bytes of a table in the format that the name of a file asks for."""
    stream, text = io.BytesIO(), io.BytesIO()
    arrow_csv.write_csv(table, text)
    kind = path.name.partition(".")[2]
    if kind == "csv":
        return text.getvalue()
    if kind == "csv.gz":
        return gzip.compress(text.getvalue(), mtime=0)
    if kind == "csv.zst":
        # Arrow's own frames carry no checksum, those of the zstd program do
        made: bytes = zstandard.ZstdCompressor(write_checksum=True).compress(text.getvalue())
        return made
    if kind == "parquet":
        pq.write_table(table, stream, write_page_checksum=True)
    elif kind == "arrow":
        feather.write_feather(table, stream, compression="lz4")
    elif kind == "xlsx":
        table.to_pandas().to_excel(stream, index=False, engine="xlsxwriter")
    else:
        rows = [json.dumps(row) for row in table.to_pylist()]
        return ("\n".join(rows) if kind == "jsonl" else f"[{','.join(rows)}]").encode()
    return stream.getvalue()


def checked_bytes(kind: str, data: bytes) -> int:
    """How much of a file, from its start, its own checksums cover."""
    if kind == "parquet":  # its pages; of what describes them there is no checksum
        return len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    return len(data) if kind in ("csv.gz", "csv.zst", "xlsx") else 0


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("kind", TABLES)
def test_tables(kind: str, count: int, workplace: Workplace, tmp_path: Path) -> None:
    path = tmp_path / f"t.{kind}"
    rows = arrow_csv.read_csv(workplace.folder / "a.csv")
    rows = rows.set_column(4, "seen", rows.column("seen").cast(pa.string()))
    data = packed(path, rows)
    path.write_bytes(data)
    whole, checked = read(str(path), ReadOptions()).table.data, checked_bytes(kind, data)
    for seed in range(count):
        path.write_bytes(changed := flipped(data, seed))
        done = sound(workplace.commands("inspect", path, "--json", "-q"))
        if done.code == 0 and changed[:checked] != data[:checked]:
            # a bit that says nothing of the rows: of a name or a time in an archive
            assert read(str(path), ReadOptions()).table.data.equals(whole), seed


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("kind", PICTURES)
def test_pictures(kind: str, count: int, workplace: Workplace, tmp_path: Path) -> None:
    """Each is refused or made into a result, and those between them come out as they always do.

    Every bit of a PNG is under a checksum. The others have none: what is read then looks damaged.
    """
    for row in range(2 * count):
        stream = io.BytesIO()
        Image.fromarray(noise(row)).save(stream, {"jpg": "JPEG", "tif": "TIFF"}.get(kind, kind))
        data = stream.getvalue()
        for name in ("whole", "damaged"):
            path = tmp_path / name / f"{row:03}.{kind}"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(flipped(data, row) if name == "damaged" and row % 2 else data)
    whole, none = transformed(tmp_path / "whole", workplace)
    made, refused = transformed(tmp_path / "damaged", workplace)
    assert (len(whole), none) == (2 * count, 0)
    assert len(made) + refused == 2 * count
    assert [made[name] for name in list(whole)[::2]] == list(whole.values())[::2]
    if kind == "png":
        assert refused == count


def transformed(folder: Path, workplace: Workplace) -> tuple[dict[str, str], int]:
    """The digest of what is made of each picture of a folder, in its order, and how many are
    refused."""
    out, rejected = folder.with_suffix(".out"), folder.with_suffix(".jsonl")
    steps = folder.with_suffix(".json")  # none: the pixels of each picture as it was read
    steps.write_text(json.dumps({"transforms": [{"name": "NoOp"}]}))
    done = workplace.commands(
        "transform", folder, "-o", out, "--pipeline", steps, "--seed", "1", "-q",
        "--on-error", "skip", "--max-bad", "1000", "--rejects", rejected,
    )  # fmt: skip
    assert sound(done).code == 0, done.err
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    refused = rejected.read_text().count("\n") if rejected.exists() else 0
    return {line["source"]: line["sha256"] for line in lines}, refused


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", ["model.json", "weights.safetensors", "manifest.json", "fit.json"])
def test_models(name: str, count: int, workplace: Workplace, tmp_path: Path) -> None:
    folder = tmp_path / "painter"
    shutil.copytree(workplace.folder / "painter", folder)
    if not (folder / name).exists():
        pytest.skip(f"a model has no {name}")
    data = (folder / name).read_bytes()
    for seed in range(count):
        (folder / name).write_bytes(flipped(data, seed))
        out = tmp_path / str(seed)
        done = sound(
            workplace.commands("sample", folder, "-n", "3", "-o", out, "--seed", "1", "-q")
        )
        if name in ("model.json", "weights.safetensors"):
            assert done.code == 4
        checked = workplace.commands("verify", folder)
        assert checked.code in (3, 4), (checked.code, checked.out, checked.err)


@pytest.mark.parametrize("count", COUNTS)
def test_runs(count: int, workplace: Workplace, tmp_path: Path) -> None:
    """Every file of a run: `verify` finds it, and what reads it neither crashes."""
    folder = tmp_path / "run"
    shutil.copytree(workplace.folder / "run", folder)
    names = sorted(path for path in folder.rglob("*") if path.is_file())
    for seed in range(2 * count):
        path = names[seed % len(names)]
        data = path.read_bytes()
        path.write_bytes(flipped(data, seed))
        checked = workplace.commands("verify", folder)
        assert checked.code in (3, 4), (path.name, checked.code, checked.err)
        if path.name == "report.json":
            sound(workplace.commands("report", folder, "--format", "html", "-q"))
        if path.name in ("run.json", "manifest.json"):
            sound(workplace.commands("runs", "show", folder, "-q"))
        path.write_bytes(data)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", ["augment.toml", "schema.json"])
def test_settings(name: str, count: int, workplace: Workplace, tmp_path: Path) -> None:
    made = tmp_path / name
    source = workplace.folder / "a.csv"
    first = ("init", source, "-o", made) if made.suffix == ".toml" else (
        "inspect", source, "--schema-out", made, "-q")  # fmt: skip
    assert workplace.commands(*first).code == 0
    data = made.read_bytes()
    flag = "--config" if made.suffix == ".toml" else "--schema"
    for seed in range(count):
        made.write_bytes(flipped(data, seed))
        sound(workplace.commands("inspect", source, flag, made, "-q", cwd=tmp_path))

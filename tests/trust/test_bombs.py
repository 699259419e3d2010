"""Small files that unpack to far more are refused before they fill memory."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.kinds.images.pictures import bomb
from tests.trust.writers import Workplace

pytestmark = pytest.mark.trust
MOST_MIB = 1536  # of which the libraries hold some 400


def parquet() -> bytes:
    """Two hundred million rows of one value, in a few kilobytes per column."""
    stream = io.BytesIO()
    column = pa.array(np.zeros(10_000_000, np.int64))
    with pq.ParquetWriter(stream, pa.schema([("a", pa.int64())]), compression="zstd") as writer:
        for _ in range(20):
            writer.write_table(pa.table({"a": column}))
    return stream.getvalue()


def archive() -> bytes:
    """Two gigabytes of lines in two megabytes."""
    packer = zlib.compressobj(9, wbits=31)
    line = b"1,2\n" * (1 << 20)
    return (
        packer.compress(b"a,b\n")
        + b"".join(packer.compress(line) for _ in range(500))
        + packer.flush()
    )


def workbook() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as book:
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(1500):
                sheet.write(b" " * (1 << 20))
        book.writestr("[Content_Types].xml", "<Types/>")
    return stream.getvalue()


def flat_png() -> bytes:
    """A picture whose pixels are there: 30,000 by 30,000, all of one gray."""
    row = b"\0" * 30_001
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(row * 100) for _ in range(300)) + packer.flush()

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def flat_tiff() -> bytes:
    stream = io.BytesIO()
    Image.new("L", (20_000, 20_000)).save(stream, "TIFF", compression="tiff_deflate")
    return stream.getvalue()


def nested_json() -> bytes:
    return b"[" * 5_000_000


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "t.parquet": (parquet, "inspect"),
    "t.csv.gz": (archive, "inspect"),
    "t.xlsx": (workbook, "inspect"),
    "t.json": (nested_json, "inspect"),
    "says.png": (bomb, "transform"),
    "is.png": (flat_png, "transform"),
    "is.tif": (flat_tiff, "transform"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_unpacks_to_far_more_is_bounded(
    name: str, workplace: Workplace, tmp_path: Path
) -> None:
    make, command = BOMBS[name]
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / name).write_bytes(make())
    source = folder / name if command == "inspect" else folder
    rest = ("-o", tmp_path / "out") if command == "transform" else ()
    done = workplace.commands(command, source, *rest, "-q")
    assert done.code in (4, 6), (done.code, done.err[-2000:])
    assert done.peak_kib < MOST_MIB << 10, done.peak_kib


def test_an_ordinary_archive_is_no_bomb(workplace: Workplace, tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress((workplace.folder / "a.csv").read_bytes()))
    assert workplace.commands("inspect", path, "-q").code == 0

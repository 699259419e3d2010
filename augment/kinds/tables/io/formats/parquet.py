"""Apache Parquet files, one row group per chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.io.formats import (
    Format,
    Raw,
    ReadOptions,
    WriteOptions,
    declared,
    validation,
)
from augment.kinds.tables.io.formats.expansion import most_bytes, too_large

BATCH_ROWS, BATCH_CELLS = 1 << 19, 1 << 23  # at most, of a part
PEEK_ROWS, MOST_DISTINCT = 1 << 12, 0.5
LEAST_BITS = 32  # of a value whose length varies: where it ends


class Parquet(Format):
    """Columns with declared types; Zstandard inside."""

    suffixes = (".parquet", ".pq")
    text = False

    def claims(self, head: bytes) -> bool:
        return head.startswith(b"PAR1")

    def read(self, path: Path, name: str, options: ReadOptions) -> Raw:
        most = most_bytes(path)
        with validation.reading("Parquet", name):
            with _opened(path) as file:
                schema = file.schema_arrow
                _require_bounded(file.metadata, schema, name, most)
            # As dictionaries texts take no more memory than the file's pages, however long and
            # often repeated they are. What is kept so is not asked of the metadata: pyarrow 26
            # ends the process where that part is damaged.
            texts = [field.name for field in schema if field.type == pa.string()]
            with _opened(path, texts) as file:
                groups = (file.read_row_group(number) for number in range(file.num_row_groups))
                table = validation.joined(groups, schema, name, most)
        return declared.raw(table, name, options)

    def blocks(self, path: Path, name: str, options: ReadOptions) -> Iterator[Raw]:
        first = 0
        with validation.reading("Parquet", name):
            with pq.ParquetFile(path, pre_buffer=False, page_checksum_verification=True) as file:
                schema = file.schema_arrow
                texts = _repeated(file)
            with _opened(path, texts) as file:
                rows = max(1, min(BATCH_ROWS, BATCH_CELLS // max(1, len(schema))))
                for batch in file.iter_batches(batch_size=rows):
                    part = pa.Table.from_batches([batch])
                    validation.require_valid(part, name, first)
                    raw = declared.raw(part, name, options, texts)
                    yield replace(raw, rows=np.arange(first, first + part.num_rows))
                    first += part.num_rows

    def rows(self, path: Path, name: str) -> int | None:
        with validation.reading("Parquet", name), _opened(path) as file:
            return int(file.metadata.num_rows)

    def write(
        self, chunks: Iterator[Table], stream: IO[bytes], schema: Schema, options: WriteOptions
    ) -> None:
        writer: pq.ParquetWriter | None = None
        for batch in declared.batches(chunks, schema):
            if writer is None:
                writer = pq.ParquetWriter(
                    pa.PythonFile(stream, mode="w"),
                    batch.schema,
                    compression="zstd",
                    write_page_checksum=True,
                )
            writer.write_table(batch)
        assert writer is not None, "there is always a first chunk"
        writer.close()


def _opened(path: Path, dictionaries: Sequence[str] = ()) -> pq.ParquetFile:
    """A file whose pages are held against their checksums, where it has any."""
    return pq.ParquetFile(path, read_dictionary=dictionaries, page_checksum_verification=True)


def _repeated(file: pq.ParquetFile) -> list[str]:
    """The texts of which the first rows hold few, which are read sooner as dictionaries; others
    take longer so."""
    texts = [field.name for field in file.schema_arrow if field.type == pa.string()]
    first = next(file.iter_batches(batch_size=PEEK_ROWS, columns=texts), None) if texts else None
    if first is None:
        return []
    most = first.num_rows * MOST_DISTINCT
    return [name for name in texts if len(pc.unique(first.column(name))) <= most]


def _require_bounded(metadata: pq.FileMetaData, schema: pa.Schema, name: str, most: int) -> None:
    """Refuse, before anything is unpacked, what takes more than `most` bytes by its own word."""
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    pages = sum(group.total_byte_size for group in groups)
    widths = sum(
        field.type.bit_width if pa.types.is_primitive(field.type) else LEAST_BITS
        for field in schema
    )
    if max(pages, metadata.num_rows * widths // 8) > most:
        raise too_large(name, most, validation.WAY_OUT)

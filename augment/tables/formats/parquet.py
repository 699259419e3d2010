"""Apache Parquet files, one row group per chunk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from augment.base.errors import BadInput
from augment.tables.dataset import Table
from augment.tables.formats import Format, Raw, ReadOptions, WriteOptions, declared
from augment.tables.schema import Schema


class Parquet(Format):
    """Columns with declared types; Zstandard inside."""

    suffixes = (".parquet", ".pq")
    text = False

    def claims(self, head: bytes) -> bool:
        return head.startswith(b"PAR1")

    def read(self, path: Path, name: str, options: ReadOptions) -> Raw:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(path) as file:
                table = file.read()
        except (pa.ArrowException, OSError) as error:
            raise BadInput(
                f"this is no whole Parquet file ({type(error).__name__}).",
                where=name,
                hint="Write it again, or restore a copy.",
            ) from None
        return declared.raw(table, name, options)

    def write(
        self, chunks: Iterator[Table], stream: IO[bytes], schema: Schema, options: WriteOptions
    ) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        writer: pq.ParquetWriter | None = None
        for batch in declared.batches(chunks, schema):
            if writer is None:
                writer = pq.ParquetWriter(
                    pa.PythonFile(stream, mode="w"), batch.schema, compression="zstd"
                )
            writer.write_table(batch)
        assert writer is not None, "there is always a first chunk"
        writer.close()

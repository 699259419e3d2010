"""Arrow IPC files, which Feather version 2 is another name for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

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
from augment.kinds.tables.io.formats.expansion import most_bytes

FILE_MAGIC = b"ARROW1"
STREAM_MAGIC = b"\xff\xff\xff\xff"


class Arrow(Format):
    """Columns with declared types, in the file or the stream layout."""

    suffixes = (".arrow", ".feather", ".ipc")
    text = False

    def claims(self, head: bytes) -> bool:
        return head.startswith((FILE_MAGIC, STREAM_MAGIC))

    def read(self, path: Path, name: str, options: ReadOptions) -> Raw:
        with validation.reading("Arrow", name), pa.memory_map(str(path)) as source:
            whole = source.read(len(FILE_MAGIC)) == FILE_MAGIC
            source.seek(0)
            reader = pa.ipc.open_file(source) if whole else pa.ipc.open_stream(source)
            table = validation.joined(_batches(reader), reader.schema, name, most_bytes(path))
        return declared.raw(table, name, options)

    def write(
        self, chunks: Iterator[Table], stream: IO[bytes], schema: Schema, options: WriteOptions
    ) -> None:
        writer: pa.RecordBatchWriter | None = None
        for batch in declared.batches(chunks, schema):
            if writer is None:
                # Later chunks may bring new categories.
                growing = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
                sink = pa.PythonFile(stream, mode="w")
                writer = pa.ipc.new_file(sink, batch.schema, options=growing)
            writer.write_table(batch)
        assert writer is not None, "there is always a first chunk"
        writer.close()


def _batches(reader: Any) -> Iterator[pa.Table]:
    """The record batches of an Arrow file's or stream's reader, one by one."""
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        for number in range(reader.num_record_batches):
            yield pa.Table.from_batches([reader.get_batch(number)])
    else:
        for batch in reader:
            yield pa.Table.from_batches([batch])

"""`Data`: rows that were read, given or made; and `read`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa

from augment.api.arguments import place_of
from augment.api.frames import Dtypes, dtypes_of, frame_of, pixels_of
from augment.core.errors import UsageError
from augment.core.kind import Kind, Origin
from augment.core.source import ArrowStream, External, Rows, Source
from augment.core.types import Json, Scalar, Tick, silent
from augment.lifecycle import generation, inspection
from augment.settings import reading

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Labels = Sequence[str | int | None] | NDArray[Any]


@dataclass(frozen=True, eq=False, repr=False)
class Data:
    """Rows of a table, or images. `read` and `Model.sample` give it; it never changes.

    `notes` are what the user should know of them, `seed` what made rows were drawn by.
    """

    _kind: Kind[Any]
    _rows: Rows[Any]
    _origin: Origin
    _options: Json = field(default_factory=dict)  # of reading
    _dtypes: Dtypes = field(default_factory=dict)  # of the user's own DataFrame

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<augment.Data: {len(self):,} rows of {self.kind!r}, {self._rows.name}>"

    @property
    def kind(self) -> str:
        """`table` or `images`, or what a plugin brings."""
        return self._kind.name

    @property
    def rows(self) -> int:
        """How many rows or images there are."""
        return len(self)

    @property
    def notes(self) -> tuple[str, ...]:
        return self._rows.notes

    @property
    def seed(self) -> int | None:
        """The seed of made rows; None for rows that were read."""
        return self._origin.seed if self._origin.engine else None

    @property
    def labels(self) -> list[Scalar] | None:
        """The target's value of each row, the class of each image; None where there is none."""
        found = [part.labels() for part in self._rows.parts]
        if found[0] is None:
            return None
        return [label for labels in found for label in labels or ()]

    def describe(self) -> Json:
        """What each column was taken for, and why: the `data` of `augment inspect --json`."""
        _, loaded = inspection.read(self._rows, self.kind, {}, silent)
        return self._kind.describe(loaded.data, show_values=False)

    def to_arrow(self) -> pa.Table:
        """An Arrow table in the types that a typed source declared (Parquet, Arrow, a DataFrame).

        Images have the columns `image`, a tensor of (height, width, channels), and `label` and
        `prompt` where they have such.
        """
        return self._kind.writer.to_arrow(self._rows.parts)

    def to_pandas(self) -> pd.DataFrame:
        """A DataFrame in the dtypes of the one that the rows go back to, else in nullable ones."""
        return frame_of(self.to_arrow(), self._dtypes)

    def to_numpy(self) -> NDArray[Any]:
        """(rows, columns) of a table as objects; (n, height, width, channels) of images."""
        table = self.to_arrow()
        first = table.column(0)
        if isinstance(first.type, pa.FixedShapeTensorType):
            return pixels_of(first)
        return frame_of(table, self._dtypes).to_numpy()

    def write(
        self,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,
        encoding: str | None = None,
        delimiter: str | None = None,
        excel_safe: bool = False,
        force: bool = False,
    ) -> None:
        """Write a table to a file, images into a folder: whole or not at all.

        The suffix tells the format unless `format` does. Made rows give the same bytes as
        `augment sample`. Raises `UsageError` where `path` exists, unless `force` is set.
        """
        spelt = {"encoding": encoding, "delimiter": delimiter, "excel_safe": excel_safe or None}
        options = {name: value for name, value in spelt.items() if value is not None}
        generation.write(
            self._kind.writer,
            self._rows.parts,
            self._origin,
            place_of(path),
            format,
            force=force,
            options=options,
        )


if TYPE_CHECKING:
    # What is taken wherever data is wanted.
    DataLike: TypeAlias = (
        Data
        | str
        | os.PathLike[str]
        | pd.DataFrame
        | ArrowStream
        | NDArray[np.uint8]
        | tuple[NDArray[np.uint8], Labels]
    )


def read(
    source: DataLike,
    *,
    kind: str | None = None,
    target: str | None = None,
    columns: Mapping[str, str] | None = None,
    schema: str | os.PathLike[str] | None = None,
    locale: str | None = None,
    options: Mapping[str, Any] | None = None,
    tell: Callable[[Tick], None] = silent,
) -> Data:
    """Read a path, or take a DataFrame, an Arrow table or an array of pixels, as `Data`.

    A path is a file, a folder or a glob. Arrays are uint8, (n, height, width) or (n, height,
    width, 3), alone or in a pair with their labels. The index of a DataFrame is left out.

    `columns` overrules roles, as in `{"zip": "id", "note": "drop"}`; `target` is the column to
    predict; `schema` a file of `augment inspect --schema-out`. `options` are those of the section
    `reading` of a settings file: `{"delimiter": ";"}`, `{"canvas": "32"}`.

    Raises `BadInput` for data that cannot be read exactly, with its place, and `UsageError` for
    an option that is unknown, with the nearest, or that this kind of data does not know.

    >>> import pandas as pd
    >>> data = read(pd.DataFrame({"age": [31, 45, 62], "ward": ["a", "b", "a"]}), target="ward")
    >>> data.rows, data.labels
    (3, ['a', 'b', 'a'])
    """
    named: dict[str, Any] = {
        "target": target,
        "columns": None if columns is None else dict(columns),
        "schema": schema,
        "locale": locale,
    }
    settled = reading.checked(options or {})
    kind = settled.get("kind") if kind is None else kind
    given = reading.options(settled)
    given |= {k: v for k, v in named.items() if v is not None}
    given = {k: os.fspath(v) if isinstance(v, os.PathLike) else v for k, v in given.items()}
    if isinstance(source, Data) and (given or kind not in (None, source.kind)):
        raise UsageError("These rows are read already; give the options where they are read.")
    if isinstance(source, Data):
        return source
    plain = source_of(source)
    found, loaded = inspection.read(plain, kind, given, tell)
    rows = Rows(
        str(plain),
        (loaded.data,),
        loaded.files,
        loaded.notes,
        loaded.rejected,
        loaded.sampled,
    )
    digests = [file["sha256"] for file in loaded.files]
    origin = Origin("", "", 0, {"files": digests})
    dtypes = dtypes_of(source) if isinstance(plain, External) else {}
    return Data(found, rows, origin, given, dtypes)


def source_of(data: DataLike) -> Source:
    """What the lifecycle reads: a path in words, rows, or an object of another library."""
    if isinstance(data, Data):
        return data._rows
    if isinstance(data, (str, os.PathLike)):
        return os.fspath(data)
    return External(data)

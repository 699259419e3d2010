"""The options that say how SRC is read, and what of them suits which kind of data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from augment.cli.flags import Configured, flag
from augment.cli.grouping import options_given
from augment.cli.options import named
from augment.core import registry
from augment.core.types import Json
from augment.settings.reading import options as options_of_reading

Kind = Annotated[str | None, flag("reading.kind", "--kind", autocompletion=named("kinds"))]
Target = Annotated[str | None, flag("reading.target", "--target")]
Schema = Annotated[Path | None, flag("reading.schema", "--schema")]
Column = Annotated[list[str] | None, flag("reading.column", "--column", metavar="NAME=ROLE")]
Format = Annotated[str | None, flag("reading.format", "--format")]
Encoding = Annotated[str | None, flag("reading.encoding", "--encoding")]
Delimiter = Annotated[str | None, flag("reading.delimiter", "--delimiter")]
Header = Annotated[bool | None, flag("reading.header", "--header/--no-header")]
Sheet = Annotated[str | None, flag("reading.sheet", "--sheet")]
BadRows = Annotated[str | None, flag("reading.bad_rows", "--bad-rows")]
MaxBad = Annotated[int | None, flag("reading.max_bad", "--max-bad")]
Rejects = Annotated[Path | None, flag("reading.rejects", "--rejects")]
Sql = Annotated[str | None, flag("reading.sql", "--sql", metavar="QUERY")]
FitRows = Annotated[int | None, flag("reading.fit_rows", "--fit-rows")]
Stratify = Annotated[bool | None, flag("reading.stratify", "--stratify/--no-stratify")]
Canvas = Annotated[str | None, flag("reading.canvas", "--canvas")]
Channels = Annotated[str | None, flag("reading.channels", "--channels")]
Fit = Annotated[str | None, flag("reading.fit", "--fit")]
Alpha = Annotated[str | None, flag("reading.alpha", "--alpha")]
OnError = Annotated[str | None, flag("reading.on_error", "--on-error")]
Quarantine = Annotated[Path | None, flag("reading.quarantine", "--quarantine")]
Root = Annotated[Path | None, flag("reading.root", "--root")]
LabelColumn = Annotated[str | None, flag("reading.label_column", "--label-column")]
CaptionColumn = Annotated[list[str] | None, flag("reading.caption_column", "--caption-column")]


@dataclass(frozen=True)
class ReadingFlags:
    """How SRC is read."""

    target: Target = None
    kind: Kind = None
    schema: Schema = None
    column: Column = None
    format: Format = None
    encoding: Encoding = None
    delimiter: Delimiter = None
    header: Header = None
    sheet: Sheet = None
    bad_rows: BadRows = None
    max_bad: MaxBad = None
    rejects: Rejects = None
    sql: Sql = None
    fit_rows: FitRows = None
    stratify: Stratify = None
    canvas: Canvas = None
    channels: Channels = None
    fit: Fit = None
    alpha: Alpha = None
    on_error: OnError = None
    quarantine: Quarantine = None
    root: Root = None
    label_column: LabelColumn = None
    caption_column: CaptionColumn = None

    def given(self) -> Json:
        """The options that were given, by the names that a kind's `Reader` knows."""
        return options_of_reading(vars(self), "--column")

    def kind_of(self, source: str, config: Configured) -> str | None:
        """The kind of data that settings must suit; None where there are none.

        Who reads finds the kind by itself; settings are looked at before.
        """
        if not config.origins:
            return None
        from augment.lifecycle.plan import kind_of

        return kind_of(source, self.kind).name

    def suited(self, kind: str | None, config: Configured, more: Json | None = None) -> Json:
        """The options that were given, and `more`, without settings for other kinds of data."""
        given = {**self.given(), **(more or {})}
        if kind is None:
            return given
        return config.suited(given, registry.find("kinds", kind).reader.options)


@dataclass(frozen=True)
class Files:
    """Which files of images are read, and what becomes of bad ones."""

    on_error: OnError = None
    quarantine: Quarantine = None
    rejects: Rejects = None
    max_bad: MaxBad = None
    root: Root = None
    label_column: LabelColumn = None
    caption_column: CaptionColumn = None

    def given(self) -> Json:
        """The options that were given, by the names that the images' `read` knows."""
        found = options_given(self)
        if "caption_column" in found:
            found["caption_columns"] = found.pop("caption_column")
        return found

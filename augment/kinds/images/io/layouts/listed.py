"""Images that a file lists: metadata.csv or .jsonl, a CSV of paths, or our own manifest.jsonl."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from augment.core.errors import BadInput, UsageError, did_you_mean
from augment.core.types import Json
from augment.kinds.images.io.layouts import (
    AS_FOUND,
    FOREIGN,
    SUFFIXES,
    Asked,
    Entry,
    Layout,
    Passed,
    unreachable,
)
from augment.kinds.images.io.layouts.folders import class_folder
from augment.kinds.images.io.layouts.metadata import (
    SOFT_LABELS,
    write_metadata,
    write_metadata_csv,
)

LISTS = ("metadata.jsonl", "metadata.csv", "manifest.jsonl", "manifest.csv")
PATHS = ("file_name", "file", "path", "image", "filename", "filepath")
LABELS = ("label", "class", "target")
CAPTIONS = ("text", "caption", "prompt")
ATTRIBUTES = "attributes"


class Listed(Layout):
    """A list with a column of paths (from the list's folder), and labels, texts, attributes."""

    name = "list of files"
    specificity = 40  # below layouts with marks: what is made of one has a list as well
    has_columns = True
    soft_labels = SOFT_LABELS

    def claims(self, source: Path) -> bool:
        found = _list_of(source)
        if found is None:
            return False
        try:
            _, row = next(_rows(found))
        except (BadInput, StopIteration):
            return False
        column = _column(row, PATHS)
        named = str(row.get(column, "")) if column else ""
        return Path(named).suffix.lower() in SUFFIXES | FOREIGN

    def entries(self, source: Path, passed: Passed, asked: Asked = AS_FOUND) -> Iterator[Entry]:
        found = _list_of(source)
        assert found is not None, "claims() comes first"
        start = found.parent if asked.root is None else asked.root
        inside = start.resolve()
        known: set[str] = set()
        for line, row in _rows(found):
            known.update(row)
            column = _column(row, PATHS)
            named = row.get(column) if column else None
            if not isinstance(named, str) or not named or "\0" in named:
                raise BadInput(
                    f"the row names no file; one of the columns {', '.join(PATHS)} must.",
                    where=f"{found}:{line}",
                    hint=did_you_mean("file_name", list(row)),
                )
            path = start / named
            label, caption = labelled(row, asked), captioned(row, asked)
            yield Entry(named, path, label, caption, error=unreachable(path, inside))
        require_columns(known, asked)

    def picture(self, line: Json) -> str:
        folder = class_folder(line["label"]) if line["label"] else ""
        return f"{folder}{line['stem']}"

    def rewrite(self, source: Path, out: Path, lines: Callable[[], Iterator[Json]]) -> None:
        found = _list_of(source)
        if found is not None and found.suffix == ".csv":
            write_metadata_csv(out, lines)
            return
        write_metadata(out, lines())


def _list_of(source: Path) -> Path | None:
    if source.is_dir():
        return next((source / name for name in LISTS if (source / name).is_file()), None)
    return source if source.suffix.lower() in (".csv", ".jsonl") and source.is_file() else None


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and fields of each row. Raises `BadInput` for what is neither CSV nor JSON."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            if path.suffix.lower() == ".csv":
                reader = csv.DictReader(stream, strict=True)
                for row in reader:
                    if None in row or None in row.values():
                        raise BadInput(
                            "the row has not as many cells as the head.",
                            where=f"{path}:{reader.line_num}",
                            hint="Mend the row.",
                        )
                    yield reader.line_num, row
                return
            for number, text in enumerate(stream, start=1):
                if not text.strip():
                    continue
                document = json.loads(text)
                if not isinstance(document, dict):
                    raise BadInput("the line holds no JSON object.", where=f"{path}:{number}")
                yield number, document
    except OSError as error:
        raise BadInput(f"the list cannot be read ({error.strerror}).", where=str(path)) from None
    except (ValueError, RecursionError, csv.Error) as error:
        raise BadInput(
            f"the list cannot be read ({type(error).__name__}).",
            where=str(path),
            hint="It must be CSV, or a JSON object a line, in UTF-8.",
        ) from None


def _column(row: dict[str, Any], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in row), None)


def _text(row: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """A label or text; an empty cell is none."""
    column = _column(row, names)
    value = None if column is None else row[column]
    return None if value is None or value == "" else _word(value)


def labelled(row: dict[str, Any], asked: Asked) -> str | None:
    """The class that a row names, in the usual column or in the one asked for."""
    return _text(row, LABELS if asked.label_column is None else (asked.label_column,))


def captioned(row: dict[str, Any], asked: Asked) -> str | None:
    """The text and then the attributes in words, or what the columns asked for hold."""
    if asked.caption_columns:
        texts = [_words(_attributes(row.get(name))) for name in asked.caption_columns]
    else:
        text = _text(row, CAPTIONS)
        texts = [[text] if text else [], _words(_attributes(row.get(ATTRIBUTES)))]
    return ", ".join(word for words in texts for word in words if word) or None


def require_columns(known: set[str], asked: Asked) -> None:
    """Raise `UsageError` for a column that was asked for and that no row has."""
    labels = () if asked.label_column is None else (asked.label_column,)
    for option, names in (("--label-column", labels), ("--caption-column", asked.caption_columns)):
        for name in names:
            if name not in known:
                near = did_you_mean(name, sorted(known))
                raise UsageError(f"{option} {name}: no such column is there. {near}")


def _words(given: Any) -> list[str]:
    """Attributes as words: a true one by its name, another by name and value."""
    if isinstance(given, dict):
        attributes = [(name, value) for name, value in sorted(given.items()) if _says(value)]
        return [name if value is True else f"{name} {_word(value)}" for name, value in attributes]
    values = given if isinstance(given, list) else [given]
    return [_word(value).strip() for value in values if _says(value)]


def _says(value: Any) -> bool:
    return not (value is None or value is False or value == "")


def _attributes(cell: Any) -> Any:
    """A cell of a CSV file holds JSON, or words between semicolons."""
    if not isinstance(cell, str):
        return cell
    try:
        return json.loads(cell) if cell.startswith(("{", "[")) else cell.split(";")
    except ValueError:
        return cell.split(";")


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

"""Images that a file lists: metadata.csv or .jsonl, a CSV of paths, or our own manifest.jsonl."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from augment.base.errors import BadInput, did_you_mean
from augment.base.files import atomic
from augment.base.types import Json
from augment.images.layouts import FOREIGN, SUFFIXES, Entry, Layout, Passed, unreachable
from augment.images.layouts.folders import class_folder

LISTS = ("metadata.jsonl", "metadata.csv", "manifest.jsonl", "manifest.csv")
PATHS = ("file_name", "file", "path", "image", "filename", "filepath")
LABELS = ("label", "class", "target")
CAPTIONS = ("text", "caption", "prompt")
ATTRIBUTES = "attributes"


class Listed(Layout):
    """A list with a column of paths (from the list's folder), and labels, texts, attributes."""

    name = "list of files"

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

    def entries(self, source: Path, passed: Passed) -> Iterator[Entry]:
        found = _list_of(source)
        assert found is not None, "claims() comes first"
        inside = found.parent.resolve()
        for line, row in _rows(found):
            column = _column(row, PATHS)
            named = row.get(column) if column else None
            if not isinstance(named, str) or not named or "\0" in named:
                raise BadInput(
                    f"the row names no file; one of the columns {', '.join(PATHS)} must.",
                    where=f"{found}:{line}",
                    hint=did_you_mean("file_name", list(row)),
                )
            path = found.parent / named
            label = _text(row, LABELS)
            yield Entry(named, path, label, _caption(row), error=unreachable(path, inside))

    def picture(self, line: Json) -> str:
        folder = class_folder(line["label"]) if line["label"] else ""
        return f"{folder}{line['stem']}"

    def rewrite(self, source: Path, out: Path, lines: Callable[[], Iterator[Json]]) -> None:
        found = _list_of(source)
        if found is not None and found.suffix == ".csv":
            with atomic(out / "metadata.csv", "w") as stream:
                writer = csv.writer(stream)
                writer.writerow(("file_name", "label", "text"))
                for line in lines():
                    writer.writerow((line["file"], line["label"] or "", line["caption"] or ""))
            return
        write_metadata(out, lines())


def write_metadata(out: Path, lines: Iterator[Json]) -> None:
    """`metadata.jsonl`: file_name, label and text of each image."""
    with atomic(out / "metadata.jsonl", "w") as stream:
        for line in lines:
            row = {"file_name": line["file"], "label": line["label"], "text": line["caption"]}
            stream.write(json.dumps({k: v for k, v in row.items() if v is not None}) + "\n")


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
        raise BadInput(f"the list cannot be read ({error}).", where=str(path)) from None


def _column(row: dict[str, Any], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in row), None)


def _text(row: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """A label or text; an empty cell is none."""
    column = _column(row, names)
    value = None if column is None else row[column]
    return None if value is None or value == "" else _word(value)


def _caption(row: dict[str, Any]) -> str | None:
    """The text, then the attributes in words: a true one by its name, else name and value."""
    given = _attributes(row.get(ATTRIBUTES))
    words: list[str] = []
    if isinstance(given, dict):
        for name, value in sorted(given.items()):
            if value is True:
                words.append(name)
            elif value not in (False, None, ""):
                words.append(f"{name} {_word(value)}")
    elif isinstance(given, list):
        words += [_word(value).strip() for value in given]
    text = _text(row, CAPTIONS)
    return ", ".join(([text] if text else []) + [word for word in words if word]) or None


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

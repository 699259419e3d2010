"""The list of a set that was made: file, label and text of each image, and its soft label."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from augment.core.files import atomic
from augment.core.types import Json

SOFT_LABELS = "Mixed images are of several classes: the column soft_label has their shares."


def write_metadata(out: Path, lines: Iterator[Json]) -> None:
    """`metadata.jsonl`: file_name, label and text of each image; soft_label where it is mixed."""
    with atomic(out / "metadata.jsonl", "w") as stream:
        for line in lines:
            row = {
                "file_name": line["file"],
                "label": line["label"],
                "text": line["caption"],
                "soft_label": line.get("soft_label"),
            }
            stream.write(json.dumps({k: v for k, v in row.items() if v is not None}) + "\n")


def write_metadata_csv(out: Path, lines: Callable[[], Iterator[Json]]) -> None:
    """`metadata.csv` of the same; soft_label holds JSON, and is a column where any is mixed."""
    mixed = any("soft_label" in line for line in lines())
    with atomic(out / "metadata.csv", "w") as stream:
        writer = csv.writer(stream)
        writer.writerow(("file_name", "label", "text", *(("soft_label",) if mixed else ())))
        for line in lines():
            row = [line["file"], line["label"] or "", line["caption"] or ""]
            if mixed:
                row.append(json.dumps(line.get("soft_label", {})))
            writer.writerow(row)

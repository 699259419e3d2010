"""Coverage-guided fuzzing, by Atheris, of whatever reads bytes that others wrote: `make fuzz`.

Without an argument it names its targets; with one, libFuzzer's options follow it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

Target = Callable[[Path, bytes], object]
SUFFIXES = ("csv", "json", "jsonl", "parquet", "arrow", "xlsx", "csv.gz", "csv.zst", "csv.zip")
EXAMPLES = {
    "annotation": b"<annotation><size><width>9</width></size><object/></annotation>",
    "condition": b"a >= 1 and (b in ('x', 'y') or not c is null)",
    "settings": b'[fitting]\nengine = "anyorder"\nmax_time = "1h"\n',
    "schema": b'{"schema": "augment.schema/1", "columns": [{"name": "a", "role": "numeric"}]}',
}
STORED = ("model.json", "weights.safetensors")


def table(suffix: str, folder: Path, data: bytes) -> object:
    from augment.kinds.tables.io.reading import ReadOptions, read

    path = folder / f"t.{suffix}"
    path.write_bytes(data)
    return read(str(path), ReadOptions())


def schema(folder: Path, data: bytes) -> object:
    from augment.kinds.tables.io.options import read_options
    from augment.kinds.tables.io.reading import read

    (folder / "t.csv").write_text("a,b\n" + "1,x\n2,y\n" * 20)
    (folder / "schema.json").write_bytes(data)
    return read(str(folder / "t.csv"), read_options({"schema": str(folder / "schema.json")}))


def condition(folder: Path, data: bytes) -> object:
    from augment.core.condition import parse

    return parse(data.decode("utf-8", "replace"), "--where")


def settings(folder: Path, data: bytes) -> object:
    from augment.settings import file

    (folder / "augment.toml").write_bytes(data)
    return list(file.read(folder / "augment.toml"))


def model(name: str, folder: Path, data: bytes) -> object:
    from augment.core import model_folder
    from augment.core.types import State
    from augment.lifecycle.opened_model import open_model

    model_folder.save(folder, model_folder.Stored("table", "independent", State({}, {}), {}))
    (folder / name).write_bytes(data)
    return open_model(folder)


def image(folder: Path, data: bytes) -> object:
    from augment.kinds.images.io.reading import ReadOptions, read

    for label in "ab":
        (folder / label).mkdir(exist_ok=True)
        (folder / label / "1.png").write_bytes(data)
    return read(str(folder), ReadOptions())


def annotation(folder: Path, data: bytes) -> object:
    from augment.kinds.images.io.layouts.voc import read_xml

    (folder / "1.xml").write_bytes(data)
    return read_xml(folder / "1.xml")


TARGETS: dict[str, Target] = {
    **{suffix: partial(table, suffix) for suffix in SUFFIXES},
    **{name: partial(model, name) for name in STORED},
    "schema": schema,
    "condition": condition,
    "settings": settings,
    "image": image,
    "annotation": annotation,
}


def example(name: str) -> bytes:
    """Something to begin with that is read."""
    from augment.kinds.tables.io import reading
    from tests.places import ROOT

    rows = reading.read(str(ROOT / "samples" / "clinic.csv"), reading.ReadOptions()).table
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"t.{name}"
        if name in SUFFIXES:
            reading.write(rows.slice(0, 20), path, name.partition(".")[0], force=True)
            return path.read_bytes()
    return EXAMPLES.get(name, b"")


def main() -> None:
    if len(sys.argv) == 1:
        print(*TARGETS)
        return
    import atheris

    with atheris.instrument_imports(include=["augment"]):
        import augment.core.condition
        import augment.kinds.images.io.reading
        import augment.kinds.tables.io.reading
        import augment.lifecycle.opened_model
        import augment.settings.file  # noqa: F401
        from augment.core.errors import AugmentError
    name = sys.argv.pop(1)
    target = TARGETS[name]

    def once(data: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder, suppress(AugmentError):
            target(Path(folder), data)

    with tempfile.TemporaryDirectory() as corpus:
        (Path(corpus) / "example").write_bytes(example(name))
        atheris.Setup([*sys.argv, corpus], once)
        atheris.Fuzz()


if __name__ == "__main__":
    main()

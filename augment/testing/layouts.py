"""Laws of layouts of images."""

from __future__ import annotations

import dataclasses
import json
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from augment.core.errors import UsageError
from augment.core.types import Json
from augment.kinds.images.data.annotations import Annotation
from augment.kinds.images.io.decoding import decode
from augment.kinds.images.io.layouts import Asked, Entry, Layout
from augment.kinds.images.io.layouts.found import layout_of, recognises
from augment.kinds.images.io.layouts.yolo import in_pixels


class LayoutLaws(ABC):
    """What any layout of images must keep.

    class TestMine(LayoutLaws):
        layout = Mine

        def example(self, folder): ...
    """

    layout: ClassVar[type[Layout]]

    @abstractmethod
    def example(self, folder: Path) -> Path:
        """Fill the empty folder with at least two images, laid out like this and with all that the
        layout can hold of labels, texts and marks; the source that a user would name."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        folder = tmp_path / "source"
        folder.mkdir()
        return self.example(folder)

    def test_it_is_found_for_what_it_is(self, source: Path) -> None:
        assert self.layout.name
        assert isinstance(layout_of(str(source)), self.layout)
        assert recognises(str(source))

    def test_what_is_none_of_its_own_is_not_claimed(self, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        for name in ("empty", "empty.csv", "empty.json", "empty.xml", "empty.txt"):
            (tmp_path / name).touch()
        for path in (*sorted(tmp_path.iterdir()), tmp_path / "absent"):
            assert not self.layout().claims(path), path

    def test_entries_are_images_in_an_order_that_names_settle(self, source: Path) -> None:
        entries = _entries(source)
        names = [entry.name for entry in entries]
        assert len(names) > 1 and names == sorted(set(names))
        assert entries == _entries(source)
        for entry in entries:
            assert not entry.error
            assert decode(entry.data()).pixels.size

    def test_what_is_made_is_found_again_with_its_labels_texts_and_marks(
        self, source: Path, tmp_path: Path
    ) -> None:
        out, layout = tmp_path / "out", self.layout()
        entries = _entries(source)
        lines = [_made(layout, entry, number, out) for number, entry in enumerate(entries)]
        layout.rewrite(source, out, lambda: iter(lines))
        again = {Path(entry.name).stem: entry for entry in _entries(out)}
        assert len(again) == len(entries)
        for number, entry in enumerate(entries):
            found = again[f"{number:03d}"]
            assert (found.label, found.caption) == (entry.label, entry.caption)
            assert _marks(found) == _marks(entry)
            assert _masks(found) == _masks(entry)

    def test_an_image_that_leads_out_of_the_folder_is_an_error(
        self, source: Path, tmp_path: Path
    ) -> None:
        entry = _entries(source)[0]
        if entry.size is not None:
            pytest.skip("its images are members of a file")
        secret = tmp_path / "secret.png"
        entry.path.rename(secret)
        entry.path.symlink_to(secret)
        found = {each.name: each for each in _entries(source)}
        assert found[entry.name].error

    def test_columns_are_refused_where_there_are_none(self, source: Path) -> None:
        if self.layout.has_columns:
            found = layout_of(str(source), Asked(label_column="elsewhere"))
            with pytest.raises(UsageError, match="elsewhere"):
                list(found.entries(source, lambda name: None, Asked(label_column="elsewhere")))
            return
        with pytest.raises(UsageError, match="--label-column"):
            layout_of(str(source), Asked(label_column="elsewhere"))

    def test_marks_are_declared(self, source: Path) -> None:
        """What is marked is what a generator of images alone would lose, and says so."""
        marked = any(_marks(entry) or _masks(entry) for entry in _entries(source))
        assert marked == bool(self.layout.marks)

    def test_a_file_beside_the_images_is_no_image(self, source: Path) -> None:
        entries, passed = _entries(source), list[str]()
        stray = entries[0].path.parent / "notes.odd"
        stray.write_text("no image")
        assert list(layout_of(str(source)).entries(source, passed.append)) == entries
        assert [Path(name).name for name in passed] in ([], [stray.name])


def _entries(source: Path) -> list[Entry]:
    return list(layout_of(str(source)).entries(source, lambda name: None))


def _made(layout: Layout, entry: Entry, number: int, out: Path) -> Json:
    """Write the image and its masks as they are; its line of the manifest."""
    pixels = decode(entry.data()).pixels
    height, width = pixels.shape[:2]
    stem = f"{number:03d}"
    file = f"{layout.picture({'label': entry.label, 'stem': stem})}.png"
    (out / file).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(out / file)
    annotation = in_pixels(entry.annotation or Annotation(), width, height)
    masks = []
    for folder, path in annotation.masks:
        name = f"{folder}/{stem}.png"
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, out / name)
        masks.append([folder, name])
    line = {
        "number": number,
        "file": file,
        "label": entry.label,
        "caption": entry.caption,
        "width": width,
        "height": height,
        "depth": 1 if pixels.ndim == 2 else pixels.shape[2],
        "marks": [mark.to_json() for mark in annotation.marks],
        "masks": masks,
        "extra": annotation.extra,
    }
    return dict(json.loads(json.dumps(line)))


def _marks(entry: Entry) -> list[Json]:
    """What is marked, in pixels; roundings of files apart."""
    pixels = decode(entry.data()).pixels
    found = in_pixels(entry.annotation or Annotation(), pixels.shape[1], pixels.shape[0])
    marks = (dataclasses.replace(mark, counterparts=()).to_json() for mark in found.marks)
    return [{name: _rounded(value) for name, value in mark.items()} for mark in marks]


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 1) + 0.0
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return value


def _masks(entry: Entry) -> list[tuple[str, bytes]]:
    """The folder of each mask, and its numbers."""
    found: Iterator[tuple[str, str]] = iter(entry.annotation.masks if entry.annotation else ())
    return [(folder, np.asarray(Image.open(path)).tobytes()) for folder, path in found]

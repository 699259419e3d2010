"""PASCAL VOC: one XML file of boxes per image, masks as PNG of the same name."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path

from augment.core.errors import BadInput
from augment.core.files import atomic
from augment.core.types import Json
from augment.kinds.images.data.annotations import Annotation, Box, Mark
from augment.kinds.images.io.layouts import (
    AS_FOUND,
    Asked,
    Entry,
    Layout,
    Passed,
    files_below,
    has_images,
)

XML_FOLDERS = ("annotations", "Annotations")
IMAGE_FOLDERS = ("images", "JPEGImages", ".")
OBJECT_MASKS = ("SegmentationObject",)  # masks that number single objects, not classes
MASK_FOLDERS = ("SegmentationClass", *OBJECT_MASKS)
EDGES = ("xmin", "ymin", "xmax", "ymax")
MOST_BYTES = 16 << 20  # of an XML file
MEMBERS = ("pose", "truncated", "difficult", "occluded")


class Voc(Layout):
    """`SRC/annotations/*.xml` beside `SRC/images/`, and VOC's own names of these folders."""

    name = "VOC"
    specificity = 70
    marks = "boxes and masks"

    def claims(self, source: Path) -> bool:
        return source.is_dir() and _folders(source) is not None

    def entries(self, source: Path, passed: Passed, asked: Asked = AS_FOUND) -> Iterator[Entry]:
        folders = _folders(source)
        assert folders is not None, "claims() comes first"
        images, notes = folders
        for entry in files_below(source, images, passed, asked):
            within = Path(entry.name).relative_to(images.relative_to(source))
            xml = notes / within.with_suffix(".xml")
            masks = tuple(
                (folder, str(source / folder / within.with_suffix(".png")))
                for folder in MASK_FOLDERS
                if (source / folder / within.with_suffix(".png")).is_file()
            )
            found = dataclasses.replace(
                read_xml(xml) if xml.is_file() else Annotation(), masks=masks
            )
            yield dataclasses.replace(entry, annotation=found)

    def picture(self, line: Json) -> str:
        return f"images/{line['stem']}"

    def rewrite(self, source: Path, out: Path, lines: Callable[[], Iterator[Json]]) -> None:
        for line in lines():
            path = out / "annotations" / Path(line["file"]).relative_to("images")
            with atomic(path.with_suffix(".xml")) as stream:
                stream.write(_written(line))


def _folders(source: Path) -> tuple[Path, Path] | None:
    notes = next((source / name for name in XML_FOLDERS if (source / name).is_dir()), None)
    images = next((source / name for name in IMAGE_FOLDERS if has_images(source / name)), None)
    if notes is None or images is None or not any(notes.glob("*.xml")):
        return None
    return images, notes


def read_xml(path: Path) -> Annotation:
    """One file. VOC counts pixels from 1 and both corners lie inside the box.

    Raises `BadInput` for anything malformed, and for a DOCTYPE (entities can grow without bound).
    """
    try:
        data = path.read_bytes()
        if len(data) > MOST_BYTES:
            raise BadInput(f"the file is larger than {MOST_BYTES >> 20} MiB.", where=str(path))
        builder = _NoDoctype(str(path))
        root = ElementTree.fromstring(data, ElementTree.XMLParser(target=builder))  # noqa: S314
        size = (int(root.findtext("size/width", "0")), int(root.findtext("size/height", "0")))
        marks = tuple(_mark(each) for each in root.iter("object"))
    except (ElementTree.ParseError, ValueError, OSError) as error:
        line = f":{error.position[0]}" if isinstance(error, ElementTree.ParseError) else ""
        raise BadInput(
            f"the annotation cannot be read ({type(error).__name__}).",
            where=f"{path}{line}",
            hint="Mend the file: it must be XML, with whole numbers in size and bndbox.",
        ) from None
    return Annotation(marks, size if all(size) else None)


class _NoDoctype(ElementTree.TreeBuilder):
    """An element tree of a file without a DOCTYPE, in whatever encoding one could be written."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def doctype(self, *_: object) -> None:
        raise BadInput("the file declares a DOCTYPE.", where=self.name, hint="Leave it out.")


def _mark(element: ElementTree.Element) -> Mark:
    left, top, right, bottom = (float(element.findtext(f"bndbox/{name}", "")) for name in EDGES)
    kept = {name: text for name in MEMBERS if (text := element.findtext(name)) is not None}
    box: Box = (left - 1, top - 1, right, bottom)
    return Mark(element.findtext("name", ""), box, extra=kept)


def _written(line: Json) -> bytes:
    root = ElementTree.Element("annotation")
    _add(root, "filename", Path(line["file"]).name)
    size = ElementTree.SubElement(root, "size")
    for name in ("width", "height", "depth"):
        _add(size, name, str(line[name]))
    _add(root, "segmented", str(int(bool(line["masks"]))))
    for mark in map(Mark.from_json, line["marks"]):
        element = ElementTree.SubElement(root, "object")
        _add(element, "name", mark.label)
        for name, text in mark.extra.items():
            _add(element, name, text)
        if mark.box is None:
            continue
        left, top, right, bottom = (round(edge) for edge in mark.box)
        corners = (left + 1, top + 1, max(right, left + 1), max(bottom, top + 1))
        box = ElementTree.SubElement(element, "bndbox")
        for name, edge in zip(EDGES, corners, strict=True):
            _add(box, name, str(edge))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, "unicode")
    return f"{text}\n".encode("utf-8", "xmlcharrefreplace")


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text

"""COCO: one JSON document of images, categories and annotations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from augment.core.errors import BadInput
from augment.core.files import read_json, write_json
from augment.core.types import Json
from augment.kinds.images.data.annotations import Annotation, Box, Mark
from augment.kinds.images.io.layouts import AS_FOUND, Asked, Entry, Layout, Passed, unreachable

IMAGE_FOLDERS = (".", "images", "train2017", "val2017", "train", "val")
PREFIXES = ("instances_", "person_keypoints_", "captions_", "stuff_")  # of COCO's own documents
HEAD_BYTES = 1 << 16
KEYS = ("images", "annotations", "categories")


class Coco(Layout):
    """The document itself, or a folder that holds it (also in `annotations/`)."""

    name = "COCO"
    specificity = 80
    marks = "boxes, outlines and keypoints"

    def claims(self, source: Path) -> bool:
        return _document_of(source) is not None

    def entries(self, source: Path, passed: Passed, asked: Asked = AS_FOUND) -> Iterator[Entry]:
        path = _document_of(source)
        assert path is not None, "claims() comes first"
        start = _root_of(source, path) if asked.root is None else asked.root
        try:
            yield from _entries(_read(path), start, path.stem)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput(
                f"the document is not as COCO's should be ({type(error).__name__}).",
                where=str(path),
                hint="Every image needs id and file_name; every annotation image_id, category_id.",
            ) from None

    def picture(self, line: Json) -> str:
        return f"images/{line['stem']}"

    def rewrite(self, source: Path, out: Path, lines: Callable[[], Iterator[Json]]) -> None:
        path = _document_of(source)
        assert path is not None, "claims() came first"
        document = _read(path)
        kept = {name: document[name] for name in ("info", "licenses") if name in document}
        images: list[Json] = []
        marked: list[Json] = []
        for number, line in enumerate(lines(), start=1):
            size = {"width": line["width"], "height": line["height"]}
            images.append({"id": number, "file_name": line["file"], **size, **line["extra"]})
            for entry in line["marks"]:
                annotation = _written(Mark.from_json(entry), line)
                marked.append({"id": len(marked) + 1, "image_id": number, **annotation})
        made = {"images": images, "annotations": marked, "categories": document["categories"]}
        write_json(out / "annotations.json", kept | made)


def _root_of(source: Path, document: Path) -> Path:
    """Where the set begins: a document in `annotations/` lies one folder below it."""
    if source.is_dir():
        return source
    folder = document.parent
    return folder.parent if folder.name.lower() == "annotations" else folder


def _document_of(source: Path) -> Path | None:
    """The COCO document that `source` is or holds. Several in one folder: none is meant."""
    if source.is_file():
        return source if source.suffix.lower() == ".json" and _looks_like_one(source) else None
    for folder in (source, source / "annotations"):
        found = [path for path in sorted(folder.glob("*.json")) if _looks_like_one(path)]
        if len(found) > 1:
            raise BadInput(
                f"the folder holds {len(found)} COCO documents.",
                where=str(folder),
                hint=f"Name one of them, such as {found[0]}.",
            )
        if found:
            return found[0]
    return None


def _looks_like_one(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        stream.seek(max(0, path.stat().st_size - HEAD_BYTES))
        tail = stream.read()
    named = [key for key in KEYS if f'"{key}"'.encode() in head + tail]
    return len(named) >= 2 and head.lstrip()[:1] == b"{"


def _read(path: Path) -> Json:
    document = read_json(path)
    for key in KEYS:
        if not isinstance(document.get(key), list):
            raise BadInput(f"the document has no list {key!r}.", where=str(path))
    return document


def _image_folders(stem: str) -> tuple[str, ...]:
    """Where the images of a document of this name may lie; the part that it names comes first.

    >>> _image_folders("instances_val2017")[:2]
    ('val2017', 'images/val2017')
    """
    part = next((stem.removeprefix(start) for start in PREFIXES if stem.startswith(start)), stem)
    return (part, f"images/{part}", *IMAGE_FOLDERS)


def _entries(document: Json, root: Path, stem: str) -> Iterator[Entry]:
    inside = root.resolve()
    folders = _image_folders(stem)
    names = {category["id"]: str(category["name"]) for category in document["categories"]}
    by_image: dict[Any, list[Mark]] = defaultdict(list)
    for annotation in document["annotations"]:
        by_image[annotation["image_id"]].append(_mark(annotation, names))
    for image in sorted(document["images"], key=lambda each: str(each["file_name"])):
        name = str(image["file_name"])
        if "\0" in name:
            raise ValueError("a NUL in file_name")
        tried = [root / folder / name for folder in folders]
        path = next((each for each in tried if each.is_file()), tried[0])
        size = (image["width"], image["height"]) if "width" in image else None
        ours = ("id", "file_name", "width", "height")
        extra = {key: value for key, value in image.items() if key not in ours}
        found = Annotation(tuple(by_image.get(image["id"], ())), size, extra=extra)
        yield Entry(name, path, error=unreachable(path, inside), annotation=found)


def _mark(entry: Json, names: dict[Any, str]) -> Mark:
    box: Box | None = None
    if entry.get("bbox"):
        left, top, width, height = map(float, entry["bbox"])
        box = (left, top, left + width, top + height)
    flat = entry.get("keypoints", ())
    points = tuple(
        (float(flat[at]), float(flat[at + 1]), int(flat[at + 2])) for at in range(0, len(flat), 3)
    )
    outline: tuple[tuple[float, ...], ...] = ()
    runs: tuple[int, ...] = ()
    drawn = entry.get("segmentation")
    if isinstance(drawn, list):
        outline = tuple(tuple(map(float, ring)) for ring in drawn if len(ring) >= 6)
    elif isinstance(drawn, dict):
        counts = drawn["counts"]
        runs = tuple(unpacked(counts) if isinstance(counts, str) else map(int, counts))
    ours = {"id", "image_id", "bbox", "keypoints", "num_keypoints", "segmentation", "area"}
    extra = {key: value for key, value in entry.items() if key not in ours}
    return Mark(names[entry["category_id"]], box, points, outline, runs, extra)


def unpacked(text: str) -> list[int]:
    """Run lengths from COCO's packed text: six bits a letter from '0', five of them a digit of
    base 32, the sixth for "more"; signed, and from the third on as differences to the last but one.

    Source: `rleFrString` in cocoapi's maskApi.c.
    """
    counts: list[int] = []
    place = 0
    while place < len(text):
        value, shift, more = 0, 0, True
        while more:
            letter = ord(text[place]) - 48
            value |= (letter & 0x1F) << shift
            more, shift, place = bool(letter & 0x20), shift + 5, place + 1
            if not more and letter & 0x10:
                value |= -1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
    return counts


def _written(mark: Mark, line: Json) -> Json:
    entry: Json = dict(mark.extra)
    if mark.box is not None:
        left, top, right, bottom = mark.box
        entry["bbox"] = [round(v, 3) for v in (left, top, right - left, bottom - top)]
        entry["area"] = round((right - left) * (bottom - top), 3)
    if mark.points:
        entry["keypoints"] = [value for point in mark.points for value in point]
        entry["num_keypoints"] = sum(seen > 0 for _, _, seen in mark.points)
    if mark.outline:
        entry["segmentation"] = [list(ring) for ring in mark.outline]
        entry["area"] = round(sum(_area(ring) for ring in mark.outline), 3)
    if mark.runs:
        entry["segmentation"] = {"size": [line["height"], line["width"]], "counts": list(mark.runs)}
        entry["area"] = sum(mark.runs[1::2])
    return entry


def _area(ring: tuple[float, ...]) -> float:
    """The shoelace formula."""
    xs, ys = ring[::2], ring[1::2]
    return abs(sum(xs[i - 1] * ys[i] - xs[i] * ys[i - 1] for i in range(len(xs)))) / 2
